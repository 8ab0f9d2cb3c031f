import { ContainerRole } from "../../../lib/contract/container-roles";
import type { ServerSettings, StoreSettings } from "../../../lib/contract/server-settings";
import type { IdentitySettings } from "../../../lib/contract/store-identity";
import { actionOf } from "../../terraform/json/plan-actions";
import type { Plan } from "../../terraform/json/plan-json";
import type { Attributes } from "../plan/attributes";
import { filesOf, settingsOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import type { Engine } from "../plan/docker-objects";
import { volumeUses } from "../../terraform/json/volume-record";
import { CONTENTS } from "../model/model";
import type { DataContent, DataFinding } from "../model/model";
import { join, names, text, words } from "../model/text";
import type { Text } from "../model/text";

// The resource with what the server writes into its stores as a mark.
const IDENTITY = /^terraform_data\..*_identity_[0-9A-F]{8}$/;
const SERVICE_FILE = "/run/secrets/pg_service.conf";

/** Where MLflow keeps a kind of its data: an address, volumes of the engine, or both. */
interface Place {
  /** Undefined if the plan does not show it. */
  readonly address?: Text;
  readonly volumes: readonly string[];
}

/** What becomes of a kind of MLflow's data. */
export interface StoreFinding {
  readonly finding: DataFinding;

  /** The volumes of which it tells. */
  readonly volumes: readonly string[];
}

const STORES = [
  { content: "records", role: ContainerRole.DATABASE, addressOf: databaseOf },
  { content: "files", role: ContainerRole.OBJECT_STORE, addressOf: bucketOf },
] as const;

/** Whether MLflow's records and files stay where they are, one finding for each. */
export function storeFindings(plan: Plan, containers: readonly PlannedContainer[], engine: Engine): StoreFinding[] {
  return STORES.flatMap(({ content, role, addressOf }): StoreFinding[] => {
    const stores = containers.filter((one) => !one.job && one.role === role);
    const server = containers.find(
      ({ job, before, after, role: of }) =>
        !job && (of ?? ContainerRole.SERVER) === ContainerRole.SERVER && (addressOf(before) ?? addressOf(after)),
    );
    const old: Place = {
      address: addressOf(server?.before),
      volumes: volumesOf(stores, ({ before }) => before && engine.mountsBefore(before)),
    };
    const now: Place = {
      address: addressOf(server?.after),
      volumes: volumesOf(stores, ({ address, after }) => after && engine.mountsAfter(address, after)),
    };
    const left = old.volumes.filter((volume) => !now.volumes.includes(volume));
    const isElsewhere = old.address && now.address && !isSame(old.address, now.address);
    if (left.length > 0 || isElsewhere) {
      const keeps = { isRefused: isRefused(content, server?.after), ...wayBackOf(plan, stores, left) };
      return [moved(content, old, now, keeps)];
    }
    // Of a volume at another path, another finding tells.
    const isAtPlace = stores.every((store) => isMountedAsBefore(store, engine));
    return isAtPlace && old.volumes.length > 0 && now.volumes.length > 0 ? [stays(content, old)] : [];
  });
}

function isMountedAsBefore({ before, after, address }: PlannedContainer, engine: Engine): boolean {
  if (!before || !after) return true;
  const now = engine.mountsAfter(address, after);
  return [...engine.mountsBefore(before)].every(([path, source]) => now.get(path) === source);
}

function stays(content: DataContent, { volumes }: Place): StoreFinding {
  return { finding: { effect: "kept", content, text: volumeNames(volumes) }, volumes };
}

interface Return {
  /** Whether MLflow refuses a store that is not marked as this stack's. */
  readonly isRefused: boolean;

  /** Whether the store gets other passwords if it comes back, by itself. */
  readonly losesPasswords: boolean;

  /** Whether `mlflow-stack` first refuses the old volumes, as it refuses every volume that its state does not know. */
  readonly asksForVolumes: boolean;

  /** Whether the stack comes back as another one, by which its stores are not marked. */
  readonly losesIdentity: boolean;
}

function moved(content: DataContent, old: Place, now: Place, back: Return): StoreFinding {
  const made = now.volumes.filter((volume) => !old.volumes.includes(volume));
  const isEmpty = made.length > 0 ? text`, which is empty, unless one of this name exists` : words("");
  const place = now.address ?? (now.volumes.length > 0 ? volumeNames(now.volumes) : undefined);
  const shown = isSameAddress(old, now) ? volumeNames(now.volumes) : place;
  const stay = text`they stay in ${describe(old, isSameAddress(old, now))}`;
  const rest = content === "files" ? "files of earlier runs no longer open" : "MLflow no longer shows them";
  const refused = "MLflow refuses the new place and stays down, unless they are there already, with this stack's mark";
  const isRefused = shown !== undefined && back.isRefused;
  return {
    finding: {
      effect: "unreachable",
      content,
      text: shown
        ? text`${stay}, and MLflow uses ${shown} instead${isEmpty}: they are not moved, and ${words(isRefused ? refused : rest)}`
        : text`${stay}, and no service of this stack uses that any more`,
      short: shown ? text`${words(CONTENTS[content])} (MLflow uses ${shown} instead)` : words(CONTENTS[content]),
      when: words(shown ? "as soon as the new containers run" : "as soon as the containers are removed"),
      wayBack: wayBack(back, shown !== undefined),
      ...(isRefused && { staysDown: true, unless: words("all its data is in the new place already") }),
    },
    volumes: [...old.volumes, ...now.volumes],
  };
}

function wayBack({ losesPasswords, asksForVolumes, losesIdentity }: Return, isElsewhere: boolean): Text {
  const steps = [
    words("take this change back, before anybody deletes the data"),
    ...(asksForVolumes ? [text`then take the volume over as ${"mlflow-stack up"} says`] : []),
    ...(losesIdentity ? [text`then accept the data by ${"mlflow-stack accept-stores"}`] : []),
  ];
  const all = steps.length > 1 ? words(`${steps.length} steps, all of them needed: first `) : [];
  const more = [
    ...(losesPasswords
      ? [words("Terraform generates other passwords for the store then, and nobody has to enter one")]
      : []),
    ...(isElsewhere ? [words("What is written to the new place meanwhile stays there")] : []),
  ];
  return join([[...all, ...join(steps, "; ")], ...more], ". ");
}

// The server and its jobs look for the mark in every database, and in every bucket.
function isRefused(content: DataContent, server: Attributes | undefined): boolean {
  const settings: IdentitySettings & ServerSettings & StoreSettings = settingsOf(server);
  const { STACK_IDENTITY: identity, MLFLOW_ARTIFACTS_DESTINATION: destination } = settings;
  return identity !== undefined && (content === "records" || destination?.startsWith("s3://") === true);
}

function wayBackOf(
  plan: Plan,
  stores: readonly PlannedContainer[],
  left: readonly string[],
): Omit<Return, "isRefused"> {
  const deleted = (plan.resource_changes ?? []).filter((change) => actionOf(change) === "delete");
  // Passwords that Terraform generated for a store go with it. A store of the library takes new ones at its start.
  const removed = stores.filter(({ ours, before, after }) => ours && before && !after);
  const prefixes = removed.map(({ address }) => `${address.replace("docker_container.", "random_password.")}_`);
  const ended = new Set(volumeUses(plan).flatMap(({ name, use }) => (use === "ends" ? [name] : [])));
  return {
    losesPasswords: deleted.some(({ address }) => prefixes.some((prefix) => address.startsWith(prefix))),
    asksForVolumes: left.some((volume) => ended.has(volume)),
    losesIdentity: deleted.some(({ address }) => IDENTITY.test(address)),
  };
}

function isSameAddress(old: Place, now: Place): boolean {
  return old.address !== undefined && now.address !== undefined && isSame(old.address, now.address);
}

function describe({ address, volumes }: Place, isVolumeOnly: boolean): Text {
  if (volumes.length === 0) return address ?? words("an unknown place");
  return address && !isVolumeOnly ? text`${address} (${volumeNames(volumes)})` : volumeNames(volumes);
}

function volumeNames(volumes: readonly string[]): Text {
  return text`the ${words(volumes.length === 1 ? "volume" : "volumes")} ${names([...volumes].sort())}`;
}

// Memory that is mounted holds no data.
function volumesOf(
  stores: readonly PlannedContainer[],
  mounts: (store: PlannedContainer) => Map<string, string> | undefined,
): string[] {
  const found = stores.flatMap((store) => [...(mounts(store)?.values() ?? [])]);
  return [...new Set(found.filter((source) => source !== "tmpfs" && source !== "?"))];
}

function isSame(one: Text, other: Text): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

// Of the secret file only the lines that are no secret: host, port and name.
function databaseOf(container: Attributes | undefined): Text | undefined {
  if (!container) return undefined;
  const content = filesOf(container).get(SERVICE_FILE)?.content;
  const line = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(content ?? "")?.[1];
  const host = line("host");
  if (host !== undefined) return text`the database ${`${line("dbname")} at ${host}:${line("port")}`}`;
  const { MLFLOW_BACKEND_STORE_URI: uri }: ServerSettings = settingsOf(container);
  return uri === undefined ? undefined : text`the database ${uri.replace(/\/\/[^@/]*@/, "//")}`;
}

function bucketOf(container: Attributes | undefined): Text | undefined {
  const settings: ServerSettings & StoreSettings = settingsOf(container);
  const { MLFLOW_ARTIFACTS_DESTINATION: bucket, MLFLOW_S3_ENDPOINT_URL: endpoint } = settings;
  if (bucket === undefined) return undefined;
  return endpoint === undefined ? text`the store ${bucket}` : text`the store ${bucket} at ${endpoint}`;
}
