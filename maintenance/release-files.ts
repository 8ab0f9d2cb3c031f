import { readFileSync, writeFileSync } from "node:fs";
import { RELEASE_PAGES } from "../docs/releases";
import { packagePath } from "../lib/values/package-folder";
import type { Releases } from "../lib/values/releases";
import type { Run } from "./registries";

/** A file that names releases of `releases.json`. */
export interface ReleaseFile {
  /** Path in the package. */
  readonly path: string;
  /** Whether it names them as they are now. */
  readonly isCurrent: () => boolean;
  readonly renew: () => Promise<void>;
}

interface GoModule {
  readonly folder: string;
  /** Version of each module that it names. */
  readonly versions: { readonly [module: string]: string };
  /** Module whose place the only one of `versions` takes. */
  readonly replaced?: string;
}

/** Every file that is made from `releases.json` in part, in the order in which they can be renewed. */
export function releaseFiles(releases: Releases, run: (folder: string) => Run): ReleaseFile[] {
  return [
    textFile("caddy/plugin/Dockerfile", (text) => withCaddy(text, releases)),
    textFile("backup/Dockerfile", (text) => withPostgres(text, releases)),
    textFile("caddy/routes.json", (text) => replaced(text, /(?<="mlflow": ")[^"]+/, releases.mlflow.version)),
    ...goModules(releases).map((module) => moduleFile(module, run)),
    ...RELEASE_PAGES.map(({ path, render }) => textFile(path.join("/"), render)),
  ];
}

/** The gateway's Dockerfile with these releases of Caddy and the plugins. */
export function withCaddy(dockerfile: string, { caddy }: Releases): string {
  const versions = replaced(
    replaced(dockerfile, /(?<=^ARG IMAGE_VERSION=).*$/m, caddy.imageVersion),
    /(?<=^ARG CADDY_RELEASE=).*$/m,
    `v${caddy.version}`,
  );
  return Object.entries(caddy.plugins).reduce(
    (text, [module, version]) => replaced(text, new RegExp(`(?<=--with ${module}@)\\S+`), version),
    versions,
  );
}

/** The Dockerfile of the backup program with these releases of Go and of PostgreSQL's newest major version. */
export function withPostgres(dockerfile: string, { go, postgres }: Releases): string {
  const [newest = ""] = postgres.versions;
  return replaced(replaced(dockerfile, /(?<=^ARG GO_RELEASE=).*$/m, go), /(?<=^ARG POSTGRES_RELEASE=).*$/m, newest);
}

function goModules({
  backup,
  caddy,
  providers,
  minio,
  mc,
  opentofu,
  "oauth2-proxy": oauth2Proxy,
}: Releases): GoModule[] {
  const commit = ({ module, commit }: { readonly module: string; readonly commit: string }) => ({ [module]: commit });
  const gateway = { [caddy.module]: `v${caddy.version}` };
  return [
    // the first, because the second takes it in.
    { folder: "caddy/plugin", versions: gateway },
    { folder: "offline/go/gateway", versions: { ...gateway, ...caddy.plugins } },
    {
      folder: "backup",
      versions: Object.fromEntries(Object.values(backup).map(({ module, version }) => [module, `v${version}`])),
    },
    { folder: "offline/go/oauth2-proxy", versions: { [oauth2Proxy.module]: `v${oauth2Proxy.version}` } },
    { folder: "offline/go/opentofu", versions: { [opentofu.module]: `v${opentofu.version}` } },
    { folder: "offline/go/minio", versions: commit(minio) },
    { folder: "offline/go/mc", versions: commit(mc) },
    { folder: "offline/go/random-provider", versions: commit(providers.random) },
    {
      folder: "offline/go/docker-provider",
      versions: commit(providers.docker),
      replaced: "github.com/terraform-providers/terraform-provider-docker",
    },
  ];
}

function moduleFile({ folder, versions, replaced: instead }: GoModule, run: (folder: string) => Run): ReleaseFile {
  const path = `${folder}/go.mod`;
  const modules = Object.entries(versions);
  return {
    path,
    isCurrent: () => {
      const lines = read(path)
        .split("\n")
        .map((line) => line.replace(/^.*=> |^require |^\t/, ""));
      return modules.every(([module, version]) => lines.includes(`${module} ${version}`));
    },
    renew: async () => {
      const go = run(packagePath(folder));
      const wanted = modules.map(([module, version]) => `${module}@${version}`);
      if (instead) await go("go", ["mod", "edit", `-replace=${instead}=${wanted[0]}`]);
      else await go("go", ["get", ...wanted]);
      await go("go", ["mod", "tidy"]);
    },
  };
}

function textFile(path: string, render: (text: string) => string): ReleaseFile {
  return {
    path,
    isCurrent: () => render(read(path)) === read(path),
    renew: async () => writeFileSync(packagePath(path), render(read(path))),
  };
}

function read(path: string): string {
  return readFileSync(packagePath(path), "utf8");
}

function replaced(text: string, pattern: RegExp, version: string): string {
  if (!pattern.test(text)) throw new Error(`nothing matches ${pattern}`);
  return text.replace(pattern, version);
}
