import { AppDeployment } from "./app-deployment";
import { removeLeftovers } from "./deployment";
import { gatewayLog } from "../servers/gateway-log";
import type { LimitedDisk } from "./limited-disk";
import { runOk } from "../run";

/** What is set in such a stack. */
export interface ArtifactStackOptions {
  readonly store?: LimitedDisk;
  readonly temporary?: LimitedDisk;

  /** Further options of the server, as an app writes them. */
  readonly server?: string;

  /** Options of the database, as an app writes them. */
  readonly database?: string;

  /** Options of the gateway, as an app writes them. */
  readonly gateway?: string;
}

/** A stack for tests of artifacts: its store and MLflow's temporary files may lie on disks that can be full. */
export class ArtifactStack extends AppDeployment {
  /** Deploys it again. */
  public async up(options: ArtifactStackOptions = {}): Promise<void> {
    await removeLeftovers(this.id);
    this.write(options);
    // A limited disk is a folder of the host.
    await this.commandOk(["up", "--yes", "--allow-access"]);
  }

  /** Writes its app again, without deploying it. */
  public write({ store, temporary, server = "", database = "", gateway = "" }: ArtifactStackOptions): void {
    const volume = (disk?: LimitedDisk) => (disk ? `{ hostPath: "${disk.subfolder("data")}" }` : "undefined");
    // the store that is built here does not check every signature; the tests ask it for nothing that it would not refuse.
    this.writeApp(`
  backendStore: BackendStore.postgres({ image: imageOf("POSTGRES_IMAGE"), ${database} }),
  artifactStore: ArtifactStore.minio({ image: imageOf("MINIO_IMAGE"), s3Api: true, imageChecksSignatures: true, dataVolume: ${volume(store)} }),
  server: { ...environment.server, temporaryVolume: ${volume(temporary)}, ${server} },
  gateway: { ...environment.gateway, ${gateway} },
`);
  }

  /**
   * Runs a Python script with MLflow's client as a container of its own, so that it outlives a restart of the gateway.
   *
   * @param options further options of `docker run`.
   */
  public async client(script: string, options: string[] = []): Promise<string> {
    const settings = {
      MLFLOW_TRACKING_URI: `http://${this.id}-gateway:${new URL(this.url).port}`,
      MLFLOW_TRACKING_USERNAME: "admin",
      MLFLOW_TRACKING_PASSWORD: await this.output("password"),
      MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: "false",
      GIT_PYTHON_REFRESH: "quiet",
    };
    const image = (await runOk("docker", ["inspect", "-f", "{{.Image}}", `${this.id}-server`])).trim();
    return runOk(
      "docker",
      ["run", "--rm", "-i", "--network", `${this.id}-network-edge`, ...options, image, "python", "-"],
      { input: `import os\nos.environ.update(${JSON.stringify(settings)})\n${script}` },
    );
  }

  /** Runs a line of shell beside the store, where `mc … store` is its root. */
  public async inStore(line: string): Promise<string> {
    return runOk("docker", ["exec", `${this.id}-minio`, "sh", "-c", `${AS_ROOT}; ${line}`]);
  }

  /** How many lines of the gateway's log speak of a method and a beginning of a path. */
  public async logged(method: string, path: string): Promise<number> {
    const log = await gatewayLog(`${this.id}-gateway`, this.url);
    return log.split("\n").filter((line) => line.includes(`"method":"${method}"`) && line.includes(`"uri":"${path}`))
      .length;
  }
}

/** Makes a shell in the store's container its root. The keys stand in no list of processes. */
export const AS_ROOT =
  'export MC_CONFIG_DIR=/tmp/.mc MC_HOST_store="http://$(cat /run/secrets/minio-root-user):$(cat /run/secrets/minio-root-password)@127.0.0.1:9000"';
