import type { Docker } from "../docker/docker";
import type { EngineLookup } from "../terraform/plan-guard";

/** Looks up on an engine what the guard of plans asks for. */
export function engineLookup(docker: Docker): EngineLookup {
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
      const [found] = await docker.containers([name]);
      return found && { description: found.State.Status };
    },
  };
}
