const controller = new AbortController();

/** Is aborted on Ctrl-C, so that what was started is removed before the end. */
export const interruption: AbortSignal = controller.signal;

/** Takes Ctrl-C from now on. Programs that run get it as well, and fail. */
export function takeInterruptions(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => controller.abort(new Error("interrupted")));
  }
}
