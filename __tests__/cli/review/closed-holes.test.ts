import { reviewPlan } from "../../../cli/review/findings/review-plan";
import type { Review } from "../../../cli/review/model/model";
import type { Text } from "../../../cli/review/model/text";
import { packageText } from "../../../lib/values/package-folder";
import type { Plan, Values } from "../../../cli/terraform/json/plan-json";
import { PlanBuilder, ourContainer, ourJob, upload } from "../../support/plans/plan-builder";

// What reviews once called harmless: each row is a plan, and what a reader must learn from the review.

const CONFIGURATION = "/etc/oauth2-proxy/oauth2-proxy.cfg";
const role = (value: string) => ({ labels: [{ label: "cdktf-mlflow.role", value }] });

function plain(text: Text): string {
  return text.map((part) => (typeof part === "string" ? part : part.quoted)).join("");
}

function review(plan: Plan): { headline: string; said: string; review: Review } {
  const result = reviewPlan(plan, "mlflow");
  const said = [
    ...result.access.map(({ effect, danger, text }) => `${danger ? "danger" : effect}: ${plain(text)}`),
    ...result.data.map(({ effect, text }) => `${effect}: ${plain(text)}`),
    ...result.effects.map(plain),
    ...result.unread.map(({ text, changes }) => `${plain(text)} ${JSON.stringify(changes)}`),
  ];
  return { headline: plain(result.headline), said: said.join("\n"), review: result };
}

function changed(before: Values, after: Values): Plan {
  return new PlanBuilder()
    .resource("docker_container.web", ourContainer("web", before), ourContainer("web", after), {
      sensitive: ["upload"],
    })
    .build();
}

/** oauth2-proxy with other settings. */
function login(...sides: { [name: string]: unknown }[]): Plan {
  const usual = {
    oidc_issuer_url: "https://login.example.com",
    email_domains: ["example.com"],
    allowed_groups: ["ml"],
  };
  const [before = {}, after = {}] = sides.map((settings) => ({
    ...role("oauth2-proxy"),
    upload: [
      upload(
        CONFIGURATION,
        Object.entries({ ...usual, ...settings })
          .map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`)
          .join(""),
      ),
    ],
  }));
  return new PlanBuilder()
    .resource("docker_container.login", ourContainer("login", before), ourContainer("login", after), {
      sensitive: ["upload"],
    })
    .build();
}

/** The stack's internal network, with MLflow on it, and a container that joins it. */
function joining(values: Values | null): Plan {
  const network = { id: "in", name: "mlflow-internal", internal: true };
  const server = ourContainer("mlflow-server", { ...role("server"), networks_advanced: [{ name: "in" }] });
  return new PlanBuilder()
    .resource("docker_network.internal", network, network)
    .resource("docker_container.server", server, server)
    .resource("docker_container.other", null, values)
    .build();
}

function policy(action: string): Values {
  const statement = { Effect: "Allow", Action: action, Resource: "arn:aws:s3:::mlflow/*" };
  return { upload: [upload("/etc/minio/policy.json", JSON.stringify({ Statement: [statement] }))] };
}

function service(host: string): Values {
  return {
    ...role("server"),
    upload: [
      upload(
        "/run/secrets/pg_service.conf",
        `[mlflow]\nhost=${host}\nport=5432\ndbname=mlflow\npassword=hunter2-hunter2\n`,
      ),
    ],
  };
}

const folder = (host_path: string) => ({ volumes: [{ host_path, container_path: "/x" }] });
const foreign = { name: "agent", image: "example.com/agent:1" };

describe("A review says who may log in", () => {
  test.each<[string, Plan, string]>([
    [
      "any account",
      login({}, { email_domains: ["*"], allowed_groups: [] }),
      "danger: who may log in by single sign-on: every account of https://login.example.com, whoever has it: neither a domain nor a group is asked for. Until now: every account of https://login.example.com with an e-mail address at example.com that is in one of the groups ml",
    ],
    [
      "another domain",
      login({}, { email_domains: ["example.com", "example.org"] }),
      "opens: who may log in by single sign-on: every account of https://login.example.com with an e-mail address at example.com, example.org that is in",
    ],
    [
      "no group asked for",
      login({}, { allowed_groups: [] }),
      "with an e-mail address at example.com, in whatever group. Until now",
    ],
    [
      "fewer groups",
      login({ allowed_groups: ["ml", "all"] }, {}),
      "closes: who may log in by single sign-on: every account",
    ],
    [
      "another issuer",
      login({}, { oidc_issuer_url: "https://accounts.google.com" }),
      "danger: who may log in by single sign-on: every account of https://accounts.google.com",
    ],
    [
      "another provider",
      login({ provider: "oidc" }, { provider: "github" }),
      "danger: who may log in by single sign-on: every account of https://github.com",
    ],
    [
      "tokens of other programs",
      login({}, { oidc_extra_audiences: ["cli"] }),
      "opens: tokens of the issuer that were made for the program cli",
    ],
    ["a setting that nobody judged", login({}, { skip_auth_routes: ["/.*"] }), "skip_auth_routes"],
    [
      "machines",
      new PlanBuilder()
        .resource(
          "docker_container.l",
          ourContainer("l", { upload: [upload(CONFIGURATION, ""), upload("/etc/oauth2-proxy/machines", "a\n")] }),
          ourContainer("l", { upload: [upload(CONFIGURATION, ""), upload("/etc/oauth2-proxy/machines", "a\nb\n")] }),
        )
        .build(),
      "opens: calls by the service account b",
    ],
  ])("with %s", (_what, plan, sentence) => {
    const { headline, said } = review(plan);

    expect(said).toContain(sentence);
    expect(headline).not.toContain("Nothing opens");
  });
});

describe("A review calls dangerous", () => {
  test.each<[string, Plan, string]>([
    [
      "a capability",
      changed({}, { capabilities: [{ add: ["SYS_ADMIN"], drop: ["ALL"] }] }),
      "web gets the right SYS_ADMIN on the host's kernel",
    ],
    [
      "capabilities that are no longer dropped",
      changed({}, { capabilities: [] }),
      "web gets rights on the host's kernel that it had given up: ALL",
    ],
    [
      "the host's whole disk",
      changed({}, folder("/")),
      "web gets / of the host to read and change: with it the Docker engine, and so the whole host",
    ],
    [
      "the folder of the engine's socket",
      changed({}, folder("/var/run")),
      "web gets /var/run of the host to read and change: with it the Docker engine",
    ],
    [
      "another folder of the host",
      changed({}, folder("/home")),
      "web gets the folder /home of the host to read and change",
    ],
    [
      "a mount of the host",
      changed({}, { mounts: [{ type: "bind", source: "/etc", target: "/x", read_only: true }] }),
      "web gets the folder /etc of the host to read",
    ],
    [
      "the volumes of another container",
      changed({}, { volumes: [{ from_container: "db" }] }),
      "web gets all volumes of db",
    ],
    ["a device", changed({}, { devices: [{ host_path: "/dev/sda" }] }), "web gets devices of the host:"],
    [
      "a security option",
      changed({}, { security_opts: ["no-new-privileges:true", "seccomp=unconfined"] }),
      "web gets the security option seccomp=unconfined",
    ],
    ["a namespace of the host", changed({}, { ipc_mode: "host" }), "web gets the shared memory of host"],
    ["users of the host", changed({}, { userns_mode: "host" }), "web gets the users of host"],
    [
      "a service that joins MLflow's network",
      joining({ ...foreign, networks_advanced: [{ name: "in" }] }),
      "agent joins the network mlflow-internal, and reaches mlflow-server there without a login, past the gateway",
    ],
    [
      "a job that joins MLflow's network",
      joining(ourJob("job", { networks_advanced: [{ name: "in" }] })),
      "job joins the network mlflow-internal, and reaches mlflow-server",
    ],
    [
      "another program behind an open port",
      changed({ ports: [{ external: 80, internal: 5000 }] }, { ports: [{ external: 80, internal: 9000 }] }),
      "port 0.0.0.0:80 of web leads to another program in it: that at port 9000 instead of 5000",
    ],
    [
      "more rights of MLflow's key",
      changed(policy("s3:GetObject"), policy("s3:*")),
      "MLflow's key: s3:* on mlflow/* in the store",
    ],
    [
      "another service that decides who is logged in",
      changed(
        { env: ["AUTH_METHOD=oauth2", "OAUTH2_PROXY=login:4180"] },
        { env: ["AUTH_METHOD=oauth2", "OAUTH2_PROXY=evil:4180"] },
      ),
      "the service that decides who is logged in: evil:4180 instead of login:4180",
    ],
  ])("%s", (_what, plan, sentence) => {
    const { headline, said } = review(plan);

    expect(said).toContain(`danger: ${sentence}`);
    expect(headline).toMatch(/\d access(es are| is) dangerous/);
  });

  test("a network to which somebody attached a container by hand, in a plan that changes nothing", () => {
    const on = (...networks: string[]) =>
      ourContainer("db", { network_data: networks.map((network_name) => ({ network_name })) });
    const plan = new PlanBuilder()
      .resource("docker_container.db", on("in", "bridge"), on("in", "bridge"))
      .drift("docker_container.db", on("in"), on("in", "bridge"))
      .build();
    const { headline, said } = review(plan);

    expect(said).toContain("danger: somebody has attached db to the network bridge by hand");
    expect(headline).not.toContain("Nothing changes");
  });
});

describe("A review tells", () => {
  const image = (before: string, after: string, which = "database") =>
    new PlanBuilder()
      .resource(
        "docker_image.i",
        { name: before, image_id: "sha256:1111" },
        { name: after },
        { unknown: { image_id: true } },
      )
      .resource(
        "docker_container.db",
        ourContainer("db", role(which)),
        ourContainer("db", { ...role(which), image: undefined }),
        {
          unknown: { image: true },
          references: { image: ["docker_image.i.image_id"] },
        },
      )
      .build();

  test.each<[string, Plan, string]>([
    [
      "a job with a way out",
      new PlanBuilder().resource("docker_container.j", null, ourJob("j")).build(),
      "opens: connections from j to any outside address",
    ],
    [
      "another host of the database",
      changed(service("mlflow-postgres"), service("db.example.com")),
      "another database: mlflow at db.example.com:5432 instead of mlflow at mlflow-postgres:5432",
    ],
    [
      "another store with a bucket of the same name",
      changed(
        { env: ["MLFLOW_ARTIFACTS_DESTINATION=s3://a", "MLFLOW_S3_ENDPOINT_URL=http://a"] },
        { env: ["MLFLOW_ARTIFACTS_DESTINATION=s3://a", "MLFLOW_S3_ENDPOINT_URL=http://b"] },
      ),
      "MLflow keeps files and models at s3://a at http://b instead of s3://a at http://a",
    ],
    [
      "an older major version of PostgreSQL",
      image("postgres:18.6", "postgres:17.1"),
      "db becomes PostgreSQL 17.1 instead of 18.6: another major version does not open the files that are there",
    ],
    ["an image of another product", image("postgres:18.6", "mysql:18.6", "x"), "the image is another product"],
    [
      "an image from another source",
      image("postgres:18.6", "evil.example.com/postgres:18.6"),
      "the image comes from another source",
    ],
    ["another build of a release", image("postgres:18.6", "postgres:18.6-x"), "another build"],
    ["less memory", changed({ memory: 512, memory_swap: 512 }, {}), "web gets less memory: 256 MiB instead of 512 MiB"],
    [
      "a database that no longer writes safely",
      changed({ ...role("database"), command: [] }, { ...role("database"), command: ["-c", "fsync=off"] }),
      "web no longer makes sure that data is on the disk (fsync=off)",
    ],
    [
      "a shorter time limit",
      changed({ env: ["PGOPTIONS=-c statement_timeout=5min"] }, { env: ["PGOPTIONS=-c statement_timeout=1s"] }),
      "a query of the database may take 1s instead of 5min",
    ],
    [
      "a health check that does nothing",
      changed({ healthcheck: [{ test: ["CMD", "ready"] }] }, { healthcheck: [{ test: ["CMD", "true"] }] }),
      "the health check of web checks nothing any more",
    ],
    [
      "no health check",
      changed({ healthcheck: [{ test: ["CMD", "ready"] }] }, { healthcheck: [] }),
      "the health check of web checks nothing any more",
    ],
    ["a start that is not waited for", changed({}, { wait: false }), "the apply no longer waits until web works"],
    ["a command that it does not know", changed({ command: ["a"] }, { command: ["b"] }), "the container web"],
    [
      "a new container of another library",
      new PlanBuilder().resource("docker_container.a", null, foreign).build(),
      "the container agent is new. This library did not make it: nobody has checked what it does",
    ],
    [
      "a volume that is a folder elsewhere",
      new PlanBuilder().resource("docker_volume.v", null, { name: "v", driver_opts: { device: "/" } }).build(),
      "settings of docker_volume.v",
    ],
    [
      "an output that was secret",
      {
        ...new PlanBuilder().build(),
        output_changes: { url: { actions: ["update"], before_sensitive: true, after_sensitive: false } },
      },
      "the output url was secret, and is not secret any more",
    ],
  ])("%s", (_what, plan, sentence) => {
    const { headline, said } = review(plan);

    expect(said).toContain(sentence);
    expect(said).not.toContain("hunter2");
    expect(headline).not.toMatch(/Nothing opens or closes\. No data is lost/);
  });

  test("nothing of the store's own command lines, and another one must be read", () => {
    const command = (...more: string[]) => ({ command: ["server", "/data", "--address", ":9000", ...more] });

    expect(review(changed(command(), command("--console-address", ":9001"))).said).toBe("");
    expect(review(changed(command(), command("--anonymous"))).said).toContain("--anonymous");
  });

  test("nothing of a file that becomes that of this release", () => {
    const rules = (content: string) => ({ upload: [upload("/etc/caddy/Caddyfile", content)] });

    expect(review(changed(rules("old"), rules(packageText("caddy", "Caddyfile")))).said).toBe("");
    expect(review(changed(rules(packageText("caddy", "Caddyfile")), {})).said).toBe("");
    expect(review(changed(rules("old"), {})).said).toContain("/etc/caddy/Caddyfile");
    expect(review(changed(rules("old"), rules("new"))).said).toContain("/etc/caddy/Caddyfile");
  });
});
