import { SynthesizedStack } from "../../../cli/app/synthesized-stack";
import { mlflowStack, synth } from "../../support/stacks/synth";

const role = (value: string) => [{ label: "cdktf-mlflow.role", value }];

const content = {
  provider: { docker: [{ host: "ssh://ops@engine" }] },
  resource: {
    docker_container: {
      gateway: {
        name: "mlflow-gateway",
        ports: [{ internal: 8080, external: 8080, ip: "127.0.0.1" }, { internal: 1 }],
      },
      job: { name: "mlflow-job", must_run: false },
      migration: { name: "mlflow-migration", must_run: false, labels: role("migration-job") },
      server: { name: "mlflow-server", labels: role("server") },
      database: { name: "mlflow-postgres", volumes: [{ host_path: "/srv/data" }, { volume_name: "x" }] },
    },
    docker_image: {
      database: { name: "postgres:18" },
      gateway: { name: "gateway:1", build: { context: "assets/a", build_args: { A: "b" } } },
    },
    docker_volume: {
      data: { name: "mlflow-data", lifecycle: { prevent_destroy: true } },
      certificates: { name: "mlflow-certificates" },
    },
  },
};

describe("SynthesizedStack", () => {
  const stack = new SynthesizedStack(content, "/stacks/mlflow");

  test("reads the stack's needs of the engine", () => {
    expect(stack.engineHost).toBe("ssh://ops@engine");
    expect(stack.engineContext).toBeUndefined();
    expect(stack.services).toEqual(["mlflow-gateway", "mlflow-server", "mlflow-postgres"]);
    expect(stack.servers).toEqual(["mlflow-server"]);
    expect(stack.markingJobs).toEqual(["mlflow-migration"]);
    expect(stack.publishedPorts).toEqual([{ container: "mlflow-gateway", address: "127.0.0.1", port: 8080 }]);
    expect(stack.hostPaths).toEqual(["/srv/data"]);
    expect(stack.images).toEqual([
      { name: "postgres:18" },
      { name: "gateway:1", build: { dockerfile: "/stacks/mlflow/assets/a/Dockerfile", args: { A: "b" } } },
    ]);
  });

  test("reads how many workers MLflow has", () => {
    const server = { name: "mlflow-server", labels: role("server"), env: ["MLFLOW_HOST=0.0.0.0", "MLFLOW_WORKERS=4"] };

    expect(stack.workers).toBe(0);
    expect(new SynthesizedStack({ resource: { docker_container: { server } } }, "").workers).toBe(4);
    expect(new SynthesizedStack(synth(mlflowStack()), "").workers).toBe(2);
  });

  test("names the resources that Terraform refuses to destroy, without volumes of the engine", () => {
    const block = { lifecycle: { prevent_destroy: true } };
    const resource = {
      docker_volume: { data: block },
      aws_s3_bucket: { models: block, logs: { lifecycle: { create_before_destroy: true } }, other: {} },
    };

    expect(new SynthesizedStack({ resource }, "").protectedResources).toEqual(["aws_s3_bucket.models"]);
    expect(new SynthesizedStack(synth(mlflowStack()), "").protectedResources).toEqual([]);
  });

  test("leaves an engine to Terraform if only Terraform knows its address", () => {
    const unknown = new SynthesizedStack({ provider: { docker: [{ host: "${var.host}" }] } }, "");

    expect(unknown.engineHost).toBeUndefined();
  });

  test("knows the logins at registries whose passwords are known before Terraform runs", () => {
    const login = (address: string, password: string) => ({ address, username: "ada", password });
    const logins = new SynthesizedStack(
      {
        variable: { default: { default: "from its default" }, given: {}, missing: {} },
        provider: {
          docker: [
            {
              registry_auth: [
                login("a.example.com", "${var.given}"),
                login("b.example.com", "${var.default}"),
                login("c.example.com", "${var.missing}"),
                login("d.example.com", "${random_password.x.result}"),
                login("e.example.com", "written down"),
              ],
            },
          ],
        },
      },
      "",
    ).registryLogins({ TF_VAR_given: "from the environment" });

    expect(logins.map(({ address, password }) => [address, password])).toEqual([
      ["a.example.com", "from the environment"],
      ["b.example.com", "from its default"],
      ["e.example.com", "written down"],
    ]);
  });

  test("finds ports, images and jobs in a synthesized MlflowStack", () => {
    const real = new SynthesizedStack(synth(mlflowStack()), "/stacks/mlflow");

    expect(real.publishedPorts).toEqual([{ container: "mlflow-gateway", address: "127.0.0.1", port: 8080 }]);
    expect(real.bucketJobs).toEqual(["mlflow-minio-bucket"]);
    expect(real.markingJobs).toEqual(["mlflow-server-migration"]);
    expect(real.services).toEqual(["mlflow-gateway", "mlflow-minio", "mlflow-postgres", "mlflow-server"]);
    expect(real.images.filter(({ build }) => build)).toHaveLength(1);
  });
});
