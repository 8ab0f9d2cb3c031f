import type { ContainerConfig, ContainerNetworksAdvanced } from "@cdktf/provider-docker/lib/container";
import type { Image } from "@cdktf/provider-docker/lib/image";
import { Network } from "@cdktf/provider-docker/lib/network";
import type { NetworkConfig } from "@cdktf/provider-docker/lib/network";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import { ContainerImages } from "./image-resources";
import { ContainerJob } from "./container-job";
import { ContainerService } from "./container-service";
import { HostFolder, NamedVolume } from "./container-volume";
import { PLANNED, TRIGGERS_LABEL, ROLE_LABEL } from "../contract/container-roles";
import { MountedVolumes } from "./mounted-volumes";
import { Duration } from "../values/duration";
import { physicalName } from "../values/physical-name";
import { engineName } from "./engine-name";
import { PublishedPorts } from "./published-ports";
import { attachment, renderContainer, renderLabels, renderPort } from "./render-container";
import { EgressSide } from "./service-network";
import type {
  ContainerSpec,
  IJob,
  IService,
  IServiceNetwork,
  IVolume,
  JobSpec,
  ServiceSpec,
  VolumeOptions,
} from "./service-network";
import { literal } from "../secrets/terraform-text";

const STOP_GRACE = Duration.seconds(10);

/** Options of a `ContainerNetwork`. */
export interface ContainerNetworkOptions {
  /**
   * A registry, and a path in it, that mirrors all images, such as `mirror.example.com/hub`. It takes the place of the
   * registry in each image's name, whose path stays. For a mirror with a prefix for each registry, name each image.
   *
   * @default - each image's own registry
   */
  readonly imageRegistry?: string;
}

/**
 * Two networks on one Docker engine, and the containers on them.
 *
 * All services share the internal network, from which nothing leads out. Services with published ports are on the edge
 * network as well; containers of yours join that one, and reach what is published with its login. Services with
 * `egress` get a third network, on which they are not reachable for each other. Services with an
 * `egressLink` share a fourth network without a route to the outside.
 *
 * A changed `ipam_options`, by an override of yours, reaches a network only when it is created: Terraform ignores it
 * from then on, because Podman sets a value of its own. Every other change replaces the network.
 *
 * Every container runs without capabilities, cannot gain privileges and has limits for memory and processes, and a
 * bounded log.
 */
export class ContainerNetwork extends Construct implements IServiceNetwork {
  /** Name of the edge network on the engine, for containers of yours to join. */
  public readonly edgeNetworkName: string;

  readonly #internal: Network;
  readonly #edge: Network;
  readonly #images: ContainerImages;
  readonly #serviceImages = new Map<string, Image>();
  readonly #volumes: NamedVolume[] = [];
  #egress?: Network;
  #egressLink?: Network;

  constructor(scope: Construct, id: string, options: ContainerNetworkOptions = {}) {
    super(scope, id);
    this.#images = new ContainerImages(options.imageRegistry);

    this.#internal = this.makeNetwork("internal", { internal: true });
    this.#edge = this.makeNetwork("edge");
    this.edgeNetworkName = this.#edge.name;
    MountedVolumes.record(this);
  }

  public addService(scope: Construct, id: string, spec: ServiceSpec): IService {
    return new ContainerService(scope, id, (service) => {
      PublishedPorts.of(this).reserve(service, spec.ports ?? []);
      const stopGrace = spec.stopGrace ?? STOP_GRACE;
      const check = spec.healthCheck._engineCheck;
      this.#serviceImages.set(physicalName(service), this.#images.resolve(service, spec.image));

      return {
        ...this.container(service, spec, this.serviceNetworks(spec)),
        // Not `unless-stopped`: after a crash the engine stops left-over containers, and that policy would keep them
        // stopped.
        restart: "always",
        // Passes signals on, and is process 1, which no process in the container can kill.
        init: spec.healthCheck.restartAfter ? true : undefined,
        healthcheck: {
          test: ["CMD", ...check.program],
          interval: check.interval.toGoString(),
          timeout: check.timeout.toGoString(),
          retries: spec.healthCheck.retries,
          startPeriod: spec.healthCheck.startPeriod.toGoString(),
        },
        wait: true,
        waitTimeout: spec.healthCheck.startTimeout.toSeconds(),
        // The engine reads the first, the provider the second.
        stopTimeout: stopGrace.toSeconds(),
        destroyGraceSeconds: stopGrace.toSeconds(),
        stopSignal: spec.stopSignal,
        shmSize: spec.sharedMemory?.toMebibytes(),
        ports: spec.ports?.flatMap((port) => renderPort(port, service)),
      };
    });
  }

  public addJob(scope: Construct, id: string, spec: JobSpec): IJob {
    const job = new ContainerJob(scope, id, (self) => ({
      ...this.container(self, spec, [{ name: this.#internal.id }]),
      restart: "no",
      mustRun: false,
      attach: true,
      logs: true,
      rm: false,
      // By it a program knows whether its container was planned before something else was made.
      hostname: `${PLANNED}\${formatdate("YYYYMMDDhhmmss", plantimestamp())}`,
      labels: renderLabels({ [ROLE_LABEL]: spec.role, [TRIGGERS_LABEL]: spec.triggers?.join(",") }),
    }));
    job.container.lifecycle = {
      // Each plan has another time.
      ignoreChanges: ["hostname"],
      postcondition: [
        {
          condition: "${self.exit_code == 0}",
          errorMessage: `${literal(spec.errorMessage)} To run it again: 'mlflow-stack up', or -replace=docker_container.${job.container.friendlyUniqueId}. Its output: \${self.container_logs}`,
        },
      ],
    };
    return job;
  }

  public addVolume(scope: Construct, id: string, options: VolumeOptions = {}): IVolume {
    if (options.hostPath !== undefined) return new HostFolder(scope, id, options.hostPath);
    const volume = new NamedVolume(scope, id);
    this.#volumes.push(volume);
    return volume;
  }

  /** The name that a service of this path below `scope` gets, for settings that have to be known before it is added. */
  public hostnameOf(scope: Construct, id: string): string {
    return physicalName(scope, id);
  }

  /** Image of each service: its digest if it came from a registry, else its id. */
  public get images(): { [service: string]: string } {
    return Object.fromEntries(
      [...this.#serviceImages].map(([service, { repoDigest, imageId }]) => [
        service,
        Fn.coalesce([repoDigest, imageId]),
      ]),
    );
  }

  /** Names of the volumes on the engine, by the path of their constructs. */
  public get volumes(): { [path: string]: string } {
    return Object.fromEntries(this.#volumes.map(({ node, source }) => [node.path, source]));
  }

  private container(construct: Construct, spec: ContainerSpec, networks: ContainerNetworksAdvanced[]): ContainerConfig {
    const image = this.#images.resolve(construct, spec.image).imageId;
    const egress = spec.egress ? [{ name: this.egressNetwork().id }] : [];
    return renderContainer(construct, spec, image, [...networks, ...egress]);
  }

  private serviceNetworks({ egressLink, aliases, ports, edgeAliases }: ServiceSpec): ContainerNetworksAdvanced[] {
    return [
      ...(egressLink === EgressSide.EXTERNAL ? [] : [attachment(this.#internal, aliases)]),
      ...(egressLink ? [attachment(this.egressLinkNetwork())] : []),
      ...(ports?.length ? [attachment(this.#edge, edgeAliases)] : []),
    ];
  }

  private egressLinkNetwork(): Network {
    // the link's former name: an id is an address in states.
    this.#egressLink ??= this.makeNetwork("passage", { internal: true });
    return this.#egressLink;
  }

  private egressNetwork(): Network {
    // Services on it cannot reach each other, only the outside. Podman ignores the option, and the command warns of it.
    this.#egress ??= this.makeNetwork("egress", { options: { "com.docker.network.bridge.enable_icc": "false" } });
    return this.#egress;
  }

  private makeNetwork(id: string, config: Pick<NetworkConfig, "internal" | "options"> = {}): Network {
    return new Network(this, id, {
      name: engineName("network", this, id),
      // Podman adds `driver = host-local`, and each plan would replace the network.
      lifecycle: { ignoreChanges: ["ipam_options"] },
      ...config,
    });
  }
}
