import { setTimeout as pause } from "node:timers/promises";
import { BACK_OFF } from "../docker/image-pulls";
import { isTransient } from "../docker/registries";

/** How `initialize()` reaches Terraform and the hosts that providers come from. */
export interface DownloadAccess {
  /** Runs `terraform init`. Returns Terraform's error, or undefined. */
  init(): Promise<string | undefined>;

  /** The registries of the stack's providers. */
  registries(): Promise<string[]>;

  /** Whether a host answers at all. */
  answers(host: string): Promise<boolean>;

  /** Waits for some seconds. */
  readonly wait?: (seconds: number) => Promise<unknown>;
}

/** Why `terraform init` has failed. */
export interface InitFailure {
  /** Terraform's error. */
  readonly problem: string;

  /** The host of a provider's download that does not answer; undefined if all answer, or the error is another one. */
  readonly silentHost?: string;
}

/**
 * Runs `terraform init`, several times if a connection breaks: that is no reason to take other providers.
 *
 * @returns undefined after success.
 */
export async function initialize(access: DownloadAccess): Promise<InitFailure | undefined> {
  for (const seconds of [...BACK_OFF, undefined]) {
    const problem = await access.init();
    if (problem === undefined) return undefined;
    if (!isTransient(problem)) return { problem };
    const silentHost = await firstSilent(problem, access);
    if (silentHost !== undefined || seconds === undefined) return { problem, silentHost };
    await (access.wait ?? inSeconds)(seconds);
  }
  throw new Error("unreachable");
}

/**
 * Hosts of the registries that providers come from.
 *
 * @param sources such as `hashicorp/random`, or with a registry before it.
 * @param registry the one of a source without.
 */
export function registriesOf(sources: string[], registry: string): string[] {
  return [...new Set(sources.map((source) => /^([^/]+)\/.+\//.exec(source)?.[1] ?? registry))];
}

/** Hosts that Terraform or OpenTofu names in the error of a provider's download: the archive is often on another one. */
export function hostsInError(error: string): string[] {
  // The lines are wrapped after 78 characters.
  const text = error.replace(/\s+/g, " ");
  const requests = [...text.matchAll(/\bGET "?https:\/\/([^/\s"]+)/gi)].map(([, host = ""]) => host);
  const installs = [...text.matchAll(/ v\d[\w.+-]*: ((?:[\w-]+\.)+[\w-]+(?::\d+)?): /g)].map(([, host = ""]) => host);
  return [...requests, ...installs];
}

async function firstSilent(problem: string, access: DownloadAccess): Promise<string | undefined> {
  // The state's backend may be what cannot be reached.
  if (!/provider/i.test(problem)) return undefined;
  for (const host of new Set([...(await access.registries()), ...hostsInError(problem)])) {
    if (!(await access.answers(host))) return host;
  }
  return undefined;
}

function inSeconds(seconds: number): Promise<unknown> {
  return pause(seconds * 1000);
}
