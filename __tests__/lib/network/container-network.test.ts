import { DataSize, ServiceImage } from "../../../lib";
import { container, testStack } from "../../support/stacks/synth";

describe("ContainerNetwork", () => {
  test("refuses a secret file that does not lie where secrets do", () => {
    const { stack, network } = testStack();

    expect(() =>
      network.addJob(stack, "job", {
        image: ServiceImage.registry("app:1"),
        files: [{ path: "/etc/app.conf", content: "x", secret: true }],
        memory: DataSize.mebibytes(64),
        errorMessage: "It failed.",
      }),
    ).toThrow("'files' must have secrets below /run/secrets/, got: '/etc/app.conf'");
  });

  test("labels a container with its role, and one without a role not at all", () => {
    const { stack, network } = testStack();
    const job = { image: ServiceImage.registry("app:1"), memory: DataSize.mebibytes(64), errorMessage: "It failed." };
    network.addJob(stack, "labelled", { ...job, role: "scheduler" });
    network.addJob(stack, "plain", job);

    expect(container(stack, "labelled").labels).toEqual([{ label: "cdktf-mlflow.role", value: "scheduler" }]);
    expect(container(stack, "plain").labels).toBeUndefined();
  });
});
