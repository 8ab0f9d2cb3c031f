import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { CommandError } from "../../console/command-error";
import type { Plan } from "../../terraform/plan-json";
import { isObject } from "./attributes";
import { misshapen } from "./plan-shape";

const ZIP = "PK";
const REMEDY = "Make one with: terraform plan -out=FILE, then review FILE, or what 'terraform show -json FILE' prints.";

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
  const bytes = Buffer.concat(chunks);
  // PowerShell's default.
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return bytes.toString(isUtf16 ? "utf16le" : "utf8").replace(/^\ufeff/, "");
}

/**
 * A plan from the output of `terraform show -json`.
 *
 * @param name the input's name in messages.
 * @throws CommandError when it is no plan, or an unfinished one. The message holds nothing of the input.
 */
export function parsePlan(json: string, name: string): Plan {
  const document = parse(json, name);
  if (!isObject(document)) throw noPlan(name, "it holds no object");
  if ("@level" in document) throw noPlan(name, "it is the log of 'terraform plan -json'");
  if ("lineage" in document || ("values" in document && !("resource_changes" in document)))
    throw noPlan(name, "it is a state");
  const version = document.format_version;
  if (typeof version !== "string" || !("planned_values" in document || "resource_changes" in document))
    throw noPlan(name, "it lacks the fields that every plan has");
  const major = Number.parseInt(version, 10);
  // Terraform before 1.1 has 0.1 and 0.2.
  if (!(major <= 1))
    throw new CommandError(
      `${name} has format ${version.slice(0, 20)} of Terraform's plans, which this release does not know`,
      "Take a newer release of mlflow-stack.",
    );
  if (document.errored === true)
    throw new CommandError(`${name} is not finished: Terraform met an error while it planned`, "Plan again.");
  const part = misshapen(document);
  if (part !== undefined) throw noPlan(name, `its '${part}' has not the shape that Terraform documents`);
  return document as Plan;
}

function parse(json: string, name: string): unknown {
  if (json.trim() === "") throw noPlan(name, "it is empty");
  try {
    return JSON.parse(json);
  } catch {
    // The message of JSON.parse quotes the input, which holds secrets.
    const first = json.trimStart().split("\n", 1)[0] ?? "";
    if (first.startsWith("{") && first.includes('"@level"'))
      throw noPlan(name, "it is the log of 'terraform plan -json'");
    throw noPlan(
      name,
      json.trimStart().startsWith("{") ? "its JSON is broken or cut off" : "it is neither a saved plan nor JSON",
    );
  }
}

function noPlan(name: string, why: string): CommandError {
  return new CommandError(`${name} is no plan: ${why}`, REMEDY);
}
