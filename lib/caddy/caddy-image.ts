import { Port } from "../contract/ports";
import { packagePath } from "../values/package-folder";
import { RELEASES } from "../values/releases";
import { ServiceImage } from "../network/service-image";

// The name shows Caddy's version, and that our plugins are built in.
const NAME = `cdktf-mlflow/gateway:${RELEASES.caddy.version}`;

/** User and group that Caddy runs as. */
export const CADDY_USER = "1000:1000";

/** Command that asks Caddy whether it runs. */
export const HEALTH_CHECK = ["wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${Port.HEALTH}/healthz`];

/** Caddy with the plugins of `caddy/plugin`, built on the engine. */
export function builtCaddyImage(buildArguments: { [name: string]: string } | undefined): ServiceImage {
  return ServiceImage.build({ folder: packagePath("caddy", "plugin"), name: NAME, buildArguments });
}
