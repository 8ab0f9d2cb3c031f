import type { IConstruct } from "constructs";
import { GC_PARTS, GC_PROGRAM_FILE, GC_SERVICE_FILE } from "../contract/garbage";
import type { GcSettings } from "../contract/garbage";
import { ContainerRole } from "../contract/container-roles";
import { HealthCheck } from "../network/health-check";
import { ServiceFile } from "../network/service-file";
import type { ServiceSpec } from "../network/service-network";
import { numericSchedule } from "../values/cron-schedule";
import { Duration } from "../values/duration";
import { ValidationError } from "../values/errors";
import { packageText } from "../values/package-folder";
import type { GarbageCollectionOptions } from "./garbage-collection-options";
import { ONE_PROCESS } from "./server-size";

// Not at the beginning of an hour, when backups are made by default.
const SCHEDULE = "30 3 * * *";
const OLDER_THAN = Duration.days(30);
// A user who has deleted something by mistake may notice it on the next day.
const MIN_AGE = Duration.days(1);

/**
 * The service that deletes garbage.
 *
 * @param server what it has as the server has it.
 * @throws ValidationError when the schedule is malformed or never fires, or the time is under 1 day.
 */
export function garbageService(
  scope: IConstruct,
  { schedule = SCHEDULE, olderThan = OLDER_THAN }: GarbageCollectionOptions,
  server: Pick<ServiceSpec, "image" | "environment" | "files" | "user" | "egress" | "dependsOn">,
): ServiceSpec {
  if (olderThan.toMilliseconds() < MIN_AGE.toMilliseconds()) {
    throw new ValidationError("GarbageAge", `'olderThan' must be 1 day or more, got: ${olderThan.toGoString()}`, scope);
  }
  const settings: GcSettings = {
    GC_OLDER_THAN_SECONDS: String(olderThan.toSeconds()),
    GC_SCHEDULE: numericSchedule("schedule", schedule, scope),
  };
  return {
    ...server,
    role: ContainerRole.GARBAGE,
    entrypoint: ["python", GC_SERVICE_FILE],
    args: ["serve"],
    environment: { ...server.environment, ...settings },
    files: [
      ...(server.files ?? []),
      ServiceFile.of(GC_SERVICE_FILE, packageText("mlflow", "gc", "service.py")),
      ServiceFile.of(GC_PROGRAM_FILE, GC_PARTS.map((part) => packageText("mlflow", "gc", `${part}.py`)).join("\n")),
    ],
    memory: ONE_PROCESS,
    healthCheck: HealthCheck._restarting(["python", "-I", GC_SERVICE_FILE, "health"]),
    // The files of a run end with its row.
    stopGrace: Duration.seconds(30),
  };
}
