import { BlockList, isIP } from "node:net";

// no leading zeros, which Go refuses, and no zone (`fe80::1%eth0`).
const FORM = /^([^/%]+)(?:\/(0|[1-9]\d{0,2}))?$/;

/** A range of IP addresses in CIDR notation, such as `10.20.0.0/16`, or one address. */
export class IpRange {
  /** The range that a text names, or nothing if it names none. */
  public static parse(text: string): IpRange | undefined {
    const [, address = "", length] = FORM.exec(text) ?? [];
    const version = isIP(address);
    const bits = version === 4 ? 32 : 128;
    const prefixLength = length === undefined ? bits : Number(length);
    return version === 0 || prefixLength > bits ? undefined : new IpRange(version, address, prefixLength);
  }

  private constructor(
    /** 4 or 6. */
    public readonly version: number,
    private readonly address: string,
    /** The number of leading bits that all addresses of the range share. */
    public readonly prefixLength: number,
  ) {}

  /** Whether an address is in both ranges. */
  public overlaps(other: IpRange): boolean {
    // one of two ranges that overlap contains the other, and so its first address.
    return this.version === other.version && (this.contains(other.address) || other.contains(this.address));
  }

  private contains(address: string): boolean {
    const family = this.version === 4 ? "ipv4" : "ipv6";
    const list = new BlockList();
    list.addSubnet(this.address, this.prefixLength, family);
    return list.check(address, family);
  }
}
