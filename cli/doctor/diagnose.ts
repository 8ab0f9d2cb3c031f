import { knownBackups } from "../backup/backup-state";
import { knownDumps, tellDumps } from "../backup/dumps";
import { roleOf } from "../app/container-role";
import { agoText } from "../console/amounts";
import { commandLine } from "../console/command-line";
import type { Deployment } from "../deployment/deployment";
import { storeProblems } from "../deployment/store-checks";
import { knownGarbageCollection } from "../gc/gc-state";
import { factsOf } from "../status/facts";
import { readiness } from "../status/readiness";
import type { State } from "../terraform/json/state";
import { backupFindings, backupNotes } from "./backup-findings";
import { containerFindings } from "./container-findings";
import { deploymentNotes, engineFindings, unappliedFindings } from "./deployment-findings";
import { factFindings } from "./fact-findings";
import type { Diagnosis, Finding } from "./finding";

const LINES = 5;

/**
 * Runs all checks of a deployed stack that change nothing.
 *
 * @throws CommandError when the engine does not answer.
 */
export async function diagnose(deployment: Deployment): Promise<Diagnosis> {
  const { docker, synthesized, name: stack } = deployment;
  const engine = await docker.info();
  const state = await (await deployment.requireTerraform()).state();
  const expected = state.ofType("docker_container").map(({ attributes }) => ({
    name: String(attributes.name),
    role: roleOf(attributes),
    isJob: attributes.must_run === false,
  }));
  if (expected.length === 0) return { stack, problems: [notDeployed(stack)], notes: [] };

  const names = expected.map(({ name }) => name);
  const found = await containerFindings(expected, await docker.containers(names), (name) => lastLine(deployment, name));
  const [backups, facts, stores, dumps] = await Promise.all([
    knownBackups(deployment),
    factsOf(deployment, state),
    storeProblems(deployment),
    rollbackFindings(deployment),
  ]);
  const problems = [
    ...engineFindings(synthesized, engine),
    ...found,
    ...stores.map(storeFinding),
    // If a container is down, that is the reason.
    ...(found.length === 0 && stores.length === 0 ? await addressFindings(deployment, state) : []),
    ...factFindings(facts),
    ...backupFindings(synthesized.backups.length > 0, backups),
    ...dumps,
    ...(await garbageFindings(deployment)),
    ...unappliedFindings(synthesized, state),
  ];
  return { stack, problems, notes: [...deploymentNotes(synthesized, engine, state), ...backupNotes(backups)] };
}

function notDeployed(stack: string): Finding {
  return {
    check: "not-deployed",
    found: `Stack '${stack}' has no containers in its state: it is not deployed`,
    meaning: "There is nothing to use.",
    remedy: commandLine("up"),
  };
}

async function lastLine({ docker, redaction }: Deployment, name: string): Promise<string | undefined> {
  const lines: string[] = [];
  for await (const line of docker.logLines(name, { tail: LINES })) lines.push(line.replace(/^\S+Z /, ""));
  const last = lines.findLast((line) => line.trim() !== "");
  return last && redaction.apply(last);
}

function storeFinding(text: string): Finding {
  return {
    check: "stores",
    found: text,
    meaning: "MLflow does not serve them: what is in there is not what its users stored.",
    remedy: `Attach the right volumes, or restore: docs/data.md#markers. To go on as they are: ${commandLine("accept-stores")}`,
  };
}

async function addressFindings(deployment: Deployment, state: State): Promise<Finding[]> {
  const problem = await readiness(deployment, state);
  if (!problem) return [];
  const found = problem.text;
  const meaning = "Clients cannot use MLflow at this address, though every container is well.";
  return [{ check: "address", found, meaning, remedy: problem.remedy }];
}

async function rollbackFindings(deployment: Deployment): Promise<Finding[]> {
  const known = await knownDumps(deployment);
  if (!known?.rollback) return [];
  return [
    {
      check: "rollback-not-ended",
      found: `The rollback to the dump ${known.rollback.dump} has not ended`,
      meaning: tellDumps({ ...known, dumps: [] }).join(" "),
      remedy: commandLine("rollback"),
    },
  ];
}

async function garbageFindings(deployment: Deployment): Promise<Finding[]> {
  const { last } = (await knownGarbageCollection(deployment)) ?? {};
  if (last?.message === undefined) return [];
  return [
    {
      check: "failed-gc",
      found: `The last garbage collection failed ${agoText(last.time)}: ${last.message}`,
      meaning: "What users deleted still takes space.",
      remedy: `To try again: ${commandLine("gc")}`,
    },
  ];
}
