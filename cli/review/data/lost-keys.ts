import { secretId } from "../../../lib/contract/server-settings";
import type { ENCRYPTION_SETTINGS, ServerSettings } from "../../../lib/contract/server-settings";
import { actionOf } from "../../terraform/json/plan-actions";
import type { ResourceChange } from "../../terraform/json/plan-json";
import { variableOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import type { DataFinding } from "../model/model";
import { text, words } from "../model/text";

// Keys that MLflow encrypts records with, and what: with another key the old records cannot be read.
const KEYS: readonly { readonly setting: (typeof ENCRYPTION_SETTINGS)[number]; readonly what: string }[] = [
  { setting: "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY", what: "secrets of webhooks" },
  { setting: "MLFLOW_CRYPTO_KEK_PASSPHRASE", what: "keys of AI models" },
];

/** Records that MLflow can no longer decrypt. */
export function keyFindings(changes: readonly ResourceChange[]): DataFinding[] {
  const lost = changes.filter(
    (change) => /^random_(bytes|password)$/.test(change.type) && /delete|replace/.test(actionOf(change)),
  );
  const found = KEYS.flatMap(({ setting, what }) => {
    const change = lost.find(({ address }) => address.includes(secretId(setting)));
    return change ? [{ what, isDeleted: actionOf(change) === "delete" }] : [];
  });
  if (found.length === 0) return [];
  const what = found.map((key) => key.what).join(" and ");
  const isDeleted = found.some((key) => key.isDeleted);
  return [
    {
      effect: "changed",
      isUnreadable: true,
      text: words(
        `${what}, if there are any: MLflow has encrypted them with a key that is ${isDeleted ? "deleted" : "made anew"}, and cannot read them any more${isDeleted ? ", not even after this change is taken back" : ""}`,
      ),
      short: words(`${what}, if there are any, can no longer be read`),
      when: words(isDeleted ? "during the apply" : "as soon as the new server runs"),
      wayBack: text`a backup that ${"mlflow-stack backup"} has made, which has the key too, or a copy of Terraform's state of before; a copy of the database alone does not help. Without either, every secret has to be entered again`,
    },
  ];
}

/** Whether MLflow still starts: at its start it checks where experiments, models and webhooks lie. */
export function workspaceFindings(container: PlannedContainer): DataFinding[] {
  const { name, after, job } = container;
  if (!after || job) return [];
  const setting: keyof ServerSettings = "MLFLOW_ENABLE_WORKSPACES";
  const [old, now] = variableOf(container, setting);
  if ((old === "true") === (now === "true")) return [];
  return [
    {
      effect: "warning",
      text:
        now === "true"
          ? text`once anything lies outside of the workspace ${"default"}, MLflow does not start without workspaces: they cannot be switched off again`
          : text`workspaces are switched off: ${name} does not start while anything, deleted or not, lies outside of the one named ${"default"}`,
      short: words(
        now === "true"
          ? "once they are used, workspaces cannot be switched off again"
          : "without workspaces, MLflow may not start",
      ),
    },
  ];
}
