import { SECRETS_FOLDER } from "../../../lib/contract/secret-files";
import { actionOf, forgetsObject } from "../../terraform/json/plan-actions";
import type { ResourceChange } from "../../terraform/json/plan-json";
import { Attributes, changedAttributes, isEmptyValue, isSame } from "./attributes";
import type { Configuration } from "./configuration";
import { environmentOf, filesOf, isJob, isOurs, isShown, isStarted, portName, portsOf, roleOf } from "./container";
import type { Engine } from "./docker-objects";
import type { LineDiffs } from "./line-diff";
import type { Change, ContainerChange, ContainerAction } from "../model/model";
import { settingChanges } from "./attribute-changes";
import { names, text, words } from "../model/text";
import type { Text } from "../model/text";

// Attributes that the provider changes in a running container.
const LIVE =
  /^(restart|max_retry_count|cpu_shares|cpu_set|memory|memory_swap|memory_reservation|device_(read|write)_(bps|iops))$/;
// Attributes that only the provider reads, at the next apply.
const PROVIDER_ONLY =
  /^(rm|start|wait|wait_timeout|attach|logs|must_run|remove_volumes|destroy_grace_seconds|container_read_refresh_timeout_milliseconds|timeouts)$/;
// Attributes that the engine computes, and those with a separate comparison below.
const NOT_SETTINGS =
  /^(id|bridge|hostname|network_data|exit_code|container_logs|platform|name|image|env|upload|ports|networks_advanced|volumes|mounts)$/;

/** A container of a plan that something happens to. */
export interface PlannedContainer extends ContainerChange {
  readonly job: boolean;

  /** Its part in the stack, if possible as deployed: a changed label must not hide what opens. */
  readonly role?: string;
  readonly before?: Attributes;
  readonly after?: Attributes;
}

/** Sources that the comparison of a container needs. */
export interface Lookups {
  readonly engine: Engine;
  readonly configuration: Configuration;
  readonly diffs: LineDiffs;
}

/** The action on a container, and the changes in it. */
export function containerChange(change: ResourceChange, lookups: Lookups): PlannedContainer {
  const { engine } = lookups;
  const before = Attributes.before(change);
  const after = Attributes.after(change);
  const { address } = change;
  const either = after ?? before;
  const oldImage = before && !before.isSensitive("image") ? engine.imageBefore(before) : undefined;
  const newImage = after && !after.isSensitive("image") ? engine.imageAfter(address, after) : undefined;
  const changes = before && after ? compare(change, before, after, lookups) : [];
  if (before && forgetsObject(change)) changes.unshift(...leftBehind(before));
  const action = containerAction(change, before, after);
  return {
    address,
    name: either && !either.isSensitive("name") ? (either.text("name") ?? address) : address,
    ours: either !== undefined && isOurs(either),
    job: either !== undefined && isJob(either),
    role: roleOf(before) ?? roleOf(after),
    action,
    reason: action === "updated" || action === "nothing" ? undefined : reasonOf(change),
    image: oldImage === newImage && before && after ? undefined : { before: oldImage, after: newImage },
    changes: action === "updated" || action === "nothing" ? [...changes, ...withoutEffect(change)] : changes,
    before,
    // It stays as it is, with its ports and networks.
    after: action === "left" ? before : after,
  };
}

function containerAction(change: ResourceChange, before?: Attributes, after?: Attributes): ContainerAction {
  const action = actionOf(change);
  if (action === "create") return "new";
  if (action === "delete") return "removed";
  if (action === "replace") return "replaced";
  if (action === "forget") return "left";
  if (action !== "update" || !before || !after) return "nothing";
  if (isStarted(change)) return "started";
  return changedAttributes(change).some((name) => LIVE.test(name)) ? "updated" : "nothing";
}

function leftBehind(before: Attributes): Change[] {
  const name = before.isSensitive("name") ? undefined : before.text("name");
  const ports = before.isSensitive("ports") ? [] : portsOf(before).map(portName);
  const published: Text = ports.length > 0 ? [", and its ports stay open: ", ...names(ports)] : [];
  return [
    remark(text`the container ${name ?? "(sensitive)"} that is there is left as it is${published}`),
    remark(words("no later plan of this stack stops or changes it")),
  ];
}

function reasonOf({ action_reason: reason }: ResourceChange): Text | undefined {
  if (reason === "replace_because_tainted") return words("its last start failed");
  if (reason === "replace_by_request") return text`somebody has asked for it by ${"-replace"}`;
  if (reason === "replace_by_triggers") return words("something it is tied to changes");
  return undefined;
}

function compare(change: ResourceChange, before: Attributes, after: Attributes, lookups: Lookups): Change[] {
  const { engine, diffs } = lookups;
  const { address } = change;
  const settings = settingChanges(
    changedAttributes(change).filter((name) => !NOT_SETTINGS.test(name)),
    before,
    after,
    diffs,
  );
  return [
    ...compareFiles(address, before, after, lookups),
    ...compareEnvironment(before, after, diffs),
    ...settings,
    ...compareImage(address, before, after, engine),
    ...comparePorts(before, after),
    ...compareNetworks(address, before, after, engine),
    ...compareMounts(address, before, after, engine),
  ];
}

function compareFiles(
  address: string,
  before: Attributes,
  after: Attributes,
  { configuration, diffs }: Lookups,
): Change[] {
  const old = filesOf(before);
  const now = filesOf(after);
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort();
  // The sensitive mark is on all files of such a container, so none is shown.
  if (!isOurs(after) && (before.isSensitive("upload") || after.isSensitive("upload") || after.isUnknown("upload"))) {
    const same = isSame(before.value("upload"), after.value("upload")) && !after.isUnknown("upload");
    return same ? [] : [{ kind: "remark", text: words("files change; some are secret, so none is shown") }];
  }
  return paths.flatMap((path): Change[] => {
    const left = old.get(path);
    const right = now.get(path);
    if (left && right && left.content === right.content && right.content !== undefined) return [];
    const isSecret = path.startsWith(SECRETS_FOLDER);
    if (isSecret) {
      const what = !left ? "a new secret in" : right ? "a new value of the secret in" : "no secret any more in";
      return [{ kind: "remark", text: [`${what} `, ...text`${path}`] }];
    }
    const state = !left ? "new" : right ? "changed" : "removed";
    const shown =
      right?.content !== undefined &&
      isShown(path, address, after, configuration) &&
      (!left || isOurs(before) || !before.isSensitive("upload"));
    if (!shown) return [{ kind: "file", name: path, state }];
    return [diffs.of(path, left?.content, right.content)];
  });
}

function compareEnvironment(before: Attributes, after: Attributes, diffs: LineDiffs): Change[] {
  if (!after.isUnknown("env") && isSame(before.value("env"), after.value("env"))) return [];
  const old = environmentOf(before);
  const now = environmentOf(after);
  // The app no longer sets variables. The unknown ones are the image's.
  if (after.isUnknown("env") && isEmptyValue(after.value("env"))) return [];
  if (!old || !now)
    return [{ kind: "remark", text: words("environment variables change; some are secret, so none is shown") }];
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((name): Change[] => {
    const left = old.get(name);
    const right = now.get(name);
    if (left === right) return [];
    if (left?.includes("\n") || right?.includes("\n")) return [diffs.of(name, left, right)];
    return [{ kind: "setting", name, before: left, after: right }];
  });
}

function compareNetworks(address: string, before: Attributes, after: Attributes, engine: Engine): Change[] {
  const old = engine.networksBefore(before).map(({ name }) => name);
  const now = engine.networksAfter(address, after).map(({ name }) => name);
  return [
    ...now.filter((name) => !old.includes(name)).map((name) => remark(text`joins the network ${name}`)),
    ...old.filter((name) => !now.includes(name)).map((name) => remark(text`leaves the network ${name}`)),
    ...(after.isUnknown("networks_advanced") && now.every((name) => old.includes(name)) && now.length === old.length
      ? [remark(words("a network of the container is recreated"))]
      : []),
  ];
}

// An image that is built from other files may keep its name.
function compareImage(address: string, before: Attributes, after: Attributes, engine: Engine): Change[] {
  if (!after.isUnknown("image") || before.isSensitive("image") || after.isSensitive("image")) return [];
  const name = engine.imageAfter(address, after);
  return name !== undefined && name === engine.imageBefore(before)
    ? [remark(text`the image ${name} is recreated`)]
    : [];
}

function comparePorts(before: Attributes, after: Attributes): Change[] {
  if (before.isSensitive("ports") || after.isSensitive("ports")) return [];
  const [old, now] = [before, after].map((side) => portsOf(side).map(portName).sort().join(", ") || undefined);
  return old === now ? [] : [{ kind: "setting", name: "published ports", before: old, after: now }];
}

function compareMounts(address: string, before: Attributes, after: Attributes, engine: Engine): Change[] {
  const old = engine.mountsBefore(before);
  const now = engine.mountsAfter(address, after);
  return [...new Set([...old.keys(), ...now.keys()])]
    .sort()
    .flatMap((path): Change[] =>
      old.get(path) === now.get(path)
        ? []
        : [{ kind: "setting", name: `mounted at ${path}`, before: old.get(path), after: now.get(path) }],
    );
}

function withoutEffect(change: ResourceChange): Change[] {
  const inert = changedAttributes(change).filter(
    (name) => !LIVE.test(name) && !PROVIDER_ONLY.test(name) && !NOT_SETTINGS.test(name),
  );
  return inert.map((name) =>
    remark(text`${name} takes effect when the container is replaced next, by whatever change`),
  );
}

function remark(sentence: Text): Change {
  return { kind: "remark", text: sentence };
}
