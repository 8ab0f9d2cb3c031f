/** A line that a container has written. */
export interface LogLine {
  /** When Docker got it, as RFC 3339 with nanoseconds. */
  readonly time: string;

  /** The container's name without the id of the stack. */
  readonly service: string;

  readonly text: string;

  /** The id of the request that it belongs to, if it says so. */
  readonly request?: string;

  /** What a line of JSON holds. */
  readonly entry?: LogEntry;
}

/** A line of Caddy, as far as it is read. The access log's have a request. */
export interface LogEntry {
  readonly level?: string;
  readonly logger?: string;
  readonly msg?: string;
  readonly error?: string;
  readonly request?: { readonly method?: string; readonly uri?: string; readonly client_ip?: string };
  readonly status?: number;
  /** Seconds. */
  readonly duration?: number;
  readonly user_id?: string;
  /** Who a failed login names. */
  readonly failed_user?: string;
  readonly request_id?: string;
  /** The act of an admin. */
  readonly audit?: string;
}

const TIME = /^(\S+Z) (.*)$/s;
// MLflow's lines have the id in brackets: mlflow/request_log.py.
const REQUEST = /\[([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\] /;
const MLFLOW_TIME = /^\d{4}\/\d\d\/\d\d /;

/** Reads the lines of one container, in their order. */
export class LogReader {
  #request?: string;

  constructor(private readonly service: string) {}

  /** @param line one line of `docker logs --timestamps`. */
  public read(line: string): LogLine {
    const [, time = "", text = line] = TIME.exec(line) ?? [];
    const entry = entryOf(text);
    if (entry) return { time, service: this.service, text, request: entry.request_id, entry };
    // A traceback has its id in its first line only.
    if (REQUEST.test(text) || MLFLOW_TIME.test(text)) this.#request = REQUEST.exec(text)?.[1];
    return { time, service: this.service, text, request: this.#request };
  }
}

function entryOf(text: string): LogEntry | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as LogEntry;
  } catch {
    return undefined;
  }
}
