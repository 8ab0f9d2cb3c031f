import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packagePath } from "../../lib/values/package-folder";
import { NODE_TYPESCRIPT } from "../support/repository";
import { run } from "../support/run";
import { withoutPackagedFiles } from "../support/stacks/synth";

jest.setTimeout(60_000);

const NAMES = readdirSync(packagePath("examples"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** The resources and all else that an example makes, as who copies it gets them. */
async function synthesize(name: string) {
  const [node = "", ...loader] = NODE_TYPESCRIPT;
  const folder = mkdtempSync(join(tmpdir(), "mlflow-example-"));
  const env = Object.fromEntries(
    ["MLFLOW_STACK", "MLFLOW_URL", "FIRST_PORT", "MLFLOW_IMAGE", "POSTGRES_IMAGE", "MINIO_IMAGE", "GATEWAY_IMAGE"].map(
      (variable) => [variable, undefined],
    ),
  );
  const outcome = await run(node, [...loader, packagePath("examples", name, "main.ts")], {
    cwd: packagePath(),
    env: { ...env, CDKTF_OUTDIR: folder },
  });
  if (outcome.code !== 0) throw new Error(outcome.stderr);

  const [id = ""] = readdirSync(join(folder, "stacks"));
  const synthesized = JSON.parse(readFileSync(join(folder, "stacks", id, "cdk.tf.json"), "utf8"));
  rmSync(folder, { recursive: true });
  return synthesized;
}

describe("The example", () => {
  test.each(NAMES)("%s deploys this, and breaks no rule of the guard", async (name) => {
    const { resource, output, variable, terraform, provider } = await synthesize(name);

    expect(
      withoutPackagedFiles({ resource: withoutPaths(resource), output, variable, terraform, provider }),
    ).toMatchSnapshot();
  });

  test.each(NAMES)("%s has a line in the list of examples", (name) => {
    expect(readFileSync(packagePath("examples", "README.md"), "utf8")).toContain(`| [${name}](${name}) `);
  });
});

// The metadata with the paths of constructs is left out, because Terraform ignores it.
function withoutPaths(resource: { [type: string]: { [name: string]: object } }) {
  for (const byName of Object.values(resource)) {
    for (const [name, block] of Object.entries(byName)) byName[name] = { ...block, "//": undefined };
  }
  return resource;
}
