import type { Docker } from "../docker/docker";
import type { ContainerDetails } from "../docker/inspected";

const KIBIBYTE = 1024;
const LINE = /^(\S.*?)\s+(\d+)\s+\d+\s+(\d+)\s+(\d+)%\s+(\/.*)$/;

/** A disk of the engine's host with volumes of the stack on it. Sizes are in bytes. */
export interface Disk {
  readonly free: number;
  readonly total: number;

  /** Percent of what users may fill that is in use. */
  readonly usedPercent: number;

  /** Names of the volumes, and folders of the host. */
  readonly volumes: string[];
}

interface Filesystem {
  readonly name: string;
  readonly mountPoint: string;
  readonly disk: Omit<Disk, "volumes">;
}

/**
 * The disks below the volumes of running containers. The containers are asked, because an engine may be on another
 * machine. An image without `df` does not answer.
 */
export async function disksOf(docker: Pick<Docker, "execOutput">, containers: ContainerDetails[]): Promise<Disk[]> {
  const asked = containers.map(async ({ Name, State, Mounts }) => {
    const mounts = Mounts.filter(({ Type }) => Type === "volume" || Type === "bind");
    if (State.Status !== "running" || mounts.length === 0) return [];
    const { text } = await docker.execOutput(Name, ["df", "-kP", ...mounts.map(({ Destination }) => Destination)]);
    return filesystemsIn(text).flatMap(({ name, mountPoint, disk }) => {
      const mount = mounts.find(({ Destination }) => Destination === mountPoint);
      return mount ? [{ key: `${name} ${disk.total}`, disk, volume: mount.Name ?? mount.Source }] : [];
    });
  });
  const disks = new Map<string, Disk>();
  for (const { key, disk, volume } of (await Promise.all(asked)).flat()) {
    const volumes = new Set([...(disks.get(key)?.volumes ?? []), volume]);
    disks.set(key, { ...disk, volumes: [...volumes].sort() });
  }
  return [...disks.values()];
}

/** The lines of `df -kP`. */
export function filesystemsIn(text: string): Filesystem[] {
  return text.split("\n").flatMap((line) => {
    const [, name, total, free, percent, mountPoint] = LINE.exec(line.trim()) ?? [];
    if (name === undefined || mountPoint === undefined) return [];
    const disk = { free: Number(free) * KIBIBYTE, total: Number(total) * KIBIBYTE, usedPercent: Number(percent) };
    return [{ name, mountPoint, disk }];
  });
}
