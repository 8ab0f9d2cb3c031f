import { Container } from "@cdktf/provider-docker/lib/container";
import type { ContainerConfig } from "@cdktf/provider-docker/lib/container";
import { Image } from "@cdktf/provider-docker/lib/image";
import { Volume } from "@cdktf/provider-docker/lib/volume";
import { Password } from "@cdktf/provider-random/lib/password";
import { App, Aspects, TerraformVariable, Testing, Token } from "cdktf";
import type { TerraformResource, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import type { IConstruct } from "constructs";
import {
  DataSize,
  HostBinding,
  GuardRule,
  HealthCheck,
  MinioStore,
  MlflowServer,
  MlflowStack,
  PostgresStore,
  ServiceImage,
  StackGuard,
} from "../../../lib";
import { SHAPES } from "../../support/stacks/shapes";
import { mlflowStack, synth, testStack } from "../../support/stacks/synth";

const GOOD: ContainerConfig = {
  name: "notebook",
  image: "jupyter/base-notebook:2026-11-02",
  memory: 512,
  healthcheck: { test: ["CMD", "true"] },
};

function guardedStack() {
  const { stack } = testStack();
  Aspects.of(stack).add(new StackGuard());
  return stack;
}

/** Findings of the guard in a stack, without the advice to accept them. */
function findings(stack: TerraformStack): string[] {
  try {
    synth(stack);
    return [];
  } catch (error) {
    const [, list = ""] = /following errors:\n([^]*?)\n\n/.exec((error as Error).message) ?? [];
    return list.split("\n").map((line) => line.trim().replace(/ To accept it: .*$/, ""));
  }
}

function containerFindings(config: Partial<ContainerConfig>): string[] {
  const stack = guardedStack();
  new Container(stack, "notebook", { ...GOOD, ...config });
  return findings(stack).map((line) => line.replace("[test/notebook] ", ""));
}

describe("StackGuard", () => {
  test.each(Object.entries(SHAPES))("finds nothing in %s", (_name, shape) => {
    const stack = shape();
    Aspects.of(stack).add(new StackGuard());

    expect(findings(stack)).toEqual([]);
  });

  test("finds nothing in an additional container that keeps the rules", () => {
    expect(containerFindings({})).toEqual([]);
  });

  test.each(["redis", "redis:latest", "redis:8.2", "ghcr.io:443/team/redis", "localhost:5000/redis:latest"])(
    "finds the image %s",
    (image) => {
      expect(containerFindings({ image })).toEqual([
        `UnpinnedImage: '${image}' may be another image tomorrow; give it a digest, or a tag with a full version such as '3.1.0', a date or a commit.`,
      ]);
    },
  );

  test.each([
    "redis:8.2.1",
    `redis@sha256:${"0".repeat(64)}`,
    "localhost:5000/redis:8.2.1",
    Token.asString({ resolve: () => "${var.image}" }),
  ])("takes the image %s", (image) => {
    expect(containerFindings({ image })).toEqual([]);
  });

  test("finds an unpinned image that is pulled, and lets one pass that is built", () => {
    const stack = guardedStack();
    new Image(stack, "pulled", { name: "redis" });
    new Image(stack, "built", { name: "mine", buildAttribute: { context: "." } });

    expect(findings(stack)).toEqual([
      "[test/pulled] UnpinnedImage: 'redis' may be another image tomorrow; give it a digest, or a tag with a full version such as '3.1.0', a date or a commit.",
    ]);
  });

  test.each<[string, Partial<ContainerConfig>, string]>([
    ["a port", { ports: [{ internal: 80, external: 8888 }] }, "port 8888 is published"],
    ["a port of the engine's choice", { ports: [{ internal: 80 }] }, "port 80 is published"],
    ["a port on 127.0.0.1", { ports: [{ internal: 80, external: 80, ip: "127.0.0.1" }] }, "port 80 is published"],
    ["all ports", { publishAllPorts: true }, "all its ports are published"],
    ["the host's network", { networkMode: "host" }, "all its ports are open on the host's own network"],
  ])("finds %s beside the gateway", (_what, config, what) => {
    expect(containerFindings(config)).toEqual([
      `PublishedPort: ${what} past the gateway and its login; reach it over a network of the gateway's.`,
    ]);
  });

  test.each([undefined, 0])("finds a container with a memory limit of %s", (memory) => {
    expect(containerFindings({ memory })).toEqual([
      "MissingMemoryLimit: it may take all memory of its machine; set 'memory'.",
    ]);
  });

  test.each<Partial<ContainerConfig>>([{ healthcheck: undefined }, { healthcheck: { test: ["NONE"] } }])(
    "finds a container that nobody checks: %j",
    (config) => {
      expect(containerFindings(config)).toEqual([
        "MissingHealthCheck: nobody can tell whether it works; set 'healthcheck'.",
      ]);
    },
  );

  test.each<Partial<ContainerConfig>>([{ mustRun: false }, { attach: true }, { start: false }])(
    "asks no health check of what runs once: %j",
    (config) => {
      expect(containerFindings({ ...config, healthcheck: undefined })).toEqual([]);
    },
  );

  test.each([
    "DB_PASSWORD=hunter2hunter2",
    "apiKey_token=abc",
    "GITHUB_TOKEN=${local.token}",
    "DATABASE=postgres://ada:hunter2hunter2@db.example.com/x",
  ])("finds the secret in the variable %s, and does not repeat it", (entry) => {
    const found = containerFindings({ env: [entry] });

    expect(found).toEqual([
      `ExposedSecret: 'env' shows a secret in ${entry.split("=")[0]}; hand it over in a file, by 'upload'.`,
    ]);
    expect(found.join()).not.toContain("hunter2");
  });

  test.each([
    "DB_PASSWORD=",
    "DB_PASSWORD_FILE=/run/secrets/db",
    "AUTH_TOKEN=/run/secrets/token",
    "ENABLE_TOKEN=true",
    "URL=https://db.example.com:5432/x@y",
    "TOKENIZER=bert",
    "NAME=${docker_container.token_server.name}",
  ])("takes the variable %s", (entry) => {
    expect(containerFindings({ env: [entry] })).toEqual([]);
  });

  test("finds references to secrets wherever an inspection of the container shows them", () => {
    const stack = guardedStack();
    const password = new Password(stack, "password", { length: 20 });
    const variable = new TerraformVariable(stack, "login", { type: "string", sensitive: true });
    const open = new TerraformVariable(stack, "region", { type: "string" });
    new Container(stack, "notebook", {
      ...GOOD,
      env: [`GREETING=${password.result}`, `REGION=${open.stringValue}`],
      command: ["serve", variable.stringValue],
      entrypoint: ["sh", "-c", `echo ${password.bcryptHash}`],
      labels: [{ label: "login", value: variable.stringValue }],
      healthcheck: { test: ["CMD", "check", password.result] },
      upload: [{ file: "/run/secrets/password", content: password.result }],
    });

    expect(findings(stack)).toEqual([
      "[test/notebook] ExposedSecret: 'env' shows a secret in GREETING; hand it over in a file, by 'upload'.",
      "[test/notebook] ExposedSecret: 'command' shows a secret; hand it over in a file, by 'upload'.",
      "[test/notebook] ExposedSecret: 'entrypoint' shows a secret; hand it over in a file, by 'upload'.",
      "[test/notebook] ExposedSecret: 'labels' shows a secret; hand it over in a file, by 'upload'.",
      "[test/notebook] ExposedSecret: 'healthcheck' shows a secret; hand it over in a file, by 'upload'.",
    ]);
  });

  test("finds every volume that a plan deletes once it leaves the code, a protected one too", () => {
    const stack = guardedStack();
    new Volume(stack, "loose", { name: "archive" });
    new Volume(stack, "safe", { name: "notes", lifecycle: { preventDestroy: true } });
    new Volume(stack, "nameless", {});

    const remedy = "use 'network.addVolume()', or let the container alone name it.";
    expect(findings(stack)).toEqual([
      `[test/loose] UnprotectedVolume: a plan deletes 'archive' with its data once it is no longer in the code; ${remedy}`,
      `[test/safe] UnprotectedVolume: a plan deletes 'notes' with its data once it is no longer in the code; ${remedy}`,
      `[test/nameless] UnprotectedVolume: a plan deletes it with its data once it is no longer in the code; ${remedy}`,
    ]);
  });

  test("finds data that is removed with its container", () => {
    expect(
      containerFindings({
        volumes: [
          { containerPath: "/data" },
          { containerPath: "/named", volumeName: "named" },
          { containerPath: "/srv", hostPath: "/srv" },
        ],
        mounts: [
          { target: "/cache", type: "volume" },
          { target: "/tmp", type: "tmpfs" },
        ],
      }),
    ).toEqual([
      "UnprotectedVolume: the data in /data goes with the container; name a volume.",
      "UnprotectedVolume: the data in /cache goes with the container; name a volume.",
    ]);
  });

  test("says how to accept a finding", () => {
    const stack = guardedStack();
    new Container(stack, "notebook", { ...GOOD, memory: undefined });

    expect(() => synth(stack)).toThrow(
      "[test/notebook] MissingMemoryLimit: it may take all memory of its machine; set 'memory'. To accept it: StackGuard.accept(construct, GuardRule.MISSING_MEMORY_LIMIT, \"why\")",
    );
  });

  test("accepts one rule in one construct only", () => {
    const stack = guardedStack();
    const team = new Construct(stack, "team");
    for (const scope of [team, stack]) new Container(scope, "notebook", { ...GOOD, memory: undefined, image: "x" });
    StackGuard.accept(team, GuardRule.MISSING_MEMORY_LIMIT, "the machine is theirs alone");

    expect(findings(stack).map((line) => line.split(":")[0])).toEqual([
      "[test/team/notebook] UnpinnedImage",
      "[test/notebook] UnpinnedImage",
      "[test/notebook] MissingMemoryLimit",
    ]);
  });

  test("accepts nothing without a reason", () => {
    const { stack } = testStack();

    expect(() => StackGuard.accept(stack, GuardRule.PUBLISHED_PORT, " ")).toThrow(
      "'reason' must say why PublishedPort is right here [test]",
    );
  });

  test("sees overrides, and changes by aspects that come after it", () => {
    const stack = guardedStack();
    const container = new Container(stack, "notebook", { ...GOOD, memory: undefined });
    container.addOverride("ports", [{ internal: 80, external: 8080 }]);
    Aspects.of(stack).add({
      visit: (node: IConstruct) => Object.assign(node, node === container && { memory: 512 }),
    });

    expect(findings(stack)).toEqual([
      "[test/notebook] PublishedPort: port 8080 is published past the gateway and its login; reach it over a network of the gateway's.",
    ]);
  });

  test("reports each finding once, even if the stack is guarded and synthesized several times", () => {
    const stack = guardedStack();
    Aspects.of(stack).add(new StackGuard());
    new Container(stack, "notebook", { ...GOOD, memory: undefined });

    expect(findings(stack)).toHaveLength(1);
    expect(findings(stack)).toHaveLength(1);
  });

  test("checks resources that are added to an MlflowStack, and lets only the gateway publish", () => {
    const stack = mlflowStack();
    new Container(stack, "notebook", { ...GOOD, ports: [{ internal: 8888, external: 8888 }] });

    expect(findings(stack)).toEqual([
      "[mlflow/notebook] PublishedPort: port 8888 is published past the gateway and its login; reach it over a network of the gateway's.",
    ]);
    StackGuard.accept(stack, GuardRule.PUBLISHED_PORT, "the notebook has a login of its own");
    expect(findings(stack)).toEqual([]);
  });

  describe("keeps the server's metrics inside, which are read without a login", () => {
    const remedy = "past the gateway and its login; reach it over a network of the gateway's.";
    const metrics = () => mlflowStack({ server: { features: { metrics: true } } });
    // The default child sets an attribute that has no prop.
    const serverContainer = (server: MlflowServer) =>
      server.node.defaultChild?.node.defaultChild as unknown as TerraformResource;

    test.each<[string, string, unknown, string]>([
      ["a port of the server", "ports", [{ internal: 5000, external: 5000 }], "port 5000 is published"],
      ["all its ports", "publish_all_ports", true, "all its ports are published"],
      ["the host's network", "network_mode", "host", "all its ports are open on the host's own network"],
    ])("refuses %s", (_what, attribute, value, what) => {
      const stack = metrics();
      serverContainer(stack.server).addOverride(attribute, value);

      expect(findings(stack)).toEqual([`[mlflow/server/Default/Default] PublishedPort: ${what} ${remedy}`]);
    });

    test("refuses the port of a service that collects them", () => {
      const stack = metrics();
      stack.network.addService(stack, "prometheus", {
        image: ServiceImage.registry("prom/prometheus:v3.5.0"),
        memory: DataSize.mebibytes(256),
        healthCheck: HealthCheck.command(["true"]),
        ports: [{ port: 9090, binding: HostBinding.loopback() }],
      });

      expect(findings(stack)).toEqual([`[mlflow/prometheus/Default] PublishedPort: port 9090 is published ${remedy}`]);
    });

    test("refuses a port of a server in your own guarded stack", () => {
      const { stack, network } = testStack();
      Aspects.of(stack).add(new StackGuard());
      const server = new MlflowServer(stack, "server", {
        network,
        backendStore: new PostgresStore(stack, "postgres", { network }),
        artifactStore: new MinioStore(stack, "minio", { network }),
        features: { metrics: true },
      });
      serverContainer(server).addOverride("ports", [{ internal: 5000, external: 5000, ip: "127.0.0.1" }]);

      expect(findings(stack)).toEqual([
        `[test/server/Default/Default] PublishedPort: port 5000 is published ${remedy}`,
      ]);
    });
  });

  test("stops an app", () => {
    const app = new App({ outdir: Testing.app().outdir });
    const stack = new MlflowStack(app, "mlflow");
    new Container(stack, "notebook", { ...GOOD, memory: undefined });

    expect(() => app.synth()).toThrow(/\[mlflow\/notebook\] MissingMemoryLimit/);
  });
});
