import { IpRange } from "../../../lib/values/ip-range";

describe("IpRange", () => {
  test.each([
    ["10.0.0.0/8", 4, 8],
    ["10.1.2.3", 4, 32],
    ["::/0", 6, 0],
    ["fd00::1", 6, 128],
  ])("reads %s", (text, version, prefixLength) => {
    expect(IpRange.parse(text)).toMatchObject({ version, prefixLength });
  });

  test.each(["", "a", "10.0.0", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/", "::/129", "fe80::1%eth0", "10.0.0.1 ::1"])(
    "refuses '%s'",
    (text) => {
      expect(IpRange.parse(text)).toBeUndefined();
    },
  );

  test.each([
    ["10.0.0.0/8", "10.1.0.0/16", true],
    ["10.1.0.0/16", "10.0.0.0/8", true],
    ["10.1.2.3", "10.1.2.3/32", true],
    ["10.0.0.0/9", "10.128.0.0/9", false],
    ["0.0.0.0/0", "::/0", false],
  ])("knows whether %s and %s overlap", (one, other, expected) => {
    expect(IpRange.parse(one)?.overlaps(IpRange.parse(other) as IpRange)).toBe(expected);
  });
});
