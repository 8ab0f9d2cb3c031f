import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, runOk } from "./run";

/** A folder that takes no more than it was made for, as a full disk does. Needs root. */
export class LimitedDisk {
  public readonly folder = mkdtempSync(join(tmpdir(), "mlflow-e2e-disk-"));

  /** @param size as `mount` takes it, such as `200m`. */
  public static async mount(size: string): Promise<LimitedDisk> {
    const disk = new LimitedDisk();
    await runOk("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", disk.folder]);
    return disk;
  }

  /** A folder in it that any user may write to. */
  public subfolder(name: string): string {
    const path = join(this.folder, name);
    mkdirSync(path);
    chmodSync(path, 0o1777);
    return path;
  }

  /** Fills it up, but for some MiB. */
  public async fill(leaveMebibytes: number): Promise<void> {
    const free = Number((await runOk("df", ["--output=avail", "-B1M", this.folder])).split("\n")[1]);
    await runOk("fallocate", ["-l", `${free - leaveMebibytes}M`, join(this.folder, "filler")]);
  }

  /** Makes room again. */
  public empty(): void {
    rmSync(join(this.folder, "filler"), { force: true });
  }

  public async unmount(): Promise<void> {
    await run("umount", [this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
