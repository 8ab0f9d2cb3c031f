import { readFileSync } from "node:fs";
import type { Plan } from "../../../../cli/terraform/json/plan-json";
import { packagePath } from "../../../../lib/values/package-folder";
import { PlanBuilder, ourContainer, upload } from "../../../support/plans/plan-builder";
import { changed, headline, text } from "../../../support/plans/reviewed";

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
      "opens port '0.0.0.0:8080' leads to 'web', from everywhere that reaches the host",
      "opens port '10.0.0.5:82' leads to 'web', from everywhere that reaches this address",
      "closes port '[::]:81', which led to 'web'",
    ]);
  });

  test("are ports past the gateway", () => {
    const same = ourContainer("gateway", gateway([]));
    const plan = new PlanBuilder()
      .resource("docker_container.gateway", same, same)
      .resource("docker_container.db", ourContainer("db"), ourContainer("db", { ports: [port(5432, "0.0.0.0")] }))
      .build();

    expect(openings(plan)).toEqual([
      "DANGER port '0.0.0.0:5432' leads to port '5432' of 'db', from everywhere that reaches the host, past the gateway and its login",
    ]);
  });

  test.each([
    ["object-store", 9000, "; the store still asks for its own keys"],
    ["object-store", 9001, "; the store's console still asks for the store's own password"],
    ["database", 5432, "; the database still asks for its own password"],
    ["server", 5000, "; nothing asks for a login there"],
    ["database", 22, ""],
  ])("of the %s at its port %d, with what it asks for by itself", (role, internal, asked) => {
    const labels = [{ label: "cdktf-mlflow.role", value: role }];
    const same = ourContainer("gateway", gateway([]));
    const ports = [{ external: 91, internal, ip: "0.0.0.0", protocol: "tcp" }];
    const plan = (env: string[] = []) =>
      new PlanBuilder()
        .resource("docker_container.gateway", same, same)
        .resource("docker_container.s", ourContainer("s", { labels }), ourContainer("s", { labels, ports, env }))
        .build();

    expect(openings(plan())).toEqual([
      `DANGER port '0.0.0.0:91' leads to port '${internal}' of 's', from everywhere that reaches the host, past the gateway and its login${asked}`,
    ]);
    expect(openings(plan(["POSTGRES_HOST_AUTH_METHOD=trust"])).join(" ")).not.toContain("the database still asks");
  });

  test("are those of a gateway even if its label changes", () => {
    const labelled = (value: string) => [{ label: "cdktf-mlflow.role", value }];
    const plan = changed(
      { labels: labelled("gateway"), env: ["FEATURES="] },
      { labels: labelled("database"), env: ["FEATURES=aiGateway"] },
    );

    expect(openings(plan)).toEqual([
      "opens the feature 'aiGateway': admins, after their login, let MLflow call models elsewhere, with keys that MLflow keeps",
    ]);
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
      "DANGER plain HTTP: passwords and data travel in clear",
      "opens the feature 'jobExecution': evaluations, scorers and prompt optimizations run as processes of MLflow's server; only admins start them, after their login",
      "opens rate limit of a client: '100 in 10s' → '100 in 1s'",
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
    expect(headline(plan)).toContain("1 change was not checked: '/etc/caddy/Caddyfile' of 'web'.");
  });

  test("are MLflow's features", () => {
    const plan = changed(
      { env: ["MLFLOW_ENABLE_AI_GATEWAY=false", "MLFLOW_DISABLE_TELEMETRY=true", "MLFLOW_SERVER_ALLOWED_HOSTS=a,b"] },
      { env: ["MLFLOW_ENABLE_AI_GATEWAY=true", "MLFLOW_DISABLE_TELEMETRY=false", "MLFLOW_SERVER_ALLOWED_HOSTS=b,c"] },
    );

    expect(openings(plan)).toEqual([
      "opens telemetry to MLflow's makers",
      "opens MLflow's AI gateway",
      "opens requests to MLflow, by the gateway or from its own networks, under the host names 'c'",
      "closes requests to MLflow, by the gateway or from its own networks, under the host names 'a'",
    ]);
  });

  test("are the hosts that the egress proxy connects to, each by name", () => {
    const hosts = (names: string, ranges: string) => ({
      env: [`EGRESS_HOSTS=${names}`, `EGRESS_PRIVATE_HOSTS=${ranges}`],
    });
    const before = hosts("api.example.com:443 hooks.example.com:443", "");
    const after = hosts("api.example.com:443 llm.example.com:8443", "llm.example.com=10.20.0.0/16");

    expect(openings(changed(before, after))).toEqual([
      "DANGER connections from the stack to private addresses in '10.20.0.0/16', under the name 'llm.example.com'",
      "opens connections from the stack to 'llm.example.com:8443'",
      "closes connections from the stack to 'hooks.example.com:443'",
    ]);
  });

  test("are the providers that MLflow's AI gateway calls", () => {
    const plan = changed(
      { env: ["MLFLOW_GATEWAY_ALLOWED_PROVIDERS=anthropic,openai"] },
      { env: ["MLFLOW_GATEWAY_ALLOWED_PROVIDERS=mistral,openai"] },
    );

    expect(openings(plan)).toEqual([
      "opens calls by MLflow's AI gateway to the providers 'mistral'",
      "closes calls by MLflow's AI gateway to the providers 'anthropic'",
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

  test.each([
    [
      "its program and its rules are known",
      "gateway:1",
      "",
      "'db.example.com:5432', 'hooks.example.com:443', and to no other",
    ],
    ["it has another program", "evil:1", "", "any"],
    ["it has other rules", "gateway:1", "# more", "any"],
  ])("are connections of an egress proxy to its hosts only if %s", (_if, program, more, to) => {
    const labels = (value: string) => ({ labels: [{ label: "cdktf-mlflow.role", value }] });
    const rules = readFileSync(packagePath("caddy", "egress.caddy"), "utf8");
    const network = { id: "out", name: "out", internal: false };
    const gateway = ourContainer("gateway", { ...labels("gateway"), image: "gateway:1" });
    const proxy = ourContainer("egress", {
      ...labels("egress-proxy"),
      image: program,
      env: ["EGRESS_HOSTS=hooks.example.com:443", "EGRESS_TCP_STORES=db.example.com:5432"],
      upload: [upload("/etc/caddy/Caddyfile", rules + more)],
      networks_advanced: [{ name: "out" }],
    });
    const plan = new PlanBuilder()
      .resource("docker_network.out", network, network)
      .resource("docker_container.gateway", gateway, gateway)
      .resource("docker_container.egress", null, proxy, { sensitive: ["upload"] })
      .build();

    expect(openings(plan)).toEqual([
      "opens connections from the stack to 'hooks.example.com:443'",
      "opens connections from the stack to the store 'db.example.com:5432'",
      `opens connections from 'egress' to ${to} outside address`,
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
      "DANGER 'agent' gets the network of the host, with its addresses and open ports",
      "DANGER 'agent' gets '/var/run/docker.sock' of the host to read and change: with it the Docker engine, and so the whole host",
      "opens connections from 'agent' to any outside address",
    ]);
  });
});
