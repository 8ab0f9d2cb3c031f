import { imageName, RELEASES } from "../../../lib/values/releases";
import { eventually, run, runOk } from "../run";
import { offlineSettings } from "../stacks/deployment";
import type { Variables } from "../stacks/deployment";
import { hostAddress } from "./host-address";

const ROOT = { MINIO_ROOT_USER: "root-of-the-store", MINIO_ROOT_PASSWORD: "secret-of-the-root" };
const SSH_IMAGE = "soak-ssh-server";
// The package lists of an unreleased Debian may have expired. Their signatures are still checked.
const SSH_DOCKERFILE = `
FROM localhost/cdktf-mlflow/debian:forky
RUN apt-get -o Acquire::Check-Valid-Until=false update \\
 && apt-get install --yes --no-install-recommends openssh-client openssh-server \\
 && rm -rf /var/lib/apt/lists/* && mkdir -p /run/sshd \\
 && useradd --create-home --shell /bin/sh mlflow \\
 && install --directory --owner mlflow --group mlflow --mode 0700 /srv/backup /home/mlflow/.ssh
`;

/** What a policy of S3 lets a key do with a bucket. */
export const RIGHTS = {
  /** What docs/backup.md names. */
  backups: ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
  reading: ["s3:ListBucket", "s3:GetObject"],
} as const;

/** Runs a server on the host's own network, so that services of a stack reach it as they reach another machine. */
async function startOnHost(name: string, args: string[]): Promise<void> {
  await run("docker", ["rm", "--force", "--volumes", name]);
  await runOk("docker", ["run", "--detach", "--name", name, "--network", "host", ...args]);
}

/** An S3 server that is not the store of any stack. */
export class S3Server {
  public static async start(name: string, port: number): Promise<S3Server> {
    const address = `${await hostAddress()}:${port}`;
    const { MINIO_IMAGE = imageName(RELEASES.silo) } = await offlineSettings();
    const root = Object.entries(ROOT).flatMap(([variable, value]) => ["--env", `${variable}=${value}`]);
    await startOnHost(name, [...root, MINIO_IMAGE, "server", "/data", "--address", address]);
    const server = new S3Server(name, address);
    await eventually(`${name} answers`, 60, async () => (await server.mc(["ls", "s"])) !== undefined);
    return server;
  }

  private constructor(
    private readonly name: string,
    private readonly address: string,
  ) {}

  /** Address of its API. */
  public get endpoint(): string {
    return `http://${this.address}`;
  }

  /** Runs MinIO's client as the root user of the server, which is `s`. */
  public mc(args: string[], input?: string): Promise<string> {
    const host = `MC_HOST_s=http://${ROOT.MINIO_ROOT_USER}:${ROOT.MINIO_ROOT_PASSWORD}@${this.address}`;
    return runOk("docker", ["exec", "--interactive", "--env", host, this.name, "mc", ...args], { input });
  }

  /** Creates a user that may do some things with one bucket, and nothing else. */
  public async createUser(user: string, bucket: string, actions: readonly string[]): Promise<Variables> {
    const secret = `secret-of-${user}`;
    const policy = {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: actions, Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`] },
      ],
    };
    await this.mc(["admin", "user", "add", "s", user, secret]);
    await this.mc(["admin", "policy", "create", "s", user, "/dev/stdin"], JSON.stringify(policy));
    await this.mc(["admin", "policy", "attach", "s", user, "--user", user]);
    return { BACKUP_ACCESS_KEY_ID: user, BACKUP_SECRET_ACCESS_KEY: secret };
  }

  public async stop(): Promise<void> {
    await runOk("docker", ["stop", "--time", "2", this.name]);
  }

  public async startAgain(): Promise<void> {
    await runOk("docker", ["start", this.name]);
    await eventually(`${this.name} answers`, 60, () => this.mc(["ls", "s"]));
  }

  public async remove(): Promise<void> {
    await run("docker", ["rm", "--force", "--volumes", this.name]);
  }
}

/** Debian's OpenSSH server with a user `mlflow` and the folder `/srv/backup`, with the host keys that Debian makes. */
export class SshServer {
  public static async start(name: string, port: number): Promise<SshServer> {
    await runOk("docker", ["build", "--tag", SSH_IMAGE, "-"], { input: SSH_DOCKERFILE, env: { DOCKER_BUILDKIT: "0" } });
    const host = await hostAddress();
    const options = [`ListenAddress=${host}:${port}`, "PasswordAuthentication=no"].flatMap((option) => ["-o", option]);
    const full = ["--tmpfs", "/srv/full:size=1m,mode=0777"];
    await startOnHost(name, [...full, SSH_IMAGE, "/usr/sbin/sshd", "-D", "-e", ...options]);
    const server = new SshServer(name, host, port);
    await eventually(`${name} answers`, 30, async () => (await server.knownHosts()) !== "");
    return server;
  }

  private constructor(
    private readonly name: string,
    private readonly host: string,
    private readonly port: number,
  ) {}

  /** A target on it. */
  public target(path = "/srv/backup"): string {
    return `sftp://mlflow@${this.host}:${this.port}${path}`;
  }

  /** Its host keys, as `ssh-keyscan` prints them with some options. */
  public async knownHosts(options: readonly string[] = []): Promise<string> {
    const scan = ["ssh-keyscan", ...options, "-p", this.port, this.host, "2>/dev/null"];
    return (await this.shell(scan.join(" "))).trim();
  }

  /** A line for it with a host key that it does not have. */
  public async keyOfAnotherHost(): Promise<string> {
    await this.createKey(false);
    return `[${this.host}]:${this.port} ${await this.shell("cut -d ' ' -f 1,2 /tmp/key.pub")}`.trim();
  }

  /** A new private key. Its user may log in with it if `isKnown`. */
  public createKey(isKnown: boolean): Promise<string> {
    const known = "install --owner mlflow --mode 0600 /tmp/key.pub /home/mlflow/.ssh/authorized_keys";
    return this.shell(
      `rm -f /tmp/key* && ssh-keygen -q -t ed25519 -N '' -f /tmp/key && ${isKnown ? known : ":"} && cat /tmp/key`,
    );
  }

  /** Runs a shell line in the server's container, as root. */
  public shell(line: string): Promise<string> {
    return runOk("docker", ["exec", this.name, "sh", "-c", line]);
  }

  public async stop(): Promise<void> {
    await runOk("docker", ["stop", "--time", "2", this.name]);
  }

  public async startAgain(): Promise<void> {
    await runOk("docker", ["start", this.name]);
    await eventually(`${this.name} answers`, 30, async () => (await this.knownHosts()) !== "");
  }

  public async remove(): Promise<void> {
    await run("docker", ["rm", "--force", "--volumes", this.name]);
    await run("docker", ["rmi", SSH_IMAGE]);
  }
}
