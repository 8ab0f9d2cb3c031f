import { isBuiltHere, notesOnImages } from "../../offline/image-notes";
import { knownBackups, tellBackups } from "../backup/backup-state";
import { knownDumps, tellDumps } from "../backup/dumps";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { Deployment } from "../deployment/deployment";
import { warnOfCertificates } from "../deployment/certificate-files";
import { addressFromHere } from "../deployment/health";
import { warnOfEngine } from "../deployment/host-checks";
import { storeProblems } from "../deployment/store-checks";
import { Run } from "../run/command-run";
import { knownGarbageCollection, tellGarbageCollection } from "../gc/gc-state";
import { factsOf, tellFacts } from "../status/facts";
import { readiness } from "../status/readiness";
import { StackView } from "../status/stack-view";
import { inspectServices, tableOf } from "../status/services";
import { watch } from "../status/watch";
import type { State } from "../terraform/json/state";

/** Options of `status`. */
export interface StatusOptions {
  /** Id of the stack, if the app has several. */
  readonly stack?: string;

  /** Prints JSON. */
  readonly json?: boolean;

  /** Prints the password, and nothing else. */
  readonly showPassword?: boolean;

  /** Whose password to print, instead of the first admin's. */
  readonly user?: string;

  /** Shows the services again every few seconds, until it is interrupted. */
  readonly watch?: boolean;
}

/** Shows the services of a stack, or how to log in. */
export async function status({ stack, json, showPassword, user, watch: isWatched }: StatusOptions): Promise<void> {
  const deployment = await Deployment.synthesize(stack);
  const terraform = await deployment.requireTerraform();
  if (isWatched) {
    // Whoever watches an upgrade must not hold it up.
    Run.current.endTurn();
    const view = new StackView(deployment, terraform);
    return watch(() => view.look());
  }
  const state = await terraform.state();
  if (showPassword) return printPassword(deployment.name, state, user);

  warnOfEngine(deployment.synthesized, await deployment.docker.info());
  warnOfCertificates(deployment.synthesized);
  const { statuses: services } = await inspectServices(deployment.docker, state);
  const backups = services.length === 0 ? undefined : await knownBackups(deployment);
  const dumps = await knownDumps(deployment);
  const garbage = services.length === 0 ? undefined : await knownGarbageCollection(deployment);
  const notReady = services.length === 0 ? undefined : await readiness(deployment, state);
  const facts = services.length === 0 ? undefined : await factsOf(deployment, state);
  const problems = [
    ...(await storeProblems(deployment)),
    ...(notReady ? [`${notReady.text}. ${notReady.remedy}`] : []),
  ];
  const url = state.output("url");
  const imagesBuiltHere = state.imageNames.filter(isBuiltHere);
  if (json) {
    const shown = { stack: deployment.name, url, services, problems, imagesBuiltHere, backups, dumps, garbage };
    return console.log(JSON.stringify({ ...shown, ...facts }, null, 2));
  }

  if (services.length === 0) return console.log(`Stack '${deployment.name}' has no services here.`);
  const lines = [
    ...(facts ? tellFacts(facts) : []),
    ...notesOnImages(imagesBuiltHere),
    ...tellBackups(deployment, backups),
    ...tellDumps(dumps),
    ...tellGarbageCollection(deployment, garbage),
    ...problems,
    ...(problems.length > 0 ? [`To see what is wrong, and what to do: ${commandLine("doctor")}`] : []),
  ];
  console.log([tableOf(services), ...lines].join("\n"));
  const username = state.output("username");
  const isAsked = addressFromHere(deployment.docker, state) !== undefined;
  const condition = problems.length > 0 ? "not ready" : isAsked ? "ready" : undefined;
  const details = [username === undefined ? undefined : `user ${username}`, condition].filter(
    (detail) => detail !== undefined,
  );
  if (url !== undefined) console.log(details.length > 0 ? `${url}  (${details.join(", ")})` : url);
}

function printPassword(name: string, state: State, user: string | undefined): void {
  const password = user === undefined ? state.output("password") : state.outputMap("passwords")[user];
  if (password !== undefined) return console.log(password);
  throw new CommandError(
    user === undefined
      ? `the state of stack '${name}' has no password of an admin: it is not deployed, or was given a hash`
      : `the state of stack '${name}' has no password of '${user}'`,
    `It has those of: ${Object.keys(state.outputMap("passwords")).join(", ") || "nobody"}.`,
  );
}
