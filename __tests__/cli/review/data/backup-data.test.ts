import { reviewPlan } from "../../../../cli/review/findings/review-plan";
import { render } from "../../../../cli/review/render/render";
import { secretsOf } from "../../../../cli/review/secrets/secrets";
import type { Plan, Values } from "../../../../cli/terraform/json/plan-json";
import { PlanBuilder, ourContainer, upload } from "../../../support/plans/plan-builder";

const SECRET = "jK3sP9wQ2xZ7vB5n";

/** A backup service with these settings, as a state has it. */
function backup(settings: { [name: string]: string } = {}, more: Values = {}): Values {
  const all = {
    BACKUP_TARGET: "s3://backups/mlflow",
    BACKUP_SCHEDULE: "@hourly",
    BACKUP_DRILL_SCHEDULE: "@weekly",
    BACKUP_KEEP: "hourly=24,daily=7,weekly=5,monthly=12",
    ...settings,
  };
  return ourContainer("mlflow-backup", {
    labels: [{ label: "cdktf-mlflow.role", value: "backup" }],
    env: Object.entries(all).map(([name, value]) => `${name}=${value}`),
    upload: [upload("/run/secrets/backup-passphrase", SECRET)],
    ...more,
  });
}

/** A target on the engine's host. */
const local = (mount: Values) =>
  backup({ BACKUP_TARGET: "file:///backup" }, { volumes: [{ container_path: "/backup", ...mount }] });

const plan = (before: Values | null, after: Values | null) =>
  new PlanBuilder().resource("docker_container.backup", before, after, { sensitive: ["upload"] }).build();
const shown = (of: Plan) => render(reviewPlan(of, "mlflow"), "text", secretsOf(of));
const dataOf = (of: Plan) => reviewPlan(of, "mlflow").data.map(({ effect }) => effect);

describe("A review warns, under data, of backups that", () => {
  test.each<[string, Values | null, Values | null, string]>([
    [
      "are switched off",
      backup(),
      null,
      "no backups are made any more; those in 's3://backups/mlflow' stay, and nothing deletes them",
    ],
    [
      "go to another bucket",
      backup(),
      backup({ BACKUP_TARGET: "s3://other" }),
      "backups go to 's3://other' instead of 's3://backups/mlflow': those in the old place stay there, are not moved, and no restore sees them",
    ],
    [
      "go to a bucket of the same name elsewhere",
      backup(),
      backup({ BACKUP_TARGET_ENDPOINT: "https://s3.example.com" }),
      "backups go to 's3://backups/mlflow at https://s3.example.com' instead of 's3://backups/mlflow'",
    ],
    [
      "go to another folder",
      local({ host_path: "/mnt/nas" }),
      local({ host_path: "/srv/backup" }),
      "backups go to '/srv/backup' instead of '/mnt/nas'",
    ],
    [
      "go to a volume instead of a folder",
      local({ host_path: "/mnt/nas" }),
      local({ volume_name: "mlflow-backup-target" }),
      "backups go to 'mlflow-backup-target' instead of '/mnt/nas'",
    ],
    [
      "are on the disk of the data from then on",
      local({ host_path: "/mnt/nas" }),
      local({ volume_name: "mlflow-backup-target" }),
      "backups go to the volume 'mlflow-backup-target', on the disk of the data: they help against mistakes, and not against a lost disk or machine",
    ],
    [
      "begin on the disk of the data",
      null,
      local({ volume_name: "mlflow-backup-target" }),
      "backups go to the volume 'mlflow-backup-target', on the disk of the data",
    ],
    [
      "do not stay as long",
      backup(),
      backup({ BACKUP_KEEP: "hourly=48,daily=7,weekly=5,monthly=6" }),
      "fewer backups stay: 'hourly=48,daily=7,weekly=5,monthly=6' instead of 'hourly=24,daily=7,weekly=5,monthly=12'; the next run deletes the others for good",
    ],
    [
      "are made at other times",
      backup(),
      backup({ BACKUP_SCHEDULE: "@daily" }),
      "backups are made by the schedule '@daily' instead of '@hourly', in UTC",
    ],
    [
      "are tried at other times",
      backup(),
      backup({ BACKUP_DRILL_SCHEDULE: "@yearly" }),
      "a restore is tried by the schedule '@yearly' instead of '@weekly', in UTC",
    ],
    [
      "have another passphrase",
      backup(),
      backup({}, { upload: [upload("/run/secrets/backup-passphrase", "another passphrase")] }),
      "the passphrase of the backups is another one: the target refuses it as long as it has backups with the old one, and none is made",
    ],
  ])("%s", (_what, before, after, finding) => {
    const text = shown(plan(before, after));

    expect(text).toContain(`look     ${finding}`);
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain("deletes no data");
  });
});

describe("A review has nothing to say of data if backups", () => {
  test.each<[string, Values | null, Values]>([
    ["begin", null, backup()],
    ["stay longer", backup(), backup({ BACKUP_KEEP: "hourly=48,daily=7,weekly=5,monthly=12" })],
    ["get more memory", backup(), backup({}, { memory: 512, memory_swap: 512 })],
    ["stay as they are", backup(), backup()],
  ])("%s", (_what, before, after) => {
    expect(dataOf(plan(before, after))).toEqual([]);
  });
});

test("A folder that holds data only is no danger as a target of backups, and any other folder is one", () => {
  const dangers = (after: Values) => reviewPlan(plan(null, after), "mlflow").access.filter(({ danger }) => danger);

  expect(dangers(local({ host_path: "/mnt/nas/mlflow" }))).toEqual([]);
  expect(dangers(local({ host_path: "/etc" }))).toHaveLength(1);
  expect(dangers(backup({}, { volumes: [{ container_path: "/elsewhere", host_path: "/mnt/nas" }] }))).toHaveLength(1);
});
