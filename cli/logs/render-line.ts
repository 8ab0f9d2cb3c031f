import { styleText } from "node:util";
import type { LogEntry, LogLine } from "./log-line";

/** How lines are written. */
export interface LogStyle {
  /** The longest name of a service, in characters. */
  readonly width: number;

  readonly colors: boolean;
}

type Color = Parameters<typeof styleText>[0];

/** A line as a person reads it: when, which service, and what. */
export function renderLine({ time, service, text, entry }: LogLine, { width, colors }: LogStyle): string {
  const paint = (color: Color, part: string) => (colors ? styleText(color, part, { validateStream: false }) : part);
  const what = entry?.status === undefined ? plain(text, entry) : access(entry, entry.status, paint);
  return [paint("dim", milliseconds(time)), paint("cyan", service.padEnd(width)), what].join(" ");
}

/** A line for programs. */
export function renderJson({ time, service, text, request, entry }: LogLine): string {
  return JSON.stringify({ time, service, request, ...(entry ? { entry } : { text }) });
}

function access(entry: LogEntry, status: number, paint: (color: Color, part: string) => string): string {
  const { request, duration = 0, user_id, failed_user, request_id, audit } = entry;
  const who = user_id || (failed_user ? `${failed_user} (failed login)` : "nobody");
  return [
    paint(status >= 500 ? "red" : status >= 400 ? "yellow" : "green", String(status)),
    request?.method,
    request?.uri,
    paint("dim", [`${Math.round(duration * 1000)} ms`, who, request?.client_ip, request_id].join("  ")),
    ...(audit ? [paint("magenta", "admin's act")] : []),
  ].join(" ");
}

function plain(text: string, entry: LogEntry | undefined): string {
  if (entry?.msg === undefined) return text;
  const said = [entry.logger, entry.msg, entry.error].filter((part) => part !== undefined);
  return `${(entry.level ?? "").toUpperCase()} ${said.join(": ")}`.trim();
}

// Docker's nanoseconds are more than anybody reads.
function milliseconds(time: string): string {
  return time.replace(/(\.\d{3})\d*Z$/, "$1Z");
}
