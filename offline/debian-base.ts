import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { packagePath } from "../lib/values/package-folder";
import { installPackages } from "./apt";
import { contentHash, withBuildFolder } from "./cache";
import { debianMirror } from "./debian-mirror";
import { HASH_LABEL, NAMESPACE, isImageCurrent } from "./docker-image";
import { runStep, StepError } from "./step";

const HOST_AUTHORITIES = "/usr/local/share/ca-certificates";

/** A Debian release as an image, made from the mirror that this machine itself uses. */
export class DebianBase {
  constructor(private readonly release: string) {}

  /** Complete name. */
  public get name(): string {
    return `${NAMESPACE}/debian:${this.release}`;
  }

  /** Hash over its sources. */
  public get hash(): string {
    return contentHash([packagePath("offline", "debian-base.sh"), ...hostAuthorities()], this.release);
  }

  /** Builds it. Returns false when it is current. */
  public async build(progress: (line: string) => void): Promise<boolean> {
    const { name, hash, release } = this;
    if (await isImageCurrent(name, hash)) return false;

    if (process.getuid?.() !== 0) throw new StepError("Images are built here from Debian's packages: only root can.");
    if (!existsSync("/usr/sbin/debootstrap")) await installPackages(["debootstrap"], progress);

    const mirror = await debianMirror(progress);
    await withBuildFolder(`debian-${release}`, async (folder) => {
      // The image's own root folder, which every user in it must be able to read.
      const root = join(folder, "root");
      mkdirSync(root);
      await runStep({
        name: `debian-${release}`,
        program: "bash",
        arguments: [packagePath("offline", "debian-base.sh"), release, root, mirror, name, `${HASH_LABEL}=${hash}`],
        progress,
      });
    });
    return true;
  }
}

function hostAuthorities(): string[] {
  if (!existsSync(HOST_AUTHORITIES)) return [];
  return readdirSync(HOST_AUTHORITIES)
    .filter((name) => name.endsWith(".crt"))
    .sort()
    .map((name) => join(HOST_AUTHORITIES, name));
}
