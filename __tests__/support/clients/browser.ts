import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { run, runOk } from "../run";

const ARGUMENTS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
  ...["--disable-background-networking", "--disable-component-update"],
];
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** A browser window that logs in with a user's name and password when it is asked. */
export async function openBrowser(username: string, password: string): Promise<BrowserContext> {
  const profile = await mkdtemp(join(tmpdir(), "mlflow-e2e-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: await browserPath(),
    httpCredentials: { username, password },
    viewport: { width: 1400, height: 900 },
    args: ARGUMENTS,
  });
  context.on("page", reloadAfterNetworkChange);
  context.pages().forEach(reloadAfterNetworkChange);
  return context;
}

/** Chromium gives up what it loads when the engine makes or removes a network, as tests beside this one do. */
function reloadAfterNetworkChange(page: Page): void {
  page.on("requestfailed", (request) => {
    if (request.failure()?.errorText !== "net::ERR_NETWORK_CHANGED") return;
    // Another reload, or a navigation of the test, may be under way.
    page.reload().catch(() => undefined);
  });
}

/** A browser whose contexts are as many people. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await browserPath(), args: ARGUMENTS });
}

async function browserPath(): Promise<string> {
  const found = [process.env.CHROMIUM, ...PLACES].find((path) => path && existsSync(path));
  if (found) return found;

  const { code } = await run("apt-get", ["--version"]).catch(() => ({ code: 1 }));
  if (code !== 0 || process.getuid?.() !== 0) throw new Error("no Chromium found: install one, or name it in CHROMIUM");
  await runOk("apt-get", ["update"]);
  await runOk("apt-get", ["install", "--yes", "--no-install-recommends", "chromium"]);
  return browserPath();
}
