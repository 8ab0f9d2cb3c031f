import { describeChanges } from "../../../../cli/terraform/json/describe-plan";
import { State } from "../../../../cli/terraform/json/state";
import { volumesOf } from "../../../../cli/terraform/json/volume-record";
import { PlanBuilder } from "../../../support/plans/plan-builder";

describe("volumesOf", () => {
  test("finds the recorded, the mounted and the user's own volumes of a state's file, each once", () => {
    const resource = (type: string, name: string, attributes: object) => ({
      mode: "managed",
      type,
      name,
      instances: [{ attributes }],
    });
    const state = State.parse(
      JSON.stringify({
        resources: [
          // As Terraform writes an `input`: its value beside its type.
          resource("terraform_data", "data", {
            input: { value: { named_volume: "t-data" }, type: ["object", { named_volume: "string" }] },
          }),
          resource("terraform_data", "identity", { input: { value: "x", type: "string" } }),
          resource("terraform_data", "imported", { id: "t-imported", input: null }),
          resource("docker_volume", "own", { name: "t-own" }),
          resource("docker_container", "db", {
            volumes: [{ volume_name: "t-data" }, { volume_name: "", host_path: "/srv" }, { volume_name: "t-cache" }],
            mounts: [
              { type: "volume", source: "t-mount" },
              { type: "bind", source: "/var" },
            ],
          }),
        ],
      }),
    );

    expect(volumesOf(state)).toEqual(["t-cache", "t-data", "t-mount", "t-own"]);
  });
});

test("A plan names the volume that is used from now on, and the one that stays unused", () => {
  const record = (name: string) => ({ id: "a-b-c", input: { named_volume: name } });
  const plan = new PlanBuilder()
    .resource("terraform_data.data-17", record("t-data-17"), null)
    .resource("terraform_data.data-18", null, record("t-data-18"))
    .resource("terraform_data.other", record("t-other"), record("t-other"))
    .build();

  expect(describeChanges(plan)).toEqual([
    "  use the volume 't-data-18', which is empty if it is new",
    "  keep the volume 't-data-17' on the engine, and use it no more",
  ]);
});
