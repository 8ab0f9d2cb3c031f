import { DataSize, ServiceImage } from "../../../lib";
import { testStack } from "../../support/stacks/synth";

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
});
