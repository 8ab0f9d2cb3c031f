import type { Plan } from "../../../cli/terraform/json/plan-json";
import { render } from "../../../cli/review/render/render";
import { reviewPlan } from "../../../cli/review/findings/review-plan";
import { secretsOf } from "../../../cli/review/secrets/secrets";
import { container, mlflowStack } from "../../support/stacks/synth";
import { PlanBuilder, ourContainer, ourJob, upload } from "../../support/plans/plan-builder";

const PASSWORD = "jK3sP9wQ2xZ7vB5n";

function text(plan: Plan): string {
  return render(reviewPlan(plan, "mlflow"), "text", secretsOf(plan));
}

function headline(plan: Plan): string {
  return text(plan).split("\n")[0] ?? "";
}

/** A container before and after, the only one that changes. */
function changed(before: object, after: object, references: { [name: string]: string[] } = {}): Plan {
  return new PlanBuilder()
    .resource(
      "docker_container.web",
      ourContainer("mlflow-web", { ...before }),
      ourContainer("mlflow-web", { ...after }),
      {
        sensitive: ["upload"],
        references,
      },
    )
    .build();
}

describe("A review", () => {
  test("of a plan without changes says only that", () => {
    const plan = new PlanBuilder()
      .resource("docker_container.web", ourContainer("mlflow-web"), ourContainer("mlflow-web"))
      .resource("docker_volume.data", { name: "mlflow-data" }, { name: "mlflow-data" })
      .build();

    expect(text(plan)).toBe("Nothing changes.");
  });

  test("shows a changed line of a file, and of a secret only that there is a new one", () => {
    const files = (line: string, secret: string) => ({
      upload: [upload("/etc/caddy/Caddyfile", `one\n${line}\nthree\n`), upload("/run/secrets/auth-hash", secret)],
    });
    const plan = changed(files("two", "old-secret-value"), files("TWO", "new-secret-value"));

    expect(text(plan)).toContain(
      [
        "      /etc/caddy/Caddyfile: changes, 1 line added, 1 line removed",
        "        @@ -1,3 +1,3 @@",
        "         one",
        "        -two",
        "        +TWO",
        "         three",
        "      a new value of the secret in '/run/secrets/auth-hash'",
      ].join("\n"),
    );
    expect(text(plan)).not.toContain("secret-value");
  });

  test("shows no file whose content the code takes from something secret, wherever it lies", () => {
    const files = (content: string) => ({ upload: [upload("/etc/app.conf", content)] });
    const plan = changed(files("password=aaaaaaaaaa"), files("password=bbbbbbbbbb"), {
      "/etc/app.conf": ["random_password.app.result", "random_password.app"],
    });

    expect(text(plan)).toContain("/etc/app.conf: changes\n");
    expect(text(plan)).not.toMatch(/aaaaaaaaaa|bbbbbbbbbb/);
  });

  test("shows the settings of a container before and after", () => {
    const plan = changed(
      { env: ["MLFLOW_WORKERS=2", "GONE=1"], memory: 512, memory_swap: 512 },
      { env: ["MLFLOW_WORKERS=4", "NEW="], memory: 1024, memory_swap: 1024 },
    );

    expect(text(plan)).toContain("      MLFLOW_WORKERS: 2 → 4\n");
    expect(text(plan)).toContain("      GONE: 1 → (not set)\n");
    expect(text(plan)).toContain("      NEW: (not set) → (empty)\n");
    expect(text(plan)).toContain("      memory: 512 MiB → 1,024 MiB\n");
    expect(text(plan)).not.toContain("memory_swap");
  });

  test.each<[string, string[], object, object, string]>([
    [
      "a new limit",
      ["update"],
      { memory: 256, memory_swap: 256 },
      { memory: 512, memory_swap: 512 },
      "is changed while it runs",
    ],
    ["a new environment", ["delete", "create"], { env: ["A=1"] }, { env: ["A=2"] }, "is replaced by a new container"],
    ["one that has stopped", ["update"], { must_run: false }, { must_run: true }, "has stopped and is started again"],
    ["another timeout", ["update"], { wait_timeout: 60 }, { wait_timeout: 90 }, "goes on as it is"],
  ])("names the action on a container with %s", (_what, actions, before, after, verdict) => {
    const plan = new PlanBuilder()
      .resource(
        "docker_container.web",
        ourContainer("mlflow-web", { ...before }),
        ourContainer("mlflow-web", { ...after }),
        {
          actions,
        },
      )
      .build();

    expect(text(plan)).toContain(`  mlflow-web ${verdict}`);
  });

  test("says that a health check has no effect on a container that runs", () => {
    const check = (retries: number) => ({ healthcheck: [{ test: ["CMD", "true"], retries }] });
    const plan = new PlanBuilder()
      .resource("docker_container.web", ourContainer("web", check(2)), ourContainer("web", check(3)), {
        actions: ["update"],
      })
      .build();

    expect(text(plan)).toContain("healthcheck retries: 2 → 3");
    expect(text(plan)).toContain("'healthcheck' has no effect before the container is replaced");
  });

  test("names the images by their references, and not by ids", () => {
    const image = "docker_image.web";
    const plan = new PlanBuilder()
      .resource(
        image,
        { name: "caddy:2.10", image_id: "sha256:1111" },
        { name: "caddy:2.11" },
        { unknown: { image_id: true } },
      )
      .resource("docker_container.web", ourContainer("web"), ourContainer("web", { image: undefined }), {
        unknown: { image: true },
        references: { image: [`${image}.image_id`, image] },
      })
      .build();

    expect(text(plan)).toContain("      image: caddy:2.10 → caddy:2.11 (upgrade)\n");
    expect(text(plan)).toContain("On top of it, without a limit: getting the image 'caddy:2.11'.");
  });
});

describe("Data", () => {
  const volume = { name: "mlflow-data" };

  test.each<[string, Plan, string]>([
    [
      "a volume that goes",
      new PlanBuilder().resource("docker_volume.data", volume, null).build(),
      "Data would be lost: the volume 'mlflow-data' is deleted, and the data in it.",
    ],
    [
      "a volume that is recreated",
      new PlanBuilder().resource("docker_volume.data", volume, { name: "other" }).build(),
      "Data would be lost: the volume 'mlflow-data' is deleted and recreated, empty.",
    ],
    [
      "a volume that is gone",
      new PlanBuilder().drift("docker_volume.data", volume, null).resource("docker_volume.data", null, volume).build(),
      "Data would be lost: the volume 'mlflow-data' is no longer on the engine: its data is not there, and an empty one would be created.",
    ],
    [
      "a bucket of another provider that goes",
      new PlanBuilder().resource("aws_s3_bucket.models", { bucket: "models" }, null).build(),
      "Data would be lost: 'aws_s3_bucket.models ('models')' is deleted, and any data in it.",
    ],
  ])("is lost with %s, as the first line says", (_what, plan, line) => {
    expect(headline(plan)).toBe(line);
    expect(reviewPlan(plan, "mlflow").dataLoss).toBe(true);
  });

  test.each([
    "google_sql_database_instance",
    "google_alloydb_cluster",
    "azurerm_postgresql_flexible_server",
    "digitalocean_database_cluster",
    "scaleway_rdb_instance",
    "aws_rds_global_cluster",
    "aws_dynamodb_table",
    "aiven_pg",
    "neon_project",
    "kubernetes_persistent_volume_claim",
    "postgresql_schema",
    "docker_registry_image",
    "tls_private_key",
    "something_of_tomorrow",
  ])("may be lost with %s, of which nothing is known", (type) => {
    const plan = new PlanBuilder().resource(`${type}.it`, { name: "x" }, null).build();

    expect(reviewPlan(plan, "mlflow").dataLoss).toBe(true);
    expect(headline(plan)).toContain(`${type}.it`);
  });

  test("is lost with a volume whatever an output of the name 'volumes' says", () => {
    const outputs = [[], ["x"], { "docker_volume.other": "x" }, "x", {}];
    for (const value of outputs) {
      const plan = new PlanBuilder()
        .output("volumes", value, value)
        .resource("docker_volume.notebooks", { name: "mlflow-notebooks" }, null)
        .build();

      expect([value, reviewPlan(plan, "mlflow").dataLoss]).toEqual([value, true]);
    }
  });

  describe("in a volume that no plan can delete", () => {
    const record = (name: string) => ({ id: "a-b-c", input: { named_volume: name } });
    const mount = (name: string) => ourContainer("db", { volumes: [{ container_path: "/data", volume_name: name }] });

    test("stays when the stack moves to another volume, which is empty", () => {
      const plan = new PlanBuilder()
        .resource("terraform_data.data-17", record("mlflow-data-17"), null)
        .resource("terraform_data.data-18", null, record("mlflow-data-18"))
        .resource("docker_container.db", mount("mlflow-data-17"), mount("mlflow-data-18"))
        .build();

      expect(reviewPlan(plan, "mlflow").dataLoss).toBe(false);
      expect(text(plan)).toContain("the volume 'mlflow-data-18' is empty, unless one of this name exists");
      expect(text(plan)).toContain("the volume 'mlflow-data-17' is not used any more: it stays on the engine");
      expect(text(plan)).toContain("uses 'mlflow-data-18' instead of 'mlflow-data-17'");
      expect(text(plan)).not.toContain("terraform_data.");
    });

    test("stays when a docker_volume of an older release becomes a record of the same name", () => {
      const plan = new PlanBuilder()
        .resource("docker_volume.data", { name: "mlflow-data" }, null, { actions: ["forget"] })
        .resource("terraform_data.data", null, record("mlflow-data"))
        .resource("docker_container.db", mount("mlflow-data"), mount("mlflow-data"))
        .build();

      expect(reviewPlan(plan, "mlflow").data).toEqual([{ effect: "kept", text: [{ quoted: "mlflow-data" }] }]);
    });

    test("is taken over when the record was imported", () => {
      const imported = { id: "mlflow-data", input: null };
      const plan = new PlanBuilder().resource("terraform_data.data", imported, record("mlflow-data")).build();

      expect(text(plan)).toContain("the volume 'mlflow-data' is taken over, with what is in it");
    });
  });

  test("is not lost with a policy, or with a volume left on the engine", () => {
    const plan = new PlanBuilder()
      .resource("docker_volume.left", { name: "mlflow-left" }, null, { actions: ["forget"] })
      .resource("aws_s3_bucket_policy.models", { bucket: "models" }, null)
      .build();

    expect(reviewPlan(plan, "mlflow").dataLoss).toBe(false);
    expect(text(plan)).toContain("the volume 'mlflow-left' stays on the engine, outside of this stack");
  });

  test("that a service no longer uses is pointed out", () => {
    const mount = (source: string) => ({ volumes: [{ container_path: "/data", volume_name: source }] });

    expect(text(changed(mount("a"), mount("b")))).toContain(
      "look     'mlflow-web' uses 'b' instead of 'a' at '/data': what is in the old one is not moved",
    );
  });

  test("that MLflow would keep elsewhere, or could no longer decrypt, is pointed out", () => {
    const plan = new PlanBuilder()
      .resource(
        "docker_container.server",
        ourContainer("server", { env: ["MLFLOW_ARTIFACTS_DESTINATION=s3://old"] }),
        ourContainer("server", { env: ["MLFLOW_ARTIFACTS_DESTINATION=s3://new"] }),
      )
      .resource("random_bytes.server_mlflow-webhook-secret-encryption-key_ED75", { length: 32 }, { length: 64 })
      .build();

    expect(text(plan)).toContain("MLflow keeps files and models at 's3://new' instead of 's3://old'");
    expect(text(plan)).toContain("what MLflow has encrypted with the old one cannot be read any more");
  });
});

describe("The downtime", () => {
  test("is the sum of the stop, the start, and the start of dependencies", () => {
    const times = (destroy: number, wait: number) => ({ destroy_grace_seconds: destroy, wait_timeout: wait });
    const plan = new PlanBuilder()
      .resource(
        "docker_container.db",
        ourContainer("db", times(90, 30)),
        ourContainer("db", { ...times(90, 30), env: ["A=1"] }),
      )
      .resource(
        "docker_container.web",
        ourContainer("web", times(10, 60)),
        ourContainer("web", { ...times(10, 60), env: ["A=1"] }),
        {
          dependsOn: ["docker_container.db"],
        },
      )
      .build();

    // web stops (10), db stops (90) and starts (30), web starts (60); 5 more for each, for the engine's own work.
    expect(headline(plan)).toContain("2 services replaced. Users wait 3 min 30 s at most.");
    expect(reviewPlan(plan, "mlflow").order.map((step) => JSON.stringify(step))).toEqual([
      '["stop ",{"quoted":"web"}]',
      '["stop ",{"quoted":"db"}]',
      '["start ",{"quoted":"db"}]',
      '["start ",{"quoted":"web"}]',
    ]);
  });

  test("names the effect on users while the server or the gateway is down", () => {
    const gateway = { env: ["AUTH_METHOD=basic", "UPSTREAM=mlflow-server:5000", "UPSTREAM_WAIT=1m30s"] };
    const server = (value: string) => ourContainer("mlflow-server", { env: [`MLFLOW_X=${value}`] });
    const builder = () => new PlanBuilder().resource("docker_container.server", server("1"), server("2"));
    const same = ourContainer("mlflow-gateway", gateway);
    const other = ourContainer("mlflow-gateway", { ...gateway, command: ["x"] });

    expect(text(builder().resource("docker_container.gateway", same, same).build())).toContain(
      "'mlflow-server' is down for up to 1 min 20 s: requests wait at the gateway for up to 1 min 30 s, then fail.",
    );
    expect(text(builder().resource("docker_container.gateway", same, other).build())).toContain(
      "'mlflow-gateway' is the gateway: connections are refused for up to 1 min 20 s.",
    );
  });

  test("is found in a circle of dependencies too, and in a chain of thousands", () => {
    const builder = new PlanBuilder();
    for (let index = 0; index < 3000; index += 1) {
      builder.resource(
        `docker_container.c${index}`,
        ourContainer(`c${index}`),
        ourContainer(`c${index}`, { env: ["A=1"] }),
        {
          dependsOn: [`docker_container.c${(index + 1) % 3000}`],
        },
      );
    }

    expect(headline(builder.build())).toMatch(/^3,000 services replaced\./);
  });
});

describe("Jobs", () => {
  // The library's command line, so that a change of it fails here.
  const { entrypoint, command, labels } = container(mlflowStack(), "server_migration_BC6C20F3");
  const migration = (image: string, values: object = {}) =>
    ourJob("mlflow-migration", { entrypoint, command, labels, image, ...values });
  const images = (builder: PlanBuilder, before: string, after: string) =>
    builder
      .resource("docker_image.old", { name: before, image_id: "sha256:old" }, null)
      .resource("docker_image.new", null, { name: after });
  const options = { unknown: { image: true }, references: { image: ["docker_image.new.image_id"] } };

  test.each([
    [
      "ghcr.io/mlflow/mlflow:v3.16.0-full",
      "ghcr.io/mlflow/mlflow:v3.17.2-full",
      "from MLflow '3.16.0' to '3.17.2'. No backup is made",
    ],
    ["m:3.17.2", "m:3.9.0", "from MLflow '3.17.2' to '3.9.0': MLflow cannot go back to an older release"],
    ["m:3.17.2", "m@sha256:abc", "migrates MLflow's database to 'm@sha256:abc', of which the name tells no release"],
  ])("migrate from %s to %s", (before, after, words) => {
    const plan = images(new PlanBuilder(), before, after)
      .resource(
        "docker_container.migration",
        migration("sha256:old"),
        migration("sha256:x", { image: undefined }),
        options,
      )
      .build();

    expect(text(plan)).toContain(words);
  });

  test("that make a backup first are named", () => {
    const plan = images(new PlanBuilder(), "m:3.16.0", "m:3.17.2")
      .resource("docker_container.backup", null, ourJob("mlflow-backup"))
      .resource("docker_container.migration", migration("sha256:old"), migration("sha256:x", { image: undefined }), {
        ...options,
        dependsOn: ["docker_container.backup"],
      })
      .build();

    expect(text(plan)).toContain("to '3.17.2', after 'mlflow-backup' has made a backup");
  });
});

describe("The changes of access", () => {
  const gateway = (env: string[], values: object = {}) => ({ env: ["AUTH_METHOD=basic", ...env], ...values });
  const openings = (plan: Plan) =>
    text(plan)
      .split("\n")
      .filter((line) => /^ {2}(DANGER|opens|closes|changes) /.test(line))
      .map((line) => line.trim().replace(/ +/, " "));
  const port = (external: number, ip: string) => ({ external, internal: external, ip, protocol: "tcp" });

  test("are ports, by the addresses that reach them", () => {
    const plan = changed(
      { ports: [port(8080, "127.0.0.1"), port(81, "::")] },
      { ports: [port(8080, "0.0.0.0"), port(82, "10.0.0.5")] },
    );

    expect(openings(plan)).toEqual([
      "opens port '0.0.0.0:8080' leads to 'mlflow-web', from everywhere that reaches the host",
      "opens port '10.0.0.5:82' leads to 'mlflow-web', from everywhere that reaches this address",
      "closes port '127.0.0.1:8080', which led to 'mlflow-web'",
      "closes port '[::]:81', which led to 'mlflow-web'",
    ]);
  });

  test("are ports past the gateway", () => {
    const same = ourContainer("gateway", gateway([]));
    const plan = new PlanBuilder()
      .resource("docker_container.gateway", same, same)
      .resource("docker_container.db", ourContainer("db"), ourContainer("db", { ports: [port(5432, "0.0.0.0")] }))
      .build();

    expect(openings(plan)).toEqual([
      "DANGER port '0.0.0.0:5432' leads to 'db', from everywhere that reaches the host, past the gateway and its login",
    ]);
  });

  test("are those of a gateway even if its label changes", () => {
    const labelled = (value: string) => [{ label: "cdktf-mlflow.role", value }];
    const plan = changed(
      { labels: labelled("gateway"), env: ["FEATURES="] },
      { labels: labelled("database"), env: ["FEATURES=aiGateway"] },
    );

    expect(openings(plan)).toEqual(["opens the feature 'aiGateway'"]);
  });

  test("are the address, TLS, the login and the limits of the gateway", () => {
    const before = [
      "SITE_ADDRESS=https://a.example",
      "URL_SCHEME=https",
      "RATE_LIMIT_EVENTS=100",
      "RATE_LIMIT_WINDOW=10s",
    ];
    const after = [
      "SITE_ADDRESS=http://:80",
      "URL_SCHEME=http",
      "RATE_LIMIT_EVENTS=100",
      "RATE_LIMIT_WINDOW=1s",
      "FEATURES=jobExecution",
    ];

    expect(openings(changed(gateway(before), gateway(after)))).toEqual([
      "opens plain HTTP: passwords and data travel in clear",
      "opens rate limit of a client: '100 in 10s' → '100 in 1s'",
      "opens the feature 'jobExecution'",
      "changes the gateway's address: 'https://a.example' → 'http://:80'",
    ]);
  });

  test("are users and their roles", () => {
    const users = (list: object[]) => gateway([], { upload: [upload("/etc/caddy/users.json", JSON.stringify(list))] });
    const plan = changed(
      users([
        { name: "ada", role: "admin" },
        { name: "bob", role: "read" },
      ]),
      users([
        { name: "bob", role: "admin" },
        { name: "eve", role: "write" },
      ]),
    );

    expect(openings(plan)).toEqual([
      "opens a login for 'eve' as 'write'",
      "closes the login of 'ada' as 'admin'",
      "changes the role of 'bob': 'read' → 'admin'",
    ]);
  });

  test("are no new logins if a gateway of release 0.1.0 had its one user in the environment", () => {
    const users = [{ name: "ada", role: "admin" }];
    const to = gateway([], { upload: [upload("/etc/caddy/users.json", JSON.stringify(users))] });

    expect(openings(changed(gateway(["AUTH_USERNAME=ada"]), to))).toEqual([]);
    expect(openings(changed(gateway(["AUTH_USERNAME=bob"]), to))).toEqual([
      "opens a login for 'ada' as 'admin'",
      "closes the login of 'bob' as 'admin'",
    ]);
  });

  test("are workspaces of users", () => {
    const users = (...all: object[]) => gateway([], { upload: [upload("/etc/caddy/users.json", JSON.stringify(all))] });
    const ada = { name: "ada", role: "admin" };
    const plan = changed(
      users(ada, { name: "bob", role: "read", workspace: "vision" }),
      users(
        { ...ada, workspace: "vision" },
        { name: "bob", role: "read", workspace: "speech" },
        { name: "eve", role: "write", workspace: "speech" },
      ),
    );

    expect(openings(plan)).toEqual([
      "opens a login for 'eve' as 'write' in the workspace 'speech'",
      "changes the workspace of 'ada': 'default' → 'vision'",
      "changes the workspace of 'bob': 'vision' → 'speech'",
    ]);
  });

  test("are a new login password; a changed rule of the gateway must be read", () => {
    const files = (rule: string, hash: string) =>
      gateway([], { upload: [upload("/etc/caddy/Caddyfile", rule), upload("/run/secrets/users/ada", hash)] });

    const plan = changed(files("a", "hash-of-one"), files("b", "hash-of-two"));
    expect(openings(plan)).toEqual(["changes the password of 'ada': logins with the old one are refused from then on"]);
    expect(headline(plan)).toContain("1 change was not checked: a person who knows it must read it.");
  });

  test("are MLflow's features", () => {
    const plan = changed(
      { env: ["MLFLOW_ENABLE_AI_GATEWAY=false", "MLFLOW_DISABLE_TELEMETRY=true", "MLFLOW_SERVER_ALLOWED_HOSTS=a,b"] },
      { env: ["MLFLOW_ENABLE_AI_GATEWAY=true", "MLFLOW_DISABLE_TELEMETRY=false", "MLFLOW_SERVER_ALLOWED_HOSTS=b,c"] },
    );

    expect(openings(plan)).toEqual([
      "opens telemetry to MLflow's makers",
      "opens MLflow's AI gateway",
      "opens requests to MLflow under the host name 'c'",
      "closes requests to MLflow under the host name 'a'",
    ]);
  });

  test("are the hosts that the egress proxy connects to, each by name", () => {
    const hosts = (names: string, ranges: string) => ({
      env: [`EGRESS_HOSTS=${names}`, `EGRESS_PRIVATE_HOSTS=${ranges}`],
    });
    const before = hosts("api.example.com:443 hooks.example.com:443", "");
    const after = hosts("api.example.com:443 llm.example.com:8443", "llm.example.com=10.20.0.0/16");

    expect(openings(changed(before, after))).toEqual([
      "opens connections from the stack to 'llm.example.com:8443'",
      "opens private addresses in '10.20.0.0/16' for 'llm.example.com'",
      "closes connections from the stack to 'hooks.example.com:443'",
    ]);
  });

  test("are the providers that MLflow's AI gateway calls", () => {
    const plan = changed(
      { env: ["MLFLOW_GATEWAY_ALLOWED_PROVIDERS=anthropic,openai"] },
      { env: ["MLFLOW_GATEWAY_ALLOWED_PROVIDERS=mistral,openai"] },
    );

    expect(openings(plan)).toEqual([
      "opens calls by MLflow's AI gateway to the provider 'mistral'",
      "closes calls by MLflow's AI gateway to the provider 'anthropic'",
    ]);
  });

  test("are connections to any outside address, by the networks", () => {
    const network = (id: string, internal: boolean) => ({ id, name: `net-${id}`, internal });
    const on = (...ids: string[]) => ({ networks_advanced: ids.map((name) => ({ name })) });
    const builder = new PlanBuilder()
      .resource("docker_network.in", network("in", true), network("in", true))
      .resource("docker_network.out", network("out", false), network("out", false))
      .resource("docker_container.a", ourContainer("a", on("in")), ourContainer("a", on("in", "out")))
      .resource("docker_container.b", ourContainer("b", on("in", "out")), ourContainer("b", on("in")));

    expect(openings(builder.build())).toEqual([
      "opens connections from 'a' to any outside address",
      "closes connections from 'b' to any outside address",
    ]);
  });

  test("are rights on the host of a container that is not ours", () => {
    const plan = new PlanBuilder()
      .resource("docker_container.agent", null, {
        name: "agent",
        privileged: true,
        network_mode: "host",
        volumes: [{ host_path: "/var/run/docker.sock", container_path: "/var/run/docker.sock" }],
      })
      .build();

    expect(openings(plan)).toEqual([
      "DANGER 'agent' gets all rights on the host (privileged)",
      "DANGER 'agent' gets another network than its own: that of 'host'",
      "DANGER 'agent' gets '/var/run/docker.sock' of the host to read and change: with it the Docker engine, and so the whole host",
      "opens connections from 'agent' to any outside address",
    ]);
  });
});

describe("Drift", () => {
  test("is reported even if nothing else changes", () => {
    const web = ourContainer("web");
    const plan = new PlanBuilder()
      .resource("docker_container.web", web, web)
      .drift("docker_container.web", web, ourContainer("web", { memory: 512, memory_swap: 512 }))
      .build();

    expect(text(plan)).toBe(
      [
        "Nothing changes, but something was changed by hand.",
        "",
        "Changed by hand",
        "  the container 'web' was changed by hand: the apply leaves it so",
        "      memory: 256 MiB → 512 MiB",
      ].join("\n"),
    );
  });

  test("leaves out attributes that differ after every start of the engine", () => {
    const web = ourContainer("web", { network_data: [{ ip_address: "172.18.0.2" }], dns: null });
    const plan = new PlanBuilder()
      .resource("docker_container.web", web, web)
      .drift("docker_container.web", web, { ...web, network_data: [{ ip_address: "172.18.0.9" }], dns: [] })
      .build();

    expect(text(plan)).toBe("Nothing changes.");
  });

  test("says that a container has stopped, and does not report its ports as opened", () => {
    const ports = [{ external: 80, internal: 80, ip: "0.0.0.0", protocol: "tcp" }];
    const stopped = ourContainer("web", { must_run: false });
    const plan = new PlanBuilder()
      .resource("docker_container.web", stopped, ourContainer("web", { ports }))
      .drift("docker_container.web", ourContainer("web", { ports }), stopped)
      .build();

    expect(text(plan)).toContain("the container 'web' has stopped: the apply puts it right");
    expect(headline(plan)).toContain("Nothing opens or closes.");
  });
});

describe("A resource of another library", () => {
  test("is shown or hidden as a whole, by the marks of its schema", () => {
    const plan = new PlanBuilder()
      .resource(
        "docker_container.app",
        { name: "app", env: ["A=1", `B=${PASSWORD}`], command: ["x"] },
        { name: "app", env: ["A=2", `B=${PASSWORD}`], command: ["y"] },
        { sensitive: ["env"] },
      )
      .resource(
        "aws_db_instance.db",
        { size: 1, password: PASSWORD },
        { size: 2, password: `${PASSWORD}2` },
        {
          actions: ["update"],
          sensitive: ["password"],
        },
      )
      .build();

    expect(text(plan)).toContain("  app (not of this library) is replaced by a new container");
    expect(text(plan)).toContain("environment variables change; some are secret, so none is shown");
    expect(text(plan)).toContain("      command: x → y\n");
    expect(text(plan)).toContain("      size: 1 → 2");
    expect(text(plan)).toContain("      password: (sensitive) → (sensitive)");
    expect(text(plan)).not.toContain(PASSWORD);
  });

  test("is hidden if the plan has no marks", () => {
    const plan: Plan = {
      format_version: "0.1",
      resource_changes: [
        {
          address: "docker_container.app",
          type: "docker_container",
          change: {
            actions: ["delete", "create"],
            before: { name: "app", env: ["A=1"] },
            after: { name: "app", env: ["A=2"] },
          },
        },
      ],
    };

    expect(text(plan)).toContain("'docker_container.app'");
    expect(text(plan)).not.toContain("A=");
    expect(text(plan)).toContain("The plan does not say what is sensitive (an older format), so no setting is shown.");
  });
});
