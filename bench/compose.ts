import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The synthesized stack, as far as it is needed here. */
export interface StackJson {
  readonly resource: {
    readonly docker_container?: { [name: string]: ContainerBlock };
    readonly docker_image?: { [name: string]: { name: string } };
    readonly docker_network?: { [name: string]: { name: string; internal?: boolean } };
  };
}

/** Terraform's state, as far as it is needed here. */
export interface StateJson {
  readonly resources: {
    readonly type: string;
    readonly name: string;
    readonly instances: { readonly attributes: { readonly upload?: { file: string; content: string }[] } }[];
  }[];
}

interface ContainerBlock {
  name: string;
  image: string;
  entrypoint?: string[];
  command?: string[];
  env?: string[];
  user?: string;
  memory: number;
  shm_size?: number;
  restart: string;
  must_run?: boolean;
  stop_signal?: string;
  stop_timeout?: number;
  depends_on?: string[];
  log_driver: string;
  log_opts: { [name: string]: string };
  capabilities: { drop: string[] };
  security_opts: string[];
  networks_advanced: { name: string }[];
  volumes?: { container_path: string; volume_name: string }[];
  ports?: { internal: number; external: number; ip: string }[];
  healthcheck?: { test: string[]; interval: string; timeout: string; retries: number; start_period: string };
}

/**
 * Writes a Compose project with the services of a stack: the same names, images, settings, files, limits, health checks
 * and order. Compose mounts all files from a folder, also the secret ones.
 */
export function writeComposeProject(folder: string, project: string, stack: StackJson, state: StateJson): void {
  const { docker_container: containers = {}, docker_network } = stack.resource;
  const files = new ProjectFiles(folder);
  const services = Object.fromEntries(
    Object.entries(containers).map(([name, block]) => [
      name,
      service(block, stack, files.add(name, uploads(state, name))),
    ]),
  );
  const content = {
    name: project,
    services,
    networks: docker_network,
    volumes: Object.fromEntries(
      Object.values(containers)
        .flatMap((block) => block.volumes ?? [])
        .map(({ volume_name: name }) => [name, { name }]),
    ),
    ...files.declarations,
  };
  // JSON is valid YAML.
  writeFileSync(join(folder, "compose.json"), JSON.stringify(withoutConstructs(content), null, 2), { mode: 0o600 });
}

function service(block: ContainerBlock, { resource }: StackJson, files: object): object {
  const check = block.healthcheck;
  return {
    container_name: block.name,
    image: resource.docker_image?.[referenced(block.image)]?.name,
    pull_policy: "never",
    entrypoint: block.entrypoint,
    command: block.command?.map(escaped),
    environment: block.env?.map(escaped),
    user: block.user,
    mem_limit: `${block.memory}m`,
    memswap_limit: `${block.memory}m`,
    shm_size: block.shm_size && `${block.shm_size}m`,
    restart: block.restart,
    stop_signal: block.stop_signal,
    stop_grace_period: block.stop_timeout && `${block.stop_timeout}s`,
    logging: { driver: block.log_driver, options: block.log_opts },
    cap_drop: block.capabilities.drop,
    security_opt: block.security_opts,
    networks: block.networks_advanced.map(({ name }) => referenced(name)),
    volumes: block.volumes?.map((mount) => ({
      type: "volume",
      source: mount.volume_name,
      target: mount.container_path,
    })),
    ports: block.ports?.map(({ internal, external, ip }) => ({
      target: internal,
      published: String(external),
      host_ip: ip,
    })),
    healthcheck: check && { ...check, test: check.test.map(escaped) },
    depends_on: Object.fromEntries((block.depends_on ?? []).map((address) => condition(address, resource))),
    ...files,
  };
}

function condition(address: string, { docker_container: containers = {} }: StackJson["resource"]) {
  const name = address.replace(/^docker_container\./, "");
  const isJob = containers[name]?.must_run === false;
  return [name, { condition: isJob ? "service_completed_successfully" : "service_healthy" }] as const;
}

class ProjectFiles {
  readonly declarations: { secrets: { [id: string]: object }; configs: { [id: string]: object } } = {
    secrets: {},
    configs: {},
  };

  constructor(private readonly folder: string) {}

  /** Writes the files of a service, and returns the part of its block that names them. */
  public add(service: string, uploads: { file: string; content: string }[]): object {
    const used = { secrets: [] as object[], configs: [] as object[] };
    for (const { file, content } of uploads) {
      const kind = file.startsWith("/run/secrets/") ? "secrets" : "configs";
      const id = `${service}${file.replaceAll(/[^\w.-]/g, "_")}`;
      const path = join(this.folder, kind, id);
      // The containers' users can read the files. Only this user can open the folder above.
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content, { mode: 0o444 });
      this.declarations[kind][id] = { file: path };
      used[kind].push({ source: id, target: file });
    }
    return used;
  }
}

function uploads({ resources }: StateJson, name: string): { file: string; content: string }[] {
  const found = resources.find((resource) => resource.type === "docker_container" && resource.name === name);
  return found?.instances[0]?.attributes.upload ?? [];
}

// "${docker_network.edge.id}" refers to the network "edge".
function referenced(expression: string): string {
  return /^\$\{\w+\.([\w-]+)\.\w+\}$/.exec(expression)?.[1] ?? expression;
}

// Terraform's $${ is a literal ${. Compose reads $$ as a literal dollar.
function escaped(text: string): string {
  return text.replaceAll(/([$%])\1(?=\{)/g, "$1").replaceAll("$", "$$$$");
}

function withoutConstructs(content: object): object {
  return JSON.parse(JSON.stringify(content, (key, value: unknown) => (key === "//" ? undefined : value))) as object;
}
