const controller = new AbortController();

/** Aborts on Ctrl-C, so that the benchmark can remove its containers before it exits. */
export const interruption: AbortSignal = controller.signal;

/** Handles Ctrl-C from now on. Running child processes get it too, and fail. */
export function takeInterruptions(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => controller.abort(new Error("interrupted")));
  }
}
