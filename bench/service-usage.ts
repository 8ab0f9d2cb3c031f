import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { runProgram } from "./program";

const CONTROL_GROUPS = "/sys/fs/cgroup";
const MEBIBYTE = 1024 ** 2;

/** What a service uses. It is read from this machine's own files, which costs the service nothing. */
export class ServiceUsage {
  public static async of(service: string): Promise<ServiceUsage> {
    const pid = (await runProgram("docker", ["inspect", "--format", "{{.State.Pid}}", service])).trim();
    return new ServiceUsage(service, readFileSync(`/proc/${pid}/cgroup`, "utf8"));
  }

  private peak = 0;

  private constructor(
    public readonly service: string,
    private readonly groups: string,
  ) {}

  /** Seconds of processor time since it started. */
  public cpuSeconds(): number {
    const nanoseconds = this.file("cpuacct", "cpuacct.usage");
    if (nanoseconds !== undefined) return Number(nanoseconds) / 1e9;
    return Number(/^usage_usec (\d+)$/m.exec(this.file("", "cpu.stat") ?? "")?.[1]) / 1e6;
  }

  /** The most memory that its processes had allocated for themselves at any look, in MiB. */
  public get peakMemory(): number {
    return this.peak;
  }

  /** Looks at its memory twice a second until it is told to stop. */
  public async watchMemory(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const text = this.file("memory", "memory.stat") ?? this.file("", "memory.stat") ?? "";
      this.peak = Math.max(this.peak, Number(/^(?:total_rss|anon) (\d+)$/m.exec(text)?.[1]) / MEBIBYTE);
      await pause(500, undefined, { signal }).catch(() => undefined);
    }
  }

  // control groups in their first version, by controller, or in their second one, without.
  private file(controller: string, name: string): string | undefined {
    const path = new RegExp(`^\\d+:(?:.*,)?${controller}(?:,.*)?:(.*)$`, "m").exec(this.groups)?.[1];
    const file = path !== undefined && join(CONTROL_GROUPS, controller, path, name);
    return file && existsSync(file) ? readFileSync(file, "utf8") : undefined;
  }
}
