import { connect as connectHttp2 } from "node:http2";
import type { ClientHttp2Session } from "node:http2";
import { connect } from "node:net";
import type { HostileHeaders, HostileRequest } from "./hostile-requests";

const BATCH = 25;
const CONNECTIONS = 16;
const STREAMS = 50;
// for what a server waits for more of.
const PATIENCE = 1_500;

/** What came back for a request. */
export interface Answered {
  readonly request: string;
  /** 0 stands for no answer, -1 for a request that could not be sent. */
  readonly status: number;
  readonly body: string;
}

type Answer = Omit<Answered, "request">;

const NO_ANSWER: Answer = { status: 0, body: "" };

/** Called between requests; true ends the sending. */
export type Until = () => boolean;

/** Sends all, many on one connection where nothing speaks against it. */
export async function sendHttp1(
  origin: string,
  requests: HostileRequest[],
  until: Until = () => false,
): Promise<Answered[]> {
  const answers: Answered[] = [];
  const batches = batchesOf(requests);
  let next = 0;
  const worker = async () => {
    for (let batch = batches[next++]; batch && !until(); batch = batches[next++]) {
      const answered = await exchange(origin, batch);
      batch.forEach(({ bytes }, i) =>
        answers.push({ request: bytes.toString("latin1"), ...(answered[i] ?? NO_ANSWER) }),
      );
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  return answers;
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

/** What comes back for requests that are sent one after the other on one connection. */
function exchange(origin: string, requests: HostileRequest[]): Promise<Answer[]> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let received = "";
    const finish = () => {
      socket.destroy();
      resolve(answersIn(received));
    };
    socket.setTimeout(requests.length > 1 ? 20_000 : PATIENCE, finish);
    socket.once("error", finish);
    socket.once("close", finish);
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
      if (answersIn(received).length < requests.length) return;
      // more may come where one was smuggled in another.
      if (requests.length > 1) finish();
      else socket.setTimeout(50, finish);
    });
    socket.write(Buffer.concat(requests.map(({ bytes }) => bytes)));
  });
}

/** The final answers of a connection. */
function answersIn(received: string): Answer[] {
  return received
    .split(/(?=HTTP\/1\.[01] \d{3} )/)
    .map((text) => {
      const [head = "", ...body] = text.split("\r\n\r\n");
      return { status: Number(head.split(" ", 2)[1]), body: body.join("\r\n\r\n") };
    })
    .filter(({ status }) => status >= 200);
}

/** Sends all on as few connections as the server allows. */
export async function sendHttp2(origin: string, requests: HostileHeaders[]): Promise<Answered[]> {
  const answers: Answered[] = [];
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
      answers.push({ request: JSON.stringify(request), ...(await askHttp2(open(), request)) });
    }
  };
  await Promise.all(Array.from({ length: STREAMS }, worker));
  session?.destroy();
  return answers;
}

function askHttp2(session: ClientHttp2Session, headers: HostileHeaders): Promise<Answer> {
  return new Promise((resolve) => {
    let status = 0;
    let body = "";
    const finish = () => resolve({ status, body });
    let stream;
    try {
      stream = session.request(headers, { endStream: true });
    } catch {
      // Node.js does not send it.
      return resolve({ status: -1, body });
    }
    stream.setTimeout(10_000, () => stream.close());
    stream.once("response", (answer) => (status = answer[":status"] ?? 0));
    stream.once("error", finish);
    stream.once("close", finish);
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => (body += chunk));
  });
}
