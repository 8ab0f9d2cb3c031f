/** A volume, container or network that the engine already has under a name of the plan. */
export interface Found {
  /** When it was made, and what uses it. */
  readonly description: string;
}

/** Looks up what the engine already has. */
export interface EngineLookup {
  /** A volume of this name. */
  volume(name: string): Promise<Found | undefined>;

  /** A container of this name, running or not. */
  container(name: string): Promise<Found | undefined>;

  /** A network of this name. */
  network(name: string): Promise<Found | undefined>;

  /** The volumes without a name in these containers. */
  anonymousVolumes(containers: string[]): Promise<AnonymousVolume[]>;
}

/** A volume without a name that a container has, because its image declares one. */
export interface AnonymousVolume {
  readonly container: string;

  /** Its path in the container. */
  readonly path: string;

  /** The name that the engine has made up for it. */
  readonly volume: string;
}
