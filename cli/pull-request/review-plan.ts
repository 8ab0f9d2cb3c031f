import { readFile, rm, writeFile } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { CommandError, ExitCode } from "../console/command-error";
import type { Plan } from "../terraform/json/plan-json";
import { loadExeca } from "../console/es-modules";

/** The review of a plan. */
export interface PlanReview {
  readonly markdown: string;

  /** Whether the plan deletes data, and that was not allowed. */
  readonly refused: boolean;
}

/** Reviews a plan. */
export type Reviewer = (stack: string, plan: Plan, folder: string, allowDataLoss: boolean) => Promise<PlanReview>;

/**
 * Reviews a plan by `mlflow-stack review`, in a process of its own.
 *
 * @param stack id of the stack.
 * @param folder that only this user can read.
 * @throws CommandError when it cannot be reviewed.
 */
export const reviewPlan: Reviewer = async (stack, plan, folder, allowDataLoss) => {
  const input = join(folder, "plan-to-review.json");
  const output = join(folder, "review.md");
  await writeFile(input, JSON.stringify(plan), { mode: 0o600 });
  const { execa } = await loadExeca();
  const index = resolve(__dirname, "..", `index${extname(__filename)}`);
  const options = [
    "--stack",
    stack,
    "--format",
    "markdown",
    "--output",
    output,
    ...(allowDataLoss ? ["--allow-data-loss"] : []),
  ];
  try {
    const { exitCode, stderr } = await execa(
      process.execPath,
      [...process.execArgv, index, "review", input, ...options],
      { reject: false },
    );
    const refused = exitCode === ExitCode.dataAtRisk;
    if (exitCode !== 0 && !refused) throw new CommandError(`the plan cannot be reviewed: ${String(stderr).trim()}`);
    return { markdown: await readFile(output, "utf8"), refused };
  } finally {
    await rm(input, { force: true });
    await rm(output, { force: true });
  }
};
