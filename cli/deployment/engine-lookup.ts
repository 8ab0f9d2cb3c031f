import type { Docker } from "../docker/docker";
import type { EngineLookup } from "../terraform/plan-guard";

/** Asks an engine for what a plan would meet on it. */
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
