import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { decodeText } from "../../../lib/values/decode-text";
import { CommandError } from "../../console/command-error";
import { REMEDY } from "../../terraform/parse-plan";

const ZIP = "PK";

/** Whether a file is a plan that `terraform plan -out` has saved: a zip file, and no JSON. */
export async function isSavedPlan(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  if (!found) throw new CommandError(`there is no plan at ${file}`, REMEDY);
  if (found.isDirectory()) throw new CommandError(`${file} is a folder, not a plan`, REMEDY);
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.toString("latin1") === ZIP;
  } finally {
    await handle.close();
  }
}

/** The text of a file, or of standard input if the file is `-`. */
export async function readText(file: string): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of file === "-" ? process.stdin : createReadStream(file)) chunks.push(Buffer.from(chunk));
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}`);
  }
  return decodeText(Buffer.concat(chunks));
}
