/** TCP ports on which services listen on the internal network. */
export const Port = {
  /** The health check of Caddy, on the container's own loopback. */
  HEALTH: 2019,
  /** The gateway's https and http for clients by IPv6, which Docker publishes as 443 and 80 too. */
  IPV6_HTTPS: 2020,
  IPV6_HTTP: 2021,
  MLFLOW: 5000,
  POSTGRES: 5432,
  /** The S3 API of the object store. The gateway publishes it under the same number, unless told another one. */
  S3_API: 9000,
  /** The console of the object store, published in the same way. */
  CONSOLE: 9001,
} as const;
