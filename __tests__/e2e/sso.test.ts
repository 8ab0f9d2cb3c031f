import { createHmac, generateKeyPairSync, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { AuthGateway, AuthMethod, Duration, IdentityProvider as IdentityProviderKind, Secret, Tls } from "../../lib";
import type { OAuth2Options } from "../../lib";
import { launchBrowser } from "../support/clients/browser";
import { Deployment, removeLeftovers } from "../support/stacks/deployment";
import { GatewayContainer } from "../support/servers/gateway-container";
import { basicAuth, send, type Received } from "../support/clients/http-request";
import { IdentityProvider, type Accounts } from "../support/servers/identity-provider";
import { OAuth2ProxyContainer } from "../support/servers/oauth2-proxy-container";
import { headerValues, RecordingUpstream } from "../support/servers/recording-upstream";
import { eventually, runOk } from "../support/run";
import { container, environment, synth, testStack } from "../support/stacks/synth";
import { fakeUpstream } from "../support/stacks/upstream";

jest.setTimeout(5 * 60_000);

const DOMAIN = "corp.example";
const USERS_GROUP = "mlflow-users";
const WRITERS_GROUP = "ml team (a+b)";
const ADMINS_GROUP = "mlflow-admins";
const FAILURES = 60;
const PLAIN = "http://localhost:18500";
const SECURE = "https://localhost:18501";

const person = (name: string, ...groups: string[]) => ({
  email: `${name}@${DOMAIN}`,
  email_verified: true,
  groups: [USERS_GROUP, ...groups],
});

const ACCOUNTS: Accounts = {
  rea: person("rea"),
  will: person("will", WRITERS_GROUP),
  anna: person("anna", ADMINS_GROUP),
  boss: person("Boss"),
  // one group whose name has a comma, and that of the admins in it.
  trap: person("trap", `x,${ADMINS_GROUP}`),
  foreigner: { ...person("x"), email: "rea@other.example" },
  subdomain: { ...person("x"), email: `rea@sub.${DOMAIN}` },
  twice: { ...person("x"), email: `rea@other.example@${DOMAIN}` },
  loner: { ...person("loner"), groups: ["others", USERS_GROUP.toUpperCase()] },
  unverified: { ...person("rea"), email_verified: false },
};

const MACHINES = {
  batch: { groups: [USERS_GROUP] },
  stray: { groups: ["others"] },
  unknown: { groups: [USERS_GROUP] },
};

let idp: IdentityProvider;
let browser: Browser;
const open: BrowserContext[] = [];

beforeAll(async () => {
  idp = await IdentityProvider.start({
    port: 18540,
    accounts: ACCOUNTS,
    gateways: [PLAIN, SECURE],
    machines: MACHINES,
  });
  browser = await launchBrowser();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((context) => context.close()));
});

afterAll(async () => {
  await browser?.close();
  await idp?.stop();
});

/** A browser of somebody who has never been here. */
async function newPage(): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1400, height: 900 } });
  open.push(context);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  return page;
}

/** Fills in the form of the issuer, on which the page has to be. */
async function submitLogin(page: Page, name: string): Promise<void> {
  await page.getByPlaceholder("Enter any login").fill(name);
  await page.getByPlaceholder("and password").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
}

/**
 * Somebody who has gone through the form of the issuer, from an address of the gateway. Tried again where it broke off:
 * a browser drops its requests whenever the networks of the machine change, and other tests' containers change them.
 */
function answered(name: string, address: string): Promise<Page> {
  return eventually(`the form of the issuer takes ${name} from ${address}`, 120, async () => {
    const page = await newPage();
    // A page that a change of the networks has broken does not come back: it must not take all of the time.
    page.setDefaultTimeout(15_000);
    await page.goto(address);
    await submitLogin(page, name);
    await page.waitForURL(`${new URL(address).origin}/**`);
    page.setDefaultTimeout(60_000);
    return page;
  });
}

/** Somebody who has logged in, at an address of the gateway. */
function loggedIn(name: string, address: string): Promise<Page> {
  return eventually(`${name} is logged in`, 120, async () => {
    const page = await answered(name, address);
    return !page.url().includes("/oauth2/callback") && page;
  });
}

async function sessionCookie(page: Page, origin: string) {
  const cookies = await page.context().cookies(origin);
  return cookies.find(({ name }) => name === "gateway" || name === "__Host-gateway");
}

/** The header of a session. */
async function session(page: Page, origin: string): Promise<readonly [string, string]> {
  const cookie = await sessionCookie(page, origin);
  if (!cookie) throw new Error(`no session at ${page.url()}: ${await page.innerText("body")}`);
  return ["Cookie", `${cookie.name}=${cookie.value}`];
}

const bearer = (token: string) => ["Authorization", `Bearer ${token}`] as const;

function expectUnauthenticated(answer: Received): void {
  expect([answer.status, answer.headers["content-type"], answer.headers.location]).toEqual([
    401,
    "application/json",
    undefined,
  ]);
  expect(JSON.parse(answer.body.toString())).toEqual({
    error_code: "UNAUTHENTICATED",
    message: expect.stringContaining("MLFLOW_TRACKING_TOKEN"),
  });
}

describe("A stack whose users log in at an issuer", () => {
  const stack = new Deployment("e2e-sso", Number(new URL(PLAIN).port));
  let variables: { [name: string]: string };
  let ci: readonly [string, string];
  let runUrl: string;

  const call = (path: string, header?: readonly [string, string], body?: object) =>
    send(PLAIN, {
      path,
      method: body ? "POST" : "GET",
      headers: [
        ["Accept", "*/*"],
        ...(header ? [header] : []),
        ...(body ? ([["Content-Type", "application/json"]] as const) : []),
      ],
      body: body && JSON.stringify(body),
    });
  const search = (header: readonly [string, string]) =>
    call("/api/2.0/mlflow/experiments/search", header, { max_results: 5 });
  const create = (header: readonly [string, string], name: string) =>
    call("/api/2.0/mlflow/experiments/create", header, { name });
  // a model that is not there: to who may delete one, MLflow says so.
  const remove = (header: readonly [string, string]) =>
    send(PLAIN, {
      method: "DELETE",
      path: "/api/2.0/mlflow/registered-models/delete",
      headers: [header, ["Content-Type", "application/json"]],
      body: JSON.stringify({ name: "no such model" }),
    });

  beforeAll(async () => {
    await removeLeftovers(stack.id);
    writeFileSync(join(stack.folder, "users.json"), JSON.stringify([{ name: "ci", role: "write" }]));
    variables = {
      OAUTH2_CLIENT_ID: IdentityProvider.CLIENT_ID,
      OAUTH2_CLIENT_SECRET: idp.clientSecret,
      OAUTH2_ISSUER_URL: idp.issuer,
      OAUTH2_ISSUER_CERTIFICATE: idp.certificate,
      OAUTH2_END_SESSION_URL: `${idp.issuer}/session/end`,
      OAUTH2_ALLOWED_DOMAINS: DOMAIN,
      OAUTH2_ALLOWED_GROUPS: USERS_GROUP,
      OAUTH2_AUDIENCES: IdentityProvider.AUDIENCE,
      OAUTH2_WRITE_GROUPS: WRITERS_GROUP,
      OAUTH2_WRITE_SERVICE_ACCOUNTS: "batch",
      OAUTH2_ADMIN_GROUPS: ADMINS_GROUP,
      OAUTH2_ADMIN_EMAILS: `boss@${DOMAIN}`,
      MINIO_CONSOLE: "true",
    };
    await stack.commandOk(["up", "--yes", "--allow-access"], variables);
    const { stdout } = await stack.terraform(["output", "-json", "passwords"]);
    ci = basicAuth("ci", (JSON.parse(stdout) as { ci: string }).ci);

    const experiment = JSON.parse((await create(ci, "of CI")).body.toString()) as { experiment_id: string };
    const run = await call("/api/2.0/mlflow/runs/create", ci, { ...experiment, run_name: "seen after a login" });
    const { info } = (JSON.parse(run.body.toString()) as { run: { info: { run_id: string } } }).run;
    runUrl = `${PLAIN}/#/experiments/${experiment.experiment_id}/runs/${info.run_id}`;
  });

  afterAll(() => removeLeftovers(stack.id));

  test("has nothing left to change", async () => {
    expect(await stack.plan({ TF_VAR_oauth2_client_secret: idp.clientSecret })).toEqual({});
  });

  test("asks the issuer with PKCE, and comes back to the page that was asked for", async () => {
    const page = await loggedIn("rea", runUrl);

    await page.getByText("seen after a login").first().waitFor();
    expect(page.url()).toBe(runUrl);
    expect(idp.authorizations.at(-1)).toMatchObject({
      client_id: IdentityProvider.CLIENT_ID,
      code_challenge_method: "S256",
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/.{20}/),
      redirect_uri: `${PLAIN}/oauth2/callback`,
    });
    expect(await sessionCookie(page, PLAIN)).toMatchObject({
      name: "gateway",
      domain: "localhost",
      path: "/",
      httpOnly: true,
      secure: false,
      sameSite: "Lax",
    });
  });

  test("comes back to a path with its query", async () => {
    const page = await loggedIn("rea", `${PLAIN}/version?a=1&b=%26`);

    expect(page.url()).toBe(`${PLAIN}/version?a=1&b=%26`);
    expect(await page.innerText("body")).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test.each([
    ["rea", "read", [200, 403, 403]],
    ["trap", "read", [200, 403, 403]],
    ["will", "write", [200, 200, 403]],
    ["anna", "admin", [200, 200, 404]],
    ["boss", "admin", [200, 200, 404]],
  ])("lets %s do what the role %s may", async (name, _role, expected) => {
    const header = await session(await loggedIn(name, `${PLAIN}/version`), PLAIN);
    const answers = [await search(header), await create(header, `of ${name}`), await remove(header)];

    expect(answers.map(({ status }) => status)).toEqual(expected);
  });

  test("lets admins to the store's console, and nobody else", async () => {
    const console = async (name?: string) => {
      const headers = name ? [await session(await loggedIn(name, `${PLAIN}/version`), PLAIN)] : [];
      return (await send("http://localhost:9001", { path: "/login", headers })).status;
    };

    expect([await console("anna"), await console("will"), await console()]).toEqual([200, 403, 401]);
  });

  test.each(["foreigner", "subdomain", "twice", "loner", "unverified"])(
    "lets %s not in, who can then log in as somebody else",
    async (name) => {
      const page = await answered(name, `${PLAIN}/version`);

      expect(await page.title()).toBe("Not logged in");
      expect(await sessionCookie(page, PLAIN)).toBeUndefined();
      await page.getByRole("link", { name: "log in as somebody else" }).click();
      await page.getByRole("button", { name: "Yes, sign me out" }).click();
      await page.getByRole("link", { name: "Log in again" }).click();
      await submitLogin(page, "rea");
      await page.waitForURL(`${PLAIN}/**`);
      expect(await sessionCookie(page, PLAIN)).toBeDefined();
    },
  );

  test("logs out here and at the issuer", async () => {
    const page = await loggedIn("rea", `${PLAIN}/version`);
    await page.goto(`${PLAIN}/oauth2/logout`);
    await page.getByRole("button", { name: "Yes, sign me out" }).click();
    await page.getByText("You are logged out.").waitFor();
    expect(page.url()).toBe(`${PLAIN}/oauth2/signed_out`);
    expect(await sessionCookie(page, PLAIN)).toBeUndefined();

    await page.goto(`${PLAIN}/version`);
    await page.getByPlaceholder("Enter any login").waitFor();
  });

  test("brings an open page back after its session has ended, without a question while the issuer knows the browser", async () => {
    const page = await loggedIn("rea", runUrl);
    await page.getByText("seen after a login").first().waitFor();

    await page.context().clearCookies({ name: "gateway" });
    await page.evaluate(() => fetch("ajax-api/2.0/mlflow/experiments/search?max_results=1"));
    await eventually("the session is back", 30, async () => sessionCookie(page, PLAIN));
    await page.waitForURL(runUrl);
    await page.getByText("seen after a login").first().waitFor();
  });

  test("answers calls without credentials 401, and redirects nothing but pages", async () => {
    const page = [["Accept", "text/html"], ["Sec-Fetch-Mode", "navigate"], ["Sec-Fetch-Dest", "document"]] as const; // prettier-ignore
    const from = (mode: string, destination: string) =>
      [["Accept", "text/html"], ["Sec-Fetch-Mode", mode], ["Sec-Fetch-Dest", destination]] as const; // prettier-ignore
    const path = "/api/2.0/mlflow/experiments/search?max_results=1";

    for (const headers of [[], [["Accept", "*/*"]], from("cors", "empty"), from("navigate", "iframe")] as const) {
      expectUnauthenticated(await send(PLAIN, { path, headers }));
    }
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      expectUnauthenticated(await send(PLAIN, { path, method, headers: page, body: "" }));
    }
    expect((await send(PLAIN, { path, method: "HEAD", headers: page })).status).toBe(401);
    const redirected = await send(PLAIN, { path, headers: page });
    expect([redirected.status, redirected.headers.location]).toEqual([
      302,
      `/oauth2/start?rd=${encodeURIComponent(path)}`,
    ]);
  });

  test("lets MLflow's client log a run with a token of a machine, and tells it at once what a wrong one is", async () => {
    const printed = await stack.python(
      `import mlflow
mlflow.set_experiment("of a machine")
with mlflow.start_run() as run:
    mlflow.log_metric("loss", 0.5)
    mlflow.log_text("by a token", "note.txt")
print("METRIC", mlflow.get_run(run.info.run_id).data.metrics["loss"])
print("TEXT", mlflow.artifacts.load_text(run.info.artifact_uri + "/note.txt"))
os.environ["MLFLOW_TRACKING_TOKEN"] = "wrong"
try:
    mlflow.search_experiments()
except mlflow.MlflowException as error:
    print("SAID", error)`,
      undefined,
      undefined,
      { MLFLOW_TRACKING_TOKEN: await idp.machineToken("batch") },
    );

    expect(printed).toContain("METRIC 0.5\n");
    expect(printed).toContain("TEXT by a token\n");
    expect(printed).toContain("SAID UNAUTHENTICATED: Not logged in, or the credentials are wrong or expired.");
  });

  test("lets no machine do more than its role, and in none that is not named", async () => {
    const batch = bearer(await idp.machineToken("batch"));
    expect([(await create(batch, "of a token")).status, (await remove(batch)).status]).toEqual([200, 403]);

    expectUnauthenticated(await search(bearer(await idp.machineToken("stray"))));
    expectUnauthenticated(await search(bearer(await idp.machineToken("unknown"))));
  });

  test("works for users with a password while oauth2-proxy is down, and keeps sessions over that", async () => {
    const header = await session(await loggedIn("rea", `${PLAIN}/version`), PLAIN);
    const names = (await runOk("docker", ["ps", "--format", "{{.Names}}"])).split("\n");
    const proxy = names.find((name) => name.startsWith(`${stack.id}-`) && name.includes("oauth2-proxy")) ?? "";

    await runOk("docker", ["stop", proxy]);
    try {
      expect((await search(ci)).status).toBe(200);
      const answers = [await search(header), await search(bearer(await idp.machineToken("batch")))];
      expect(answers.map(({ status }) => status)).toEqual([502, 502]);
      expectUnauthenticated(await call("/version"));
    } finally {
      await runOk("docker", ["start", proxy]);
    }
    await eventually("the session is good again", 30, async () => (await search(header)).status === 200);
  });

  test("has no secret in what its containers and Caddy say", async () => {
    const names = (await runOk("docker", ["ps", "--format", "{{.Names}}"])).split("\n");
    const own = names.filter((name) => name.startsWith(`${stack.id}-`));
    const said = await Promise.all(
      own.flatMap((name) => [runOk("docker", ["inspect", name]), runOk("sh", ["-c", `docker logs ${name} 2>&1`])]),
    );

    expect(own.length).toBeGreaterThan(4);
    expect(said.filter((text) => text.includes(idp.clientSecret))).toEqual([]);
    expect(said.join("\n")).not.toMatch(/[?&](code|state)=[\w-]/);
  });
});

/** What the library deploys, to be run without Terraform. */
function deployed(url: string, options: Partial<OAuth2Options>) {
  const { stack, network } = testStack();
  new AuthGateway(stack, "gateway", {
    network,
    upstream: fakeUpstream(),
    url,
    tls: Tls.internal(),
    failedLogins: { perAddress: FAILURES },
    auth: AuthMethod.oauth2({
      issuerUrl: idp.issuer,
      issuerCertificate: idp.certificate,
      clientId: IdentityProvider.CLIENT_ID,
      clientSecret: Secret.variable("client_secret"),
      allowedDomains: [DOMAIN],
      allowedGroups: [USERS_GROUP],
      audiences: [IdentityProvider.AUDIENCE],
      sessionDuration: Duration.seconds(15),
      ...options,
    }),
  });
  const resources = synth(stack).resource;
  const idOf = (type: string) => Object.keys(resources[type] ?? {}).find((name) => name.includes("oauth2-proxy")) ?? "";
  const uploads = container(stack, idOf("docker_container")).upload as { file: string; content: string }[];
  return {
    settings: environment(stack, "gateway"),
    proxy: {
      image: String(resources.docker_image?.[idOf("docker_image")]?.name),
      files: Object.fromEntries([
        ...uploads.map(({ file, content }) => [file, content] as const),
        ["/run/secrets/oauth2-client-secret", idp.clientSecret] as const,
        ["/run/secrets/oauth2-cookie-secret", randomBytes(12).toString("hex")] as const,
      ]),
    },
  };
}

describe("A gateway over https in front of an upstream that records", () => {
  const ci = { name: "ci", role: "write", password: "the password of CI, long enough" };
  const upstream = RecordingUpstream.forTests();
  let gateway: GatewayContainer;

  beforeAll(async () => {
    const { settings, proxy } = deployed(SECURE, {
      roles: { write: { serviceAccounts: ["batch"] }, admin: { emails: [`boss@${DOMAIN}`] } },
    });
    gateway = await GatewayContainer.start({
      settings: { ...settings, UPSTREAM: `mlflow-server:${upstream.port}`, OAUTH2_PROXY: "oauth2-proxy:4180" },
      users: [ci],
      scheme: "https",
      port: Number(new URL(SECURE).port),
      flags: ["--publish", `127.0.0.1:${new URL(SECURE).port}:${new URL(SECURE).port}`],
    });
    const image = await OAuth2ProxyContainer.image(proxy.image);
    await OAuth2ProxyContainer.start(gateway, image, proxy.files);
  });

  afterAll(async () => gateway?.remove());

  const ask = (...headers: (readonly [string, string])[]) =>
    send(SECURE, { path: "/api/2.0/mlflow/runs/get", headers });
  const token = (claims: object = {}, others: Omit<Parameters<typeof idp.sign>[0], "claims"> = {}) =>
    bearer(idp.sign({ claims: { sub: "batch", groups: [USERS_GROUP], ...claims }, ...others }));
  const mail = (name: string, more: object = {}) => ({ sub: "1", email: `${name}@${DOMAIN}`, ...more });

  test("keeps the session in a cookie that no other host or plain page can set", async () => {
    const page = await loggedIn("rea", `${SECURE}/version`);

    expect(await sessionCookie(page, SECURE)).toMatchObject({
      name: "__Host-gateway",
      domain: "localhost",
      path: "/",
      httpOnly: true,
      secure: true,
      sameSite: "Lax",
    });
  });

  const CLAIMS = ["User", "Email", "Groups", "Preferred-Username", "Access-Token"];
  const FOREIGN = [
    ...CLAIMS.flatMap((claim) => [`X-Forwarded-${claim}`, `X-Auth-Request-${claim}`]),
    ...["Remote-User", "X-Remote-User", "X-Real-Ip", "Forwarded", "X-Original-Uri", "Gap-Auth", "Gap-Signature"],
  ].map((name) => [name, "boss"] as const);
  const IDENTITY =
    /^(x-auth-request-|x-forwarded-(?!for$|host$|proto$)|remote-|x-remote-|x-real-ip|forwarded|x-original-|gap-|authorization)/;

  test.each(["a session", "a token", "a password"])("tells the upstream nothing of who has %s", async (kind) => {
    const proofs = {
      "a session": async () => session(await loggedIn("rea", `${SECURE}/version`), SECURE),
      "a token": async () => token(),
      "a password": async () => basicAuth(ci.name, ci.password),
    };
    const [name, value] = await proofs[kind as keyof typeof proofs]();
    upstream.forget();
    const own = name === "Cookie" ? `theme=dark; ${value};__Host-gateway_csrf=x` : "theme=dark; __Host-gateway=x";
    const headers = [["Cookie", own] as const, ...(name === "Cookie" ? [] : [[name, value] as const]), ...FOREIGN];
    const answer = await ask(...headers);

    expect(answer.status).toBe(200);
    const { headers: arrived } = upstream.onlyRequest;
    expect(arrived.filter(([header]) => IDENTITY.test(header))).toEqual([]);
    expect(headerValues(upstream.onlyRequest, "cookie")).toEqual(["theme=dark"]);
  });

  test("ends a session after its time, whatever the browser says", async () => {
    const header = await session(await loggedIn("rea", `${SECURE}/version`), SECURE);
    expect((await ask(header)).status).toBe(200);

    await eventually("the session has ended", 30, async () => (await ask(header)).status === 401);
    expectUnauthenticated(await ask(header));
  });

  test("takes tokens of the issuer for it, whoever has them", async () => {
    const good = {
      "of a machine": token(),
      "with a list of audiences": token({ aud: ["urn:other", IdentityProvider.AUDIENCE] }),
      "for the client id": token({ aud: IdentityProvider.CLIENT_ID }),
      "of a person": token(mail("rea")),
      "issued in a while": token({ iat: Math.floor(Date.now() / 1000) + 3600 }),
    };
    for (const [title, header] of Object.entries(good))
      expect([title, (await ask(header)).status]).toEqual([title, 200]);
  });

  test("gives no role for an address that is only a subject", async () => {
    const remove = (header: readonly [string, string]) =>
      send(SECURE, { method: "DELETE", path: "/api/2.0/mlflow/registered-models/delete", headers: [header] });

    expect((await remove(token(mail("boss")))).status).toBe(200);
    expect((await remove(token({ sub: `boss@${DOMAIN}` }))).status).toBe(403);
    // nobody verified it, so that its domain lets nobody in, and a subject is named exactly.
    expect((await ask(token({ sub: `boss@${DOMAIN}` }))).status).toBe(403);
    expect((await ask(token({ sub: "BATCH" }))).status).toBe(403);
  });

  test("refuses every other token", async () => {
    const now = Math.floor(Date.now() / 1000);
    const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const [head = "", body = "", signature = ""] = token()[1].split(" ")[1]?.split(".") ?? [];
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const symmetric = `${encode({ alg: "HS256", kid: "signing-key-of-the-test" })}.${body}`;
    const publicKey = idp.publicKey.export({ type: "spki", format: "pem" });
    const bad = {
      "that has expired": token({ exp: now - 60 }),
      "without an end": token({ exp: undefined }),
      "that begins later": token({ nbf: now + 3600 }),
      "for somebody else": token({ aud: "urn:other" }),
      "for nobody": token({ aud: undefined }),
      "of another issuer": token({ iss: "https://other.example" }),
      "of the issuer with a slash": token({ iss: `${idp.issuer}/` }),
      "signed by another key of the same name": token({}, { key: stranger }),
      "signed by an unknown key": token({}, { header: { kid: "unknown" }, key: stranger }),
      "without a signature": bearer(`${encode({ alg: "none" })}.${body}.`),
      "signed by the public key as a password": bearer(
        `${symmetric}.${createHmac("sha256", publicKey).update(symmetric).digest("base64url")}`,
      ),
      "with other claims": bearer(`${head}.${encode({ ...JSON.parse(Buffer.from(body, "base64url").toString()), sub: "x" })}.${signature}`), // prettier-ignore
      "that was cut": bearer(`${head}.${body}.${signature.slice(0, -8)}`),
      "of an address that is not verified": token(mail("rea", { email_verified: false })),
      "of another domain": token({ sub: "1", email: "rea@other.example" }),
      "of nobody who was named": token({ sub: "other" }),
      "of no group": token({ groups: [] }),
      "that is opaque": bearer("c2VjcmV0"),
      "that is empty": bearer(""),
      "of another kind": ["Authorization", `Token ${body}`] as const,
    };
    for (const [title, header] of Object.entries(bad)) {
      const answer = await ask(header);
      expect([title, answer.status]).toEqual([title, 401]);
      expectUnauthenticated(answer);
    }
    // its name would be nobody's, and its domain is not asked for.
    expect((await ask(token({ sub: "" }))).status).not.toBe(200);
    expectUnauthenticated(await ask(token(), token()));
    expectUnauthenticated(await send(SECURE, { path: `/version?access_token=${token()[1].slice(7)}` }));
    expect(upstream.requests).toEqual([]);
  });

  test.each([
    "https://evil.example/",
    "//evil.example/",
    String.raw`/\evil.example/`,
    "/%2F/evil.example",
    "javascript:x",
  ])("leads nowhere else after a login that was begun for %s", async (address) => {
    const page = await loggedIn("rea", `${SECURE}/oauth2/start?rd=${encodeURIComponent(address)}#//evil.example/`);

    expect(new URL(page.url()).origin).toBe(SECURE);
    expect(await sessionCookie(page, SECURE)).toBeDefined();
  });

  test("takes the answer of the issuer from the browser that asked, once", async () => {
    const page = await newPage();
    let callback = "";
    page.on("request", (request) => {
      if (request.url().includes("/oauth2/callback?")) callback = request.url().slice(SECURE.length);
    });
    await page.goto(`${SECURE}/version`);
    await submitLogin(page, "rea");
    await page.waitForURL(`${SECURE}/**`);

    expect(callback).toMatch(/[?&]code=[^&]+.*&state=/);
    const answers = [
      await send(SECURE, { path: callback }),
      await send(SECURE, { path: callback, headers: [await session(page, SECURE)] }),
    ];
    expect(answers.map(({ status, headers }) => [status, headers["content-type"]])).toEqual([
      [403, "text/html; charset=utf-8"],
      [403, "text/html; charset=utf-8"],
    ]);
    expect(
      answers.flatMap((answer) => answer.all("set-cookie")).filter((line) => /^__Host-gateway=./.test(line)),
    ).toEqual([]);
    expect(upstream.requests.map(({ url }) => url)).toEqual(["/version"]);
  });

  test("lets a wrong token not pass beside a good session", async () => {
    const header = await session(await loggedIn("rea", `${SECURE}/version`), SECURE);

    expect((await ask(header)).status).toBe(200);
    expectUnauthenticated(await ask(header, bearer("wrong")));
  });

  test("holds up who tries tokens, and nobody who has shown a good one, a session or a password", async () => {
    const known = token();
    expect((await ask(known)).status).toBe(200);
    const header = await session(await loggedIn("rea", `${SECURE}/version`), SECURE);
    expect((await ask(basicAuth(ci.name, ci.password))).status).toBe(200);

    let answer = await ask(bearer("try"));
    for (let i = 0; i <= FAILURES && answer.status !== 429; i++) answer = await ask(bearer(`try-${i}`));
    expect([answer.status, Number(answer.headers["retry-after"]) > 0]).toEqual([429, true]);
    expect((await ask(known)).status).toBe(200);
    expect((await ask(header)).status).toBe(200);
    expect((await ask(basicAuth(ci.name, ci.password))).status).toBe(200);
  });
});

describe("The configuration of oauth2-proxy", () => {
  const ISSUERS: { readonly [provider in IdentityProviderKind]?: string } = {
    [IdentityProviderKind.OIDC]: "https://login.example.com",
    [IdentityProviderKind.ENTRA]: "https://login.microsoftonline.com/01234567-89ab-cdef-0123-456789abcdef/v2.0",
    [IdentityProviderKind.KEYCLOAK]: "https://login.example.com/realms/ml",
  };

  test.each(Object.values(IdentityProviderKind))("is one that oauth2-proxy takes, for %s", async (provider) => {
    const { image, files } = deployed("https://mlflow.example.com", {
      provider,
      issuerUrl: ISSUERS[provider],
      issuerCertificate: undefined,
      allowedGroups: undefined,
      roles: undefined,
    }).proxy;

    expect(await OAuth2ProxyContainer.check(await OAuth2ProxyContainer.image(image), files)).toContain(
      "configuration is valid",
    );
  });
});
