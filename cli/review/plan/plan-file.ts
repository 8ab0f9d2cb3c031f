import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { decodeText } from "../../../lib/values/decode-text";
import { CommandError } from "../../console/command-error";
import { REMEDY } from "../../terraform/json/parse-plan";

const ZIP = "PK";
// OpenTofu's form of an encrypted plan. The JSON of a plan begins with its version.
const ENCRYPTED = /^\s*\{(?![^]*"format_version")[^]*"encrypted_data"\s*:/;
const HEAD = 64 * 1024;

/** Whether a file is a plan that `terraform plan -out` has saved: a zip file, or what OpenTofu encrypts, and no JSON. */
export async function isSavedPlan(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  if (!found) throw new CommandError(`there is no plan at ${file}`, REMEDY);
  if (found.isDirectory()) throw new CommandError(`${file} is a folder, not a plan`, REMEDY);
  // A pipe, such as <(terraform show -json plan), can be read only once.
  if (!found.isFile()) return false;
  const head = await headOf(file);
  return head.startsWith(ZIP) || ENCRYPTED.test(head);
}

/** Whether a file is a plan that OpenTofu has encrypted. */
export async function isEncryptedPlan(file: string): Promise<boolean> {
  return ENCRYPTED.test(await headOf(file));
}

async function headOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0);
    return buffer.toString("latin1", 0, bytesRead);
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
