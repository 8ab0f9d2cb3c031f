/** Maximum number of sessions that one call of MLflow has open inside of each other, each with its own connection. */
export const MAX_NESTED_SESSIONS = 4;
