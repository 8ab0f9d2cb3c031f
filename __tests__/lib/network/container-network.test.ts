import { DataSize, EgressSide, HealthCheck, ServiceFile, ServiceImage } from "../../../lib";
import { container, synth, testStack } from "../../support/stacks/synth";

describe("ContainerNetwork", () => {
  function uploads(...files: ServiceFile[]) {
    const { stack, network } = testStack();
    const image = ServiceImage.registry("app:1.0.0");
    network.addJob(stack, "job", { image, files, memory: DataSize.mebibytes(64), errorMessage: "It failed." });
    return container(stack, "job").upload;
  }

  test("writes files to the letter, and secret ones below /run/secrets as Terraform's templates", () => {
    expect(uploads(ServiceFile.of("/etc/app.conf", "${x}"), ServiceFile.ofSecret("a/key", "${var.key}"))).toEqual([
      { file: "/etc/app.conf", content: "$${x}", permissions: "0444" },
      { file: "/run/secrets/a/key", content: "${var.key}", permissions: "0444" },
    ]);
  });

  test.each([
    ["a secret elsewhere", { path: "/etc/app.conf", content: "x", secret: true }],
    ["a file that is no secret there", ServiceFile.of("/run/secrets/app.conf", "x")],
  ])("keeps secrets, and nothing else, below /run/secrets: fails on %s", (_what, file) => {
    expect(() => uploads(file)).toThrow(
      `'files' must have secrets, and nothing else, below /run/secrets/, got: '${file.path}' [test/job]`,
    );
  });

  test("takes every capability from a container, and bounds its memory, processes and log", () => {
    const { stack, network } = testStack();
    const image = ServiceImage.registry("app:1.0.0");
    network.addJob(stack, "job", { image, memory: DataSize.mebibytes(64), errorMessage: "It failed." });

    expect(container(stack, "job")).toMatchObject({
      capabilities: { drop: ["ALL"] },
      security_opts: ["no-new-privileges:true"],
      memory: 64,
      memory_swap: 64,
      ulimit: [{ name: "nproc", soft: 8192, hard: 8192 }],
      log_driver: "json-file",
      log_opts: { "max-size": "10m", "max-file": "3" },
    });
  });

  test("labels a container with its role, and one without a role not at all", () => {
    const { stack, network } = testStack();
    const job = {
      image: ServiceImage.registry("app:1.0.0"),
      memory: DataSize.mebibytes(64),
      errorMessage: "It failed.",
    };
    network.addJob(stack, "labelled", { ...job, role: "scheduler" });
    network.addJob(stack, "plain", job);

    expect(container(stack, "labelled").labels).toEqual([{ label: "cdktf-mlflow.role", value: "scheduler" }]);
    expect(container(stack, "plain").labels).toBeUndefined();
  });

  test("ignores the IPAM options that Podman gives to a network, and no other attribute", () => {
    const { stack, network } = testStack();
    const spec = { image: ServiceImage.registry("app:1.0.0"), memory: DataSize.mebibytes(64), egress: true };
    const healthCheck = HealthCheck.command(["true"]);
    network.addService(stack, "proxy", { ...spec, healthCheck, egressLink: EgressSide.EXTERNAL });

    const networks = Object.values(synth(stack).resource.docker_network ?? {});
    expect(networks.map(({ name }) => name).sort()).toEqual(
      ["edge", "egress", "internal", "passage"].map((name) => `test-network-${name}`),
    );
    for (const { lifecycle } of networks) expect(lifecycle).toEqual({ ignore_changes: ["ipam_options"] });
  });
});
