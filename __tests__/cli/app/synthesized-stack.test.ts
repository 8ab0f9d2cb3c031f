import { diskProblem } from "../../../cli/deployment/host-checks";
import { State } from "../../../cli/terraform/state";
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

  test("reads what the stack needs of the engine", () => {
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

  test("lifts the protection of just what is protected", () => {
    expect(stack.unprotected).toEqual({
      resource: { docker_volume: { data: { lifecycle: { prevent_destroy: false } } } },
    });
  });

  test("leaves an engine to Terraform that only Terraform knows", () => {
    const unknown = new SynthesizedStack({ provider: { docker: [{ host: "${var.host}" }] } }, "");

    expect(unknown.engineHost).toBeUndefined();
  });

  test("finds ports, images and jobs in what MlflowStack really synthesizes", () => {
    const real = new SynthesizedStack(synth(mlflowStack()), "/stacks/mlflow");

    expect(real.publishedPorts).toEqual([{ container: "mlflow-gateway", address: "127.0.0.1", port: 8080 }]);
    expect(real.bucketJobs).toEqual(["mlflow-minio-bucket"]);
    expect(real.markingJobs).toEqual(["mlflow-server-migration"]);
    expect(real.services).toEqual(["mlflow-gateway", "mlflow-minio", "mlflow-postgres", "mlflow-server"]);
    expect(real.images.filter(({ build }) => build)).toHaveLength(1);
  });
});

describe("State", () => {
  const state = State.parse(
    JSON.stringify({
      outputs: { url: { value: "http://localhost:8080" }, volumes: { value: {} } },
      resources: [
        {
          mode: "managed",
          type: "docker_container",
          name: "job",
          instances: [{ attributes: { must_run: false, exit_code: 1 } }],
        },
        {
          mode: "managed",
          type: "docker_container",
          name: "done",
          instances: [{ attributes: { must_run: false, exit_code: 0 } }],
        },
        { mode: "managed", module: "module.a", type: "docker_volume", name: "v", instances: [{ index_key: "x" }] },
        { mode: "data", type: "docker_image", name: "read", instances: [{}] },
      ],
    }),
  );

  test("knows addresses, outputs that are texts, and jobs that failed", () => {
    expect(state.instances.map(({ address }) => address)).toEqual([
      "docker_container.job",
      "docker_container.done",
      'module.a.docker_volume.v["x"]',
    ]);
    expect(state.output("url")).toBe("http://localhost:8080");
    expect(state.output("volumes")).toBeUndefined();
    expect(state.rerunFailedJobs).toEqual(["-replace=docker_container.job"]);
  });

  test("knows the passwords that must not be printed", () => {
    const instances = [{ attributes: { result: "correct horse" } }, {}];
    const text = JSON.stringify({ resources: [{ mode: "managed", type: "random_password", name: "p", instances }] });

    expect(State.parse(text).generatedPasswords).toEqual(["correct horse"]);
  });

  test("is empty before the first deployment, and of no version", () => {
    expect(State.parse("").instances).toEqual([]);
    expect(State.parse("").version).toEqual({});
    expect(State.parse('{"lineage": "a", "serial": 4}').version).toEqual({ lineage: "a", serial: 4 });
  });
});

test("disk space is compared in GiB, and both figures are named", () => {
  expect(diskProblem(5 * 1024 ** 3, 5, "/var/lib/docker")).toBeUndefined();
  expect(diskProblem(1.5 * 1024 ** 3, 5, "/var/lib/docker")).toBe(
    "not enough disk: 1.5 GiB free in /var/lib/docker, 5 GiB needed",
  );
});
