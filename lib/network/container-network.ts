import type { ContainerConfig, ContainerNetworksAdvanced } from "@cdktf/provider-docker/lib/container";
import type { Image } from "@cdktf/provider-docker/lib/image";
import { Network } from "@cdktf/provider-docker/lib/network";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import { ContainerImages } from "./container-image";
import { ContainerJob } from "./container-job";
import { ContainerService } from "./container-service";
import { HostFolder, NamedVolume } from "./container-volume";
import { TRIGGERS_LABEL, ROLE_LABEL } from "../contract/container-roles";
import { Duration } from "../values/duration";
import { physicalName } from "../values/physical-name";
import { engineName } from "./engine-name";
import { PublishedPorts } from "./published-ports";
import { attachment, dependable, renderEnvironment, renderLabels, renderPort, validateFile } from "./render-container";
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
// Docker's `pids_limit` is no attribute of the provider; the kernel's limit for the processes and threads of one
// user is. It counts the user's processes on the whole host, which is why it is far above what a service needs, and a
// quarter of the 32768 that a small host has. For root it does not hold: there, the memory limit alone ends a fork bomb.
const PROCESSES = 8192;
// Three files of 10 MB a container keep about a day of a busy gateway, and never fill the disk.
const LOG_OPTIONS = { "max-size": "10m", "max-file": "3" };

/** Options of a `ContainerNetwork`. */
export interface ContainerNetworkOptions {
  /**
   * A registry, and a path in it, that mirrors all images, such as `mirror.example.com/hub`. It takes the place of the
   * registry in each image's name.
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

    this.#internal = new Network(this, "internal", { name: engineName("network", this, "internal"), internal: true });
    this.#edge = new Network(this, "edge", { name: engineName("network", this, "edge") });
    this.edgeNetworkName = this.#edge.name;
  }

  public addService(scope: Construct, id: string, spec: ServiceSpec): IService {
    return new ContainerService(scope, id, (service) => {
      PublishedPorts.of(this).reserve(service, spec.ports ?? []);
      const stopGrace = spec.stopGrace ?? STOP_GRACE;
      this.#serviceImages.set(physicalName(service), this.#images.resolve(service, spec.image));

      return {
        ...this.renderContainer(service, spec, this.serviceNetworks(spec)),
        // Not `unless-stopped`: after a crash the engine stops left-over containers, and that policy would keep them
        // stopped.
        restart: "always",
        // Passes signals on, and is process 1, which no process in the container can kill.
        init: spec.healthCheck.restartAfter ? true : undefined,
        healthcheck: {
          test: ["CMD", ...spec.healthCheck._program],
          interval: spec.healthCheck.interval.toGoString(),
          timeout: spec.healthCheck.timeout.toGoString(),
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
      ...this.renderContainer(self, spec, [{ name: this.#internal.id }]),
      restart: "no",
      mustRun: false,
      attach: true,
      logs: true,
      rm: false,
      labels: renderLabels({ [ROLE_LABEL]: spec.role, [TRIGGERS_LABEL]: spec.triggers?.join(",") }),
    }));
    job.container.lifecycle = {
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

  /** Image of each service: its digest where it came from a registry, else its id. */
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

  private renderContainer(
    container: Construct,
    spec: ContainerSpec,
    networks: ContainerNetworksAdvanced[],
  ): ContainerConfig {
    const memory = spec.memory.toMebibytes();
    for (const file of spec.files ?? []) validateFile(file, container);

    return {
      name: engineName("container", container),
      image: this.#images.resolve(container, spec.image).imageId,
      entrypoint: spec.entrypoint?.map(literal),
      command: spec.args?.map(literal),
      env: renderEnvironment(spec.environment ?? {}),
      user: spec.user,
      labels: renderLabels({ [ROLE_LABEL]: spec.role }),
      networksAdvanced: [...networks, ...(spec.egress ? [{ name: this.egressNetwork().id }] : [])],
      volumes: spec.volumes?.map(({ volume, path }) => ({
        containerPath: path,
        ...(volume instanceof HostFolder ? { hostPath: volume.source } : { volumeName: volume.source }),
      })),
      upload: spec.files?.map((file) => ({
        file: file.path,
        content: file.secret ? file.content : literal(file.content),
        permissions: "0444",
      })),
      capabilities: { drop: ["ALL"] },
      securityOpts: ["no-new-privileges:true"],
      memory,
      memorySwap: memory,
      ulimit: [{ name: "nproc", soft: PROCESSES, hard: PROCESSES }],
      logDriver: "json-file",
      logOpts: LOG_OPTIONS,
      dependsOn: spec.dependsOn?.map(dependable),
    };
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
    this.#egressLink ??= new Network(this, "passage", { name: engineName("network", this, "passage"), internal: true });
    return this.#egressLink;
  }

  private egressNetwork(): Network {
    this.#egress ??= new Network(this, "egress", {
      name: engineName("network", this, "egress"),
      // Services on it cannot reach each other, only the outside.
      options: { "com.docker.network.bridge.enable_icc": "false" },
    });
    return this.#egress;
  }
}
