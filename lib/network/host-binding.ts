/** The address on the engine's host that a published port listens on. */
export abstract class HostBinding {
  /** 127.0.0.1: only the engine's own host reaches the port. */
  public static loopback(): HostBinding {
    return new FixedBinding("127.0.0.1");
  }

  /** 0.0.0.0: every network of the engine's host reaches the port. */
  public static public(): HostBinding {
    return new FixedBinding("0.0.0.0");
  }

  /** The IP address. */
  public abstract readonly address: string;
}

class FixedBinding extends HostBinding {
  constructor(public readonly address: string) {
    super();
  }
}
