import { packageText } from "./package-folder";

/** The content of `releases.json`: each release that this package deploys or builds, written down once. */
export interface Releases {
  readonly postgres: {
    /** Name of the image, with `{version}` in the place of the release. */
    readonly image: string;
    /** Major version of a store that names none. */
    readonly default: number;
    /** One release for each major version, the newest first. */
    readonly versions: readonly string[];
    /** Release of Debian with the package of the default major version. */
    readonly debian: string;
  };
  readonly mlflow: ImageRelease & {
    /** Python packages beside MLflow in the image that is built offline. */
    readonly packages: { readonly [name: string]: string };
    /** A release of an older schema that this package can deploy too: the tests go back to it. */
    readonly previous: string;
    /** The release from which the tests upgrade, with those Python packages that it wants older than its own demands say. */
    readonly old: { readonly version: string; readonly packages: { readonly [name: string]: string } };
  };
  /** The S3 store: a fork of MinIO. */
  readonly silo: ImageRelease;
  readonly caddy: ImageRelease & {
    /** Release of the official image, which comes later than Caddy's own. */
    readonly imageVersion: string;
    readonly module: string;
    /** Version of each plugin, by its Go module. */
    readonly plugins: { readonly [module: string]: string };
  };
  readonly "oauth2-proxy": ImageRelease & { readonly module: string };
  /** Go modules of the backup program: the library of its repository, and its scheduler. */
  readonly backup: {
    readonly [name in "kopia" | "supercronic"]: { readonly module: string; readonly version: string };
  };
  /** Terraform's providers. */
  readonly providers: { readonly [name in "docker" | "random"]: ModuleCommit & ProviderRelease };
  /** MinIO as it is built offline in the place of Silo. */
  readonly minio: ModuleCommit & { readonly version: string };
  readonly mc: ModuleCommit;
  /** Downloaded, or built offline, where neither Terraform nor OpenTofu is installed. */
  readonly opentofu: {
    readonly version: string;
    /** SHA-256 of the release's `SHA256SUMS`, which has the checksum of each archive. */
    readonly sums: string;
    readonly module: string;
  };
  /** Release of Go that builds the programs offline. */
  readonly go: string;
  /** Digest of each image in a registry, by its name, for as many as are known. */
  readonly digests: { readonly [image: string]: string };
}

/** A release with an image of its own. */
export interface ImageRelease {
  /** Name of the image, with `{version}` in the place of the release. */
  readonly image: string;
  readonly version: string;
}

/** A release of a Terraform provider. */
export interface ProviderRelease {
  /** Namespace and type, such as `hashicorp/random`. */
  readonly source: string;
  readonly version: string;
}

/** A Go module whose releases the module proxy does not know by their tags. */
export interface ModuleCommit {
  readonly module: string;
  /** Pseudo-version of the commit. */
  readonly commit: string;
}

/** The releases of this package. */
export const RELEASES = JSON.parse(packageText("releases.json")) as Releases;

/** Name of an image of a release, with its digest if that is known. */
export function imageName({ image, version }: ImageRelease, digests = RELEASES.digests): string {
  const name = image.replace("{version}", version);
  const digest = digests[name];
  return digest === undefined ? name : `${name}@${digest}`;
}

/** The release of PostgreSQL that is offered for a major version, or undefined. */
export function postgresVersion(majorVersion: number): string | undefined {
  return RELEASES.postgres.versions.find((version) => majorOf(version) === majorVersion);
}

/** The major versions of PostgreSQL that are offered, the newest first. */
export function postgresMajors(): number[] {
  return RELEASES.postgres.versions.map(majorOf);
}

function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}
