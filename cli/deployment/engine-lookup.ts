import type { Docker } from "../docker/docker";
import type { EngineLookup } from "../terraform/engine-lookup";
import type { Leftover } from "./leftovers";

// The name that an engine makes up.
const ANONYMOUS = /^[0-9a-f]{64}$/;

/**
 * Looks up on an engine what the guard of plans asks for.
 *
 * @param leftovers what is removed before the plan is applied.
 */
export function engineLookup(docker: Docker, leftovers: Leftover[] = []): EngineLookup {
  const isKept = ({ Id }: { readonly Id: string }) => leftovers.every(({ id }) => id !== Id);
  return {
    volume: async (name) => {
      const [found] = await docker.volumes([name]);
      if (!found) return undefined;
      const users = await docker.usersOf(name);
      return {
        description: `made ${found.CreatedAt ?? "at an unknown time"}, used by ${users.join(", ") || "no container"}`,
      };
    },
    container: async (name) => {
      const found = (await docker.containers([name])).find(isKept);
      return found && { description: found.State.Status };
    },
    anonymousVolumes: async (names) => {
      return (await docker.containers(names)).flatMap(({ Name: container, Mounts }) =>
        Mounts.flatMap(({ Type, Name: volume = "", Destination: path }) =>
          Type === "volume" && ANONYMOUS.test(volume) ? [{ container, path, volume }] : [],
        ),
      );
    },
    network: async (name) => {
      const found = (await docker.networks([name])).find(isKept);
      return found && { description: `made ${found.Created}` };
    },
  };
}
