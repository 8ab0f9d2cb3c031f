import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { offlineEnvironment } from "../../../offline";
import { send } from "../clients/http-request";

const run = promisify(execFile);

/** Image of the gateway. A missing engine or image fails the tests that use it. */
export const GATEWAY_IMAGE = process.env.GATEWAY_IMAGE ?? offlineEnvironment().GATEWAY_IMAGE ?? "";

/** The repository's files of the gateway. */
export const CADDY_FOLDER = resolve(__dirname, "../../../caddy");

/** A user of a gateway. */
export interface TestUser {
  readonly name: string;
  readonly role: string;
  readonly password: string;
  /** Cost of the hash. @default 4, the lowest */
  readonly cost?: number;
}

export interface GatewayOptions {
  /** Settings that differ from `DEFAULT_SETTINGS`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The users. @default - none, so that nobody can log in */
  readonly users?: readonly TestUser[];
  /** Further files, by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Port that Caddy listens on inside of the container. @default 8080 */
  readonly port?: number;
  /** Scheme for the readiness check and `origin`. @default "http" */
  readonly scheme?: "http" | "https";
  /** Host name that the readiness check asks for. @default "localhost" */
  readonly hostname?: string;
  /** Range of the network, for tests that need addresses of their own choice. @default - one that Docker chooses */
  readonly subnet?: string;
  /** Further options of `docker create`. */
  readonly flags?: readonly string[];
  /** Folder with the gateway's files. @default - the repository's */
  readonly folder?: string;
  /** Called when the network is there, before the gateway starts; gives options that it could not know before. */
  readonly prepare?: (network: string) => Promise<GatewayOptions>;
}

/** Settings of a gateway for bundled services, with a limit that no test reaches by accident. */
export const DEFAULT_SETTINGS: Readonly<Record<string, string>> = {
  SITE_ADDRESS: "http://:8080",
  URL_ORIGIN: "http://localhost:8080",
  URL_SCHEME: "http",
  URL_HOSTNAME: "localhost",
  URL_PORT: "443",
  UPSTREAM: "mlflow-server:5000",
  UPSTREAM_KEY: "/dev/null",
  UPSTREAM_WAIT: "10s",
  TLS: "none",
  AUTH_METHOD: "basic",
  CONSOLE_AUTH_METHOD: "basic",
  TRANSFERS: "direct",
  STORE: "mlflow-minio:9000",
  STORE_AUTHORITY: "public",
  STORE_PATH: "mlflow",
  STORE_SCHEME: "http",
  CONSOLE: "off",
  S3_API: "off",
  FEATURES: "traces",
  CONNECTIONS: "2000",
  RATE_LIMIT_EVENTS: "100000",
  RATE_LIMIT_WINDOW: "1s",
  FAILED_LOGINS_PER_ADDRESS: "100000",
  FAILED_LOGINS_PER_USER: "100000",
  FAILED_LOGINS_WINDOW: "1m",
  STRICT_TRANSPORT_SECURITY: "",
  CONTENT_SECURITY_POLICY: "default-src 'none'",
  CONTENT_SECURITY_POLICY_REPORT_ONLY: "",
  ACCESS_LOG: "stdout",
  ACCESS_LOG_IPV4_BITS: "32",
  ACCESS_LOG_IPV6_BITS: "128",
};

/** A running gateway: the real image with the repository's files, hardened as in a deployment. */
export class GatewayContainer {
  /** Address as seen from the test. */
  public origin = "";

  private constructor(
    public readonly name: string,
    /** Its network. */
    public readonly network: string,
    private readonly options: GatewayOptions,
  ) {}

  /** Starts a gateway whose names `mlflow-server` and `mlflow-minio` lead to the machine that runs the test. */
  public static async start(given: GatewayOptions): Promise<GatewayContainer> {
    const name = `gateway-test-${randomBytes(4).toString("hex")}`;
    await docker("network", "create", ...(given.subnet ? ["--subnet", given.subnet] : []), name);
    try {
      const options = { ...given, ...(await given.prepare?.(name)) };
      const port = options.port ?? 8080;
      await createContainer(name, options, [
        ...["--network", name, "--publish", `127.0.0.1::${port}`],
        ...["--add-host", "mlflow-server:host-gateway", "--add-host", "mlflow-minio:host-gateway"],
        ...(options.flags ?? []),
      ]);
      const gateway = new GatewayContainer(name, name, options);
      await gateway.restart();
      return gateway;
    } catch (error) {
      const logs = await docker("logs", name).catch(() => "");
      await removeAll(name);
      throw new Error(`the gateway did not start: ${String(error)}\n${logs}`);
    }
  }

  /** Starts it again, after which `origin` is another. */
  public async restart(): Promise<void> {
    await docker("restart", "--time", "5", this.name);
    this.origin = await this.address(this.options.port ?? 8080, this.options.scheme);
    await this.ready();
  }

  /** Address of a published port, as seen from the test. */
  public async address(port: number, scheme = "http"): Promise<string> {
    const published = await docker("port", this.name, `${port}/tcp`);
    return `${scheme}://${published.trim().split("\n")[0]}`;
  }

  /** Starts another container of the same image on the gateway's network, reachable there by `alias`. */
  public async startNeighbour(alias: string, ...command: string[]): Promise<void> {
    const name = `${this.name}-${alias}`;
    await docker(
      "run",
      "--detach",
      "--name",
      name,
      "--network",
      this.network,
      "--network-alias",
      alias,
      GATEWAY_IMAGE,
      ...command,
    );
  }

  /** What a command prints inside of the container. */
  public exec(...command: string[]): Promise<string> {
    return docker("exec", this.name, ...command);
  }

  /** Seconds of a core that it has used so far. */
  public async cpuSeconds(): Promise<number> {
    const [v2, v1] = ["/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpuacct/cpuacct.usage"];
    const text = await this.exec("sh", "-c", `cat ${v2} 2>/dev/null || cat ${v1}`);
    const [, microseconds] = /^usage_usec (\d+)$/m.exec(text) ?? [];
    return microseconds === undefined ? Number(text) / 1e9 : Number(microseconds) / 1e6;
  }

  /** Everything it has logged, one entry a line. */
  public async logLines(): Promise<string[]> {
    const { stdout, stderr } = await run("docker", ["logs", this.name], { maxBuffer: 256 * 1024 * 1024 });
    return (stdout + stderr).split("\n").filter((line) => line !== "");
  }

  public async remove(): Promise<void> {
    await removeAll(this.name);
  }

  private async ready(): Promise<void> {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const status = await send(this.origin, {
        path: "/healthz",
        headers: [["Host", this.options.hostname ?? "localhost"]],
      }).then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 200) return;
      if (Date.now() > deadline) throw new Error("no answer from /healthz within 20 s");
      await new Promise((wake) => setTimeout(wake, 100));
    }
  }
}

/** Runs `caddy` once with the gateway's files and settings. Resolves with exit code and output. */
export async function runCaddy(
  command: readonly string[],
  options: Pick<GatewayOptions, "settings" | "users" | "files"> = {},
): Promise<{ exitCode: number; output: string }> {
  const name = `gateway-test-${randomBytes(4).toString("hex")}`;
  await createContainer(name, options, [], ["caddy", ...command]);
  try {
    const { stdout, stderr } = await run("docker", ["start", "--attach", name]);
    return { exitCode: 0, output: stdout + stderr };
  } catch (error) {
    const failed = error as { code?: unknown; stdout?: string; stderr?: string };
    if (typeof failed.code !== "number") throw error;
    return { exitCode: failed.code, output: `${failed.stdout ?? ""}${failed.stderr ?? ""}` };
  } finally {
    await removeAll(name);
  }
}

const hashes = new Map<string, Promise<string>>();

/** The bcrypt hash of a password, made by the image's own Caddy, once. */
function hashPassword({ password, cost = 4 }: TestUser): Promise<string> {
  const key = `${cost} ${password}`;
  const known = hashes.get(key) ?? computeHash(password, cost);
  hashes.set(key, known);
  return known;
}

function computeHash(password: string, cost: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const hash = ["hash-password", "--algorithm", "bcrypt", "--bcrypt-cost", String(cost)];
    const child = spawn("docker", ["run", "--rm", "--interactive", GATEWAY_IMAGE, "caddy", ...hash]);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(stdout.trim());
      else reject(new Error(`${GATEWAY_IMAGE}: caddy hash-password failed with ${code}: ${stderr}`));
    });
    child.stdin.end(`${password}\n`);
  });
}

/** Creates, without starting. Files are copied and not mounted, so that a remote engine works too. */
async function createContainer(
  name: string,
  options: Pick<GatewayOptions, "settings" | "users" | "files" | "folder">,
  flags: readonly string[],
  command: readonly string[] = [],
): Promise<void> {
  const settings = Object.entries({ ...DEFAULT_SETTINGS, ...options.settings });
  const hardening = ["--user", "1000:1000", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true"];
  const environment = settings.flatMap(([key, value]) => ["--env", `${key}=${value}`]);
  await docker("create", "--name", name, ...hardening, ...environment, ...flags, GATEWAY_IMAGE, ...command);
  const users = options.users ?? [];
  const files: Record<string, string> = {
    "/etc/caddy/users.json": JSON.stringify(users.map(({ name, role }) => ({ name, role }))),
    ...options.files,
  };
  for (const user of users) files[`/run/secrets/users/${user.name}`] = await hashPassword(user);

  const folder = await mkdtemp(join(tmpdir(), "gateway-test-"));
  try {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    // as deployed: readable for the user of the container.
    await run("chmod", ["-R", "a+rX", folder]);
    await docker("cp", `${options.folder ?? CADDY_FOLDER}/.`, `${name}:/etc/caddy`);
    await docker("cp", `${folder}/.`, `${name}:/`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function removeAll(name: string): Promise<void> {
  const containers = await docker("ps", "--all", "--quiet", "--filter", `name=${name}`);
  const ids = containers.split("\n").filter((id) => id !== "");
  if (ids.length > 0) await docker("rm", "--force", "--volumes", ...ids);
  await docker("network", "rm", name).catch(() => undefined);
}

async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run("docker", args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}
