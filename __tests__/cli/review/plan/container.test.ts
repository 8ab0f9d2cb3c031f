import type { Values } from "../../../../cli/terraform/json/plan-json";
import { Attributes } from "../../../../cli/review/plan/attributes";
import { isJob, isOurs } from "../../../../cli/review/plan/container";
import { ourContainer, upload } from "../../../support/plans/plan-builder";
import { SHAPES } from "../../../support/stacks/shapes";
import { synth } from "../../../support/stacks/synth";

function attributes(values: Values): Attributes {
  const change = { actions: ["create"], before: null, after: values, after_sensitive: {} };
  const result = Attributes.after({ address: "docker_container.x", type: "docker_container", change });
  if (!result) throw new Error("no attributes");
  return result;
}

/** As Terraform completes what was synthesized. */
function completed(block: Values): Values {
  const list = (value: unknown) => (Array.isArray(value) ? value : value === undefined ? [] : [value]);
  return { ...block, capabilities: list(block.capabilities), upload: list(block.upload) };
}

describe("A container of this library", () => {
  test.each(Object.entries(SHAPES))("is recognized in %s", (_name, shape) => {
    const containers = Object.entries(synth(shape()).resource.docker_container ?? {});
    const unknown = containers.filter(([, block]) => !isOurs(attributes(completed(block)))).map(([name]) => name);

    expect(containers.length).toBeGreaterThan(0);
    expect(unknown).toEqual([]);
  });

  test("that runs once is recognized as a job", () => {
    const blocks = Object.entries(synth(SHAPES["everything bundled"]?.() as never).resource.docker_container ?? {});
    const jobs = blocks.filter(([, block]) => isJob(attributes(completed(block)))).map(([name]) => name);

    expect(jobs.sort()).toEqual([
      expect.stringMatching(/^minio_bucket_/) as string,
      expect.stringMatching(/^server_dump_/) as string,
      expect.stringMatching(/^server_migration_/) as string,
    ]);
  });

  test.each<[string, Values]>([
    ["has a capability", { capabilities: [{ add: ["CAP_NET_ADMIN"], drop: ["ALL"] }] }],
    ["may gain privileges", { security_opts: [] }],
    ["has all rights", { privileged: true }],
    ["has no memory limit", { memory: 0, memory_swap: 0 }],
    ["has swap", { memory_swap: 512 }],
    ["has a file that it may write", { upload: [{ ...upload("/a", "b"), permissions: "0644" }] }],
    ["has a file from elsewhere", { upload: [{ ...upload("/a", ""), source: "/secret" }] }],
  ])("is not one that %s", (_what, values) => {
    expect(isOurs(attributes(ourContainer("x")))).toBe(true);
    expect(isOurs(attributes(ourContainer("x", values)))).toBe(false);
  });
});
