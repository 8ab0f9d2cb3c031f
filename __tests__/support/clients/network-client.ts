import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { offlineEnvironment } from "../../../offline";
import { runOk } from "../run";

/** Copies files into a container, by path; for remote engines too, so that nothing is mounted. */
export async function copyInto(container: string, files: { readonly [path: string]: string }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "container-files-"));
  try {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    // whatever user the container has.
    await runOk("chmod", ["-R", "a+rX", folder]);
    await runOk("docker", ["cp", `${folder}/.`, `${container}:/`]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Image with Python and MLflow's client. */
export const CLIENT_IMAGE = process.env.MLFLOW_IMAGE ?? offlineEnvironment().MLFLOW_IMAGE ?? "";

/** A machine of its own on a network, with an address of its own: a container that runs Python. */
export class NetworkClient {
  private constructor(private readonly name: string) {}

  /** @param network name of a gateway's network; what begins with it is removed together with the gateway. */
  public static async start(network: string, address: string): Promise<NetworkClient> {
    const name = `${network}-client-${address.replaceAll(".", "-")}`;
    await runOk("docker", [
      ...["run", "--detach", "--init", "--name", name, "--network", network, "--ip", address, "--user", "1000:1000"],
      // Another machine would take no processor time from the gateway: ten of them, beside other tests, left it a tenth of a core.
      ...["--cpu-shares", "32"],
      ...["--env", "HOME=/tmp", "--env", "GIT_PYTHON_REFRESH=quiet", "--entrypoint", "sleep", CLIENT_IMAGE, "infinity"],
    ]);
    return new NetworkClient(name);
  }

  /** Ends it before the gateway's network is removed. */
  public async remove(): Promise<void> {
    await runOk("docker", ["rm", "--force", this.name]);
  }

  /** Runs a script, and gives what it prints as JSON. */
  public async python<T>(script: string): Promise<T> {
    return JSON.parse(
      await runOk("docker", ["exec", "--interactive", this.name, "python", "-"], { input: script }),
    ) as T;
  }
}
