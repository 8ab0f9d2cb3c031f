import { reviewPlan } from "../../../cli/review/findings/review-plan";
import { render } from "../../../cli/review/render/render";
import type { Text } from "../../../cli/review/model/text";
import type { Plan, Values } from "../../../cli/terraform/json/plan-json";
import { PlanBuilder, ourContainer, ourJob, upload } from "../../support/plans/plan-builder";

const role = (value: string) => ({ labels: [{ label: "cdktf-mlflow.role", value }] });

function plain(text: Text): string {
  return text.map((part) => (typeof part === "string" ? part : part.quoted)).join("");
}

function people(plan: Plan): string[] {
  return reviewPlan(plan, "mlflow").people.map(plain);
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
      "Everybody logs in in another way: by oauth2 instead of basic.",
    ]);
  });

  test("with new passwords, new users and users who go", () => {
    const plan = gateway(hashes(["ada", "hash-a"], ["bob", "hash-b"]), hashes(["ada", "hash-c"], ["eve", "hash-e"]));

    expect(people(plan)).toEqual([
      "ada must use a new password; the old one is refused. An admin of the host gets a password by mlflow-stack status --show-password and the user's name.",
      "eve can log in from then on, with a password of their own. An admin of the host gets a password by mlflow-stack status --show-password and the user's name.",
      "bob can no longer log in with a password.",
    ]);
    expect(render(reviewPlan(plan, "t"), "markdown", [])).not.toContain("hash-");
  });

  test("if the sessions of browsers end", () => {
    const login = (secret: string) =>
      ourContainer("login", { ...role("oauth2-proxy"), upload: [upload("/run/secrets/oauth2-cookie-secret", secret)] });
    const plan = new PlanBuilder().resource("docker_container.login", login("one"), login("two")).build();

    expect(people(plan)).toEqual(["Everybody who is logged in by single sign-on has to log in again."]);
  });

  test("before another release of MLflow, and not before another build of the same one", () => {
    expect(people(migration("mlflow:3.17.2", "mlflow:3.18.1"))).toEqual([
      "Before the apply, make a backup of the database: the step to MLflow 3.18.1 changes it, and only a backup leads back to 3.17.2.",
    ]);
    const same = migration("mlflow:3.17.2", "mirror/mlflow:3.17.2-full");
    expect(people(same)).toEqual([]);
    expect(render(reviewPlan(same, "t"), "text", [])).toContain(
      "the image is another one, of the same release '3.17.2'",
    );
    expect(render(reviewPlan(same, "t"), "text", [])).not.toContain("migrates");
  });
});

describe("A comment", () => {
  test("has a warning of its own for each dangerous access, and its summary also beside lost data", () => {
    const plan = new PlanBuilder()
      .resource("docker_volume.data", { name: "data" }, null)
      .resource("docker_container.web", ourContainer("web"), ourContainer("web", { pid_mode: "host" }))
      .build();
    const comment = render(reviewPlan(plan, "t"), "markdown", []);

    expect(comment).toContain("> [!CAUTION]\n> Data would be lost: the volume `data` is deleted");
    expect(comment).toContain("> [!WARNING]\n> - `web` gets a view of processes outside of it");
    expect(comment).toContain(
      "**1 service replaced. Users wait 1 min 20 s at most. 1 access is dangerous, 1 thing opens.**",
    );
  });
});
