import type { Environment } from "../app/environment";
import { loadExeca } from "../console/es-modules";
import { parseJson } from "../console/parse-json";

/** Runs the `docker` command, for one engine. */
export class DockerCommand {
  /** @param environment names the engine, see `engineEnvironment()`. */
  constructor(protected readonly environment: Environment) {}

  /** Options for a run of `docker` on this engine. A run that fails is no exception. */
  public get options() {
    return { env: { ...this.environment }, extendEnv: false, reject: false } as const;
  }

  protected async inspect<T>(args: string[]): Promise<T[]> {
    // Docker fails for an unknown name, and prints the known ones all the same.
    return parseJson<T[]>((await this.run(args)).stdout) ?? [];
  }

  protected async run(args: string[], timeout?: number) {
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
}
