import { Command, InvalidArgumentError, Option } from "commander";
import { runSteps } from "../cli/tasks";
import { removeAll } from "./bench-stack";
import { Compiled } from "./compiled";
import { measureDeployment } from "./deployment";
import { measureGateway } from "./gateway";
import type { GatewayFigures } from "./gateway";
import { takeInterruptions } from "./interruption";
import { describeMachine } from "./machine";
import { measureMemory } from "./memory";
import { render, writeReadme } from "./report";
import type { MemoryRow, Row } from "./report";
import { measureSynthesis } from "./synthesis";

const PARTS = ["synthesis", "deployment", "memory", "gateway"] as const;
const MEMORY_AIM = 900;

interface Options {
  readonly runs: number;
  readonly synthesisRuns: number;
  readonly only: readonly string[];
}

/** Measures, prints the figures as Markdown, and puts them into README.md when all were measured. */
async function bench({ runs, synthesisRuns, only }: Options): Promise<void> {
  takeInterruptions();
  const rows: Row[] = [];
  const memory: MemoryRow[] = [];
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
        part("deployment", "Deployment", async (progress) => {
          rows.push(...(await measureDeployment(compiled, runs, progress)));
        }),
        part("memory", "Memory", async (progress) => {
          memory.push(...(await measureMemory(compiled, progress)));
        }),
        part("gateway", "Gateway", async (progress) => {
          gateway = await measureGateway(compiled, runs, progress);
        }),
      ],
      process.stderr,
    );
  } finally {
    // first what needs no engine: it may be why the measuring failed.
    compiled.remove();
    await removeAll();
  }
  const figures = render(await describeMachine(), rows, memory, MEMORY_AIM, gateway);
  console.log(figures);
  if (PARTS.every((name) => only.includes(name))) writeReadme(figures);
}

type Progress = (line: string) => void;

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It must be a whole number above 0.");
  return value;
}

new Command("bench")
  .option("--runs <number>", "deployments of each kind", count, 5)
  .option("--synthesis-runs <number>", "syntheses of each kind", count, 9)
  .addOption(
    new Option("--only <parts...>", "measure only these; README.md stays as it is").choices(PARTS).default(PARTS),
  )
  .action(bench)
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
