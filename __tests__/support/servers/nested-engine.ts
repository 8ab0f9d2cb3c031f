import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { offlineEnvironment } from "../../../offline";
import { eventually, run, runOk } from "../run";

const IMAGE = "e2e-nested-engine";
const NAMESPACE = "localhost/cdktf-mlflow/";
// The package lists of an unreleased Debian may have expired. Their signatures are still checked.
const DOCKERFILE = `
FROM localhost/cdktf-mlflow/debian:forky
RUN apt-get -o Acquire::Check-Valid-Until=false update \\
 && apt-get install --yes --no-install-recommends docker.io iptables socat \\
 && rm -rf /var/lib/apt/lists/*
`;
// Not `--privileged`, which a host without one of the capabilities refuses.
const RIGHTS = [
  ...["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH"].flatMap((name) => ["--cap-add", name]),
  ...["seccomp", "apparmor", "systempaths"].flatMap((name) => ["--security-opt", `${name}=unconfined`]),
  ...["--device-cgroup-rule", "a *:* rwm"],
];
// The engine publishes ports on 127.0.0.1 of its own container, which the port that the container publishes leads to.
const START = `
for folder in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o remount,bind,rw "$folder" 2>/dev/null || :; done
for port in "$@"; do
  socat "TCP-LISTEN:$port,bind=$(hostname -i),fork,reuseaddr" "TCP:127.0.0.1:$port" &
done
exec dockerd --host unix:///engine/docker.sock --storage-driver overlay2
`;

/** The newest Docker Engine of Debian, in a container of the engine of the tests. */
export class NestedEngine {
  readonly #folder = mkdtempSync(join(tmpdir(), "mlflow-e2e-engine-"));

  /** @param name name of the container. */
  private constructor(private readonly name: string) {}

  /**
   * @param name name of the container, which is replaced.
   * @param ports ports of this machine that lead to the same ports of the engine.
   */
  public static async start(name: string, ports: number[]): Promise<NestedEngine> {
    const engine = new NestedEngine(name);
    await runOk("docker", ["build", "--tag", IMAGE, "-"], { input: DOCKERFILE, env: { DOCKER_BUILDKIT: "0" } });
    await run("docker", ["rm", "--force", "--volumes", name]);
    const published = ports.flatMap((port) => ["--publish", `127.0.0.1:${port}:${port}`]);
    const mounts = ["--volume", "/var/lib/docker", "--volume", `${engine.#folder}:/engine`];
    const program = ["--entrypoint", "sh", IMAGE, "-c", START, "sh", ...ports.map(String)];
    await runOk("docker", ["run", "--detach", "--name", name, ...RIGHTS, ...published, ...mounts, ...program]);
    await eventually(
      "the engine answers",
      60,
      async () => (await run("docker", ["-H", engine.host, "info"])).code === 0,
    );
    return engine;
  }

  /** Address of the engine. */
  public get host(): string {
    return `unix://${join(this.#folder, "docker.sock")}`;
  }

  /** Its release. */
  public async version(): Promise<string> {
    return (await runOk("docker", ["-H", this.host, "version", "--format", "{{.Server.Version}}"])).trim();
  }

  /** Copies the images that were built here, with those that they begin with: the engine reaches no registry. */
  public async copyImages(): Promise<void> {
    const images = Object.values(offlineEnvironment()).filter((value) => value.startsWith(NAMESPACE));
    const bases = ["images", "--filter", `reference=${NAMESPACE}debian:*`, "--format", "{{.Repository}}:{{.Tag}}"];
    const names = [...images, ...(await runOk("docker", bases)).trim().split("\n")];
    await runOk("sh", ["-c", 'host=$1; shift; docker save "$@" | docker -H "$host" load', "sh", this.host, ...names]);
  }

  public async remove(): Promise<void> {
    await run("docker", ["rm", "--force", "--volumes", this.name]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
