import { packageText } from "../values/package-folder";
import type { PublishedPort, ServiceFile } from "../network/service-network";

/** A part of a container with Caddy, such as its kind of TLS. */
export interface CaddyFragment {
  /** Names of the files in the folder `caddy` of this package that it needs. */
  readonly caddyFiles?: string[];

  /** Settings that these files read. */
  readonly environment?: { [name: string]: string };

  /** Further files that they read, such as certificates. */
  readonly files?: ServiceFile[];

  /** Ports that are published on the engine's host. */
  readonly ports?: PublishedPort[];
}

/** A container with Caddy that has all of these fragments. */
export function mergeFragments(fragments: CaddyFragment[]) {
  // Two fragments may need the same file: both the site and the console may ask for a password.
  const names = new Set(fragments.flatMap(({ caddyFiles = [] }) => caddyFiles));
  return {
    environment: Object.assign({}, ...fragments.map(({ environment }) => environment)) as { [name: string]: string },
    files: [...[...names].map((name) => caddyFile(name)), ...fragments.flatMap(({ files = [] }) => files)],
    ports: fragments.flatMap(({ ports = [] }) => ports),
  };
}

/**
 * A file of the folder `caddy`, unchanged: every value in it comes from the environment, so Caddy's tools can read it.
 */
export function caddyFile(name: string, path = name): ServiceFile {
  return {
    path: `/etc/caddy/${path}`,
    content: packageText("caddy", ...name.split("/")),
    secret: false,
  };
}
