import { ContainerRole } from "../../../lib/contract/container-roles";
import { variableOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import type { DataFinding, Downtime } from "../model/model";
import { duration, names, text, words } from "../model/text";
import type { Text } from "../model/text";
import { hasAnotherLogin, passwordChanges } from "./passwords";

// With its defaults, MLflow's Python client repeats a call seven times, after 0, 4, 8, 16, 32, 64 and 120 s.
const REPEATS_SECONDS = 240;
const REPEATS = `MLflow's Python client repeats calls that fail, for about ${duration(REPEATS_SECONDS)}`;

/**
 * What training jobs meet that log meanwhile: they go on by themselves only if all stays on which they rely.
 *
 * @param breaksOff whether uploads and downloads break off, see `breaksTransfers()`.
 */
export function trainingJobs(
  containers: readonly PlannedContainer[],
  data: readonly DataFinding[],
  { staysDown, unbounded, seconds }: Pick<Downtime, "staysDown" | "unbounded" | "seconds">,
  breaksOff: boolean,
): Text[] {
  if (staysDown) return [words("A training job that logs fails from then on.")];
  const gateway = containers.find(({ role, action }) => role === ContainerRole.GATEWAY && action !== "nothing");
  const ends = [...(gateway ? atAnotherAddress(gateway) : []), ...withoutRun(data)];
  if (ends.length > 0) return ends;
  const refused = gateway ? refusedLogins(gateway) : [];
  const limit =
    unbounded.length > 0
      ? "this wait has no upper limit"
      : seconds > REPEATS_SECONDS
        ? `this wait may take ${duration(seconds)}`
        : undefined;
  if (limit !== undefined)
    return [...refused, words(`A training job that logs meanwhile may fail: ${REPEATS} only, and ${limit}.`)];
  const longer = `${REPEATS}, which is longer than the maximum of this wait`;
  const files = "; one that stores or reads a file just then may fail, because its upload or download breaks off";
  const goesOn = `${longer}${breaksOff ? files : ""}. With another client it may fail at once.`;
  const logs = breaksOff ? "only logs metrics, parameters and tags" : "logs";
  if (refused.length === 0) return [words(`A training job that ${logs} meanwhile goes on by itself: ${goesOn}`)];
  const others = gateway && !hasAnotherLogin(gateway) && passwordChanges(gateway).kept.length > 0;
  return [
    ...refused,
    ...(others ? [words(`Another training job that ${logs} meanwhile goes on by itself: ${goesOn}`)] : []),
  ];
}

function atAnotherAddress(gateway: PlannedContainer): Text[] {
  const [old, now] = variableOf(gateway, "URL_ORIGIN");
  if (!old || !now || old === now) return [];
  const [certificate, other] = variableOf(gateway, "TLS");
  const needs = [
    "address",
    ...(certificate !== other && other === "internal" ? ["certificate"] : []),
    ...(hasAnotherLogin(gateway) ? ["login"] : []),
  ];
  return [
    text`A training job that uses ${old} fails from then on. It has to be started again with the new ${words(needs.join(", ").replace(/, (\w+)$/, " and $1"))}.`,
  ];
}

function withoutRun(data: readonly DataFinding[]): Text[] {
  const isGone = data.some(({ content, effect }) => content === "records" && /^(unreachable|lost)$/.test(effect));
  return isGone
    ? [words("A training job that runs meanwhile fails: its run is not in the database that MLflow uses then.")]
    : [];
}

function refusedLogins(gateway: PlannedContainer): Text[] {
  const { renewed, gone } = passwordChanges(gateway);
  const found = [
    ...(renewed.length > 0
      ? [
          text`A training job that runs and logs in as ${names(renewed)} fails at its next call: it has to be started again with the new password.`,
        ]
      : []),
    ...(gone.length > 0 ? [text`Training jobs that log in as ${names(gone)} fail from then on.`] : []),
  ];
  if (found.length > 0) return found;
  return hasAnotherLogin(gateway)
    ? [words("A training job fails from then on if the new way to log in does not accept what it logs in with.")]
    : [];
}
