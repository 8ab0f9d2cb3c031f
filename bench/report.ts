import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GeneratedPart, table } from "../docs/markdown";
import { GATEWAY_WAYS } from "./gateway";
import type { GatewayFigures, GatewayRow } from "./gateway";

const PASSWORD: keyof typeof GATEWAY_WAYS = "user with a password";
const README = join(__dirname, "README.md");

/** A line of the table of times. */
export interface Row {
  readonly what: string;
  readonly ours: number;
  readonly peer?: { readonly name: string; readonly figure: number };
  readonly unit: string;

  /** Maximum of the ratio to the peer; without a peer, maximum of our own value. */
  readonly aim?: number;

  /** Number of runs from which the median is taken. */
  readonly runs: number;
}

/** A line of the table of memory, in MiB. */
export interface MemoryRow {
  readonly service: string;

  /** Memory in `docker stats`, which excludes inactive page cache. */
  readonly inUse: number;

  /** Anonymous memory of its processes. */
  readonly anonymous: number;
}

/** All measurements as Markdown. */
export function render(
  machine: string[],
  rows: Row[],
  memory: MemoryRow[],
  memoryAim: number,
  gateway?: GatewayFigures,
): string {
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
  if (gateway) sections.push(renderGateway(gateway));
  return sections.join("\n\n");
}

function renderGateway({ rows, firstLogin }: GatewayFigures): string {
  const lines = rows.map(({ call, way, p50, p99, throughput }) => [
    ...[call, way, `${p50.toFixed(2)} ms`, `${p99.toFixed(2)} ms`, throughput.rate.toFixed(0)],
  ]);
  const of = (call: string, way: string): GatewayRow | undefined =>
    rows.find((row) => row.call === call && row.way.startsWith(way));
  const [small = "", batch = "", ...others] = [...new Set(rows.map(({ call }) => call))];
  const added = Object.entries(GATEWAY_WAYS).map(([way, aim]) => {
    const costs = [small, batch, ...others].map((call) => {
      const { more = NaN, doubt = NaN } = of(call, way) ?? {};
      return `${more.toFixed(2)} ± ${doubt.toFixed(2)} ms on ${call} (${verdict(more <= aim)})`;
    });
    return `- ${way}, more at p50 than directly, aim at most ${aim} ms: ${costs.join(", ")}.`;
  });
  const direct = of(batch, "directly")?.throughput.rate ?? NaN;
  const { rate = NaN, doubt = NaN } = of(batch, PASSWORD)?.throughput ?? {};
  const [kept, keptDoubt] = [rate / direct, doubt / direct];
  const faster = (of(small, "MLflow as")?.p50 ?? NaN) / (of(small, PASSWORD)?.p50 ?? NaN);
  return [
    table(["call", "way", "p50", "p99", "calls a second, 8 clients"], lines),
    [
      ...added,
      `- Calls a second of ${batch} by a ${PASSWORD}, against directly, aim at least 0.95: ${kept.toFixed(3)} ± ${keptDoubt.toFixed(3)}, ${verdict(kept >= 0.95)}.`,
      `- How many times faster than MLflow as people run it on small calls, aim at least 5: ${faster.toFixed(1)}, ${verdict(faster >= 5)}.`,
      `- The first call with a password, which alone is hashed: ${firstLogin.toFixed(0)} ms.`,
    ].join("\n"),
  ].join("\n\n");
}

/** Replaces the measurements in a section of README.md. */
export function writeReadme(section: "figures" | "artifacts", figures: string): void {
  writeFileSync(README, new GeneratedPart(section).replace(readFileSync(README, "utf8"), figures));
}

function verdict(met: boolean): string {
  return met ? "met" : "missed";
}
