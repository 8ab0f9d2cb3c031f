import { Listr, ListrLogger, ProcessOutput } from "listr2";
import type { ListrTask } from "listr2";

/** A step, with a title, that may show one line of progress. */
export interface Step {
  readonly title: string;

  /** Does it. `progress` shows a line below the title; `rename` changes the title. */
  run(show: { progress(line: string): void; rename(title: string): void }): Promise<void>;

  /** Why there is nothing to do, where that is so. */
  skip?(): string | false;
}

/** Runs steps one after the other; stops at the first that fails, with its error. See `runTasks()` for `output`. */
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

/**
 * Runs listr2 tasks: alive on a terminal, a line an event elsewhere. Fails with the error of the task itself.
 *
 * @param output where the progress goes; standard output, unless that is needed for a result.
 */
export async function runTasks(tasks: ListrTask[], output: NodeJS.WriteStream = process.stdout): Promise<void> {
  let failure: unknown;
  const logger = new ListrLogger({ useIcons: true, processOutput: new ProcessOutput(output, output) });
  const list = new Listr(tasks.map(withoutMessage((error) => (failure ??= error))), {
    // a terminal would get the end of the program on Ctrl-C, while Terraform still writes its state.
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

// the message is printed once, whole, at the end of the program: not in the list as well.
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
