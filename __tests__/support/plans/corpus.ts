import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import type { Plan } from "../../../cli/terraform/json/plan-json";

const FILE = join(__dirname, "corpus.json.br");

interface Packed {
  /** Parts that occur again and again; a part refers to others by `{ "$": index }`. */
  readonly table: unknown[];
  readonly plans: { readonly [name: string]: unknown };
}

/**
 * Plans that Terraform made of a deployed stack, each with another change of the app, and plans of public bug reports.
 * The passwords in them are those of a stack that is gone.
 */
export function corpus(): Map<string, Plan> {
  const { table, plans } = JSON.parse(brotliDecompressSync(readFileSync(FILE)).toString()) as Packed;
  const unpack = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(unpack);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value);
    const [[key, index] = []] = entries;
    if (entries.length === 1 && key === "$") return unpack(table[Number(index)]);
    return Object.fromEntries(entries.map(([name, member]) => [name, unpack(member)]));
  };
  return new Map(Object.entries(plans).map(([name, plan]) => [name, unpack(plan) as Plan]));
}
