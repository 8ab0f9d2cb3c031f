import { STORES_FILE, StoresVerdict } from "../../lib/contract/store-identity";
import { CommandError, ExitCode } from "../console/command-error";
import type { Deployment } from "./deployment";
import type { ContainerDetails } from "../docker/inspected";
import type { Docker } from "../docker/docker";

/** The servers' reports of stores that are empty or another stack's. A server that does not answer has no report. */
export async function storeProblems({ docker, synthesized }: Deployment): Promise<string[]> {
  const servers = await docker.containers(synthesized.servers);
  return (await Promise.all(servers.map((server) => storeProblem(docker, server)))).filter((text) => text !== "");
}

/**
 * Refuses stores that are empty or another stack's.
 *
 * @throws CommandError with exit status 2.
 */
export async function requireOwnStores(deployment: Deployment): Promise<void> {
  const problems = await storeProblems(deployment);
  if (problems.length > 0) throw new CommandError(problems.join("\n\n"), undefined, ExitCode.dataAtRisk);
}

/**
 * Refuses a server that has ended because its stores are not right.
 *
 * @throws CommandError with exit status 2, and the server's message.
 */
export async function refuseEnded(docker: Docker, server: ContainerDetails): Promise<void> {
  const said = await refusalOf(docker, server, [StoresVerdict.OTHER_STORES, StoresVerdict.OTHER_SCHEMA]);
  if (said !== "") throw new CommandError(said, undefined, ExitCode.dataAtRisk);
}

async function storeProblem(docker: Docker, server: ContainerDetails): Promise<string> {
  if (server.State.Status !== "running") return refusalOf(docker, server, [StoresVerdict.OTHER_STORES]);
  const { exitCode, text } = await docker.execOutput(server.Id, ["python", STORES_FILE, "check"]);
  if (exitCode === StoresVerdict.OTHER_STORES) return text;
  // It may have stopped during the check.
  const [now] = exitCode === 0 ? [] : await docker.containers([server.Id]);
  return now ? refusalOf(docker, now, [StoresVerdict.OTHER_STORES]) : "";
}

async function refusalOf(docker: Docker, { Id, State }: ContainerDetails, verdicts: number[]): Promise<string> {
  const hasRefused = State.Status !== "running" && verdicts.includes(State.ExitCode);
  return hasRefused ? docker.logs(Id, State.StartedAt) : "";
}
