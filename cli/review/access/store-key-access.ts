import { POLICY_FILE } from "../../../lib/contract/store-identity";
import { isObject } from "../../console/parse-json";
import { filesOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import { changes, closes, endangers } from "../model/access-change";
import type { AccessChange } from "../model/model";
import { text } from "../model/text";

/** What the key with which MLflow opens the store may do there after the apply and not before, and the reverse. */
export function storeKeyChanges({ before, after }: PlannedContainer): AccessChange[] {
  const [old, now] = [before, after].map((side) => side && filesOf(side).get(POLICY_FILE)?.content);
  if (old === undefined || now === undefined || old === now) return [];
  const [had, has] = [permissions(old), permissions(now)];
  if (!had || !has)
    return [changes(text`what MLflow's key may do in the store, in a form that this release does not know`)];
  const added = (from: Set<string>, to: Set<string>) => [...to].filter((one) => !from.has(one)).sort();
  const allowed = (one: string) => text`MLflow's key: ${one} in the store`;
  return [
    ...added(had.allowed, has.allowed).map((one) => endangers(allowed(one))),
    ...added(has.denied, had.denied).map((one) =>
      endangers(text`MLflow's key is no longer kept from ${one} in the store`),
    ),
    ...added(has.allowed, had.allowed).map((one) => closes(allowed(one))),
    ...added(had.denied, has.denied).map((one) => closes(allowed(one))),
  ];
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
