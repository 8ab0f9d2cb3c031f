import { connect as connectHttp2 } from "node:http2";
import type { ClientHttp2Session } from "node:http2";
import { connect } from "node:net";
import type { HostileHeaders, HostileRequest } from "./hostile-requests";

const BATCH = 25;
const CONNECTIONS = 16;
const STREAMS = 50;
// for what a server waits for more of.
const PATIENCE = 1_500;

/** What was answered with each status; 0 stands for requests without any answer. */
export type Statuses = Map<number, string[]>;

/** Called between requests; true ends the sending. */
export type Until = () => boolean;

/** Sends all, many on one connection where nothing speaks against it. */
export async function sendHttp1(
  origin: string,
  requests: HostileRequest[],
  until: Until = () => false,
): Promise<Statuses> {
  const statuses: Statuses = new Map();
  const batches = batchesOf(requests);
  let next = 0;
  const worker = async () => {
    for (let batch = batches[next++]; batch && !until(); batch = batches[next++]) {
      const answered = await exchange(origin, batch);
      batch.forEach(({ bytes }, i) => note(statuses, answered[i] ?? 0, bytes.toString("latin1")));
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  return statuses;
}

function batchesOf(requests: HostileRequest[]): HostileRequest[][] {
  const batches: HostileRequest[][] = [];
  const together: HostileRequest[] = [];
  for (const request of requests) {
    if (request.alone) {
      batches.push([request]);
      continue;
    }
    together.push(request);
    if (together.length === BATCH) batches.push(together.splice(0));
  }
  if (together.length > 0) batches.push(together);
  return batches;
}

/** The statuses that come back for requests that are sent one after the other on one connection. */
function exchange(origin: string, requests: HostileRequest[]): Promise<number[]> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let received = "";
    const statuses = () => [...received.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => Number(status));
    const finish = () => {
      socket.destroy();
      resolve(statuses().filter((status) => status >= 200));
    };
    socket.setTimeout(requests.length > 1 ? 20_000 : PATIENCE, finish);
    socket.once("error", finish);
    socket.once("close", finish);
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
      if (statuses().filter((status) => status >= 200).length < requests.length) return;
      // more may come where one was smuggled in another.
      if (requests.length > 1) finish();
      else socket.setTimeout(50, finish);
    });
    socket.write(Buffer.concat(requests.map(({ bytes }) => bytes)));
  });
}

/** Sends all on as few connections as the server allows. */
export async function sendHttp2(origin: string, requests: HostileHeaders[]): Promise<Statuses> {
  const statuses: Statuses = new Map();
  let session: ClientHttp2Session | undefined;
  const open = () => {
    if (session && !session.closed && !session.destroyed) return session;
    session = connectHttp2(origin, { rejectUnauthorized: false, servername: "localhost" });
    // of the requests on it, which know it by themselves.
    session.on("error", () => {});
    return session;
  };
  let next = 0;
  const worker = async () => {
    for (let request = requests[next++]; request; request = requests[next++]) {
      note(statuses, await askHttp2(open(), request), JSON.stringify(request));
    }
  };
  await Promise.all(Array.from({ length: STREAMS }, worker));
  session?.destroy();
  return statuses;
}

function askHttp2(session: ClientHttp2Session, headers: HostileHeaders): Promise<number> {
  return new Promise((resolve) => {
    let status = 0;
    const finish = () => resolve(status);
    let stream;
    try {
      stream = session.request(headers, { endStream: true });
    } catch {
      // Node.js does not send it.
      return resolve(-1);
    }
    stream.setTimeout(10_000, () => stream.close());
    stream.once("response", (answer) => (status = answer[":status"] ?? 0));
    stream.once("error", finish);
    stream.once("close", finish);
    stream.resume();
  });
}

function note(statuses: Statuses, status: number, request: string): void {
  const others = statuses.get(status);
  if (others) others.push(request);
  else statuses.set(status, [request]);
}
