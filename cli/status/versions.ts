import { ContainerRole } from "../../lib/contract/container-roles";
import { roleOf } from "../app/container-role";
import type { Docker } from "../docker/docker";
import { versionOf } from "../review/plan/images";
import type { State } from "../terraform/json/state";

/** The release of a program that runs in a container. */
export interface Version {
  readonly service: string;
  readonly program: string;
  readonly version: string;
}

interface Question {
  readonly program: string;
  readonly command: string[];
}

// An image built here has no release in its name, so the programs are asked.
const QUESTIONS: { readonly [role: string]: Question | undefined } = {
  [ContainerRole.SERVER]: {
    program: "MLflow",
    command: ["python", "-c", "from importlib.metadata import version; print(version('mlflow'))"],
  },
  [ContainerRole.DATABASE]: { program: "PostgreSQL", command: ["postgres", "--version"] },
  [ContainerRole.GATEWAY]: { program: "Caddy", command: ["caddy", "version"] },
  [ContainerRole.OBJECT_STORE]: { program: "MinIO", command: ["minio", "--version"] },
  [ContainerRole.OAUTH2_PROXY]: { program: "OAuth2 Proxy", command: ["oauth2-proxy", "--version"] },
};

/**
 * The releases of the programs in the containers that run. One that does not answer has none, and one that does not know
 * its own, such as MinIO built from its sources, that of its image's name.
 */
export async function versionsOf(docker: Pick<Docker, "execOutput">, state: State): Promise<Version[]> {
  const images = state.imageNamesById;
  const asked = state.ofType("docker_container").map(async ({ attributes }): Promise<Version[]> => {
    const question = QUESTIONS[roleOf(attributes) ?? ""];
    if (!question) return [];
    const service = String(attributes.name);
    const { exitCode, text } = await docker.execOutput(service, question.command);
    const version = exitCode === 0 ? (releaseIn(text) ?? versionOf(images.get(attributes.image))) : undefined;
    return version === undefined ? [] : [{ service, program: question.program, version }];
  });
  return (await Promise.all(asked)).flat().sort((one, other) => (one.program < other.program ? -1 : 1));
}

/** The release in the first line that a program prints about itself: MinIO's next line has that of Go. */
export function releaseIn(text: string): string | undefined {
  return /RELEASE\.[\w-]+|\d+\.\d+[\w.-]*/.exec(text.trim().split("\n")[0] ?? "")?.[0];
}
