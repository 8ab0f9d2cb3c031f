/** From where a published port can be reached. */
export abstract class Exposure {
  /** From the engine's own host only. */
  public static loopback(): Exposure {
    return new FixedExposure("127.0.0.1");
  }

  /** From every network the engine's host is on. */
  public static public(): Exposure {
    return new FixedExposure("0.0.0.0");
  }

  /** The address to listen on, for an engine that has one. */
  public abstract readonly address: string;
}

class FixedExposure extends Exposure {
  constructor(public readonly address: string) {
    super();
  }
}
