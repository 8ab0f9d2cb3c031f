import { reviewPlan } from "../../../../cli/review/findings/review-plan";
import { renderMarkdown } from "../../../../cli/review/render/render-markdown";
import type { DataFinding } from "../../../../cli/review/model/model";
import type { Plan, Values } from "../../../../cli/terraform/json/plan-json";
import { PlanBuilder, ourContainer, ourJob, upload } from "../../../support/plans/plan-builder";
import { plain } from "../../../support/plans/reviewed";

const role = (value: string) => ({ labels: [{ label: "cdktf-mlflow.role", value }] });
const RECORDS = "mlflow-postgres-data-18";
const FILES = "mlflow-minio-data";

/** A whole stack: a side without a store has none of its own, and reaches the other host. */
interface Side {
  /** What the server writes into its stores as a mark. */
  readonly identity?: string;
  readonly database?: string;
  readonly files?: string;
  readonly host?: string;
  readonly endpoint?: string;
  readonly release?: string;
  readonly postgres?: string;
  readonly workers?: string;
}

const USUAL: Side = {
  database: RECORDS,
  files: FILES,
  host: "mlflow-postgres",
  endpoint: "http://mlflow-minio:9000",
  release: "3.17.2",
  postgres: "18.6",
};

function mounted(name: string, volume: string | undefined, path: string): Values | null {
  return volume === undefined
    ? null
    : ourContainer(`mlflow-${name}`, {
        ...role(name === "postgres" ? "database" : "object-store"),
        volumes: [{ container_path: path, volume_name: volume }],
      });
}

function server({ host = "", endpoint = "", workers = "1", identity }: Side): Values {
  return ourContainer("mlflow-server", {
    ...role("server"),
    env: [
      "MLFLOW_ARTIFACTS_DESTINATION=s3://mlflow",
      `MLFLOW_S3_ENDPOINT_URL=${endpoint}`,
      `MLFLOW_WORKERS=${workers}`,
      ...(identity === undefined ? [] : [`STACK_IDENTITY=${identity}`]),
    ],
    upload: [upload("/run/secrets/pg_service.conf", `[mlflow]\nhost=${host}\nport=5432\ndbname=mlflow\n`)],
  });
}

function plan(change: Side): Plan {
  const after = { ...USUAL, ...change };
  const records = (side: Side) => [side.database, side.files].flatMap((name) => name ?? []);
  const builder = new PlanBuilder();
  for (const name of new Set([...records(USUAL), ...records(after)])) {
    const record = { id: name, input: { named_volume: name } };
    builder.resource(
      `terraform_data.${name}`,
      records(USUAL).includes(name) ? record : null,
      records(after).includes(name) ? record : null,
    );
  }
  const images = [
    ["mlflow", USUAL.release, after.release],
    ["postgres", USUAL.postgres, after.postgres],
  ];
  for (const [name, from, to] of images)
    builder.resource(
      `docker_image.${name}`,
      { name: `${name}:${from}`, image_id: `sha256:${name}` },
      { name: `${name}:${to}`, image_id: `sha256:${name}` },
      from === to ? {} : { unknown: { image_id: true } },
    );
  const made = (name: string, values: Values | null, isOther: boolean): Values | null =>
    values && { ...values, image: isOther ? undefined : `sha256:${name}` };
  const job = ourJob("mlflow-migration", role("migration-job"));
  const options = (name: string, isOther: boolean) => ({
    ...(isOther && { unknown: { image: true } }),
    references: { image: [`docker_image.${name}.image_id`] },
    sensitive: ["upload"],
  });
  const [isOtherMlflow, isOtherPostgres] = [after.release !== USUAL.release, after.postgres !== USUAL.postgres];
  return builder
    .resource(
      "docker_container.postgres",
      made("postgres", mounted("postgres", USUAL.database, "/data"), false),
      made("postgres", mounted("postgres", after.database, "/data"), isOtherPostgres),
      options("postgres", isOtherPostgres),
    )
    .resource("docker_container.minio", mounted("minio", USUAL.files, "/data"), mounted("minio", after.files, "/data"))
    .resource(
      "docker_container.migration",
      made("mlflow", job, false),
      made("mlflow", job, isOtherMlflow),
      options("mlflow", isOtherMlflow),
    )
    .resource("docker_container.server", server(USUAL), server(after), { sensitive: ["upload"] })
    .build();
}

function states(change: Side): { [content: string]: DataFinding["effect"] } {
  const { data } = reviewPlan(plan(change), "mlflow");
  return Object.fromEntries(data.map(({ content = "other", effect }) => [content, effect]));
}

function count(change: Side): number {
  return reviewPlan(plan(change), "mlflow").data.length;
}

describe("The data of MLflow", () => {
  test.each<[string, Side, DataFinding["effect"], DataFinding["effect"]]>([
    ["with more workers", { workers: "4" }, "kept", "kept"],
    ["with a newer MLflow", { release: "3.18.1" }, "changed", "kept"],
    ["with an older MLflow", { release: "3.16.0" }, "unreachable", "kept"],
    ["with an older PostgreSQL on the same volume", { postgres: "17.1" }, "unreachable", "kept"],
    ["with an older PostgreSQL on a volume of its own", { postgres: "17.1", database: "d-17" }, "unreachable", "kept"],
    ["with the database elsewhere", { database: undefined, host: "db.example.com" }, "unreachable", "kept"],
    ["with the store elsewhere", { files: undefined, endpoint: "https://s3.example.com" }, "kept", "unreachable"],
    ["with both on other volumes", { database: "a", files: "b" }, "unreachable", "unreachable"],
  ])("%s has one state for each kind", (_what, change, records, files) => {
    expect(states(change)).toEqual({ records, files });
    expect(count(change)).toBe(2);
  });

  test("is not called kept if its volume is mounted at another path", () => {
    const data = (path: string) =>
      ourContainer("db", { ...role("database"), volumes: [{ container_path: path, volume_name: RECORDS }] });
    const record = { id: "r", input: { named_volume: RECORDS } };
    const { data: found } = reviewPlan(
      new PlanBuilder()
        .resource("terraform_data.r", record, record)
        .resource("docker_container.db", data("/var/lib/postgresql"), data("/elsewhere"))
        .build(),
      "mlflow",
    );

    expect(found[0]).toMatchObject({ effect: "unreachable" });
  });

  test("has a way back and a time wherever it does not stay as it is", () => {
    for (const change of [{ release: "3.18.1" }, { database: "a" }, { postgres: "17.1" }])
      for (const { effect, when, wayBack } of reviewPlan(plan(change), "mlflow").data)
        expect([effect, when !== undefined, wayBack !== undefined]).toEqual([
          effect,
          effect !== "kept",
          effect !== "kept",
        ]);
  });

  test("comes back with a new password if that of the old store was generated, without what is written meanwhile", () => {
    const wayBack = (change: Side, password?: string) => {
      const { resource_changes: changes = [], ...rest } = plan(change);
      const deleted = new PlanBuilder().resource(`random_password.${password}`, { result: "x" }, null).build();
      const more = password === undefined ? [] : (deleted.resource_changes ?? []);
      const { data } = reviewPlan({ ...rest, resource_changes: [...changes, ...more] }, "mlflow");
      return JSON.stringify(data.find(({ effect }) => effect === "unreachable")?.wayBack);
    };
    const elsewhere = { database: undefined, host: "db.example.com" };

    const renewed = "Terraform generates other passwords for the store then, and nobody has to enter one";
    expect(wayBack(elsewhere, "postgres_password_0123ABCD")).toContain(renewed);
    expect(wayBack({ files: undefined, endpoint: "https://s3.example.com" }, "minio_secret-key_0123ABCD")).toContain(
      renewed,
    );
    for (const same of [
      wayBack(elsewhere),
      wayBack(elsewhere, "gateway_password_0123ABCD"),
      wayBack({ database: "a" }),
    ]) {
      expect(same).toContain("What is written to the new place meanwhile stays there");
      expect(same).not.toContain(renewed);
    }
  });

  test("is called by what it is in the summary", () => {
    const summary = (change: Side) => plain(reviewPlan(plan(change), "mlflow").summary);

    expect(summary({ release: "3.18.1" })).toContain(
      "Changed, with no way back without a backup: experiments, runs, metrics and registered models.",
    );
    expect(summary({ files: "b" })).toContain(
      "Kept, but no longer reachable: files and models (MLflow uses the volume",
    );
    expect(summary({ release: "3.18.1" })).not.toContain("deletes no data");
  });

  test.each<[string, Side]>([
    ["another database", { database: undefined, host: "db.example.com" }],
    ["another volume of the database", { database: "a" }],
    ["another bucket", { files: undefined, endpoint: "https://s3.example.com" }],
  ])("is refused by MLflow without the mark of the stack, so that it stays down: %s", (_what, change) => {
    const { summary, downtime, people, warnings } = reviewPlan(plan({ ...change, identity: "i" }), "mlflow");

    expect(plain(summary)).toMatch(/^MLflow stays down, unless all its data is in the new place already\./);
    expect(plain(summary)).not.toMatch(/requests wait|answers with errors|at most/i);
    expect(downtime?.staysDown).toBe(true);
    expect(plain(warnings[0] ?? [])).toMatch(/^no longer reachable: .*MLflow refuses that and stays down/);
    expect(people.map(({ text }) => plain(text)).join()).toContain("This change does not move the data");
    expect(reviewPlan(plan(change), "mlflow").downtime?.staysDown).not.toBe(true);
  });

  test("that MLflow has encrypted is lost with its keys, also after a way back", () => {
    const keys = [
      "bytes.server_mlflow-webhook-secret-encryption-key_0",
      "password.server_mlflow-crypto-kek-passphrase_0",
    ];
    const builder = new PlanBuilder().resource("docker_container.server", server(USUAL), null);
    for (const key of keys) builder.resource(`random_${key}`, { result: "x" }, null);
    const review = reviewPlan(builder.build(), "mlflow");
    const { data, summary } = review;

    expect(data.map(({ effect, text }) => `${effect} ${plain(text)}`)).toContain(
      "changed secrets of webhooks and keys of AI models, if there are any: MLflow has encrypted them with a key that is deleted, and cannot read them any more, not even after this change is taken back",
    );
    expect(plain(summary)).toContain("MLflow is removed: nobody can use it from then on.");
    expect(plain(summary)).toContain("can no longer be read.");
    expect(renderMarkdown(review)).toContain("**Can no longer be read**: secrets of webhooks and keys of AI models");
    expect(renderMarkdown(review)).toContain("a copy of the database alone does not help");
    expect(renderMarkdown(review)).not.toContain("no way back without a backup");
  });
});
