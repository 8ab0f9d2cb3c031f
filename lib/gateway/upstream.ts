import type { IConstruct } from "constructs";
import { GATEWAY_KEY_FILE } from "../contract/secret-files";
import type { ServiceFile } from "../network/service-network";
import type { SecretValue } from "../secrets/secret";
import { secretText } from "../secrets/terraform-text";
import { Duration } from "../values/duration";
import { ValidationError } from "../values/errors";
import { packageText } from "../values/package-folder";
import type { PublicUrl } from "../values/public-url";
import type { TransferTarget } from "../stores/store";

/** A gateway, as the upstream behind it needs to know it. */
export interface UpstreamGateway {
  /** The address under which users reach the gateway. */
  readonly url: PublicUrl;

  /** Host name of the gateway on the edge network. */
  readonly hostname: string;

  /** Workspaces of the gateway's users, each once. */
  readonly workspaces: string[];
}

/** A server that a gateway can stand in front of. */
export interface IUpstream {
  /** Host name on the network. */
  readonly hostname: string;

  /** TCP port. */
  readonly port: number;

  /**
   * Features of MLflow that are on, by their names in `caddy/routes.json`. The gateway closes the routes of all others.
   */
  readonly features: string[];

  /**
   * The value by which the upstream knows the gateway, which sets it as the header `X-Gateway-Key`.
   *
   * @default - the header is empty
   */
  readonly gatewayKey?: SecretValue;

  /**
   * The store for transfers that bypass the upstream.
   *
   * @default - all transfers go through the upstream
   */
  readonly transferTarget?: TransferTarget;

  /**
   * Host name and port of the store's console for admins.
   *
   * @default - the store has none, or it is switched off
   */
  readonly consoleAddress?: string;

  /**
   * Host name and port of the store's S3 API, for programs with keys.
   *
   * @default - the store has none, or it is switched off
   */
  readonly s3ApiAddress?: string;

  /** Called by each gateway in front, so that the upstream accepts requests for its host names. */
  addGateway(gateway: UpstreamGateway): void;
}

/** @throws ValidationError when a feature of the upstream is one that no route has. The gateway would not start. */
export function validateFeatures({ features }: IUpstream, scope: IConstruct): void {
  const { groups } = JSON.parse(packageText("caddy", "routes.json")) as { groups: { feature?: string }[] };
  const known = new Set(groups.flatMap(({ feature }) => feature ?? []));
  const unknown = features.find((feature) => !known.has(feature));
  if (unknown === undefined) return;
  throw new ValidationError(
    "UpstreamFeature",
    `'features' of the upstream must be of ${[...known].sort().join(", ")}, got: '${unknown}'`,
    scope,
  );
}

/** The file with the key, both in the gateway's container and in the upstream's. */
export function gatewayKeyFile(key: SecretValue): ServiceFile {
  return { path: GATEWAY_KEY_FILE, content: secretText`${key}`, secret: true };
}

/** Settings for the upstream. */
export function upstreamEnvironment(
  { hostname, port, features, gatewayKey }: IUpstream,
  wait = Duration.minutes(1),
): { [name: string]: string } {
  return {
    UPSTREAM: `${hostname}:${port}`,
    // Caddy reads an empty key from this file.
    UPSTREAM_KEY: gatewayKey ? GATEWAY_KEY_FILE : "/dev/null",
    UPSTREAM_WAIT: wait.toGoString(),
    FEATURES: features.join(" "),
  };
}
