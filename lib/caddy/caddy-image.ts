import { Port } from "../contract/ports";
import { packagePath } from "../values/package-folder";
import { RELEASES } from "../values/releases";
import { ServiceImage } from "../network/service-image";

// The name shows Caddy's version, and that our plugins are built in.
const NAME = `cdktf-mlflow/gateway:${RELEASES.caddy.version}`;

/** Port of Caddy's health check inside its container. It needs no host name and no certificate. */
export const HEALTH_PORT = Port.HEALTH;

/** Command that asks Caddy whether it runs. */
export const HEALTH_CHECK = ["wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${HEALTH_PORT}/healthz`];

/** Caddy with the plugins of `caddy/plugin`, built on the engine. */
export function builtCaddyImage(buildArguments: { [name: string]: string } | undefined): ServiceImage {
  return ServiceImage.build({ folder: packagePath("caddy", "plugin"), name: NAME, buildArguments });
}
