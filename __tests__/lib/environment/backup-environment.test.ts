import { StackEnvironment } from "../../../lib";
import { container, environment, file, mlflowStack, synth } from "../../support/stacks/synth";

const IMAGE = { BACKUP_IMAGE: "registry.example.com/mlflow-backup:1.0.0" };
const S3 = {
  BACKUP_TARGET: "s3://backups/mlflow",
  BACKUP_ACCESS_KEY_ID: "AKIAEXAMPLE",
  BACKUP_SECRET_ACCESS_KEY: "wJalr",
};
const SFTP = {
  BACKUP_TARGET: "sftp://mlflow@nas.example.com:2222/srv/backup",
  BACKUP_SSH_KEY: "hunter2 hunter2",
  BACKUP_KNOWN_HOSTS: "[nas.example.com]:2222 ssh-ed25519 AAAA",
};

function stackFrom(variables: { [name: string]: string }) {
  return mlflowStack(new StackEnvironment({ ...IMAGE, ...variables }).props());
}

const propsFrom = (variables: { [name: string]: string }) => () => new StackEnvironment(variables).props();

describe("BACKUP_TARGET", () => {
  test("switches backups on; its image alone does not", () => {
    expect(synth(stackFrom({}))).toEqual(synth(mlflowStack()));
    expect(synth(stackFrom({ BACKUP_TARGET: "volume:" })).resource.docker_container).toHaveProperty("backup");
  });

  test("is a folder of the host", () => {
    expect(container(stackFrom({ BACKUP_TARGET: "file:///srv/my%20backup" }), "backup").volumes).toContainEqual({
      container_path: "/backup",
      host_path: "/srv/my%20backup",
    });
  });

  test("is a bucket, and its keys go to Terraform only", () => {
    const endpoint = { BACKUP_TARGET_ENDPOINT: "https://s3.example.com", BACKUP_TARGET_REGION: "eu-central-1" };
    const stack = stackFrom({ ...S3, ...endpoint, BACKUP_TARGET_CA_CERTIFICATE: "PEM" });

    expect(environment(stack, "backup")).toMatchObject({ ...endpoint, BACKUP_TARGET: "s3://backups/mlflow" });
    expect(file(stack, "backup", "/etc/mlflow-backup/target-ca.pem")).toBe("PEM");
    expect(file(stack, "backup", "/run/secrets/backup-target-credentials")).toBe(
      "[default]\naws_access_key_id = ${var.backup_access_key_id}\naws_secret_access_key = ${var.backup_secret_access_key}\n",
    );
    expect(JSON.stringify(synth(stack))).not.toMatch(/AKIAEXAMPLE|wJalr/);
    expect(new StackEnvironment(S3).terraformVariables()).toEqual({
      TF_VAR_backup_access_key_id: "AKIAEXAMPLE",
      TF_VAR_backup_secret_access_key: "wJalr",
    });
  });

  test("is a folder of an SSH server, and its key goes to Terraform only", () => {
    const stack = stackFrom(SFTP);

    expect(environment(stack, "backup").BACKUP_TARGET).toBe(SFTP.BACKUP_TARGET);
    expect(file(stack, "backup", "/run/secrets/backup-target-ssh-key")).toBe("${var.backup_ssh_key}");
    expect(JSON.stringify(synth(stack))).not.toContain("hunter2");
    expect(new StackEnvironment(SFTP).terraformVariables()).toEqual({ TF_VAR_backup_ssh_key: "hunter2 hunter2" });
  });

  test.each([
    "/srv/backup",
    "file://srv/backup",
    "file:///",
    "file:///srv/../etc",
    "volume:backups",
    "https://backups.example.com/hunter2",
    "sftp://mlflow:hunter2@nas.example.com/srv/backup",
    "s3://backups?key=hunter2",
    "s3://backups#hunter2",
  ])("is not '%s'", (target) => {
    const [keys] = [S3, SFTP].filter(({ BACKUP_TARGET }) => BACKUP_TARGET.slice(0, 4) === target.slice(0, 4));

    expect(propsFrom({ ...keys, BACKUP_TARGET: target })).toThrow(
      /^BACKUP_TARGET must be file:\/\/\/ and an absolute path, s3:\/\/bucket\/prefix, sftp:\/\/user@host:22\/path without a password, or volume:$/,
    );
  });

  test.each([
    ["BACKUP_ACCESS_KEY_ID", "s3://", S3],
    ["BACKUP_SECRET_ACCESS_KEY", "s3://", S3],
    ["BACKUP_SSH_KEY", "sftp://", SFTP],
    ["BACKUP_KNOWN_HOSTS", "sftp://", SFTP],
  ])("needs %s for %s", (name, beginning, variables) => {
    expect(propsFrom({ ...variables, [name]: "" })).toThrow(`${name} must be set for a BACKUP_TARGET of ${beginning}`);
  });

  test.each([
    ["BACKUP_PASSPHRASE", "BACKUP_TARGET", {}],
    ["BACKUP_SCHEDULE", "BACKUP_TARGET", {}],
    ["BACKUP_DRILL_SCHEDULE", "BACKUP_TARGET", {}],
    ["BACKUP_KEEP", "BACKUP_TARGET", {}],
    ["BACKUP_TARGET_ENDPOINT", "BACKUP_TARGET=s3://…", {}],
    ["BACKUP_ACCESS_KEY_ID", "BACKUP_TARGET=s3://…", { BACKUP_TARGET: "volume:" }],
    ["BACKUP_TARGET_REGION", "BACKUP_TARGET=s3://…", SFTP],
    ["BACKUP_SSH_KEY", "BACKUP_TARGET=sftp://…", S3],
    ["BACKUP_KNOWN_HOSTS", "BACKUP_TARGET=sftp://…", { BACKUP_TARGET: "file:///srv/backup" }],
  ])("must fit %s, which has no effect without %s", (name, needed, others) => {
    expect(propsFrom({ ...others, [name]: "true" })).toThrow(
      `${name} must not be set without ${needed}, because it would have no effect: set both, or neither`,
    );
  });
});

describe("BACKUP_PASSPHRASE", () => {
  const variables = { BACKUP_TARGET: "volume:", BACKUP_PASSPHRASE: "a long passphrase" };

  test("goes to Terraform only, and is no output", () => {
    const stack = stackFrom(variables);

    expect(file(stack, "backup", "/run/secrets/backup-passphrase")).toBe("${var.backup_passphrase}");
    expect(JSON.stringify(synth(stack))).not.toContain("a long passphrase");
    expect(synth(stack).output).not.toHaveProperty("backup_passphrase");
    expect(new StackEnvironment(variables).terraformVariables()).toEqual({
      TF_VAR_backup_passphrase: "a long passphrase",
    });
  });

  test("must have 16 characters", () => {
    expect(propsFrom({ ...variables, BACKUP_PASSPHRASE: "only fifteen ch" })).toThrow(
      /^BACKUP_PASSPHRASE must have at least 16 characters, got: 15$/,
    );
    expect(propsFrom({ ...variables, BACKUP_PASSPHRASE: "only sixteen cha" })).not.toThrow();
  });
});

describe("Schedule and retention", () => {
  test("are passed on", () => {
    const settings = {
      BACKUP_SCHEDULE: "30 2 * * *",
      BACKUP_DRILL_SCHEDULE: "@monthly",
      BACKUP_KEEP: "daily=14, hourly=0",
    };

    expect(environment(stackFrom({ BACKUP_TARGET: "volume:", ...settings }), "backup")).toMatchObject({
      ...settings,
      BACKUP_KEEP: "hourly=0,daily=14,weekly=5,monthly=12",
    });
  });

  test.each(["14", "daily", "daily=x", "daily=-1", "yearly=3", "daily=1,daily=2", "daily=1,", "daily=99999"])(
    "are refused as BACKUP_KEEP=%s",
    (keep) => {
      expect(propsFrom({ BACKUP_TARGET: "volume:", BACKUP_KEEP: keep })).toThrow(
        `BACKUP_KEEP must have a number for hourly, daily, weekly, monthly, each once at most, such as hourly=24,daily=7, got: '${keep}'`,
      );
    },
  );
});
