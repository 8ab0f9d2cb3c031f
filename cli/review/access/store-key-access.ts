import { POLICY_FILE } from "../../../lib/contract/store-identity";
import { isObject } from "../../console/parse-json";
import { filesOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import { changes, closes, endangers } from "../model/access-change";
import type { AccessChange } from "../model/model";
import { text, words } from "../model/text";
import type { Text } from "../model/text";

// What an action of S3 does, in words that follow "may".
const VERBS: { readonly [action: string]: string } = {
  "*": "do everything",
  "s3:*": "do everything",
  "s3:GetObject": "read files",
  "s3:PutObject": "write files",
  "s3:DeleteObject": "delete files",
  "s3:DeleteObjectVersion": "delete old versions for good, so that no mistake can be undone,",
  "s3:DeleteBucket": "delete the whole bucket,",
  "s3:ListBucket": "list the files",
};
const CHANGES = /^(\*|s3:(\*|(Put|Delete).*))$/;

/** What the key with which MLflow opens the store may do there after the apply and not before, and the reverse. */
export function storeKeyChanges({ before, after }: PlannedContainer): AccessChange[] {
  const [old, now] = [before, after].map((side) => side && filesOf(side).get(POLICY_FILE)?.content);
  if (old === undefined || now === undefined || old === now) return [];
  const [had, has] = [permissions(old), permissions(now)];
  if (!had || !has)
    return [changes(text`what MLflow's key may do in the store, in a form that this release does not know`)];
  const added = (from: Set<string>, to: Set<string>) =>
    [...to].filter((one) => ![...from].some((wider) => covers(wider, one))).sort();
  const allows = (one: string) => text`MLflow's key may ${meaning(one)}`;
  const over = (one: string) =>
    CHANGES.test(actionOf(one))
      ? {
          over: {
            contents: ["files"] as const,
            who: "MLflow's key",
            clause: words("MLflow's key can delete it for good from then on"),
          },
        }
      : {};
  return [
    ...[...added(had.allowed, has.allowed), ...added(has.denied, had.denied)].map((one) =>
      endangers(text`${allows(one)}, which it could not until now`, over(one)),
    ),
    ...[...added(has.allowed, had.allowed), ...added(had.denied, has.denied)].map((one) =>
      closes(text`MLflow's key can no longer ${meaning(one)}`),
    ),
  ];
}

function actionOf(one: string): string {
  return one.slice(0, one.indexOf(" on "));
}

function meaning(one: string): Text {
  const action = actionOf(one);
  const place = one.slice(action.length + " on ".length);
  const verb = VERBS[action];
  const [, bucket] = /^([^*?/]+)(\/\*)?$/.exec(place) ?? [];
  const where =
    bucket === undefined ? (place === "*" ? words("every bucket") : text`${place}`) : text`the bucket ${bucket}`;
  return verb === undefined
    ? text`use ${action} in ${where} of the store`
    : text`${words(verb)} in ${where} of the store (${one})`;
}

// In a policy, `*` is any text, and `?` any sign.
function covers(wider: string, one: string): boolean {
  const pattern = wider
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${pattern}$`, "s").test(one);
}

// Each action with each place, such as `s3:GetObject on mlflow/*`.
function permissions(policy: string): { allowed: Set<string>; denied: Set<string> } | undefined {
  const [allowed, denied] = [new Set<string>(), new Set<string>()];
  try {
    const { Statement: statements } = JSON.parse(policy) as { Statement: unknown };
    for (const statement of listOf(statements)) {
      if (!isObject(statement)) return undefined;
      const { Effect: effect, Action: actions, Resource: resources, ...others } = statement;
      if (Object.keys(others).length > 0 || !/^(Allow|Deny)$/.test(String(effect))) return undefined;
      for (const action of listOf(actions))
        for (const resource of listOf(resources))
          (effect === "Allow" ? allowed : denied).add(
            `${String(action)} on ${String(resource).replace("arn:aws:s3:::", "")}`,
          );
    }
  } catch {
    return undefined;
  }
  return { allowed, denied };
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [value];
}
