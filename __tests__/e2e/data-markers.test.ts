import { renameSync } from "node:fs";
import { join } from "node:path";
import { ADVISORY_LOCK } from "../../lib/contract/backup";
import { RELEASES } from "../../lib/values/releases";
import { previousMlflow } from "../support/servers/old-mlflow";
import { Deployment, removeLeftovers } from "../support/stacks/deployment";
import { addresses, mlflowStack } from "../support/stacks/synth";
import { eventually, inspect, run, runOk } from "../support/run";

jest.setTimeout(10 * 60_000);

const ID = "e2e-marker";
const JOB = `${ID}-server-migration`;
const stack = new Deployment(ID, 21310);

const LOG = `
import mlflow
mlflow.set_experiment("kept")
with mlflow.start_run() as run:
    mlflow.log_metric("rmse", 0.8)
    mlflow.log_text("content", "note.txt")
print("RUN", run.info.run_id)
`;

/** An S3 client with the application's own key, in the server's container. */
const S3 = `
import boto3, os
from botocore.config import Config
from botocore.exceptions import ClientError
settings = {"endpoint_url": os.environ["MLFLOW_S3_ENDPOINT_URL"], "config": Config(s3={"addressing_style": "path"})}
s3 = boto3.client("s3", **settings)
def outcome(call, **options):
    try:
        call(Bucket="mlflow", **options)
        return "allowed"
    except ClientError as error:
        return error.response["Error"]["Code"]
`;

async function inServer(script: string): Promise<string> {
  return (await runOk("docker", ["exec", "-i", `${ID}-server`, "python", "-"], { input: script })).trim();
}

async function sql(statement: string): Promise<string> {
  const psql = ["psql", "--no-psqlrc", "-U", "mlflow", "-v", "ON_ERROR_STOP=1", "-Atq", "-f", "-"];
  return (await runOk("docker", ["exec", "-i", `${ID}-postgres`, ...psql], { input: statement })).trim();
}

/** A command of the store's own client, with the root keys. */
async function mc(command: string): Promise<string> {
  const login =
    'MC_CONFIG_DIR=/tmp/.mc MC_HOST_s="http://$(cat "$MINIO_ROOT_USER_FILE"):$(cat "$MINIO_ROOT_PASSWORD_FILE")@127.0.0.1:9000"';
  return runOk("docker", ["exec", `${ID}-minio`, "sh", "-c", `export ${login}; ${command}`]);
}

async function ready(): Promise<number> {
  return (await fetch(`${stack.url}/readyz`, { signal: AbortSignal.timeout(10_000) })).status;
}

async function becomes(status: number): Promise<void> {
  await eventually(`/readyz answers ${status}`, 90, async () => (await ready()) === status);
}

/** Restarts the server, and gives how its start ended and what it said. */
async function refusalOfStart(): Promise<{ status: string; said: string }> {
  await runOk("docker", ["restart", `${ID}-server`]);
  return eventually("the server has ended", 30, async () => {
    const [state = "", status = "", since = ""] = (
      await inspect(`${ID}-server`, "{{.State.Status}} {{.State.ExitCode}} {{.State.StartedAt}}")
    ).split(" ");
    expect(state).toBe("restarting");
    const { stdout, stderr } = await run("docker", ["logs", "--since", since, `${ID}-server`]);
    return { status, said: stdout + stderr };
  });
}

const MAJOR = RELEASES.postgres.default;
const VOLUMES = { minio: `${ID}-minio-data`, postgres: `${ID}-postgres-data-${MAJOR}` };
const KEPT = `${ID}-kept`;
const FOREIGN = `${ID}-foreign`;
const EMPTY = "find /volume -mindepth 1 -delete";

/** Changes what lies on a service's volume while the service is stopped. */
async function changeVolume(service: keyof typeof VOLUMES, script: string): Promise<void> {
  const image = await inspect(`${ID}-postgres`, "{{.Image}}");
  const volumes = [`${VOLUMES[service]}:/volume`, `${KEPT}:/kept`, `${FOREIGN}:/foreign`];
  await runOk("docker", ["stop", `${ID}-${service}`]);
  await runOk("docker", [
    ...["run", "--rm", "--network=none", "--user=root", "--entrypoint=sh"],
    ...volumes.flatMap((volume) => ["--volume", volume]),
    ...[image, "-euc", script],
  ]);
  await runOk("docker", ["start", `${ID}-${service}`]);
  await eventually(`${service} is healthy`, 60, async () => {
    return (await inspect(`${ID}-${service}`, "{{.State.Health.Status}}")) === "healthy";
  });
}

const keepAndEmpty = (service: keyof typeof VOLUMES) =>
  changeVolume(service, `find /kept -mindepth 1 -delete; cp -a /volume/. /kept; ${EMPTY}`);
const attachForeign = (service: keyof typeof VOLUMES) => changeVolume(service, `${EMPTY}; cp -a /foreign/. /volume`);
const attachRight = (service: keyof typeof VOLUMES) => changeVolume(service, `${EMPTY}; cp -a /kept/. /volume`);

/** Fills a volume as another stack would, by a service of the same image. */
async function makeForeign(
  service: keyof typeof VOLUMES,
  { path, environment, command, fill }: { path: string; environment: string[]; command: string[]; fill: string },
): Promise<void> {
  const container = `${FOREIGN}-${service}`;
  await run("docker", ["rm", "--force", container]);
  await run("docker", ["volume", "rm", "--force", FOREIGN]);
  const [image = "", user = ""] = (await inspect(`${ID}-${service}`, "{{.Image}} {{.Config.User}}")).split(" ");
  await runOk("docker", [
    ...["run", "--detach", "--name", container, "--network=none", `--user=${user}`, "--volume", `${FOREIGN}:${path}`],
    ...environment.flatMap((variable) => ["--env", variable]),
    ...[image, ...command],
  ]);
  const inside = ["exec", container, "sh", "-euc", fill];
  await eventually("the other stack's volume is filled", 60, async () => (await run("docker", inside)).code === 0);
  await runOk("docker", ["stop", container]);
  await runOk("docker", ["rm", container]);
}

async function serverEnds(): Promise<void> {
  await eventually("the server has ended", 60, async () => {
    return (await inspect(`${ID}-server`, "{{.State.Status}} {{.State.ExitCode}}")) === "restarting 3";
  });
}

async function runIsThere(): Promise<void> {
  await becomes(200);
  expect((await stack.fetch(`/api/2.0/mlflow/runs/get?run_id=${runId}`)).status).toBe(200);
  const note = `/get-artifact?run_id=${runId}&path=note.txt`;
  expect(await (await stack.fetch(note)).text()).toBe("content");
}

function identity(): string {
  const { instances } = stack.state().resources.find(({ name }) => name.startsWith("server_identity_")) ?? {
    instances: [],
  };
  return (instances[0]?.attributes.output as { value: string }).value;
}

const mark = (name: string) => `create or replace view mlflow_stack_identity as select '${name}'::text as identity;`;

let runId = "";

beforeAll(async () => {
  await removeLeftovers(ID);
  await stack.commandOk(["up", "--yes"]);
  runId = /RUN (\w+)/.exec(await stack.python(LOG))?.[1] ?? "";
});

afterAll(async () => {
  await stack.destroy();
  await removeLeftovers(ID);
});

describe("The marks in database and bucket", () => {
  test("name the identity that the state keeps", async () => {
    expect(identity()).toMatch(/^e2e-marker-server\/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\/[0-9a-f-]{36}$/);
    expect(await sql("select identity from mlflow_stack_identity;")).toBe(identity());
    expect(await mc("mc cat 's/mlflow/#mlflow-stack-identity/e2e-marker-server'")).toBe(identity());
    expect(await stack.plan()).toEqual({});
  });

  test("are out of reach for clients", async () => {
    const path = "%23mlflow-stack-identity/e2e-marker-server";
    const requests: [string, string][] = [
      ["GET", `artifacts/${path}`],
      ["PUT", `artifacts/${path}`],
      ["DELETE", `artifacts/${path}`],
      ["GET", "artifacts?path=%23mlflow-stack-identity"],
      ["GET", `presigned/${path}`],
      ["POST", `mpu/create/${path}`],
    ];
    for (const [method, route] of requests) {
      const answer = await stack.fetch(`/api/2.0/mlflow-artifacts/${route}`, { method });
      expect([method, route, answer.status]).toEqual([method, route, 400]);
    }
  });

  test("are set without a word where there were none", async () => {
    await runOk("docker", ["stop", `${ID}-server`]);
    await sql("drop view mlflow_stack_identity;");
    await mc("mc rm --force 's/mlflow/#mlflow-stack-identity/e2e-marker-server'");

    await runOk("docker", ["start", "--attach", JOB]);
    await runOk("docker", ["start", `${ID}-server`]);

    expect(await sql("select identity from mlflow_stack_identity;")).toBe(identity());
    await becomes(200);
  });

  test("are compared, and the database is migrated, only after a backup or restore has ended", async () => {
    const held = sql(`select pg_advisory_lock(${ADVISORY_LOCK}), pg_sleep(600);`).catch(() => "ended");
    const holder = "from pg_locks where locktype = 'advisory' and granted";
    await eventually("the lock is held", 10, async () => (await sql(`select count(*) ${holder};`)) === "1");

    const job = runOk("docker", ["start", "--attach", JOB]);
    await eventually("the job waits", 60, async () => {
      return (await runOk("docker", ["logs", JOB])).includes("waiting for a backup or restore of the database to end");
    });
    expect(await inspect(JOB, "{{.State.Status}}")).toBe("running");
    await sql(`select pg_terminate_backend(pid) ${holder};`);

    expect(await held).toBe("ended");
    await job;
  });

  test("find an emptied database, and its backup", async () => {
    const backup = await runOk("docker", ["exec", `${ID}-postgres`, "pg_dump", "-U", "mlflow", "mlflow"]);
    await sql("drop schema public cascade; create schema public;");

    const { code, stderr } = await stack.command(["up", "--yes"]);
    expect(code).toBe(2);
    expect(stderr).toContain(`expected  ${identity()}\n  database  empty\n  bucket    ${identity()}\n`);
    // the server finds out by itself.
    await serverEnds();
    expect(await ready()).toBe(503);
    expect(await stack.commandOk(["status"])).toContain("database  empty");

    await sql(backup);
    await runOk("docker", ["restart", `${ID}-server`]);
    await becomes(200);
    expect((await stack.fetch(`/api/2.0/mlflow/runs/get?run_id=${runId}`)).status).toBe(200);
  });

  test("find the database of another stack", async () => {
    await sql(mark("other-server/2020-01-01T00:00:00Z/0"));

    const { status, said } = await refusalOfStart();
    await sql(mark(identity()));

    expect(status).toBe("3");
    expect(said).toContain("database  other-server/2020-01-01T00:00:00Z/0\n");
    expect(said).toContain("mlflow-stack accept-stores");
  });

  test("find an emptied bucket, which a person may accept", async () => {
    await runOk("docker", ["restart", `${ID}-server`]);
    await becomes(200);
    await mc("mc mirror --quiet s/mlflow /tmp/kept >/dev/null && mc rm --recursive --force s/mlflow >/dev/null");

    const refused = await stack.command(["up", "--yes"]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("\n  bucket    empty\n")]);
    const unanswered = await stack.command(["accept-stores"]);
    expect([unanswered.code, unanswered.stderr]).toEqual([1, expect.stringContaining("Answer with --yes.")]);
    expect(await mc("mc ls --recursive s/mlflow")).toBe("");

    expect(await stack.commandOk(["accept-stores", "--yes"])).toContain("bucket    empty");
    expect(await stack.commandOk(["up", "--yes"])).toContain("Nothing to change.");
    expect(await stack.commandOk(["accept-stores", "--yes"])).toContain("nothing to accept");
    await mc("mc mirror --quiet --overwrite /tmp/kept s/mlflow >/dev/null");
  });

  test("tell a beginning from a loss of everything by when it was planned", async () => {
    const begin = async (identity: string) => {
      const { code, stderr } = await run("docker", [
        ...["exec", "-e", `STACK_IDENTITY=${identity}`, "-e", "MLFLOW_ARTIFACTS_DESTINATION=s3://mlflow/elsewhere"],
        ...["-e", "PGSERVICEFILE=/tmp/elsewhere", `${ID}-server`, "sh", "-c"],
        "sed s/^dbname=.*/dbname=elsewhere/ /run/secrets/pg_service.conf > /tmp/elsewhere; python /etc/mlflow/stores.py migrate true",
      ]);
      return [code, stderr.replace(/^Restore.*\n/m, "")];
    };
    await sql("create database elsewhere;");
    const old = "a-server/2020-01-01T00:00:00Z/0";

    expect(await begin(old)).toEqual([
      3,
      `The database and the bucket are not those of this stack, as it left them.\n  expected  ${old}\n  database  empty\n  bucket    empty\n`,
    ]);
    const young = (name: string) => `${name}/${new Date().toISOString().slice(0, 19)}Z/0`;
    expect(await begin(young("a-server"))).toEqual([0, ""]);

    await sql("drop database elsewhere;");
    await sql("create database elsewhere;");
    expect(await begin(young("beside-it"))).toEqual([0, ""]);
    const [, said] = await begin("beside-it/2020-01-01T00:00:00Z/0");
    expect(said).toContain("database  beside-it/");

    await sql("drop database elsewhere;");
    await sql("create database elsewhere;");
    expect(await begin("late/2020-01-01T00:00:00Z/0")).toEqual([
      3,
      expect.stringContaining("database  empty\n  bucket    data of a-server\n"),
    ]);
    await mc(
      "mc rm --recursive --force s/mlflow/elsewhere >/dev/null; echo x | mc pipe --quiet s/mlflow/elsewhere/1/file",
    );
    expect(await begin(young("a-server"))).toEqual([
      3,
      expect.stringContaining("database  empty\n  bucket    data without a mark\n"),
    ]);
    await mc("mc rm --recursive --force s/mlflow/elsewhere >/dev/null");
  });
});

describe("A volume", () => {
  const NO_USER = "the store knows no user of this stack: it was emptied, or is another's";
  const OTHER = "other-server/2020-01-01T00:00:00Z/0";

  const refusal = async (database: string, bucket: string) => {
    const { code, stderr } = await stack.command(["up", "--yes"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`expected  ${identity()}\n`)]);
    expect(stderr).toContain(`  database  ${database}\n  bucket    ${bucket}\n`);
    expect(stderr).toContain("To go on with them as they are: mlflow-stack accept-stores");
  };

  test("of the database that was emptied is noticed, and serves again once it is back", async () => {
    await becomes(200);
    await keepAndEmpty("postgres");

    await refusal("empty", identity());

    await attachRight("postgres");
    await runIsThere();
  });

  test("of the database that is another stack's is noticed, and the right one serves again", async () => {
    await makeForeign("postgres", {
      path: "/var/lib/postgresql",
      environment: ["POSTGRES_USER=mlflow", "POSTGRES_PASSWORD=another", `PGDATA=/var/lib/postgresql/${MAJOR}/docker`],
      command: ["postgres"],
      fill: `PGPASSWORD=another psql -h 127.0.0.1 -U mlflow -v ON_ERROR_STOP=1 -c "${mark(OTHER)}"`,
    });
    await keepAndEmpty("postgres");
    await attachForeign("postgres");

    await refusal(OTHER, identity());

    await attachRight("postgres");
    await runIsThere();
  });

  test("of the store that was emptied is noticed by all, and serves again once it is back", async () => {
    await keepAndEmpty("minio");

    await refusal(identity(), NO_USER);
    await serverEnds();
    expect(await ready()).toBe(503);
    expect(await stack.commandOk(["status"])).toContain(NO_USER);

    await attachRight("minio");
    await runIsThere();
  });

  test("of the store that was emptied can be accepted, and gets its bucket and user again", async () => {
    await keepAndEmpty("minio");

    expect(await stack.commandOk(["accept-stores", "--yes"])).toContain("bucket    empty");
    expect(await stack.commandOk(["up", "--yes"])).toContain("Nothing to change.");
    expect(await stack.python(LOG)).toContain("RUN ");

    await attachRight("minio");
    await runIsThere();
  });

  test("of the store that is another stack's keeps its users until it is accepted", async () => {
    const theirs = "otherstackotherstack";
    const policy = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "arn:aws:s3:::*" }],
    };
    await makeForeign("minio", {
      path: "/data",
      environment: ["MINIO_ROOT_USER=another", "MINIO_ROOT_PASSWORD=anothersecret"],
      command: ["server", "/data"],
      fill: `
        export MC_CONFIG_DIR=/tmp/.mc MC_HOST_s=http://another:anothersecret@127.0.0.1:9000
        mc mb --ignore-existing s/mlflow
        echo '${JSON.stringify(policy)}' > /tmp/policy.json
        mc admin policy create s mlflow /tmp/policy.json
        mc admin user add s ${theirs} another-secret-key
        printf ${OTHER} | mc pipe 's/mlflow/#mlflow-stack-identity/other-server'
        mc admin policy attach s mlflow --user ${theirs}`,
    });
    await keepAndEmpty("minio");
    await attachForeign("minio");
    const before = await mc("mc admin user ls s; mc ls --recursive s");

    await refusal(identity(), NO_USER);
    const { code, stdout, stderr } = await stack.command(["accept-stores"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("Answer with --yes.")]);
    expect(stdout).toContain(`expected  ${identity()}\n  bucket    data of other-server\n`);
    expect(await mc("mc admin user ls s; mc ls --recursive s")).toBe(before);
    expect(before).toContain(theirs);

    await stack.commandOk(["accept-stores", "--yes"]);
    expect(await mc("mc cat 's/mlflow/#mlflow-stack-identity/e2e-marker-server'")).toBe(identity());
    expect(await mc("mc admin user ls s")).not.toContain(theirs);
    await becomes(200);

    await attachRight("minio");
    await runIsThere();
  });
});

describe("A schema of another release", () => {
  let head = "";

  beforeAll(async () => {
    head = await sql("select version_num from alembic_version;");
  });

  test.each([
    ["older", "75868b020152"],
    ["newer", "0123456789ab"],
  ])("that is %s keeps the server from starting", async (relation, revision) => {
    await sql(`update alembic_version set version_num = '${revision}';`);

    const { status, said } = await refusalOfStart();
    await sql(`update alembic_version set version_num = '${head}';`);

    expect(status).toBe("4");
    expect(said).toContain(`The schema of the database is ${relation} than this MLflow`);
    expect(said).toContain(` needs revision ${head}\n  the database has revision ${revision}\n`);
  });

  test("is refused by an older release before it changes anything", async () => {
    const image = await previousMlflow();

    const { code, stderr } = await stack.command(["up", "--yes"], { MLFLOW_IMAGE: image });
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`needs revision (?!${head})\\w+\n  the database has revision ${head}\n`));

    await stack.commandOk(["up", "--yes"]);
    await becomes(200);
  });
});

describe("The application's key", () => {
  test("may delete an object, and never a version of one", async () => {
    await mc("mc version enable s/mlflow");
    const said = await inServer(`${S3}
version = s3.put_object(Bucket="mlflow", Key="precious", Body=b"1")["VersionId"]
print(outcome(s3.delete_object, Key="precious"))
print(outcome(s3.delete_object, Key="precious", VersionId=version))
`);

    expect(said.split("\n")).toEqual(["allowed", "AccessDenied"]);
    expect(await mc("mc undo s/mlflow/precious && mc cat s/mlflow/precious")).toContain("1");
  });
});

describe("A lost state", () => {
  const keyOfWebhooks = async () => {
    const file = await runOk("docker", ["exec", `${ID}-server`, "cat", "/run/secrets/mlflow.env"]);
    return /^MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY='(.*)'$/m.exec(file)?.[1] ?? "";
  };
  const toBase64 = (key: string) => key.replaceAll("-", "+").replaceAll("_", "/");

  let oldKeys = "";
  let oldIdentity = "";
  let webhookKey = "";

  beforeAll(async () => {
    oldKeys = await runOk("docker", ["exec", `${ID}-server`, "cat", "/run/secrets/aws-credentials"]);
    oldIdentity = identity();
    webhookKey = await keyOfWebhooks();
    renameSync(join(stack.folder, `terraform.${ID}.tfstate`), join(stack.folder, "lost.tfstate"));
  });

  test("leaves volumes that are not taken over without being asked", async () => {
    const { code, stderr } = await stack.command(["up", "--yes"]);

    expect(code).toBe(2);
    expect(stderr).toContain("exists on the engine");
  });

  test("makes another identity, and the marks are refused until they are accepted", async () => {
    for (const kind of ["container", "network"]) {
      const list = ["ls", ...(kind === "container" ? ["--all"] : []), "--quiet", "--filter", `name=^${ID}-`];
      const ids = (await runOk("docker", [kind, ...list])).trim().split("\n");
      await runOk("docker", [kind, "rm", ...(kind === "container" ? ["--force"] : []), ...ids]);
    }
    const databaseVolume = addresses(mlflowStack()).find((name) => name.startsWith("terraform_data.postgres_")) ?? "";
    for (const [address, name] of [
      [databaseVolume, VOLUMES.postgres],
      ["terraform_data.minio_data_FB897F14", `${ID}-minio-data`],
      ["terraform_data.server_dumps_1CE41C25", `${ID}-server-dumps`],
      ["random_bytes.server_mlflow-webhook-secret-encryption-key_ED753816", toBase64(webhookKey)],
    ] as const) {
      expect(await stack.terraform(["import", "-input=false", address, name])).toMatchObject({ code: 0 });
    }

    const { code, stderr } = await stack.command(["up", "--yes"]);
    expect(code).toBe(1);
    expect(stderr).toContain(`database  ${oldIdentity}\n  bucket    ${oldIdentity}\n`);
    const [, oldKey = ""] = /aws_access_key_id = (\w+)/.exec(oldKeys) ?? [];
    expect(await mc("mc admin user ls s")).toContain(oldKey);

    await stack.commandOk(["accept-stores", "--yes"]);
    await stack.commandOk(["up", "--yes"]);
    expect(identity()).not.toBe(oldIdentity);
    expect(await sql("select identity from mlflow_stack_identity;")).toBe(identity());
    expect(await stack.plan()).toEqual({});
  });

  test("loses no data", async () => {
    const load = `import mlflow\nprint("NOTE", mlflow.artifacts.load_text("runs:/${runId}/note.txt"))`;

    expect(await stack.python(load)).toContain("NOTE content");
  });

  test("leaves what webhooks keep readable, where their key was taken over", async () => {
    expect(webhookKey).toMatch(/^[\w-]{43}=$/);
    expect(await keyOfWebhooks()).toBe(webhookKey);
  });

  test("leaves no key that still opens the store", async () => {
    const said = await inServer(
      `${S3}
print(outcome(s3.list_objects_v2))
open("/tmp/old-keys", "w").write(${JSON.stringify(oldKeys)})
os.environ["AWS_SHARED_CREDENTIALS_FILE"] = "/tmp/old-keys"
s3 = boto3.session.Session().client("s3", **settings)
print(outcome(s3.list_objects_v2))
os.remove("/tmp/old-keys")
`,
    );

    expect(said.split("\n")).toEqual(["allowed", "InvalidAccessKeyId"]);
  });
});
