import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { MlflowServer, PostgresStore } from "../../lib";
import { builtCaddyImage } from "../../lib/caddy/caddy-image";
import { RELEASES } from "../../lib/values/releases";
import { offlineEnvironment } from "../../offline";

const REPOSITORY = resolve(__dirname, "..", "..");
const read = (...segments: string[]) => readFileSync(join(REPOSITORY, ...segments), "utf8");

describe("Offline builds", () => {
  test("name images that can only be this machine's", () => {
    const { TF_CLI_CONFIG_FILE, ...images } = offlineEnvironment();

    expect(TF_CLI_CONFIG_FILE).toMatch(/cdktf-mlflow\/terraform\.rc$/);
    expect(Object.keys(images)).toContain("GATEWAY_IMAGE");
    for (const image of Object.values(images)) expect(image).toMatch(/^localhost\/cdktf-mlflow\//);
  });

  test("build the release that each construct has by default", () => {
    const { POSTGRES_IMAGE, MLFLOW_IMAGE, OAUTH2_PROXY_IMAGE, GATEWAY_IMAGE } = offlineEnvironment();
    const release = (image = "") => /:v?([\d.]+)/.exec(image)?.[1];

    expect(release(POSTGRES_IMAGE)).toBe(release(PostgresStore.defaultImage().name));
    expect(release(MLFLOW_IMAGE)).toBe(release(MlflowServer.defaultImage().name));
    expect(release(OAUTH2_PROXY_IMAGE)).toBe(RELEASES["oauth2-proxy"].version);
    expect(release(GATEWAY_IMAGE)).toBe(release(builtCaddyImage(undefined).name));
  });

  test("name each image in their README", () => {
    const readme = read("offline", "README.md");

    expect(readdirSync(join(REPOSITORY, "offline", "images")).sort()).toEqual([
      "backup",
      "gateway",
      "go",
      "minio",
      "mlflow",
      "oauth2-proxy",
      "postgres",
    ]);
    const images = Object.entries(offlineEnvironment()).filter(([name]) => name.endsWith("_IMAGE"));
    for (const [, image] of images) expect(readme).toContain(`\`${image.replace(/-[0-9a-f]{12}$/, "-…")}\``);
  });
});
