/** What a user may do. Each role may do what those before it may. */
export enum Role {
  /** See everything: search, open, download. */
  READ = "read",

  /** Log runs, files and traces, register models, move runs and experiments to the bin and back. */
  WRITE = "write",

  /** Delete for good, place experiments in foreign locations, and use what `features` has switched on for admins. */
  ADMIN = "admin",
}
