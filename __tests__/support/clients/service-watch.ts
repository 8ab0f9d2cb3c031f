import { runOk } from "../run";

const MEBIBYTE = 1024 ** 2;

/** The most of what `sample` gives, about once a second, while something runs. */
export async function peakWhile<T>(
  work: Promise<T>,
  sample: () => Promise<number>,
): Promise<{ result: T; peak: number }> {
  let ended = false;
  let peak = 0;
  const watched = work.finally(() => (ended = true));
  // whoever awaits the result hears of a failure.
  watched.catch(() => undefined);
  while (!ended) {
    peak = Math.max(peak, await sample());
    await new Promise((wake) => setTimeout(wake, 1000));
  }
  return { result: await watched, peak };
}

/** Memory of its processes' own that a container has, in MiB. */
export async function memoryOf(container: string): Promise<number> {
  const stat = await inGroup(container, "memory/memory.stat", "memory.stat");
  return Number(/^(?:total_rss|anon) (\d+)$/m.exec(stat)?.[1]) / MEBIBYTE;
}

/** How often the kernel ended a process of a container for want of memory, and Docker restarted the container. */
export async function mishapsOf(container: string): Promise<{ kills: number; restarts: number }> {
  const events = await inGroup(container, "memory/memory.oom_control", "memory.events");
  const restarts = await runOk("docker", ["inspect", "--format", "{{.RestartCount}}", container]);
  return { kills: Number(/^oom_kill (\d+)$/m.exec(events)?.[1]), restarts: Number(restarts) };
}

// the first name is that of cgroup v1.
function inGroup(container: string, ...names: [string, string]): Promise<string> {
  const [old, now] = names.map((name) => `/sys/fs/cgroup/${name}`);
  return runOk("docker", ["exec", container, "sh", "-c", `cat ${old} 2>/dev/null || cat ${now}`]);
}
