import { setTimeout as pause } from "node:timers/promises";
import { BackupStatus } from "../../lib/contract/backup";
import type { BackupRecord, BackupRestore } from "../../lib/contract/backup";
import { countText, durationText, sizeText } from "../console/amounts";
import { CommandError } from "../console/command-error";
import type { Step } from "../console/tasks";
import type { Deployment } from "../deployment/deployment";
import { waitUntilReady } from "../deployment/health";
import { runJobAgain } from "../deployment/store-jobs";
import { BackupError } from "./backup-service";
import type { BackupService } from "./backup-service";
import { forgetRestore, noteRestore } from "./begun-restore";

// Another backup, or a restore whose command was killed, may still work.
const LOCK_TIMEOUT = 10 * 60_000;
const LOCK_INTERVAL = 2_000;

/** What to restore, and how. */
export interface RestorePlan {
  readonly backup: BackupRecord;

  /** The stack whose backup it is, if it is another one. */
  readonly fromStack?: string;

  /** Whether data that is there is replaced. */
  readonly overwrite: boolean;
}

/** Files that come back alone: those of a path in the bucket, of a run, or of a model. */
export interface FileChoice {
  /** Option of the program, and its value. */
  readonly words: readonly [string, string];

  /** For people. */
  readonly subject: string;
}

/**
 * The steps that replace database and bucket by those of a backup.
 *
 * The MLflow server is stopped meanwhile, and the gateway answers 503. If the restore fails, the database is as before,
 * and the server starts again. The server's own checks refuse a database that still has to be migrated.
 *
 * @param report gets what was restored.
 */
export function restoreSteps(
  deployment: Deployment,
  service: BackupService,
  plan: RestorePlan,
  report: (restored: BackupRestore) => void,
): Step[] {
  const { docker, synthesized } = deployment;
  const servers = async (running: boolean) => {
    for (const { Id } of await docker.containers(synthesized.servers)) await docker.setRunning(Id, running);
  };
  return [
    {
      title: "Stopping the MLflow server",
      run: async () => {
        await noteRestore(service, plan.backup);
        await servers(false);
      },
    },
    {
      title: `Restoring ${plan.backup.id}`,
      run: async ({ progress, rename }) => {
        try {
          // A store that was emptied has neither the bucket nor its user.
          await runJobs(deployment, synthesized.bucketJobs);
          const restored = await restore(service, plan, progress);
          report(restored);
          rename(`Restored ${plan.backup.id}: ${restoredText(restored)}`);
        } catch (error) {
          await servers(true);
          await forgetRestore(service);
          throw error;
        }
      },
    },
    {
      title: "Bringing the database up to date",
      run: () => runJobs(deployment, [...synthesized.dumpJobs, ...synthesized.markingJobs, ...synthesized.bucketJobs]),
    },
    {
      title: "Waiting until everything is healthy",
      run: async ({ progress }) => {
        await servers(true);
        await waitUntilReady(deployment, progress);
        await forgetRestore(service);
      },
    },
  ];
}

/** Brings back some files of a backup. The server runs on. */
export function restoreFilesStep(
  service: BackupService,
  plan: RestorePlan,
  { words, subject }: FileChoice,
  report: (restored: BackupRestore) => void,
): Step {
  return {
    title: `Restoring ${subject} from ${plan.backup.id}`,
    run: async ({ progress, rename }) => {
      const restored = await restore(service, plan, progress, words);
      report(restored);
      rename(`Restored ${subject} from ${plan.backup.id}: ${restoredText(restored)}`);
    },
  };
}

async function restore(
  service: BackupService,
  { backup, fromStack, overwrite }: RestorePlan,
  progress: (line: string) => void,
  more: readonly string[] = [],
): Promise<BackupRestore> {
  const words = [
    ...["restore", "--at", backup.id],
    ...(fromStack === undefined ? [] : ["--stack", fromStack]),
    ...(overwrite ? ["--overwrite"] : []),
    ...more,
  ];
  for (const end = Date.now() + LOCK_TIMEOUT; ; await pause(LOCK_INTERVAL)) {
    try {
      return (await service.ask<BackupRestore>(words, progress)).report;
    } catch (error) {
      const isLocked = error instanceof BackupError && error.status === BackupStatus.LOCKED;
      if (!isLocked || Date.now() > end) throw error;
      progress(`waiting: ${error.message}`);
    }
  }
}

// The user has agreed to what is in the stores by agreeing to the restore.
async function runJobs({ docker }: Deployment, jobs: string[]): Promise<void> {
  const existing = (await docker.containers(jobs)).map(({ Name }) => Name);
  const missing = jobs.find((job) => !existing.includes(job));
  if (missing !== undefined) throw new CommandError(`the job '${missing}' does not exist`, "Begin with 'up'.");
  for (const job of jobs) await runJobAgain(docker, job, async () => {});
}

function restoredText({ written, replaced, unchanged, bytes, seconds }: BackupRestore): string {
  const before = replaced > 0 ? `, ${replaced} of them over other content` : "";
  return `${countText(written, "file")} of ${sizeText(bytes)} written${before}, ${unchanged} unchanged, ${durationText(seconds)}`;
}
