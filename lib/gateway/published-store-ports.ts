import type { IConstruct } from "constructs";
import type { AdminPortOptions } from "./auth-gateway-options";
import { ValidationError } from "../values/errors";
import { HostBinding } from "../network/host-binding";
import type { PublishedPort } from "../network/service-network";

/** A port of the store that a gateway can publish. */
export interface StorePortKind {
  /** Name of the option, of the gateway and of the store. */
  readonly prop: string;

  /** Folder in `caddy`. */
  readonly folder: string;

  /** Beginning of the settings' names. */
  readonly variable: string;

  /** Number of the port, unless the options say otherwise. */
  readonly port: number;

  /** Files of the folder that every kind needs. */
  readonly files: string[];
}

/** The store's console. */
export const CONSOLE: StorePortKind = {
  prop: "console",
  folder: "console",
  variable: "CONSOLE",
  port: 9001,
  files: ["site.caddy", "routes.json"],
};

/** The store's S3 API. */
export const S3_API: StorePortKind = {
  prop: "s3Api",
  folder: "s3-api",
  variable: "S3_API",
  port: 9000,
  files: ["site.caddy"],
};

/** How a gateway was told to publish a port of the store. */
export interface StorePort {
  readonly environment: { [name: string]: string };

  /** Names of files in `caddy`. */
  readonly files: string[];
  readonly ports: PublishedPort[];

  /** Whether it is reached on the engine's own host only, and without TLS. */
  readonly local: boolean;
}

/** The gateway's main site, whose certificate the port has too. */
export interface MainSite {
  /** Whether users reach it over TLS. */
  readonly secure: boolean;

  /** Its address in the Caddyfile. */
  readonly address: string;
}

/**
 * What publishes a port of the store, or nothing.
 *
 * @param upstream host name and port of the store, where it is switched on there.
 * @throws ValidationError when the store has no such port, or the port would be reached without TLS.
 */
export function storePort(
  scope: IConstruct,
  { prop, folder, variable, port, files }: StorePortKind,
  upstream: string | undefined,
  options: AdminPortOptions | undefined,
  site: MainSite,
): StorePort {
  if (upstream === undefined) {
    if (options === undefined) {
      return { environment: { [variable]: "off" }, files: [`${folder}/off.caddy`], ports: [], local: false };
    }
    throw new ValidationError(
      "StorePort",
      `'${prop}' must be switched on in the store too: ArtifactStore.minio({ ${prop}: true })`,
      scope,
    );
  }
  const published = { port: options?.port ?? port, binding: options?.binding ?? HostBinding.loopback() };
  const isLocal = published.binding.address === HostBinding.loopback().address;
  if (!isLocal && !site.secure) {
    throw new ValidationError(
      "StorePortBinding",
      `'${prop}' must be published on the engine's own host where 'url' has no TLS, got: '${published.binding.address}'`,
      scope,
    );
  }
  const address = isLocal ? "http://" : site.address.replace(/:\d+$/, "");
  const snippet = address.startsWith("https:") ? "tls" : "plain";
  return {
    environment: {
      [variable]: snippet,
      [`${variable}_ADDRESS`]: `${address}:${published.port}`,
      ...(snippet === "tls" && { [`${variable}_PORT`]: String(published.port) }),
      [`${variable}_UPSTREAM`]: upstream,
    },
    files: [`${snippet}.caddy`, ...files].map((name) => `${folder}/${name}`),
    ports: [published],
    local: isLocal,
  };
}
