const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A number of bytes, such as `1.5 MiB`. */
export function sizeText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}

/** A number of things, such as `1 file` or `3 files`. */
export function countText(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

/** A number of seconds, such as `0.4 s` or `3 h`. */
export function durationText(seconds: number): string {
  if (seconds < 10) return `${Math.max(seconds, 0).toFixed(1)} s`;
  if (seconds < 2 * MINUTE) return `${Math.round(seconds)} s`;
  if (seconds < 2 * HOUR) return `${Math.round(seconds / MINUTE)} min`;
  return seconds < 2 * DAY ? `${Math.round(seconds / HOUR)} h` : `${Math.round(seconds / DAY)} d`;
}

/** How long ago a time was, such as `3 h ago`. */
export function agoText(time: string, now = Date.now()): string {
  const seconds = (now - Date.parse(time)) / 1000;
  return seconds < 0 ? "in the future" : `${durationText(Math.round(seconds)).replace(".0", "")} ago`;
}

/** A time in UTC to the second, such as `2026-11-30 05:00:00Z`. */
export function timeText(time: string): string {
  return new Date(time)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z");
}
