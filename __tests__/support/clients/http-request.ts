import http from "node:http";
import https from "node:https";

export interface SendOptions {
  /** @default "GET" */
  readonly method?: string;
  /** Request target, sent as it is. */
  readonly path: string;
  /** Name and value pairs, sent as they are, duplicates included. */
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]>;
  readonly body?: Buffer | string;
  /** Name that is said to TLS. @default - that of the header Host, else "localhost" */
  readonly servername?: string;
}

export interface Received {
  readonly status: number;
  /** First value of each header, lower-case names. */
  readonly headers: http.IncomingHttpHeaders;
  /** All values of a header. */
  all(name: string): string[];
  readonly body: Buffer;
}

/** Sends one request on a connection of its own and without a client library's cleaning of paths and headers. */
export function send(origin: string, options: SendOptions): Promise<Received> {
  return new Promise((resolve, reject) => {
    const request = open(origin, options);
    request.once("error", reject);
    request.once("response", (response: http.IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => resolve(received(response, Buffer.concat(chunks))));
    });
    request.end(options.body);
  });
}

/** Opens a request whose body the caller writes and ends, and whose answer the caller reads. */
export function open(origin: string, options: SendOptions): http.ClientRequest {
  const url = new URL(origin);
  const headers: string[] = [];
  const given = new Set((options.headers ?? []).map(([name]) => name.toLowerCase()));
  if (!given.has("host")) headers.push("Host", url.host);
  for (const [name, value] of options.headers ?? []) headers.push(name, value);
  if (options.body !== undefined && !given.has("content-length") && !given.has("transfer-encoding")) {
    headers.push("Content-Length", String(Buffer.byteLength(options.body)));
  }
  const client = url.protocol === "https:" ? https : http;
  return client.request({
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port,
    method: options.method ?? "GET",
    path: options.path,
    headers: headers as unknown as http.OutgoingHttpHeaders,
    agent: false,
    // Only ever 127.0.0.1 with a certificate that the container made for itself.
    rejectUnauthorized: false,
    servername: options.servername ?? hostOf(options) ?? "localhost",
  } as https.RequestOptions);
}

// the name that the request is for, as clients say it to TLS as well; none where it is an address.
function hostOf({ headers = [] }: SendOptions): string | undefined {
  const [, host] = headers.find(([name]) => name.toLowerCase() === "host") ?? [];
  return host && /^[a-z][a-z0-9.-]*(?::\d+)?$/i.test(host) ? host.replace(/:\d+$/, "") : undefined;
}

/** The header of HTTP Basic authentication, in UTF-8 as browsers and the MLflow client send it. */
export function basicAuth(username: string, password: string): readonly [string, string] {
  return ["Authorization", `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`];
}

function received(response: http.IncomingMessage, body: Buffer): Received {
  return {
    status: response.statusCode!,
    headers: response.headers,
    all: (name) =>
      response.rawHeaders.filter((_, i) => i % 2 === 1 && response.rawHeaders[i - 1].toLowerCase() === name),
    body,
  };
}
