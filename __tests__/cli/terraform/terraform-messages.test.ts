import {
  UnderWay,
  Warnings,
  describeProblems,
  finishedStep,
  isCheck,
  parseMessage,
} from "../../../cli/terraform/terraform-messages";

const START = { type: "apply_start", hook: { resource: { addr: "docker_container.server" }, action: "create" } };
const END = { ...START, type: "apply_complete", hook: { ...START.hook, elapsed_seconds: 7 } };

describe("Terraform's messages", () => {
  test("are JSON lines; other lines are ignored", () => {
    expect(parseMessage(JSON.stringify(START))).toEqual(START);
    expect(parseMessage("panic: something")).toBeUndefined();
    expect(parseMessage("{}")).toBeUndefined();
  });

  test("name a finished action", () => {
    expect(finishedStep(END)).toBe("docker_container.server created (7 s)");
    expect(finishedStep({ ...END, hook: { ...START.hook, action: "delete" } })).toBe("docker_container.server removed");
    expect(finishedStep(START)).toBeUndefined();
  });

  test("name an action in progress", () => {
    const underWay = new UnderWay();

    underWay.note(START);
    underWay.note({ ...START, hook: { ...START.hook, resource: { addr: "docker_container.minio" } } });
    expect(String(underWay)).toBe("docker_container.server, docker_container.minio");
    underWay.note({ ...END, type: "apply_errored" });
    expect(String(underWay)).toBe("docker_container.minio");
  });
});

describe("describeProblems", () => {
  test("shows the message of a failed condition, and heading and detail of other errors", () => {
    const problems = [
      {
        severity: "error" as const,
        summary: "Resource postcondition failed",
        detail: "The bucket was not made. Its output: no space",
        address: "docker_container.minio_bucket",
      },
      { severity: "error" as const, summary: "Unable to start container", detail: "port is already allocated" },
    ];

    expect(describeProblems(problems)).toBe(
      "The bucket was not made. Its output: no space\n(docker_container.minio_bucket)\n\nUnable to start container\nport is already allocated",
    );
  });

  test("leaves out the position of a variable's rule in the JSON", () => {
    const detail = "The password is too short.\n\nThis was checked by the validation rule at cdk.tf.json:3,9-19.";

    expect(describeProblems([{ severity: "error", summary: "Invalid value for variable", detail }])).toBe(
      "The password is too short.",
    );
  });

  test("keeps the end of a long output, which has the reason", () => {
    const detail = Array.from({ length: 100 }, (_, line) => `line ${line}`).join("\n");
    const text = describeProblems([{ severity: "error", summary: "Resource postcondition failed", detail }]);

    expect(text.split("\n")).toHaveLength(34);
    expect(text).toContain("line 2\n… 67 lines …\nline 70\n");
    expect(text).toMatch(/line 99$/);
  });
});

test("Warnings are told once each, without errors and those of the targets that 'down' names", () => {
  const warnings = new Warnings();
  const note = (severity: "warning" | "error", summary: string, detail?: string) =>
    warnings.note({ type: "diagnostic", diagnostic: { severity, summary, detail } });
  note("warning", "Deprecated attribute", "Use the other one.");
  note("warning", "Deprecated attribute", "Use the other one.");
  note("error", "Broken");
  note("warning", "Applied changes may be incomplete");
  note("warning", "Check block assertion failed", "MLflow does not answer.");
  warnings.note(START);

  expect(warnings.describe(isCheck)).toEqual(["Warning: Deprecated attribute\nUse the other one."]);
  expect(warnings.describe()[1]).toBe("Warning: Check block assertion failed\nMLflow does not answer.");
});
