/** The permissions of a user. Each role includes the ones before it. */
export enum Role {
  /** See everything: search, open, download. */
  READ = "read",

  /** Log runs, files and traces, register models, delete and restore runs and experiments. */
  WRITE = "write",

  /** Delete permanently, place experiments in other storage locations, and use the features that are for admins. */
  ADMIN = "admin",
}
