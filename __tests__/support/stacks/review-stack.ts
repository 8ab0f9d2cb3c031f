import { DockerProvider } from "@cdktf/provider-docker/lib/provider";
import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { Volume } from "@cdktf/provider-docker/lib/volume";
import { App, LocalBackend, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import {
  ContainerNetwork,
  DataSize,
  Duration,
  HostBinding,
  HealthCheck,
  ProviderVersions,
  Secret,
  ServiceImage,
} from "../../../lib";
import type { IVolume } from "../../../lib";
import type { GeneratedService } from "../plans/generated-changes";

// stops at once, and does nothing besides.
const RUN = ["sh", "-c", "trap 'exit 0' TERM; sleep 100000 & wait"];

/** A volume of somebody's own, which a plan deletes with the code. */
function ownVolume(stack: TerraformStack, name: string): IVolume {
  const { name: source } = new Volume(stack, name, { name: `${stack.node.id}-${name}` });
  return Object.assign(new Construct(stack, `${name}-volume`), { source, revision: source });
}

/** Writes the Terraform JSON of generated services, each made by the library, and a job after the first. */
export function synthesizeServices(
  id: string,
  services: readonly GeneratedService[],
  images: readonly [string, string],
  folder: string,
): void {
  const app = new App({ outdir: folder, stackTraces: false });
  const stack = new TerraformStack(app, id);
  new LocalBackend(stack, { path: `../../../${id}.tfstate` });
  new DockerProvider(stack, "docker");
  new RandomProvider(stack, "random");
  ProviderVersions.pin(stack);
  const network = new ContainerNetwork(stack, "network");
  const references = images.map((name) => ServiceImage.registry(name));

  for (const one of services) {
    const image = references[one.image - 1] ?? ServiceImage.registry(images[0]);
    const secret = Secret.generated({ length: one.secretLength }).bind(stack, `${one.name}-key`);
    network.addService(stack, one.name, {
      image,
      entrypoint: RUN,
      environment: { SETTING: one.setting },
      files: [
        { path: "/etc/app.conf", content: `first\n${one.line}\nlast\n`, secret: false },
        { path: "/run/secrets/key", content: secret.unsafeUnwrap(), secret: true },
      ],
      volumes: one.volume ? [{ volume: ownVolume(stack, one.volume), path: "/data" }] : undefined,
      memory: DataSize.mebibytes(one.memory),
      egress: one.egress,
      ports: one.port && [
        { port: one.port.number, binding: one.port.isPublic ? HostBinding.public() : HostBinding.loopback() },
      ],
      healthCheck: HealthCheck.command(["true"], {
        interval: Duration.seconds(1),
        timeout: Duration.seconds(1),
        retries: one.retries,
        startPeriod: Duration.seconds(1),
      }),
      stopGrace: Duration.seconds(5),
    });
  }
  app.synth();
}
