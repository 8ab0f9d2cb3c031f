import Table from "cli-table3";

// No lines between rows.
const COMPACT = { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" };

/** A table in plain text. */
export function table(head: string[], rows: string[][]): string {
  const result = new Table({ head, style: { head: [], border: [] }, chars: COMPACT });
  result.push(...rows);
  return result.toString();
}
