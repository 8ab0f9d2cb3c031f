import { Deployment, removeLeftovers } from "../support/deployment";
import { runOk } from "../support/run";

jest.setTimeout(60 * 60_000);

const stack = new Deployment("soak", 18095);

/** The highest memory of a container, in bytes, as its control group has noted it. */
async function memoryPeak(container: string): Promise<number> {
  const files = "/sys/fs/cgroup/memory.peak /sys/fs/cgroup/memory/memory.max_usage_in_bytes";
  return Number(await runOk("docker", ["exec", container, "sh", "-c", `cat ${files} 2>/dev/null | head -n 1`]));
}

describe("Artifacts of 5 GB", () => {
  beforeAll(async () => {
    await removeLeftovers(stack.id);
    await stack.commandOk(["up", "--yes"]);
  });

  afterAll(() => removeLeftovers(stack.id));

  test("come back as they were sent", async () => {
    const { code, stdout, stderr } = await stack.command(["verify", "--large-size", "5120"]);

    expect({ code, output: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, output: "" });
  });

  test("pass through the gateway without filling its memory", async () => {
    expect(await memoryPeak("soak-gateway")).toBeLessThan(256 * 1024 * 1024);
    expect(
      await runOk("docker", ["inspect", "--format", "{{.RestartCount}} {{.State.OOMKilled}}", "soak-gateway"]),
    ).toBe("0 false\n");
  });
});
