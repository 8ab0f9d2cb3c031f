import type { ContainerLabels, ContainerNetworksAdvanced, ContainerPorts } from "@cdktf/provider-docker/lib/container";
import type { Network } from "@cdktf/provider-docker/lib/network";
import { TerraformResource } from "cdktf";
import type { ITerraformDependable } from "cdktf";
import type { Construct, IConstruct } from "constructs";
import { SECRETS_FOLDER } from "../contract/secret-files";
import { ValidationError } from "../values/errors";
import { literal } from "../secrets/terraform-text";
import type { ServiceFile } from "./service-file";
import type { PublishedPort } from "./service-network";

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
export function validateFile({ path, secret }: ServiceFile, container: Construct): void {
  if (secret !== path.startsWith(SECRETS_FOLDER)) {
    throw new ValidationError(
      "SecretFile",
      `'files' must have secrets, and nothing else, below ${SECRETS_FOLDER}, got: '${path}'`,
      container,
    );
  }
}

/** Environment variables, sorted, so that the order of lines in a construct changes no plan. */
export function renderEnvironment(environment: { [name: string]: string }): string[] {
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
export function dependable(construct: IConstruct): ITerraformDependable {
  const child = construct.node.defaultChild;
  if (child && TerraformResource.isTerraformResource(child)) return child;
  throw new ValidationError("DependsOn", "'dependsOn' takes services and jobs of a ContainerNetwork", construct);
}
