import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { GATEWAY_KEY_FILE } from "../lib/contract/secret-files";
import { launchBrowser } from "../__tests__/support/clients/browser";
import { IdentityProvider } from "../__tests__/support/servers/identity-provider";
import { LOGIN, PORT, STACK, STACK_URL, removeAll } from "./bench-stack";
import type { Compiled } from "./compiled";
import { TerraformContestant } from "./contestants";
import { runProgram } from "./program";

const PLAIN = `${STACK}-plain`;
const PATIENCE = 120_000;
const ISSUER_PORT = 18181;
const PERSON = "rea";
const DOMAIN = "corp.example";
const MACHINE = "batch";

/** Ways to log in, each with the maximum number of milliseconds by which it may slow down a call at p50. */
export const GATEWAY_WAYS = {
  "user with a password": 1,
  "browser's session": 3,
  "machine's token": 3,
} as const;

// Workspaces need a user who has one. Only a file of users can name it.
const FEATURE_SETTINGS = {
  ALL_FEATURES: "true",
  MLFLOW_USERS_FILE: join(__dirname, "apps", "users.json"),
  AUTH_PASSWORD: undefined,
};

/** Times of the calls of one client to a server with one worker, in milliseconds. */
interface CallTimes {
  /** Median, and 99th percentile. */
  readonly p50: number;
  readonly p99: number;

  /** Mean difference between the medians of this way and of direct calls, over many connections, and its standard error. */
  readonly more: number;
  readonly doubt: number;
}

/** Rate of the calls of 8 clients at the same time to a server with its default number of workers. */
interface CallRate {
  /** Calls in a second. */
  readonly rate: number;

  /** Standard error of the difference from the rate of direct calls, over many turns. */
  readonly doubt: number;
}

/** Measurements of one kind of call by one way. */
export interface GatewayRow extends CallTimes {
  readonly call: string;
  readonly way: string;
  readonly throughput: CallRate;
}

/** The JSON that `gateway_client.py` prints. */
interface Answers<Figures> {
  readonly first: { readonly [way: string]: number };
  readonly results: (Figures & { readonly call: string; readonly way: string })[];
}

/** Measurements of the gateway. */
export interface GatewayFigures {
  readonly rows: GatewayRow[];

  /** Milliseconds of the first call of a user with a password. The gateway hashes the password for this call only. */
  readonly firstLogin: number;
}

/**
 * Measures calls through the gateway, to the server directly, and to MLflow in its usual deployment.
 *
 * @param allFeatures whether every feature of MLflow is switched on.
 */
export async function measureGateway(
  compiled: Compiled,
  rounds: number,
  allFeatures: boolean,
  progress: (line: string) => void,
): Promise<GatewayFigures> {
  const issuer = await IdentityProvider.start({
    port: ISSUER_PORT,
    accounts: { [PERSON]: { email: `${PERSON}@${DOMAIN}`, email_verified: true } },
    gateways: [STACK_URL],
    machines: { [MACHINE]: {} },
  });
  try {
    const app = compiled.file("bench", "apps", "gateway.js");
    const ask = async <Figures>(what: "times" | "rates", serverSettings = {}) => {
      const terraform = new TerraformContestant(compiled, app, {
        ...loginSettings(issuer),
        ...(allFeatures && FEATURE_SETTINGS),
        ...serverSettings,
      });
      progress("deploying");
      await removeAll();
      await terraform.reset();
      await terraform.start();
      progress("starting MLflow as people run it");
      await startPlain();
      progress(`asking for ${what}`);
      const settings = { ways: await waysTo(issuer), host_header: `localhost:${PORT}`, rounds, what };
      return JSON.parse(await runClient(settings)) as Answers<Figures>;
    };
    // One worker: a connection stays with its worker, and the workers differ more than the ways do.
    const times = await ask<CallTimes>("times", { WORKERS: "1" });
    const rates = await ask<CallRate>("rates");
    await removeAll();
    const rows = times.results.map((row) => {
      const throughput = rates.results.find(({ call, way }) => call === row.call && way === row.way);
      return { ...row, throughput: throughput ?? { rate: NaN, doubt: NaN } };
    });
    return { rows, firstLogin: times.first["user with a password"] ?? NaN };
  } finally {
    await issuer.stop();
  }
}

async function waysTo(issuer: IdentityProvider) {
  const gateway = { host: "127.0.0.1", port: PORT };
  const credentials: { [way in keyof typeof GATEWAY_WAYS]: object } = {
    "user with a password": { Authorization: `Basic ${Buffer.from(LOGIN).toString("base64")}` },
    "browser's session": { Cookie: await sessionCookie() },
    "machine's token": { Authorization: `Bearer ${await issuer.machineToken(MACHINE)}` },
  };
  // MLflow answers its gateway only.
  const key = (await runProgram("docker", ["exec", `${STACK}-server`, "cat", GATEWAY_KEY_FILE])).trim();
  const headers = { "X-Gateway-Key": key };
  return {
    directly: { host: `${STACK}-server`, port: 5000, headers },
    ...Object.fromEntries(Object.entries(credentials).map(([way, own]) => [way, { ...gateway, headers: own }])),
    "MLflow as people run it": { host: PLAIN, port: 5000, headers },
  };
}

function loginSettings(issuer: IdentityProvider) {
  return {
    OAUTH2_CLIENT_ID: IdentityProvider.CLIENT_ID,
    OAUTH2_CLIENT_SECRET: issuer.clientSecret,
    TF_VAR_oauth2_client_secret: issuer.clientSecret,
    OAUTH2_ISSUER_URL: issuer.issuer,
    OAUTH2_ISSUER_CERTIFICATE: issuer.certificate,
    OAUTH2_ALLOWED_DOMAINS: DOMAIN,
    OAUTH2_AUDIENCES: IdentityProvider.AUDIENCE,
    OAUTH2_WRITE_EMAILS: `${PERSON}@${DOMAIN}`,
    OAUTH2_WRITE_SERVICE_ACCOUNTS: MACHINE,
  };
}

/** The session cookie of a person who has logged in at the issuer. */
async function sessionCookie(): Promise<string> {
  const browser = await launchBrowser();
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await page.goto(`${STACK_URL}/version`);
    await page.getByPlaceholder("Enter any login").fill(PERSON);
    await page.getByPlaceholder("and password").fill("any");
    await page.getByRole("button", { name: "Sign-in" }).click();
    await page.waitForURL(`${STACK_URL}/**`);
    const cookies = await context.cookies(STACK_URL);
    return cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  } finally {
    await browser.close();
  }
}

// The client shares the gateway's network namespace, so that all ways to MLflow use the same network.
async function runClient(settings: object): Promise<string> {
  const image = (await runProgram("docker", ["inspect", "-f", "{{.Image}}", `${STACK}-server`])).trim();
  const program = readFileSync(join(__dirname, "gateway_client.py"), "utf8");
  return runProgram(
    "docker",
    [
      ...["run", "--rm", "-i", "--name", `${STACK}-caller`, "--network", `container:${STACK}-gateway`],
      ...["--entrypoint", "python", image, "-"],
    ],
    { input: `import json\nsettings = json.loads(${JSON.stringify(JSON.stringify(settings))})\n${program}` },
  );
}

/** MLflow on the same database with four workers, and with asyncio's event loop, as in an image without uvloop. */
async function startPlain(): Promise<void> {
  const [server] = JSON.parse(await runProgram("docker", ["inspect", `${STACK}-server`])) as {
    Image: string;
    Config: { Env: string[]; Entrypoint: string[]; Cmd: string[] };
    NetworkSettings: { Networks: { [name: string]: object } };
  }[];
  if (!server) throw new Error("the server does not run");
  const { Image, Config, NetworkSettings } = server;
  const environment = [
    ...Config.Env.filter((entry) => !/^MLFLOW_(WORKERS|UVICORN_OPTS|SERVER_ALLOWED_HOSTS)=/.test(entry)),
    ...["MLFLOW_WORKERS=4", "MLFLOW_UVICORN_OPTS=--loop asyncio --http h11", "MLFLOW_SERVER_ALLOWED_HOSTS=*"],
  ];
  const [network = ""] = Object.keys(NetworkSettings.Networks);
  const [entrypoint = "", ...args] = [...Config.Entrypoint, ...Config.Cmd];
  await runProgram("docker", [
    ...["create", "--name", PLAIN, "--network", network, "--user", "1000:1000", "--entrypoint", entrypoint],
    ...environment.flatMap((entry) => ["--env", entry]),
    ...[Image, ...args],
  ]);
  for (const folder of ["/run/secrets", "/etc/mlflow"]) {
    const copy = `docker cp ${STACK}-server:${folder} - | docker cp - ${PLAIN}:${dirname(folder)}`;
    await runProgram("sh", ["-c", copy]);
  }
  await runProgram("docker", ["start", PLAIN]);
  const ask = "import urllib.request as u; u.urlopen('http://127.0.0.1:5000/health', timeout=3)";
  const end = Date.now() + PATIENCE;
  for (;;) {
    const answer = await runProgram("docker", ["exec", PLAIN, "python", "-c", ask]).catch(() => undefined);
    if (answer !== undefined) return;
    if (Date.now() > end) throw new Error(`${PLAIN} does not answer`);
  }
}
