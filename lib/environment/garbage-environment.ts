import type { EnvironmentReader } from "./environment-reader";
import type { GarbageCollectionOptions } from "../server/garbage-collection-options";
import { Duration } from "../values/duration";
import { ValidationError } from "../values/errors";

/**
 * When garbage is deleted, as environment variables describe it.
 *
 * @throws ValidationError when GC_OLDER_THAN is no length of time.
 */
export function garbageCollectionFrom(environment: EnvironmentReader): GarbageCollectionOptions | undefined {
  const schedule = environment.value("GC_SCHEDULE");
  return schedule === undefined ? undefined : { schedule, olderThan: ageFrom(environment.value("GC_OLDER_THAN")) };
}

function ageFrom(text: string | undefined): Duration | undefined {
  if (text === undefined) return undefined;
  const [, amount, unit] = /^(\d{1,5})([dh])$/.exec(text) ?? [];
  if (amount === undefined) {
    throw new ValidationError(
      "GarbageAge",
      `GC_OLDER_THAN must be a whole number and d or h, such as 30d, got: '${text}'`,
    );
  }
  return unit === "d" ? Duration.days(Number(amount)) : Duration.hours(Number(amount));
}
