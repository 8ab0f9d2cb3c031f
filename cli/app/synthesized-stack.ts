import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CERTIFICATE_FILE, PRIVATE_KEY_FILE } from "../../lib/contract/gateway-settings";
import { ContainerRole } from "../../lib/contract/container-roles";
import type { ServerSetting } from "../../lib/contract/server-settings";
import { roleOf } from "./container-role";
import type { ContainerAttributes } from "./container-role";
import type { Environment } from "./environment";

const WORKERS = new RegExp(`^${"MLFLOW_WORKERS" satisfies ServerSetting}=(\\d+)$`);

/** A port that a container opens on the engine's host. */
export interface PublishedPort {
  /** Name of the container. */
  readonly container: string;

  /** Address it is bound to. */
  readonly address: string;

  readonly port: number;
}

/** An image that a stack needs on the engine. */
export interface NeededImage {
  /** Image reference. */
  readonly name: string;

  /** Path of the Dockerfile and its arguments, if the engine builds the image. */
  readonly build?: { readonly dockerfile: string; readonly args: { [name: string]: string } };
}

/** A certificate that a gateway was given. */
export interface GivenCertificate {
  /** Name of the gateway's container. */
  readonly container: string;

  /** The certificate, in PEM form. */
  readonly certificate: string;

  /** The Terraform variable with its private key, if the key is one. */
  readonly keyVariable?: string;
}

/** A login at a registry, from the provider's block. The password may be a reference to a Terraform variable. */
export interface RegistryLoginBlock {
  readonly address: string;
  readonly username: string;
  readonly password: string;
}

interface ProviderBlock {
  host?: string;
  context?: string;
  registry_auth?: RegistryLoginBlock[];
}

interface TerraformBlock {
  backend?: { [type: string]: { path?: string } };
  required_providers?: { [name: string]: { source: string } };
}

interface VariableBlocks {
  [name: string]: { default?: unknown };
}

interface Blocks {
  [name: string]: Record<string, unknown>;
}

interface ContainerBlock extends ContainerAttributes {
  name: string;
  image?: string;
  must_run?: boolean;
  env?: string[];
  ports?: { external?: number; internal: number; ip?: string }[];
  volumes?: { host_path?: string }[];
  networks_advanced?: { name: string }[];
}

interface NetworkBlock {
  options?: { [name: string]: string };
}

interface ImageBlock {
  name: string;
  build?: BuildBlock | BuildBlock[];
}

interface BuildBlock {
  context: string;
  dockerfile?: string;
  build_args?: { [name: string]: string };
}

/** The Terraform JSON of a stack, read for what concerns the engine. */
export class SynthesizedStack {
  public static read(folder: string): SynthesizedStack {
    return new SynthesizedStack(JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8")) as object, folder);
  }

  readonly #resources: { [type: string]: Blocks | undefined };
  readonly #provider: ProviderBlock;
  readonly #variables: VariableBlocks;
  readonly #terraform: TerraformBlock;

  /** @param folder the stack's folder, from which the paths in it lead. */
  constructor(
    json: object,
    private readonly folder: string,
  ) {
    const content = json as {
      resource?: { [type: string]: Blocks };
      provider?: { docker?: ProviderBlock[] };
      variable?: VariableBlocks;
      terraform?: TerraformBlock;
    };
    this.#resources = content.resource ?? {};
    this.#provider = content.provider?.docker?.[0] ?? {};
    this.#variables = content.variable ?? {};
    this.#terraform = content.terraform ?? {};
  }

  /** Path of the state, if it is a file. */
  public get stateFile(): string | undefined {
    const { backend } = this.#terraform;
    if (backend && !backend.local) return undefined;
    return resolve(this.folder, backend?.local?.path ?? "terraform.tfstate");
  }

  /** Address of the engine, if the app decides it. */
  public get engineHost(): string | undefined {
    return known(this.#provider.host);
  }

  /** Docker context, if the app decides it. */
  public get engineContext(): string | undefined {
    return known(this.#provider.context);
  }

  /**
   * Logins at registries, as far as their passwords are known before Terraform runs.
   *
   * @param environment the variables of Terraform, `TF_VAR_*`.
   */
  public registryLogins(environment: Environment): RegistryLoginBlock[] {
    return (this.#provider.registry_auth ?? []).flatMap(({ address, username, password }) => {
      const variable = /^\$\{var\.([\w-]+)\}$/.exec(password)?.[1];
      const value = variable === undefined ? known(password) : this.variableValue(variable, environment);
      return value === undefined ? [] : [{ address, username, password: value }];
    });
  }

  /** Sources of the providers, such as `hashicorp/random`, or with a registry before it. */
  public get providerSources(): string[] {
    return Object.values(this.#terraform.required_providers ?? {}).map(({ source }) => source);
  }

  /** Names of all containers, those that end included. */
  public get containerNames(): string[] {
    return this.containers.map(({ name }) => name);
  }

  /** Names of the containers that stay up. */
  public get services(): string[] {
    return this.containers.filter((container) => container.must_run !== false).map(({ name }) => name);
  }

  /** The largest number of workers that an MLflow server of the stack has; 0 without one. */
  public get workers(): number {
    const values = this.having(ContainerRole.SERVER)
      .flatMap(({ env }) => env ?? [])
      .map((line) => WORKERS.exec(line)?.[1]);
    return Math.max(0, ...values.map((value) => Number(value ?? 0)));
  }

  /** Names of the servers that compare their stores with the stack's identity. */
  public get servers(): string[] {
    return this.having(ContainerRole.SERVER).map(({ name }) => name);
  }

  /** Names of the jobs that mark these stores. */
  public get markingJobs(): string[] {
    return this.having(ContainerRole.MIGRATION_JOB).map(({ name }) => name);
  }

  /** Names of the jobs that dump the database before it is migrated, and restore a dump. */
  public get dumpJobs(): string[] {
    return this.having(ContainerRole.DUMP_JOB).map(({ name }) => name);
  }

  /** Names of the images of MLflow's servers. */
  public get serverImages(): string[] {
    const images = this.#resources.docker_image ?? {};
    return this.having(ContainerRole.SERVER).flatMap(({ image }) => {
      const id = /^\$\{docker_image\.([\w-]+)\.image_id\}$/.exec(image ?? "")?.[1];
      return (images[id ?? ""] as unknown as ImageBlock | undefined)?.name ?? [];
    });
  }

  /** Names of the jobs that make buckets and their users. */
  public get bucketJobs(): string[] {
    return this.having(ContainerRole.BUCKET_JOB).map(({ name }) => name);
  }

  /** Names of the services that make backups. */
  public get backups(): string[] {
    return this.having(ContainerRole.BACKUP).map(({ name }) => name);
  }

  /** Names of the services that delete garbage on a schedule. */
  public get garbageCollectors(): string[] {
    return this.having(ContainerRole.GARBAGE).map(({ name }) => name);
  }

  /** The certificates that gateways were given. */
  public get certificates(): GivenCertificate[] {
    return this.having(ContainerRole.GATEWAY).flatMap(({ name, upload }) => {
      const files = Array.isArray(upload) ? (upload as { file: string; content?: string }[]) : [];
      const contentOf = (path: string) => files.find(({ file }) => file === path)?.content;
      const certificate = contentOf(CERTIFICATE_FILE);
      const keyVariable = /^\$\{var\.([\w-]+)\}$/.exec(contentOf(PRIVATE_KEY_FILE) ?? "")?.[1];
      return certificate === undefined ? [] : [{ container: name, certificate, keyVariable }];
    });
  }

  /** Names of the containers on networks whose containers must not connect to each other. */
  public get separatedContainers(): string[] {
    const networks = Object.entries((this.#resources.docker_network ?? {}) as { [id: string]: NetworkBlock })
      .filter(([, { options }]) => options?.["com.docker.network.bridge.enable_icc"] === "false")
      .map(([id]) => `\${docker_network.${id}.id}`);
    return this.containers
      .filter(({ networks_advanced: on = [] }) => on.some(({ name }) => networks.includes(name)))
      .map(({ name }) => name);
  }

  public get publishedPorts(): PublishedPort[] {
    return this.containers.flatMap(({ name, ports }) =>
      (ports ?? []).flatMap(({ external, ip }) =>
        external === undefined ? [] : [{ container: name, address: ip ?? "0.0.0.0", port: external }],
      ),
    );
  }

  public get images(): NeededImage[] {
    return this.blocks<ImageBlock>("docker_image").map(({ name, build }) => {
      const block = Array.isArray(build) ? build[0] : build;
      if (!block) return { name };
      const dockerfile = join(this.folder, block.context, block.dockerfile ?? "Dockerfile");
      return { name, build: { dockerfile, args: block.build_args ?? {} } };
    });
  }

  /** Folders of the engine's host that hold data. */
  public get hostPaths(): string[] {
    return this.containers.flatMap(({ volumes }) => (volumes ?? []).flatMap(({ host_path }) => host_path ?? []));
  }

  /** Addresses of the resources that Terraform refuses to destroy, but for volumes of the engine. */
  public get protectedResources(): string[] {
    return Object.entries(this.#resources).flatMap(([type, blocks]) =>
      Object.entries(blocks ?? {})
        .filter(([, { lifecycle }]) => (lifecycle as { prevent_destroy?: boolean } | undefined)?.prevent_destroy)
        .flatMap(([name]) => (type === "docker_volume" ? [] : `${type}.${name}`)),
    );
  }

  private variableValue(name: string, environment: Environment): string | undefined {
    const value = environment[`TF_VAR_${name}`] ?? this.#variables[name]?.default;
    return typeof value === "string" ? value : undefined;
  }

  private having(role: ContainerRole): ContainerBlock[] {
    return this.containers.filter((container) => roleOf(container) === role);
  }

  private get containers(): ContainerBlock[] {
    return this.blocks<ContainerBlock>("docker_container");
  }

  private blocks<T>(type: string): T[] {
    return Object.values(this.#resources[type] ?? {}) as T[];
  }
}

// Only Terraform knows the value of an expression.
function known(value: string | undefined): string | undefined {
  return value === undefined || value.includes("${") ? undefined : value;
}
