/** Sessions that one call of MLflow has open inside of each other at most, each with a connection of its own. */
export const MAX_NESTED_SESSIONS = 4;
