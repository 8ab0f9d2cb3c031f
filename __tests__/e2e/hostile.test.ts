import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CADDY_FOLDER, GatewayContainer } from "../support/servers/gateway-container";
import type { GatewayOptions } from "../support/servers/gateway-container";
import { Random, hostileHeaders, hostileRequest } from "../support/clients/hostile-requests";
import { sendHttp1, sendHttp2 } from "../support/clients/hostile-sender";
import type { Answered } from "../support/clients/hostile-sender";
import { RecordingUpstream, headerValues } from "../support/servers/recording-upstream";

jest.setTimeout(5 * 60_000);

/** `HOSTILE_SEED=… npx jest …` repeats a run. */
const SEED = Number(process.env.HOSTILE_SEED ?? Date.now() % 2 ** 31);
const HTTP1_REQUESTS = 17_000;
const HTTP2_REQUESTS = 4_000;
const OTHER_REQUESTS = 4_000;
const WEAK_REQUESTS = 4_000;
const USERS = [{ name: "admin", role: "admin", password: "nobody-guesses-this-one" }];

const mlflow = RecordingUpstream.forTests();
const store = RecordingUpstream.forTests();
const issuer = RecordingUpstream.forTests();

/** What reached an upstream from outside; the gateway's own questions of /readyz have no request id. */
const reached = () =>
  [...mlflow.requests, ...store.requests]
    .filter((request) => headerValues(request, "x-request-id").length > 0 || !isQuestion(request.url))
    .map(({ method, url }) => `${method} ${url}`);

const isQuestion = (url: string) =>
  [
    "/api/2.0/mlflow/experiments/search?max_results=1",
    "/api/2.0/mlflow-artifacts/artifacts?path=gateway-readiness-no-such-folder",
  ].includes(url);

async function withGateway(options: GatewayOptions, use: (gateway: GatewayContainer) => Promise<void>): Promise<void> {
  const gateway = await GatewayContainer.start({
    ...options,
    users: USERS,
    settings: { UPSTREAM: `mlflow-server:${mlflow.port}`, STORE: `mlflow-minio:${store.port}`, ...options.settings },
  });
  try {
    await use(gateway);
  } finally {
    await gateway.remove();
  }
}

const requests = (count: number, random = new Random(SEED)) =>
  Array.from({ length: count }, () => hostileRequest(random));

// of /healthz and /readyz at whatever address means these, and Go's to `OPTIONS *`, which nothing behind it hears.
const OPEN = ["ok", "ready", ""];

/** Nothing but refusals, and an answer to almost all: else the requests did not get as far as a check. */
function expectRefused(answers: Answered[], unanswered: number): void {
  const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length;
  const served = answers.filter(({ status }) => status >= 200 && status < 400);
  expect(served.filter(({ status, body }) => status !== 200 || !OPEN.includes(body))).toEqual([]);
  expect(count(401)).toBeGreaterThan(answers.length / 3);
  expect(count(0)).toBeLessThan(answers.length * unanswered);
}

describe(`Requests of strangers, HOSTILE_SEED=${SEED}`, () => {
  test(`${HTTP1_REQUESTS} over HTTP/1 reach neither MLflow nor the store`, async () => {
    await withGateway({}, async ({ origin }) => {
      const answers = await sendHttp1(origin, requests(HTTP1_REQUESTS));

      expect(reached()).toEqual([]);
      expectRefused(answers, 0.02);
    });
  });

  test(`${HTTP2_REQUESTS} over HTTP/2 and TLS reach neither MLflow nor the store`, async () => {
    const https = {
      SITE_ADDRESS: "https://localhost",
      URL_SCHEME: "https",
      TLS: "internal",
      TLS_DEFAULT_NAME: "localhost",
    };
    await withGateway({ settings: https, scheme: "https", port: 443 }, async ({ origin }) => {
      const random = new Random(SEED);
      const answers = await sendHttp2(
        origin,
        Array.from({ length: HTTP2_REQUESTS }, () => hostileHeaders(random)),
      );

      expect(reached()).toEqual([]);
      // the server resets streams whose paths it does not take for one.
      expectRefused(answers, 0.35);
    });
  });

  test(`${OTHER_REQUESTS} reach neither MLflow nor the store while browsers log in at an issuer`, async () => {
    // oauth2-proxy's place: it knows nobody.
    issuer.answer = (_request, response) => response.writeHead(401).end();
    const settings = {
      ...{ AUTH_METHOD: "oauth2", OAUTH2_PROXY: `mlflow-server:${issuer.port}`, OAUTH2_COOKIE: "__Host-gateway" },
      ...{ OAUTH2_LOGOUT: "/oauth2/sign_out", WRITE_GROUPS: "writers", ADMIN_GROUPS: "admins" },
      ...{ WRITE_EMAILS: "", ADMIN_EMAILS: "", READ_MACHINES: "", WRITE_MACHINES: "", ADMIN_MACHINES: "" },
    };
    await withGateway({ settings }, async ({ origin }) => {
      const answers = await sendHttp1(origin, requests(OTHER_REQUESTS));

      expect(reached()).toEqual([]);
      expect(answers.filter(({ status }) => status === 401).length).toBeGreaterThan(OTHER_REQUESTS / 3);
    });
  });

  test(`${OTHER_REQUESTS} do not reach the store's console`, async () => {
    const settings = { CONSOLE: "plain", CONSOLE_ADDRESS: "http://:9001", CONSOLE_UPSTREAM: `mlflow-minio:${store.port}` }; // prettier-ignore
    await withGateway({ settings, flags: ["--publish", "127.0.0.1::9001"] }, async (gateway) => {
      const answers = await sendHttp1(await gateway.address(9001), requests(OTHER_REQUESTS));

      expect(reached()).toEqual([]);
      expect(answers.filter(({ status }) => status >= 200 && status < 400 && status !== 200)).toEqual([]);
      expect(answers.filter(({ status }) => status === 401).length).toBeGreaterThan(OTHER_REQUESTS / 3);
    });
  });

  /** Mistakes that gateways of others have had, each in a copy of the files: what is replaced, and by what. */
  const WEAKENED: [string, string, string | RegExp, string][] = [
    [
      "lets a path through that begins like an open one",
      "Caddyfile",
      /@health path_regexp [^\n]*\n\t\thandle @health \{[^}]*\}/,
      "@health path /static-files/* /health*\n\t\thandle @health {\n\t\t\treverse_proxy {$UPSTREAM}\n\t\t}",
    ],
    [
      "asks for a login by a list of paths in lower case",
      "auth/basic.caddy",
      /^/,
      "@unlisted not path_regexp ^/(?:$|[^A-Z]*$)\nhandle @unlisted {\n\treverse_proxy {$UPSTREAM}\n}\n",
    ],
    [
      "takes any signature for one",
      "transfers/direct.caddy",
      /@signed \{[\s\S]*?\n\t\}\n/,
      "@signed path /s3/{$STORE_PATH}/*\n",
    ],
    [
      "believes any Authorization that is not Basic to be checked behind it",
      "auth/basic.caddy",
      /^/,
      "@token {\n\theader Authorization *\n\tnot header Authorization Basic*\n}\nhandle @token {\n\treverse_proxy {$UPSTREAM}\n}\n",
    ],
    [
      "sends artifacts on before the login",
      "Caddyfile",
      "\t\timport auth/{$AUTH_METHOD}.caddy\n",
      "\t\t@files path_regexp /mlflow-artifacts/\n\t\thandle @files {\n\t\t\timport mlflow 0s 0 off any_type\n\t\t}\n\t\timport auth/{$AUTH_METHOD}.caddy\n",
    ],
    [
      "compares the bucket without its case",
      "transfers/direct.caddy",
      "vars_regexp {http.request.uri} ^/s3/",
      "vars_regexp {http.request.uri} (?i)^/s3/",
    ],
    [
      "believes who somebody says to be",
      "auth/basic.caddy",
      /^/,
      "@known header X-Forwarded-User *\nhandle @known {\n\treverse_proxy {$UPSTREAM}\n}\n",
    ],
  ];

  test.each(WEAKENED)("catch a gateway that %s", async (_title, name, from, to) => {
    const folder = mkdtempSync(join(tmpdir(), "weak-gateway-"));
    try {
      cpSync(CADDY_FOLDER, folder, { recursive: true });
      const file = join(folder, name);
      const text = readFileSync(file, "utf8");
      const weak = text.replace(from, () => to);
      expect(weak).not.toBe(text);
      writeFileSync(file, weak);

      await withGateway({ folder }, async ({ origin }) => {
        await sendHttp1(origin, requests(WEAK_REQUESTS), () => reached().length > 0);
      });
      expect(reached().length).toBeGreaterThan(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
