import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GeneratedPart, table } from "../docs/markdown";

const README = join(__dirname, "README.md");

/** A line of the table of times. */
export interface Row {
  readonly what: string;
  readonly ours: number;
  readonly peer?: { readonly name: string; readonly figure: number };
  readonly unit: string;

  /** The ratio that is aimed at, or less; without a peer the figure itself. */
  readonly aim?: number;

  /** How many figures the medians are taken of. */
  readonly runs: number;
}

/** A line of the table of memory, in MiB. */
export interface MemoryRow {
  readonly service: string;

  /** What `docker stats` says: without the page cache that nobody has asked for again. */
  readonly inUse: number;

  /** What processes have allocated for themselves. */
  readonly anonymous: number;
}

/** All figures as Markdown. */
export function render(machine: string[], rows: Row[], memory: MemoryRow[], memoryAim: number): string {
  const sections = [`Measured on:\n\n${machine.map((line) => `- ${line}`).join("\n")}`];
  if (rows.length > 0) {
    const lines = rows.map(({ what, ours, peer, unit, aim, runs }) => [
      what,
      `${ours.toFixed(2)} ${unit}`,
      peer ? `${peer.figure.toFixed(2)} ${unit} (${peer.name})` : "",
      peer ? `${(ours / peer.figure).toFixed(2)}` : "",
      aim === undefined ? "" : `${verdict((peer ? ours / peer.figure : ours) <= aim)} (at most ${aim.toFixed(2)})`,
      String(runs),
    ]);
    sections.push(table(["what", "ours", "peer", "ratio", "aim", "runs"], lines));
  }
  if (memory.length > 0) {
    const total = {
      service: "all",
      inUse: memory.reduce((sum, { inUse }) => sum + inUse, 0),
      anonymous: memory.reduce((sum, { anonymous }) => sum + anonymous, 0),
    };
    const lines = [...memory, total].map(({ service, inUse, anonymous }) => [
      service,
      `${inUse.toFixed(0)} MiB`,
      `${anonymous.toFixed(0)} MiB`,
    ]);
    const aim = `Aim for all: at most ${memoryAim} MiB in use, ${verdict(total.inUse <= memoryAim)}.`;
    sections.push(`${table(["idle memory of", "in use", "of it the processes' own"], lines)}\n\n${aim}`);
  }
  return sections.join("\n\n");
}

/** Replaces the figures of a section of README.md. */
export function writeReadme(section: "figures" | "artifacts", figures: string): void {
  writeFileSync(README, new GeneratedPart(section).replace(readFileSync(README, "utf8"), figures));
}

function verdict(met: boolean): string {
  return met ? "met" : "missed";
}
