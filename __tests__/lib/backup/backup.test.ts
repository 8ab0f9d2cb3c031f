import {
  Backup,
  BackupTarget,
  DataSize,
  ExternalPostgres,
  MinioStore,
  PostgresStore,
  S3Store,
  Secret,
  ServiceImage,
} from "../../../lib";
import type { BackupOptions, IArtifactStore, IBackendStore, S3StoreOptions } from "../../../lib";
import type { TerraformStack } from "cdktf";
import { RELEASES } from "../../../lib/values/releases";
import { container, environment, file, synth, testStack } from "../../support/stacks/synth";

const IMAGE = ServiceImage.registry("registry.example.com/mlflow-backup:1.0.0");
const KNOWN_HOSTS = "nas.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE\n";
const KEYS = { accessKeyId: Secret.variable("backup_key_id"), secretAccessKey: Secret.variable("backup_key") };

const folder = () => BackupTarget.folder("/mnt/nas/mlflow");
const sftp = (options: Partial<Parameters<typeof BackupTarget.sftp>[0]> = {}) =>
  BackupTarget.sftp({
    host: "nas.example.com",
    user: "mlflow",
    path: "/srv/backup",
    privateKey: Secret.variable("ssh_key"),
    knownHosts: KNOWN_HOSTS,
    ...options,
  });
const s3 = (options: Partial<Parameters<typeof BackupTarget.s3>[0]> = {}) =>
  BackupTarget.s3({ bucket: "backups", ...KEYS, ...options });

interface Stores {
  readonly backendStore?: (stack: TerraformStack) => IBackendStore;
  readonly artifactStore?: (stack: TerraformStack) => IArtifactStore;
}

function backupStack(options: Partial<BackupOptions> = {}, stores: Stores = {}) {
  const { stack, network } = testStack();
  const backup = new Backup(stack, "backup", {
    network,
    backendStore: stores.backendStore?.(stack) ?? new PostgresStore(stack, "postgres", { network }),
    artifactStore: stores.artifactStore?.(stack) ?? new MinioStore(stack, "minio", { network }),
    target: folder(),
    image: IMAGE,
    ...options,
  });
  return { stack, backup };
}

const s3Store = (options: Partial<S3StoreOptions>) => (stack: TerraformStack) =>
  new S3Store(stack, "s3", {
    bucket: "models",
    accessKeyId: Secret.variable("key_id"),
    secretAccessKey: Secret.variable("key"),
    ...options,
  });

const networksOf = (stack: TerraformStack) =>
  container(stack, "backup").networks_advanced.map(({ name }: { name: string }) => /network_([a-z]+)_/.exec(name)?.[1]);

describe("Backup", () => {
  test("with minimal properties", () => {
    const { stack } = backupStack();
    const { resource, variable } = synth(stack);
    const own = Object.entries(resource).map(([type, byName]) => [
      type,
      Object.fromEntries(Object.entries(byName).filter(([name]) => name.startsWith("backup"))),
    ]);

    expect({ resource: Object.fromEntries(own), variable }).toMatchSnapshot();
  });

  test("has an image that is built from this package, and changes with the arguments of its build", () => {
    const image = (options: Partial<BackupOptions>) => {
      const { stack } = backupStack({ image: undefined, ...options });
      return Object.values(synth(stack).resource.docker_image ?? {}).find(({ build }) => build);
    };
    const [first, second] = [image({}), image({ buildArguments: { GOPROXY: "https://proxy.example.com" } })];

    expect(first?.name).toMatch(new RegExp(`^cdktf-mlflow/backup:${RELEASES.backup.kopia.version}-[0-9a-f]{12}$`));
    expect(second?.build.build_args).toMatchObject({ GOPROXY: "https://proxy.example.com" });
    expect(second?.name).not.toBe(first?.name);
  });

  test("starts after its stores, the bucket among them", () => {
    expect(container(backupStack().stack, "backup").depends_on).toEqual([
      "docker_container.postgres",
      "docker_container.minio_bucket_19E8FDA6",
    ]);
  });

  test("has the keys of both stores and the passphrase in secret files only", () => {
    const { stack } = backupStack();
    const { upload, ...rest } = container(stack, "backup");
    const paths = upload.map(({ file }: { file: string }) => file);

    expect(paths).toEqual([
      "/run/secrets/pg_service.conf",
      "/run/secrets/aws-credentials",
      "/run/secrets/backup-passphrase",
    ]);
    expect(JSON.stringify(rest)).not.toMatch(/random_password|var\./);
    expect(file(stack, "backup", "/run/secrets/backup-passphrase")).toMatch(
      /^\$\{random_password\.backup_passphrase_\w+\.result\}$/,
    );
  });

  test("has what MLflow encrypts with in files of their own", () => {
    const { stack, network } = testStack();
    new Backup(stack, "backup", {
      network,
      backendStore: new PostgresStore(stack, "postgres", { network }),
      artifactStore: new MinioStore(stack, "minio", { network }),
      target: folder(),
      image: IMAGE,
      secrets: { MLFLOW_CRYPTO_KEK_PASSPHRASE: Secret.variable("kek").bind(stack, "kek") },
    });

    expect(file(stack, "backup", "/run/secrets/mlflow/MLFLOW_CRYPTO_KEK_PASSPHRASE")).toBe("${var.kek}");
  });

  test("passes its options to the program", () => {
    const { stack } = backupStack({
      schedule: "30 2 * * *",
      drillSchedule: "0 5 * * sun",
      keep: { hourly: 0, daily: 14 },
      memory: DataSize.gibibytes(1),
    });

    expect(environment(stack, "backup")).toMatchObject({
      BACKUP_SCHEDULE: "30 2 * * *",
      BACKUP_DRILL_SCHEDULE: "0 5 * * sun",
      BACKUP_KEEP: "hourly=0,daily=14,weekly=5,monthly=12",
    });
    expect(container(stack, "backup")).toMatchObject({ memory: 1024, memory_swap: 1024 });
  });

  test("lets Terraform refuse a given passphrase that is too short or would not survive as a line", () => {
    const { stack } = backupStack({ passphrase: Secret.variable("backup_passphrase") });

    expect(file(stack, "backup", "/run/secrets/backup-passphrase")).toBe("${var.backup_passphrase}");
    expect(synth(stack).variable?.backup_passphrase?.validation).toEqual([
      {
        condition: "${length(var.backup_passphrase) >= 16}",
        error_message: "The passphrase of backups must have at least 16 characters.",
      },
      {
        condition:
          '${var.backup_passphrase == trimspace(var.backup_passphrase) && length(regexall("[\\\\r\\\\n]", var.backup_passphrase)) == 0}',
        error_message: "The passphrase of backups must not begin or end with a blank, or hold a line break.",
      },
    ]);
  });

  test.each([
    [
      "'schedule'",
      { schedule: "0 3 31 2 *" },
      "must name a day that exists, because no month of '2' has a day of '31', got: '0 3 31 2 *'",
    ],
    [
      "'drillSchedule'",
      { drillSchedule: "never" },
      "must be five fields of cron, such as '15 3 * * *', or one of @hourly, @daily, @weekly, @monthly, @yearly, got: 'never'",
    ],
    ["'memory'", { memory: DataSize.mebibytes(128) }, "must be at least 256 MiB, got: 128 MiB"],
    ["'keep.daily'", { keep: { daily: -1 } }, "must be a whole number of 0 or more, got: -1"],
    [
      "'keep'",
      { keep: { hourly: 0, daily: 0, weekly: 0, monthly: 0 } },
      "must keep a backup: one of its numbers must be 1 or more",
    ],
  ])("refuses a wrong %s", (prop, options, rule) => {
    expect(() => backupStack(options)).toThrow(`${prop} ${rule} [test/backup]`);
  });
});

describe("A backup's egress", () => {
  test("does not exist for targets on the engine's host beside stores of the stack", () => {
    expect(networksOf(backupStack().stack)).toEqual(["internal"]);
    expect(networksOf(backupStack({ target: BackupTarget.volume() }).stack)).toEqual(["internal"]);
  });

  test("exists for targets elsewhere", () => {
    expect(networksOf(backupStack({ target: s3() }).stack)).toEqual(["internal", "egress"]);
    expect(networksOf(backupStack({ target: sftp() }).stack)).toEqual(["internal", "egress"]);
  });

  test("exists for a store elsewhere", () => {
    const password = Secret.variable("db_password");
    const backendStore = (stack: TerraformStack) =>
      new ExternalPostgres(stack, "db", { host: "db.example.com", database: "mlflow", username: "mlflow", password });

    expect(networksOf(backupStack({}, { backendStore }).stack)).toEqual(["internal", "egress"]);
    expect(networksOf(backupStack({}, { artifactStore: s3Store({}) }).stack)).toEqual(["internal", "egress"]);
  });
});

describe("BackupTarget.folder()", () => {
  test("is mounted, and keeps the state on a volume of its own", () => {
    const { stack } = backupStack();

    expect(container(stack, "backup").volumes).toEqual([
      { container_path: "/var/lib/mlflow-backup", volume_name: "test-backup-state" },
      { container_path: "/backup", host_path: "/mnt/nas/mlflow" },
    ]);
    expect(environment(stack, "backup").BACKUP_TARGET).toBe("file:///backup");
  });

  test("must be absolute", () => {
    expect(() => backupStack({ target: BackupTarget.folder("backups") })).toThrow(
      "'hostPath' must be an absolute path on the engine's host, got: 'backups' [test/backup/target]",
    );
  });
});

describe("BackupTarget.volume()", () => {
  test("is a volume of its own, with a warning", () => {
    const { stack, backup } = backupStack({ target: BackupTarget.volume() });

    expect(container(stack, "backup").volumes).toContainEqual({
      container_path: "/backup",
      volume_name: "test-backup-target",
    });
    expect(environment(stack, "backup").BACKUP_TARGET).toBe("file:///backup");
    expect(backup.node.metadata.map(({ type, data }) => [type, data])).toEqual([
      [
        "@cdktf/warn",
        "'target' is on the disk of the data: these backups help against mistakes, but not against a lost disk or machine; use BackupTarget.folder() with another disk, BackupTarget.s3() or BackupTarget.sftp()",
      ],
    ]);
  });

  test("is the only target that is warned of", () => {
    for (const target of [folder(), s3(), sftp()]) expect(backupStack({ target }).backup.node.metadata).toEqual([]);
  });
});

describe("BackupTarget.s3()", () => {
  test("has its keys in a file of its own, beside those of the artifacts", () => {
    const { stack } = backupStack({
      target: s3({
        prefix: "mlflow/prod",
        endpoint: "https://s3.example.com:443/",
        region: "eu-central-1",
        caCertificate: "PEM\n",
      }),
    });

    expect(environment(stack, "backup")).toMatchObject({
      BACKUP_TARGET: "s3://backups/mlflow/prod",
      BACKUP_TARGET_ENDPOINT: "https://s3.example.com",
      BACKUP_TARGET_REGION: "eu-central-1",
    });
    expect(file(stack, "backup", "/run/secrets/backup-target-credentials")).toBe(
      "[default]\naws_access_key_id = ${var.backup_key_id}\naws_secret_access_key = ${var.backup_key}\n",
    );
    expect(file(stack, "backup", "/etc/mlflow-backup/target-ca.pem")).toBe("PEM\n");
    expect(file(stack, "backup", "/run/secrets/aws-credentials")).toContain("random_password.minio_access-key");
  });

  test("is Amazon's without an endpoint", () => {
    const settings = environment(backupStack({ target: s3() }).stack, "backup");

    expect(settings).toMatchObject({ BACKUP_TARGET: "s3://backups", BACKUP_TARGET_REGION: "us-east-1" });
    expect(settings).not.toHaveProperty("BACKUP_TARGET_ENDPOINT");
  });

  test.each([
    ["at Amazon", {}, {}],
    ["in another folder", { prefix: "mlflow" }, { prefix: "backups" }],
    ["at Amazon by two addresses", { region: "eu-central-1", pathStyle: true }, {}],
    ["at one endpoint", { endpoint: "https://s3.example.com" }, { endpoint: "https://S3.example.com:443/" }],
  ])("must not be the bucket of the artifacts, %s", (_where, store, target) => {
    expect(() =>
      backupStack({ target: s3({ bucket: "models", ...target }) }, { artifactStore: s3Store(store) }),
    ).toThrow(
      "'bucket' must be another one than that of the artifacts, because whatever deletes that one would take the backups with it, got: 'models' [test/backup]",
    );
  });

  test("may be a bucket of the same name elsewhere", () => {
    const target = s3({ bucket: "models", endpoint: "https://s3.example.com" });

    expect(() => backupStack({ target }, { artifactStore: s3Store({}) })).not.toThrow();
    expect(() => backupStack({ target: s3({ bucket: "mlflow" }) })).not.toThrow();
  });

  test.each([
    [{ bucket: "My Bucket" }, /^'bucket' must be 3 to 63 of .*, got: 'My Bucket' \[test\/backup\]$/],
    [{ prefix: "/mlflow" }, /^'prefix' must be words of .*, got: '\/mlflow' \[test\/backup\]$/],
    [
      { endpoint: "https://key:secret@s3.example.com" },
      /^'endpoint' must be an address such as 'https:\/\/s3\.example\.com', without keys, path or query \[test\/backup\]$/,
    ],
    [
      { endpoint: "http://localhost:9000" },
      /^'endpoint' must be a name or address that containers reach, .*, got: 'localhost' \[test\/backup\]$/,
    ],
  ])("refuses %j", (options, message) => {
    expect(() => backupStack({ target: s3(options) })).toThrow(message);
  });
});

describe("BackupTarget.sftp()", () => {
  test("has its key in a secret file, and the host keys beside it", () => {
    const { stack } = backupStack({ target: sftp() });

    expect(environment(stack, "backup").BACKUP_TARGET).toBe("sftp://mlflow@nas.example.com/srv/backup");
    expect(file(stack, "backup", "/run/secrets/backup-target-ssh-key")).toBe("${var.ssh_key}");
    expect(file(stack, "backup", "/etc/mlflow-backup/known_hosts")).toBe(KNOWN_HOSTS);
    expect(synth(stack).variable?.ssh_key?.validation).toEqual([
      {
        condition: expect.stringContaining("PRIVATE KEY"),
        error_message: "The private key must be in PEM or OpenSSH form, without a passphrase.",
      },
    ]);
  });

  test.each([
    [
      { port: 2222, knownHosts: "[nas.example.com]:2222 ssh-ed25519 AAAA" },
      "sftp://mlflow@nas.example.com:2222/srv/backup",
    ],
    [{ host: "fd00::7", knownHosts: "fd00::7 ssh-ed25519 AAAA" }, "sftp://mlflow@[fd00::7]/srv/backup"],
    [{ knownHosts: "|1|aGFzaA==|aGFzaA== ssh-ed25519 AAAA" }, "sftp://mlflow@nas.example.com/srv/backup"],
  ])("with %j is at %s", (options, target) => {
    expect(environment(backupStack({ target: sftp(options) }).stack, "backup").BACKUP_TARGET).toBe(target);
  });

  test.each([
    [
      { host: "localhost" },
      "'host' must be a name or address that containers reach, because inside a container 'localhost' is the container itself; use the address of the machine, got: 'localhost'",
    ],
    [{ host: "nas/x" }, "'host' must be a host name or an IP address, got: 'nas/x'"],
    [{ port: 0 }, "'port' must be a whole number of 1 to 65535, got: 0"],
    [{ user: "a@b" }, "'user' must be of letters, digits, '.', '_' and '-', got: 'a@b'"],
    [
      { path: "backup" },
      "'path' must be an absolute path of letters, digits, '.', '_' and '-' with '/' between them, got: 'backup'",
    ],
    [
      { path: "/srv/../etc" },
      "'path' must be an absolute path of letters, digits, '.', '_' and '-' with '/' between them, got: '/srv/../etc'",
    ],
    [
      { knownHosts: "" },
      "'knownHosts' must have a line for 'nas.example.com', as 'ssh-keyscan nas.example.com' prints it",
    ],
    [
      { port: 2222 },
      "'knownHosts' must have a line for '[nas.example.com]:2222', as 'ssh-keyscan -p 2222 nas.example.com' prints it",
    ],
    [
      { knownHosts: `# ${KNOWN_HOSTS}@revoked ${KNOWN_HOSTS}` },
      "'knownHosts' must have a line for 'nas.example.com', as 'ssh-keyscan nas.example.com' prints it",
    ],
  ])("refuses %j", (options, message) => {
    expect(() => backupStack({ target: sftp(options) })).toThrow(`${message} [test/backup]`);
  });
});
