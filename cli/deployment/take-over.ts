import { isWordTyped } from "../console/prompts";
import { runStep } from "../console/tasks";
import type { Terraform } from "../terraform/terraform";
import type { ForeignVolume } from "../terraform/volume-guard";

/**
 * Asks for each volume that exists, and that the state never had, whether the stack is to use its data. `--yes` is no
 * answer to that. Whether a database and a bucket are this stack's, their marks say afterwards.
 *
 * @param named volumes that the user has named.
 * @returns those that the stack is to use.
 */
export async function agreeToVolumes(volumes: ForeignVolume[], named: readonly string[]): Promise<ForeignVolume[]> {
  const agreed: ForeignVolume[] = [];
  for (const volume of volumes) {
    const { name, description } = volume;
    const isAgreed =
      named.includes(name) ||
      (await isWordTyped(
        `The volume '${name}' exists on the engine (${description}), but not in the state of this stack. It holds the data of a stack whose state was lost, or of another stack with the same id. Use its data here?`,
        name,
      ));
    if (isAgreed) agreed.push(volume);
  }
  return agreed;
}

/** Takes the records of volumes into the state. Whether there were any: then a plan that was made before is stale. */
export async function takeOver(terraform: Terraform, volumes: ForeignVolume[]): Promise<boolean> {
  const recorded = volumes.filter(({ isMountedOnly }) => !isMountedOnly);
  for (const { name, address, taken } of recorded)
    await runStep(`Taking over the volume ${name}`, () => terraform.takeOver(address, name, taken));
  return recorded.length > 0;
}
