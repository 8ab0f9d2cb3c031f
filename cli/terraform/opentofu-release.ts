import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { RELEASES } from "../../lib/values/releases";
import { CommandError } from "../console/command-error";

const { version: VERSION, sums: SUMS } = RELEASES.opentofu;
const ARCHITECTURES: { [name: string]: string } = { x64: "amd64", arm64: "arm64" };
const TIMEOUT_SECONDS = 300;

/** The release of OpenTofu that this package downloads. */
export const OPENTOFU_RELEASE = {
  version: VERSION,
  /** Address of the folder with its files. */
  address: `https://github.com/opentofu/opentofu/releases/download/v${VERSION}`,
  /** SHA-256 of its `SHA256SUMS`. */
  sums: SUMS,
};

/** Name of the release's archive for this machine, or undefined if `up` offers none. */
export function openTofuArchive(system: string = platform(), processor: string = arch()): string | undefined {
  const architecture = ARCHITECTURES[processor];
  if (!architecture || !["linux", "darwin"].includes(system)) return undefined;
  return `tofu_${VERSION}_${system}_${architecture}.tar.gz`;
}

/**
 * Downloads the release and puts the program at `file`. The checksum of `SHA256SUMS` is a part of this package, and the
 * archive's checksum is in `SHA256SUMS`, so neither needs a signature.
 *
 * @param pauses seconds before each further attempt.
 * @returns why the release cannot be fetched, or undefined after success.
 * @throws CommandError if a checksum differs.
 */
export async function downloadOpenTofu(
  file: string,
  archive: string,
  { address, sums } = OPENTOFU_RELEASE,
  pauses: number[] = [1, 4],
): Promise<string | undefined> {
  try {
    const list = await fetched(`${address}/tofu_${VERSION}_SHA256SUMS`, pauses);
    requireChecksum("SHA256SUMS", list, sums);
    const [, checksum = ""] =
      new RegExp(`^([0-9a-f]{64}) [ *]${archive.replaceAll(".", "\\.")}$`, "m").exec(String(list)) ?? [];
    const content = await fetched(`${address}/${archive}`, pauses);
    requireChecksum(archive, content, checksum);
    await unpack(content, file);
    return undefined;
  } catch (error) {
    if (error instanceof Unreachable) return error.message;
    throw error;
  }
}

class Unreachable extends Error {}

async function fetched(url: string, pauses: number[]): Promise<Buffer> {
  let problem = "";
  for (const pause of [0, ...pauses]) {
    await wait(pause * 1000);
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_SECONDS * 1000) });
      if (answer.ok) return Buffer.from(await answer.arrayBuffer());
      problem = `${url} answers ${answer.status}`;
    } catch (error) {
      const { message, cause } = error as Error & { cause?: Error };
      problem = `${url}: ${cause?.message || message}`;
    }
  }
  throw new Unreachable(problem);
}

function requireChecksum(name: string, content: Buffer, expected: string): void {
  const found = createHash("sha256").update(content).digest("hex");
  if (found === expected) return;
  throw new CommandError(
    `${name} of OpenTofu ${VERSION} has the SHA-256 ${found}, and ${expected || "no other"} is expected`,
    "Something between this machine and the release changes downloads. Install Terraform or OpenTofu by hand.",
  );
}

// Renamed when it is complete, so that half a program never looks like a whole one.
async function unpack(archive: Buffer, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const folder = await mkdtemp(join(dirname(file), "opentofu-"));
  try {
    const packed = join(folder, "archive.tar.gz");
    await writeFile(packed, archive);
    await promisify(execFile)("tar", ["-xzf", packed, "-C", folder, "tofu"]);
    await rename(join(folder, "tofu"), file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
