/** Names of users. Each is the name of a file too, so `.` and `..` are none. */
export const USER_NAME = /^[\w.@+-]{1,64}$/;

/** Names of MLflow's workspaces. */
export const WORKSPACE_NAME = /^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/;

/** The workspace of users who have no other, which MLflow makes by itself. */
export const DEFAULT_WORKSPACE = "default";

/** Lowest cost of a bcrypt hash, which is bcrypt's own. */
export const MIN_BCRYPT_COST = 4;

/** Highest cost of a bcrypt hash: a comparison takes about a second at 14, and twice as long with each further step. */
export const MAX_BCRYPT_COST = 14;

/** Bytes of a password that bcrypt looks at. It ignores what follows. */
export const MAX_PASSWORD_BYTES = 72;
