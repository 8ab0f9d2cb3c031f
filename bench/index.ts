import { Command, InvalidArgumentError, Option } from "commander";
import { runSteps } from "../cli/console/tasks";
import { measureArtifacts, TRANSFER_CASES } from "./artifacts";
import { removeAll } from "./bench-stack";
import { Compiled } from "./compiled";
import { measureDeployment } from "./deployment";
import { measureEgress } from "./egress";
import { measureGateway } from "./gateway";
import type { GatewayFigures } from "./gateway";
import { takeInterruptions } from "./interruption";
import { describeMachine } from "./machine";
import { measureMemory } from "./memory";
import { render, writeReadme } from "./report";
import type { MemoryRow, Row } from "./report";
import { measureReview } from "./review";
import { measureSynthesis } from "./synthesis";

const DEFAULT_PARTS = ["synthesis", "review", "deployment", "memory", "gateway", "egress"] as const;
// Artifacts take as long as all other parts together. Only `--only artifacts` measures them.
const PARTS = [...DEFAULT_PARTS, "artifacts"] as const;
const SIZES = [...new Set(TRANSFER_CASES.map(({ size }) => String(size)))];
const MEMORY_AIM = 900;

interface Options {
  readonly runs: number;
  readonly synthesisRuns: number;
  readonly only: readonly string[];
  readonly sizes: readonly string[];
  readonly allFeatures: boolean;
}

/** Prints the measurements as Markdown. Writes them into README.md if they are complete. */
async function bench({ runs, synthesisRuns, only, sizes, allFeatures }: Options): Promise<void> {
  takeInterruptions();
  const rows: Row[] = [];
  const memory: MemoryRow[] = [];
  let artifacts = "";
  let gateway: GatewayFigures | undefined;
  const compiled = await Compiled.make();
  const part = (name: (typeof PARTS)[number], title: string, measure: (progress: Progress) => Promise<void>) => ({
    title,
    skip: (): string | false => !only.includes(name) && `${title}: not asked for`,
    run: ({ progress }: { progress: Progress }) => measure(progress),
  });
  try {
    await runSteps(
      [
        part("synthesis", "Synthesis", async (progress) => {
          rows.push(...(await measureSynthesis(compiled, synthesisRuns, progress)));
        }),
        part("review", "Review", async (progress) => {
          rows.push(...(await measureReview(compiled, synthesisRuns, progress)));
        }),
        part("deployment", "Deployment", async (progress) => {
          rows.push(...(await measureDeployment(compiled, runs, progress)));
        }),
        part("memory", "Memory", async (progress) => {
          memory.push(...(await measureMemory(compiled, progress)));
        }),
        part("artifacts", "Artifacts", async (progress) => {
          const cases = TRANSFER_CASES.filter(({ size }) => sizes.includes(String(size))).map((transfers) => ({
            ...transfers,
            rounds: Math.min(transfers.rounds, runs),
          }));
          artifacts = await measureArtifacts(compiled, cases, progress);
        }),
        part("egress", "Way out", async (progress) => {
          rows.push(...(await measureEgress(compiled, runs, progress)));
        }),
        part("gateway", "Gateway", async (progress) => {
          gateway = await measureGateway(compiled, runs, allFeatures, progress);
        }),
      ],
      process.stderr,
    );
  } finally {
    // Comes first, because it works without an engine, which may be the reason for a failure.
    compiled.remove();
    await removeAll();
  }
  const machine = await describeMachine();
  if (rows.length + memory.length > 0 || gateway) {
    const figures = render(machine, rows, memory, MEMORY_AIM, gateway);
    console.log(figures);
    if (!allFeatures && DEFAULT_PARTS.every((name) => only.includes(name))) writeReadme("figures", figures);
  }
  if (artifacts !== "") {
    const figures = `Measured on:\n\n${machine.map((line) => `- ${line}`).join("\n")}\n\n${artifacts}`;
    console.log(figures);
    if (SIZES.every((size) => sizes.includes(size))) writeReadme("artifacts", figures);
  }
}

type Progress = (line: string) => void;

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It must be a whole number above 0.");
  return value;
}

new Command("bench")
  .option("--runs <number>", "deployments of each kind, and the most transfers", count, 5)
  .option("--synthesis-runs <number>", "syntheses and reviews of each kind", count, 9)
  .addOption(
    new Option("--only <parts...>", "measure only these; README.md stays as it is unless all of a table are measured")
      .choices(PARTS)
      .default(DEFAULT_PARTS),
  )
  .addOption(new Option("--sizes <mebibytes...>", "sizes of artifacts").choices(SIZES).default(SIZES))
  .option("--all-features", "the gateway with every feature of MLflow on; README.md stays as it is", false)
  .action(bench)
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
