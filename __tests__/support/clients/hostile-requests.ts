import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CADDY_FOLDER } from "../servers/gateway-container";

/** A request of somebody who has no valid credential, none of which may reach an upstream. */
export interface HostileRequest {
  /** What is sent, the whole of it for HTTP/1. */
  readonly bytes: Buffer;
  /** Whether a server may close the connection after it, or never answer, so that it needs one of its own. */
  readonly alone: boolean;
}

/** Header names and values of HTTP/2, pseudo headers included. */
export interface HostileHeaders {
  readonly [name: string]: string | string[];
}

type Header = readonly [name: string, value: string];

/** Numbers from a seed: the same seed gives the same requests. */
export class Random {
  /** @param state seed, 32 bits. */
  constructor(private state: number) {}

  /** A whole number from 0 to below `end`. */
  public below(end: number): number {
    // mulberry32.
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
  }

  public chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  public pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  /** Some of the values, each at most once. */
  public some<T>(values: readonly T[], most: number): T[] {
    const wanted = this.below(most + 1);
    return [...new Set(Array.from({ length: wanted }, () => this.pick(values)))];
  }

  public hex(length: number): string {
    return Array.from({ length }, () => this.below(16).toString(16)).join("");
  }
}

interface RouteFile {
  groups: { routes: string[] }[];
}

/** Every path of MLflow, by the list that the gateway itself has. */
const PATHS = (JSON.parse(readFileSync(join(CADDY_FOLDER, "routes.json"), "utf8")) as RouteFile).groups
  .flatMap(({ routes }) => routes)
  .map((route) => route.split(" ")[1] ?? "/")
  .map((path) => path.replace(/\{\w+\.\.\.\}/g, "a/b").replace(/\{\w+\}/g, "1"));

const METHODS = ["GET", "GET", "GET", "POST", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "TRACK"];
const ODD_METHODS = ["get", "GeT", "PROPFIND", "SEARCH", "DEBUG", "X", "CONNECT", "M-SEARCH", "POSTS", "PURGE", "LINK"];

const basic = (text: string) => `Basic ${Buffer.from(text, "latin1").toString("base64")}`;

const CREDENTIALS: readonly ((random: Random) => Header)[] = [
  (random) => ["Authorization", basic(`admin:${random.hex(8)}`)],
  (random) => ["Authorization", basic(`${random.hex(4)}:${random.hex(8)}`)],
  () => ["Authorization", basic("admin:")],
  () => ["Authorization", basic(":")],
  () => ["Authorization", basic("admin")],
  () => ["Authorization", basic("Admin:password")],
  () => ["Authorization", basic("admin\0:password")],
  () => ["Authorization", basic("admin:pass\0word")],
  () => ["Authorization", basic("ädmin:pässword")],
  () => ["Authorization", basic(`admin:${"a".repeat(5000)}`)],
  () => ["Authorization", `Basic ${Buffer.from("admin:x").toString("base64")}=`],
  () => ["Authorization", `Basic  ${Buffer.from("admin:x").toString("base64")}`],
  () => ["Authorization", "Basic"],
  () => ["Authorization", "Basic !!!"],
  () => ["Authorization", "basic YWRtaW4="],
  () => ["Authorization", ""],
  () => ["Authorization", " "],
  () => ["Authorization", "admin"],
  () => ["Authorization", 'Digest username="admin", realm="mlflow", nonce="0", uri="/", response="0"'],
  () => ["Authorization", "Negotiate YIIB"],
  () => ["Authorization", "NTLM TlRMTVNTUAAB"],
  (random) => ["Authorization", `Bearer ${random.hex(32)}`],
  () => ["Authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."],
  () => ["Authorization", "bearer"],
  (random) => ["Authorization", `Token ${random.hex(16)}`],
  (random) => [
    "Authorization",
    `AWS4-HMAC-SHA256 Credential=x/20261124/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=${random.hex(64)}`,
  ],
  () => ["Proxy-Authorization", basic("admin:password")],
  () => ["X-Authorization", basic("admin:password")],
  () => ["X_Authorization", basic("admin:password")],
  () => ["Authorization ", basic("admin:password")],
  () => ["Cookie", "session=admin; user=admin"],
  (random) => [
    "Cookie",
    `__Host-gateway=${random.hex(32)}; gateway=${random.hex(16)}; _oauth2_proxy=${random.hex(16)}`,
  ],
  () => ["Cookie", "mlflow_user=admin; Authorization=Basic"],
];

const CLAIMS: readonly Header[] = [
  ...["X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Preferred-Username", "X-Auth-Request-User"].map((name): Header => [name, "admin"]), // prettier-ignore
  ...["X-Auth-Request-Email", "Remote-User", "X-Remote-User", "X-WEBAUTH-USER", "Remote_User", "X-User"].map((name): Header => [name, "admin@example.com"]), // prettier-ignore
  ...["X-Forwarded-Groups", "X-Auth-Request-Groups", "X-Remote-Group", "X-Mlflow-Workspace"].map((name): Header => [name, "admin"]), // prettier-ignore
  ...["X-Forwarded-For", "X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP"].map((name): Header => [name, "127.0.0.1"]), // prettier-ignore
  ["Forwarded", "for=127.0.0.1;host=localhost;proto=https"],
  ["X-Forwarded-Proto", "https"],
  ["X-Forwarded-Host", "localhost:5000"],
  ["X-Forwarded-Prefix", "/healthz"],
  ["X-Forwarded-Uri", "/healthz"],
  ["X-Original-URL", "/healthz"],
  ["X-Original-Method", "GET"],
  ["X-Rewrite-URL", "/healthz"],
  ["X-HTTP-Method-Override", "GET"],
  ["X-Accel-Redirect", "/api/2.0/mlflow/experiments/search"],
  ["X-Sendfile", "/etc/passwd"],
  ["X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"],
  ["X-Amz-Security-Token", "a"],
  ["Origin", "null"],
  ["Sec-Fetch-Mode", "navigate"],
  ["Accept", "text/html"],
  ["Content-Encoding", "gzip"],
  ["Range", "bytes=0-0,1-1,2-2"],
  ["If-None-Match", "*"],
];

const HOP_BY_HOP: readonly Header[] = [
  ["Connection", "close, Authorization"],
  ["Connection", "keep-alive, X-Forwarded-For, X-Request-Id"],
  ["Connection", "Upgrade"],
  ["Upgrade", "websocket"],
  ["Upgrade", "h2c"],
  ["HTTP2-Settings", "AAMAAABkAAQCAAAAAAIAAAAA"],
  ["Keep-Alive", "timeout=1000"],
  ["TE", "trailers"],
  ["Trailer", "Authorization"],
  ["Expect", "100-continue"],
  ["Max-Forwards", "0"],
];

const HOSTS = ["localhost", "localhost:8080", "mlflow-server:5000", "mlflow-minio:9000", "127.0.0.1:2019", "evil.test"];
const ODD_HOSTS = [
  "",
  "a b",
  "localhost/healthz",
  "localhost:99999",
  "admin@localhost",
  "[::1]",
  "localhost, localhost",
];

const DETOURS = ["/..", "/.", "//", "/%2e%2e", "/%2E/", "/..%2f", "/%2f", "/..%5c", "\\..\\", "/..;/", "/;a=b", "/%00", "/%0d%0a", "/%c0%ae%c0%ae/", "/%252e%252e/", "/%u002e", "/．．/", "/%ff", "/\t", "/ ", "/a/../../"]; // prettier-ignore
// what is open, or might be, and what may then come after it.
const DOORS = ["/healthz", "/readyz", "/static-files", "/health", "/version", "/s3/mlflow", "/oauth2/start", "/favicon.ico", "/metrics", "/api"]; // prettier-ignore
const ENDS = ["", "", "", "/", "?", "?a=b", "#a", ";a", "%20", "%00", ".json", "/.", "/..", "//", "?/../healthz", "#/healthz", "?x=/healthz", "%3f/healthz", "%23"]; // prettier-ignore

function upperSome(text: string, random: Random): string {
  return random.chance(30)
    ? text.toUpperCase()
    : [...text].map((letter) => (random.chance(20) ? letter.toUpperCase() : letter)).join("");
}

function encodeSome(text: string, random: Random): string {
  const percent = (letter: string) => `%${letter.charCodeAt(0).toString(16)}`;
  const encoded = [...text].map((letter, i) => (i > 0 && random.chance(15) ? percent(letter) : letter)).join("");
  return random.chance(15) ? encoded.replaceAll("%", "%25") : encoded;
}

function insert(path: string, detour: string, random: Random): string {
  const places = [...path].flatMap((letter, i) => (letter === "/" ? [i] : []));
  const place = random.pick(places);
  return path.slice(0, place) + detour + path.slice(place);
}

/** A target of a request to MLflow. */
function target(random: Random): string {
  let path = random.pick(PATHS);
  if (random.chance(25)) path = upperSome(path, random);
  if (random.chance(25)) path = encodeSome(path, random);
  if (random.chance(30)) path = insert(path, random.pick(DETOURS), random);
  if (random.chance(25)) path = random.pick(DOORS) + (random.chance(60) ? random.pick(DETOURS) : "") + path;
  // an address that really is open is no attack.
  return path.replace(/^\/(healthz|readyz)$/, "/$1/") + random.pick(ENDS);
}

/** A target under `/s3` that is no address as MLflow signs them, for at least one reason. */
function storeTarget(random: Random, method: string): string {
  const isUpload = method === "PUT";
  let prefix = "/s3";
  let bucket = "mlflow";
  let key = "/1/abc/artifacts/model.pkl";
  const parameters: Record<string, string | undefined> = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "access-key%2F20261124%2Fus-east-1%2Fs3%2Faws4_request",
    "X-Amz-Date": "20261124T022132Z",
    "X-Amz-Expires": "300",
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": random.hex(64),
    ...(isUpload ? {} : { "response-content-disposition": "attachment" }),
  };
  const defects: (() => void)[] = [
    () => (parameters["X-Amz-Signature"] = undefined),
    () => (parameters["X-Amz-Signature"] = random.hex(random.pick([0, 1, 63, 65, 128]))),
    () => (parameters["X-Amz-Signature"] = `${random.hex(63)}g`),
    () => (parameters["X-Amz-Signature"] = `${random.hex(62)}%00`),
    () => (parameters["X-Amz-Signature"] = `${"A".repeat(64)}`),
    () => (parameters["X-Amz-Algorithm"] = random.pick([undefined, "", "AWS4", "none", "aws4-hmac-sha256"])),
    () => (parameters["X-Amz-Credential"] = random.pick([undefined, ""])),
    () => (parameters["X-Amz-SignedHeaders"] = random.pick(["", "host%3Bx-amz-content-sha256", "range", "host;range"])),
    () =>
      (parameters[random.pick(["tagging", "acl", "versionId", "uploads", "torrent", "policy", "delete", "select"])] =
        ""),
    () => (parameters["X-Amz-Security-Token"] = "a"),
    () => (parameters["x-id"] = "GetObject"),
    () =>
      (bucket = random.pick([
        "MLFLOW",
        "Mlflow",
        "mlflow2",
        "other",
        "%6dlflow",
        "",
        ".",
        "..",
        "mlflow%2f",
        ".minio.sys",
      ])),
    () => (key = random.pick(["", "/", "//a", "/../other/a", "/%2e%2e/a", "/a/..%2fb", "/a%2fb", "/a%00", "/a/./b"])),
    () =>
      (prefix = random.pick([
        "/S3",
        "/s3/",
        "/%733",
        "/s%33",
        "/./s3",
        "/s3/..",
        "/a/../s3",
        "//s3",
        "/s3;a",
        "/s3%2f",
      ])),
    ...(isUpload
      ? [
          () => void (parameters.partNumber = "1"),
          () => void (parameters.uploadId = "a"),
          () => void (parameters["response-content-disposition"] = "a"),
        ]
      : [
          () => void (parameters["response-content-disposition"] = undefined),
          () => void (parameters.partNumber = "1"),
        ]),
  ];
  // methods that no transfer has are a defect of their own.
  const wanted = ["GET", "HEAD", "PUT"].includes(method) ? 1 + random.below(3) : random.below(3);
  for (let i = 0; i < wanted; i += 1) random.pick(defects)();
  const query = Object.entries(parameters).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${value}`); // prettier-ignore
  const result = `${prefix}/${bucket}${key}?${query.join("&")}`;
  // two defects may mend each other: an upload of one part needs both of its parameters.
  return isUpload && parameters.partNumber && parameters.uploadId ? `${result}&acl` : result;
}

function headers(random: Random): Header[] {
  return [
    ...(random.chance(60) ? [random.pick(CREDENTIALS)(random)] : []),
    ...(random.chance(8) ? [random.pick(CREDENTIALS)(random)] : []),
    ...random.some(CLAIMS, 3),
  ];
}

function method(random: Random): string {
  return random.pick(random.chance(10) ? ODD_METHODS : METHODS);
}

// a server of HTTP/1 ends a connection on what it cannot read.
const isTidy = (text: string) => /^\/(?:[!-$&-~]|%[0-9a-f]{2})*$/i.test(text);

/** A request of HTTP/1, most of them well-formed. */
export function hostileRequest(random: Random): HostileRequest {
  if (random.chance(12)) return { bytes: oddity(random), alone: true };
  const verb = method(random);
  const address = random.chance(20) ? storeTarget(random, verb) : target(random);
  const given = headers(random);
  const hop = random.chance(6) ? random.some(HOP_BY_HOP, 2) : [];
  const host = random.chance(3) ? random.pick(ODD_HOSTS) : random.pick(HOSTS);
  const body = ["POST", "PUT", "PATCH"].includes(verb) && random.chance(50) ? `{"a":"${random.hex(16)}"}` : undefined;
  const alone =
    hop.length > 0 ||
    ODD_HOSTS.includes(host) ||
    !isTidy(address) ||
    verb === "CONNECT" ||
    given.some(([name]) => !/^[\w-]+$/.test(name));
  const lines = [
    `${verb} ${address} HTTP/1.1`,
    `Host: ${host}`,
    ...[...given, ...hop].map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : ["Content-Type: application/json", `Content-Length: ${body.length}`]),
  ];
  return { bytes: Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body ?? ""}`, "utf8"), alone };
}

/** A request of HTTP/1 that servers read in different ways, in front of one that they would all read alike. */
function oddity(random: Random): Buffer {
  const path = random.chance(70) ? random.pick(PATHS) : target(random).replaceAll(/[^!-~]/g, "");
  const credential = random.chance(50) ? `${random.pick(CREDENTIALS)(random).join(": ")}\r\n` : "";
  const wanted = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${credential}\r\n`;
  const head = (line: string, ...lines: string[]) => `${[line, "Host: localhost", ...lines].join("\r\n")}\r\n\r\n`;
  const door = random.pick(["/healthz", "/healthz", "/readyz", path]);
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
  const post = (...lines: string[]) => head(`POST ${door} HTTP/1.1`, ...lines);
  return Buffer.from(
    random.pick<() => string>([
      // lengths that contradict each other, with the wanted request where the body ends for some.
      () => post(`Content-Length: ${wanted.length}`, "Transfer-Encoding: chunked") + `0\r\n\r\n${wanted}`,
      () => post("Content-Length: 0", `Content-Length: ${wanted.length}`) + wanted,
      () => post(`Content-Length: 0, ${wanted.length}`) + wanted,
      () => post("Content-Length: +0") + wanted,
      () => post("Content-Length: 0x0") + wanted,
      () => post("Content-Length: -1") + wanted,
      () => post(`Content-Length : ${wanted.length}`) + wanted,
      () => post("Transfer-Encoding: chunked", "Transfer-Encoding: identity") + chunk("a") + wanted,
      () => post("Transfer-Encoding: xchunked") + chunk("a") + wanted,
      () => post("Transfer-Encoding: chunked, gzip") + chunk("a") + wanted,
      () => post("Transfer-Encoding:\tchunked") + chunk("a") + wanted,
      () => post("Transfer-Encoding\t: chunked") + chunk("a") + wanted,
      () => post("Transfer-Encoding: \x0bchunked") + chunk("a") + wanted,
      () => post("X: a\r\n Transfer-Encoding: chunked") + chunk("a") + wanted,
      () => post("X: a\nTransfer-Encoding: chunked") + chunk("a") + wanted,
      () => post("X: a\rTransfer-Encoding: chunked") + chunk("a") + wanted,
      () => post("Transfer-Encoding: chunked") + `1;a="\r\n\r\n${wanted}"\r\na\r\n0\r\n\r\n`,
      () => post("Transfer-Encoding: chunked") + `fffffffffffffffff\r\n${wanted}`,
      () => post("Transfer-Encoding: chunked") + `0\r\nAuthorization: ${basic("admin:x")}\r\n\r\n${wanted}`,
      () => post("Transfer-Encoding: chunked") + `1\na\n0\n\n${wanted}`,
      () => head(`GET ${door} HTTP/1.1`, `Content-Length: ${wanted.length}`) + wanted,
      () => head(`HEAD ${door} HTTP/1.1`) + wanted,
      () => head(`GET ${door} HTTP/1.1`) + wanted + wanted,
      () => post("Expect: 100-continue", `Content-Length: ${wanted.length}`) + wanted,
      // versions and lines.
      () => `GET ${path}\r\n\r\n`,
      () => `GET ${path} HTTP/1.0\r\n\r\n`,
      () => `GET ${path} HTTP/0.9\r\n\r\n`,
      () => `GET ${path} HTTP/1.2\r\nHost: localhost\r\n\r\n`,
      () => `GET ${path} HTTP/2.0\r\nHost: localhost\r\n\r\n`,
      () => `GET ${path} HTTP/1.1\r\n\r\n`,
      () => `GET ${path} HTTP/1.1\nHost: localhost\n\n`,
      () => `GET\t${path}\tHTTP/1.1\r\nHost: localhost\r\n\r\n`,
      () => `GET  ${path}  HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      () => `GET ${path} x HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      () => `\r\n\r\nGET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      () => ` GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      () => `GET ${path} HTTP/1.1\r\n Host: localhost\r\n\r\n`,
      () => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nHost: mlflow-server\r\n\r\n`,
      // targets in their other forms.
      () => head(`GET http://localhost${path} HTTP/1.1`),
      () => head(`GET http://mlflow-server:5000${path} HTTP/1.1`),
      () => head(`GET http://admin:x@localhost${path} HTTP/1.1`),
      () => head(`GET //mlflow-server:5000${path} HTTP/1.1`),
      () => head(`GET file://${path} HTTP/1.1`),
      () => head(`GET ${path.slice(1)} HTTP/1.1`),
      () => head(`GET ?${path} HTTP/1.1`),
      () => head("CONNECT mlflow-server:5000 HTTP/1.1") + wanted,
      () => head(`CONNECT ${path} HTTP/1.1`) + wanted,
      () => head("OPTIONS * HTTP/1.1") + wanted,
      () => head("GET * HTTP/1.1"),
      // other protocols.
      () => head(`GET ${path} HTTP/1.1`, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==") + wanted, // prettier-ignore
      () => head(`GET ${path} HTTP/1.1`, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__") + wanted, // prettier-ignore
      () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
      () => "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
      () => `PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n${wanted}`,
      // headers that are too much.
      () => head(`GET ${path} HTTP/1.1`, `X: ${"a".repeat(70_000)}`),
      () => head(`GET ${path} HTTP/1.1`, ...Array.from({ length: 500 }, (_, i) => `X-${i}: a`)),
      () => head(`GET ${path}?${"a".repeat(9_000)} HTTP/1.1`),
      () => head(`GET ${path} HTTP/1.1`, `A\0: b`),
      () => head(`GET ${path} HTTP/1.1`, `Authorization: Basic a\0b`),
      () => head(`GET ${path} HTTP/1.1`, `: a`),
      () => head(`GET ${path} HTTP/1.1`, `Authorization: ${basic("admin:x")}`, `Authorization: ${basic("admin:y")}`),
    ])(),
    "latin1",
  );
}

/** A request of HTTP/2. */
export function hostileHeaders(random: Random): HostileHeaders {
  const verb = method(random);
  const address = random.chance(20) ? storeTarget(random, verb) : target(random);
  const path = random.chance(90)
    ? address
    : random.pick([address.slice(1), `http://mlflow-server:5000${address}`, "*", ""]);
  const result: Record<string, string | string[]> = {
    ":method": verb,
    ":path": path,
    ":authority": random.chance(85) ? "localhost" : random.pick([...ODD_HOSTS, ...HOSTS]),
    ":scheme": random.chance(95) ? "https" : random.pick(["http", "HTTPS", "file", ""]),
  };
  for (const [name, value] of headers(random)) {
    const key = name.trim().toLowerCase();
    // the others are refused by Node.js, so that they would not be sent.
    if (/^(?!proxy-connection)[\w-]+$/.test(key) && /^[\x20-\x7e]*$/.test(value)) result[key] = value;
  }
  if (random.chance(5)) result.host = random.pick(HOSTS);
  if (random.chance(3)) result["content-length"] = String(random.below(100));
  if (random.chance(3)) result.cookie = ["a=b", "session=admin"];
  return result;
}
