import { isBuiltHere, notesOnImages } from "../../offline/image-notes";
import { knownBackups, tellBackups } from "../backup/backup-state";
import { knownDumps, tellDumps } from "../backup/dumps";
import { CommandError } from "../console/command-error";
import { Deployment } from "../deployment/deployment";
import type { ContainerDetails } from "../docker/inspected";
import { warnOfCertificates } from "../deployment/certificate-files";
import { addressFromHere, conditionOf, readinessProblem } from "../deployment/health";
import type { Problem } from "../deployment/health";
import { warnOfEngine } from "../deployment/host-checks";
import { storeProblems } from "../deployment/store-checks";
import { knownGarbageCollection, tellGarbageCollection } from "../gc/gc-state";
import type { State } from "../terraform/json/state";
import { table } from "../console/table";

const MEBIBYTE = 1024 ** 2;
// Docker reads a whole volume to tell its size; a big one is not worth the wait.
const SIZE_TIMEOUT = 5_000;

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
}

/** A container of the stack. */
export interface ServiceStatus {
  readonly name: string;

  /** Its health if it has a health check, else its state; `missing` if the engine has no such container. */
  readonly state: string;
  readonly image: string;

  /** Memory in use and its limit. */
  readonly memory: string;

  /** Ports on the engine's host. */
  readonly ports: string[];

  /** Volumes and host folders, with their sizes if Docker tells them in time. */
  readonly volumes: string[];
}

/** Shows the services of a stack, or how to log in. */
export async function status({ stack, json, showPassword, user }: StatusOptions): Promise<void> {
  const deployment = await Deployment.synthesize(stack);
  const state = await (await deployment.requireTerraform()).state();
  if (showPassword) return printPassword(deployment.name, state, user);

  warnOfEngine(deployment.synthesized, await deployment.docker.info());
  warnOfCertificates(deployment.synthesized);
  const services = await servicesOf(deployment, state);
  const backups = services.length === 0 ? undefined : await knownBackups(deployment);
  const dumps = await knownDumps(deployment);
  const garbage = services.length === 0 ? undefined : await knownGarbageCollection(deployment);
  const notReady = services.length === 0 ? undefined : await readiness(deployment, state);
  const problems = [
    ...(await storeProblems(deployment)),
    ...(notReady ? [`${notReady.text}. ${notReady.remedy}`] : []),
  ];
  const url = state.output("url");
  const imagesBuiltHere = state.imageNames.filter(isBuiltHere);
  if (json) {
    const shown = { stack: deployment.name, url, services, problems, imagesBuiltHere, backups, dumps, garbage };
    return console.log(JSON.stringify(shown, null, 2));
  }

  if (services.length === 0) return console.log(`Stack '${deployment.name}' has no services here.`);
  const lines = [
    ...notesOnImages(imagesBuiltHere),
    ...tellBackups(deployment, backups),
    ...tellDumps(dumps),
    ...tellGarbageCollection(deployment, garbage),
    ...problems,
  ];
  console.log([tableOf(services), ...lines].join("\n"));
  const username = state.output("username");
  const isAsked = addressFromHere(deployment.docker, state) !== undefined;
  const condition = problems.length > 0 ? "not ready" : isAsked ? "ready" : undefined;
  const facts = [username === undefined ? undefined : `user ${username}`, condition].filter(
    (fact) => fact !== undefined,
  );
  if (url !== undefined) console.log(facts.length > 0 ? `${url}  (${facts.join(", ")})` : url);
}

// A certificate that this machine does not trust is for `status` a problem like any other.
async function readiness(deployment: Deployment, state: State): Promise<Problem | undefined> {
  try {
    return await readinessProblem(deployment, state);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { text: error.message, remedy: error.remedy ?? "" };
  }
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

async function servicesOf({ docker }: Deployment, state: State): Promise<ServiceStatus[]> {
  const resources = state.ofType("docker_container").filter(({ attributes }) => attributes.must_run !== false);
  const names = resources.map(({ attributes }) => String(attributes.name)).sort();
  const [containers, sizes] = await Promise.all([docker.containers(names), docker.volumeSizes(SIZE_TIMEOUT)]);
  const running = containers.filter(({ State }) => State.Status === "running").map(({ Name }) => Name);
  const memory = await docker.memoryUse(running);
  const byName = new Map(containers.map((container) => [container.Name, container]));
  const images = new Map(
    state.ofType("docker_image").map(({ attributes }) => [attributes.image_id, String(attributes.name)]),
  );
  return names.map((name) => describe(name, byName.get(name), { memory: memory.get(name), sizes, images }));
}

function describe(
  name: string,
  container: ContainerDetails | undefined,
  { memory, sizes, images }: { memory?: string; sizes: Map<string, string>; images: Map<unknown, string> },
): ServiceStatus {
  if (!container) return { name, state: "missing", image: "", memory: "", ports: [], volumes: [] };
  const limit = container.HostConfig.Memory;
  return {
    name,
    state: conditionOf(container),
    image: images.get(container.Config.Image) ?? container.Config.Image,
    memory: `${memory ?? "-"} / ${limit === 0 ? "no limit" : `${limit / MEBIBYTE}MiB`}`,
    ports: portsOf(container),
    volumes: container.Mounts.map(({ Name, Source }) => {
      const size = sizes.get(Name ?? "");
      return size === undefined ? (Name ?? Source) : `${Name} (${size})`;
    }),
  };
}

function portsOf({ HostConfig }: ContainerDetails): string[] {
  return Object.values(HostConfig.PortBindings ?? {}).flatMap((bindings) =>
    (bindings ?? []).map(({ HostIp, HostPort }) => `${HostIp || "0.0.0.0"}:${HostPort}`),
  );
}

function tableOf(services: ServiceStatus[]): string {
  return table(
    ["service", "state", "memory", "ports", "volumes", "image"],
    services.map(({ name, state, image, memory, ports, volumes }) => [
      name,
      state,
      memory,
      ports.join("\n"),
      volumes.join("\n"),
      image,
    ]),
  );
}
