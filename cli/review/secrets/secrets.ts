import { SECRETS_FOLDER } from "../../../lib/contract/secret-files";
import { mentionsSecret } from "../../../lib/secrets/secret-names";
import { MIN_LENGTH } from "../../app/redaction";
import type { ModuleState, Plan, ResourceChange, Values } from "../../terraform/json/plan-json";
import { Attributes } from "../plan/attributes";
import { isObject } from "../../console/parse-json";
import { filesOf, isOurs } from "../plan/container";

const GENERATED = /^random_(password|bytes|string)$/;
const RESULTS = ["result", "bcrypt_hash", "base64", "hex"];
// `name = value`, as in files of settings.
const SETTING = /^\s*([\w.-]+)\s*[=:]\s*(.+?)\s*$/;

/**
 * Every secret value in a plan: generated values, those marked as sensitive, sensitive variables, and secret files with the
 * settings in them.
 */
export function secretsOf(plan: Plan): Set<string> {
  const secrets = new Set<string>();
  const add = (value: string): void => {
    if (value.trim().length >= MIN_LENGTH) secrets.add(value.trim());
    for (const line of value.split("\n")) {
      const [, name = "", setting = ""] = SETTING.exec(line) ?? [];
      const unquoted = setting.replaceAll(/^["']|["']$/g, "");
      if (mentionsSecret(name) && unquoted.length >= MIN_LENGTH) secrets.add(unquoted);
    }
  };

  for (const change of [...(plan.resource_changes ?? []), ...(plan.resource_drift ?? [])]) addResource(change, add);
  addState(plan.prior_state?.values?.root_module, add);
  for (const output of Object.values(plan.output_changes ?? {})) {
    addMarked(output.before, output.before_sensitive, add);
    addMarked(output.after, output.after_sensitive, add);
  }
  for (const { config_values: values, config_sensitive: marks } of plan.action_invocations ?? [])
    addMarked(values, marks ?? true, add);
  const declared = plan.configuration?.root_module?.variables;
  for (const [name, { value }] of Object.entries(plan.variables ?? {})) {
    // Only the configuration tells which are sensitive.
    if (!declared || declared[name]?.sensitive === true) addAll(value, add);
  }
  return secrets;
}

type Add = (value: string) => void;

function addResource(change: ResourceChange, add: Add): void {
  const { before, after, before_sensitive: marksBefore, after_sensitive: marksAfter } = change.change;
  addValues(change.type, before, marksBefore, Attributes.before(change), add);
  addValues(change.type, after, marksAfter, Attributes.after(change), add);
}

function addState(module: ModuleState | undefined, add: Add): void {
  for (const { type, address, values, sensitive_values: marks } of module?.resources ?? []) {
    const change = { actions: [], before: values ?? null, after: null, before_sensitive: marks };
    addValues(type, values, marks, Attributes.before({ address, type, change }), add);
  }
  for (const child of module?.child_modules ?? []) addState(child, add);
}

function addValues(
  type: string,
  values: Values | null | undefined,
  marks: unknown,
  attributes: Attributes | undefined,
  add: Add,
): void {
  if (!values || !attributes) return;
  if (GENERATED.test(type)) for (const name of RESULTS) addAll(values[name], add);
  if (type !== "docker_container") return addMarked(values, marks, add);

  addFiles(attributes, add);
  // Without files: one mark is on all of them, secret or not.
  if (isObject(marks)) addMarked({ ...values, upload: undefined }, { ...marks, upload: undefined }, add);
}

function addFiles(container: Attributes, add: Add): void {
  const ours = isOurs(container);
  for (const { path, content } of filesOf(container).values()) {
    if (content === undefined) continue;
    if (path.startsWith(SECRETS_FOLDER) || (!ours && container.isSensitive("upload"))) add(content);
  }
  if (ours || !container.isSensitive("upload")) return;
  for (const { content_base64: base64 } of container.blocks("upload")) {
    if (typeof base64 === "string") add(Buffer.from(base64, "base64").toString("utf8"));
  }
}

function addMarked(value: unknown, marks: unknown, add: Add): void {
  if (marks === true) return addAll(value, add);
  if (Array.isArray(marks) && Array.isArray(value)) value.forEach((item, index) => addMarked(item, marks[index], add));
  if (isObject(marks) && isObject(value)) {
    for (const [name, mark] of Object.entries(marks)) addMarked(value[name], mark, add);
  }
}

function addAll(value: unknown, add: Add): void {
  if (typeof value === "string") add(value);
  else if (typeof value === "number") add(String(value));
  else if (Array.isArray(value)) for (const item of value) addAll(item, add);
  else if (isObject(value)) for (const item of Object.values(value)) addAll(item, add);
}
