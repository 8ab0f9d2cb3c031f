import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, runOk } from "../run";

/**
 * A folder on a disk of its own that can be full. Needs root.
 *
 * It is no memory disk, because that would count as memory of the container that writes to it.
 */
export class LimitedDisk {
  public readonly folder = mkdtempSync(join(tmpdir(), "mlflow-e2e-disk-"));
  private readonly image = `${this.folder}.img`;

  /** @param size as `truncate` takes it, such as `200M`. */
  public static async mount(size: string): Promise<LimitedDisk> {
    const disk = new LimitedDisk();
    await runOk("truncate", ["--size", size, disk.image]);
    await runOk("mkfs.ext4", ["-q", "-m", "0", disk.image]);
    await runOk("mount", ["-o", "loop", disk.image, disk.folder]);
    return disk;
  }

  /** A folder on it that any user may write to. */
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
    rmSync(this.image, { force: true });
  }
}
