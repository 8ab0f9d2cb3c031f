import { countText } from "../console/amounts";

/** Something that is wrong with a stack, or that its operator should know. */
export interface Finding {
  /** Which check has found it, for programs. */
  readonly check: string;

  /** What was found. */
  readonly found: string;

  /** What it means for users or data. */
  readonly meaning: string;

  /** What to do: a command if there is one. */
  readonly remedy: string;
}

/** What `doctor` has found. */
export interface Diagnosis {
  readonly stack: string;

  /** What is wrong. */
  readonly problems: Finding[];

  /** What works as it was deployed, but less well than it could. It changes no exit status. */
  readonly notes: Finding[];
}

/** A diagnosis as text. */
export function renderDiagnosis({ stack, problems, notes }: Diagnosis): string {
  const title =
    problems.length === 0
      ? `Nothing is wrong with stack '${stack}'.`
      : `Stack '${stack}' has ${countText(problems.length, "problem")}:`;
  const [found, remarks] = [problems, notes].map((list) => list.map(renderFinding)) as [string[], string[]];
  return [title, ...found, ...(remarks.length > 0 ? ["To know, though nothing is broken:", ...remarks] : [])].join(
    "\n\n",
  );
}

function renderFinding({ found, meaning, remedy }: Finding, index: number): string {
  const lines = [found, meaning, `What to do: ${remedy}`].flatMap((text) => text.split("\n"));
  const number = `${index + 1}. `;
  return lines.map((line, at) => `${at === 0 ? number : " ".repeat(number.length)}${line}`).join("\n");
}
