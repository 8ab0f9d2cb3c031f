import { State } from "../../../../cli/terraform/json/state";

describe("State", () => {
  const state = State.parse(
    JSON.stringify({
      outputs: { url: { value: "http://localhost:8080" }, volumes: { value: {} } },
      resources: [
        {
          mode: "managed",
          type: "docker_container",
          name: "job",
          instances: [{ attributes: { must_run: false, exit_code: 1 } }],
        },
        {
          mode: "managed",
          type: "docker_container",
          name: "done",
          instances: [{ attributes: { must_run: false, exit_code: 0 } }],
        },
        { mode: "managed", module: "module.a", type: "docker_volume", name: "v", instances: [{ index_key: "x" }] },
        { mode: "data", type: "docker_image", name: "read", instances: [{}] },
      ],
    }),
  );

  test("knows addresses, outputs that are texts, and jobs that failed", () => {
    expect(state.instances.map(({ address }) => address)).toEqual([
      "docker_container.job",
      "docker_container.done",
      'module.a.docker_volume.v["x"]',
    ]);
    expect(state.output("url")).toBe("http://localhost:8080");
    expect(state.output("volumes")).toBeUndefined();
    expect(state.rerunFailedJobs).toEqual(["-replace=docker_container.job"]);
  });

  test("knows the passwords that must not be printed", () => {
    const instances = [{ attributes: { result: "correct horse" } }, {}];
    const text = JSON.stringify({ resources: [{ mode: "managed", type: "random_password", name: "p", instances }] });

    expect(State.parse(text).generatedPasswords).toEqual(["correct horse"]);
  });

  test("is empty before the first deployment, and of no version", () => {
    expect(State.parse("").instances).toEqual([]);
    expect(State.parse("").version).toEqual({});
    expect(State.parse('{"lineage": "a", "serial": 4}').version).toEqual({ lineage: "a", serial: 4 });
  });
});
