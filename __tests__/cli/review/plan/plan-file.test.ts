import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSavedPlan } from "../../../../cli/review/plan/plan-file";
import { parsePlan } from "../../../../cli/terraform/json/parse-plan";
import { render } from "../../../../cli/review/render/render";
import { reviewPlan } from "../../../../cli/review/findings/review-plan";
import { secretsOf } from "../../../../cli/review/secrets/secrets";
import { random } from "../../../support/plans/generated-changes";
import { PlanBuilder, ourContainer, upload } from "../../../support/plans/plan-builder";

const SECRET = "hunter2-hunter2-hunter2";
const plan = new PlanBuilder()
  .resource("docker_volume.data", { name: "mlflow-data" }, null)
  .resource(
    "docker_container.web",
    ourContainer("mlflow-web", { upload: [upload("/run/secrets/a", SECRET)] }),
    ourContainer("mlflow-web", { upload: [upload("/run/secrets/a", `${SECRET}2`)] }),
    { sensitive: ["upload"] },
  )
  .build();

describe("A file that is no plan", () => {
  test.each([
    ["", "it is empty"],
    [" \n", "it is empty"],
    [`${SECRET}, not JSON`, "it is neither a saved plan nor JSON"],
    [
      `${JSON.stringify(plan)}\n\n::debug::Terraform exited with code 0.\n`,
      "the wrapper of setup-terraform or setup-opentofu has added lines of its own",
    ],
    [JSON.stringify(plan).slice(0, -20), "its JSON is broken or cut off"],
    [`{"a": "${SECRET}" oops}`, "its JSON is broken or cut off"],
    ["[]", "it holds no object"],
    ["null", "it holds no object"],
    ['"text"', "it holds no object"],
    ["{}", "it lacks the fields that every plan has"],
    ['{"format_version":"1.0","values":{}}', "it is a state"],
    ['{"version":4,"lineage":"x","resources":[]}', "it is a state"],
    ['{"@level":"info"}\n{"@level":"info"}', "it is the log of 'terraform plan -json'"],
    ['{"format_version":1,"resource_changes":[]}', "it lacks the fields that every plan has"],
    [
      '{"format_version":"1.2","resource_changes":{}}',
      "its 'resource_changes' has not the shape that Terraform documents",
    ],
    [
      '{"format_version":"1.2","resource_changes":[1]}',
      "its 'resource_changes' has not the shape that Terraform documents",
    ],
    [
      '{"format_version":"1.2","resource_changes":[{"address":"a.b","type":"a"}]}',
      "its 'resource_changes' has not the shape that Terraform documents",
    ],
    [
      `{"format_version":"1.2","resource_changes":[{"address":"a.b","type":"a","change":{"actions":["create"],"after":"${SECRET}"}}]}`,
      "its 'resource_changes' has not the shape that Terraform documents",
    ],
    [
      '{"format_version":"1.2","resource_changes":[],"output_changes":[]}',
      "its 'output_changes' has not the shape that Terraform documents",
    ],
    [
      '{"format_version":"1.2","resource_changes":[],"variables":{"a":1}}',
      "its 'variables' has not the shape that Terraform documents",
    ],
    [
      '{"format_version":"1.2","resource_changes":[],"configuration":7}',
      "its 'configuration' has not the shape that Terraform documents",
    ],
  ])("is refused with a reason, and without any of its content", (json, reason) => {
    expect(() => parsePlan(json, "p.json")).toThrow(`p.json is no plan: ${reason}`);
    try {
      parsePlan(json, "p.json");
    } catch (error) {
      expect(JSON.stringify(error) + String(error)).not.toContain("hunter2");
    }
  });

  test("is refused too if it is incomplete, or newer than this release", () => {
    expect(() => parsePlan('{"format_version":"1.2","resource_changes":[],"errored":true}', "p")).toThrow(
      "p is not finished: Terraform met an error while it planned",
    );
    expect(() => parsePlan('{"format_version":"2.0","resource_changes":[]}', "p")).toThrow(
      "p has format 2.0 of Terraform's plans, which this release does not know",
    );
  });
});

describe("A saved plan", () => {
  const folder = mkdtempSync(join(tmpdir(), "mlflow-plan-file-"));
  const file = join(folder, "plan");
  const encrypted = '{"meta":{"key_provider.a.b":"x"},"encrypted_data":"AAAA","encryption_version":"v0"}';

  afterAll(() => rmSync(folder, { recursive: true }));

  test.each<[string, string, boolean]>([
    ["a zip file", "PK\u0003\u0004", true],
    ["what OpenTofu encrypts", encrypted, true],
    ["not the JSON of a plan, even if it has such an attribute", '{"format_version":"1.2","encrypted_data":1}', false],
    ["not an empty file", "", false],
  ])("is %s", async (_what, content, isSaved) => {
    writeFileSync(file, content);

    expect(await isSavedPlan(file)).toBe(isSaved);
  });

  test("that OpenTofu has encrypted is named where Terraform's JSON is expected", () => {
    expect(() => parsePlan(encrypted, "p")).toThrow("p is a plan that OpenTofu has encrypted");
  });
});

describe("A plan", () => {
  test("with missing or malformed parts is reviewed or refused, and never causes a crash", () => {
    const draw = random(1);
    const original = new PlanBuilder()
      .variable("a", SECRET, true)
      .with({
        action_invocations: [{ address: "action.a.b", type: "a", config_values: { c: "d" }, config_sensitive: {} }],
        checks: [
          { address: { to_display: "check.a" }, status: "fail", instances: [{ status: "fail", problems: [{}] }] },
        ],
      })
      .output("volumes", { "docker_volume.data": "x" }, {})
      .drift("docker_container.web", ourContainer("web"), ourContainer("web", { memory: 1 }))
      .resource("docker_volume.data", { name: "mlflow-data" }, null)
      .resource("docker_network.n", { id: "n", name: "n", internal: true }, { id: "n", name: "n", internal: false })
      .resource(
        "docker_container.web",
        ourContainer("web", {
          networks_advanced: [{ name: "n" }],
          volumes: [{ container_path: "/a", volume_name: "b" }],
        }),
        ourContainer("web", {
          upload: [upload("/etc/caddy/users.json", '[{"name":"ada"}]')],
          env: ["AUTH_METHOD=basic", "FEATURES=a"],
          ports: [{ external: 1, ip: "::" }],
        }),
        { dependsOn: ["docker_network.n"], unknown: { image: true }, references: { image: ["docker_image.x.id"] } },
      )
      .build();
    const replacements: unknown[] = [
      null,
      0,
      -1,
      "",
      "x",
      true,
      [],
      {},
      [null],
      [[]],
      { a: null },
      [1],
      ["a"],
      "\u0000",
    ];

    let told = 0;
    for (let round = 0; round < 1000; round += 1) {
      const broken = mutate(structuredClone(original), draw, replacements);
      let parsed;
      try {
        parsed = parsePlan(JSON.stringify(broken), "p");
      } catch (error) {
        expect((error as Error).name).toBe("CommandError");
        continue;
      }
      const format = (["text", "markdown", "json"] as const)[round % 3] ?? "text";
      expect(render(reviewPlan(parsed, "t"), format, secretsOf(parsed))).not.toBe("");
      told += 1;
    }
    // The number belongs to this seed. It shows a parser that refuses more or fewer.
    expect(told).toBe(497);
  });
});

/** Puts something else, or nothing, in a place of a document that is drawn. */
function mutate(document: object, draw: () => number, replacements: unknown[]): object {
  let at = document as { [name: string]: unknown };
  for (;;) {
    const names = Object.keys(at);
    const name = names[Math.floor(draw() * names.length)];
    if (name === undefined) return document;
    const next = at[name];
    if (typeof next === "object" && next !== null && Object.keys(next).length > 0 && draw() < 0.85) {
      at = next as { [name: string]: unknown };
      continue;
    }
    if (draw() < 0.3) delete at[name];
    else at[name] = replacements[Math.floor(draw() * replacements.length)];
    return document;
  }
}
