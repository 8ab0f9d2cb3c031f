import type { VolumeOptions } from "../network/service-network";

/** Folder of the log files inside the container. */
export const LOG_FOLDER = "/var/log/caddy";

/** How requests are logged. */
export interface AccessLogOptions {
  /**
   * A volume for log files. A file is rotated at 100 MB; ten files are kept, for 90 days at most.
   *
   * @default - the log goes to the container's output
   */
  readonly volume?: VolumeOptions;

  /**
   * Whether the last part of client addresses is removed: 8 bits of IPv4, 80 bits of IPv6.
   *
   * @default false
   */
  readonly maskAddresses?: boolean;
}

/** Settings of the access log. */
export function accessLogEnvironment({ volume, maskAddresses }: AccessLogOptions = {}): { [name: string]: string } {
  return {
    ACCESS_LOG: volume ? `file ${LOG_FOLDER}/access.log` : "stdout",
    ACCESS_LOG_IPV4_BITS: maskAddresses ? "24" : "32",
    ACCESS_LOG_IPV6_BITS: maskAddresses ? "48" : "128",
  };
}
