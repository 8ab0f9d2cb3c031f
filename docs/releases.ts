import { readFileSync, writeFileSync } from "node:fs";
import { packagePath } from "../lib/values/package-folder";
import { RELEASES, imageName, postgresVersion } from "../lib/values/releases";
import { GeneratedPart, table } from "./markdown";

/** A page with a part that is made from `releases.json`. */
export interface ReleasePage {
  /** Path in the package. */
  readonly path: readonly string[];
  /** The page with that part as the releases are now. */
  readonly render: (text: string) => string;
}

/** All pages with such a part. */
export const RELEASE_PAGES: readonly ReleasePage[] = [
  { path: ["docs", "releases.md"], render: withReleases },
  { path: ["offline", "README.md"], render: withOfflineBuilds },
];

/** Writes the pages anew. */
export function writeReleasePages(): void {
  for (const { path, render } of RELEASE_PAGES) {
    const file = packagePath(...path);
    writeFileSync(file, render(readFileSync(file, "utf8")));
  }
}

/** A page with the table of all releases. */
function withReleases(page: string): string {
  const { postgres, mlflow, silo, caddy, providers, backup, "oauth2-proxy": oauth2Proxy } = RELEASES;
  const [newestPostgres = ""] = postgres.versions;
  // Without the digest, which makes a row longer than a screen.
  const image = (release: Parameters<typeof imageName>[0]) => `\`${imageName(release, {})}\``;
  const lines = [
    ...postgres.versions.map((version) => {
      const note = version === postgresVersion(postgres.default) ? ", the default" : "";
      return [`PostgreSQL ${version}${note}`, image({ ...postgres, version })];
    }),
    [`MLflow ${mlflow.version}`, image(mlflow)],
    [`Silo ${silo.version.slice(0, 10)}, a fork of MinIO`, image(silo)],
    [`Caddy ${caddy.version}`, `built on ${image({ ...caddy, version: caddy.imageVersion })}`],
    [`oauth2-proxy ${oauth2Proxy.version}`, image(oauth2Proxy)],
    [
      `kopia ${backup.kopia.version} and supercronic ${backup.supercronic.version}, for backups`,
      `built on ${image({ ...postgres, version: newestPostgres })}`,
    ],
    ...Object.values(providers).map(({ source, version }) => [`${source} ${version}`, "Terraform's registry"]),
  ];
  return new GeneratedPart("releases").replace(page, table(["release", "from"], lines));
}

/** A page with the list of what is built offline. */
function withOfflineBuilds(page: string): string {
  const { postgres, mlflow, caddy, providers, minio, opentofu, backup, "oauth2-proxy": oauth2Proxy } = RELEASES;
  const version = postgresVersion(postgres.default);
  const image = (name: string) => `\`localhost/cdktf-mlflow/${name}-…\``;
  const lines = [
    [
      `PostgreSQL ${version}`,
      `Debian ${postgres.debian}; this or a newer ${postgres.default}`,
      image(`postgres:${version}`),
    ],
    [`MLflow ${mlflow.version}`, "Debian bookworm's Python, and Python packages", image(`mlflow:${mlflow.version}`)],
    ["the S3 store", `MinIO's last public commit, of ${minio.version}, and \`mc\``, image(`minio:${minio.version}`)],
    ["the gateway", `Caddy ${caddy.version} and the plugins`, image(`gateway:${caddy.version}`)],
    [
      `oauth2-proxy ${oauth2Proxy.version}`,
      "its module; only for single sign-on",
      image(`oauth2-proxy:${oauth2Proxy.version}`),
    ],
    [
      "backups",
      `PostgreSQL ${version}, kopia ${backup.kopia.version} and supercronic ${backup.supercronic.version}`,
      image(`backup:${backup.kopia.version}`),
    ],
    ...Object.values(providers).map(({ source, version, commit }) => [
      `${source} ${version}`,
      `its commit ${commit.replace(/^.*-/, "")}, on the day of the tag or later`,
      "a mirror for Terraform",
    ]),
    [`OpenTofu ${opentofu.version}`, "its module; only if its release cannot be downloaded", "`opentofu` in the cache"],
  ];
  return new GeneratedPart("builds").replace(page, table(["for", "from", "name"], lines));
}
