import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ContentSecurityPolicy } from "../../lib";
import type { BrowserContext, Page } from "playwright-core";
import { openBrowser } from "../support/clients/browser";
import { REPOSITORY } from "../support/repository";
import { Deployment, removeLeftovers } from "../support/stacks/deployment";

jest.setTimeout(10 * 60_000);

const stack = new Deployment("e2e-ui", 18085);

// red, of one pixel.
const PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
const PAGE = `<p id="text">no script has run</p><script>document.getElementById("text").textContent = "a script has run"</script>`;

const LOG_A_RUN = `
import base64, math, mlflow, wave
mlflow.set_experiment("browser")
with mlflow.start_run(run_name="seen in a browser") as run:
    mlflow.log_param("alpha", 0.5)
    for step in range(40):
        mlflow.log_metric("loss", math.exp(-step / 10), step=step)
    mlflow.log_text("the artifact that was logged", "notes.txt")
    mlflow.log_text(${JSON.stringify(PAGE)}, "page.html")
    with open("/tmp/picture.png", "wb") as file:
        file.write(base64.b64decode("${PICTURE}"))
    mlflow.log_artifact("/tmp/picture.png")
    with wave.open("/tmp/tone.wav", "wb") as tone:
        tone.setparams((1, 2, 8000, 0, "NONE", ""))
        tone.writeframes(bytes(8000))
    mlflow.log_artifact("/tmp/tone.wav")
    mlflow.pyfunc.log_model(name="model", python_model=lambda model_input: model_input, registered_model_name="seen-model", pip_requirements=[])
    with mlflow.start_span("seen-span") as span:
        span.set_inputs({"question": "seen in a trace"})
mlflow.flush_trace_async_logging()
print("RUN", run.info.experiment_id, run.info.run_id)
print("TRACE", mlflow.get_last_active_trace_id())
`;

/** The picture of the README. The panel that MLflow opens on a first visit is closed for it. */
async function keepScreenshot(page: Page): Promise<void> {
  await page.getByRole("button", { name: /close/i }).last().click();
  await page.screenshot({ path: join(REPOSITORY, "docs", "run.png") });
}

describe("MLflow's pages behind the gateway", () => {
  let browser: BrowserContext;
  let page: Page;
  let runUrl: string;
  let experimentUrl: string;
  let cell: string;
  const errors: string[] = [];
  const violations: string[] = [];

  beforeAll(async () => {
    await removeLeftovers(stack.id);
    await stack.commandOk(["up", "--yes"]);
    const printed = await stack.python(LOG_A_RUN);
    const [, experiment, run] = /RUN (\w+) (\w+)/.exec(printed) ?? [];
    const [, trace] = /TRACE (\S+)/.exec(printed) ?? [];
    cell = `${stack.url}/static-files/lib/notebook-trace-renderer/index.html?trace_id=${trace}&experiment_id=${experiment}`;
    experimentUrl = `${stack.url}/#/experiments/${experiment}`;
    runUrl = `${experimentUrl}/runs/${run}`;

    browser = await openBrowser("admin", await stack.output("password"));
    page = await browser.newPage();
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) violations.push(message.text());
    });
    page.setDefaultTimeout(60_000);
  });

  afterAll(async () => {
    await browser?.close();
    await removeLeftovers(stack.id);
  });

  test("stay closed without the password", async () => {
    const stranger = await openBrowser("admin", "not-the-password");
    const answer = await (await stranger.newPage()).goto(stack.url);

    expect(answer?.status()).toBe(401);
    await stranger.close();
  });

  test("show the run with its parameter and metric", async () => {
    await page.goto(runUrl);

    await page.getByText("seen in a browser").first().waitFor();
    await page.getByText("alpha").first().waitFor();
    await page.getByText("loss").first().waitFor();
  });

  test("draw the chart of the metric", async () => {
    await page.goto(`${runUrl}/model-metrics`);

    const line = page.locator(".js-plotly-plot .scatterlayer path.js-line").first();
    await line.waitFor({ state: "attached" });
    expect((await line.getAttribute("d"))?.length).toBeGreaterThan(100);
    if (process.env.KEEP_SCREENSHOT) await keepScreenshot(page);
  });

  test("show the artifact", async () => {
    await page.goto(`${runUrl}/artifacts/notes.txt`);

    await page.getByText("the artifact that was logged").first().waitFor();
  });

  test("show the image", async () => {
    // from elsewhere: within the list of files the address alone selects none.
    await page.goto("about:blank");
    await page.goto(`${runUrl}/artifacts/picture.png`);

    const picture = page.locator("img[src^='blob:']").first();
    await picture.waitFor({ state: "attached" });
    await page.waitForFunction((image) => (image as { naturalWidth: number }).naturalWidth > 0, await picture.elementHandle()); // prettier-ignore
  });

  test("play a tone", async () => {
    await page.goto("about:blank");
    await page.goto(`${runUrl}/artifacts/tone.wav`);

    // MLflow shows its player when the player has fetched the blob.
    await page.getByTestId("audio-artifact-preview").locator("audio").waitFor();
  });

  test("show a trace in the frame of a notebook of another origin", async () => {
    const notebook = createServer((_, response) => {
      response.setHeader("Content-Type", "text/html").end(`<iframe src="${cell.replaceAll("&", "&amp;")}"></iframe>`);
    });
    await new Promise<void>((resolve) => notebook.listen(0, "127.0.0.1", resolve));
    try {
      await page.goto(`http://localhost:${(notebook.address() as AddressInfo).port}/`);
      await page.frameLocator("iframe").getByText("seen-span").first().waitFor();
    } finally {
      notebook.close();
    }
  });

  test("download an artifact past MLflow", async () => {
    await page.goto("about:blank");
    await page.goto(`${runUrl}/artifacts/notes.txt`);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.locator("button[data-component-id*='artifactview']").click(),
    ]);

    expect(download.url()).toMatch(new RegExp(`^${stack.url}/s3/mlflow/`));
    expect(readFileSync(await download.path(), "utf8")).toBe("the artifact that was logged");
  });

  test.each([
    ["the runs of the experiment", () => `${experimentUrl}/runs`, "seen in a browser"],
    ["the traces", () => `${experimentUrl}/traces`, "seen in a trace"],
    ["the models", () => `${stack.url}/#/models`, "seen-model"],
    ["a model", () => `${stack.url}/#/models/seen-model`, "Version 1"],
    ["a version", () => `${stack.url}/#/models/seen-model/versions/1`, "seen-model"],
  ])("show %s", async (_title, address, text) => {
    await page.goto(address());

    await page.getByText(text).first().waitFor();
  });

  test("do all of this without a violation of their policy", () => {
    expect(violations).toEqual([]);
  });

  test("show a page that was logged, and run no script of it", async () => {
    await page.goto(`${runUrl}/artifacts/page.html`);

    await page.frameLocator("iframe").getByText("no script has run").waitFor();
    expect(violations.length).toBeGreaterThan(0);
    expect(violations.filter((text) => !/script/.test(text))).toEqual([]);
  });

  test("run the scripts of such a page with the policy that allows them", async () => {
    const policy = ContentSecurityPolicy.allowArtifactScripts()._headers.enforced;
    await page.route(`${stack.url}/`, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), "content-security-policy": policy } });
    });
    await page.goto("about:blank");
    await page.goto(`${runUrl}/artifacts/page.html`);

    await page.frameLocator("iframe").getByText("a script has run").waitFor();
  });

  test("run without an error of their own", () => {
    expect(errors).toEqual([]);
  });
});
