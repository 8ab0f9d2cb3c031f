import { reviewPlan } from "../../../../cli/review/findings/review-plan";
import { render } from "../../../../cli/review/render/render";
import type { Plan, Values } from "../../../../cli/terraform/json/plan-json";
import { PlanBuilder, ourContainer, ourJob, upload } from "../../../support/plans/plan-builder";
import { plain } from "../../../support/plans/reviewed";

function said(plan: Plan): string {
  const { summary, downtime, order } = reviewPlan(plan, "mlflow");
  return [summary, ...(downtime?.unbounded ?? []), ...(downtime?.remarks ?? []), ...order].map(plain).join("\n");
}

function replaced(role: string, image?: Values, more: Values = {}): Plan {
  const labels = [{ label: "cdktf-mlflow.role", value: role }];
  const side = (memory: number) => ourContainer(`mlflow-${role}`, { labels, shm_size: memory, ...more });
  const builder = new PlanBuilder();
  if (image) builder.resource("docker_image.i", null, image);
  return builder
    .resource("docker_container.c", side(64), side(65), {
      dependsOn: image ? ["docker_image.i"] : undefined,
    })
    .build();
}

const label = (role: string) => ({ labels: [{ label: "cdktf-mlflow.role", value: role }] });

/** A server that waits for the migration job, which becomes another release. */
function migrated(from: string, to: string): Plan {
  const job = ourJob("mlflow-migration", label("migration-job"));
  const server = (workers: number) =>
    ourContainer("mlflow-server", { ...label("server"), env: [`MLFLOW_WORKERS=${workers}`] });
  return new PlanBuilder()
    .resource(
      "docker_image.m",
      { name: `mlflow:${from}`, image_id: "sha256:1111" },
      { name: `mlflow:${to}` },
      { unknown: { image_id: true } },
    )
    .resource(
      "docker_container.migration",
      job,
      { ...job, image: undefined },
      {
        unknown: { image: true },
        references: { image: ["docker_image.m.image_id"] },
      },
    )
    .resource("docker_container.server", server(1), server(2), { dependsOn: ["docker_container.migration"] })
    .build();
}

/** A database whose image becomes another release, on the same volume. */
function postgres(from: string, to: string): Plan {
  const side = (values: Values) => ourContainer("mlflow-postgres", { ...label("database"), ...values });
  return new PlanBuilder()
    .resource(
      "docker_image.p",
      { name: `postgres:${from}`, image_id: "sha256:1111" },
      { name: `postgres:${to}` },
      { unknown: { image_id: true } },
    )
    .resource("docker_container.postgres", side({}), side({ image: undefined }), {
      unknown: { image: true },
      references: { image: ["docker_image.p.image_id"] },
    })
    .build();
}

interface Gateway {
  readonly origin?: string;
  readonly method?: string;
  readonly users?: { readonly [name: string]: string };
}

function gateway({ origin = "http://a", method = "basic", users = {} }: Gateway): Values {
  return ourContainer("mlflow-gateway", {
    ...label("gateway"),
    env: [`URL_ORIGIN=${origin}`, `AUTH_METHOD=${method}`],
    upload: Object.entries(users).map(([name, hash]) => upload(`/run/secrets/users/${name}`, hash)),
  });
}

function gateways(before: Gateway, after: Gateway): string {
  return said(
    new PlanBuilder()
      .resource("docker_container.g", gateway(before), gateway(after), { sensitive: ["upload"] })
      .build(),
  );
}

const GOES_ON = /goes? on by (itself|themselves)/;

describe("A service that does not start again", () => {
  test.each<[string, Plan]>([
    ["an older PostgreSQL on the files of a newer one", postgres("18.6", "17.6")],
    ["a newer PostgreSQL on the files of an older one", postgres("17.6", "18.6")],
    ["an older MLflow on the database of a newer one", migrated("3.18.1", "3.17.2")],
  ])("is told as down for good, without a time: %s", (_what, plan) => {
    const text = said(plan);
    const { services, data } = reviewPlan(plan, "mlflow");

    expect(text).toContain("MLflow stays down until this change is taken back.");
    expect(text).not.toMatch(/requests wait|errors for|at most|for up to|upper limit|goes on/);
    expect(text).toContain("A training job that logs fails from then on.");
    expect(services.map(({ downSeconds }) => downSeconds)).toEqual([undefined]);
    expect(data.filter(({ staysDown }) => staysDown)).toHaveLength(1);
    expect(render(reviewPlan(plan, "mlflow"), "markdown", [])).toContain("> [!WARNING]\n> - ");
  });

  test("is none with another minor version", () => {
    expect(said(postgres("18.5", "18.6"))).not.toContain("stays down until this change");
    expect(said(postgres("18.5", "18.6"))).toContain("MLflow answers with errors for about");
  });
});

describe("A training job", () => {
  test("goes on by itself if all stays on which it relies", () => {
    expect(gateways({ users: { ada: "1" } }, { users: { ada: "1", eve: "2" } })).toContain(
      "A training job that only logs metrics, parameters and tags meanwhile goes on by itself",
    );
  });

  test.each<[string, Plan, boolean]>([
    ["of a gateway", replaced("gateway"), true],
    ["of the store", replaced("object-store"), false],
    ["of a server, past which files go", replaced("server"), false],
  ])("that stores a file is told in the same sentence as one that only logs: the outage %s", (_what, plan, isTold) => {
    const jobs = said(plan)
      .split("\n")
      .filter((line) => line.includes("goes on by itself"));

    expect(jobs.filter((line) => line.includes("one that stores or reads a file just then may fail"))).toHaveLength(
      isTold ? 1 : 0,
    );
    expect(said(plan)).not.toContain("also one of a training job");
  });

  test("fails with a server through which files go", () => {
    const server = (workers: number) =>
      ourContainer("mlflow-server", { ...label("server"), env: [`MLFLOW_WORKERS=${workers}`] });
    const through = (transfers: string) => {
      const side = ourContainer("mlflow-gateway", { ...label("gateway"), env: [`TRANSFERS=${transfers}`] });
      return said(
        new PlanBuilder()
          .resource("docker_container.g", side, side)
          .resource("docker_container.s", server(1), server(2))
          .build(),
      );
    };

    expect(through("proxied")).toContain("An upload or download that is under way breaks off");
    expect(through("direct")).not.toContain("breaks off");
  });

  test("has to be started again at another address", () => {
    const text = gateways({}, { origin: "http://b" });

    expect(text).toContain(
      "A training job that uses http://a fails from then on. It has to be started again with the new address.",
    );
    expect(text).not.toMatch(GOES_ON);
  });

  test("fails with a password that is renewed, or of a user who goes; the others go on", () => {
    const text = gateways({ users: { ada: "1", bob: "2", eve: "3" } }, { users: { ada: "1", bob: "9" } });

    expect(text).toContain(
      "A training job that runs and logs in as bob fails at its next call: it has to be started again with the new password.",
    );
    expect(text).toContain("Training jobs that log in as eve fail from then on.");
    expect(text).toContain(
      "Another training job that only logs metrics, parameters and tags meanwhile goes on by itself",
    );
    expect(gateways({ users: { ada: "1" } }, { users: { ada: "2" } })).not.toMatch(GOES_ON);
  });

  test("may not go on with another way to log in", () => {
    const text = gateways({ method: "oauth2" }, { method: "basic" });

    expect(text).toContain("fails from then on if the new way to log in does not accept what it logs in with");
    expect(text).not.toMatch(GOES_ON);
  });

  test("has no run in a database elsewhere", () => {
    const server = (host: string) =>
      ourContainer("mlflow-server", {
        ...label("server"),
        upload: [upload("/run/secrets/pg_service.conf", `[mlflow]\nhost=${host}\nport=5432\ndbname=mlflow\n`)],
      });
    const plan = new PlanBuilder()
      .resource("docker_container.server", server("one"), server("other"), { sensitive: ["upload"] })
      .build();

    expect(said(plan)).toContain("its run is not in the database that MLflow uses then");
    expect(said(plan)).not.toMatch(GOES_ON);
  });

  test("may give up before a job without a limit ends", () => {
    const text = said(migrated("3.17.2", "3.18.1"));

    expect(text).toContain("this wait has no upper limit");
    expect(text).toMatch(/there is no upper limit, because the job mlflow-migration has none\./);
    expect(text).not.toMatch(GOES_ON);
    expect(text).not.toContain("at most");
  });
});

describe("A failed step", () => {
  test("of a migration is not mended by the code of before without the backup", () => {
    const text = said(migrated("3.17.2", "3.18.1"));

    expect(text).toContain("Once the database is changed, the code of before helps only together with the backup.");
    expect(text).not.toContain("either of this change or of the one before");
  });
});

describe("The time that users wait", () => {
  test("is the usual one of a service, beside the longest", () => {
    expect(said(replaced("server"))).toMatch(
      /Requests wait or fail for about \d+ s, 1 min 20 s at most unless a step fails\./,
    );
    expect(reviewPlan(replaced("server"), "t").downtime?.usualSeconds).toBeLessThan(80);
  });

  test("is no usual one of a service that nobody has measured", () => {
    expect(said(replaced("agent"))).toContain("mlflow-agent is down for 1 min 20 s at most unless a step fails.");
    expect(said(replaced("agent"))).not.toContain("about");
  });

  test.each([
    ["gateway", "An upload or download that is under way breaks off"],
    ["server", "A training job that logs meanwhile goes on by itself"],
    ["database", "Without its database MLflow answers with errors only."],
    ["object-store", "Without its store MLflow opens no files"],
    ["oauth2-proxy", "Nobody can log in by single sign-on meanwhile"],
  ])("is told as users see it, for the %s", (role, sentence) => {
    expect(said(replaced(role))).toContain(sentence);
    expect(said(replaced(role))).toContain("If a step fails, nothing is taken back");
  });

  test.each([
    ["gateway", "Connections are refused for"],
    ["server", "Requests wait or fail for"],
    ["database", "MLflow answers with errors for"],
    ["object-store", "Files cannot be opened or stored for"],
    ["oauth2-proxy", "Nobody can log in by single sign-on for"],
    ["backup", "mlflow-backup is down for"],
  ])("begins with what users meet without the %s", (role, sentence) => {
    expect(plain(reviewPlan(replaced(role), "mlflow").summary)).toContain(sentence);
  });

  test("names two services that the stack has besides, and counts the others", () => {
    const builder = new PlanBuilder();
    for (const name of ["a", "b", "c"])
      builder.resource(`docker_container.${name}`, ourContainer(name), ourContainer(name, { env: ["A=1"] }));

    expect(plain(reviewPlan(builder.build(), "mlflow").summary)).toContain("a, b and 1 more are down for");
  });

  test("is one that a training job survives only if its client repeats calls for longer", () => {
    expect(said(replaced("gateway", undefined, { wait_timeout: 200 }))).toContain(
      "for about 4 min, which is longer than the maximum",
    );
    expect(said(replaced("gateway", undefined, { wait_timeout: 300 }))).toMatch(
      /may fail: .* for about 4 min only, and this wait may take 5 min/,
    );
  });

  test("does not count images of a registry, which are there before anything stops", () => {
    const pulled = said(replaced("gateway", { name: "caddy:2.11" }));

    expect(pulled).toContain("Before anything stops, caddy:2.11 is fetched: if that fails, nothing changes.");
    expect(pulled.indexOf("get the image caddy:2.11")).toBeLessThan(pulled.indexOf("stop mlflow-gateway"));
    expect(pulled).not.toContain("no limit");
  });

  test("counts images that the apply builds, and has no usual length then", () => {
    const built = said(replaced("gateway", { name: "gateway:1", build: [{ context: "." }] }));

    expect(built).toContain("building the image gateway:1");
    expect(built).toContain(
      "Connections are refused without an upper limit, because building the image gateway:1 has none.",
    );
    expect(built).not.toMatch(/refused for|at most|for up to 1 min 20 s/);
  });
});
