import { createHmac } from "node:crypto";
import { EgressStack } from "../support/stacks/egress-stack";
import { basicAuth, send, type Received } from "../support/clients/http-request";
import { ROUTE_TABLE, example, rows } from "../support/route-table";
import { eventually } from "../support/run";

jest.setTimeout(8 * 60_000);

const LLM = "llm.example.test";
const HOOKS = "hooks.example.test";
// in the list, with an address of one's own network, and not said to be there.
const INSIDE = "inside.example.test";
const UNLISTED = "unlisted.example.test";
const CALLERS = ["anonymous", "rea", "will", "ada"] as const;
type Caller = (typeof CALLERS)[number];

const stack = new EgressStack("e2e-egress", 21100);
let passwords: { [user: string]: string } = {};
let standIn = "";

async function ask(caller: Caller, method: string, path: string, body?: object): Promise<Received> {
  const password = passwords[caller];
  return send(stack.url, {
    method,
    path,
    headers: [
      ...(password === undefined ? [] : [basicAuth(caller, password)]),
      ...(body ? [["Content-Type", "application/json"] as const] : []),
    ],
    body: body && JSON.stringify(body),
  });
}

/** The answer, which has to be a good one. */
async function call(method: string, path: string, body?: object) {
  const { status, body: answer } = await ask("ada", method, path, body);
  if (status !== 200) throw new Error(`${method} ${path}: ${status} ${answer.toString()}`);
  return JSON.parse(answer.toString());
}

/** An endpoint of the AI gateway that sends to a host, by its name. */
async function endpoint(name: string, host: string): Promise<void> {
  const { secret } = await call("POST", "/api/3.0/mlflow/gateway/secrets/create", {
    secret_name: `key of ${name}`,
    secret_value: { api_key: `sk-of-${name}` },
    provider: "openai",
    auth_config: { api_base: `https://${host}/v1` },
  });
  const { model_definition: model } = await call("POST", "/api/3.0/mlflow/gateway/model-definitions/create", {
    name: `model of ${name}`,
    secret_id: secret.secret_id,
    provider: "openai",
    model_name: "stand-in",
  });
  await call("POST", "/api/3.0/mlflow/gateway/endpoints/create", {
    name,
    model_configs: [{ model_definition_id: model.model_definition_id, linkage_type: "PRIMARY", weight: 1 }],
    usage_tracking: false,
  });
}

const CHAT = { messages: [{ role: "user", content: "count" }] };
const invoke = (name: string, caller: Caller = "ada") =>
  ask(caller, "POST", `/gateway/${name}/mlflow/invocations`, CHAT);

beforeAll(async () => {
  await stack.prepare();
  await stack.deploy({});
  passwords = await stack.passwords();
});

afterAll(async () => stack.remove());

describe("Without a way out", () => {
  test.each([
    ["GET", "/api/3.0/mlflow/gateway/endpoints/list"],
    ["POST", "/api/3.0/mlflow/gateway/secrets/create"],
    ["POST", "/gateway/any/mlflow/invocations"],
    ["POST", "/gateway/openai/v1/chat/completions"],
    ["GET", "/api/2.0/mlflow/webhooks"],
    ["POST", "/api/2.0/mlflow/webhooks"],
  ])("%s %s says to admins how to switch it on, and is closed to all", async (method, path) => {
    for (const caller of CALLERS) {
      const { status, body } = await ask(caller, method, path, method === "POST" ? {} : undefined);
      expect([caller, status]).toEqual([caller, caller === "anonymous" ? 401 : 403]);
      if (caller === "ada") expect(body.toString()).toContain("FEATURE_DISABLED");
    }
  });

  test("MLflow reaches nothing outside", async () => {
    const script = `
import socket
for target in [("192.0.2.1", 443), ("169.254.169.254", 80), ("api.openai.com", 443)]:
    try:
        socket.create_connection(target, 2)
        print("reached", target)
    except OSError as e:
        print("not reached")
`;
    expect(await stack.inServer(script)).toBe("not reached\n".repeat(3));
  });
});

describe("With a way out", () => {
  beforeAll(async () => {
    const settings = { providers: [{ name: "openai", hosts: [LLM, INSIDE] }], webhooks: [HOOKS] };
    await stack.deploy(settings);
    // the engine chooses where the stand-in's network is.
    const range = await stack.egressLinkRange();
    await stack.deploy({ ...settings, privateHosts: { [LLM]: range, [HOOKS]: range } });
    standIn = await stack.startStandIn(["llm", "hooks", "inside", "unlisted"]);
    await endpoint("listed", LLM);
    await endpoint("inside", INSIDE);
    await endpoint("unlisted", UNLISTED);
    await endpoint("redirecting", `${LLM}/redirect/${UNLISTED}/x`);
    await endpoint("address", standIn);
    await endpoint("loopback", "127.0.0.1:5000");
    await endpoint("metadata", "169.254.169.254");
    await endpoint("slow", `${LLM}/slow`);
    await endpoint("webhook", HOOKS);
  });

  test("the second plan is empty", async () => {
    expect(await stack.plan()).toEqual({});
  });

  test.each(["aiGateway", "webhooks"])("every route is for admins and nobody else: %s", async (feature) => {
    const calls = rows(ROUTE_TABLE)
      .filter(({ group }) => group.feature === feature)
      .flatMap(({ methods, path }) => methods.map((method) => [method, example(path)] as const));
    expect(calls.length).toBeGreaterThan(5);
    const wrong: string[] = [];
    for (const [method, path] of calls) {
      for (const caller of CALLERS) {
        const { status, body } = await ask(caller, method, path, ["GET", "HEAD"].includes(method) ? undefined : {});
        const expected =
          caller === "ada" ? ![401, 403].includes(status) : status === (caller === "anonymous" ? 401 : 403);
        if (!expected) wrong.push(`${caller} ${method} ${path}: ${status} ${body.toString()}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("an admin's endpoint answers, with the key that only the server knows", async () => {
    const { status, body } = await invoke("listed");

    expect([status, JSON.parse(body.toString()).choices[0].message.content]).toEqual([200, "one two three"]);
    const [request] = (await stack.received()).slice(-1);
    expect(request).toMatchObject({
      path: "/v1/chat/completions",
      headers: { host: LLM, authorization: "Bearer sk-of-listed" },
    });
  });

  test("a client gets a stream as it is sent", async () => {
    const printed = await stack.as(
      "ada",
      `
import json, requests, time
login = ("ada", os.environ["MLFLOW_TRACKING_PASSWORD"])
request = {"model": "listed", "messages": [{"role": "user", "content": "count"}], "stream": True}
begin = time.monotonic()
with requests.post("${stack.url}/gateway/mlflow/v1/chat/completions", json=request, auth=login, stream=True) as answer:
    for line in answer.iter_lines(chunk_size=1):
        if line.startswith(b"data: {"):
            print(round(time.monotonic() - begin, 2), json.loads(line[6:])["choices"][0]["delta"]["content"])
`,
    );
    const chunks = printed
      .trim()
      .split("\n")
      .map((line) => line.split(" "));

    expect(chunks.map(([, word]) => word)).toEqual(["one", "two", "three"]);
    const times = chunks.map(([time]) => Number(time));
    // the stand-in makes a pause of 1.5 s after each.
    expect(times[0]).toBeLessThan(1.4);
    expect((times[2] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(2);
  });

  test("hosts that are slow hold up nobody but who asks them", async () => {
    const { webhook } = await call("POST", "/api/2.0/mlflow/webhooks", {
      name: "slow",
      url: `https://${HOOKS}/slow/hook`,
      events: [{ entity: "PROMPT", action: "CREATED" }],
    });
    let waiting = true;
    // more than the server has workers and cores.
    const slow = Promise.all([
      ...Array.from({ length: 8 }, () => invoke("slow")),
      ...Array.from({ length: 4 }, () => ask("ada", "POST", `/api/2.0/mlflow/webhooks/${webhook.webhook_id}/test`, {})),
    ]).finally(() => (waiting = false));
    const times: number[] = [];
    while (waiting) {
      const begin = performance.now();
      await call("GET", "/api/2.0/mlflow/experiments/get?experiment_id=0");
      times.push(performance.now() - begin);
    }

    // who asked had to wait: the models answered late, the webhooks not in time.
    expect((await slow).map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 200));
    expect(times.length).toBeGreaterThan(10);
    expect(Math.max(...times)).toBeLessThan(2500);
  });

  test("nobody but an admin calls or administers", async () => {
    const before = (await stack.received()).length;
    for (const caller of ["anonymous", "rea", "will"] as const) {
      const expected = caller === "anonymous" ? 401 : 403;
      for (const { status } of [
        await invoke("listed", caller),
        await ask(caller, "GET", "/api/3.0/mlflow/gateway/secrets/list"),
        await ask(caller, "GET", "/api/3.0/mlflow/gateway/endpoints/list"),
        await ask(caller, "POST", "/gateway/mlflow/v1/chat/completions", { ...CHAT, model: "listed" }),
        await ask(caller, "GET", "/api/2.0/mlflow/webhooks"),
      ]) {
        expect([caller, status]).toEqual([caller, expected]);
      }
    }
    expect((await stack.received()).length).toBe(before);
  });

  test("the raw proxy of the AI gateway stays closed to admins too", async () => {
    expect((await ask("ada", "POST", "/gateway/proxy/listed/chat/completions", CHAT)).status).toBe(404);
  });

  test("MLflow offers the provider that is named and no other", async () => {
    const { providers } = await call("GET", "/ajax-api/3.0/mlflow/gateway/supported-providers");
    expect(providers).toEqual(["openai"]);
    expect(await call("GET", "/ajax-api/3.0/mlflow/gateway/secrets/config")).toEqual({
      secrets_available: true,
      using_default_passphrase: false,
    });
  });

  test.each(["inside", "unlisted", "redirecting", "address", "loopback", "metadata", "webhook"])(
    "the endpoint '%s' reaches nobody",
    async (name) => {
      const before = (await stack.received()).length;
      const { status } = await invoke(name);

      expect(status).toBeGreaterThanOrEqual(300);
      const after = (await stack.received()).slice(before).map(({ headers, path }) => `${headers.host}${path}`);
      expect(after).toEqual(name === "redirecting" ? [`${LLM}/redirect/${UNLISTED}/x/v1/chat/completions`] : []);
    },
  );

  test("MLflow's client makes a webhook, and the receiver gets it, signed", async () => {
    const printed = await stack.as(
      "ada",
      `
from mlflow import MlflowClient
client = MlflowClient()
hook = client.create_webhook("to-the-list", "https://${HOOKS}/hook", ["registered_model.created"], secret="a secret of the test")
print(client.test_webhook(hook.webhook_id).success)
client.create_registered_model("a model of the test")
`,
    );
    expect(printed).toContain("True");
    const { headers, body } = await eventually("the webhook is delivered", 30, async () =>
      (await stack.received()).find((request) => request.body.includes("a model of the test")),
    );
    expect(headers.host).toBe(HOOKS);
    const said = `${headers["x-mlflow-delivery-id"]}.${headers["x-mlflow-timestamp"]}.${body}`;
    const signature = createHmac("sha256", "a secret of the test").update(said).digest("base64");
    expect(headers["x-mlflow-signature"]).toBe(`v1,${signature}`);
  });

  test("webhooks go to no other host, by no redirect, and to no address", async () => {
    const before = (await stack.received()).length;
    const addresses = [
      `${UNLISTED}/hook`,
      `${INSIDE}/hook`,
      // A host of the AI gateway.
      `${LLM}/hook`,
      `${standIn}/hook`,
      "127.0.0.1/hook",
      "169.254.169.254/hook",
      "2130706433/hook",
      "[::1]/hook",
      `${HOOKS}/redirect/${UNLISTED}/hook`,
      `${HOOKS}/redirect/${standIn}/hook`,
      // MLflow itself, the store and the gateway.
      `${HOOKS}/redirect-to-http/127.0.0.1:5000/health`,
      `${HOOKS}/redirect-to-http/${stack.id}-server:5000/health`,
      `${HOOKS}/redirect-to-http/${stack.id}-minio:9000/minio/health/live`,
      `${HOOKS}/redirect-to-http/${stack.id}-gateway:${new URL(stack.url).port}/healthz`,
    ];
    const printed = await stack.as(
      "ada",
      `
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
client = MlflowClient()
for number, address in enumerate(${JSON.stringify(addresses)}):
    try:
        hook = client.create_webhook(f"hook-{number}", f"https://{address}", ["prompt.created"])
        print(client.test_webhook(hook.webhook_id).success)
    except MlflowException:
        print("not taken")
`,
    );
    expect(printed).not.toContain("True");
    expect(printed.trim().split("\n").length).toBe(addresses.length);
    const after = (await stack.received()).slice(before).map(({ headers, path }) => `${headers.host}${path}`);
    expect(new Set(after)).toEqual(new Set(addresses.filter((address) => address.startsWith(`${HOOKS}/redirect`))));
  });

  test("MLflow itself has no way but to the names in the list", async () => {
    const script = `
import socket, ssl
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
entry = socket.gethostbyname("${LLM}")
def attempt(name, address):
    try:
        with socket.create_connection((address, 443), 3) as raw, context.wrap_socket(raw, server_hostname=name):
            return "reached"
    except OSError as e:
        return getattr(e, "reason", None) or "not reached"
print(attempt("${LLM}", entry))
print(attempt("${INSIDE}", entry))
print(attempt("${UNLISTED}", entry))
print(attempt("localhost", entry))
print(attempt(None, entry))
print(attempt("${LLM}", "${standIn}"))
print(attempt("${LLM}", "192.0.2.1"))
`;
    expect((await stack.inServer(script)).trim().split("\n")).toEqual([
      "reached",
      "TLSV1_ALERT_ACCESS_DENIED",
      "TLSV1_UNRECOGNIZED_NAME",
      "TLSV1_UNRECOGNIZED_NAME",
      expect.stringMatching(/not reached|EOF/),
      "not reached",
      "not reached",
    ]);
  });

  test("the proxy logs hosts and ports, and no paths, keys or addresses", async () => {
    const log = await stack.proxyLog();

    expect(log).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ msg: "passed on", host: LLM, port: "443" }),
        expect.objectContaining({ msg: "refused", host: INSIDE, port: "443" }),
        expect.objectContaining({ msg: "refused", host: UNLISTED, port: "443" }),
      ]),
    );
    const text = JSON.stringify(log);
    for (const secret of ["sk-of-", "/v1", "/hook", standIn]) expect(text).not.toContain(secret);
  });

  test("switched off again it is gone, and the plan after it is empty", async () => {
    await stack.stopStandIn();
    await stack.deploy({});

    expect(await stack.plan()).toEqual({});
    expect((await invoke("listed")).body.toString()).toContain("FEATURE_DISABLED");
  });
});
