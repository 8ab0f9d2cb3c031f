import { TerraformOutput } from "cdktf";
import { ReleasedVolumes } from "../../../lib";
import { SHAPES } from "../../support/stacks/shapes";
import { mlflowStack, synth, testStack } from "../../support/stacks/synth";

interface Released {
  readonly removed: { readonly from: string; readonly lifecycle: unknown }[];
}

describe("A named volume", () => {
  test("is recorded in the plan by its name, and is no resource that Terraform can delete", () => {
    const { stack, network } = testStack();
    const volume = network.addVolume(stack, "notes");
    const { resource } = synth(stack);

    expect(volume.source).toBe("test-notes");
    expect(resource.docker_volume).toBeUndefined();
    expect(Object.values(resource.terraform_data ?? {})).toEqual([{ input: { named_volume: "test-notes" } }]);
  });

  test("is let go of where a state of release 0.1.0 has it as a docker_volume", () => {
    const { stack, network } = testStack();
    network.addVolume(stack, "notes");
    const { removed } = synth(stack) as unknown as Released;
    const [record] = Object.keys(synth(stack).resource.terraform_data ?? {});

    expect(removed).toEqual([{ from: `docker_volume.${record}`, lifecycle: { destroy: false } }]);
    expect(synth(stack).terraform.required_version).toBe(">= 1.7");
  });

  test("has a revision that is known only when Terraform makes its record", () => {
    const { stack, network } = testStack();
    const { revision } = network.addVolume(stack, "notes");
    new TerraformOutput(stack, "revision", { value: revision, staticId: true });

    expect(synth(stack).output?.revision?.value).toBe("${terraform_data.notes.id}");
    expect(network.addVolume(stack, "folder", { hostPath: "/srv" }).revision).toBe("/srv");
  });
});

describe("A docker_volume of the user's own", () => {
  test("is let go of by its address", () => {
    const { stack } = testStack();
    ReleasedVolumes.release(stack, "docker_volume.notebooks");
    ReleasedVolumes.release(stack, "module.data.docker_volume.files");
    const { removed } = synth(stack) as unknown as Released;

    expect(removed.map(({ from }) => from)).toEqual(["docker_volume.notebooks", "module.data.docker_volume.files"]);
  });

  test.each(["notebooks", "docker_volume.notebooks[0]", "docker_container.notebooks", "docker_volume."])(
    "has no address such as '%s'",
    (address) => {
      expect(() => ReleasedVolumes.release(testStack().stack, address)).toThrow(
        "must be the address of a docker_volume",
      );
    },
  );
});

describe("A stack", () => {
  test.each(Object.entries(SHAPES))(
    "has no docker_volume, and a record of each volume that it mounts: %s",
    (_, shape) => {
      const { resource } = synth(shape());
      const mounted = Object.values(resource.docker_container ?? {}).flatMap(({ volumes = [] }) =>
        volumes.flatMap(({ volume_name }: { volume_name?: string }) => volume_name ?? []),
      );
      const recorded = Object.values(resource.terraform_data ?? {}).flatMap(({ input }) => input?.named_volume ?? []);

      expect(resource.docker_volume).toBeUndefined();
      expect(recorded.sort()).toEqual([...new Set(mounted)].sort());
    },
  );

  // From synthesized stacks of release 0.1.0, with each option that made a volume.
  test.each([
    "gateway_data_D0AC38C2",
    "gateway_log_02046890",
    "minio_data_FB897F14",
    "postgres_data-16_23F3628B",
    "postgres_data-17_61EAD25B",
    "postgres_data-18_39DD5BDF",
    "server_tmp_60C3152D",
  ])("lets go of docker_volume.%s, which it does not use any more", (name) => {
    const { removed } = synth(mlflowStack()) as unknown as Released;

    expect(removed).toContainEqual({ from: `docker_volume.${name}`, lifecycle: { destroy: false } });
    expect(new Set(removed.map(({ from }) => from)).size).toBe(removed.length);
  });
});
