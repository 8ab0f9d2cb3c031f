import { Container } from "@cdktf/provider-docker/lib/container";
import { DockerProvider } from "@cdktf/provider-docker/lib/provider";
import { Volume } from "@cdktf/provider-docker/lib/volume";
import { TerraformStack, Testing } from "cdktf";
import { ContainerNetwork, GuardRule, StackGuard } from "../../../lib";
import { synth } from "../../support/stacks/synth";

function appOf(...ids: string[]) {
  const app = Testing.app();
  return ids.map((id) => {
    const stack = new TerraformStack(app, id);
    new DockerProvider(stack, "docker");
    return { stack, network: new ContainerNetwork(stack, "network") };
  });
}

function mount(stack: TerraformStack, ...names: string[]): Container {
  return new Container(stack, "notes", {
    name: `${stack.node.id}-notes`,
    image: "sha256:1111",
    volumes: names.map((volumeName, index) => ({ volumeName, containerPath: `/${index}` })),
    mounts: [{ type: "volume", source: "mounted", target: "/mounted" }],
  });
}

test("A record names the volumes that only containers name", () => {
  const [{ stack, network }] = appOf("b") as [ReturnType<typeof appOf>[number]];
  const own = network.addVolume(stack, "data");
  new Volume(stack, "resource", { name: "resource" });
  mount(stack, "prod-minio-data", own.source, "resource");

  expect(synth(stack).resource.terraform_data?.mounted_volumes).toMatchObject({
    input: { mounted_volumes: ["mounted", "prod-minio-data"] },
  });
});

test("A stack whose containers name no further volumes has no such record", () => {
  const [{ stack, network }] = appOf("b") as [ReturnType<typeof appOf>[number]];
  network.addVolume(stack, "data");

  expect(Object.keys(synth(stack).resource.terraform_data ?? {})).not.toContain("mounted_volumes");
});

test("A container that names the volume of another stack is refused, unless that is accepted", () => {
  const [prod, other] = appOf("prod", "b") as [ReturnType<typeof appOf>[number], ReturnType<typeof appOf>[number]];
  prod.network.addVolume(prod.stack, "data");
  const notes = mount(other.stack, "prod-data");

  expect(() => synth(other.stack)).toThrow(
    "UnprotectedVolume: 'b/notes' mounts 'prod-data', the volume of 'prod/data' in another stack",
  );
  StackGuard.accept(notes, GuardRule.UNPROTECTED_VOLUME, "it reads only");
  expect(synth(other.stack).resource.terraform_data?.mounted_volumes).toBeDefined();
});
