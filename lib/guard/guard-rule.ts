/** What a `StackGuard` looks for. The values are the codes that begin its messages. */
export enum GuardRule {
  /** An image that may be another one tomorrow: without a tag or digest, or with the tag `latest`. */
  UNPINNED_IMAGE = "UnpinnedImage",

  /** A container that opens a port on the engine's host, past the gateway and its login. */
  PUBLISHED_PORT = "PublishedPort",

  /** A container that may take all memory of the engine's host. */
  MISSING_MEMORY_LIMIT = "MissingMemoryLimit",

  /** A secret in the environment, command, labels or health check of a container, where `docker inspect` shows it. */
  EXPOSED_SECRET = "ExposedSecret",

  /** A container that keeps running, and of which nobody can tell whether it works. */
  MISSING_HEALTH_CHECK = "MissingHealthCheck",

  /** A volume whose data goes with a mistake in a plan, or with its container. */
  UNPROTECTED_VOLUME = "UnprotectedVolume",
}
