/** A block of Terraform's JSON. */
export interface Block {
  readonly [attribute: string]: unknown;
}

/** Blocks of one kind: Terraform's JSON takes one alone or a list. */
export function blocks(value: unknown): Block[] {
  return value === undefined || value === null ? [] : ([value].flat() as Block[]);
}

/** All texts in a value. */
export function texts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
}
