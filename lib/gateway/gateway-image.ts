import { packagePath, packageText } from "../values/package-folder";
import { RELEASES } from "../values/releases";
import { ServiceImage } from "../network/service-image";
import type { ServiceFile } from "../network/service-network";

// the name says what is in it: Caddy's version, and that it has our plugins.
const NAME = `cdktf-mlflow/gateway:${RELEASES.caddy.version}`;

/** Port of the health check inside of a container with Caddy, whatever name and certificate its sites need. */
export const HEALTH_PORT = 2019;

/** Asks Caddy itself whether it runs. */
export const HEALTH_CHECK = ["wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${HEALTH_PORT}/healthz`];

/** Caddy with the handlers of this package, built on the engine. */
export function builtGatewayImage(buildArguments: { [name: string]: string } | undefined): ServiceImage {
  return ServiceImage.build({ folder: packagePath("caddy", "plugin"), name: NAME, buildArguments });
}

/** A file as it stands in the repository, where Caddy's own tools can read it; all values come from the environment. */
export function caddyFile(name: string, path = name): ServiceFile {
  return {
    path: `/etc/caddy/${path}`,
    content: packageText("caddy", ...name.split("/")),
    secret: false,
  };
}
