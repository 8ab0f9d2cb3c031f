import { describeChanges } from "../../../../cli/terraform/json/describe-plan";
import { State } from "../../../../cli/terraform/json/state";
import { volumesOf } from "../../../../cli/terraform/json/volume-record";
import { PlanBuilder } from "../../../support/plans/plan-builder";

describe("volumesOf", () => {
  test("tells the recorded volumes and the resources of a state's file from those that a container only mounts", () => {
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
          resource("terraform_data", "mounted_volumes", {
            input: { value: { mounted_volumes: ["t-down"] }, type: ["object", { mounted_volumes: "any" }] },
          }),
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

    expect(volumesOf(state)).toEqual({ own: ["t-data", "t-own"], mounted: ["t-cache", "t-down", "t-mount"] });
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

test("A plan names the volumes that only containers name, too, and says nothing of their record", () => {
  const mounting = (name: string) => ({ name: "notes", volumes: [{ volume_name: name, container_path: "/notes" }] });
  const record = (name: string) => ({ input: { mounted_volumes: [name] } });
  const plan = new PlanBuilder()
    .resource("terraform_data.mounted_volumes", record("old"), record("new"))
    .resource("docker_container.notes", mounting("old"), mounting("new"))
    .build();

  expect(describeChanges(plan).filter((line) => !line.endsWith("docker_container.notes"))).toEqual([
    "  use the volume 'new', which is empty if it is new",
    "  keep the volume 'old' on the engine, and use it no more",
  ]);
});
