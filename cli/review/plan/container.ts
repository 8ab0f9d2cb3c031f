import { SECRETS_FOLDER } from "../../../lib/contract/secret-files";
import { roleOf as roleOfAttributes } from "../../app/container-role";
import type { ResourceChange } from "../../terraform/json/plan-json";
import { isEmptyValue } from "./attributes";
import type { Attributes } from "./attributes";
import type { Configuration } from "./configuration";

/** A port that a container publishes on the engine's host. */
export interface Port {
  readonly address: string;

  /** Undefined if the engine chooses one. */
  readonly port?: number;

  /** The port inside the container. */
  readonly internal?: number;
  readonly protocol: string;
}

/** A file that is copied into a container. */
export interface ContainerFile {
  readonly path: string;

  /** Undefined if it is known only after the apply. */
  readonly content?: string;
}

/**
 * Whether the library created a container: all of its containers have a hardening that others do not have by chance.
 *
 * A label would not do: any container can have it.
 */
export function isOurs(container: Attributes): boolean {
  const [capabilities, ...others] = container.blocks("capabilities");
  const drop = capabilities?.drop;
  return (
    others.length === 0 &&
    Array.isArray(drop) &&
    drop.length === 1 &&
    drop[0] === "ALL" &&
    isEmptyValue(capabilities?.add) &&
    container.texts("security_opts").join() === "no-new-privileges:true" &&
    container.value("privileged") !== true &&
    container.text("log_driver") === "json-file" &&
    (container.number("memory") ?? 0) > 0 &&
    container.value("memory") === container.value("memory_swap") &&
    container
      .blocks("upload")
      .every(
        ({ permissions, content_base64: base64, source, file }) =>
          permissions === "0444" && isEmptyValue(base64) && isEmptyValue(source) && typeof file === "string",
      )
  );
}

/** A container's part in its stack; undefined for other containers, and for none. */
export function roleOf(container: Attributes | undefined): string | undefined {
  return (
    container &&
    roleOfAttributes({
      labels: container.blocks("labels"),
      env: container.texts("env"),
      upload: container.blocks("upload"),
      entrypoint: container.texts("entrypoint"),
      command: container.texts("command"),
    })
  );
}

/** Whether a container runs once, with an exit code. */
export function isJob(container: Attributes): boolean {
  return container.value("must_run") === false && container.value("attach") === true;
}

/** Whether an apply starts a container that has stopped. */
export function isStarted({ change: { before, after } }: ResourceChange): boolean {
  return before?.must_run === false && after?.must_run === true;
}

export function filesOf(container: Attributes): Map<string, ContainerFile> {
  return new Map(
    container.blocks("upload").map(({ file, content }) => {
      const path = String(file ?? "?");
      return [path, { path, content: typeof content === "string" ? content : undefined }];
    }),
  );
}

/** Whether a file may be shown: it is not among the secrets, and its code proves that it holds none. */
export function isShown(path: string, address: string, container: Attributes, configuration: Configuration): boolean {
  if (path.startsWith(SECRETS_FOLDER)) return false;
  // While one file is not known yet, Terraform does not mark the others either.
  if (!container.isSensitive("upload") && !container.isUnknown("upload")) return true;
  if (!isOurs(container)) return false;
  const written = configuration.expression(address, "upload");
  const blocks = Array.isArray(written)
    ? (written as { file?: { constant_value?: unknown }; content?: unknown }[])
    : [];
  const block = blocks.find(({ file }) => file?.constant_value === path);
  return block !== undefined && configuration.isPlain(address, block.content);
}

/** Environment variables by name; undefined if they are sensitive or not known yet. */
export function environmentOf(container: Attributes): Map<string, string> | undefined {
  if (container.isSensitive("env") || container.isUnknown("env")) return undefined;
  return new Map(
    container.texts("env").map((entry) => {
      const at = entry.indexOf("=");
      return at < 0 ? [entry, ""] : [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

/** Environment variables by name; none if they are sensitive or not known yet, or without a container. */
export function settingsOf(container: Attributes | undefined): { readonly [name: string]: string | undefined } {
  return Object.fromEntries((container && environmentOf(container)) ?? []);
}

/** A variable of a container before and after. */
export function variableOf(
  { before, after }: { readonly before?: Attributes; readonly after?: Attributes },
  name: string,
): [before: string | undefined, after: string | undefined] {
  return [settingsOf(before)[name], settingsOf(after)[name]];
}

export function portsOf(container: Attributes): Port[] {
  return container.blocks("ports").map(({ external, internal, ip, protocol }) => ({
    port: typeof external === "number" && external > 0 ? external : undefined,
    internal: typeof internal === "number" ? internal : undefined,
    address: String(ip || "0.0.0.0"),
    protocol: String(protocol || "tcp"),
  }));
}

/** A port as people write it: `127.0.0.1:8080`, `[::1]:53/udp`. */
export function portName({ address, port, protocol }: Port): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return `${host}:${port ?? "(any)"}${protocol === "tcp" ? "" : `/${protocol}`}`;
}
