import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parsePlan } from "../../cli/terraform/json/parse-plan";
import { render } from "../../cli/review/render/render";
import { reviewPlan } from "../../cli/review/findings/review-plan";
import { secretsOf } from "../../cli/review/secrets/secrets";
import { RELEASES } from "../../lib/values/releases";
import { spellings } from "../support/plans/spellings";
import { Deployment, removeLeftovers } from "../support/stacks/deployment";
import type { Variables } from "../support/stacks/deployment";
import { run, runOk } from "../support/run";
import type { Outcome } from "../support/run";
import type { Synthesized } from "../support/stacks/synth";

jest.setTimeout(5 * 60_000);

const ID = "e2e-review";
const PORT = 18300;
const OPEN_PORT = 18301;
const TERRAFORM = process.env.TERRAFORM_BINARY_NAME ?? "terraform";

describe("A review of a real plan of the whole platform", () => {
  const deployment = new Deployment(ID, PORT);
  const plans = deployment.folder;
  let original = "";
  let settings: Variables = {};

  const stackFile = () => join(deployment.stackFolder, "cdk.tf.json");

  // the settings of offline images take longer than a plan, so they are asked for once.
  const terraform = (args: string[]): Promise<Outcome> =>
    run(TERRAFORM, args, { cwd: deployment.stackFolder, env: settings });

  /** Plans another version of the synthesized stack, and reviews the saved plan with the command. */
  async function review(
    name: string,
    edit: (json: Synthesized) => void = () => {},
    args: string[] = [],
    format = "text",
  ) {
    const json = JSON.parse(original) as Synthesized;
    edit(json);
    writeFileSync(stackFile(), JSON.stringify(json));
    const file = join(plans, `${name}.tfplan`);
    const planned = await terraform(["plan", "-input=false", "-no-color", `-out=${file}`, ...args]);
    if (planned.code !== 0) throw new Error(`${planned.stdout}\n${planned.stderr}`);
    return reviewFile(file, format);
  }

  async function reviewFile(file: string, format: string) {
    const { code, stdout, stderr } = await deployment.command(["review", file, "--format", format]);
    expect(stderr).toBe("");
    return { code, text: normalize(stdout) };
  }

  beforeAll(async () => {
    await removeLeftovers(ID);
    await deployment.synthesize();
    settings = { ...(await deployment.settings()), TF_IN_AUTOMATION: "1", CHECKPOINT_DISABLE: "1" };
    original = readFileSync(stackFile(), "utf8");
    const { code, stdout, stderr } = await terraform(["init", "-input=false", "-no-color"]);
    if (code !== 0) throw new Error(`${stdout}\n${stderr}`);
  });

  afterAll(async () => {
    await removeLeftovers(ID);
    rmSync(deployment.folder, { recursive: true, force: true });
  });

  test("tells a first deployment", async () => {
    expect(await review("first")).toMatchSnapshot();

    const applied = await terraform(["apply", "-input=false", "-no-color", join(plans, "first.tfplan")]);
    expect(applied).toMatchObject({ code: 0 });
  });

  test("tells that nothing changes", async () => {
    expect(await review("none")).toEqual({
      code: 0,
      text: `Nothing changes.\n\nCompared with what is deployed of the stack '${ID}', as it was on <time>.\n`,
    });
  });

  test("tells a line of the Caddyfile, as a comment", async () => {
    const { code, text } = await review(
      "line",
      (json) => file(json, "/etc/caddy/Caddyfile", "interval 250ms", "interval 500ms"),
      [],
      "markdown",
    );

    expect({ code, text }).toMatchSnapshot();
  });

  test("tells a new login password", async () => {
    expect(
      await review("password", undefined, [`-replace=${address("random_password", "gateway_password")}`]),
    ).toMatchSnapshot();
  });

  test("tells a new release of MLflow, its migration, and that no backup is made", async () => {
    const image = (json: Synthesized) => {
      for (const resource of Object.values(json.resource.docker_image ?? {})) {
        if (String(resource.name).includes("mlflow/mlflow"))
          Object.assign(resource, { name: "ghcr.io/mlflow/mlflow:v3.18.1-full" });
      }
    };

    expect(await review("upgrade", image)).toMatchSnapshot();
  });

  test("tells that a renamed volume is another one, and that the old one stays with its data", async () => {
    const renamed = `${ID}-postgres-renamed`;
    const rename = (json: Synthesized) => {
      for (const [name, record] of Object.entries(json.resource.terraform_data ?? {}))
        if (name.startsWith("postgres")) Object.assign(record, { input: { named_volume: renamed } });
      for (const volume of json.resource.docker_container?.postgres?.volumes ?? []) volume.volume_name = renamed;
    };
    const { code, text } = await review("rename", rename);

    expect({ code, text }).toMatchSnapshot();
    expect(code).toBe(0);
    const old = `${ID}-postgres-data-${RELEASES.postgres.default}`;
    expect(text).toContain(`they stay in the volume '${old}', and MLflow uses the volume '${renamed}' instead`);
    expect(text).toContain("which is empty, unless one of this name exists");
  });

  test("tells a port that opens past the gateway", async () => {
    const open = (json: Synthesized) =>
      Object.assign(json.resource.docker_container?.minio ?? {}, { ports: [{ internal: 9000, external: OPEN_PORT }] });

    expect(await review("port", open)).toMatchSnapshot();
  });

  test("tells what is not of this library in general, and nothing that is sensitive there", async () => {
    const add = (json: Synthesized) => {
      Object.assign(json.resource, {
        terraform_data: { ...json.resource.terraform_data, note: { input: "something" } },
        docker_container: {
          ...json.resource.docker_container,
          agent: {
            name: `${ID}-agent`,
            image: "example.com/agent:1",
            env: [`TOKEN=\${${address("random_password", "minio_root-password")}.result}`, "MODE=fast"],
            ports: [{ internal: 80, external: OPEN_PORT, ip: "127.0.0.1" }],
            volumes: [{ host_path: "/var/run/docker.sock", container_path: "/var/run/docker.sock" }],
          },
        },
      });
    };

    expect(await review("foreign", add)).toMatchSnapshot();
  });

  test("tells what was changed by hand", async () => {
    await runOk("docker", ["update", "--memory", "300m", "--memory-swap", "300m", `${ID}-gateway`]);
    await runOk("docker", ["rm", "--force", `${ID}-minio-bucket`]);

    expect(await review("drift")).toMatchSnapshot();
    await runOk("docker", ["update", "--memory", "256m", "--memory-swap", "256m", `${ID}-gateway`]);
  });

  test("tells that everything goes but the volumes", async () => {
    const { code, text } = await review("destroy", undefined, ["-destroy"]);

    expect({ code, text }).toMatchSnapshot();
    expect(code).toBe(0);
    expect(text).toContain("files and models: they stay in the store 's3://mlflow'");
    expect(text).toContain(`(the volume '${ID}-minio-data'), and no service of this stack uses that any more`);
  });

  test("shows no secret of the state in any of these, in any form and encoding", async () => {
    const secrets = deployment
      .state()
      .resources.filter(({ type }) => type.startsWith("random_"))
      .flatMap(({ instances }) => instances)
      .flatMap(({ attributes }) => ["result", "bcrypt_hash", "base64", "hex"].map((name) => attributes[name]))
      .filter((value) => typeof value === "string");
    expect(secrets.length).toBeGreaterThan(10);

    for (const name of ["line", "password", "upgrade", "rename", "port", "drift", "foreign", "destroy"]) {
      const shown = await terraform(["show", "-json", join(plans, `${name}.tfplan`)]);
      // what is hunted for is there to be found.
      expect(secrets.some((secret) => shown.stdout.includes(secret))).toBe(true);
      const plan = parsePlan(shown.stdout, name);
      const result = reviewPlan(plan, ID);
      for (const format of ["text", "markdown", "json"] as const) {
        const output = render(result, format, secretsOf(plan));
        const leaked = secrets.filter((secret) => spellings(secret).some(({ core }) => output.includes(core)));
        expect({ name, format, leaked: leaked.length }).toEqual({ name, format, leaked: 0 });
      }
    }
  });

  function address(type: string, begin: string): string {
    const json = JSON.parse(original) as Synthesized;
    const name = Object.keys(json.resource[type] ?? {}).find((candidate) => candidate.startsWith(begin));
    if (name === undefined) throw new Error(`no ${type} that begins with ${begin}`);
    return `${type}.${name}`;
  }
});

function file(json: Synthesized, path: string, from: string, to: string): void {
  for (const upload of json.resource.docker_container?.gateway?.upload ?? []) {
    if (upload.file === path) upload.content = upload.content.replace(from, to);
  }
}

/** Without what differs from engine to engine. */
function normalize(text: string): string {
  return (
    text
      .replaceAll(/sha256:[0-9a-f]{64}/g, "sha256:<id>")
      .replaceAll(/\b[0-9a-f]{64}\b/g, "<id>")
      .replaceAll(/on \d{4}-\d\d-\d\d at \d\d:\d\d UTC/g, "on <time>")
      // what an image that was built here was built from.
      .replaceAll(/(localhost\/cdktf-mlflow\/[\w.:-]+)-[0-9a-f]{12}\b/g, "$1")
  );
}
