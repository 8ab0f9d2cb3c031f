import { Construct } from "constructs";
import { SECRET_SETTINGS, SERVER_SETTINGS, STORE_SETTINGS } from "../../../lib/contract/server-settings";
import { IDENTITY_SETTINGS } from "../../../lib/contract/store-identity";
import { AiProvider, DataSize, Duration, MlflowServer, PublicUrl, Secret, ServiceImage } from "../../../lib";
import type { ClientSettings, IArtifactStore, IBackendStore, MlflowServerOptions, StoreHost } from "../../../lib";
import {
  addresses,
  container,
  environment,
  file,
  synth,
  testStack,
  withoutPackagedFiles,
} from "../../support/stacks/synth";

const MIGRATION = "server_migration_BC6C20F3";
const EGRESS = "server_egress_C9E3FD24";
const ENTRY = "server_egress_entry_DACEDD00";

interface StoreOptions {
  readonly external?: boolean;
  readonly hosts?: StoreHost[];
  readonly connectionLimit?: number;
  readonly triggers?: string[];
}

// A store that consists of settings only, so that a test shows how the server uses them.
class FakeStore extends Construct implements IBackendStore, IArtifactStore {
  public readonly clientSettings: ClientSettings;
  public readonly connectionLimit?: number;
  public readonly destination = "s3://fake";

  constructor(scope: Construct, id: string, options: StoreOptions = {}) {
    super(scope, id);
    this.connectionLimit = options.connectionLimit;
    this.clientSettings = {
      environment: { [`${id.toUpperCase()}_SETTING`]: "on" },
      files: [{ path: `/run/secrets/${id}`, content: `secret of ${id}`, secret: true }],
      dependsOn: [],
      external: options.external ?? false,
      hosts: options.hosts,
      triggers: options.triggers ?? [],
    };
  }
}

interface TestOptions extends MlflowServerOptions, StoreOptions {
  readonly url?: string;
  readonly workspaces?: string[];
}

function serverStack({
  url = "http://localhost:8080",
  workspaces = [],
  external,
  hosts,
  connectionLimit,
  triggers,
  ...options
}: TestOptions = {}) {
  const { stack, network } = testStack();
  const server = new MlflowServer(stack, "server", {
    network,
    backendStore: new FakeStore(stack, "database", { external, hosts, connectionLimit, triggers }),
    artifactStore: new FakeStore(stack, "bucket", { external, hosts, triggers }),
    ...options,
  });
  server.addGateway({ url: PublicUrl.parse(url, stack), hostname: "test-gateway", workspaces });
  return { stack, server };
}

function networks(stack: Parameters<typeof container>[0], name: string): string[] {
  return container(stack, name).networks_advanced.map(({ name: id }: { name: string }) => id);
}

describe("MlflowServer", () => {
  test("with minimal properties", () => {
    expect(withoutPackagedFiles(synth(serverStack().stack))).toMatchSnapshot();
  });

  test("has these addresses", () => {
    expect(addresses(serverStack().stack)).toEqual([
      "docker_container.server",
      "docker_container.server_dump_79EFE4AE",
      `docker_container.${MIGRATION}`,
      "docker_image.server_dump_image_443FD42C",
      "docker_image.server_migration_image_E95E307E",
      "docker_network.network_edge_EE26EFD3",
      "docker_network.network_internal_6B1DEFA6",
      "random_bytes.server_mlflow-webhook-secret-encryption-key_ED753816",
      "random_password.server_gateway-key_0624FA4E",
      "random_password.server_mlflow-crypto-kek-passphrase_2CCBDC3A",
      "random_password.server_mlflow-flask-server-secret-key_ADE6C8BD",
      "terraform_data.server_dumps_1CE41C25",
      "terraform_data.server_identity_C4A601B5",
    ]);
  });

  test("starts only after the migration of its database", () => {
    const { stack } = serverStack();

    expect(container(stack, "server").depends_on).toContain(`docker_container.${MIGRATION}`);
    expect(container(stack, MIGRATION)).toMatchObject({
      entrypoint: ["python", "/etc/mlflow/stores.py", "migrate"],
      command: ["python", "-c", expect.any(String), "db", "upgrade", "postgresql+psycopg2:///?service=mlflow"],
      must_run: false,
      attach: true,
      restart: "no",
      lifecycle: { postcondition: [{ condition: "${self.exit_code == 0}" }] },
    });
  });

  test("says how to run a failed migration again", () => {
    const [postcondition] = container(serverStack().stack, MIGRATION).lifecycle.postcondition;

    expect(postcondition.error_message).toBe(
      `The database could not be brought up to date, so the server was not started. To run it again: 'mlflow-stack up', or -replace=docker_container.${MIGRATION}. Its output: \${self.container_logs}`,
    );
  });

  test("gives migration and server the same stores and the same identity", () => {
    const { stack } = serverStack();
    const [migration, server] = [MIGRATION, "server"].map((name) => environment(stack, name));

    expect(migration).toEqual(Object.fromEntries(Object.keys(migration ?? {}).map((name) => [name, server?.[name]])));
    expect(migration).toMatchObject({
      BUCKET_SETTING: "on",
      DATABASE_SETTING: "on",
      MLFLOW_ARTIFACTS_DESTINATION: "s3://fake",
      STACK_IDENTITY: "${terraform_data.server_identity_C4A601B5.output}",
    });
  });

  test.each([
    ["runs:/0123456789abcdef/model", true],
    ["models:/m-0123456789abcdef", true],
    ["mlflow-artifacts:/1/models/m-01/artifacts", true],
    ["s3://company-models/other", false],
    ["file:///etc", false],
    ["/etc", false],
    ["https://example.com/model", false],
    ["dummy-source/../etc", false],
  ])("lets a model version come from MLflow's own files only: %s %s", (source, isAllowed) => {
    const { MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX: sources = "" } = environment(
      serverStack().stack,
      "server",
    );

    expect(new RegExp(sources).test(source)).toBe(isAllowed);
  });

  test("generates its identity once", () => {
    const records = Object.entries(synth(serverStack().stack).resource.terraform_data ?? {});
    const [, identity] = records.find(([name]) => name.startsWith("server_identity_")) ?? [];

    expect(identity).toMatchObject({
      input: "test-server/${timestamp()}/${uuid()}",
      lifecycle: { ignore_changes: ["input"] },
    });
  });

  test("marks its stores again when one is recreated", () => {
    const { stack } = serverStack({ triggers: ["volume"] });

    expect(container(stack, MIGRATION).labels).toContainEqual({
      label: "cdktf-mlflow.triggers",
      value: "volume,volume",
    });
  });

  test("answers to the host names of its gateway, with every port", () => {
    const { stack } = serverStack({ url: "https://mlflow.example.com", hostNames: ["mlflow.internal"] });

    expect(environment(stack, "server")).toMatchObject({
      MLFLOW_SERVER_ALLOWED_HOSTS:
        "mlflow.example.com,mlflow.example.com:*,mlflow.internal,mlflow.internal:*,test-gateway,test-gateway:*",
      MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: "https://mlflow.example.com,https://mlflow.internal,https://test-gateway",
    });
  });

  test("answers to the host names of two gateways, each with its own scheme and port", () => {
    const { stack, server } = serverStack({ hostNames: ["mlflow.internal"] });
    const url = PublicUrl.parse("https://mlflow.example.com:8443", stack);
    server.addGateway({ url, hostname: "test-second", workspaces: [] });

    const { MLFLOW_SERVER_ALLOWED_HOSTS, MLFLOW_SERVER_CORS_ALLOWED_ORIGINS } = environment(stack, "server");
    expect(MLFLOW_SERVER_ALLOWED_HOSTS?.split(",").filter((host) => !host.endsWith(":*"))).toEqual([
      ...["localhost", "127.0.0.1", "mlflow.internal", "test-gateway", "mlflow.example.com", "test-second"],
    ]);
    expect(MLFLOW_SERVER_CORS_ALLOWED_ORIGINS?.split(",")).toEqual([
      ...["localhost", "127.0.0.1", "mlflow.internal", "test-gateway"].map((name) => `http://${name}:8080`),
      ...["mlflow.example.com", "mlflow.internal", "test-second"].map((name) => `https://${name}:8443`),
    ]);
  });

  test("answers at localhost to its name and its address", () => {
    expect(environment(serverStack().stack, "server")).toMatchObject({
      MLFLOW_SERVER_ALLOWED_HOSTS: "localhost,localhost:*,127.0.0.1,127.0.0.1:*,test-gateway,test-gateway:*",
      MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: "http://localhost:8080,http://127.0.0.1:8080,http://test-gateway:8080",
    });
  });

  // MLflow compares a name with a star by Python's fnmatch: [::1] would be one letter of three.
  test("answers to an IPv6 address with every port", () => {
    expect(environment(serverStack({ url: "http://[::1]:8080" }).stack, "server")).toMatchObject({
      MLFLOW_SERVER_ALLOWED_HOSTS: expect.stringMatching(/^\[::1\],\[\[\]::1\]:\*,/),
      MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: expect.stringMatching(/^http:\/\/\[::1\]:8080,/),
    });
  });

  test("has telemetry, metrics, jobs, workspaces and the AI gateway off by default", () => {
    const settings = environment(serverStack().stack, "server");
    expect(settings).not.toHaveProperty("MLFLOW_EXPOSE_PROMETHEUS");
    expect(settings).toMatchObject({
      DO_NOT_TRACK: "true",
      MLFLOW_DISABLE_TELEMETRY: "true",
      MLFLOW_ENABLE_AI_GATEWAY: "false",
      MLFLOW_ENABLE_WORKSPACES: "false",
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
    });
    const features = { telemetry: true, jobExecution: true, workspaces: true, metrics: true };
    expect(
      environment(serverStack({ egress: { hosts: ["reports.example.com"] }, features }).stack, "server"),
    ).toMatchObject({
      DO_NOT_TRACK: "false",
      MLFLOW_DISABLE_TELEMETRY: "false",
      MLFLOW_ENABLE_WORKSPACES: "true",
      MLFLOW_EXPOSE_PROMETHEUS: "/tmp/mlflow/metrics",
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "true",
    });
  });

  test("answers for its metrics to its internal name, and publishes no port", () => {
    const { stack, server } = serverStack({ features: { metrics: true } });

    expect(server.metricsUrl).toBe("http://test-server:5000/metrics");
    expect(environment(stack, "server")).toMatchObject({
      MLFLOW_SERVER_ALLOWED_HOSTS:
        "localhost,localhost:*,127.0.0.1,127.0.0.1:*,test-gateway,test-gateway:*,test-server,test-server:*",
      MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: "http://localhost:8080,http://127.0.0.1:8080,http://test-gateway:8080",
    });
    expect(container(stack, "server").ports).toBeUndefined();
    expect(serverStack().server.metricsUrl).toBeUndefined();
  });

  test("creates the workspaces of its gateway's users by a job after the migration", () => {
    const workspaces = ["team-b", "team-a", "default"];
    const { stack } = serverStack({ features: { workspaces: true }, workspaces });

    const job = container(stack, "server_workspaces_21E6237D");
    expect(job.command).toEqual(["postgresql+psycopg2:///?service=mlflow", "team-a", "team-b"]);
    expect(job.depends_on).toEqual([`docker_container.${MIGRATION}`]);
  });

  test("runs no such job when all users work in the default workspace", () => {
    const { stack } = serverStack({ features: { workspaces: true }, workspaces: ["default"] });

    expect(addresses(stack).filter((address) => address.includes("workspaces"))).toEqual([]);
  });

  test("refuses a second gateway whose users have workspaces", () => {
    const { stack, server } = serverStack({ features: { workspaces: true }, workspaces: ["team-a"] });
    const add = (workspaces: string[]) =>
      server.addGateway({ url: PublicUrl.parse("http://localhost:8081", stack), hostname: "test-second", workspaces });

    expect(() => add(["team-b"])).toThrow("only one gateway may have users with a 'workspace' [test/server]");
    expect(() => add(["default"])).not.toThrow();
  });

  test("tells the gateway which features are on", () => {
    const features = (options: MlflowServerOptions) => serverStack(options).server.features;

    expect(features({})).toEqual(["traces"]);
    expect(features({ features: { traces: false } })).toEqual([]);
    // An app may pass options that are not set.
    expect(features({ features: { traces: undefined, jobExecution: undefined } })).toEqual(["traces"]);
    expect(
      features({
        features: {
          webhooks: { hosts: ["hooks.example.com"] },
          aiGateway: { providers: [AiProvider.openai()] },
          jobExecution: true,
        },
      }),
    ).toEqual(["traces", "aiGateway", "webhooks", "jobExecution"]);
  });

  test("fails on telemetry without hosts", () => {
    expect(() => serverStack({ features: { telemetry: true } })).toThrow(
      "'features.telemetry' needs the hosts that MLflow reports to in 'egress.hosts', such as 'config.mlflow-telemetry.io' [test/server]",
    );
  });

  test("opens its AI gateway and webhooks, and leaves the check of addresses to the egress proxy", () => {
    const { stack } = serverStack({
      features: {
        webhooks: { hosts: ["hooks.example.com"] },
        aiGateway: {
          providers: [AiProvider.openai(), AiProvider.anthropic(), AiProvider.at("openai", ["llm.example.com"])],
        },
      },
    });

    expect(environment(stack, "server")).toMatchObject({
      MLFLOW_ENABLE_AI_GATEWAY: "true",
      MLFLOW_GATEWAY_ALLOWED_PROVIDERS: "anthropic,openai",
      MLFLOW_GATEWAY_API_BASE_ALLOW_PRIVATE_IPS: "true",
      MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: "true",
    });
    expect(environment(serverStack().stack, "server")).not.toHaveProperty("MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS");
    expect(environment(stack, EGRESS)).toMatchObject({
      EGRESS_HOSTS: "api.anthropic.com:443 api.openai.com:443 hooks.example.com:443 llm.example.com:443",
      EGRESS_PRIVATE_HOSTS: "",
    });
  });

  test.each([
    [
      { features: { webhooks: { hosts: [] } } },
      "'features.webhooks.hosts' must name a host that receives them, such as 'hooks.example.com' [test/server]",
    ],
    [
      { features: { aiGateway: { providers: [] } } },
      "'features.aiGateway.providers' must name a provider, such as AiProvider.openai() [test/server]",
    ],
    [
      { features: { aiGateway: { providers: [AiProvider.at("ollama", [])] } } },
      "'features.aiGateway.providers' must name a host for 'ollama' [test/server]",
    ],
    [
      { features: { webhooks: { hosts: ["10.0.0.1"] } } },
      "'features.webhooks.hosts' must have host names and no addresses, because TLS identifies hosts by name, got: '10.0.0.1' [test/server]",
    ],
    [
      { egress: { hosts: ["*"] } },
      "'egress.hosts' must name each host in full, because MLflow finds the proxy under these names, got: '*' [test/server]",
    ],
    [
      { egress: { privateHosts: { "llm.example.com": "10.0.0.0/8" } } },
      "'egress.privateHosts' must have hosts of a feature or of 'egress.hosts', got: 'llm.example.com' [test/server]",
    ],
    [
      { egress: { hosts: ["api.example.com"] }, external: true },
      "'egress', 'features.aiGateway' and 'features.webhooks' need external stores that have a host name and no address, because the server has direct egress to an address, which would bypass the list of hosts [test/server]",
    ],
  ])("fails on egress to no host or past the list of hosts: %j", (options, message) => {
    expect(() => serverStack(options)).toThrow(message);
  });

  test("is on the internal network only, with bundled stores", () => {
    const { stack } = serverStack();

    expect(networks(stack, "server")).toEqual(["${docker_network.network_internal_6B1DEFA6.id}"]);
    expect(networks(stack, MIGRATION)).toEqual(["${docker_network.network_internal_6B1DEFA6.id}"]);
  });

  test("reaches external stores that tell their hosts, and all features' hosts, by the proxy alone", () => {
    const { stack } = serverStack({
      external: true,
      hosts: [{ host: "db.example.com", port: 5432, tls: false }],
      features: { webhooks: { hosts: ["hooks.example.com:8443"] }, aiGateway: { providers: [AiProvider.openai()] } },
    });

    for (const name of ["server", MIGRATION]) {
      expect(networks(stack, name)).toEqual(["${docker_network.network_internal_6B1DEFA6.id}"]);
      expect(container(stack, name).depends_on).toContain(`docker_container.${ENTRY}`);
    }
    expect(environment(stack, EGRESS)).toEqual({
      EGRESS_HOSTS: "api.openai.com:443 hooks.example.com:8443",
      EGRESS_PRIVATE_HOSTS: "",
      EGRESS_TCP_STORES: "db.example.com:5432",
    });
    expect(environment(stack, "server")).toMatchObject({
      AI_GATEWAY_HOSTS: "api.openai.com:443",
      WEBHOOK_HOSTS: "hooks.example.com:8443",
    });
  });

  test("has egress, like its migration, with an external store that does not tell its hosts", () => {
    const { stack } = serverStack({ external: true });

    expect(networks(stack, "server")).toContain("${docker_network.network_egress_687ACCE0.id}");
    expect(networks(stack, MIGRATION)).toContain("${docker_network.network_egress_687ACCE0.id}");
  });

  test("has only the proxy for egress, if hosts are given", () => {
    const { stack } = serverStack({ egress: { hosts: ["api.example.com"] } });

    expect(networks(stack, "server")).toEqual(["${docker_network.network_internal_6B1DEFA6.id}"]);
    expect(networks(stack, MIGRATION)).toEqual(["${docker_network.network_internal_6B1DEFA6.id}"]);
    expect(container(stack, "server").depends_on).toContain(`docker_container.${ENTRY}`);
  });

  test("gets its workers, its memory and pools that fit into the store's connection limit", () => {
    const { stack, server } = serverStack({ workers: 4, memory: DataSize.gibibytes(4), connectionLimit: 80 });

    expect(server.workers).toBe(4);
    expect(container(stack, "server").memory).toBe(4096);
    expect(environment(stack, "server")).toMatchObject({
      MLFLOW_WORKERS: "4",
      MLFLOW_SQLALCHEMYSTORE_POOL_SIZE: "5",
      MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW: "3",
    });
  });

  test("ends abandoned queries, except in an external database", () => {
    expect(environment(serverStack().stack, "server").PGOPTIONS).toBe("-c statement_timeout=5min");
    expect(environment(serverStack().stack, MIGRATION).PGOPTIONS).toBeUndefined();
    expect(environment(serverStack({ external: true }).stack, "server").PGOPTIONS).toBeUndefined();
  });

  test("keeps temporary files on a given volume", () => {
    const { stack } = serverStack({ temporaryVolume: { hostPath: "/scratch" } });

    expect(container(serverStack().stack, "server").volumes).toBeUndefined();
    expect(container(stack, "server").volumes).toEqual([{ container_path: "/tmp", host_path: "/scratch" }]);
  });

  test("takes a volume for temporary files", () => {
    const { stack } = serverStack({ temporaryVolume: {} });

    expect(container(stack, "server").volumes).toEqual([{ container_path: "/tmp", volume_name: "test-server-tmp" }]);
  });

  test("passes on further settings", () => {
    const { stack } = serverStack({
      environment: { MLFLOW_LOGGING_LEVEL: "DEBUG" },
      secretEnvironment: { OPENAI_API_KEY: Secret.variable("openai_api_key") },
      flags: ["--x-frame-options", "DENY"],
    });

    expect(environment(stack, "server")).toMatchObject({ MLFLOW_LOGGING_LEVEL: "DEBUG" });
    expect(environment(stack, "server")).not.toHaveProperty("OPENAI_API_KEY");
    expect(file(stack, "server", "/run/secrets/mlflow.env")).toContain("OPENAI_API_KEY='${var.openai_api_key}'\n");
    expect(container(stack, "server").command).toEqual([
      "--env-file",
      "/run/secrets/mlflow.env",
      "server",
      "--app-name",
      "gateway-only",
      "--x-frame-options",
      "DENY",
    ]);
  });

  test("escapes a dollar sign in a setting", () => {
    const { stack } = serverStack({ environment: { MLFLOW_NOTE: "costs ${price} and %{percent}" } });

    expect(environment(stack, "server").MLFLOW_NOTE).toBe("costs $${price} and %%{percent}");
  });

  test("takes another image and a slower health check", () => {
    const { stack } = serverStack({
      image: ServiceImage.registry("registry.example.com/mlflow@sha256:" + "0".repeat(64)),
      healthCheck: { interval: Duration.seconds(20) },
    });

    // The other one has the tools for the dump before a migration.
    expect(Object.values(synth(stack).resource.docker_image ?? {})).toHaveLength(2);
    expect(container(stack, "server").healthcheck).toMatchObject({ interval: "2s", timeout: "23s" });
  });

  test.each([
    [{ MLFLOW_BACKEND_STORE_URI: "sqlite://" }, "MLFLOW_BACKEND_STORE_URI", "use 'backendStore'"],
    [{ AWS_ACCESS_KEY_ID: "x" }, "AWS_ACCESS_KEY_ID", "use 'artifactStore'"],
    [{ MLFLOW_SERVER_ALLOWED_HOSTS: "*" }, "MLFLOW_SERVER_ALLOWED_HOSTS", "use 'hostNames', and 'url' of the gateway"],
    [{ MLFLOW_WORKERS: "8" }, "MLFLOW_WORKERS", "use 'workers'"],
    [
      { MLFLOW_SERVER_ENABLE_CUSTOM_SCORERS: "true" },
      "MLFLOW_SERVER_ENABLE_CUSTOM_SCORERS",
      "it would open what the gateway closes",
    ],
    [{ MLFLOW_PORT: "80" }, "MLFLOW_PORT", "the gateway relies on it"],
    [{ MLFLOW_ENABLE_WORKSPACES: "true" }, "MLFLOW_ENABLE_WORKSPACES", "use 'features'"],
    [{ MLFLOW_EXPOSE_PROMETHEUS: "/tmp" }, "MLFLOW_EXPOSE_PROMETHEUS", "use 'features'"],
    [{ MLFLOW_DISABLE_TELEMETRY: "false" }, "MLFLOW_DISABLE_TELEMETRY", "use 'features'"],
    [{ MLFLOW_WORKSPACE: "team-a" }, "MLFLOW_WORKSPACE", "the gateway chooses the workspace"],
    [{ FORWARDED_ALLOW_IPS: "*" }, "FORWARDED_ALLOW_IPS", "it would open what the gateway closes"],
    [{ PYTHONPATH: "/opt" }, "PYTHONPATH", "install modules into the image"],
    [{ STACK_IDENTITY: "x" }, "STACK_IDENTITY", "the server recognizes its own stores by it"],
    [{ STACK_MAKES_BUCKET: "x" }, "STACK_MAKES_BUCKET", "the server recognizes its own stores by it"],
    [{ MLFLOW_CRYPTO_KEK_PASSPHRASE: "x" }, "MLFLOW_CRYPTO_KEK_PASSPHRASE", "it is generated once and kept"],
    [{ MLFLOW_CRYPTO_KEK_VERSION: "2" }, "MLFLOW_CRYPTO_KEK_VERSION", "it is generated once and kept"],
  ])("fails on the setting %j", (settings, name, remedy) => {
    expect(() => serverStack({ environment: settings as unknown as { [name: string]: string } })).toThrow(
      `'environment' must not hold '${name}': ${remedy} [test/server]`,
    );
  });

  test.each([
    ...["--port", "--host=0.0.0.0", "--workers", "--backend-store-uri=sqlite://", "--dev", "--uvicorn-opts"],
    ...["--read-replica-backend-store-uri=postgresql://"],
    ...["--enable-workspaces", "--disable-workspaces", "--expose-prometheus=/tmp/metrics"],
  ])("fails on the flag %s", (flag) => {
    expect(() => serverStack({ flags: [flag] })).toThrow(/^'flags' must not hold '--[a-z-]+': .* \[test\/server\]$/);
  });

  test("fails on every setting of the constructs, besides those that an app may replace", () => {
    const settings = [...SERVER_SETTINGS, ...STORE_SETTINGS, ...SECRET_SETTINGS, ...IDENTITY_SETTINGS];
    const isRefused = (name: string) => {
      try {
        serverStack({ environment: { [name]: "" } });
        return false;
      } catch {
        return true;
      }
    };
    expect(settings.filter((name) => !isRefused(name))).toEqual([
      "HOME",
      "LITELLM_LOCAL_MODEL_COST_MAP",
      "MLFLOW_MODEL_CATALOG_URI",
      "MLFLOW_UVICORN_OPTS",
      "OPENBLAS_NUM_THREADS",
      "PYTHONDONTWRITEBYTECODE",
      "TMPDIR",
    ]);
  });

  test("fails on options of uvicorn that the gateway relies on", () => {
    expect(() => serverStack({ environment: { MLFLOW_UVICORN_OPTS: "--forwarded-allow-ips=*" } })).toThrow(
      "'environment' must not set '--forwarded-allow-ips' in MLFLOW_UVICORN_OPTS: the gateway relies on it [test/server]",
    );
  });
});
