import { CommandError } from "../console/command-error";

/**
 * A time, or how long ago, as `docker logs` takes it. Docker knows no days.
 *
 * @throws CommandError when it is neither.
 */
export function sinceOf(text: string): string {
  const days = /^(\d+)d$/.exec(text)?.[1];
  if (days !== undefined) return `${Number(days) * 24}h`;
  const isAge = /^(\d+(\.\d+)?[hms])+$/.test(text);
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text);
  if (isAge || (isTime && !Number.isNaN(Date.parse(text)))) return text;
  throw new CommandError(
    `--since is no time, got: '${text}'`,
    "Give an age such as 10m, 2h or 3d, or 2026-11-30T22:00:00Z.",
  );
}
