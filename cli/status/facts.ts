import { agoText, countText, sizeText, timeText } from "../console/amounts";
import type { Deployment } from "../deployment/deployment";
import { addressFromHere } from "../deployment/health";
import type { ContainerDetails } from "../docker/inspected";
import type { State } from "../terraform/json/state";
import { disksOf } from "./disks";
import type { Disk } from "./disks";
import { daysLeft, servedCertificate } from "./served-certificate";
import type { ServedCertificate } from "./served-certificate";
import { versionsOf } from "./versions";
import type { Version } from "./versions";

/** What the containers of a stack and its address tell about themselves. */
export interface StackFacts {
  readonly versions: Version[];

  /** When the newest container was created; undefined if there is none. */
  readonly deployed?: string;
  readonly disks: Disk[];

  /** The certificate at the stack's address; undefined with plain HTTP, or if this machine does not get it. */
  readonly certificate?: ServedCertificate;
}

/** Asks the containers of a stack, and its address. */
export async function factsOf({ docker, synthesized }: Deployment, state: State): Promise<StackFacts> {
  const containers = await docker.containers(synthesized.containerNames);
  const url = addressFromHere(docker, state);
  const [versions, disks, certificate] = await Promise.all([
    versionsOf(docker, state),
    disksOf(docker, containers),
    url === undefined ? undefined : servedCertificate(url),
  ]);
  return { versions, deployed: newest(containers), disks, certificate };
}

/** The lines of `status` on these facts. */
export function tellFacts({ versions, deployed, disks, certificate }: StackFacts): string[] {
  return [
    ...(versions.length > 0
      ? [`Releases: ${versions.map(({ program, version }) => `${program} ${version}`).join(", ")}.`]
      : []),
    ...(deployed === undefined ? [] : [`Last deployment: ${agoText(deployed)}, at ${timeText(deployed)}.`]),
    ...disks.map(tellDisk),
    ...(certificate ? [`Certificate: ${endText(certificate)}.`] : []),
  ];
}

/** How full a disk is. */
export function tellDisk({ free, usedPercent, volumes }: Disk): string {
  // Without the size of the disk: a quota or the part that is root's makes it more than what can be used.
  return `Disk: ${usedPercent} % used, ${sizeText(free)} free for ${volumes.join(", ")}.`;
}

/** When a certificate ends. */
export function endText(certificate: ServedCertificate, now = Date.now()): string {
  const days = daysLeft(certificate, now);
  const time = timeText(certificate.end);
  return days < 0 ? `has ended at ${time}` : `ends in ${countText(days, "day")}, at ${time}`;
}

function newest(containers: ContainerDetails[]): string | undefined {
  return containers
    .map(({ Created }) => Created)
    .sort((one, other) => Date.parse(one) - Date.parse(other))
    .at(-1);
}
