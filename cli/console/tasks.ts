import { Listr, ListrLogger, ProcessOutput } from "listr2";
import type { ListrTask } from "listr2";

/** What a step shows while it runs. */
export interface StepDisplay {
  /** Shows a line below the title. */
  progress(line: string): void;

  /** Changes the title. */
  rename(title: string): void;
}

/** A step of a command. */
export interface Step {
  readonly title: string;

  run(display: StepDisplay): Promise<void>;

  /** The reason to skip the step, or false. */
  skip?(): string | false;
}

/** Runs steps one after the other; stops at the first that fails, and throws its error. See `runTasks()` for `output`. */
export async function runSteps(steps: Step | Step[], output?: NodeJS.WriteStream): Promise<void> {
  await runTasks(
    [steps].flat().map(({ title, run, skip }) => ({
      title,
      skip,
      task: (_context, task) =>
        run({
          progress: (line) => {
            task.output = line;
          },
          rename: (name) => {
            task.title = name;
          },
        }),
    })),
    output,
  );
}

/** Runs one step, and returns its result. See `runTasks()` for `output`. */
export async function runStep<T>(
  title: string,
  run: (display: StepDisplay) => Promise<T>,
  output?: NodeJS.WriteStream,
): Promise<T> {
  let result: { readonly value: T } | undefined;
  const step = {
    title,
    run: async (display: StepDisplay) => {
      result = { value: await run(display) };
    },
  };
  await runSteps(step, output);
  if (!result) throw new Error(`the step '${title}' did not run`);
  return result.value;
}

/**
 * Runs listr2 tasks: animated on a terminal, elsewhere with a line for each event. Throws the error of the task itself.
 *
 * @param output where the progress goes: standard output, unless the command prints its result there.
 */
export async function runTasks(tasks: ListrTask[], output: NodeJS.WriteStream = process.stdout): Promise<void> {
  let failure: unknown;
  const logger = new ListrLogger({ useIcons: true, processOutput: new ProcessOutput(output, output) });
  const list = new Listr(tasks.map(withoutMessage((error) => (failure ??= error))), {
    // Listr2 would end the program on Ctrl-C while Terraform still writes its state.
    registerSignalListeners: false,
    fallbackRenderer: "simple",
    rendererOptions: { showErrorMessage: false, collapseSubtasks: false, logger },
    fallbackRendererOptions: { logger },
    fallbackRendererCondition: () => !output.isTTY,
  });
  try {
    await list.run();
  } catch (error) {
    throw failure ?? error;
  }
}

// The program prints the whole message at its end, so the list does not show it.
function withoutMessage(remember: (error: unknown) => void): (task: ListrTask) => ListrTask {
  return (task) => ({
    ...task,
    task: async (context, wrapper) => {
      try {
        return (await task.task(context, wrapper)) as unknown;
      } catch (error) {
        remember(error);
        throw new Error("see below");
      }
    },
  });
}
