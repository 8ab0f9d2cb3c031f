/** A container, from `docker inspect`, its name without the slash before it. */
export interface ContainerDetails {
  readonly Id: string;
  readonly Name: string;
  readonly Created: string;
  readonly State: {
    Status: string;
    ExitCode: number;
    StartedAt: string;
    OOMKilled?: boolean;
    Health?: ContainerHealth;
  };

  /** How often the engine has started it again after it had ended by itself. */
  readonly RestartCount?: number;
  readonly Config: { Image: string; Labels: { [name: string]: string } | null };
  readonly HostConfig: { Memory: number; PortBindings: { [port: string]: PortBinding[] | null } | null };
  readonly Mounts: { Type: string; Name?: string; Source: string; Destination: string }[];
  readonly NetworkSettings: { Networks: { [name: string]: { IPAddress: string; Aliases: string[] | null } } };
}

/** What the health checks of a container have found. */
export interface ContainerHealth {
  /** `starting`, `healthy` or `unhealthy`. */
  readonly Status: string;
}

export interface PortBinding {
  readonly HostIp: string;
  readonly HostPort: string;
}

/** A volume, from `docker volume inspect`. */
export interface VolumeDetails {
  readonly Name: string;
  readonly CreatedAt?: string;
}

/** A network, from `docker network inspect`. */
export interface NetworkDetails {
  readonly Id: string;
  readonly Name: string;
  readonly Created: string;
}

/** An engine, from `docker info`. */
export interface EngineInfo {
  readonly rootFolder: string;
  readonly operatingSystem: string;

  /** Its release: Docker's, or Podman's own. */
  readonly version: string;

  /** Whether it is Podman, which answers as Docker does but leaves some settings out. */
  readonly isPodman: boolean;

  /** Cores of its machine; undefined if Docker does not say. */
  readonly cores?: number;

  /** Address of its proxy for https. */
  readonly proxy?: string;
}

/** Output and exit status of a program. */
export interface ProgramOutput {
  readonly exitCode: number | undefined;
  readonly text: string;
}
