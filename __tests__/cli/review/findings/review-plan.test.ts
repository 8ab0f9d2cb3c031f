import { PlanBuilder, ourContainer, upload } from "../../../support/plans/plan-builder";
import { COMPARED, changed, text } from "../../../support/plans/reviewed";

describe("A review", () => {
  test("of a plan without changes says only that", () => {
    const plan = new PlanBuilder()
      .resource("docker_container.web", ourContainer("web"), ourContainer("web"))
      .resource("docker_volume.data", { name: "mlflow-data" }, { name: "mlflow-data" })
      .build();

    expect(text(plan)).toBe(`Nothing changes.\n\n${COMPARED}`);
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
      .resource("docker_container.web", ourContainer("web", { ...before }), ourContainer("web", { ...after }), {
        actions,
      })
      .build();

    expect(text(plan)).toContain(`  web ${verdict}`);
  });

  test("says that a health check has no effect on a container that runs", () => {
    const check = (retries: number) => ({ healthcheck: [{ test: ["CMD", "true"], retries }] });
    const plan = new PlanBuilder()
      .resource("docker_container.web", ourContainer("web", check(2)), ourContainer("web", check(3)), {
        actions: ["update"],
      })
      .build();

    expect(text(plan)).toContain("healthcheck retries: 2 → 3");
    expect(text(plan)).toContain("'healthcheck' takes effect when the container is replaced next");
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
    expect(text(plan)).toContain("Before anything stops, 'caddy:2.11' is fetched");
  });
});
