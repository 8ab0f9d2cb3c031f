import type { LogLine } from "./log-line";

/** Which lines to show. */
export interface LogFilterOptions {
  /** Only requests of this user, and logins that failed with this name. */
  readonly user?: string;

  /** Only the request whose id begins so. */
  readonly request?: string;
}

// Of a request that has not ended.
const MAX_WAITING = 10_000;

/**
 * Chooses lines. The gateway alone knows a request's user, and writes its line after the answer: until then the lines that
 * other services have written for a request wait.
 */
export class LogFilter {
  readonly #waiting = new Map<string, LogLine[]>();
  #count = 0;

  constructor(private readonly options: LogFilterOptions) {}

  /** Returns the lines that can be shown from now on: this one, and those that have waited for it. */
  public take(line: LogLine): LogLine[] {
    const { user, request } = this.options;
    if (request !== undefined && !line.request?.startsWith(request)) return [];
    if (user === undefined) return [line];
    if (line.request === undefined) return [];
    if (!line.entry) return this.#wait(line.request, line);
    const earlier = this.#end(line.request);
    return [line.entry.user_id, line.entry.failed_user].includes(user) ? [...earlier, line] : [];
  }

  #wait(request: string, line: LogLine): LogLine[] {
    const lines = this.#waiting.get(request) ?? [];
    lines.push(line);
    this.#waiting.set(request, lines);
    this.#count += 1;
    const [oldest = request] = this.#waiting.keys();
    if (this.#count > MAX_WAITING) this.#end(oldest);
    return [];
  }

  #end(request: string): LogLine[] {
    const lines = this.#waiting.get(request) ?? [];
    this.#waiting.delete(request);
    this.#count -= lines.length;
    return lines;
  }
}
