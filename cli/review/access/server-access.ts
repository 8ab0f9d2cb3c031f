import { environmentOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import { listChanges } from "./list-changes";
import { closes, opens } from "../model/access-change";
import type { AccessChange } from "../model/model";
import { text } from "../model/text";
import type { Text } from "../model/text";

// Settings with a name that users know.
const WORDS: { readonly [name: string]: { readonly what: string; readonly on: string } } = {
  MLFLOW_ENABLE_AI_GATEWAY: { what: "MLflow's AI gateway", on: "true" },
  MLFLOW_SERVER_ENABLE_JOB_EXECUTION: { what: "background jobs of MLflow", on: "true" },
  MLFLOW_ENABLE_WORKSPACES: { what: "workspaces of MLflow, kept apart by the gateway", on: "true" },
  MLFLOW_DISABLE_TELEMETRY: { what: "telemetry to MLflow's makers", on: "false" },
  MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE: {
    what: "requests that MLflow's own checks of host and origin would refuse",
    on: "true",
  },
  MLFLOW_GATEWAY_API_BASE_ALLOW_PRIVATE_IPS: {
    what: "private addresses, such as other computers of the company, to admins by the addresses of AI models",
    on: "true",
  },
  MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: {
    what: "private addresses, such as other computers of the company, to users by webhooks",
    on: "true",
  },
};
const LISTS: { readonly [name: string]: string } = {
  MLFLOW_SERVER_ALLOWED_HOSTS: "requests to MLflow under the host name",
  MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: "calls to MLflow from pages of",
  MLFLOW_GATEWAY_ALLOWED_PROVIDERS: "calls by MLflow's AI gateway to the provider",
};
const SWITCH = /^MLFLOW_(?:\w+_)?(ENABLE|DISABLE)_\w+$|^MLFLOW_\w+_ENABLED$/;

/** MLflow's features and checks that are switched on or off. */
export function serverChanges({ name: container, before, after }: PlannedContainer): AccessChange[] {
  const now = after && environmentOf(after);
  if (!now || ![...now.keys()].some((name) => name.startsWith("MLFLOW_"))) return [];
  const old = before && environmentOf(before);
  const names = [...new Set([...(old?.keys() ?? []), ...now.keys()])].sort();
  return names.flatMap((name): AccessChange[] => {
    const left = old?.get(name);
    const right = now.get(name);
    if (left === right) return [];
    const list = LISTS[name];
    // A new server always allows its own address, so that no line is needed.
    if (list !== undefined) {
      const describe = (entry: string): Text => [`${list} `, ...text`${entry}`];
      return old ? listChanges(entriesOf(left), entriesOf(right), describe) : [];
    }
    const wasOn = isOn(name, left);
    const isNowOn = isOn(name, right);
    // A switch that is off in a new server, or left to MLflow as before, is no news.
    if (Boolean(wasOn) === Boolean(isNowOn) && (!old || isNowOn === undefined || wasOn === isNowOn)) return [];
    const known = WORDS[name];
    const what: Text = known ? [known.what] : text`${`${name}=${right ?? "(not set)"}`} of ${container}`;
    return [(isNowOn ? opens : closes)(what)];
  });
}

/** Undefined if the setting is not set, or is no switch: then MLflow decides. */
function isOn(name: string, value: string | undefined): boolean | undefined {
  const known = WORDS[name];
  if (value === undefined || (!known && !SWITCH.test(name))) return undefined;
  const truth = /^(true|1|yes|on)$/i.test(value);
  const on = known?.on ?? (/_DISABLE_/.test(name) ? "false" : "true");
  return truth === (on === "true");
}

function entriesOf(list = ""): string[] {
  return list.split(",").filter((entry) => entry !== "");
}
