import type { Plan } from "../../../../cli/terraform/json/plan-json";
import { Redaction } from "../../../../cli/app/redaction";
import { render } from "../../../../cli/review/render/render";
import type { Format } from "../../../../cli/review/render/render";
import { reviewPlan } from "../../../../cli/review/findings/review-plan";
import { secretsOf } from "../../../../cli/review/secrets/secrets";
import { PlanBuilder, ourContainer, upload } from "../../../support/plans/plan-builder";
import { spellings } from "../../../support/plans/spellings";

const FORMATS: Format[] = ["text", "markdown", "json"];

// Contains characters that the encodings write differently.
const secret = (name: string) => `${name}-<p&"s's/+=%\\ü_*\`@x>`;

/** Everywhere that a secret can stand in a plan, and in clear beside it, where nobody marks it. */
function planted(): { plan: Plan; secrets: string[] } {
  const generated = secret("generated");
  const variable = secret("variable");
  const file = secret("file-in-run-secrets");
  const marked = secret("marked-attribute");
  const output = secret("output-value");
  const old = secret("old-of-a-replaced");
  const foreign = secret("file-of-a-foreign-container");
  const everything = [generated, variable, file, marked, output, old, foreign];

  const clear = everything.flatMap((value) => spellings(value).map(({ printed }) => printed));
  const env = (index: number) => clear.map((value, at) => `CLEAR_${at}=${index}${value}`);
  const caddyfile = (index: number) => `line ${index}\n${clear.join("\n")}\n`;
  const plan = new PlanBuilder()
    .variable("login_password", variable, true)
    .variable("open", "not a secret at all", false)
    .output("password", output, `${output}2`, true)
    .output("url", `http://${variable}`, `https://${generated}`)
    .resource(
      "random_password.login",
      { result: old, length: 32 },
      { length: 40 },
      {
        sensitive: ["result"],
        unknown: { result: true },
      },
    )
    .resource("random_string.key", { result: generated }, { result: generated })
    .resource(
      "docker_container.web",
      ourContainer(`web-${generated}`, {
        env: env(1),
        command: [`--token=${variable}`],
        image: `registry/${marked}:1`,
        ports: [{ external: 80, internal: 80, ip: variable }],
        volumes: [{ container_path: `/${file}`, volume_name: output }],
        upload: [
          upload("/run/secrets/a", file),
          upload("/etc/caddy/Caddyfile", caddyfile(1)),
          upload(`/etc/${old}`, "x"),
        ],
      }),
      ourContainer(`web-${generated}`, {
        env: env(2),
        command: [`--token=${variable}2`],
        image: `registry/${marked}:2`,
        ports: [{ external: 81, internal: 81, ip: variable }],
        volumes: [{ container_path: `/${file}`, volume_name: `${output}2` }],
        upload: [upload("/run/secrets/a", `${file}2`), upload("/etc/caddy/Caddyfile", caddyfile(2))],
      }),
      { sensitive: ["upload"] },
    )
    .resource(
      "docker_container.app",
      { name: "app", env: [`A=${marked}`], upload: [{ file: "/x", content: foreign }] },
      { name: "app", env: [`A=${marked}2`], upload: [{ file: "/x", content: `${foreign}2` }] },
      { sensitive: ["env", "upload"] },
    )
    .resource(`aws_thing.x["${generated}"]`, { a: marked, b: 1 }, { a: `${marked}2`, b: 2 }, { sensitive: ["a"] })
    .resource("docker_volume.data", { name: `data-${file}` }, null)
    .drift("docker_container.web", ourContainer("web", { env: [] }), ourContainer("web", { env: [`X=${old}`] }))
    .build();
  return { plan, secrets: everything };
}

describe("No secret", () => {
  test.each(FORMATS)("is in the output as %s, at any place of the plan and in any encoding", (format) => {
    const { plan, secrets } = planted();
    const output = render(reviewPlan(plan, `mlflow-${secrets[0]}`), format, secretsOf(plan));

    const leaked = secrets.flatMap((value) => spellings(value).filter(({ core }) => output.includes(core)));
    expect(leaked).toEqual([]);
    // Also not with markup between its characters.
    const squeezed = output.replaceAll(/[\\`\s]/g, "");
    expect(secrets.filter((value) => squeezed.includes(value.replaceAll(/[\\`\s]/g, "")))).toEqual([]);
    expect(output).toContain("would have shown a secret");
  });

  test("is missed by this search: it finds each encoding in an output without redaction", () => {
    const { plan, secrets } = planted();
    const output = render(reviewPlan(plan, "mlflow"), "markdown", []);
    const missed = spellings(secrets[0] ?? "").filter(({ core }) => !output.includes(core));

    expect(missed.map(({ how }) => how)).toEqual([]);
  });

  test("has fewer than 6 characters, or is not marked as sensitive", () => {
    const plan = new PlanBuilder().variable("a", "short", true).variable("b", "open for everybody", false).build();

    expect([...secretsOf(plan)]).toEqual([]);
  });

  test("is left in the lines of a key, or behind a name in a file", () => {
    const key = "-----BEGIN KEY-----\nMIIBVgIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n";
    const plan = new PlanBuilder()
      .resource("docker_container.web", null, ourContainer("web", { upload: [upload("/run/secrets/key", key)] }))
      .resource(
        "docker_container.db",
        null,
        ourContainer("db", {
          upload: [upload("/run/secrets/pg.conf", "[mlflow]\nhost=mlflow-postgres\npassword=hunter2hunter2\n")],
        }),
      )
      .build();

    const redaction = new Redaction(secretsOf(plan));
    expect(redaction.apply("MIIBVgIBADANBgkq hunter2hunter2 mlflow-postgres")).toBe(
      "(secret) (secret) mlflow-postgres",
    );
  });
});
