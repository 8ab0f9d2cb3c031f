import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { openBrowser } from "../support/browser";
import { Deployment, REPOSITORY, removeLeftovers } from "../support/deployment";

jest.setTimeout(10 * 60_000);

const stack = new Deployment("e2e-ui", 18085);

const LOG_A_RUN = `
import math, mlflow
mlflow.set_experiment("browser")
with mlflow.start_run(run_name="seen in a browser") as run:
    mlflow.log_param("alpha", 0.5)
    for step in range(40):
        mlflow.log_metric("loss", math.exp(-step / 10), step=step)
    mlflow.log_text("the artifact that was logged", "notes.txt")
print("RUN", run.info.experiment_id, run.info.run_id)
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
  const errors: string[] = [];

  beforeAll(async () => {
    await removeLeftovers(stack.id);
    await stack.commandOk(["up", "--yes"]);
    const [, experiment, run] = /RUN (\w+) (\w+)/.exec(await stack.python(LOG_A_RUN)) ?? [];
    runUrl = `${stack.url}/#/experiments/${experiment}/runs/${run}`;

    browser = await openBrowser("admin", await stack.output("password"));
    page = await browser.newPage();
    page.on("pageerror", (error) => errors.push(error.message));
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

  test("run without an error of their own", () => {
    expect(errors).toEqual([]);
  });
});
