import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PODMAN_OVERRIDE_FILE } from "../app/synthesis";

/** The label with a hash of the settings whose changes Terraform does not see on Podman. */
export const PODMAN_LABEL = "cdktf-mlflow.podman";

// Podman answers these in other words than they were given in, or not at all, and each plan would replace what has them.
const REWORDED: { readonly [type: string]: readonly string[] } = {
  docker_container: ["capabilities", "log_opts", "security_opts", "stop_signal", "sysctls", "ulimit"],
  docker_network: ["options"],
};

// Docker lets every user of a container listen on the ports below 1024, Podman does not.
const LOW_PORTS = { "net.ipv4.ip_unprivileged_port_start": "0" };

interface Block {
  readonly lifecycle?: { readonly ignore_changes?: unknown };
  readonly labels?: unknown;
  readonly dynamic?: { readonly [name: string]: unknown };
  readonly [name: string]: unknown;
}

interface Resources {
  readonly [type: string]: { readonly [id: string]: Block } | undefined;
}

/**
 * Writes a file beside a stack's Terraform JSON that makes plans on Podman empty if nothing changes.
 *
 * @param folder the stack's folder.
 */
export function overrideForPodman(folder: string): void {
  const { resource = {} } = JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8")) as { resource?: Resources };
  writeFileSync(join(folder, PODMAN_OVERRIDE_FILE), JSON.stringify(podmanOverride(resource), null, 2));
}

/**
 * What Terraform merges into these resources. It ignores what Podman rewords, and a hash of it in a label replaces the
 * resource when the code changes it. Terraform takes no `replace_triggered_by` from a file that it merges.
 */
export function podmanOverride(resources: Resources): { resource: object } {
  const overrides = Object.entries(REWORDED).flatMap(([type, names]) => {
    const blocks = Object.entries(resources[type] ?? {}).flatMap(([id, block]) => {
      // Podman adds limits to each container, and no options to a network.
      if (type === "docker_network" && block.options === undefined) return [];
      const changes = override(type === "docker_container" ? withLowPorts(block) : block, names);
      return changes ? [[id, changes] as const] : [];
    });
    return blocks.length > 0 ? [[type, Object.fromEntries(blocks)] as const] : [];
  });
  return { resource: Object.fromEntries(overrides) };
}

function override(block: Block, names: readonly string[]): object | undefined {
  const ignored = block.lifecycle?.ignore_changes ?? [];
  const labels = block.labels ?? [];
  // Of these forms the labels are not known here, or all changes are ignored already.
  if (!Array.isArray(ignored) || !Array.isArray(labels) || block.dynamic?.labels !== undefined) return undefined;
  const plain = names.filter((name) => isPlain(block[name]) && block.dynamic?.[name] === undefined);
  const given = Object.fromEntries(
    plain.filter((name) => block[name] !== undefined).map((name) => [name, block[name]]),
  );
  const value = createHash("sha256").update(JSON.stringify(given)).digest("hex").slice(0, 16);
  return {
    ...(given.sysctls === undefined ? {} : { sysctls: given.sysctls }),
    labels: [...(labels as unknown[]), { label: PODMAN_LABEL, value }],
    lifecycle: { ignore_changes: [...(ignored as unknown[]), ...plain] },
  };
}

// In the network of another container, or of the host, there is nothing to set.
function withLowPorts(block: Block): Block {
  const { sysctls = {}, network_mode: network } = block;
  if (network !== undefined || typeof sysctls !== "object") return block;
  return { ...block, sysctls: { ...LOW_PORTS, ...sysctls } };
}

// Only Terraform knows the value of an expression, and the hash has to change with the value.
function isPlain(value: unknown): boolean {
  return !/[$%]\{/.test(JSON.stringify(value ?? null));
}
