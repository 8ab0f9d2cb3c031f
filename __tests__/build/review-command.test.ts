import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlanBuilder, ourContainer, upload } from "../support/plans/plan-builder";
import { run } from "../support/run";
import { COMMAND } from "../support/compiled";

jest.setTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), "mlflow-review-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function command(args: string[], input?: string) {
  return run(process.execPath, [COMMAND, "review", ...args], { cwd: folder, input });
}

function save(name: string, content: string | Buffer): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

const plan = new PlanBuilder()
  .resource("docker_volume.data", { name: "mlflow-data" }, null)
  .resource(
    "docker_container.web",
    ourContainer("mlflow-web", { upload: [upload("/run/secrets/a", "hunter2-hunter2-hunter2")] }),
    ourContainer("mlflow-web", { upload: [upload("/run/secrets/a", "hunter2-hunter2-hunter22")] }),
    { sensitive: ["upload"] },
  )
  .build();

describe("The command 'review'", () => {
  test("exits with 1 and a remedy if the file is no plan", async () => {
    const missing = await command([join(folder, "nowhere")]);
    const state = await command([save("state.json", '{"format_version":"1.0","values":{}}')]);
    const directory = await command([folder]);

    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr).toContain(`there is no plan at ${join(folder, "nowhere")}`);
    expect(missing.stderr).toContain("terraform plan -out=FILE");
    expect(state).toMatchObject({ code: 1, stdout: "" });
    expect(state.stderr).toContain("is no plan: it is a state");
    expect(directory.stderr).toContain("is a folder, not a plan");
  });

  test("reads a plan from standard input, writes the review to a file as well, and exits with 2 if data would be lost", async () => {
    const output = join(folder, "comment.md");
    const { code, stdout, stderr } = await command(
      ["-", "--format", "markdown", "--output", output],
      JSON.stringify(plan),
    );

    expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
    expect(stdout).toContain("<!-- mlflow-stack review: mlflow -->");
    expect(readFileSync(output, "utf8")).toBe(stdout);
    expect(stdout).not.toContain("hunter2");
  });

  test("exits with 0 if the loss of data is allowed", async () => {
    const { code, stdout } = await command(
      ["-", "--allow-data-loss", "--stack", "other", "--format", "json"],
      JSON.stringify(plan),
    );

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, stack: "other", dataLoss: true });
  });

  test("exits with 4 if a dangerous access would open, and with 0 if that is allowed", async () => {
    const dangerous = JSON.stringify(
      new PlanBuilder()
        .resource("docker_container.web", ourContainer("web"), ourContainer("web", { pid_mode: "host" }))
        .build(),
    );
    const [refused, wrong, allowed] = await Promise.all([
      command(["-", "--format", "json"], dangerous),
      command(["-", "--allow-data-loss"], dangerous),
      command(["-", "--allow-access"], dangerous),
    ]);

    expect([refused?.code, wrong?.code, allowed?.code]).toEqual([4, 4, 0]);
    expect(JSON.parse(refused?.stdout ?? "")).toMatchObject({ dangerousAccess: true, dataLoss: false });
  });

  test("names a plan that OpenTofu has encrypted, and what reads it", async () => {
    const encrypted = JSON.stringify({
      meta: { "key_provider.pbkdf2.mine": "eyJzYWx0IjoiYWFhYWFhYWEifQ==" },
      encrypted_data: "AAAAAAAAAAAAAAAA",
      encryption_version: "v0",
    });
    const piped = await command(["-"], encrypted);

    expect(piped).toMatchObject({ code: 1, stdout: "" });
    expect(piped.stderr).toContain("the standard input is a plan that OpenTofu has encrypted");
    expect(piped.stderr).toContain("tofu show -json FILE");

    const file = save("encrypted.tfplan", Buffer.from(encrypted));
    const saved = await command([file]);

    expect(saved).toMatchObject({ code: 1, stdout: "" });
    expect(saved.stderr).toContain(`${file} is a plan that OpenTofu has encrypted`);
    expect(saved.stderr).toContain("TERRAFORM_BINARY_NAME=tofu");
  });

  test("reads a plan in UTF-16, as PowerShell writes it", async () => {
    const file = save("utf16.json", Buffer.from(`\ufeff${JSON.stringify(plan)}`, "utf16le"));

    expect((await command([file])).stdout).toContain("Data is lost: the volume 'mlflow-data'");
  });

  test("reviews a plan of 50 MB", async () => {
    const file = (index: number) => upload("/etc/app.conf", `${index}\n${"configuration ".repeat(100)}\n`.repeat(9));
    const builder = new PlanBuilder();
    for (let index = 0; index < 1000; index += 1) {
      builder.resource(
        `docker_container.c${index}`,
        ourContainer(`c${index}`, { upload: [file(index)] }),
        ourContainer(`c${index}`, { upload: [file(index + 1)] }),
      );
    }
    const json = JSON.stringify(builder.build());
    expect(json.length).toBeGreaterThan(50_000_000);

    const { code, stdout } = await command([save("huge.json", json), "--format", "markdown"]);

    expect(code).toBe(0);
    expect(stdout).toContain("1,000 services replaced.");
    expect(stdout.length).toBeLessThanOrEqual(65_000);
  });
});
