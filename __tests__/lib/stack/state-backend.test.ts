import { readFileSync } from "node:fs";
import { join } from "node:path";
import { TerraformOutput, TerraformStack, Testing } from "cdktf";
import { MlflowStack, StateBackend } from "../../../lib";

/** The output of a whole synthesis. `Testing.synth()` leaves out the parts that CDKTF adds at the end. */
function synthesize(state: StateBackend, id = "mlflow") {
  const app = Testing.app();
  const stack = new MlflowStack(app, "mlflow", { state });
  const reader = new TerraformStack(app, "reader");
  new TerraformOutput(reader, "network", { value: stack.network.edgeNetworkName });
  app.synth();
  return JSON.parse(readFileSync(join(app.outdir, "stacks", id, "cdk.tf.json"), "utf8"));
}

describe("StateBackend", () => {
  const remote = StateBackend.remote("pg", { schema_name: "mlflow" });

  test("is the only backend of its stack, because Terraform refuses a second one", () => {
    expect(synthesize(remote).terraform.backend).toEqual({ pg: { schema_name: "mlflow" } });
    expect(synthesize(StateBackend.local("../../../states/mlflow.tfstate")).terraform.backend).toEqual({
      local: { path: "../../../states/mlflow.tfstate" },
    });
  });

  test("takes nested settings, as a store with the S3 API needs them", () => {
    const settings = {
      ...{ bucket: "states", key: "mlflow.tfstate", use_path_style: true, skip_credentials_validation: true },
      endpoints: { s3: "https://minio.example.com" },
    };

    expect(synthesize(StateBackend.remote("s3", settings)).terraform.backend).toEqual({ s3: settings });
  });

  test("is read by other stacks of the app", () => {
    expect(synthesize(remote, "reader").data.terraform_remote_state).toEqual({
      "cross-stack-reference-input-mlflow": expect.objectContaining({
        backend: "pg",
        config: { schema_name: "mlflow" },
      }),
    });
  });
});
