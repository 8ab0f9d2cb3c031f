import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Run } from "../run/command-run";
import type { RegistryLoginBlock } from "../app/synthesized-stack";
import { registryOf } from "./registries";

const DOCKER_HUB = /^(index\.|registry-1\.)?docker\.io$/;
const DOCKER_HUB_KEY = "https://index.docker.io/v1/";

/**
 * Logins at registries in a configuration folder for the `docker` command, because an argument or a variable would show
 * them to other programs. Only this user can read it. It exists while `use` runs. It is a part of the run, which removes
 * it at a signal; the next command removes what a killed run has left.
 */
export class RegistryLogins {
  readonly #logins: Map<string, RegistryLoginBlock>;

  constructor(logins: readonly RegistryLoginBlock[]) {
    this.#logins = new Map(logins.map((login) => [hostOf(login.address), login]));
  }

  /**
   * Calls `use` with the folder for an image.
   *
   * @param use gets undefined if there is no login for the image's registry: Docker's own ones are used then.
   */
  public async withFolder<T>(image: string, use: (folder: string | undefined) => Promise<T>): Promise<T> {
    const login = this.#logins.get(hostOf(registryOf(image)));
    if (!login) return use(undefined);

    const folder = Run.current.folder("registry-login");
    try {
      writeFileSync(join(folder, "config.json"), configurationOf(login), { mode: 0o600 });
      return await use(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

function configurationOf({ address, username, password }: RegistryLoginBlock): string {
  const host = hostOf(address);
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  return JSON.stringify({ auths: { [host === "docker.io" ? DOCKER_HUB_KEY : host]: { auth } } });
}

function hostOf(address: string): string {
  const host = address.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  return DOCKER_HUB.test(host) ? "docker.io" : host;
}
