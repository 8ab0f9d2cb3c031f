import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodings } from "../../cli/review/leak-check";
import { Deployment, removeLeftovers } from "../support/deployment";
import { runOk } from "../support/run";
import type { Synthesized } from "../support/synth";

jest.setTimeout(5 * 60_000);

const ID = "e2e-review";
const PORT = 18300;
const OPEN_PORT = 18301;

/** Writable, because the tests change it as a change of the app would. */
type Json = { [Part in keyof Synthesized]: Synthesized[Part] } & { variable?: object };

describe("A review of a real plan of the whole platform", () => {
  const deployment = new Deployment(ID, PORT);
  const plans = deployment.folder;
  let original = "";

  const stackFile = () => join(deployment.stackFolder, "cdk.tf.json");

  /** Plans another version of the synthesized stack, and reviews the saved plan with the command. */
  async function review(name: string, edit: (json: Json) => void = () => {}, args: string[] = [], format = "text") {
    const json = JSON.parse(original) as Json;
    edit(json);
    writeFileSync(stackFile(), JSON.stringify(json));
    const file = join(plans, `${name}.tfplan`);
    const planned = await deployment.terraform(["plan", "-input=false", "-no-color", `-out=${file}`, ...args]);
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
    original = readFileSync(stackFile(), "utf8");
    const { code, stdout, stderr } = await deployment.terraform(["init", "-input=false", "-no-color"]);
    if (code !== 0) throw new Error(`${stdout}\n${stderr}`);
  });

  afterAll(async () => {
    await removeLeftovers(ID);
    rmSync(deployment.folder, { recursive: true, force: true });
  });

  test("tells a first deployment", async () => {
    expect(await review("first")).toMatchSnapshot();

    const applied = await deployment.terraform(["apply", "-input=false", "-no-color", join(plans, "first.tfplan")]);
    expect(applied).toMatchObject({ code: 0 });
  });

  test("tells that nothing changes", async () => {
    expect(await review("none")).toEqual({ code: 0, text: "Nothing changes.\n" });
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
    const image = (json: Json) => {
      for (const resource of Object.values(json.resource.docker_image ?? {})) {
        if (String(resource.name).includes("mlflow/mlflow"))
          Object.assign(resource, { name: "ghcr.io/mlflow/mlflow:v3.18.1-full" });
      }
    };

    expect(await review("upgrade", image)).toMatchSnapshot();
  });

  test("puts first that a renamed volume loses data, and ends with status 2 unless that is allowed", async () => {
    const rename = (json: Json) => {
      for (const [name, volume] of Object.entries(json.resource.docker_volume ?? {})) {
        if (name.startsWith("postgres"))
          Object.assign(volume, { name: `${ID}-postgres-renamed`, lifecycle: undefined });
      }
    };
    const { code, text } = await review("rename", rename);

    expect({ code, text }).toMatchSnapshot();
    expect(code).toBe(2);
    expect(text.split("\n")[0]).toContain(`Data would be lost: the volume '${ID}-postgres-data-18'`);
    const allowed = await deployment.command(["review", join(plans, "rename.tfplan"), "--allow-data-loss"]);
    expect(allowed.code).toBe(0);
  });

  test("tells a port that opens past the gateway", async () => {
    const open = (json: Json) =>
      Object.assign(json.resource.docker_container?.minio ?? {}, { ports: [{ internal: 9000, external: OPEN_PORT }] });

    expect(await review("port", open)).toMatchSnapshot();
  });

  test("tells what is not of this library in general, and nothing that is sensitive there", async () => {
    const add = (json: Json) => {
      Object.assign(json.resource, {
        terraform_data: { note: { input: "something" } },
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

  test("tells that everything goes", async () => {
    const unprotect = (json: Json) => {
      for (const volume of Object.values(json.resource.docker_volume ?? {}))
        Object.assign(volume, { lifecycle: undefined });
    };
    const { code, text } = await review("destroy", unprotect, ["-destroy"]);

    expect({ code, text }).toMatchSnapshot();
    expect(code).toBe(2);
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
      const shown = await deployment.terraform(["show", "-json", join(plans, `${name}.tfplan`)]);
      const json = join(plans, `${name}.json`);
      writeFileSync(json, shown.stdout);
      // what is hunted for is there to be found.
      expect(secrets.some((secret) => shown.stdout.includes(secret))).toBe(true);
      for (const format of ["text", "markdown", "json"]) {
        const { stdout, stderr } = await deployment.command(["review", json, "--format", format]);
        const leaked = secrets.filter((secret) => encodings(secret).some((form) => (stdout + stderr).includes(form)));
        expect({ name, format, leaked: leaked.length }).toEqual({ name, format, leaked: 0 });
      }
    }
  });

  function address(type: string, begin: string): string {
    const json = JSON.parse(original) as Json;
    const name = Object.keys(json.resource[type] ?? {}).find((candidate) => candidate.startsWith(begin));
    if (name === undefined) throw new Error(`no ${type} that begins with ${begin}`);
    return `${type}.${name}`;
  }
});

function file(json: Json, path: string, from: string, to: string): void {
  for (const upload of json.resource.docker_container?.gateway?.upload ?? []) {
    if (upload.file === path) upload.content = upload.content.replace(from, to);
  }
}

/** Without what differs from engine to engine. */
function normalize(text: string): string {
  return text.replaceAll(/sha256:[0-9a-f]{64}/g, "sha256:<id>").replaceAll(/\b[0-9a-f]{64}\b/g, "<id>");
}
