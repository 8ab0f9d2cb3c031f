import { rm, writeFile } from "node:fs/promises";
import { otherEngine } from "../../offline/engine";
import { CommandError } from "../console/command-error";
import { Run } from "../run/command-run";
import type { ContainerDetails, EngineInfo, NetworkDetails, ProgramOutput, VolumeDetails } from "./inspected";
import { DockerCommand } from "./docker-command";
import { configuredIn } from "./engine-environment";
import { Interrupt } from "../console/interrupt";
import { parseJson } from "../console/parse-json";
import { loadExeca } from "../console/es-modules";
import { lastLine, outputOf } from "./program-output";

/** Which lines of a container's output. */
export interface LogOptions {
  /** A time, or how long ago, as `docker logs` takes it. */
  readonly since?: string;

  /** How many of the last. */
  readonly tail?: number;

  /** Whether to wait for more. */
  readonly follow?: boolean;
}

/** The `docker` command, for one engine. */
export class Docker extends DockerCommand {
  /** The same engine, with another folder for the settings of the `docker` command. */
  public withConfiguration(folder: string): Docker {
    return new Docker(configuredIn(this.environment, folder));
  }

  /** Whether the engine runs on this machine, or in a virtual machine of it that shares its ports. */
  public get isLocal(): boolean {
    return /^(unix|npipe):/.test(this.environment.DOCKER_HOST ?? "unix:");
  }

  /** Whether it is this machine's default engine. */
  public get isDefault(): boolean {
    return otherEngine(this.environment) === undefined;
  }

  /**
   * The engine, from `docker info`, and from `docker version`, which alone tells Podman from Docker.
   *
   * @throws CommandError when there is no `docker` command or no engine behind it.
   */
  public async info(): Promise<EngineInfo> {
    const [result, components] = await Promise.all([
      this.run(["info", "--format", "{{json .}}"]),
      this.run(["version", "--format", "{{range .Server.Components}}{{.Name}}\n{{end}}"]),
    ]);
    if (result.missing) throw new CommandError("Docker is not installed", "Install Docker Engine or Docker Desktop.");
    const info = parseJson<{
      ServerErrors?: string[];
      DockerRootDir?: string;
      OperatingSystem?: string;
      ServerVersion?: string;
      NCPU?: number;
      HttpsProxy?: string;
    }>(result.stdout);
    if (result.exitCode !== 0 || !info?.DockerRootDir) {
      const reason = (info?.ServerErrors?.[0] ?? result.stderr.trim()) || "no answer";
      throw new CommandError(
        `no Docker engine answers at ${this.environment.DOCKER_HOST ?? "the default address"}: ${reason}`,
        "Start Docker, or name another engine by DOCKER_HOST or 'docker context use'.",
      );
    }
    return {
      rootFolder: info.DockerRootDir,
      operatingSystem: info.OperatingSystem ?? "",
      version: info.ServerVersion ?? "",
      isPodman: /^Podman Engine$/m.test(components.stdout),
      cores: info.NCPU,
      proxy: info.HttpsProxy,
    };
  }

  public async hasImage(name: string): Promise<boolean> {
    return (await this.imageId(name)) !== undefined;
  }

  /** Id of an image; undefined if the engine does not have it. */
  public async imageId(name: string): Promise<string | undefined> {
    const { exitCode, stdout } = await this.run(["image", "inspect", "--format", "{{.Id}}", name]);
    return exitCode === 0 ? stdout.trim() : undefined;
  }

  /**
   * Gives an image another name.
   *
   * @throws CommandError with Docker's error.
   */
  public async tag(id: string, name: string): Promise<void> {
    await this.require(["tag", id, name]);
  }

  /** Pulls an image. `onLine` gets the progress. Returns Docker's error, or undefined. */
  public async pull(name: string, onLine: (line: string) => void): Promise<string | undefined> {
    const { execa } = await loadExeca();
    const child = execa("docker", ["pull", name], this.options);
    for await (const line of child.iterable({ from: "stdout" })) onLine(String(line));
    const result = await child;
    return result.exitCode === 0 ? undefined : result.stderr.trim();
  }

  /** The containers of these names that exist. */
  public async containers(names: string[]): Promise<ContainerDetails[]> {
    if (names.length === 0) return [];
    const found = await this.inspect<ContainerDetails>(["container", "inspect", ...names]);
    return found.map((container) => ({ ...container, Name: container.Name.replace(/^\//, "") }));
  }

  public async runningContainers(): Promise<ContainerDetails[]> {
    const { stdout } = await this.run(["ps", "--quiet", "--no-trunc"]);
    return this.containers(stdout.split("\n").filter((id) => id !== ""));
  }

  /** The volumes of these names that exist. */
  public async volumes(names: string[]): Promise<VolumeDetails[]> {
    return names.length === 0 ? [] : this.inspect<VolumeDetails>(["volume", "inspect", ...names]);
  }

  /**
   * Deletes a volume and the data in it.
   *
   * @throws CommandError when a container uses it.
   */
  public async removeVolume(name: string): Promise<void> {
    const { exitCode, stderr } = await this.run(["volume", "rm", name]);
    if (exitCode === 0) return;
    await this.requireUnused(name);
    throw notDeleted(name, stderr.trim());
  }

  /**
   * Refuses the deletion of a volume in use.
   *
   * @throws CommandError with the containers that use it.
   */
  public async requireUnused(volume: string): Promise<void> {
    const users = await this.usersOf(volume);
    if (users.length > 0) throw notDeleted(volume, `${users.join(", ")} uses it`);
  }

  /** The networks of these names that exist. */
  public async networks(names: string[]): Promise<NetworkDetails[]> {
    if (names.length === 0) return [];
    const found = await this.inspect<NetworkDetails>(["network", "inspect", ...names]);
    return found.filter(({ Name }) => names.includes(Name));
  }

  /** Names of the containers, also stopped ones, that use a volume. */
  public async usersOf(volume: string): Promise<string[]> {
    const { stdout } = await this.run(["ps", "--all", "--filter", `volume=${volume}`, "--format", "{{.Names}}"]);
    return stdout.split("\n").filter((name) => name !== "");
  }

  /** Memory in use by running containers, such as `75.3MiB`, by name. */
  public async memoryUse(names: string[]): Promise<Map<string, string>> {
    if (names.length === 0) return new Map();
    const format = "{{.Name}}\t{{.MemUsage}}";
    const { stdout } = await this.run(["stats", "--no-stream", "--format", format, ...names]);
    return new Map(stdout.split("\n").map((line) => [line.split("\t")[0] ?? "", line.split(/\t| \/ /)[1] ?? ""]));
  }

  /** Size of each volume, by name; empty when the engine needs more than `limit` milliseconds. */
  public async volumeSizes(limit: number): Promise<Map<string, string>> {
    const format = "{{range .Volumes}}{{.Name}}\t{{.Size}}\n{{end}}";
    const { stdout, exitCode } = await this.run(["system", "df", "--verbose", "--format", format], limit);
    const lines = exitCode === 0 ? stdout.split("\n").filter((line) => line !== "") : [];
    return new Map(lines.map((line) => line.split("\t") as [string, string]));
  }

  /** Runs a program in a running container. */
  public async execOutput(container: string, command: string[]): Promise<ProgramOutput> {
    return outputOf(await this.run(["exec", container, ...command]));
  }

  /**
   * Runs a program that may take long in a running container, whose shell it needs. On Ctrl-C it gets one SIGINT, and may
   * clean up.
   *
   * @param onLine gets each line of its standard error.
   * @returns its exit status and its standard output.
   */
  public async execLong(container: string, command: string[], onLine: (line: string) => void): Promise<ProgramOutput> {
    const { execa } = await loadExeca();
    let pid: string | undefined;
    const stop = () => pid !== undefined && this.run(["exec", container, "sh", "-c", 'kill -INT "$0"', pid]);
    const interrupt = new Interrupt(() => void stop());
    // The shell becomes the program, so it has the same number.
    const args = ["exec", container, "sh", "-c", 'echo "$$" >&2; exec "$@"', "sh", ...command];
    const child = execa("docker", args, { ...this.options, detached: true, cleanup: false });
    try {
      for await (const line of child.iterable({ from: "stderr" })) {
        if (pid === undefined) pid = String(line);
        else onLine(String(line));
      }
      const { exitCode, stdout } = await child;
      if (interrupt.happened) throw new CommandError("interrupted");
      return { exitCode, text: String(stdout ?? "") };
    } finally {
      interrupt.stop();
    }
  }

  /**
   * Starts a container in the background, hands its name to `use`, and removes it.
   *
   * @param args options of `docker run`, the image, and the arguments of its program.
   * @throws CommandError with Docker's error when it does not start.
   */
  public async withContainer<T>(name: string, args: string[], use: (name: string) => Promise<T>): Promise<T> {
    try {
      await this.require(["run", "--detach", "--rm", "--name", name, ...args]);
      return await use(name);
    } finally {
      await this.run(["rm", "--force", name]);
    }
  }

  /** Runs a stopped container again, and waits for its end. */
  public async runAgain(container: string): Promise<ProgramOutput> {
    return outputOf(await this.run(["start", "--attach", container]));
  }

  /** Waits until a running container has ended. */
  public async waitFor(container: string): Promise<void> {
    await this.run(["wait", container]);
  }

  /**
   * Stops and removes a container, or removes a network. Volumes with a name stay.
   *
   * @throws CommandError with Docker's error.
   */
  public async remove(kind: "container" | "network", id: string): Promise<void> {
    if (kind === "container") await this.run(["stop", id]);
    await this.require(kind === "container" ? ["rm", "--volumes", id] : ["network", "rm", id]);
  }

  public async restart(container: string): Promise<void> {
    await this.run(["restart", container]);
  }

  /**
   * Starts or stops a container. One that was stopped stays so when the engine starts again.
   *
   * @throws CommandError with Docker's error.
   */
  public async setRunning(container: string, running: boolean): Promise<void> {
    await this.require([running ? "start" : "stop", container]);
  }

  /** Lines of a container's output, each with its time before it, in the order of Docker's two streams. */
  public async *logLines(container: string, { since, tail, follow }: LogOptions): AsyncGenerator<string> {
    const { execa } = await loadExeca();
    const args = ["logs", "--timestamps"];
    if (since !== undefined) args.push("--since", since);
    if (tail !== undefined) args.push("--tail", String(tail));
    if (follow) args.push("--follow");
    const child = execa("docker", [...args, container], { ...this.options, all: true, buffer: false });
    for await (const line of child.iterable({ from: "all" })) yield String(line);
  }

  /** Output of a container since a time. */
  public async logs(container: string, since: string): Promise<string> {
    return outputOf(await this.run(["logs", "--since", since, container])).text;
  }

  /**
   * Copies a file into a container, also into a stopped one.
   *
   * @throws CommandError with Docker's error.
   */
  public async put(container: string, path: string, content: string): Promise<void> {
    const file = Run.current.file("content");
    try {
      await writeFile(file, content);
      await this.require(["cp", file, `${container}:${path}`]);
    } finally {
      await rm(file, { force: true });
    }
  }

  /**
   * Runs a container with `input` on its standard input, and removes it. `onLine` gets each line of its output. On
   * Ctrl-C its program gets one SIGINT, and may clean up.
   *
   * @throws CommandError when it fails, with the last line that Docker or the program printed.
   */
  public async runOnce(name: string, args: string[], input: string, onLine: (line: string) => void): Promise<void> {
    const { execa } = await loadExeca();
    const run = ["run", "--rm", "--interactive", "--name", name, ...args];
    const child = execa("docker", run, { ...this.options, input, detached: true, cleanup: false });
    const interrupt = new Interrupt(() => void this.run(["kill", "--signal", "INT", name]));
    try {
      for await (const line of child) onLine(String(line));
    } finally {
      interrupt.stop();
      await this.run(["rm", "--force", name]);
    }
    const { exitCode, stderr } = await child;
    if (interrupt.happened) throw new CommandError("interrupted");
    if (exitCode !== 0) throw new CommandError(lastLine(stderr) || `exit status ${exitCode}`);
  }

  private async require(args: string[]): Promise<void> {
    const { exitCode, stderr } = await this.run(args);
    if (exitCode !== 0) throw new CommandError(lastLine(stderr));
  }
}

function notDeleted(volume: string, reason: string): CommandError {
  return new CommandError(
    `the volume '${volume}' could not be deleted: ${reason}`,
    "Remove what uses it, and run the command again: it goes on where it ended.",
  );
}
