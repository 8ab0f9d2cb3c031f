/** An error or a warning of Terraform. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  readonly summary: string;
  readonly detail?: string;
  readonly address?: string;
}

/** A line of `terraform plan -json` or `apply -json`, as far as it is used here. */
export interface Message {
  readonly type: string;
  readonly diagnostic?: Diagnostic;
  readonly hook?: {
    readonly resource: { readonly addr: string };
    readonly action: string;
    readonly elapsed_seconds?: number;
  };
}

const DONE: { [action: string]: string } = {
  create: "created",
  update: "changed",
  delete: "removed",
  replace: "replaced",
};

/** A line of Terraform's JSON output; undefined if it is none. */
export function parseMessage(line: string): Message | undefined {
  try {
    const message = JSON.parse(line) as Message;
    return typeof message.type === "string" ? message : undefined;
  } catch {
    return undefined;
  }
}

/** A finished operation of an apply, in words; undefined for other messages. */
export function finishedStep(message: Message): string | undefined {
  if (message.type !== "apply_complete" || !message.hook) return undefined;
  const { resource, action, elapsed_seconds: seconds } = message.hook;
  return `${resource.addr} ${DONE[action] ?? action}${seconds ? ` (${seconds} s)` : ""}`;
}

/** The operations of an apply that are under way, kept up to date by Terraform's messages. */
export class UnderWay {
  readonly #addresses = new Set<string>();

  public note({ type, hook }: Message): void {
    if (!hook) return;
    if (type === "apply_start") this.#addresses.add(hook.resource.addr);
    if (type === "apply_complete" || type === "apply_errored") this.#addresses.delete(hook.resource.addr);
  }

  public toString(): string {
    return [...this.#addresses].join(", ");
  }
}

/** Whether a diagnostic is of a check, whose result the plan has too. */
export function isCheck({ summary }: Diagnostic): boolean {
  return summary === "Check block assertion failed";
}

/** The warnings of one run of Terraform. */
export class Warnings {
  readonly #all: Diagnostic[] = [];

  public note({ diagnostic }: Message): void {
    // The command itself names the targets of 'down'.
    if (diagnostic?.severity === "warning" && diagnostic.summary !== "Applied changes may be incomplete")
      this.#all.push(diagnostic);
  }

  /** Each warning once, without those that are told elsewhere. */
  public describe(isToldElsewhere: (diagnostic: Diagnostic) => boolean = () => false): string[] {
    const told = this.#all.filter((diagnostic) => !isToldElsewhere(diagnostic));
    return [...new Set(told.map((diagnostic) => `Warning: ${describeProblems([diagnostic])}`))];
  }
}

const HEAD = 3;
const TAIL = 30;

/** Errors in words: the problem first, the resource last. */
export function describeProblems(problems: Diagnostic[]): string {
  return problems
    .map(({ summary, detail, address }) => {
      // Only the detail of a failed condition names the problem.
      const text = /(?:post|pre)condition failed$|^Invalid value for variable$/.test(summary)
        ? (detail ?? summary).replace(/\s*\bThis was checked by the validation rule at [^\n]*/s, "")
        : [summary, detail].filter(Boolean).join("\n");
      return `${shorten(text.trim())}${address ? `\n(${address})` : ""}`;
    })
    .join("\n\n");
}

// The message holds a job's whole output, with the error at its end.
function shorten(text: string): string {
  const lines = text.split("\n");
  const skipped = lines.length - HEAD - TAIL;
  if (skipped <= 0) return text;
  return [...lines.slice(0, HEAD), `… ${skipped} lines …`, ...lines.slice(-TAIL)].join("\n");
}
