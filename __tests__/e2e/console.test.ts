import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { openBrowser } from "../support/clients/browser";
import { Deployment, removeLeftovers } from "../support/stacks/deployment";
import { basicAuth, send } from "../support/clients/http-request";
import { eventually, run, runOk } from "../support/run";

jest.setTimeout(10 * 60_000);

const CONSOLE = "http://127.0.0.1:9001";

const stack = new Deployment("e2e-ports", 18551, {
  MINIO_CONSOLE: "true",
  ACCESS_LOG_VOLUME: "true",
  ACCESS_LOG_MASK_ADDRESSES: "true",
  MLFLOW_USERS_FILE: "users.json",
});

const LOG_A_FILE = `
import mlflow
with mlflow.start_run() as run:
    mlflow.log_text("seen in the console", "seen.txt")
print("RUN", run.info.experiment_id, run.info.run_id)
`;

let passwords: { admin: string; writer: string };
let folder: string;

beforeAll(async () => {
  await removeLeftovers(stack.id);
  const users = ["admin", "writer"].map((name) => ({ name, role: name.replace("writer", "write") }));
  writeFileSync(join(stack.folder, "users.json"), JSON.stringify(users));
  await stack.commandOk(["up", "--yes"]);
  passwords = JSON.parse((await stack.terraform(["output", "-json", "passwords"])).stdout);
  const [, experiment, run] = /RUN (\w+) (\w+)/.exec(await stack.python(LOG_A_FILE)) ?? [];
  folder = `${experiment}/${run}/artifacts`;
});

afterAll(() => removeLeftovers(stack.id));

test("A stack with the store's console and a log on a volume has nothing left to change", async () => {
  expect(await stack.plan()).toEqual({});
});

describe("The bucket's console", () => {
  let browser: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    browser = await openBrowser("admin", passwords.admin);
    page = await browser.newPage();
    page.setDefaultTimeout(60_000);
  });

  afterAll(() => browser?.close());

  test.each(["/", "/login", "/api/v1/login", "/static/js/main.js", "/ws/objectManager"])(
    "is closed at %s without a login, and to who is no admin",
    async (path) => {
      expect((await send(CONSOLE, { path })).status).toBe(401);
      expect((await send(CONSOLE, { path, headers: [basicAuth("admin", "wrong")] })).status).toBe(401);
      expect((await send(CONSOLE, { path, headers: [basicAuth("writer", passwords.writer)] })).status).toBe(403);
    },
  );

  test("lets the bucket's user in after an admin, and shows and opens the files", async () => {
    await page.goto(`${CONSOLE}/login`);
    await page.locator("#accessKey").fill(await stack.output("console_username"));
    await page.locator("#secretKey").fill(await stack.output("console_password"));
    await page.locator("button[type=submit]").click();
    await page.getByText("mlflow", { exact: true }).first().waitFor();

    // the list of files comes over a WebSocket.
    await page.goto(`${CONSOLE}/browser/mlflow/${encodeURIComponent(`${folder}/`)}`);
    await page.getByText("seen.txt").first().waitFor();
  });

  test("shows the bucket's user nothing but the bucket", async () => {
    const listed = await page.evaluate(async () => (await fetch("/api/v1/buckets")).json() as Promise<unknown>);
    const { buckets } = listed as { buckets: { name: string }[] };
    expect(buckets.map(({ name }) => name)).toEqual(["mlflow"]);
  });
});

describe("The access log on a volume", () => {
  test("says who asked for what, with masked addresses and without secrets", async () => {
    const path = "/api/2.0/mlflow/experiments/search?max_results=1";
    const answer = await send(stack.url, { path, headers: [basicAuth("writer", passwords.writer)] });
    const log = await eventually("the entry is in the log", 10, async () => {
      const text = await runOk("docker", ["exec", `${stack.id}-gateway`, "cat", "/var/log/caddy/access.log"]);
      return text.includes(String(answer.headers["x-request-id"])) && text;
    });
    const entries = log.trim().split("\n").map((line) => JSON.parse(line)); // prettier-ignore

    expect(entries.find((entry) => entry.request_id === answer.headers["x-request-id"])).toMatchObject({
      user_id: "writer",
      status: 200,
      request: { method: "GET", uri: path, client_ip: expect.stringMatching(/\.0$/) },
    });
    for (const { request } of entries) expect(request.client_ip).toMatch(/\.0$/);
    for (const secret of [...Object.values(passwords), await stack.output("console_password")]) {
      expect(log).not.toContain(secret);
    }
    const { stdout, stderr } = await run("docker", ["logs", `${stack.id}-gateway`]);
    expect(`${stdout}${stderr}`).not.toContain(path);
  });
});
