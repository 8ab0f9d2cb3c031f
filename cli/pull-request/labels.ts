import { CommandError, ExitCode } from "../console/command-error";
import type { GitHub } from "./github";

/** A risk of a plan that a label of its own allows. */
export type Risk = "dataLoss" | "dangerousAccess";

/** Names of the labels by which somebody with write access allows a risk. */
export type LabelNames = { readonly [risk in Risk]: string };

const RISKS = {
  dataLoss: { does: "deletes data", remedy: "if the data may go", exitCode: ExitCode.dataAtRisk },
  dangerousAccess: {
    does: "opens a dangerous access",
    remedy: "if the access shall open",
    exitCode: ExitCode.dangerousAccess,
  },
} as const;

/** A plan with a risk that nobody has allowed. */
export class RiskRefused extends CommandError {}

/** The labels of a pull request that allow risks. */
export class Labels {
  constructor(
    private readonly github: GitHub,
    private readonly number: number,
    private readonly labels: LabelNames,
  ) {}

  /** Those risks that nobody with write access allows. */
  public async refused(risks: readonly Risk[]): Promise<Risk[]> {
    const refused: Risk[] = [];
    for (const risk of risks) {
      const who = await this.github.labelledBy(this.number, this.labels[risk]);
      if (who === undefined || !(await this.github.canWrite(who))) refused.push(risk);
    }
    return refused;
  }

  /** Takes off the labels that were set for an earlier plan. */
  public async revoke(): Promise<void> {
    for (const label of Object.values(this.labels)) {
      if ((await this.github.labelledBy(this.number, label)) === undefined) continue;
      await this.github.removeLabel(this.number, label);
      console.log(`The label '${label}' was for an earlier plan: it was removed.`);
    }
  }

  /** The refusal as Markdown for the comment. */
  public comment(refused: readonly Risk[]): string {
    const labels = refused.map((risk) => `\`${this.labels[risk]}\``);
    const add = `adds the ${labels.length === 1 ? "label" : "labels"} ${labels.join(" and ")}`;
    return `**This ${does(refused)}.** Merging does not apply it, unless somebody with write access ${add}.`;
  }

  /** The refusal as the end of the job: a loss of data has priority over a dangerous access. */
  public error(refused: readonly Risk[]): RiskRefused {
    const remedies = refused.map(
      (risk) => `Add the label '${this.labels[risk]}' to the pull request, ${RISKS[risk].remedy}.`,
    );
    return new RiskRefused(
      `this plan ${does(refused)}, and nobody with write access has allowed that`,
      remedies.join("\n"),
      RISKS[refused[0] ?? "dataLoss"].exitCode,
    );
  }
}

/** Risks in words: `deletes data`. */
export function does(risks: readonly Risk[]): string {
  return risks.map((risk) => RISKS[risk].does).join(" and ");
}
