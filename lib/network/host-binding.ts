import { isIP } from "node:net";
import { ValidationError } from "../values/errors";

/** The addresses on the engine's host that a published port listens on. */
export abstract class HostBinding {
  /** 127.0.0.1: only the engine's own host reaches the port. */
  public static loopback(): HostBinding {
    return new FixedBinding(["127.0.0.1"]);
  }

  /** 0.0.0.0: every IPv4 network of the engine's host reaches the port. */
  public static public(): HostBinding {
    return new FixedBinding(["0.0.0.0"]);
  }

  /**
   * 0.0.0.0 and `::`: every network of the engine's host reaches the port, by IPv4 and IPv6. A host without IPv6 does not
   * start the container. Clients by IPv6 have the address of Docker's bridge, so all of them share one rate limit.
   */
  public static dualStack(): HostBinding {
    return new FixedBinding(["0.0.0.0", "::"]);
  }

  /**
   * One address of the engine's host.
   *
   * @param ip an IPv4 or IPv6 address, such as `203.0.113.2` or `2001:db8::2`.
   * @throws ValidationError when it is none.
   */
  public static address(ip: string): HostBinding {
    if (isIP(ip) === 0) {
      throw new ValidationError("BindAddress", `a binding must be an IP address of the engine's host, got: '${ip}'`);
    }
    return new FixedBinding([ip]);
  }

  /** One IP address, or one of IPv4 and one of IPv6. */
  public abstract readonly addresses: string[];
}

class FixedBinding extends HostBinding {
  constructor(public readonly addresses: string[]) {
    super();
  }
}
