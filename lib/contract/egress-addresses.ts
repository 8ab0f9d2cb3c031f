/**
 * Ranges of addresses that the egress proxy never connects to, even if a private range is named for a host: the machine
 * itself, its link, multicast, and the metadata services of clouds.
 */
export const UNREACHABLE_RANGES = [
  "0.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/3",
  "::/8",
  "64:ff9b::/16",
  "fd00:ec2::/32",
  "fe80::/10",
  "ff00::/8",
];
