/** The rules of a `StackGuard`. Its messages begin with these values. */
export enum GuardRule {
  /** An image without a digest whose tag has no full version, date or commit: it may be another image tomorrow. */
  UNPINNED_IMAGE = "UnpinnedImage",

  /** A container that opens a port on the engine's host, past the gateway and its login. */
  PUBLISHED_PORT = "PublishedPort",

  /** A container that may take all memory of the engine's host. */
  MISSING_MEMORY_LIMIT = "MissingMemoryLimit",

  /** A secret in the environment, command, labels or health check of a container, where `docker inspect` shows it. */
  EXPOSED_SECRET = "ExposedSecret",

  /** A container that keeps running and has no health check. */
  MISSING_HEALTH_CHECK = "MissingHealthCheck",

  /**
   * A volume that a plan, or the removal of its container, can delete with its data: every `docker_volume`, because
   * Terraform forgets `prevent_destroy` with the code of the resource, and every volume without a name.
   */
  UNPROTECTED_VOLUME = "UnprotectedVolume",
}
