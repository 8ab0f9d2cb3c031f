import { countText } from "../console/amounts";
import { table } from "../console/table";
import { conditionOf } from "../deployment/health";
import type { Docker } from "../docker/docker";
import type { ContainerDetails } from "../docker/inspected";
import type { State } from "../terraform/json/state";

const MEBIBYTE = 1024 ** 2;
// Docker reads a whole volume to tell its size; a big one is not worth the wait.
const SIZE_TIMEOUT = 5_000;

/** A container of the stack that stays up. */
export interface ServiceStatus {
  readonly name: string;

  /** Its health if it has a health check, else its state; `missing` if the engine has no such container. */
  readonly state: string;
  readonly image: string;

  /** How often the engine has started it again after it had ended by itself. */
  readonly restarts: number;

  /** When it was created; undefined if it is missing. */
  readonly created?: string;

  /** Memory in use and its limit. */
  readonly memory: string;

  /** Ports on the engine's host. */
  readonly ports: string[];

  /** Volumes and host folders, with their sizes if Docker tells them in time. */
  readonly volumes: string[];
}

/** What is known of the services of a stack. */
export interface Services {
  readonly statuses: ServiceStatus[];

  /** Those that exist. */
  readonly containers: ContainerDetails[];
}

/** The containers of a stack that stay up, in the order of their names. */
export async function inspectServices(docker: Docker, state: State): Promise<Services> {
  const resources = state.ofType("docker_container").filter(({ attributes }) => attributes.must_run !== false);
  const names = resources.map(({ attributes }) => String(attributes.name)).sort();
  const [containers, sizes] = await Promise.all([docker.containers(names), docker.volumeSizes(SIZE_TIMEOUT)]);
  const running = containers.filter(({ State }) => State.Status === "running").map(({ Name }) => Name);
  const memory = await docker.memoryUse(running);
  const byName = new Map(containers.map((container) => [container.Name, container]));
  const images = state.imageNamesById;
  const statuses = names.map((name) => describe(name, byName.get(name), { memory: memory.get(name), sizes, images }));
  return { statuses, containers };
}

function describe(
  name: string,
  container: ContainerDetails | undefined,
  { memory, sizes, images }: { memory?: string; sizes: Map<string, string>; images: Map<unknown, string> },
): ServiceStatus {
  if (!container) return { name, state: "missing", restarts: 0, image: "", memory: "", ports: [], volumes: [] };
  const limit = container.HostConfig.Memory;
  return {
    name,
    state: conditionOf(container),
    restarts: container.RestartCount ?? 0,
    created: container.Created,
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

/** The services as a table. */
export function tableOf(services: ServiceStatus[]): string {
  return table(
    ["service", "state", "memory", "ports", "volumes", "image"],
    services.map(({ name, state, restarts, image, memory, ports, volumes }) => [
      name,
      restarts === 0 ? state : `${state}\n${countText(restarts, "restart")}`,
      memory,
      ports.join("\n"),
      volumes.join("\n"),
      image,
    ]),
  );
}
