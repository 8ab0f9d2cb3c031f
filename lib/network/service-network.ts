import type { Construct, IConstruct } from "constructs";
import type { DataSize } from "../values/data-size";
import type { Duration } from "../values/duration";
import type { HostBinding } from "./host-binding";
import type { HealthCheck } from "./health-check";
import type { ServiceFile } from "./service-file";
import type { ServiceImage } from "./service-image";

export type { ServiceFile } from "./service-file";

/** A place for data that outlives a container. */
export interface IVolume extends IConstruct {
  /** The source of the mount: the name of a volume, or a path on the engine's host. */
  readonly source: string;

  /** A value that changes when the data is recreated empty, to be a trigger of the jobs that prepare it. */
  readonly revision: string;
}

/** Options of `IServiceNetwork.addVolume()`. */
export interface VolumeOptions {
  /**
   * A folder on the engine's host to keep the data in, instead of a named volume. It must exist, and the user of the
   * service must be able to write to it.
   *
   * @default - a named volume
   */
  readonly hostPath?: string;
}

/** A volume in a container. */
export interface VolumeMount {
  /** The volume. */
  readonly volume: IVolume;

  /** Absolute path in the container. */
  readonly path: string;
}

/** A port of a service that is published on the engine's host. */
export interface PublishedPort {
  /** TCP port on the host. */
  readonly port: number;

  /** The addresses on the host that it listens on. */
  readonly binding: HostBinding;

  /**
   * TCP port in the container.
   *
   * @default - the same number
   */
  readonly containerPort?: number;

  /**
   * TCP port in the container for the IPv6 address of a binding with two addresses. It must differ from the other one,
   * because the Docker provider recreates a container that publishes one of its ports twice with every apply.
   *
   * @default - none, so that a binding must have one address
   */
  readonly containerPortIpv6?: number;
}

/** Properties that services and jobs share. */
export interface ContainerSpec {
  /** The image. */
  readonly image: ServiceImage;

  /**
   * Which part of a stack the container is, such as `database`. It becomes a label, by which the command `mlflow-stack`
   * finds the parts of this library.
   *
   * @default - no label
   */
  readonly role?: string;

  /**
   * The program, and the first of its arguments.
   *
   * @default - the image's own
   */
  readonly entrypoint?: string[];

  /**
   * Arguments of the program.
   *
   * @default - the image's own
   */
  readonly args?: string[];

  /**
   * Environment variables. Never secrets: those are files.
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * Files that are put into the container before it starts.
   *
   * @default - none
   */
  readonly files?: ServiceFile[];

  /**
   * Volumes, for data that outlives the container.
   *
   * @default - none
   */
  readonly volumes?: VolumeMount[];

  /** Memory limit. There is no swap on top of it. */
  readonly memory: DataSize;

  /**
   * User (and group) of the process.
   *
   * @default - the image's own
   */
  readonly user?: string;

  /**
   * Whether the container can connect to hosts outside of the network.
   *
   * @default false
   */
  readonly egress?: boolean;

  /**
   * Services that must be healthy, and jobs that must have succeeded, before this starts.
   *
   * @default - none
   */
  readonly dependsOn?: IConstruct[];
}

/** A side of the egress link, the network between a service on the internal network and the one that goes out for it. */
export enum EgressSide {
  /** On the internal network and on the egress link. */
  INTERNAL = "internal",

  /** On the egress link but not on the internal network, whose aliases would hide the hosts of the same names. */
  EXTERNAL = "external",
}

/** A service that keeps running, in terms of no particular runtime. */
export interface ServiceSpec extends ContainerSpec {
  /** How to tell whether it works. Services and jobs that depend on it start when it succeeds. */
  readonly healthCheck: HealthCheck;

  /**
   * Ports that are published on the engine's host.
   *
   * @default - nothing is published
   */
  readonly ports?: PublishedPort[];

  /**
   * Further names of the service for containers on the edge network; only services with `ports` are there.
   *
   * @default - none
   */
  readonly edgeAliases?: string[];

  /**
   * Further names of the service on the internal network.
   *
   * @default - none
   */
  readonly aliases?: string[];

  /**
   * The side of the egress link that the service is on. The link has no route to the outside of its own.
   *
   * @default - not on the link
   */
  readonly egressLink?: EgressSide;

  /**
   * Time between the stop signal and SIGKILL.
   *
   * @default 10 seconds
   */
  readonly stopGrace?: Duration;

  /**
   * Signal that asks the process to end, such as `SIGINT`.
   *
   * @default - the image's own
   */
  readonly stopSignal?: string;

  /**
   * Size of `/dev/shm`.
   *
   * @default - the engine's own, 64 MiB
   */
  readonly sharedMemory?: DataSize;
}

/** A container that runs once. An exit code other than 0 fails the deployment. */
export interface JobSpec extends ContainerSpec {
  /** The message of the failed deployment: a sentence about the result that is missing. */
  readonly errorMessage: string;

  /**
   * Values whose change runs the job again. A changed image, setting or file does so anyway.
   *
   * @default - none
   */
  readonly triggers?: string[];
}

/** A service that was placed on a network. */
export interface IService extends IConstruct {
  /** Name under which other services of the network reach it. */
  readonly hostname: string;
}

/** A job that was placed on a network. */
export interface IJob extends IConstruct {
  /** Its output, as a reference that is known after it has run. */
  readonly output: string;
}

/** The place where services run. It decides the runtime, and hardens everything that runs there. */
export interface IServiceNetwork extends IConstruct {
  /** Name of the network that services with published ports are on, for containers of yours to join. */
  readonly edgeNetworkName: string;

  /** Image of each service: its digest if it came from a registry, else its id. */
  readonly images: { [service: string]: string };

  /** Names of the volumes on the engine, by the path of their constructs. No plan deletes them. */
  readonly volumes: { [path: string]: string };

  /** Places a service that keeps running. */
  addService(scope: Construct, id: string, spec: ServiceSpec): IService;

  /** Places a container that runs once. */
  addJob(scope: Construct, id: string, spec: JobSpec): IJob;

  /** Places a volume. A named one stays on the engine when it leaves the code, and when the stack is destroyed. */
  addVolume(scope: Construct, id: string, options?: VolumeOptions): IVolume;

  /** The name that a service of this path below `scope` gets, for settings that have to be known before it is added. */
  hostnameOf(scope: Construct, id: string): string;
}
