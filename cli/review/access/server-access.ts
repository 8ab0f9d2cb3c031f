import type { OpeningSetting, ServerSetting } from "../../../lib/contract/server-settings";
import { listensLocally } from "../../../lib/values/loopback";
import type { Attributes } from "../plan/attributes";
import { environmentOf, settingsOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import { WEIGHTS, closes, opens } from "../model/access-change";
import type { AccessChange } from "../model/model";
import { egressHosts } from "./egress-access";
import { listChanges } from "./list-changes";
import { names as namesOf, text } from "../model/text";
import type { Text } from "../model/text";

interface Switch {
  /** What it lets in or out, in words that users know. */
  readonly what: string;

  /** The value with which it does. */
  readonly on: string;

  /** The feature of the gateway that belongs to it. */
  readonly feature?: string;

  /** The list of hosts to which `mlflow/feature_hosts.py` keeps it: with it and an egress proxy, the switch opens nothing. */
  readonly hosts?: ServerSetting;
}

const SWITCHES: ReadonlyMap<string, Switch> = new Map<ServerSetting | OpeningSetting, Switch>([
  ["MLFLOW_ENABLE_AI_GATEWAY", { what: "MLflow's AI gateway", on: "true", feature: "aiGateway" }],
  ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION", { what: "background jobs of MLflow", on: "true", feature: "jobExecution" }],
  ["MLFLOW_ENABLE_WORKSPACES", { what: "workspaces of MLflow", on: "true", feature: "workspaces" }],
  ["MLFLOW_DISABLE_TELEMETRY", { what: "telemetry to MLflow's makers", on: "false", feature: "telemetry" }],
  [
    "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE",
    {
      what: "requests that MLflow's own checks of host and origin would refuse",
      on: "true",
    },
  ],
  [
    "MLFLOW_GATEWAY_API_BASE_ALLOW_PRIVATE_IPS",
    {
      what: "private addresses, such as other computers of the company, to admins by the addresses of AI models",
      on: "true",
      hosts: "AI_GATEWAY_HOSTS",
    },
  ],
  [
    "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS",
    {
      what: "private addresses, such as other computers of the company, to users by webhooks",
      on: "true",
      hosts: "WEBHOOK_HOSTS",
    },
  ],
]);
const LISTS: ReadonlyMap<string, string> = new Map<ServerSetting, string>([
  ["MLFLOW_SERVER_ALLOWED_HOSTS", "requests to MLflow, by the gateway or from its own networks, under the host names"],
  ["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", "calls to MLflow by scripts in pages of"],
  ["MLFLOW_GATEWAY_ALLOWED_PROVIDERS", "calls by MLflow's AI gateway to the providers"],
]);
const HOSTS: ReadonlyMap<string, string> = new Map<ServerSetting, string>([
  ["AI_GATEWAY_HOSTS", "calls by MLflow's AI gateway to"],
  ["WEBHOOK_HOSTS", "calls by MLflow's webhooks to"],
]);
// Switches of MLflow that the contract does not have.
const UNKNOWN_SWITCH = /^MLFLOW_(?:\w+_)?(ENABLE|DISABLE)_\w+$|^MLFLOW_\w+_ENABLED$/;

/**
 * MLflow's features and checks that are switched on or off.
 *
 * @param gateway the gateway in front of MLflow: what it tells is not told here once more.
 * @param egress the egress proxy: the same holds for its hosts.
 */
export function serverChanges(
  { name: container, before, after }: PlannedContainer,
  gateway?: PlannedContainer,
  egress?: PlannedContainer,
): AccessChange[] {
  const now = after && environmentOf(after);
  if (!now || ![...now.keys()].some((name) => name.startsWith("MLFLOW_"))) return [];
  const old = before && environmentOf(before);
  const names = [...new Set([...(old?.keys() ?? []), ...now.keys()])].sort();
  return names.flatMap((name): AccessChange[] => {
    const left = old?.get(name);
    const right = now.get(name);
    if (left === right) return [];
    const list = LISTS.get(name);
    // A new server always allows its own address, so that no line is needed.
    if (list !== undefined) {
      const describe = (entries: string[]): Text => [`${list} `, ...namesOf(entries)];
      const [had, has] = [withoutAddress(left, gateway, "before"), withoutAddress(right, gateway, "after")];
      const [added, removed] = [has.filter((one) => !had.includes(one)), had.filter((one) => !has.includes(one))];
      if (!old) return [];
      return [
        ...(added.length > 0 ? [opens(describe(added))] : []),
        ...(removed.length > 0 ? [closes(describe(removed))] : []),
      ];
    }
    const calls = HOSTS.get(name);
    if (calls !== undefined)
      return listChanges(
        hostsOf(left, egress?.before),
        hostsOf(right, egress?.after),
        (host): Text => [`${calls} `, ...text`${host}`],
        (sentence) => opens(sentence, { weight: WEIGHTS.egress }),
      );
    const wasOn = isOn(name, left);
    const isNowOn = isOn(name, right);
    // A switch that is off in a new server, or left to MLflow as before, is no news.
    if (Boolean(wasOn) === Boolean(isNowOn) && (!old || isNowOn === undefined || wasOn === isNowOn)) return [];
    const known = SWITCHES.get(name);
    if (known?.feature !== undefined && isToldBy(gateway, known.feature)) return [];
    if (isNowOn && known?.hosts && now.has(known.hosts) && egress?.after) return [];
    const what: Text = known ? [known.what] : text`${`${name}=${right ?? "(not set)"}`} of ${container}`;
    return [isNowOn ? opens(what, { weight: WEIGHTS.feature }) : closes(what)];
  });
}

// Those of which the egress proxy does not tell: it connects to no other.
function hostsOf(list: string | undefined, egress: Attributes | undefined): string[] {
  const told = egress ? egressHosts(egress) : [];
  return (list ?? "").split(" ").filter((host) => host !== "" && !told.includes(host));
}

// The gateway opens and closes the routes of a feature.
function isToldBy(gateway: PlannedContainer | undefined, feature: string): boolean {
  if (!gateway?.before || !gateway.after || gateway.action === "nothing") return false;
  const [old, now] = [gateway.before, gateway.after].map((side) =>
    (settingsOf(side).FEATURES ?? "").split(/[\s,]+/).includes(feature),
  );
  return old !== now;
}

// A gateway that gets another address tells of it. The names by which MLflow knows it follow from that.
function withoutAddress(
  list: string | undefined,
  gateway: PlannedContainer | undefined,
  side: "before" | "after",
): string[] {
  const entries = entriesOf(list);
  if (!gateway?.before || !gateway.after || gateway.action === "nothing") return entries;
  if (settingsOf(gateway.before).URL_ORIGIN === settingsOf(gateway.after).URL_ORIGIN) return entries;
  const { URL_HOSTNAME: host, URL_ORIGIN: origin } = settingsOf(gateway[side]);
  if (!host || !origin) return entries;
  const own = [host, gateway.name, ...(listensLocally(host) ? ["127.0.0.1"] : [])];
  const known = new Set(own.flatMap((name) => [name, `${name}:*`, origin.replace(host, name)]));
  return entries.filter((entry) => !known.has(entry));
}

/** Undefined if the setting is not set, or is no switch: then MLflow decides. */
function isOn(name: string, value: string | undefined): boolean | undefined {
  const known = SWITCHES.get(name);
  if (value === undefined || (!known && !UNKNOWN_SWITCH.test(name))) return undefined;
  const truth = /^(true|1|yes|on)$/i.test(value);
  const on = known?.on ?? (/_DISABLE_/.test(name) ? "false" : "true");
  return truth === (on === "true");
}

function entriesOf(list = ""): string[] {
  return list.split(",").filter((entry) => entry !== "");
}
