import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { runProgram } from "./program";

const CONTROL_GROUPS = "/sys/fs/cgroup";
const MEBIBYTE = 1024 ** 2;

/**
 * Processor time and memory of a service.
 *
 * Read from this machine's control groups, because that does not slow down the service.
 */
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

  /** Processor time since the service started, in seconds. */
  public cpuSeconds(): number {
    const nanoseconds = this.file("cpuacct", "cpuacct.usage");
    if (nanoseconds !== undefined) return Number(nanoseconds) / 1e9;
    return Number(/^usage_usec (\d+)$/m.exec(this.file("", "cpu.stat") ?? "")?.[1]) / 1e6;
  }

  /** Maximum of the anonymous memory that `watchMemory()` has seen, in MiB. */
  public get peakMemory(): number {
    return this.peak;
  }

  /** Reads the memory twice a second until the signal aborts. */
  public async watchMemory(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const text = this.file("memory", "memory.stat") ?? this.file("", "memory.stat") ?? "";
      this.peak = Math.max(this.peak, Number(/^(?:total_rss|anon) (\d+)$/m.exec(text)?.[1]) / MEBIBYTE);
      await pause(500, undefined, { signal }).catch(() => undefined);
    }
  }

  // Version 1 of control groups has a folder for each controller, version 2 has none.
  private file(controller: string, name: string): string | undefined {
    const path = new RegExp(`^\\d+:(?:.*,)?${controller}(?:,.*)?:(.*)$`, "m").exec(this.groups)?.[1];
    const file = path !== undefined && join(CONTROL_GROUPS, controller, path, name);
    return file && existsSync(file) ? readFileSync(file, "utf8") : undefined;
  }
}
