import { reviewPlan } from "../../../../cli/review/findings/review-plan";
import { render } from "../../../../cli/review/render/render";
import type { Plan, Values } from "../../../../cli/terraform/json/plan-json";
import { PlanBuilder, ourContainer, ourJob, upload } from "../../../support/plans/plan-builder";
import { plain } from "../../../support/plans/reviewed";

const role = (value: string) => ({ labels: [{ label: "cdktf-mlflow.role", value }] });

function people(plan: Plan): string[] {
  return reviewPlan(plan, "mlflow").people.map((one) => plain(one.text));
}

function gateway(before: Values, after: Values): Plan {
  const sides = [before, after].map((values) => ourContainer("gateway", { ...role("gateway"), ...values }));
  return new PlanBuilder()
    .resource("docker_container.gateway", sides[0] ?? null, sides[1] ?? null, { sensitive: ["upload"] })
    .build();
}

function migration(before: string, after: string): Plan {
  const job = (values: Values) => ourJob("migration", { ...role("migration-job"), ...values });
  return new PlanBuilder()
    .resource(
      "docker_image.m",
      { name: before, image_id: "sha256:1111" },
      { name: after },
      { unknown: { image_id: true } },
    )
    .resource("docker_container.migration", job({}), job({ image: undefined }), {
      unknown: { image: true },
      references: { image: ["docker_image.m.image_id"] },
    })
    .build();
}

const env = (origin: string, method = "basic") => ({ env: [`URL_ORIGIN=${origin}`, `AUTH_METHOD=${method}`] });
const hashes = (...users: [string, string][]) => ({
  upload: users.map(([user, hash]) => upload(`/run/secrets/users/${user}`, hash)),
});

describe("A review says what people must do, and will see", () => {
  test("at another address", () => {
    expect(people(gateway(env("http://a:8080"), env("http://a:8099")))).toEqual([
      "Everybody uses the new address http://a:8099: in the browser, in the variable MLFLOW_TRACKING_URI of programs, and in the settings of a login service. http://a:8080 no longer answers.",
    ]);
  });

  test("with another login", () => {
    expect(people(gateway(env("http://a"), env("http://a", "oauth2")))).toEqual([
      "Everybody logs in in another way: by single sign-on instead of with a password.",
      "An account that may log in and is in no list of a role may read everything, and change nothing.",
      "Programs log in with a token of the login service, in the variable MLFLOW_TRACKING_TOKEN, and with no password any more. The app names no service account: until it does, a program gets in only with a token that has an allowed e-mail address, as that of a person has.",
    ]);
    expect(people(gateway(env("http://a", "oauth2"), env("http://a")))).toEqual([
      "Everybody logs in in another way: with a password instead of by single sign-on.",
    ]);
  });

  test.each<[string, string, string[], string | undefined]>([
    ["only a group of admins is named", "WRITE_GROUPS=", [], "Only admins (the group ml) may log runs"],
    ["a group has the role write", "WRITE_GROUPS=`trainers`", [], undefined],
    ["a user with a password has the role write", "WRITE_GROUPS=", ["write"], undefined],
    ["a user with a password is an admin", "WRITE_GROUPS=", ["admin"], "(the group ml, users with a password)"],
  ])("who may log runs by single sign-on: %s", (_what, writers, roles, sentence) => {
    const users = JSON.stringify(roles.map((one) => ({ name: "ci", role: one })));
    const after = {
      env: ["URL_ORIGIN=http://a", "AUTH_METHOD=oauth2", "ADMIN_GROUPS=`ml`", writers],
      upload: [upload("/etc/caddy/users.json", users)],
    };
    const plan = gateway(env("http://a"), after);

    expect(people(plan).join(" ").includes("may log runs")).toBe(sentence !== undefined);
    expect(people(plan).join(" ")).toContain(sentence ?? "");
    expect(plain(reviewPlan(plan, "t").summary)).toContain(sentence ?? "");
  });

  test("with single sign-on beside users who have a password", () => {
    const side = (method: string) => ({ ...env("http://a", method), ...hashes(["ci", "hash-c"]) });

    expect(people(gateway(side("basic"), side("oauth2"))).join(" ")).toContain("or with the password of ci.");
  });

  test("with a certificate of the stack's own authority, and only if it is new", () => {
    const tls = (kind: string, more = "") => ({ env: [`TLS=${kind}`, `FEATURES=${more}`] });
    const trust = /^Every browser and program has to trust the certificate of the stack's own authority/;

    expect(people(gateway(tls("none"), tls("internal")))).toEqual([expect.stringMatching(trust)]);
    expect(people(gateway(tls("internal"), tls("internal", "traces")))).toEqual([]);
    const first = ourContainer("gateway", { ...role("gateway"), ...tls("internal") });
    expect(people(new PlanBuilder().resource("docker_container.gateway", null, first).build())).toEqual([
      expect.stringMatching(trust),
    ]);
  });

  test("with new passwords, new users and users who go", () => {
    const plan = gateway(hashes(["ada", "hash-a"], ["bob", "hash-b"]), hashes(["ada", "hash-c"], ["eve", "hash-e"]));

    expect(people(plan)).toEqual([
      "ada must use a new password; the old one is refused. A new user alone does not ask for this: ask the author why. Whoever administers the host gets it by mlflow-stack status --show-password --user ada.",
      "eve can log in from then on, with a password of their own. Whoever administers the host gets it by mlflow-stack status --show-password --user eve.",
      "bob can no longer log in with a password.",
    ]);
    expect(render(reviewPlan(plan, "t"), "markdown", [])).not.toContain("hash-");
  });

  test.each([
    ["the app now has a list of users", { password: [{}, null], users_ada: [null, {}] }],
    ["this change makes a new one", { password: [{ a: 1 }, { a: 2 }] }],
    ["this change makes a new one", { users_ada: [{ a: 1 }, { a: 2 }] }],
    ["Terraform generated the old password", { users_ada: [{}, null] }],
    ["the old password was in a Terraform variable", { users_ada: [null, {}] }],
  ] as [string, { [name: string]: [Values | null, Values | null] }][])("and why: %s", (reason, passwords) => {
    const side = (hash: string) => ourContainer("gateway", { ...role("gateway"), ...hashes(["ada", hash]) });
    const builder = new PlanBuilder().resource("docker_container.gateway", side("one"), side("two"));
    for (const [name, [before, after]] of Object.entries(passwords))
      builder.resource(`random_password.gateway_${name}_0123ABCD`, before, after);

    expect(people(builder.build())).toEqual([expect.stringContaining(`Why: ${reason}`)]);
    expect(people(builder.build())).toEqual([expect.stringContaining("--user ada.")]);
  });

  test("and never a command with what a name brings along", () => {
    const hostile = people(gateway({}, hashes(["eve; rm -rf ~", "hash-e"]))).join(" ");

    expect(hostile).toContain("mlflow-stack status --show-password --user NAME.");
    expect(people(gateway({}, hashes(["ada", "a"], ["bob", "b"]))).join(" ")).toContain("gets each by");
  });

  test("if the sessions of browsers end", () => {
    const login = (secret: string) =>
      ourContainer("login", { ...role("oauth2-proxy"), upload: [upload("/run/secrets/oauth2-cookie-secret", secret)] });
    const plan = new PlanBuilder().resource("docker_container.login", login("one"), login("two")).build();

    expect(people(plan)).toEqual(["Everybody who is logged in by single sign-on has to log in again."]);
  });

  test("before another release of MLflow, and not before another build of the same one", () => {
    expect(people(migration("mlflow:3.17.2", "mlflow:3.16.0"))).toEqual([]);
    expect(people(migration("mlflow:3.17.2", "mlflow:3.18.1"))).toEqual([
      "Before the apply, make a backup of the database: the step to MLflow 3.18.1 changes it, and only a backup leads back to 3.17.2.",
    ]);
    const same = migration("mlflow:3.17.2", "mirror/mlflow:3.17.2-full");
    expect(people(same)).toEqual([]);
    expect(render(reviewPlan(same, "t"), "text", [])).toContain(
      "The image is another one, of the same release '3.17.2'",
    );
    expect(render(reviewPlan(same, "t"), "text", [])).not.toContain("migrates");
  });
});

describe("A summary", () => {
  const summary = (plan: Plan) => plain(reviewPlan(plan, "mlflow").summary);
  const web = (after: Values, before: Values = {}) =>
    new PlanBuilder().resource("docker_container.web", ourContainer("web", before), ourContainer("web", after)).build();
  const port = (ip: string) => ({ ports: [{ external: 80, internal: 80, ip, protocol: "tcp" }] });

  test("says that everybody is out for longer than the services are down, if they need something new", () => {
    const needed = plain(reviewPlan(gateway(env("http://a"), env("http://b")), "t").summary);
    const nothing = plain(reviewPlan(gateway(env("http://a"), { ...env("http://a"), shm_size: 65 }), "t").summary);

    expect(needed).toMatch(/at most unless a step fails\. .*everybody is out until they have what is new\./);
    expect(nothing).not.toContain("everybody is out");
  });

  test("names the one thing that closes, and the one setting that weakens a service", () => {
    const side = (values: Values) => ourContainer("mlflow-postgres", { ...role("database"), ...values });
    const closed = web({ ports: [] }, port("127.0.0.1"));
    const less = new PlanBuilder()
      .resource(
        "docker_container.p",
        side({ memory: 512, memory_swap: 512 }),
        side({ memory: 128, memory_swap: 128 }),
        {
          actions: ["update"],
        },
      )
      .build();

    expect(summary(closed)).toContain("Closes: port 127.0.0.1:80.");
    expect(summary(less)).toContain("Weaker or slower: mlflow-postgres gets less memory: 128 MiB instead of 512 MiB.");
    expect(summary(less)).toContain(
      "if mlflow-postgres uses more than 128 MiB, it may be ended at once, and MLflow answers with errors until it is up again.",
    );
  });

  test("names fewer workers", () => {
    const server = (count: number) => ({ env: [`MLFLOW_WORKERS=${count}`] });

    expect(summary(web(server(1), server(2)))).toContain("Weaker or slower: web has 1 worker instead of 2.");
    expect(summary(web(server(2), server(1)))).not.toContain("Weaker");
  });

  test("says that the apply deletes nothing, and not beside an access that lets somebody delete", () => {
    expect(summary(web({ restart: "no" }))).toContain("This apply deletes no data.");
    expect(summary(web({ pid_mode: "host" }))).not.toMatch(/deletes no data|No data is lost/);
  });

  test("names each access once, and the greatest", () => {
    const danger = "1 access is dangerous: web gets a view of all processes of the host. 1 service replaced.";
    const opening = "Opens: port 127.0.0.1:80, from the host itself only.";

    expect(summary(web({ pid_mode: "host" }))).toContain(danger);
    expect(summary(web({ pid_mode: "host", ...port("127.0.0.1") }))).toContain(danger);
    expect(summary(web({ pid_mode: "host", ...port("127.0.0.1") }))).toContain(opening);
    expect(summary(web(port("127.0.0.1")))).toContain(opening);
  });
});

describe("A comment", () => {
  test("has a warning of its own for each dangerous access, and its summary also beside lost data", () => {
    const plan = new PlanBuilder()
      .resource("docker_volume.data", { name: "data" }, null)
      .resource("docker_container.web", ourContainer("web"), ourContainer("web", { pid_mode: "host" }))
      .build();
    const comment = render(reviewPlan(plan, "t"), "markdown", []);

    expect(comment).toContain("> [!CAUTION]\n> Data is lost: the volume `data` is deleted");
    expect(comment).toContain("> [!WARNING]\n> - `web` gets a view of all processes of the host");
    expect(comment).toContain(
      "**Data is lost: the volume `data`. 1 access is dangerous: `web` gets a view of all processes of the host. 1 service replaced. `web` is down for 1 min 20 s at most unless a step fails.**",
    );
  });
});
