import { ROLLBACK_REQUEST } from "../../lib/contract/dumps";
import type { DumpRecord } from "../../lib/contract/dumps";
import { ImageName } from "../../lib/values/image-name";
import { CommandError } from "../console/command-error";
import type { Step } from "../console/tasks";
import type { Deployment } from "../deployment/deployment";
import type { Docker } from "../docker/docker";
import { reportIn } from "./dumps";

// Digits of an id that tell images apart.
const DIGITS = 12;

/**
 * The steps that replace the database by a dump. The dump's job does it, in one transaction, and goes on if the command is
 * killed. From then on no job migrates the database until a server of the dump's MLflow has started.
 */
export function rollbackSteps({ docker, synthesized }: Deployment, job: string, { id }: DumpRecord): Step[] {
  const servers = async (running: boolean) => {
    for (const server of await docker.containers(synthesized.servers)) await docker.setRunning(server.Id, running);
  };
  return [
    { title: "Stopping the MLflow server", run: () => servers(false) },
    {
      title: `Restoring the dump ${id}`,
      run: async ({ rename }) => {
        try {
          await restoreDump(docker, job, id);
          rename(`Restored the dump ${id}`);
        } catch (error) {
          // The database is as before.
          await servers(true);
          throw error;
        }
      },
    },
  ];
}

async function restoreDump(docker: Docker, job: string, dump: string): Promise<void> {
  // A command that was killed may have left it at work.
  await docker.waitFor(job);
  await docker.put(job, ROLLBACK_REQUEST, `${dump} ${Math.floor(Date.now() / 1000)}\n`);
  try {
    const { exitCode, text } = await docker.runAgain(job);
    const { rollback } = reportIn(text) ?? {};
    if (exitCode === 0 && rollback?.isRestored && rollback.dump === dump) return;
    if (exitCode !== 0) throw new CommandError(withoutReport(text) || `'${job}' ended with status ${exitCode}`);
    throw new CommandError(
      `'${job}' did not take the request to restore the dump ${dump}`,
      "The clock of the engine's host may differ from the one here by more than ten minutes.",
    );
  } finally {
    await docker.put(job, ROLLBACK_REQUEST, "");
  }
}

function withoutReport(text: string): string {
  return text
    .split("\n")
    .filter((line) => !line.startsWith('{"dumps":'))
    .join("\n");
}

/**
 * The name by which an app can take the image that a dump is of: its digest, its name if that still means this image, or
 * another name that it gets.
 *
 * @throws CommandError when it is no longer on the engine, and came from no registry.
 */
export async function imageOf(docker: Docker, { from: { image, id } }: DumpRecord): Promise<string> {
  if (id.includes("@")) return id;
  if ((await docker.imageId(image)) === id) return image;
  if ((await docker.imageId(id)) !== id) {
    throw new CommandError(
      `the image of MLflow that the dump is of is no longer on this engine: ${image} (${id})`,
      "Load it again (docker load), then repeat this.",
    );
  }
  const { repository, tag = "" } = new ImageName(image);
  const name = `${repository}:${tag}-${id.replace("sha256:", "").slice(0, DIGITS)}`;
  await docker.tag(id, name);
  return name;
}
