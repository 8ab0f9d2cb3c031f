import type { TerraformStack } from "cdktf";
import { exposedSecrets } from "./secret-leaks";
import { GuardRule } from "./guard-rule";
import { ImageName, PIN_REMEDY } from "../values/image-name";
import { blocks, texts } from "./terraform-block";
import type { Block } from "./terraform-block";

/** A check of one rule. */
export interface GuardCheck {
  readonly rule: GuardRule;

  /** The resource type it looks at. */
  readonly resourceType: string;

  /** The attributes it reads. Only these are resolved, which is faster than all. */
  readonly reads: readonly string[];

  /** The problems of a resource, each with its remedy. */
  readonly find: (block: Block, stack: TerraformStack) => string[];
}

/** All checks. They read the JSON for Terraform, and so find resources that other libraries make too. */
export const GUARD_CHECKS: readonly GuardCheck[] = [
  {
    rule: GuardRule.UNPINNED_IMAGE,
    resourceType: "docker_container",
    reads: ["image"],
    find: ({ image }) => unpinned(image),
  },
  {
    rule: GuardRule.UNPINNED_IMAGE,
    resourceType: "docker_image",
    reads: ["name", "build"],
    find: ({ name, build }) => (build === undefined ? unpinned(name) : []),
  },
  {
    rule: GuardRule.PUBLISHED_PORT,
    resourceType: "docker_container",
    reads: ["ports", "publish_all_ports", "network_mode"],
    find: publishedPorts,
  },
  {
    rule: GuardRule.MISSING_MEMORY_LIMIT,
    resourceType: "docker_container",
    reads: ["memory"],
    find: ({ memory }) => (memory ? [] : ["it may take all memory of its machine; set 'memory'"]),
  },
  {
    rule: GuardRule.EXPOSED_SECRET,
    resourceType: "docker_container",
    reads: ["env", "command", "entrypoint", "labels", "healthcheck"],
    find: exposedSecrets,
  },
  {
    rule: GuardRule.MISSING_HEALTH_CHECK,
    resourceType: "docker_container",
    reads: ["healthcheck", "must_run", "attach", "start"],
    find: missingHealthCheck,
  },
  {
    rule: GuardRule.UNPROTECTED_VOLUME,
    resourceType: "docker_volume",
    reads: ["name"],
    find: ({ name }) => [
      `a plan deletes ${typeof name === "string" ? `'${name}'` : "it"} with its data once it is no longer in the code; use 'network.addVolume()', or let the container alone name it`,
    ],
  },
  {
    rule: GuardRule.UNPROTECTED_VOLUME,
    resourceType: "docker_container",
    reads: ["volumes", "mounts"],
    find: anonymousVolumes,
  },
];

function unpinned(image: unknown): string[] {
  if (typeof image !== "string" || image.includes("${") || new ImageName(image).isPinned) return [];
  return [`'${image}' may be another image tomorrow; give it ${PIN_REMEDY}`];
}

function publishedPorts({ ports, publish_all_ports, network_mode }: Block): string[] {
  const remedy = "reach it over a network of the gateway's";
  const published = blocks(ports).map(({ external, internal }) => `port ${external ?? internal} is published`);
  if (publish_all_ports) published.push("all its ports are published");
  if (network_mode === "host") published.push("all its ports are open on the host's own network");
  return published.map((what) => `${what} past the gateway and its login; ${remedy}`);
}

function missingHealthCheck({ healthcheck, must_run, attach, start }: Block): string[] {
  // A job has an exit code instead.
  if (must_run === false || attach === true || start === false) return [];
  const checks = blocks(healthcheck).filter(({ test }) => !["NONE", undefined].includes(texts(test)[0]));
  return checks.length > 0 ? [] : ["nobody can tell whether it works; set 'healthcheck'"];
}

function anonymousVolumes({ volumes, mounts }: Block): string[] {
  const anonymous = [
    ...blocks(volumes)
      .filter(({ volume_name, host_path, from_container }) => !(volume_name ?? host_path ?? from_container))
      .map(({ container_path }) => container_path),
    ...blocks(mounts)
      .filter(({ type, source }) => type === "volume" && !source)
      .map(({ target }) => target),
  ];
  return anonymous.map((path) => `the data in ${path} goes with the container; name a volume`);
}
