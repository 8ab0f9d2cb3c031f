import { App } from "cdktf";
import { AuthMethod, ContainerNetwork, DataSize, MlflowStack, ServiceImage } from "../../../lib";
import { synth, testStack } from "../../support/stacks/synth";

const JOB = { image: ServiceImage.registry("app:1.2.3"), memory: DataSize.mebibytes(64), errorMessage: "It failed." };

function twoStacks(first: string, second: string, engines: [string?, string?] = []) {
  const app = new App();
  const stackOf = (id: string, port: number, host?: string) =>
    new MlflowStack(app, id, {
      url: `http://localhost:${port}`,
      ...{ gateway: {}, auth: AuthMethod.basic(), engine: host === undefined ? undefined : { host } },
    });
  return [stackOf(first, 8080, engines[0]), stackOf(second, 8081, engines[1])] as const;
}

describe("A name on the engine", () => {
  test.each([
    ["prod_a", "prod-a"],
    ["Prod", "prod"],
    ["prod.a", "prod-a"],
  ])("is refused if two stacks share it: %s and %s", (first, second) => {
    expect(() => twoStacks(first, second)).toThrow(
      `'${second}/network' and '${first}/network/internal' must not have the same name on the engine, '${second}-network-internal'; rename one of them [${second}/network]`,
    );
  });

  test("may occur once on each engine", () => {
    expect(() => twoStacks("prod_a", "prod-a", ["ssh://one.example.com", "ssh://two.example.com"])).not.toThrow();
  });

  test("is refused if two constructs of a stack share it, and kinds do not count as the same", () => {
    const { stack, network } = testStack();
    network.addVolume(stack, "job-a");
    network.addJob(stack, "job-a-files", JOB);
    network.addVolume(stack, "job-a-files-data");

    network.addJob(stack, "job_a", JOB);
    expect(() => network.addJob(stack, "job.a", JOB)).toThrow(
      "'test/job.a' and 'test/job_a' must not have the same name on the engine, 'test-job-a'; rename one of them [test/job.a]",
    );
    expect(() => network.addVolume(stack, "job_a")).toThrow("There is already a Construct with name 'job_a'");
    expect(() => network.addVolume(stack, "job.a.")).toThrow("'test/job.a.' and 'test/job-a'");
  });

  test.each(["日本", "äpfel", "öpfel", "_", "prod\u200b", "проd"])("is refused for the id '%s'", (id) => {
    expect(() => new MlflowStack(new App(), id)).toThrow(
      `the id of a stack or construct must have letters from a to z or digits, and no others, because it is a part of names on the engine, got: '${id}'`,
    );
  });

  test("stays what it was for the ids of today", () => {
    const { stack } = testStack();
    const network = new ContainerNetwork(stack, "My Net_1", {});
    network.addJob(stack, "Job (nightly).v2", JOB);

    const { docker_network: networks, docker_container: containers } = synth(stack).resource;
    expect(Object.values(networks ?? {}).map(({ name }) => name)).toContain("test-my-net-1-internal");
    expect(Object.values(containers ?? {}).map(({ name }) => name)).toEqual(["test-job-nightly-v2"]);
  });
});
