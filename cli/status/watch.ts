import { setTimeout as pause } from "node:timers/promises";
import { timeText } from "../console/amounts";
import { loadLogUpdate } from "../console/es-modules";
import { Interrupt } from "../console/interrupt";

const INTERVAL = 5_000;

/** What is seen at one time. */
export interface View {
  /** All of it, for a terminal. */
  readonly text: string;

  /** The condition of each thing, by its name, for lines about changes. */
  readonly conditions: ReadonlyMap<string, string>;
}

/**
 * Shows something again and again until a signal ends the program: on a terminal in place of what was there, elsewhere
 * a line for each change.
 *
 * @param interval milliseconds between two looks.
 */
export async function watch(look: () => Promise<View>, output = process.stdout, interval = INTERVAL): Promise<never> {
  // A look at the backups catches a Ctrl-C for its own program, and would go on with the next.
  new Interrupt((status) => process.exit(status));
  const { createLogUpdate } = await loadLogUpdate();
  const draw = createLogUpdate(output, { showCursor: true });
  // `status --watch | head` ends with its reader.
  output.once("error", () => process.exit());
  for (let last: View | undefined; ; await pause(interval)) {
    const view = await look();
    const time = timeText(new Date().toISOString());
    if (output.isTTY) draw(`${view.text}\n${time}, until Ctrl-C`);
    else for (const line of changes(last, view)) output.write(`${time} ${line}\n`);
    last = view;
  }
}

/** What is in another condition than before; everything at first. */
export function changes(before: View | undefined, now: View): string[] {
  const gone = [...(before?.conditions.keys() ?? [])].filter((name) => !now.conditions.has(name));
  return [
    ...[...now.conditions].flatMap(([name, condition]) => {
      const old = before?.conditions.get(name);
      return old === condition ? [] : [`${name}: ${condition}${old === undefined ? "" : ` (was: ${old})`}`];
    }),
    ...gone.map((name) => `${name}: no longer there`),
  ];
}
