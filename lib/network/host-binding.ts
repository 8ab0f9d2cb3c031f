/** From where a published port can be reached. */
export abstract class HostBinding {
  /** From the engine's own host only. */
  public static loopback(): HostBinding {
    return new FixedBinding("127.0.0.1");
  }

  /** From every network the engine's host is on. */
  public static public(): HostBinding {
    return new FixedBinding("0.0.0.0");
  }

  /** The address to listen on, for an engine that has one. */
  public abstract readonly address: string;
}

class FixedBinding extends HostBinding {
  constructor(public readonly address: string) {
    super();
  }
}
