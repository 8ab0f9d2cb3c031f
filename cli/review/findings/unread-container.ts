import { DUMP_FILE, DUMP_FOLDER, IMAGE_ID_FILE, ROLLBACK_REQUEST } from "../../../lib/contract/dumps";
import { ContainerRole, PLANNED, ROLE_LABEL, TRIGGERS_LABEL } from "../../../lib/contract/container-roles";
import { actionOf } from "../../terraform/json/plan-actions";
import type { ResourceChange, Values } from "../../terraform/json/plan-json";
import { PODMAN_LABEL } from "../../terraform/podman-override";
import { unknownLoginSettings } from "../access/login-access";
import { Attributes, changedAttributes, isEmptyValue, isSame } from "../plan/attributes";
import type { Configuration } from "../plan/configuration";
import { environmentOf, filesOf, roleOf, settingsOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import type { LineDiffs } from "../plan/line-diff";
import { settingChanges } from "../plan/attribute-changes";
import type { Change, Unread } from "../model/model";
import { join, text, words } from "../model/text";
import type { Text } from "../model/text";
import { unreadImage } from "../plan/images";
import { differInDurability } from "./setting-effects";
import { JUDGED_ATTRIBUTES, JUDGED_PARTS, isHarmless, isJudgedFile } from "./judged";
import { JUDGED_VARIABLES } from "./judged-variables";
import { isOwnText } from "../plan/library-files";

// Known before the apply by the resources to which they refer, or compared by their parts.
const MAY_BE_UNKNOWN = /^(image|networks_advanced|volumes|upload|env)$/;

// The store's program with and without its console, of which the gateway's settings tell.
const STORE_COMMAND = /^server \/data --address :9000( --console-address :9001)?$/;

// The library's program for dumps, with the name of MLflow's image, of which other findings tell.
const DUMP_COMMAND = new RegExp(`^${DUMP_FILE} ${DUMP_FOLDER} ${ROLLBACK_REQUEST} [\\w./:@-]+ ${IMAGE_ID_FILE}$`);

// The host name of a job, which is another one in each plan. No service has such a name.
const PLAN_TIME = new RegExp(`^${PLANNED}\\d{14}$`);

// Of jobs that run again and of settings on Podman, which are told themselves.
const OWN_LABELS: readonly unknown[] = [ROLE_LABEL, TRIGGERS_LABEL, PODMAN_LABEL];

const MAX_NAMED = 2;

interface Sources {
  readonly configuration: Configuration;
  readonly diffs: LineDiffs;

  /** Whether the plan makes the whole stack: then nothing is compared with before. */
  readonly isFirst: boolean;

  /** What a container was that is gone from the engine, and is made again. */
  readonly gone?: Attributes;
}

/** What a review does not judge of a container. */
export function unreadContainer(change: ResourceChange, container: PlannedContainer, sources: Sources): Unread[] {
  const { name, ours, before, after, changes } = container;
  if (!after || /none|forget/.test(actionOf(change))) return [];
  if (!ours) {
    const shown = before ? changes : settings(change, Attributes.NONE, after, sources);
    const what = before ? "changes" : "is new";
    return [
      {
        text: text`the container ${name} ${[what]}. It is not of ${"cdktf-mlflow"}: nobody has checked what it does`,
        short: before ? text`the change of the container ${name}` : text`the new container ${name}`,
        changes: shown,
      },
    ];
  }
  const found = [
    ...(sources.isFirst ? [] : settings(change, before ?? Attributes.NONE, after, sources)),
    ...(before ? parts(change, before, after, sources) : []),
    ...(before ? hidden(change, before, after, sources) : []),
    ...(before ? variables(before, after) : []),
    ...files(container, sources),
    ...unknownLoginSettings(container, sources.configuration).map((setting) =>
      remark(text`${setting} of the login service`),
    ),
    ...(sources.isFirst ? [] : unreadImage(container)),
  ];
  if (found.length === 0) return [];
  return [{ text: text`the container ${name}`, short: text`${shortly(found)} of ${name}`, changes: found }];
}

// The first ones by name.
function shortly(changes: readonly Change[]): Text {
  const shown = changes
    .slice(0, MAX_NAMED)
    .map((one) => (one.kind !== "remark" ? text`${one.name}` : isOfImage(one.text) ? words("the image") : one.text));
  const more = changes.length - shown.length;
  return join([...shown, ...(more > 0 ? [words(`${more} more`)] : [])], ", ");
}

function isOfImage([first]: Text): boolean {
  return typeof first === "string" && first.startsWith("the image");
}

function settings(change: ResourceChange, before: Attributes, after: Attributes, { diffs, gone }: Sources): Change[] {
  const isNew = before === Attributes.NONE;
  const changed = isNew
    ? after.names.filter((name) => !isSame(gone?.value(name), after.value(name)))
    : changedAttributes(change);
  const told = changed.filter((name) => (isNew ? !isHarmless(change.type, name, after.value(name)) : true));
  return settingChanges(
    told.filter(
      (name) =>
        !JUDGED_ATTRIBUTES.has(name) &&
        !(name === "command" && isJudgedCommand(before, after)) &&
        !(name === "hostname" && PLAN_TIME.test(after.text("hostname") ?? "")),
    ),
    before,
    after,
    diffs,
  );
}

function isJudgedCommand(before: Attributes, after: Attributes): boolean {
  const command = after.texts("command");
  if (STORE_COMMAND.test(command.join(" ")) || isDumpCommand(after)) return true;
  return roleOf(after) === ContainerRole.DATABASE && differInDurability(before.texts("command"), command);
}

function isDumpCommand(after: Attributes): boolean {
  const line = [...after.texts("entrypoint"), ...after.texts("command")].join(" ");
  return roleOf(after) === ContainerRole.DUMP_JOB && line.startsWith("bash ") && DUMP_COMMAND.test(line.slice(5));
}

// The parts of blocks of which no finding tells.
function parts(change: ResourceChange, before: Attributes, after: Attributes, { diffs }: Sources): Change[] {
  const changed = changedAttributes(change);
  return Object.entries(JUDGED_PARTS).flatMap(([name, judged]): Change[] => {
    if (!changed.includes(name) || after.isSensitive(name)) return [];
    const [old, now] = [before, after].map((side) => others(side, name, judged));
    return isSame(old, now) ? [] : settingChanges([name], before, after, diffs);
  });
}

function others(side: Attributes, name: string, judged: readonly string[]): unknown[] {
  return side
    .blocks(name)
    .map((block): Values => (name === "networks_advanced" ? withoutOwnName(block, side) : block))
    .filter((block) => name !== "labels" || !OWN_LABELS.includes(block.label))
    .map((block): Values => Object.fromEntries(Object.entries(block).filter(([part]) => !judged.includes(part))))
    .filter((block) => !isEmptyValue(block));
}

// The gateway takes its public name on its networks. Any other name may be that of another service.
function withoutOwnName(block: Values, side: Attributes): Values {
  const { URL_HOSTNAME: own } = settingsOf(roleOf(side) === ContainerRole.GATEWAY ? side : undefined);
  const aliases = Array.isArray(block.aliases) ? block.aliases.filter((alias) => alias !== own) : block.aliases;
  return { ...block, aliases };
}

function hidden(change: ResourceChange, before: Attributes, after: Attributes, { configuration }: Sources): Change[] {
  const unknown = after.names.filter(
    (name) =>
      !MAY_BE_UNKNOWN.test(name) &&
      !(name === "labels" && isSame(others(before, name, []), others(after, name, []))) &&
      after.isUnknown(name) &&
      configuration.expression(change.address, name) !== undefined,
  );
  const secret = changedAttributes(change).filter(
    (name) => name !== "upload" && (before.isSensitive(name) || after.isSensitive(name)),
  );
  return [
    ...unknown.map((name) => remark(text`${name}, which is known only after the apply`)),
    ...secret.map((name) => remark(text`${name}, which is secret`)),
  ];
}

function variables(before: Attributes, after: Attributes): Change[] {
  if (isSame(before.value("env"), after.value("env")) && !after.isUnknown("env")) return [];
  const [old, now] = [environmentOf(before), environmentOf(after)];
  if (!old || !now) return [remark(text`environment variables that are known only after the apply`)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .sort()
    .filter((name) => old.get(name) !== now.get(name) && !JUDGED_VARIABLES.has(name))
    .map((name): Change => ({ kind: "setting", name, before: old.get(name), after: now.get(name) }));
}

function files({ before, after, changes }: PlannedContainer, { isFirst, gone }: Sources): Change[] {
  if (!after || isFirst) return [];
  const was = before ?? gone;
  const old = was ? filesOf(was) : new Map<string, { content?: string }>();
  const now = filesOf(after);
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((path): Change[] => {
    const [left, right] = [old.get(path)?.content, now.get(path)?.content];
    // The settings, which are judged, say which of the library's files are there.
    const content = now.has(path) ? right : left;
    if (isJudgedFile(path) || (content !== undefined && (left === right || isOwnText(content)))) return [];
    const shown = changes.find((one) => one.kind === "file" && one.name === path);
    return [
      shown ?? { kind: "file", name: path, state: !old.has(path) ? "new" : now.has(path) ? "changed" : "removed" },
    ];
  });
}

function remark(sentence: Text): Change {
  return { kind: "remark", text: sentence };
}
