import { createHash, randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import type http from "node:http";
import { join } from "node:path";
import { makePair } from "../support/servers/certificate";
import { REPOSITORY } from "../support/repository";
import { GatewayContainer, runCaddy, type GatewayOptions } from "../support/servers/gateway-container";
import { basicAuth, open, send, type Received, type SendOptions } from "../support/clients/http-request";
import { gatewayLog } from "../support/servers/gateway-log";
import { headerValues, RecordingUpstream } from "../support/servers/recording-upstream";
import { eventually } from "../support/run";

// the machine may be busy, and failed logins wait for each other.
jest.setTimeout(60_000);

const PASSWORD = `test-${randomBytes(12).toString("hex")}`;
const LOGIN = basicAuth("admin", PASSWORD);
const USERS = [{ name: "admin", role: "admin", password: PASSWORD }];
const HEALTH_CHECK = "http://127.0.0.1:2019/healthz";
const SECURITY_HEADERS = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "SAMEORIGIN",
  "referrer-policy": "strict-origin-when-cross-origin",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": expect.stringContaining("camera=()"),
  "x-xss-protection": "0",
};

const mlflow = RecordingUpstream.forTests();
const store = RecordingUpstream.forTests();
const gateways: GatewayContainer[] = [];

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.remove()));
});

async function startGateway(
  settings: Record<string, string> = {},
  others: Pick<GatewayOptions, "port" | "scheme" | "flags"> = {},
): Promise<GatewayContainer> {
  const upstreams = { UPSTREAM: `mlflow-server:${mlflow.port}`, STORE: `mlflow-minio:${store.port}` };
  const gateway = await GatewayContainer.start({ settings: { ...upstreams, ...settings }, users: USERS, ...others });
  gateways.push(gateway);
  return gateway;
}

/** The query of an address as MLflow's boto3 signs it, with parameters changed (a string) or left out (undefined). */
function signedQuery(changes: Record<string, string | undefined> = {}): string {
  const parameters = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "test-access-key%2F20261124%2Fus-east-1%2Fs3%2Faws4_request",
    "X-Amz-Date": "20261124T022132Z",
    "X-Amz-Expires": "300",
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": "0123456789abcdef".repeat(4),
    ...changes,
  };
  return Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

const DISPOSITION = { "response-content-disposition": "attachment%3B%20filename%3D%22model.pkl%22" };
const DOWNLOAD = `/s3/mlflow/1/run/artifacts/model.pkl?${signedQuery(DISPOSITION)}`;
const PART = `/s3/mlflow/1/run/artifacts/model.pkl?${signedQuery({ partNumber: "3", uploadId: "ab.cd%3D%3D" })}`;
const UPLOAD = `/s3/mlflow/1/run/artifacts/a.txt?${signedQuery({ "X-Amz-SignedHeaders": "content-type%3Bhost" })}`;

function expectSecured(answer: Received): void {
  expect(answer.headers).toMatchObject(SECURITY_HEADERS);
  for (const name of Object.keys(SECURITY_HEADERS)) expect(answer.all(name)).toHaveLength(1);
  for (const name of ["server", "via", "x-powered-by", "alt-svc"]) expect(answer.headers[name]).toBeUndefined();
}

function expectGatewayError(answer: Received, status: number, code: string): void {
  expect(answer.status).toBe(status);
  expect(answer.headers["content-type"]).toBe("application/json");
  expect(JSON.parse(answer.body.toString())).toEqual({ error_code: code, message: expect.any(String) });
  expectSecured(answer);
}

function expectNothingReachedTheUpstreams(): void {
  expect(mlflow.requests).toEqual([]);
  expect(store.requests).toEqual([]);
}

const CADDY_FOLDER = join(REPOSITORY, "caddy");
const KINDS = (folder: string) =>
  readdirSync(join(CADDY_FOLDER, folder))
    .filter((name) => name.endsWith(".caddy"))
    .map((name) => name.replace(".caddy", ""));
const HTTPS = {
  SITE_ADDRESS: "https://mlflow.example.com",
  URL_ORIGIN: "https://mlflow.example.com",
  URL_SCHEME: "https",
  TLS_DEFAULT_NAME: "mlflow.example.com",
};
const OAUTH2 = {
  AUTH_METHOD: "oauth2",
  OAUTH2_PROXY: "oauth2-proxy:4180",
  OAUTH2_COOKIE: "__Host-gateway",
  OAUTH2_LOGOUT: "/oauth2/sign_out?rd=%2Foauth2%2Fsigned_out",
  WRITE_GROUPS: '`ml team` `x "y" {z}`',
  WRITE_EMAILS: "",
  ADMIN_GROUPS: "",
  ADMIN_EMAILS: "`ada@example.com`",
};

describe("the configuration files", () => {
  const files = ["Caddyfile", "egress.caddy", "egress-entry.caddy", ...["auth", "console", "s3-api", "tls", "transfers"].flatMap((folder) => KINDS(folder).map((kind) => `${folder}/${kind}.caddy`))]; // prettier-ignore
  test.each(files)("%s is formatted as caddy fmt does", async (file) => {
    const result = await runCaddy(["fmt", "--diff", `/etc/caddy/${file}`]);
    expect(result).toEqual({ exitCode: 0, output: expect.any(String) });
  });

  const { certificate, privateKey } = makePair("mlflow.example.com");
  const TLS: Record<string, Record<string, string>> = {
    none: {},
    automatic: { ...HTTPS, ACME_EMAIL: "" },
    acme: {
      ...HTTPS,
      ACME_EMAIL: "ops@example.com",
      ACME_DIRECTORY: "https://acme.example.com/directory",
      ACME_ROOT: "/run/secrets/certificate.pem",
    },
    internal: HTTPS,
    certificate: {
      ...HTTPS,
      TLS_CERTIFICATE: "/run/secrets/certificate.pem",
      TLS_PRIVATE_KEY: "/run/secrets/key.pem",
    },
    terminated: { URL_SCHEME: "https", TRUSTED_PROXIES: "10.0.0.0/8 fd00::/8" },
  };
  const CONSOLE: Record<string, Record<string, string>> = {
    off: {},
    plain: { CONSOLE_ADDRESS: "http://:9001", CONSOLE_UPSTREAM: "store:9001" },
    tls: {
      CONSOLE_ADDRESS: "https://mlflow.example.com:9001",
      CONSOLE_PORT: "9001",
      CONSOLE_UPSTREAM: "store:9001",
    },
  };

  test("every kind of TLS, of console and of S3 API is in these tests", () => {
    expect(KINDS("tls")).toEqual(Object.keys(TLS).sort());
    expect(KINDS("s3-api").filter((kind) => kind !== "site")).toEqual(["off", "plain", "tls"]);
    expect(KINDS("console").filter((kind) => kind !== "site")).toEqual(Object.keys(CONSOLE).sort());
  });

  const combinations = Object.keys(TLS).flatMap((tls) =>
    KINDS("auth").flatMap((method) =>
      KINDS("transfers").flatMap((transfers) =>
        Object.keys(CONSOLE)
          .filter((console) => console !== "tls" || TLS[tls]?.SITE_ADDRESS !== undefined)
          .map((console) => [tls, method, transfers, console] as const),
      ),
    ),
  );
  test.each(combinations)(
    "TLS %s, login %s, transfers %s and console %s are valid",
    async (tls, method, transfers, console) => {
      const settings = { ...OAUTH2, ...TLS[tls], ...CONSOLE[console], TLS: tls, AUTH_METHOD: method, TRANSFERS: transfers, CONSOLE: console }; // prettier-ignore
      const result = await validate(settings, { "/run/secrets/certificate.pem": certificate, "/run/secrets/key.pem": privateKey }); // prettier-ignore
      expect(result.output).toContain("Valid configuration");
      expect(result.exitCode).toBe(0);
    },
  );

  test.each([
    ["direct transfers to an encrypted store", { STORE_SCHEME: "https", STORE: "s3.example.com" }],
    [
      "direct transfers to a store with a certificate of its own authority",
      { STORE_SCHEME: "https", STORE: "s3.example.com", STORE_AUTHORITY: "own" },
    ],
    ["the S3 API in plain HTTP", { S3_API: "plain", S3_API_ADDRESS: "http://:9000", S3_API_UPSTREAM: "store:9000" }],
    [
      "the S3 API with TLS",
      {
        ...{ ...HTTPS, TLS: "internal", S3_API: "tls", S3_API_PORT: "9000", S3_API_UPSTREAM: "store:9000" },
        S3_API_ADDRESS: "https://mlflow.example.com:9000",
      },
    ],
  ] as [string, Record<string, string>][])("%s: valid", async (_title, settings) => {
    const result = await validate(settings, { "/etc/caddy/store-ca.pem": certificate });
    expect(result.output).toContain("Valid configuration");
  });

  test.each([
    ["an unknown login method", { AUTH_METHOD: "nothing" }, "auth/nothing.caddy"],
    ["an unknown kind of transfers", { TRANSFERS: "nothing" }, "transfers/nothing.caddy"],
    ["an unknown kind of TLS", { TLS: "nothing" }, "tls/nothing.caddy"],
    ["a limit that is not a number", { RATE_LIMIT_EVENTS: "many" }, "invalid max events"],
    ["no limit of failed logins", { FAILED_LOGINS_PER_USER: "0" }, "must be a number above 0"],
  ])("%s is refused at the start", async (_title, settings, reason) => {
    const result = await validate(settings);
    expect(result.exitCode).not.toBe(0);
    expect(result.output).toContain(reason);
  });

  test.each([
    ["no user at all", "[]", {}, "there is no user"],
    ["a role that there is not", '[{"name":"ada","role":"owner"}]', {}, "owner"],
    ["one name twice", '[{"name":"admin","role":"admin"},{"name":"admin","role":"read"}]', {}, "admin"],
    ["an empty hash", '[{"name":"ada","role":"admin"}]', { "/run/secrets/users/ada": "" }, "ada"],
  ])("%s is refused at the start", async (_title, users, files, reason) => {
    const result = await validate({}, { "/etc/caddy/users.json": users, ...files });
    expect(result.exitCode).not.toBe(0);
    expect(result.output).toContain(reason);
  });

  function validate(settings: Record<string, string>, files: Record<string, string> = {}) {
    const command = ["validate", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"];
    return runCaddy(command, { settings, files, users: USERS });
  }
});

describe("a gateway with direct transfers", () => {
  let gateway: GatewayContainer;
  let origin: string;

  beforeAll(async () => {
    gateway = await startGateway();
    origin = gateway.origin;
  });

  const login = (options: SendOptions): Promise<Received> =>
    send(origin, { ...options, headers: [LOGIN, ...(options.headers ?? [])] });

  describe("login", () => {
    test("/healthz is answered by the gateway alone", async () => {
      const answer = await send(origin, { path: "/healthz" });
      expect([answer.status, answer.body.toString()]).toEqual([200, "ok"]);
      expectSecured(answer);
      expectNothingReachedTheUpstreams();
    });

    test("the container's own health check has an address of its own, which leads nowhere else", async () => {
      expect(await gateway.exec("wget", "-q", "-O", "-", HEALTH_CHECK)).toBe("ok");
      await expect(gateway.exec("wget", "-q", "-O", "-", new URL("/version", HEALTH_CHECK).href)).rejects.toThrow();
      expectNothingReachedTheUpstreams();
    });

    test("a request without credentials is asked for them, in MLflow's form and in a browser's", async () => {
      const answer = await send(origin, { path: "/api/2.0/mlflow/experiments/search" });
      expectGatewayError(answer, 401, "UNAUTHENTICATED");
      expect(answer.headers["content-security-policy"]).toBe("default-src 'none'");
      expect(answer.all("www-authenticate")).toEqual(['Basic realm="mlflow"']);
      const { message } = JSON.parse(answer.body.toString());
      expect(message).toContain("MLFLOW_TRACKING_USERNAME");
      expect(message).toContain("MLFLOW_TRACKING_PASSWORD");
      expectNothingReachedTheUpstreams();
    });

    test("a request with the right credentials reaches MLflow, and the credentials do not", async () => {
      const answer = await login({ path: "/version?a=b%2Fc" });
      expect([answer.status, answer.body.toString()]).toEqual([200, "from the upstream"]);
      expect(mlflow.onlyRequest).toMatchObject({ method: "GET", url: "/version?a=b%2Fc" });
      expect(headerValues(mlflow.onlyRequest, "authorization")).toEqual([]);
    });

    test("no combination of path, method and wrong credentials reaches MLflow or the store", async () => {
      const paths = [
        ...["/", "/health", "/version", "/graphql", "/v1/traces", "/metrics", "/get-artifact?path=a&run_uuid=b"],
        ...["/api/2.0/mlflow/experiments/search", "/ajax-api/3.0/mlflow/assistant/config", "/gateway/a/invocations"],
        ...["/api/2.0/mlflow-artifacts/presigned/1/a", "/api/3.0/mlflow/server-info", "/static-files/index.html"],
        ...["/HEALTHZ", "/healthz/", "/healthz/../version", "/healthz%2f..%2fversion", "/healthz;/../version"],
        ...["/./version", "/..%2fversion", "//version", "/s3/../version", "/s3/mlflow/../../version", "/healthz%00"],
      ];
      const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"];
      const credentials: Array<ReadonlyArray<readonly [string, string]>> = [
        [],
        [basicAuth("admin", "wrong")],
        [basicAuth("admin", "")],
        [basicAuth("Admin", PASSWORD)],
        [basicAuth("", PASSWORD)],
        [["Authorization", "Basic"]],
        [["Authorization", "Basic !!!"]],
        [["Authorization", `Bearer ${PASSWORD}`]],
        [["Authorization", `Basic ${PASSWORD}`]],
        [["Proxy-Authorization", LOGIN[1]]],
        [["X_Authorization", LOGIN[1]]],
        [["Cookie", "session=admin"]],
        [["X-Forwarded-User", "admin"]],
        [["X-Forwarded-For", "127.0.0.1"]],
        [basicAuth("admin", "wrong"), LOGIN],
      ];
      const statuses = new Set<number>();
      for (const headers of credentials) {
        const requests = paths.flatMap((path) => methods.map((method) => ({ path, method, headers })));
        for (const answer of await Promise.all(requests.map((request) => send(origin, request)))) {
          statuses.add(answer.status);
          expectSecured(answer);
        }
      }
      expectNothingReachedTheUpstreams();
      expect([...statuses]).toEqual([401]);
    });

    test.each(["//metrics", "/x/../metrics", "//ajax-api/3.0/mlflow//assistant/message", "/a%2f..%2fmetrics"])(
      "%s, which could be read in more than one way, goes no further",
      async (path) => {
        expectGatewayError(await login({ path }), 400, "BAD_REQUEST");
        expectNothingReachedTheUpstreams();
      },
    );

    test.each(["/metrics", "/metrics/", "/%6detrics", "/metrics?a=b"])(
      "MLflow's metrics at %s are closed",
      async (path) => {
        expectGatewayError(await login({ path }), 403, "FEATURE_DISABLED");
        expectNothingReachedTheUpstreams();
      },
    );

    test.each([
      "/ajax-api/3.0/mlflow/assistant/config",
      "/ajax-api/3.0/mlflow/assistant",
      "/ajax-api/3.0/mlflow/%61ssistant/message",
      "/api/2.0/mlflow/assistant/config",
    ])("MLflow's assistant at %s is closed", async (path) => {
      expectGatewayError(await login({ path, method: "POST" }), 404, "ENDPOINT_NOT_FOUND");
      expectNothingReachedTheUpstreams();
    });

    test("paths that only begin like a closed one are open", async () => {
      for (const path of ["/metrics-of-mine", "/ajax-api/2.0/mlflow/metrics/get-history"]) {
        expect((await login({ path })).status).toBe(200);
      }
      expect(mlflow.requests).toHaveLength(2);
    });
  });

  describe("pages of other origins", () => {
    const foreign = [["Origin", "http://localhost:3000"]] as const;
    const sameSite = [["Sec-Fetch-Site", "same-site"]] as const;

    test.each(["/gateway/mlflow/v1/chat/completions", "/graphql", "/v1/traces", "/api/2.0/mlflow/runs/create"])(
      "cannot send %s with the login that a browser remembers, and MLflow's own can",
      async (path) => {
        for (const headers of [foreign, sameSite]) {
          expectGatewayError(await login({ path, method: "POST", headers, body: "{}" }), 403, "PERMISSION_DENIED");
        }
        expectNothingReachedTheUpstreams();
        const own = [
          ["Origin", origin],
          ["Sec-Fetch-Site", "same-origin"],
        ] as const;
        const { body } = await login({ path, method: "POST", headers: own, body: "{}" });
        expect(body.toString()).not.toContain("another origin");
      },
    );

    test("may read nothing, although MLflow allows it to every port of localhost", async () => {
      mlflow.answer = (_request, response) => {
        const allowed = { "access-control-allow-origin": "http://localhost:3000", "access-control-allow-credentials": "true" }; // prettier-ignore
        response.writeHead(200, allowed).end("{}");
      };
      const { headers } = await login({ path: "/api/2.0/mlflow/experiments/search", headers: foreign });
      expect(Object.keys(headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
    });
  });

  describe("files that users logged", () => {
    const paths = ["/get-artifact?path=a&run_uuid=b", "/api/2.0/mlflow-artifacts/artifacts/0/a/a.js", "/model-versions/get-artifact?path=a"]; // prettier-ignore

    test.each(paths)("are no scripts, workers or pages of MLflow's origin at %s", async (path) => {
      for (const type of ["text/javascript; charset=utf-8", "application/x-ecmascript", "text/jscript", "text/html"]) {
        mlflow.answer = (_request, response) => response.writeHead(200, { "content-type": type }).end("x");
        const { headers } = await login({ path });
        expect(headers).toMatchObject({
          "content-type": type === "text/html" ? type : "text/plain",
          "content-security-policy": expect.stringMatching(/^sandbox; default-src 'none'/),
          "x-content-type-options": "nosniff",
        });
      }
    });

    test.each(["image/png", "audio/x-wav", "application/json", "application/pdf", "text/csv"])(
      "keep the type %s, which the viewers show",
      async (type) => {
        mlflow.answer = (_request, response) => response.writeHead(200, { "content-type": type }).end("x");
        expect((await login({ path: paths[0] })).headers["content-type"]).toBe(type);
      },
    );

    test("do not change the types of MLflow's own scripts", async () => {
      mlflow.answer = (_request, response) => response.writeHead(200, { "content-type": "text/javascript" }).end("x");
      expect((await login({ path: "/static-files/a.js" })).headers["content-type"]).toBe("text/javascript");
    });
  });

  describe("headers", () => {
    test("what claims an identity from outside does not reach MLflow, and what MLflow needs does", async () => {
      const claims = [
        ...["X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups", "X-Forwarded-Access-Token"],
        ...["X-Forwarded-Preferred-Username", "X-Auth-Request-User", "X-Auth-Request-Email", "Remote-User"],
        ...["X-Remote-User", "X-Remote-Group", "X-Real-IP", "Forwarded", "X-Original-URL", "X-Mlflow-Workspace"],
        ...["X_Forwarded_User", "Remote_User", "X_MLFLOW_WORKSPACE", "X-Forwarded-Prefix", "X-Forwarded-Port"],
      ];
      await login({
        path: "/",
        headers: [
          ...claims.map((name) => [name, "forged"] as const),
          ["X-Forwarded-For", "forged"],
          ["X-Forwarded-Proto", "forged"],
          ["X-Forwarded-Host", "forged"],
          ["X-MLflow-Experiment-Id", "7"],
          ["User-Agent", "mlflow-python-client/3"],
          ["Host", "mlflow.example.com:8443"],
        ],
      });
      const { headers } = mlflow.onlyRequest;
      expect(headers.filter(([, value]) => value.includes("forged"))).toEqual([]);
      const one = (name: string) => headerValues(mlflow.onlyRequest, name);
      expect(one("host")).toEqual(["mlflow.example.com:8443"]);
      expect(one("x-forwarded-host")).toEqual(["mlflow.example.com:8443"]);
      expect(one("x-forwarded-proto")).toEqual(["http"]);
      expect(one("x-forwarded-for")).toEqual([expect.stringMatching(/^[0-9.]+$/)]);
      expect(one("x-mlflow-experiment-id")).toEqual(["7"]);
      expect(one("user-agent")).toEqual(["mlflow-python-client/3"]);
    });

    test("one id is in MLflow's request and in the answer, whatever the client says", async () => {
      const answer = await login({
        path: "/",
        headers: [
          ["X-Request-Id", "forged"],
          ["Connection", "keep-alive, X-Request-Id"],
        ],
      });
      expect(headerValues(mlflow.onlyRequest, "x-request-id")).toEqual([answer.headers["x-request-id"]]);
      expect(answer.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    });

    test("the security headers replace the upstream's own and are not repeated", async () => {
      mlflow.answer = (_request, response) =>
        response
          .writeHead(200, {
            "X-Frame-Options": "DENY",
            "X-Content-Type-Options": "sniff",
            "Referrer-Policy": "unsafe-url",
            "Permissions-Policy": "camera=*",
            "X-XSS-Protection": "1; mode=block",
            "Strict-Transport-Security": "max-age=1",
            Server: "uvicorn",
            Via: "1.1 something",
            "X-Powered-By": "something",
            "X-Kept": "yes",
          })
          .end();
      const answer = await login({ path: "/" });
      expectSecured(answer);
      expect(answer.headers["strict-transport-security"]).toBeUndefined();
      expect(answer.headers["x-kept"]).toBe("yes");
    });

    test("an error of MLflow is passed on as it is", async () => {
      const body = '{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "No run"}';
      mlflow.answer = (_request, response) => response.writeHead(404, { "content-type": "application/json" }).end(body);
      const answer = await login({ path: "/api/2.0/mlflow/runs/get" });
      expect([answer.status, answer.body.toString()]).toEqual([404, body]);
      expectSecured(answer);
    });
  });

  describe("bodies", () => {
    test("an upload of 3 MB arrives byte by byte", async () => {
      const body = randomBytes(3 * 1024 * 1024);
      const answer = await login({ path: "/api/2.0/mlflow-artifacts/artifacts/1/a", method: "PUT", body });
      expect(answer.status).toBe(200);
      expect(mlflow.onlyRequest).toMatchObject({ bodyLength: body.length, bodySha256: sha256(body) });
    });

    test("an upload streams: the first half has arrived before the second is sent", async () => {
      await expectUploadStreams("/api/2.0/mlflow-artifacts/artifacts/1/a", mlflow, [LOGIN]);
    });

    test.each([
      ["an event stream", "text/event-stream", "data: 1\n\n"],
      ["an artifact of unknown length", "application/octet-stream", "first"],
      ["JSON of unknown length", "application/json", '{"first": 1}\n'],
    ])("%s streams: the first chunk arrives before the answer ends", async (_title, contentType, first) => {
      let finish!: () => void;
      const finished = new Promise<void>((resolve) => (finish = resolve));
      mlflow.answer = (_request, response) => {
        response.writeHead(200, { "content-type": contentType });
        response.write(first);
        void finished.then(() => response.end("last"));
      };
      const request = open(origin, { path: "/x", headers: [LOGIN, ["Accept-Encoding", "identity"]] });
      request.end();
      const response = await new Promise<http.IncomingMessage>((resolve) => request.once("response", resolve));
      const chunk = await new Promise<Buffer>((resolve) => response.once("data", resolve));
      expect(chunk.toString()).toBe(first);
      finish();
      await new Promise((resolve) => response.once("end", resolve).resume());
    });

    test("an event stream is not compressed", async () => {
      mlflow.answer = (_request, response) =>
        response.writeHead(200, { "content-type": "text/event-stream" }).end("data: x\n\n".repeat(1000));
      const answer = await login({ path: "/x", headers: [["Accept-Encoding", "gzip, zstd"]] });
      expect(answer.headers["content-encoding"]).toBeUndefined();
    });

    test("JSON is compressed for who accepts it, artifacts never", async () => {
      const body = JSON.stringify({ runs: "x".repeat(5000) });
      mlflow.answer = (_request, response) =>
        response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body);
      const accept = [["Accept-Encoding", "gzip"]] as const;
      const api = await login({ path: "/api/2.0/mlflow/runs/search", headers: accept });
      expect(api.headers["content-encoding"]).toBe("gzip");
      for (const path of ["/api/2.0/mlflow-artifacts/artifacts/1/a.json", "/get-artifact?path=a.json"]) {
        const artifact = await login({ path, headers: accept });
        expect(artifact.headers["content-encoding"]).toBeUndefined();
        expect(artifact.headers["content-length"]).toBe(String(body.length));
      }
    });

    test("traces over 64 MiB are refused by their announced length", async () => {
      const length = ["Content-Length", String(64 * 1024 * 1024 + 1)] as const;
      const request = open(origin, { path: "/v1/traces", method: "POST", headers: [LOGIN, length] });
      const answered = new Promise<http.IncomingMessage>((resolve) => request.once("response", resolve));
      request.on("error", () => undefined);
      request.flushHeaders();
      const response = await answered;
      request.destroy();
      expect(response.statusCode).toBe(413);
      expectNothingReachedTheUpstreams();
    });
  });

  describe("presigned addresses", () => {
    const presigning = [
      ["GET", "/api/2.0/mlflow-artifacts/presigned/1/run/artifacts/model.pkl"],
      ["GET", "/ajax-api/2.0/mlflow-artifacts/presigned/1/run/artifacts/model.pkl"],
      ["GET", "/api/3.0/mlflow-artifacts/presigned/1/run/artifacts/model.pkl"],
      ["POST", "/api/2.0/mlflow-artifacts/mpu/create/1/run/artifacts"],
      ["POST", "/ajax-api/2.0/mlflow-artifacts/mpu/create/1/run/artifacts"],
      ["POST", "/api/2.0/mlflow/artifacts/presigned-upload-url"],
      ["POST", "/ajax-api/2.0/mlflow/artifacts/presigned-download-url"],
    ] as const;

    test.each(presigning)("%s %s names the origin that the client itself used", async (method, path) => {
      mlflow.answer = (_request, response) => {
        const url = `http://mlflow-minio:${store.port}/mlflow/1/a?X-Amz-Expires=300&X-Amz-Signature=abc`;
        const body = JSON.stringify({ credentials: [{ url, part_number: 1 }, { url }], url, headers: {} });
        response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body);
      };
      for (const host of [new URL(origin).host, "localhost:8080", "gateway", "mlflow.example.com:8443"]) {
        const body = path.includes("/mpu/") ? JSON.stringify({ path: "a", num_parts: 2 }) : undefined;
        const answer = await login({ path, method, body, headers: [["Host", host], ["Accept-Encoding", "gzip, zstd"]] }); // prettier-ignore
        const url = `http://${host}/s3/mlflow/1/a?X-Amz-Expires=300&X-Amz-Signature=abc`;
        expect(JSON.parse(answer.body.toString())).toEqual({
          credentials: [{ url, part_number: 1 }, { url }],
          url,
          headers: {},
        });
        expect(answer.headers["content-length"]).toBe(String(answer.body.length));
      }
      for (const request of mlflow.requests) expect(headerValues(request, "accept-encoding")).toEqual(["identity"]);
    });

    test("other answers are never changed", async () => {
      const body = `{"url": "http://mlflow-minio:${store.port}/mlflow/1/a"}`;
      mlflow.answer = (_request, response) => response.writeHead(200, { "content-type": "application/json" }).end(body);
      const answer = await login({ path: "/api/2.0/mlflow-artifacts/artifacts/1/presigned/a" });
      expect(answer.body.toString()).toBe(body);
    });
  });

  describe("signed transfers", () => {
    test.each([
      ["GET", DOWNLOAD],
      ["HEAD", DOWNLOAD],
      ["PUT", PART],
      ["PUT", UPLOAD],
    ])("%s goes to the store without a login: %s", async (method, path) => {
      const answer = await send(origin, { method, path, body: method === "PUT" ? "content" : undefined });
      expect(answer.status).toBe(200);
      expectSecured(answer);
      expect(answer.headers["content-security-policy"]).toBe("sandbox; default-src 'none'");
      expect(store.onlyRequest).toMatchObject({ method, url: path.slice("/s3".length) });
      expect(headerValues(store.onlyRequest, "host")).toEqual([`mlflow-minio:${store.port}`]);
      expect(mlflow.requests).toEqual([]);
    });

    test("keys arrive as they were signed", async () => {
      for (const key of ["a%20b%2B%C3%BC.txt", "a+b", "x=1/y@2/(z)", "%F0%9F%98%80", "100%25", "...", ".hidden/..x"]) {
        store.forget();
        await send(origin, { path: `/s3/mlflow/${key}?${signedQuery(DISPOSITION)}` });
        expect(store.onlyRequest.url).toBe(`/mlflow/${key}?${signedQuery(DISPOSITION)}`);
      }
    });

    test("no header that the store could take for a signature or a credential goes on", async () => {
      const forged = [
        ...["X-Amz-Content-Sha256", "X-Amz-Decoded-Content-Length", "X-Amz-Date", "X-Amz-Security-Token"],
        ...["X-Amz-Tagging", "X-Amz-Copy-Source", "X-Amz-Acl", "x-amz-meta-a", "X-AMZ-TRAILER", "X-Amz-Checksum-Crc32"],
        ...["X-Minio-Extract", "X-Minio-Source-Mtime", "X_Amz_Content_Sha256", "Authorization", "Cookie"],
      ];
      const value = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
      const headers = forged.map((name) => [name, value] as const);
      for (const [method, path] of [
        ["GET", DOWNLOAD],
        ["PUT", PART],
        ["PUT", UPLOAD],
      ] as const) {
        store.forget();
        await send(origin, { method, path, headers: [...headers, ["Range", "bytes=0-9"]], body: "content" });
        expect(store.onlyRequest.headers.filter(([, given]) => given === value)).toEqual([]);
        expect(headerValues(store.onlyRequest, "range")).toEqual(["bytes=0-9"]);
      }
    });

    test("a download tells what the client needs and nothing about the store", async () => {
      store.answer = (_request, response) =>
        response
          .writeHead(206, {
            ETag: '"abc"',
            "Content-Range": "bytes 0-3/10",
            "Accept-Ranges": "bytes",
            "Content-Type": "text/html",
            "Content-Disposition": "attachment",
            Server: "MinIO",
            "X-Amz-Request-Id": "1",
            "X-Amz-Id-2": "2",
            "X-Minio-Deployment-Id": "3",
            "X-Ratelimit-Limit": "4",
            "X-Xss-Protection": "1; mode=block",
            "Strict-Transport-Security": "max-age=1",
            "Content-Security-Policy": "block-all-mixed-content",
          })
          .end("1234");
      const answer = await send(origin, { path: DOWNLOAD, headers: [["Accept-Encoding", "gzip, zstd"]] });
      expect([answer.status, answer.body.toString()]).toEqual([206, "1234"]);
      expect(answer.headers).toMatchObject({
        etag: '"abc"',
        "content-range": "bytes 0-3/10",
        "accept-ranges": "bytes",
        "content-disposition": "attachment",
        "content-security-policy": "sandbox; default-src 'none'",
      });
      expect(Object.keys(answer.headers).filter((name) => /^x-(amz|minio|ratelimit)|^strict/.test(name))).toEqual([]);
      expectSecured(answer);
    });

    test("a part of 3 MB arrives byte by byte and its ETag comes back", async () => {
      store.answer = (_request, response) => response.writeHead(200, { ETag: '"part"' }).end();
      const body = randomBytes(3 * 1024 * 1024);
      const answer = await send(origin, { method: "PUT", path: PART, body });
      expect([answer.status, answer.headers.etag]).toEqual([200, '"part"']);
      expect(store.onlyRequest).toMatchObject({ bodyLength: body.length, bodySha256: sha256(body) });
    });

    test("a part streams: the first half has arrived before the second is sent", async () => {
      await expectUploadStreams(PART, store, []);
    });

    const key = "/s3/mlflow/1/a";
    const download = (changes: Record<string, string | undefined>) => signedQuery({ ...DISPOSITION, ...changes });
    const part = (changes: Record<string, string | undefined>) =>
      signedQuery({ partNumber: "1", uploadId: "u", ...changes });
    const holes: Array<[title: string, method: string, path: string]> = [
      ["no query", "GET", key],
      ["no signature", "GET", `${key}?${download({ "X-Amz-Signature": undefined })}`],
      ["an empty signature", "GET", `${key}?${download({ "X-Amz-Signature": "" })}`],
      ["a short signature", "GET", `${key}?${download({ "X-Amz-Signature": "abc" })}`],
      ["a signature that is not hexadecimal", "GET", `${key}?${download({ "X-Amz-Signature": "z".repeat(64) })}`],
      ["no credential", "GET", `${key}?${download({ "X-Amz-Credential": undefined })}`],
      ["no algorithm", "GET", `${key}?${download({ "X-Amz-Algorithm": undefined })}`],
      ["another algorithm", "GET", `${key}?${download({ "X-Amz-Algorithm": "AWS4-ECDSA-P256-SHA256" })}`],
      ["more signed headers", "GET", `${key}?${download({ "X-Amz-SignedHeaders": "host%3Bx-amz-date" })}`],
      ["names in lower case", "GET", `${key}?${download({}).toLowerCase()}`],
      ["a signature of version 2", "GET", `${key}?AWSAccessKeyId=a&Signature=b&Expires=1`],
      ["a signature in the fragment", "GET", `${key}?#${download({})}`],
      ["a session token", "GET", `${key}?${download({ "X-Amz-Security-Token": "t" })}`],
      ["a payload hash in the query", "PUT", `${key}?${part({ "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD" })}`],
      ["tagging", "GET", `${key}?tagging&${download({})}`],
      ["tagging at the end", "GET", `${key}?${download({})}&tagging=`],
      ["tagging in capitals of percent", "GET", `${key}?%74agging=&${download({})}`],
      ["tagging by PUT", "PUT", `${key}?tagging&${part({})}`],
      ["acl", "GET", `${key}?acl&${download({})}`],
      ["a version", "GET", `${key}?versionId=null&${download({})}`],
      ["uploads", "GET", `${key}?uploads&${download({})}`],
      ["select", "GET", `${key}?select&select-type=2&${download({})}`],
      ["a response type", "GET", `${key}?response-content-type=text%2Fhtml&${download({})}`],
      ["a semicolon between parameters", "GET", `${key}?tagging;${download({})}`],
      ["no disposition", "GET", `${key}?${signedQuery()}`],
      ["a part number on a download", "GET", `${key}?${download({ partNumber: "1" })}`],
      ["an upload id on a download", "GET", `${key}?${download({ uploadId: "u" })}`],
      ["the listing of parts", "GET", `${key}?${signedQuery({ uploadId: "u" })}`],
      ["an upload with a part number alone", "PUT", `${key}?${part({ uploadId: undefined })}`],
      ["an upload with an upload id alone", "PUT", `${key}?${part({ partNumber: undefined })}`],
      ["an upload with a disposition", "PUT", `${key}?${part(DISPOSITION)}`],
      ["POST", "POST", `${key}?${part({})}`],
      ["DELETE", "DELETE", `${key}?${download({})}`],
      ["OPTIONS", "OPTIONS", `${key}?${download({})}`],
      ["PATCH", "PATCH", `${key}?${part({})}`],
      ["COPY", "COPY", `${key}?${download({})}`],
      ["the bucket in capitals", "GET", `/s3/MLFLOW/1/a?${download({})}`],
      ["another bucket", "GET", `/s3/other/1/a?${download({})}`],
      ["a longer bucket", "GET", `/s3/mlflow2/1/a?${download({})}`],
      ["a bucket with a dot for any character", "GET", `/s3/mlfl.w/1/a?${download({})}`],
      ["an encoded bucket", "GET", `/s3/%6dlflow/1/a?${download({})}`],
      ["the bucket itself", "GET", `/s3/mlflow?${download({})}`],
      ["the bucket's root", "GET", `/s3/mlflow/?${download({})}`],
      ["the store's root", "GET", `/s3/?${download({})}`],
      ["the store's own API", "GET", `/s3/minio/admin/v3/info?${download({})}`],
      ["a key that ends in a slash", "GET", `${key}/?${download({})}`],
      ["an empty segment", "GET", `/s3/mlflow//a?${download({})}`],
      ["a way out of the bucket", "GET", `/s3/mlflow/../other/a?${download({})}`],
      ["an encoded way out of the bucket", "GET", `/s3/mlflow/%2e%2e/other/a?${download({})}`],
      ["a half encoded way out of the bucket", "GET", `/s3/mlflow/.%2E/other/a?${download({})}`],
      ["a way out by an encoded slash", "GET", `/s3/mlflow/..%2fother/a?${download({})}`],
      ["a way out by a backslash", "GET", `/s3/mlflow/..%5cother/a?${download({})}`],
      ["a way out at the end", "GET", `/s3/mlflow/a/..?${download({})}`],
      ["a way in", "GET", `/x/../s3/mlflow/1/a?${download({})}`],
      ["a doubled slash before", "GET", `//s3/mlflow/1/a?${download({})}`],
      ["a zero byte", "GET", `/s3/mlflow/a%00b?${download({})}`],
      ["S3 in capitals", "GET", `/S3/mlflow/1/a?${download({})}`],
      ["an encoded s3", "GET", `/%73%33/mlflow/1/a?${download({})}`],
      ["s3 alone", "GET", "/s3"],
    ];

    test.each(holes)("%s is closed with and without a login: %s %s", async (_title, method, path) => {
      for (const headers of [[], [LOGIN], [["X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"]]] as const) {
        expectGatewayError(await send(origin, { method, path, headers: [...headers] }), 404, "ENDPOINT_NOT_FOUND"); // prettier-ignore
      }
      expectNothingReachedTheUpstreams();
    });
  });

  describe("an upstream that is away", () => {
    test("requests of every method wait for it and are served", async () => {
      // what is sent by a connection that breaks just then may have been done, and is not sent again.
      await eventually("the gateway keeps no connection", 10, async () => (await mlflow.connections()) === 0);
      await mlflow.close();
      const waiting = ["GET", "POST", "PUT", "DELETE"].map((method) =>
        login({ path: "/x", method, body: method === "GET" ? undefined : "body" }),
      );
      await sleep(1500);
      await mlflow.listen();
      expect((await Promise.all(waiting)).map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
      expect(mlflow.requests.map((request) => request.method).sort()).toEqual(["DELETE", "GET", "POST", "PUT"]);
    });

    test("signed transfers wait for the store as well", async () => {
      await store.close();
      const waiting = send(origin, { path: PART, method: "PUT", body: "content" });
      await sleep(1000);
      await store.listen();
      expect((await waiting).status).toBe(200);
      expect(store.onlyRequest.bodyLength).toBe("content".length);
    });
  });

  test("the log has one JSON line a request and no secret", async () => {
    const secrets = {
      authorization: `secret-${randomBytes(8).toString("hex")}`,
      cookie: `secret-${randomBytes(8).toString("hex")}`,
      token: `secret-${randomBytes(8).toString("hex")}`,
      signature: randomBytes(32).toString("hex"),
      key: `secret${randomBytes(8).toString("hex")}`,
      password: `secret${randomBytes(8).toString("hex")}`,
    };
    const path = `/logged?${signedQuery({ "X-Amz-Signature": secrets.signature, "X-Amz-Credential": secrets.key, "X-Amz-Security-Token": secrets.token })}`;
    const headers = [
      ["Cookie", secrets.cookie],
      ["X-Amz-Security-Token", secrets.token],
      ["Referer", `http://localhost/?X-Amz-Signature=${secrets.signature}`],
      ["User-Agent", "log-test/1"],
    ] as const;
    await send(origin, { path, headers: [basicAuth("admin", secrets.authorization), ...headers] });
    await login({ path, headers });
    const signed = signedQuery({ ...DISPOSITION, "X-Amz-Signature": secrets.signature, "X-Amz-Credential": secrets.key }); // prettier-ignore
    // Caddy reports an answer that breaks off outside of the access log, with the whole request.
    store.answer = (_request, response) => {
      response.writeHead(200, { "content-length": "9" }).write("cut", () => response.destroy());
    };
    await expect(send(origin, { path: `/s3/mlflow/cut?${signed}`, headers })).rejects.toThrow();
    store.answer = (_request, response) => response.destroy();
    await send(origin, { path: `/s3/mlflow/logged?${signed}`, method: "HEAD", headers });
    await send(origin, { path: `/s3/mlflow/logged?tagging&${signed}`, headers });
    await send(origin, { path: `/s3/mlflow/logged?X-Amz-Date=20261124T022132Z&${signed.toLowerCase()}`, headers });
    const named = `http://admin:${secrets.password}@localhost/logged?X-Amz-Date=20261124T022132Z`;
    await send(origin, { path: named, headers: [LOGIN, ...headers] });
    await send(origin, { path: "/healthz", headers });

    const text = await gatewayLog(gateway.name, origin);
    const lines = text.trim().split("\n");
    for (const secret of [...Object.values(secrets), PASSWORD, LOGIN[1].split(" ")[1]]) {
      expect(text.includes(secret)).toBe(false);
    }
    const entries = lines.map((line) => JSON.parse(line));
    const access = entries.filter((entry) => entry.msg === "handled request");
    expect(access.filter((entry) => entry.request.uri.startsWith("/healthz"))).toEqual(
      access.filter((entry) => entry.status !== 200 && entry.request.uri.startsWith("/healthz")),
    );
    expect(entries.filter((entry) => entry.msg === "aborting with incomplete response")).toHaveLength(1);
    const logged = access.filter((entry) => entry.user_agent === "log-test/1");
    expect(logged.map(({ failed_user }) => failed_user)).toEqual(["admin", ...Array<undefined>(6)]);
    expect(logged.map((entry) => [entry.request.method, entry.status, entry.user_id])).toEqual([
      ["GET", 401, ""],
      ["GET", 200, "admin"],
      ["GET", 200, ""],
      ["HEAD", 502, ""],
      ["GET", 404, ""],
      ["GET", 404, ""],
      ["GET", 200, "admin"],
    ]);
    for (const entry of logged) {
      expect(entry).toMatchObject({ duration: expect.any(Number), size: expect.any(Number) });
      expect(entry.request.headers).toBeUndefined();
      expect(entry.request.uri).toContain("X-Amz-Date");
    }
  });

  async function expectUploadStreams(
    path: string,
    upstream: RecordingUpstream,
    headers: SendOptions["headers"],
  ): Promise<void> {
    const half = randomBytes(1024 * 1024);
    const length = ["Content-Length", String(2 * half.length)] as const;
    const request = open(origin, { path, method: "PUT", headers: [...(headers ?? []), length] });
    const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
      request.once("response", resolve).once("error", reject);
    });
    request.write(half);
    await until(() => upstream.requests[0]?.bodyLength === half.length);
    request.end(half);
    expect((await answered).resume().statusCode).toBe(200);
    expect(upstream.onlyRequest.bodySha256).toBe(sha256(Buffer.concat([half, half])));
  }
});

describe("a gateway with proxied transfers", () => {
  const credentials = LOGIN;
  let origin: string;

  beforeAll(async () => {
    const hsts = "max-age=31536000; includeSubDomains";
    // over TLS, which ends before the gateway.
    const tls = { TLS: "terminated", TRUSTED_PROXIES: "192.0.2.1", STRICT_TRANSPORT_SECURITY: hsts };
    const gateway = await startGateway({ TRANSFERS: "proxied", ...tls });
    origin = gateway.origin;
  });

  test.each(["/api/3.0/mlflow/server-info", "/ajax-api/3.0/mlflow/server-info", "/api/3.0/mlflow/server-info/"])(
    "%s has no presigned transfers, and all else that the server can do",
    async (path) => {
      expectGatewayError(await send(origin, { path }), 401, "UNAUTHENTICATED");
      expectNothingReachedTheUpstreams();
      const capabilities = {
        ...{ store_type: "SqlStore", workspaces_enabled: true, trace_archival_enabled: false },
        ...{ multipart_uploads_enabled: true, multipart_downloads_enabled: true },
        ...{ presigned_upload_run_id_supported: true, presigned_upload_model_id_supported: true },
        features_enabled: { gateway: true },
      };
      const compressed = { headers: [credentials, ["Accept-Encoding", "gzip, zstd"] as const] };
      for (const spaces of [undefined, 2]) {
        const body = JSON.stringify(capabilities, undefined, spaces);
        mlflow.answer = (_request, response) =>
          response.writeHead(200, { "content-type": "application/json" }).end(body);
        const answer = await send(origin, { path, ...compressed });
        expect(JSON.parse(answer.body.toString())).toEqual({
          ...capabilities,
          ...{ multipart_uploads_enabled: false, multipart_downloads_enabled: false },
          ...{ presigned_upload_run_id_supported: false, presigned_upload_model_id_supported: false },
        });
      }
    },
  );

  test("there is no way to a store", async () => {
    for (const headers of [[], [credentials]]) {
      expectGatewayError(await send(origin, { path: DOWNLOAD, headers }), 404, "ENDPOINT_NOT_FOUND");
      expectGatewayError(await send(origin, { path: PART, method: "PUT", headers }), 404, "ENDPOINT_NOT_FOUND");
    }
    expectNothingReachedTheUpstreams();
  });

  test("presigned addresses of a store elsewhere are not changed", async () => {
    const body = `{"url": "http://mlflow-minio:${store.port}/mlflow/1/a"}`;
    mlflow.answer = (_request, response) => response.writeHead(200, { "content-type": "application/json" }).end(body);
    const path = "/api/2.0/mlflow-artifacts/presigned/1/a";
    expect((await send(origin, { path, headers: [credentials] })).body.toString()).toBe(body);
  });

  test("Strict-Transport-Security is sent once, with errors too, when it is set", async () => {
    mlflow.answer = (_request, response) => response.writeHead(200, { "Strict-Transport-Security": "max-age=1" }).end();
    for (const headers of [[], [credentials]]) {
      const answer = await send(origin, { path: "/", headers });
      expect(answer.all("strict-transport-security")).toEqual(["max-age=31536000; includeSubDomains"]);
    }
  });
});

describe("a gateway to one folder of a bucket elsewhere", () => {
  let origin: string;

  beforeAll(async () => {
    origin = (await startGateway({ STORE_PATH: "models/team.a/mlflow" })).origin;
  });

  test("carries signed transfers into that folder", async () => {
    const path = `/s3/models/team.a/mlflow/1/run/artifacts/model.pkl?${signedQuery(DISPOSITION)}`;
    expect((await send(origin, { path })).status).toBe(200);
    expect(store.onlyRequest.url).toBe(path.slice("/s3".length));
  });

  test.each([
    ["another folder", "/s3/models/team.b/mlflow/1/a"],
    ["a folder that only begins like it", "/s3/models/team.a/mlflow2/1/a"],
    ["a folder that a dot would match", "/s3/models/teamXa/mlflow/1/a"],
    ["the folder above", "/s3/models/team.a/1/a"],
    ["the folder itself", "/s3/models/team.a/mlflow"],
    ["a way out of the folder", "/s3/models/team.a/mlflow/../other/a"],
    ["the folder in capitals", "/s3/models/TEAM.A/mlflow/1/a"],
    ["an encoded slash in the folder", "/s3/models/team.a%2Fmlflow/1/a"],
    ["another bucket", "/s3/other/team.a/mlflow/1/a"],
  ])("%s is closed: %s", async (_title, path) => {
    for (const [method, changes] of [
      ["GET", DISPOSITION],
      ["PUT", { partNumber: "1", uploadId: "u" }],
    ] as const) {
      expectGatewayError(
        await send(origin, { method, path: `${path}?${signedQuery(changes)}` }),
        404,
        "ENDPOINT_NOT_FOUND",
      );
    }
    expectNothingReachedTheUpstreams();
  });
});

describe("a gateway to a store that clients reach themselves", () => {
  let origin: string;

  beforeAll(async () => {
    origin = (await startGateway({ TRANSFERS: "reachable" })).origin;
  });

  test("hands out its addresses as they are, and has no way there itself", async () => {
    const body = `{"url": "http://mlflow-minio:${store.port}/mlflow/1/a"}`;
    mlflow.answer = (_request, response) => response.writeHead(200, { "content-type": "application/json" }).end(body);
    const path = "/api/2.0/mlflow-artifacts/presigned/1/a";

    expect((await send(origin, { path, headers: [LOGIN] })).body.toString()).toBe(body);
    expectGatewayError(await send(origin, { path: DOWNLOAD, headers: [LOGIN] }), 404, "ENDPOINT_NOT_FOUND");
    expect(store.requests).toEqual([]);
  });

  test("tells clients what the server can do", async () => {
    expect((await send(origin, { path: "/api/3.0/mlflow/server-info", headers: [LOGIN] })).status).toBe(200);
  });
});

describe("a gateway with a low limit and little patience", () => {
  let gateway: GatewayContainer;

  beforeAll(async () => {
    gateway = await startGateway({ RATE_LIMIT_EVENTS: "5", RATE_LIMIT_WINDOW: "3s", UPSTREAM_WAIT: "1s" });
  });

  // The window slides: after its length nothing of the test before counts.
  beforeEach(() => sleep(3100));

  test("too many requests are refused before the login and served again after Retry-After", async () => {
    const attempts: Received[] = [];
    for (let i = 0; i < 8; i++) {
      attempts.push(await send(gateway.origin, { path: "/", headers: [basicAuth("admin", "wrong")] }));
    }
    expect(attempts.map((answer) => answer.status)).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    const refused = await send(gateway.origin, { path: "/", headers: [LOGIN] });
    expectGatewayError(refused, 429, "RESOURCE_EXHAUSTED");
    expectNothingReachedTheUpstreams();

    const seconds = Number(refused.headers["retry-after"]);
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(4);
    await sleep(seconds * 1000);
    expect((await send(gateway.origin, { path: "/", headers: [LOGIN] })).status).toBe(200);
  });

  test("the address that a client claims does not give it another limit", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) {
      const headers = [["X-Forwarded-For", `192.0.2.${i}`]] as const;
      statuses.push((await send(gateway.origin, { path: "/", headers })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
  });

  test("who was refused is in the log with a masked address, if addresses are masked", async () => {
    const masked = await startGateway({ RATE_LIMIT_EVENTS: "1", RATE_LIMIT_WINDOW: "1m", ACCESS_LOG_IPV4_BITS: "16" });
    await eventually("a request is refused", 10, async () => (await send(masked.origin, { path: "/" })).status === 429);
    const addresses = await eventually("the refusal is in the log", 10, async () => {
      const refused = (await masked.logLines()).map((line) => JSON.parse(line)).filter(({ msg }) => msg === "rate limit exceeded"); // prettier-ignore
      return refused.length > 0 && refused.map(({ remote_ip }) => remote_ip);
    });
    for (const address of addresses) expect(address).toMatch(/^\d+\.\d+\.0\.0$/);
  });

  test("all addresses that one customer of IPv6 has are one client", async () => {
    const behindProxy = await startGateway({
      ...{ RATE_LIMIT_EVENTS: "3", RATE_LIMIT_WINDOW: "1m", URL_SCHEME: "https" },
      ...{ TLS: "terminated", TRUSTED_PROXIES: "private_ranges" },
    });
    const statuses: number[] = [];
    for (const address of ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3", "2001:db8::4", "2001:db8:0:1::1"]) {
      statuses.push((await send(behindProxy.origin, { path: "/", headers: [["X-Forwarded-For", address]] })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 429, 401]);
  });

  test("health checks and signed transfers of many parts are not held up by it", async () => {
    const health = await Promise.all(Array.from({ length: 50 }, () => send(gateway.origin, { path: "/healthz" })));
    const parts = await Promise.all(
      Array.from({ length: 200 }, () => send(gateway.origin, { path: PART, method: "PUT", body: "part" })),
    );
    expect(new Set([...health, ...parts].map((answer) => answer.status))).toEqual(new Set([200]));
    expect(store.requests).toHaveLength(200);
  });

  test("a flood of signed transfers is refused", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 22; i++) {
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => send(gateway.origin, { path: DOWNLOAD, method: "HEAD" })),
      );
      statuses.push(...answers.map((answer) => answer.status));
    }
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(2000);
    expect(statuses).toContain(429);
  });

  test("a request that has waited in vain gets 502 in MLflow's form", async () => {
    await mlflow.close();
    try {
      const before = Date.now();
      const answer = await send(gateway.origin, { path: "/", headers: [LOGIN] });
      expectGatewayError(answer, 502, "TEMPORARILY_UNAVAILABLE");
      expect(Date.now() - before).toBeGreaterThanOrEqual(1000);
    } finally {
      await mlflow.listen();
    }
  });
});

test("a request waits for an upstream whose name does not exist yet", async () => {
  const gateway = await startGateway({ UPSTREAM: "late-server:5000" });
  const waiting = send(gateway.origin, { path: "/", method: "POST", headers: [LOGIN], body: "x" });
  await sleep(1000);
  await gateway.startNeighbour("late-server", "caddy", "respond", "--listen", ":5000", "here at last");
  const answer = await waiting;
  expect([answer.status, answer.body.toString()]).toEqual([200, "here at last"]);
});

test("with an https address the gateway serves TLS and names it in presigned addresses", async () => {
  const gateway = await startGateway(
    { SITE_ADDRESS: "https://localhost", URL_SCHEME: "https", STRICT_TRANSPORT_SECURITY: "max-age=300" },
    { port: 443, scheme: "https" },
  );
  mlflow.answer = (_request, response) =>
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ url: `http://mlflow-minio:${store.port}/mlflow/a` }));
  const answer = await send(gateway.origin, {
    path: "/api/2.0/mlflow-artifacts/presigned/a",
    headers: [LOGIN, ["Host", "localhost"]],
  });
  expect(JSON.parse(answer.body.toString())).toEqual({ url: "https://localhost/s3/mlflow/a" });
  expect(answer.headers["strict-transport-security"]).toBe("max-age=300");
  expectSecured(answer);
  expect(headerValues(mlflow.onlyRequest, "x-forwarded-proto")).toEqual(["https"]);
  expect(await gateway.exec("wget", "-q", "-O", "-", HEALTH_CHECK)).toBe("ok");

  mlflow.answer = (_request, response) => response.writeHead(307, { Location: "http://localhost/graphql" }).end();
  const redirect = await send(gateway.origin, { path: "/graphql/", method: "POST", headers: [LOGIN, ["Host", "localhost"], ["Content-Type", "application/json"]], body: '{"query":"{ mlflowSearchRuns { __typename } }"}' }); // prettier-ignore
  expect([redirect.status, redirect.headers.location]).toEqual([307, "https://localhost/graphql"]);
});

test.each([
  ["only reports", { CONTENT_SECURITY_POLICY: "", CONTENT_SECURITY_POLICY_REPORT_ONLY: "default-src 'self'" }],
  ["has no policy", { CONTENT_SECURITY_POLICY: "" }],
])("a gateway that %s says so on answers and errors", async (_title, settings) => {
  const { origin } = await startGateway(settings);
  mlflow.answer = (_request, response) => response.writeHead(200, { "Content-Security-Policy": "mlflow's own" }).end();
  const answers = [await send(origin, { path: "/", headers: [LOGIN] }), await send(origin, { path: "/" })];
  expect(answers.map(({ status }) => status)).toEqual([200, 401]);
  const { CONTENT_SECURITY_POLICY_REPORT_ONLY: reported } = { CONTENT_SECURITY_POLICY_REPORT_ONLY: undefined, ...settings }; // prettier-ignore
  for (const { headers } of answers) {
    expect(headers["content-security-policy"]).toBeUndefined();
    expect(headers["content-security-policy-report-only"]).toBe(reported);
  }
});

test("MLflow gets the gateway's key, not a client's", async () => {
  // any file will do.
  const gateway = await startGateway({ UPSTREAM_KEY: "/etc/caddy/users.json" });
  const key = (await gateway.exec("cat", "/etc/caddy/users.json")).trim();
  await send(gateway.origin, { path: "/version", headers: [LOGIN, ["X-Gateway-Key", "forged"]] });

  expect(headerValues(mlflow.onlyRequest, "x-gateway-key").map((value) => value.trim())).toEqual([key]);
});

test("only the page that notebooks frame may be framed by others", async () => {
  const policy = "default-src 'none'; frame-ancestors 'self'; base-uri 'self'";
  const { origin } = await startGateway({ CONTENT_SECURITY_POLICY: policy });
  const headersOf = async (path: string) => {
    const { headers } = await send(origin, { path, headers: [LOGIN] });
    return [headers["x-frame-options"], headers["cross-origin-resource-policy"], headers["content-security-policy"]];
  };
  const folder = "/static-files/lib/notebook-trace-renderer";

  expect(await headersOf(`${folder}/index.html?trace_id=tr-0`)).toEqual([
    undefined,
    "cross-origin",
    "default-src 'none'; frame-ancestors *; base-uri 'self'",
  ]);
  for (const path of [
    "/",
    folder,
    "/static-files/lib/other/index.html",
    "/x/static-files/lib/notebook-trace-renderer/",
  ]) {
    expect([path, ...(await headersOf(path))]).toEqual([path, "SAMEORIGIN", "same-origin", policy]);
  }
});

test("a host that MLflow does not serve is told what to set, and other refusals of MLflow stay", async () => {
  const { origin } = await startGateway();
  for (const type of ["text/plain", "text/plain; charset=utf-8"]) {
    mlflow.answer = (_request, response) =>
      response.writeHead(403, { "content-type": type }).end("Invalid Host header");
    const answer = await send(origin, { path: "/version", headers: [LOGIN, ["Host", "mlflow.lan"]] });
    expectGatewayError(answer, 403, "PERMISSION_DENIED");
    for (const name of ["MLFLOW_URL", "hostNames"]) expect(answer.body.toString()).toContain(name);
  }
  mlflow.answer = (_request, response) => response.writeHead(403, { "content-type": "application/json" }).end("{}");
  expect((await send(origin, { path: "/version", headers: [LOGIN] })).body.toString()).toBe("{}");
});

test("what goes to oauth2-proxy before a login is small", async () => {
  const { origin } = await startGateway({ ...OAUTH2, OAUTH2_PROXY: `mlflow-server:${mlflow.port}` });
  const post = (length: number) =>
    send(origin, { path: "/oauth2/callback", method: "POST", body: Buffer.alloc(length, "a") });

  expect((await post(60_000)).status).toBe(200);
  expect(mlflow.onlyRequest).toMatchObject({ url: "/oauth2/callback", bodyLength: 60_000 });
  mlflow.forget();
  expectGatewayError(await post(1_000_000), 413, "INVALID_PARAMETER_VALUE");
  expect(mlflow.requests.filter(({ bodySha256 }) => bodySha256 !== undefined)).toEqual([]);
});

describe("the store's S3 API on a port of its own", () => {
  const CREDENTIAL = "AWS4-HMAC-SHA256 Credential=key/20261124/us-east-1/s3/aws4_request";
  const SIGNED = [
    "Authorization",
    `${CREDENTIAL}, SignedHeaders=host;x-amz-date, Signature=${"0123456789abcdef".repeat(4)}`,
  ] as const;
  let origin: string;

  beforeAll(async () => {
    const settings = { S3_API: "plain", S3_API_ADDRESS: "http://:9000", S3_API_UPSTREAM: `mlflow-minio:${store.port}` };
    const gateway = await startGateway(settings, { flags: ["--publish", "127.0.0.1::9000"] });
    origin = await gateway.address(9000);
  });

  test.each([
    ["GET", "/mlflow?list-type=2", [SIGNED]],
    ["PUT", "/mlflow/a%20b", [SIGNED, ["X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"]]],
    ["POST", "/mlflow?delete", [SIGNED]],
    ["GET", `/mlflow/a?${signedQuery()}`, []],
    ["GET", "/mlflow/a", [["Authorization", SIGNED[1].replaceAll(", ", ",")]]],
  ] as const)("%s %s reaches the store as it was signed", async (method, path, headers) => {
    const body = method === "GET" ? undefined : "x";
    await send(origin, { method, path, headers: [["Host", "s3.example.com:9000"], ...headers], body });
    expect(store.onlyRequest).toMatchObject({ method, url: path });
    expect(headerValues(store.onlyRequest, "host")).toEqual(["s3.example.com:9000"]);
    for (const [name, value] of headers) expect(headerValues(store.onlyRequest, name)).toEqual([value]);
  });

  test.each([
    ["nothing", []],
    ["a password", [LOGIN]],
    ["a signature of version 2", [["Authorization", "AWS key:signature"]]],
    ["a cookie", [["Cookie", "token=x"]]],
    ["half of one", [["Authorization", CREDENTIAL]]],
    ["one behind an empty one", [["Authorization", ""], SIGNED]],
    ["one before another", [SIGNED, LOGIN]],
  ] as const)("%s is no signature", async (_title, headers) => {
    for (const path of ["/", "/mlflow", "/mlflow/a", "/mlflow/a?X-Amz-Signature", "/mlflow/a?x-amz-signature=a"]) {
      expectGatewayError(await send(origin, { path, headers }), 403, "PERMISSION_DENIED");
    }
    expectNothingReachedTheUpstreams();
  });

  test.each([
    "/minio/admin/v3/info",
    "/MINIO/health/live",
    "//minio/health/live",
    "/%6dinio/v2/metrics/cluster",
    "/minio",
    "/crossdomain.xml",
    "//Crossdomain.xml/",
  ])("%s of the store is closed", async (path) => {
    expectGatewayError(await send(origin, { path, headers: [SIGNED] }), 404, "ENDPOINT_NOT_FOUND");
    expectNothingReachedTheUpstreams();
  });

  test("a signed header arrives, also when the client names it as one of its connection", async () => {
    await send(origin, { path: "/mlflow/a", headers: [SIGNED, ["Connection", "Authorization, X-Amz-Date"]] });
    expect(headerValues(store.onlyRequest, "authorization")).toEqual([SIGNED[1]]);
  });

  test("a signature in the address comes without a header that could weaken it", async () => {
    await send(origin, {
      method: "PUT",
      path: `/mlflow/a?${signedQuery()}`,
      headers: [["X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"]],
      body: "x",
    });
    expect(headerValues(store.onlyRequest, "x-amz-content-sha256")).toEqual([]);
  });
});

function sha256(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, milliseconds));
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("did not become true within 10 s");
    await sleep(20);
  }
}
