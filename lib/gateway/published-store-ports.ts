import { PORT_OFF } from "../contract/gateway-settings";
import type { StorePortSetting } from "../contract/gateway-settings";
import { Port } from "../contract/ports";
import type { IConstruct } from "constructs";
import type { PublishedPortOptions } from "./auth-gateway-options";
import type { CaddyFragment } from "../caddy/caddy-fragment";
import { HostBinding } from "../network/host-binding";
import type { TlsFragment } from "./tls/tls-fragment";
import { ValidationError } from "../values/errors";
import { listensLocally } from "../values/loopback";
import type { PublicUrl } from "../values/public-url";

/** A port of the store that a gateway can publish. */
export interface StorePortKind {
  /** Name of the option, at the gateway and at the store. */
  readonly prop: string;

  /** Folder in `caddy`. */
  readonly folder: string;

  /** Prefix of its settings. */
  readonly variable: StorePortSetting;

  /** Default number of the port. */
  readonly port: number;

  /** Files of the folder that are needed with and without TLS. */
  readonly files: string[];
}

/** The store's console. */
export const CONSOLE: StorePortKind = {
  prop: "console",
  folder: "console",
  variable: "CONSOLE",
  port: Port.CONSOLE,
  files: ["site.caddy", "routes.json"],
};

/** The store's S3 API. */
export const S3_API: StorePortKind = {
  prop: "s3Api",
  folder: "s3-api",
  variable: "S3_API",
  port: Port.S3_API,
  files: ["site.caddy"],
};

/** The part of the gateway that publishes a port of the store. */
export interface StorePortFragment extends CaddyFragment {
  /** Whether it is reachable on the engine's own host only, without TLS. */
  readonly local: boolean;
}

/**
 * Publishes a port of the store, if the store has it switched on.
 *
 * @param upstream host name and port inside the network.
 * @param url the address of the gateway.
 * @param tls the TLS of the gateway, which the port shares if other hosts reach it.
 * @throws ValidationError when the store does not have the port switched on, or other hosts would reach it without TLS.
 */
export function storePort(
  scope: IConstruct,
  { prop, folder, variable, port, files }: StorePortKind,
  upstream: string | undefined,
  options: PublishedPortOptions | undefined,
  url: PublicUrl,
  tls: TlsFragment,
): StorePortFragment {
  if (upstream === undefined) {
    if (options === undefined) {
      return { caddyFiles: [`${folder}/${PORT_OFF}.caddy`], environment: { [variable]: PORT_OFF }, local: false };
    }
    throw new ValidationError(
      "StorePort",
      `'${prop}' must be switched on in the store too: ArtifactStore.minio({ ${prop}: true })`,
      scope,
    );
  }
  const published = { port: options?.port ?? port, binding: options?.binding ?? HostBinding.loopback() };
  const isLocal = published.binding.addresses.every(listensLocally);
  if (!isLocal && !url.secure) {
    throw new ValidationError(
      "StorePortBinding",
      `'${prop}' must be published on the engine's own host where 'url' has no TLS, got: '${published.binding.addresses.join("', '")}'`,
      scope,
    );
  }
  const site = isLocal ? "http://" : tls.siteWithoutPort;
  const kind = site.startsWith("https:") ? "tls" : "plain";
  return {
    caddyFiles: [`${kind}.caddy`, ...files].map((name) => `${folder}/${name}`),
    environment: {
      [variable]: kind,
      [`${variable}_ADDRESS`]: `${site}:${published.port}`,
      ...(kind === "tls" && { [`${variable}_PORT`]: String(published.port) }),
      [`${variable}_UPSTREAM`]: upstream,
    },
    ports: [published],
    local: isLocal,
  };
}
