import { rm, writeFile } from "node:fs/promises";
import { CommandError } from "../console/command-error";
import type { Environment } from "../app/environment";
import { Run } from "../app/run";
import type { ContainerDetails, EngineInfo, NetworkDetails, ProgramOutput, VolumeDetails } from "./details";
import { configuredIn } from "./engine-environment";
import { Interrupt } from "../console/interrupt";
import { parseJson } from "../console/parse-json";
import { loadExeca } from "../console/es-modules";

const DEFAULT_HOST = "unix:///var/run/docker.sock";

/** The `docker` command, for one engine. */
export class Docker {
  /** @param environment names the engine, see `engineEnvironment()`. */
  constructor(private readonly environment: Environment) {}

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
    return (this.environment.DOCKER_HOST ?? DEFAULT_HOST) === DEFAULT_HOST;
  }

  /**
   * The engine, from `docker info`.
   *
   * @throws CommandError when there is no `docker` command or no engine behind it.
   */
  public async info(): Promise<EngineInfo> {
    const result = await this.run(["info", "--format", "{{json .}}"]);
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
      cores: info.NCPU,
      proxy: info.HttpsProxy,
    };
  }

  public async hasImage(name: string): Promise<boolean> {
    return (await this.run(["image", "inspect", "--format", "{{.Id}}", name])).exitCode === 0;
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
    const users = await this.usersOf(name);
    throw new CommandError(
      `the volume '${name}' could not be deleted: ${users.length > 0 ? `${users.join(", ")} uses it` : stderr.trim()}`,
      "Remove what uses it, and run the command again: it goes on where it ended.",
    );
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
    const remove = kind === "container" ? ["rm", "--volumes", id] : ["network", "rm", id];
    const { exitCode, stderr } = await this.run(remove);
    if (exitCode !== 0) throw new CommandError(lastLine(stderr));
  }

  public async restart(container: string): Promise<void> {
    await this.run(["restart", container]);
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
      const { exitCode, stderr } = await this.run(["cp", file, `${container}:${path}`]);
      if (exitCode !== 0) throw new CommandError(lastLine(stderr));
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

  private async inspect<T>(args: string[]): Promise<T[]> {
    // Docker fails for an unknown name, and prints the known ones all the same.
    return parseJson<T[]>((await this.run(args)).stdout) ?? [];
  }

  private async run(args: string[], timeout?: number) {
    const { execa } = await loadExeca();
    const result = await execa("docker", args, { ...this.options, timeout });
    const missing = "code" in result && result.code === "ENOENT";
    return {
      stdout: String(result.stdout ?? ""),
      stderr: String(result.stderr ?? ""),
      exitCode: result.exitCode,
      missing,
    };
  }

  private get options() {
    return { env: { ...this.environment }, extendEnv: false, reject: false } as const;
  }
}

function outputOf({ exitCode, stdout, stderr }: { exitCode?: number; stdout: string; stderr: string }): ProgramOutput {
  return {
    exitCode,
    text: [stdout, stderr]
      .filter((text) => text !== "")
      .join("\n")
      .trim(),
  };
}

function lastLine(stderr: string): string {
  const lines = stderr.trim().split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("Run 'docker run --help'")).at(-1) ?? "";
}
