import { ContainerRole } from "../../../lib/contract/container-roles";
import type { Values } from "../../terraform/json/plan-json";
import { isEmptyValue } from "../plan/attributes";
import type { Attributes } from "../plan/attributes";
import type { PlannedContainer } from "../plan/container-change";
import { closes, endangers } from "../model/access-change";
import type { AccessChange } from "../model/model";
import { text } from "../model/text";
import type { Text } from "../model/text";

const NO_NEW_PRIVILEGES = /^no-new-privileges([:=]true)?$/;
// Folders that hold data only. Any other folder of the host is a danger.
const DATA_FOLDER = /^\/(srv|data|mnt|media|opt)\/(?!.*(^|\/)\.\.(\/|$)).+/;
const ENGINE_FOLDER = /^\/+((var\/*)?(run\/*)?(docker\.sock)?|.*docker\.sock)$/;

/** Attributes that give a container something of its host, with the values that give nothing. */
const HARMLESS: { readonly [attribute: string]: RegExp } = {
  privileged: /^false$/,
  network_mode: /^(bridge|default|none)$/,
  pid_mode: /^$/,
  ipc_mode: /^(none|private|shareable)$/,
  userns_mode: /^$/,
  cgroupns_mode: /^private$/,
  runtime: /^runc$/,
  cgroup_parent: /^$/,
  gpus: /^$/,
  devices: /^$/,
  device_requests: /^$/,
  device_cgroup_rules: /^$/,
  group_add: /^$/,
  sysctls: /^$/,
};
const WORDS: { readonly [attribute: string]: string } = {
  privileged: "all rights on the host (privileged)",
  network_mode: "another network than its own: that of",
  pid_mode: "a view of processes outside of it, and power over them: those of",
  ipc_mode: "the shared memory of",
  userns_mode: "the users of",
  devices: "devices of the host:",
  gpus: "graphics cards of the host:",
};

/** Attributes of which `rightsChanges()` judges every value. */
export const RIGHTS = [...Object.keys(HARMLESS), "capabilities", "security_opts"];

/** What containers get from their host, or no longer get. Told is whatever the library's own containers do not have. */
export function rightsChanges(
  { name, role }: PlannedContainer,
  before?: Attributes,
  after?: Attributes,
): AccessChange[] {
  const [old, now] = [before, after].map((side) => (side ? rights(side, role) : new Map<string, Text>()));
  const added = (from?: Map<string, Text>, to?: Map<string, Text>): Text[] =>
    [...(to ?? [])].filter(([key]) => !from?.has(key)).map(([, right]) => text`${name} gets ${right}`);
  const removed = [...(old ?? [])].filter(([key]) => !now?.has(key)).map(([, right]) => text`${name} had ${right}`);
  return [...added(old, now).map(endangers), ...(after ? weakened(name, before, after) : []), ...removed.map(closes)];
}

function rights(container: Attributes, role: string | undefined): Map<string, Text> {
  const found = new Map<string, Text>();
  for (const [attribute, harmless] of Object.entries(HARMLESS)) {
    const value = container.value(attribute);
    if (container.isSensitive(attribute) || isEmptyValue(value) || harmless.test(String(value))) continue;
    const shown = typeof value === "string" ? value : JSON.stringify(value);
    const words = WORDS[attribute];
    found.set(
      `${attribute} ${shown}`,
      attribute === "privileged"
        ? text`${[words ?? ""]}`
        : words
          ? text`${[words]} ${shown}`
          : text`${attribute} ${shown}`,
    );
  }
  if (!container.isSensitive("capabilities")) {
    for (const capability of container.blocks("capabilities").flatMap(({ add }) => (Array.isArray(add) ? add : [])))
      found.set(`capability ${capability}`, text`the right ${String(capability)} on the host's kernel`);
  }
  if (!container.isSensitive("security_opts")) {
    for (const option of container.texts("security_opts"))
      if (!NO_NEW_PRIVILEGES.test(option)) found.set(`option ${option}`, text`the security option ${option}`);
  }
  for (const { path, at, kind, readOnly } of folders(container)) {
    if (isStore(role, path, at)) continue;
    found.set(`folder ${path} ${kind} ${readOnly}`, folder(path, readOnly));
  }
  return found;
}

function folder(path: string, readOnly: boolean): Text {
  const how = readOnly ? "to read" : "to read and change";
  if (path.startsWith("all volumes of ")) return text`${path}`;
  return ENGINE_FOLDER.test(path)
    ? text`${path} of the host ${[how]}: with it the Docker engine, and so the whole host`
    : text`the folder ${path} of the host ${[how]}`;
}

// A store that keeps its data in a folder of the host, as `hostPath` says.
function isStore(role: string | undefined, path: string, at: string): boolean {
  return (
    DATA_FOLDER.test(path) &&
    ((role === ContainerRole.OBJECT_STORE && at === "/data") ||
      (role === ContainerRole.DATABASE && at.startsWith("/var/lib/postgresql")))
  );
}

function folders(container: Attributes): { path: string; at: string; kind?: string; readOnly: boolean }[] {
  const of = (kind: string): readonly Values[] => (container.isSensitive(kind) ? [] : container.blocks(kind));
  return [
    ...of("volumes").flatMap(({ host_path: path, container_path: at, from_container: from, read_only: only }) => [
      ...(path ? [{ path: String(path), at: String(at), readOnly: only === true }] : []),
      ...(from ? [{ path: `all volumes of ${String(from)}`, at: "", readOnly: only === true }] : []),
    ]),
    ...of("mounts").flatMap(({ type, source, target, read_only: only }) =>
      type === "volume" || type === "tmpfs"
        ? []
        : [{ path: String(source ?? type), at: String(target), kind: String(type), readOnly: only === true }],
    ),
  ];
}

// Protections that Docker does not have by itself, and that the container had.
function weakened(name: string, before: Attributes | undefined, after: Attributes): AccessChange[] {
  if (!before) return [];
  const drops = (side: Attributes) =>
    new Set(side.blocks("capabilities").flatMap(({ drop }) => (Array.isArray(drop) ? drop.map(String) : [])));
  const now = drops(after);
  const kept = now.has("ALL") ? [] : [...drops(before)].filter((one) => !now.has(one));
  const guarded = (side: Attributes) => side.texts("security_opts").some((option) => NO_NEW_PRIVILEGES.test(option));
  return [
    ...(kept.length > 0
      ? [endangers(text`${name} gets rights on the host's kernel that it had given up: ${kept.join(", ")}`)]
      : []),
    ...(guarded(before) && !guarded(after)
      ? [endangers(text`${name} may gain rights while it runs: ${"no-new-privileges"} goes`)]
      : []),
  ];
}
