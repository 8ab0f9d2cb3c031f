import { BACKUP_FOLDER } from "../../../lib/contract/backup";
import { ContainerRole } from "../../../lib/contract/container-roles";
import type { Values } from "../../terraform/json/plan-json";
import { isEmptyValue } from "../plan/attributes";
import type { Attributes } from "../plan/attributes";
import type { PlannedContainer } from "../plan/container-change";
import { closes, dataOf, endangers } from "../model/access-change";
import type { AccessChange } from "../model/model";
import { text, words } from "../model/text";
import type { Text } from "../model/text";

const NO_NEW_PRIVILEGES = /^no-new-privileges([:=]true)?$/;
// Folders that hold data only. Any other folder of the host is a danger.
const DATA_FOLDER = /^\/(srv|data|mnt|media|opt)\/(?!.*(^|\/)\.\.(\/|$)).+/;
const ALL_VOLUMES = "all volumes of ";
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
  // Docker sets it in every network of a container. On Podman the command does.
  sysctls: /^\{"net\.ipv4\.ip_unprivileged_port_start":"0"\}$/,
};
const WORDS: { readonly [attribute: string]: string } = {
  privileged: "all rights on the host (privileged)",
  network_mode: "the network of",
  pid_mode: "a view of all processes of",
  ipc_mode: "the shared memory of",
  userns_mode: "the users of",
  devices: "devices of the host:",
  gpus: "graphics cards of the host:",
};
// Modes whose value names the host, or another container.
const OWNERS = /^(network|pid|ipc|userns)_mode$/;
const MEANINGS: { readonly [attribute: string]: string } = {
  network_mode: ", with its addresses and open ports",
  pid_mode: ": power over all of them as root, over those of its own user otherwise",
  userns_mode: ": its root is root there",
};
// What a program can do with a right on the kernel.
const CAPABILITIES: { readonly [capability: string]: string } = {
  ALL: "every one of them: a program can take over the host",
  BPF: "it can watch every program of the host",
  DAC_OVERRIDE: "it can read and change files whatever their permissions are",
  DAC_READ_SEARCH: "it can read every file of the host",
  NET_ADMIN: "it can change the settings of its networks, and read what passes",
  NET_RAW: "it can read and forge what passes on its networks",
  SYS_ADMIN: "it can leave its container, and take over the host",
  SYS_MODULE: "it can load code into the kernel, and take over the host",
  SYS_PTRACE: "it can read and change other programs that it sees",
  SYS_RAWIO: "it can read and change the host's memory and disks",
};
const WHOLE_HOST = /^(ALL|SYS_ADMIN|SYS_MODULE|SYS_RAWIO)$/;
// Where the engine keeps its volumes.
const VOLUMES_FOLDER = /^\/+(var\/*)?(lib\/*)?(docker(\/.*)?)?$/;

/** What a container gets of its host. */
interface Right {
  readonly what: Text;

  /** Whether it reaches all data on the host. */
  readonly isOverData?: boolean;
}

/** Attributes of which `rightsChanges()` judges every value. */
export const RIGHTS = [...Object.keys(HARMLESS), "capabilities", "security_opts"];

/** What containers get from their host, or no longer get. Told is whatever the library's own containers do not have. */
export function rightsChanges(
  { name, role }: PlannedContainer,
  before?: Attributes,
  after?: Attributes,
): AccessChange[] {
  const [old, now] = [before, after].map((side) => (side ? rights(side, role) : new Map<string, Right>()));
  const without = (all?: Map<string, Right>, others?: Map<string, Right>): Right[] =>
    [...(all ?? [])].filter(([key]) => !others?.has(key)).map(([, right]) => right);
  return [
    ...without(now, old).map(({ what, isOverData }) =>
      endangers(
        text`${name} gets ${what}`,
        isOverData ? { over: dataOf(name), short: text`${name} gets power over the whole host` } : {},
      ),
    ),
    ...(after ? weakened(name, before, after) : []),
    ...without(old, now).map(({ what }) => closes(text`${name} had ${what}`)),
  ];
}

function rights(container: Attributes, role: string | undefined): Map<string, Right> {
  const found = new Map<string, Right>();
  for (const [attribute, harmless] of Object.entries(HARMLESS)) {
    const value = container.value(attribute);
    if (container.isSensitive(attribute) || isEmptyValue(value)) continue;
    const shown = typeof value === "string" ? value : JSON.stringify(value);
    if (harmless.test(shown)) continue;
    found.set(`${attribute} ${shown}`, {
      what: rightOf(attribute, shown),
      isOverData: attribute === "privileged" || attribute === "devices",
    });
  }
  if (!container.isSensitive("capabilities")) {
    for (const capability of container.blocks("capabilities").flatMap(({ add }) => (Array.isArray(add) ? add : [])))
      found.set(`capability ${capability}`, capabilityOf(String(capability)));
  }
  if (!container.isSensitive("security_opts")) {
    for (const option of container.texts("security_opts"))
      if (!NO_NEW_PRIVILEGES.test(option)) found.set(`option ${option}`, { what: text`the security option ${option}` });
  }
  for (const { path, at, kind, readOnly } of folders(container)) {
    if (isStore(role, path, at)) continue;
    found.set(`folder ${path} ${kind} ${readOnly}`, {
      what: folder(path, readOnly),
      // The engine's socket takes commands from whoever may read it.
      isOverData: ENGINE_FOLDER.test(path) || path.startsWith(ALL_VOLUMES) || (VOLUMES_FOLDER.test(path) && !readOnly),
    });
  }
  return found;
}

function rightOf(attribute: string, shown: string): Text {
  const what = WORDS[attribute];
  if (what === undefined) return text`${attribute} ${shown}`;
  if (attribute === "privileged") return words(what);
  if (!OWNERS.test(attribute)) return text`${words(what)} ${shown}`;
  const [, container] = /^container:(.*)$/.exec(shown) ?? [];
  const owner =
    container !== undefined ? text`the container ${container}` : shown === "host" ? words("the host") : text`${shown}`;
  return text`${words(what)} ${owner}${words(MEANINGS[attribute] ?? "")}`;
}

function capabilityOf(name: string): Right {
  const plain = name.replace(/^CAP_/, "");
  const meaning = CAPABILITIES[plain];
  return {
    what: text`the right ${name} on the host's kernel${words(meaning === undefined ? "" : `: ${meaning}`)}`,
    isOverData: WHOLE_HOST.test(plain),
  };
}

function folder(path: string, readOnly: boolean): Text {
  const how = readOnly ? "to read" : "to read and change";
  if (path.startsWith(ALL_VOLUMES)) return text`${words(ALL_VOLUMES)}${path.slice(ALL_VOLUMES.length)}`;
  if (/^\/+$/.test(path)) return text`all files of the host (${path}) ${[how]}, and so the whole host`;
  return ENGINE_FOLDER.test(path)
    ? text`${path} of the host ${[how]}: with it the Docker engine, and so the whole host`
    : text`the folder ${path} of the host ${[how]}`;
}

// A store, or the target of backups, that keeps its data in a folder of the host, as `hostPath` says.
function isStore(role: string | undefined, path: string, at: string): boolean {
  return (
    DATA_FOLDER.test(path) &&
    ((role === ContainerRole.OBJECT_STORE && at === "/data") ||
      (role === ContainerRole.BACKUP && at === BACKUP_FOLDER) ||
      (role === ContainerRole.DATABASE && at.startsWith("/var/lib/postgresql")))
  );
}

function folders(container: Attributes): { path: string; at: string; kind?: string; readOnly: boolean }[] {
  const of = (kind: string): readonly Values[] => (container.isSensitive(kind) ? [] : container.blocks(kind));
  return [
    ...of("volumes").flatMap(({ host_path: path, container_path: at, from_container: from, read_only: only }) => [
      ...(path ? [{ path: String(path), at: String(at), readOnly: only === true }] : []),
      ...(from ? [{ path: `${ALL_VOLUMES}${String(from)}`, at: "", readOnly: only === true }] : []),
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
