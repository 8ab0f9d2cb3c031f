import { ContainerRole, ROLE_LABEL } from "../../lib/contract/container-roles";
import { POLICY_FILE } from "../../lib/contract/store-identity";

/** A `docker_container`, as the app's JSON, a state and a plan have it. */
export interface ContainerAttributes {
  readonly labels?: unknown;
  readonly env?: unknown;
  readonly upload?: unknown;
  readonly entrypoint?: unknown;
  readonly command?: unknown;
}

/**
 * The part of a stack that a container is, by the label of `ContainerNetwork`; nothing for others.
 *
 * Containers of release 0.1.0 have no label. Other attributes show their role: the login method of the gateway, the
 * policy of the bucket job, and the command lines of the server and its migration.
 */
export function roleOf(container: ContainerAttributes): string | undefined {
  const label = blocks(container.labels).find((block) => block.label === ROLE_LABEL)?.value;
  if (typeof label === "string") return label;

  const line = [...texts(container.entrypoint), ...texts(container.command)].join(" ");
  if (/\bmlflow db upgrade /.test(line)) return ContainerRole.MIGRATION_JOB;
  if (/\bmlflow --env-file \/run\/secrets\/mlflow\.env server\b/.test(line)) return ContainerRole.SERVER;
  if (texts(container.env).some((entry) => entry.startsWith("AUTH_METHOD="))) return ContainerRole.GATEWAY;
  return blocks(container.upload).some(({ file }) => file === POLICY_FILE) ? ContainerRole.BUCKET_JOB : undefined;
}

function blocks(list: unknown): { readonly [name: string]: unknown }[] {
  return items(list).filter((item) => typeof item === "object" && item !== null) as { [name: string]: unknown }[];
}

function texts(list: unknown): string[] {
  return items(list).filter((item) => typeof item === "string");
}

function items(list: unknown): unknown[] {
  return Array.isArray(list) ? (list as unknown[]) : [];
}
