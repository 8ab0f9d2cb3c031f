import type {
  ContainerConfig,
  ContainerLabels,
  ContainerNetworksAdvanced,
  ContainerPorts,
} from "@cdktf/provider-docker/lib/container";
import type { Network } from "@cdktf/provider-docker/lib/network";
import { TerraformResource } from "cdktf";
import type { ITerraformDependable } from "cdktf";
import type { Construct, IConstruct } from "constructs";
import { ROLE_LABEL } from "../contract/container-roles";
import { SECRETS_FOLDER } from "../contract/secret-files";
import { ValidationError } from "../values/errors";
import { literal } from "../secrets/terraform-text";
import { engineName } from "./engine-name";
import { HostFolder } from "./container-volume";
import type { ServiceFile } from "./service-file";
import type { ContainerSpec, PublishedPort } from "./service-network";

// Docker's `pids_limit` is no attribute of the provider; the kernel's limit for the processes and threads of one
// user is. It counts the user's processes on the whole host, which is why it is far above what a service needs, and a
// quarter of the 32768 that a small host has. For root it does not hold: there, the memory limit alone ends a fork bomb.
const PROCESSES = 8192;
// Three files of 10 MB a container keep about a day of a busy gateway, and never fill the disk.
const LOG_OPTIONS = { "max-size": "10m", "max-file": "3" };

/** What a service and a job have in common. */
export function renderContainer(
  container: Construct,
  spec: ContainerSpec,
  image: string,
  networksAdvanced: ContainerNetworksAdvanced[],
): ContainerConfig {
  const memory = spec.memory.toMebibytes();
  for (const file of spec.files ?? []) validateFile(file, container);

  return {
    name: engineName("container", container),
    image,
    entrypoint: spec.entrypoint?.map(literal),
    command: spec.args?.map(literal),
    env: renderEnvironment(spec.environment ?? {}),
    user: spec.user,
    labels: renderLabels({ [ROLE_LABEL]: spec.role }),
    networksAdvanced,
    volumes: spec.volumes?.map(({ volume, path }) => ({
      containerPath: path,
      ...(volume instanceof HostFolder ? { hostPath: volume.source } : { volumeName: volume.source }),
    })),
    upload: spec.files?.map((file) => ({
      file: file.path,
      content: file.secret ? file.content : literal(file.content),
      permissions: "0444",
    })),
    capabilities: { drop: ["ALL"] },
    securityOpts: ["no-new-privileges:true"],
    memory,
    memorySwap: memory,
    ulimit: [{ name: "nproc", soft: PROCESSES, hard: PROCESSES }],
    logDriver: "json-file",
    logOpts: LOG_OPTIONS,
    dependsOn: spec.dependsOn?.map(dependable),
  };
}

/** A published port. The provider compares ports by their number in the container, so each number may occur once. */
export function renderPort(
  { port, binding, containerPort, containerPortIpv6 }: PublishedPort,
  service: Construct,
): ContainerPorts[] {
  if (binding.addresses.length > 1 && containerPortIpv6 === undefined) {
    throw new ValidationError(
      "PortAddresses",
      `port ${port} must have a binding with one address, got: '${binding.addresses.join("', '")}'`,
      service,
    );
  }
  const internal = [containerPort ?? port, containerPortIpv6 ?? port];
  return binding.addresses.map((ip, index) => ({ internal: internal[index] ?? port, external: port, ip }));
}

/** A network that a container is on, with its further names there. */
export function attachment(network: Network, aliases: string[] = []): ContainerNetworksAdvanced {
  return { name: network.id, ...(aliases.length > 0 && { aliases }) };
}

/** Refuses a file in the wrong folder: Terraform hides all of a container or none, so a plan's reader knows the secret ones by their folder. */
function validateFile({ path, secret }: ServiceFile, container: Construct): void {
  if (secret !== path.startsWith(SECRETS_FOLDER)) {
    throw new ValidationError(
      "SecretFile",
      `'files' must have secrets, and nothing else, below ${SECRETS_FOLDER}, got: '${path}'`,
      container,
    );
  }
}

/** Environment variables, sorted, so that the order of lines in a construct changes no plan. */
function renderEnvironment(environment: { [name: string]: string }): string[] {
  return Object.entries(environment)
    .map(([name, value]) => `${name}=${literal(value)}`)
    .sort();
}

/** Labels that have a value. */
export function renderLabels(labels: { [name: string]: string | undefined }): ContainerLabels[] | undefined {
  const given = Object.entries(labels).flatMap(([label, value]) => (value ? [{ label, value }] : []));
  return given.length > 0 ? given : undefined;
}

/** The resource of a service or job, which another one waits for. */
function dependable(construct: IConstruct): ITerraformDependable {
  const child = construct.node.defaultChild;
  if (child && TerraformResource.isTerraformResource(child)) return child;
  throw new ValidationError("DependsOn", "'dependsOn' takes services and jobs of a ContainerNetwork", construct);
}
