import { readFileSync } from "node:fs";
import { baseImages } from "../cli/docker/registries";
import { packagePath } from "../lib/values/package-folder";
import { imageName } from "../lib/values/releases";
import type { Releases } from "../lib/values/releases";
import { imageDigest } from "./registries";

// Docker Hub's official images, as people write them.
const OFFICIAL = "docker.io/library/";
const DOCKERFILES = ["caddy/plugin/Dockerfile", "backup/Dockerfile"];

/** The digest of an image, or the commit of an action. */
export interface DigestFinding {
  /** Name with its tag. */
  readonly name: string;
  /** The one that is written down. */
  readonly known?: string;
  /** That of the registry or repository. */
  readonly found?: string;
  /** Why that is not known. */
  readonly failure?: string;
}

/** Every image that is pulled by default: those that run, and those that the package's Dockerfiles begin with. */
export function pulledImages({ postgres, mlflow, silo, "oauth2-proxy": oauth2Proxy }: Releases): string[] {
  const run = [
    ...postgres.versions.map((version) => ({ image: postgres.image, version })),
    ...[mlflow, silo, oauth2Proxy],
  ].map((release) => imageName(release, {}));
  const begin = DOCKERFILES.flatMap((path) => baseImages(readFileSync(packagePath(path), "utf8"), {}));
  return [...new Set([...run, ...begin.map((name) => name.replace(OFFICIAL, ""))])];
}

/** Asks the registries for the digests of images. */
export function lookUpDigests(images: readonly string[], known: Releases["digests"]): Promise<DigestFinding[]> {
  return lookUpAll(images, (image) => known[image], imageDigest);
}

/** Asks for what each name means now. A failure is part of the answer, so that it does not hide the others. */
export function lookUpAll(
  names: readonly string[],
  known: (name: string) => string | undefined,
  ask: (name: string) => Promise<string>,
): Promise<DigestFinding[]> {
  return Promise.all(
    names.map(async (name) => {
      try {
        return { name, known: known(name), found: await ask(name) };
      } catch (error) {
        const { message, cause, stderr } = error as Error & { cause?: Error; stderr?: string };
        return { name, known: known(name), failure: stderr?.trim().split("\n").at(-1) || cause?.message || message };
      }
    }),
  );
}

/** What is wrong with what is written down; nothing if all is as the registries and repositories say. */
export function describeDigests(findings: readonly DigestFinding[]): string[] {
  return findings.flatMap(({ name, known, found, failure }) => {
    if (failure !== undefined) return `${name}: cannot be looked up (${failure})`;
    if (known === undefined) return `${name}: is not pinned, and is ${found} now`;
    return known === found ? [] : `${name}: is pinned to ${known}, and is ${found} now`;
  });
}

/** The text of `releases.json` with the digests that were found. An image whose registry failed keeps its digest. */
export function withDigests(text: string, findings: readonly DigestFinding[]): string {
  const digests = findings.flatMap(({ name, known, found = known }) => (found === undefined ? [] : [[name, found]]));
  const sorted = Object.fromEntries(digests.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1))) as Releases["digests"];
  const lines = JSON.stringify(sorted, null, 2).replaceAll("\n", "\n  ");
  return text.replace(/(?<="digests": )\{[^}]*\}/, lines);
}
