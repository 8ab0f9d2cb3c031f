import { notesOnImages } from "../../offline/image-notes";
import { ContainerRole } from "../../lib/contract/container-roles";
import { packageText } from "../../lib/values/package-folder";
import { roleOf } from "../app/container-role";
import { httpStatus } from "../console/http-request";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import type { Deployment } from "../deployment/deployment";
import type { ContainerDetails } from "../docker/inspected";
import type { Docker } from "../docker/docker";
import { PYTHON_BOOTSTRAP, pythonInput } from "../docker/python-program";
import { isOwnHost, portOf } from "../deployment/health";
import type { State } from "../terraform/json/state";
import { table } from "../console/table";
import type { Step } from "../console/tasks";
import { addressesOf, isolationProblem, portProblem } from "./isolation";

const HARDENED = [
  "--cap-drop",
  "ALL",
  "--security-opt",
  "no-new-privileges:true",
  "--user",
  "1000:1000",
  "--env",
  "HOME=/tmp",
];

/** The result of a check. */
export interface Check {
  readonly check: string;
  readonly passed: boolean;
  readonly detail: string;
}

/** A deployed stack, and what the checks need of it. */
export interface Target {
  readonly name: string;
  readonly docker: Docker;
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Certificate of the gateway's own authority, if it has one. */
  readonly rootCertificate?: string;
  /** All containers of the stack. */
  readonly containers: ContainerDetails[];
  readonly gateway: ContainerDetails;
  /** A network that containers of others may join. */
  readonly edgeNetwork: string;
  /** Image with Python and the MLflow client. */
  readonly image: string;
  /** What to know of the stack's images. */
  readonly imageNotes: string[];
}

/**
 * The steps that use a deployed stack as its users do. The results go to `checks`.
 *
 * @param find gives what the checks need.
 * @param largeSize size of the large artifact in MiB.
 */
export function verificationSteps(find: () => Promise<Target>, largeSize: number, checks: Check[]): Step[] {
  let target: Target | undefined;
  const step = (title: string, run: (target: Target, progress: (line: string) => void) => Promise<Check[]>) => ({
    title,
    run: async ({ progress }: { progress(line: string): void }) => {
      if (!target) throw new CommandError("there is nothing to verify");
      checks.push(...(await run(target, progress)));
    },
  });
  return [
    {
      title: "Finding the stack",
      run: async () => {
        target = await find();
      },
    },
    step("Logging in wrongly", wrongPassword),
    step("Using the stack as a client", (found, progress) => useAsClient(found, largeSize, progress)),
    step("Looking for open ports", openPorts),
  ];
}

/** @throws CommandError when a check failed. */
export function requirePassed(checks: Check[]): void {
  const failed = checks.filter(({ passed }) => !passed);
  if (failed.length > 0) throw new CommandError(`${failed.length} of ${checks.length} checks failed`);
}

/**
 * What the checks need of a deployed stack.
 *
 * @throws CommandError when the stack does not run, or has no admin whose password is known.
 */
export async function findTarget(deployment: Deployment): Promise<Target> {
  const { docker, name } = deployment;
  await docker.info();
  const state = await (await deployment.requireTerraform()).state();
  const [url, username, password] = ["url", "username", "password"].map((output) => state.output(output));
  if (url === undefined) throw new CommandError(`stack '${name}' is not deployed, or has no output url`);
  if (username === undefined || password === undefined) {
    throw new CommandError(
      `stack '${name}' has no admin whose password is known, with which it could be used`,
      `Add one: ${commandLine("users", "add", "verify", "--role", "admin")}, then ${commandLine("up")}`,
    );
  }
  const containers = await docker.containers(
    state.ofType("docker_container").map(({ attributes }) => String(attributes.name)),
  );
  const gateway = containers.find(({ Name }) => Name === containerIn(state, ContainerRole.GATEWAY)?.name);
  const internal = new Set(networksIn(state, true));
  const edgeNetwork = Object.keys(gateway?.NetworkSettings.Networks ?? {}).find((network) => !internal.has(network));
  const image = containerIn(state, ContainerRole.SERVER)?.image;
  if (!gateway || gateway.State.Status !== "running" || !edgeNetwork || !image) {
    throw new CommandError(`the services of stack '${name}' do not run`);
  }
  const rootCertificate = state.output("root_certificate");
  const imageNotes = notesOnImages(state.imageNames);
  return {
    name,
    docker,
    url,
    username,
    password,
    rootCertificate,
    containers,
    gateway,
    edgeNetwork,
    image,
    imageNotes,
  };
}

// From this machine, as a browser would.
async function wrongPassword({ url, username, rootCertificate, docker }: Target): Promise<Check[]> {
  const check = "a wrong password is refused from this host";
  if (!docker.isLocal && isOwnHost(url)) return [];
  const authorization = `Basic ${Buffer.from(`${username}:not-the-password`).toString("base64")}`;
  try {
    const status = await httpStatus(url, { headers: { authorization }, rootCertificate, timeout: 30_000 });
    return [{ check, passed: status === 401, detail: String(status) }];
  } catch (error) {
    return [{ check, passed: false, detail: (error as Error).message }];
  }
}

// The gateway listens on the url's own port, so a container that shares its network can use the url as it is.
async function useAsClient(target: Target, largeSize: number, progress: (line: string) => void): Promise<Check[]> {
  const { gateway, image, url, username, password, rootCertificate } = target;
  const checks: Check[] = [];
  const settings = { url, username, password, root_certificate: rootCertificate, large_mebibytes: largeSize };
  const failure = await runPython(target, "client", [`container:${gateway.Id}`, image], settings, (line) => {
    const check = JSON.parse(line) as Check;
    checks.push(check);
    progress(`${check.check}: ${check.detail}`);
  });
  if (failure) checks.push({ check: "the client finishes", passed: false, detail: failure });
  return checks;
}

async function openPorts(target: Target): Promise<Check[]> {
  const { containers, gateway, edgeNetwork, image, url } = target;
  const others = containers.filter(({ Id }) => Id !== gateway.Id);
  const published = portProblem(others);

  const allowed: [string, number] = [gateway.Name, portOf(url)];
  const forbidden = addressesOf(others);
  let reached: [string, number][] = [];
  const failure = await runPython(
    target,
    "probe",
    [edgeNetwork, image],
    { addresses: [allowed, ...forbidden] },
    (line) => {
      reached = JSON.parse(line) as [string, number][];
    },
  );
  const problem = failure ?? isolationProblem(allowed, reached);
  return [
    { check: "only the gateway publishes a port", passed: !published, detail: published ?? gateway.Name },
    {
      check: "no service is reachable past the gateway",
      passed: !problem,
      detail: problem ?? `${forbidden.length} addresses tried from ${edgeNetwork}`,
    },
  ];
}

async function runPython(
  { docker, name }: Target,
  program: "client" | "probe",
  [network, image]: [string, string],
  settings: object,
  onLine: (line: string) => void,
): Promise<string | undefined> {
  const source = packageText("cli", "verify", `${program}.py`);
  const args = [...HARDENED, "--network", network, "--entrypoint", "python", image, "-c", PYTHON_BOOTSTRAP];
  try {
    await docker.runOnce(`${name}-verify-${process.pid}`, args, pythonInput(source, settings), onLine);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function containerIn(state: State, role: ContainerRole): { name: string; image: string } | undefined {
  const found = state.ofType("docker_container").find(({ attributes }) => roleOf(attributes) === role)?.attributes;
  return found && { name: String(found.name), image: String(found.image) };
}

function networksIn(state: State, internal: boolean): string[] {
  const networks = state
    .ofType("docker_network")
    .filter(({ attributes }) => (attributes.internal ?? false) === internal);
  return networks.map(({ attributes }) => String(attributes.name));
}

/** The results as a table. */
export function tableOf(checks: Check[]): string {
  return table(
    ["", "check", "detail"],
    checks.map(({ passed, check, detail }) => [passed ? "ok" : "FAILED", check, detail]),
  );
}
