import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it arrived, before anything interpreted it. */
export interface RecordedRequest {
  readonly method: string;
  readonly url: string;
  /** Lower-case names, in order of arrival, duplicates kept. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  /** Bytes of the body received so far. */
  bodyLength: number;
  /** Hexadecimal SHA-256 of the body, set when it has ended. */
  bodySha256?: string;
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * A plain HTTP server that stands in for a service behind a gateway and keeps a record of everything that reaches it,
 * so that a test can ask the upstream instead of trusting the gateway's answer.
 */
export class RecordingUpstream {
  /** What has arrived since the last `forget()`. */
  public requests: RecordedRequest[] = [];
  /** Decides the answer; changed by tests at will. */
  public answer: Answer = okAnswer;
  private server?: Server;
  private boundPort = 0;

  /** Listens during all tests of a file or a `describe`; each begins with an empty record. */
  public static forTests(): RecordingUpstream {
    const upstream = new RecordingUpstream();
    beforeAll(() => upstream.listen());
    beforeEach(() => upstream.forget());
    afterAll(() => upstream.close());
    return upstream;
  }

  public get port(): number {
    return this.boundPort;
  }

  /** Listens on a port of all addresses, because the gateway is in a container: a free one, or (again) that of before. */
  public async listen(): Promise<void> {
    const server = createServer((request, response) => this.record(request, response));
    // what cannot be read has reached it all the same; what breaks off is on the record already.
    server.on("clientError", ({ code = "", message }: NodeJS.ErrnoException, socket) => {
      const unreadable = code.startsWith("HPE_") && code !== "HPE_INVALID_EOF_STATE";
      if (unreadable) this.requests.push({ method: "", url: `unreadable: ${message}`, headers: [], bodyLength: 0 });
      socket.destroy();
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.boundPort, "0.0.0.0", resolve);
    });
    this.boundPort = (server.address() as AddressInfo).port;
    this.server = server;
  }

  /** How many connections are open. */
  public connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      if (!this.server) return resolve(0);
      this.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  }

  /** Stops listening and drops what is open. The record stays. */
  public async close(): Promise<void> {
    const server = this.server;
    if (!server) return;
    this.server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  /** Empties the record and goes back to the plain answer. */
  public forget(): void {
    this.requests = [];
    this.answer = okAnswer;
  }

  /** The one request of the record; an error if there is none or more than one. */
  public get onlyRequest(): RecordedRequest {
    const [request, ...others] = this.requests;
    if (!request || others.length > 0) throw new Error(`expected one request, recorded ${this.requests.length}`);
    return request;
  }

  private record(request: IncomingMessage, response: ServerResponse): void {
    const headers: Array<readonly [string, string]> = [];
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      headers.push([request.rawHeaders[i].toLowerCase(), request.rawHeaders[i + 1]]);
    }
    const recorded: RecordedRequest = { method: request.method!, url: request.url!, headers, bodyLength: 0 };
    this.requests.push(recorded);
    const hash = createHash("sha256");
    request.on("data", (chunk: Buffer) => {
      recorded.bodyLength += chunk.length;
      hash.update(chunk);
    });
    request.on("end", () => {
      recorded.bodySha256 = hash.digest("hex");
      this.answer(request, response);
    });
  }
}

/** All values of a header of a recorded request. */
export function headerValues(request: RecordedRequest, name: string): string[] {
  return request.headers.filter(([given]) => given === name.toLowerCase()).map(([, value]) => value);
}

function okAnswer(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/plain" }).end("from the upstream");
}
