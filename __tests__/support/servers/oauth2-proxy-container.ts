import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { offlineSettings } from "../stacks/deployment";
import type { GatewayContainer } from "./gateway-container";
import { eventually, run, runOk } from "../run";

const CONFIGURATION = "--config=/etc/oauth2-proxy/oauth2-proxy.cfg";

/** Files by path. */
interface Files {
  readonly [path: string]: string;
}

/** oauth2-proxy beside a gateway, which knows it as `oauth2-proxy`. It goes with the gateway. */
export class OAuth2ProxyContainer {
  private static settings?: ReturnType<typeof offlineSettings>;

  /** Starts it, with all that it reads. */
  public static async start(gateway: GatewayContainer, image: string, files: Files): Promise<void> {
    const name = `${gateway.name}-oauth2-proxy`;
    await create(name, image, files, ["--network", gateway.network, "--network-alias", "oauth2-proxy"]);
    await runOk("docker", ["start", name]);
    const ask = ["exec", name, "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:4180/ping"];
    await eventually("oauth2-proxy answers", 20, async () => (await run("docker", ask)).code === 0).catch(
      async (error) => {
        const { stdout, stderr } = await run("docker", ["logs", name]);
        throw new Error(`${String(error)}\n${stdout}${stderr}`);
      },
    );
  }

  /** What oauth2-proxy says to its files, without asking an issuer. */
  public static async check(image: string, files: Files): Promise<string> {
    const name = `oauth2-proxy-test-${randomBytes(4).toString("hex")}`;
    await create(name, image, files, ["--network", "none"], ["--config-test"]);
    try {
      const { stdout, stderr } = await run("docker", ["start", "--attach", name]);
      return stdout + stderr;
    } finally {
      await runOk("docker", ["rm", "--force", name]);
    }
  }

  /** The image that a stack would use here. */
  public static async image(ofTheLibrary: string): Promise<string> {
    OAuth2ProxyContainer.settings ??= offlineSettings();
    return process.env.OAUTH2_PROXY_IMAGE ?? (await OAuth2ProxyContainer.settings).OAUTH2_PROXY_IMAGE ?? ofTheLibrary;
  }
}

// hardened as in a deployment; files are copied and not mounted, so that a remote engine works too.
async function create(name: string, image: string, files: Files, flags: string[], more: string[] = []): Promise<void> {
  const hardening = ["--user", "65532:65532", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true"];
  await runOk("docker", ["create", "--name", name, ...hardening, ...flags, image, CONFIGURATION, ...more]);
  const folder = await mkdtemp(join(tmpdir(), "oauth2-proxy-"));
  try {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    await runOk("chmod", ["-R", "a+rX", folder]);
    await runOk("docker", ["cp", `${folder}/.`, `${name}:/`]);
  } finally {
    await rm(folder, { recursive: true });
  }
}
