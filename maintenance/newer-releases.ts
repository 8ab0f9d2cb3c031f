import { registryOf } from "../cli/docker/registries";
import type { Releases } from "../lib/values/releases";
import {
  imageTags,
  moduleVersions,
  newestCommit,
  newestPackage,
  packageVersions,
  providerVersions,
  type Run,
} from "./registries";

const GO = "Go's modules";
const PYPI = "PyPI";
const NPM = "npm";
const TERRAFORM = "Terraform's registry";
// Numbers in a text compare as numbers, so that 18.10 comes after 18.9.
const ORDER = new Intl.Collator("en", { numeric: true });

/** A release, and the registry of newer ones. */
export interface Subject {
  readonly name: string;
  readonly current: string;
  /** Name of the registry, for people. */
  readonly registry: string;
  /** A newer release must begin with this. */
  readonly line?: string;
  readonly versions: () => Promise<string[]>;
}

/** A registry's answer about a subject. */
export type Finding = Subject & { readonly newest?: string; readonly failure?: string };

/** Every release of `releases.json`, and the npm packages that are pinned to one. */
export function subjects(releases: Releases, npmPackages: { readonly [name: string]: string }, run: Run): Subject[] {
  const {
    postgres,
    mlflow,
    silo,
    caddy,
    providers,
    minio,
    mc,
    opentofu,
    backup,
    "oauth2-proxy": oauth2Proxy,
  } = releases;
  const fromImage = (name: string, image: string, current: string, line?: string): Subject => ({
    ...{ name, current, registry: registryOf(image), line },
    versions: async () => versionsIn(await imageTags(image), image),
  });
  const fromModule = (name: string, module: string, current: string, line?: string): Subject => ({
    ...{ name, current, registry: GO, line },
    versions: () => (isCommit(current) ? newestCommit(module, run) : moduleVersions(module, run)),
  });
  const fromPyPi = ([name, current]: [string, string]): Subject => ({
    ...{ name, current, registry: PYPI },
    versions: () => packageVersions(name, run),
  });
  const [newestPostgres = ""] = postgres.versions;

  return [
    ...postgres.versions.map((version) =>
      fromImage(`PostgreSQL ${Number.parseInt(version, 10)}`, postgres.image, version, version.replace(/\d+$/, "")),
    ),
    fromImage("PostgreSQL", postgres.image, newestPostgres),
    fromImage("MLflow", mlflow.image, mlflow.version),
    fromImage("Silo", silo.image, silo.version),
    fromImage("Caddy's image", caddy.image, caddy.imageVersion),
    fromImage("oauth2-proxy", oauth2Proxy.image, oauth2Proxy.version),
    ...Object.values(providers).map(({ source, version }) => ({
      ...{ name: source, current: version, registry: TERRAFORM },
      versions: () => providerVersions(source),
    })),
    fromModule("Caddy", caddy.module, `v${caddy.version}`),
    ...Object.entries(caddy.plugins).map(([module, version]) => fromModule(module, module, version)),
    fromModule("oauth2-proxy", oauth2Proxy.module, `v${oauth2Proxy.version}`),
    ...Object.entries(backup).map(([name, { module, version }]) => fromModule(name, module, `v${version}`)),
    fromModule("OpenTofu", opentofu.module, `v${opentofu.version}`),
    ...[providers.docker, minio, mc].map(({ module, commit }) => fromModule(module, module, commit)),
    fromModule("Go", "go", releases.go, releases.go.replace(/\d+$/, "")),
    ...Object.entries({ mlflow: mlflow.version, ...mlflow.packages }).map(fromPyPi),
    { ...fromPyPi(["mlflow", mlflow.old.version]), name: "MLflow 2", line: "2." },
    ...Object.entries(npmPackages).map(([name, current]) => ({
      ...{ name, current, registry: NPM },
      versions: () => newestPackage(name, run),
    })),
  ];
}

/** Asks the registries. A failure is part of the answer, so that it does not hide the others. */
export function lookUp(list: readonly Subject[]): Promise<Finding[]> {
  return Promise.all(
    list.map(async (subject) => {
      try {
        return { ...subject, newest: newest(subject, await subject.versions()) };
      } catch (error) {
        return { ...subject, failure: reason(error) };
      }
    }),
  );
}

function newest({ current, line = "" }: Subject, versions: string[]): string {
  // A release has the same number of numbers and the same letters as the present one. Betas and candidates have more.
  const shape = new RegExp(`^${escaped(current).replace(/\d+/g, "\\d+")}$`);
  const fitting = versions.filter((version) => (isCommit(current) || shape.test(version)) && version.startsWith(line));
  return [current, ...fitting].sort(ORDER.compare).at(-1) ?? current;
}

/** Versions in the tags of an image that are built like its name. */
function versionsIn(tags: string[], image: string): string[] {
  const [before = "", after = ""] = (/:([^:/]*)$/.exec(image)?.[1] ?? "").split("{version}");
  return tags
    .filter((tag) => tag.startsWith(before) && tag.endsWith(after) && tag.length > before.length + after.length)
    .map((tag) => tag.slice(before.length, tag.length - after.length));
}

function isCommit(version: string): boolean {
  return /\d{14}-[0-9a-f]{12}$/.test(version);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function reason(error: unknown): string {
  const { message, cause, stderr } = error as { message: string; cause?: { message?: string }; stderr?: string };
  // The last line of the output names the reason.
  return stderr?.trim().split("\n").at(-1) ?? cause?.message ?? message;
}
