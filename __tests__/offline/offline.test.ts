import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { offlineEnvironment } from "../../offline";

const REPOSITORY = resolve(__dirname, "..", "..");
const read = (...segments: string[]) => readFileSync(join(REPOSITORY, ...segments), "utf8");

describe("Offline builds", () => {
  test("name images that can only be this machine's", () => {
    const { TF_CLI_CONFIG_FILE, ...images } = offlineEnvironment();

    expect(TF_CLI_CONFIG_FILE).toMatch(/cdktf-mlflow\/terraform\.rc$/);
    for (const image of Object.values(images)) expect(image).toMatch(/^localhost\/cdktf-mlflow\//);
  });

  test("build the versions of the plugins and of Caddy that the official way has", () => {
    const module = read("offline", "go", "gateway", "go.mod");
    const dockerfile = read("caddy", "plugin", "Dockerfile");

    for (const [, version = ""] of module.matchAll(/^\tgithub\.com\/(?:mholt|caddyserver)\/\S+ v(\S+)$/gm)) {
      expect(dockerfile).toContain(version.replace(/^.*-(?=[0-9a-f]{12}$)/, ""));
    }
  });

  test("build the MLflow that is the default", () => {
    const [, version] = /mlflow\/mlflow:v([\d.]+)-full/.exec(read("lib", "server", "mlflow-server.ts")) ?? [];

    expect(read("offline", "images", "mlflow", "requirements.txt")).toContain(`mlflow==${version}\n`);
    expect(offlineEnvironment().MLFLOW_IMAGE).toContain(`localhost/cdktf-mlflow/mlflow:${version}-`);
  });

  test("build the oauth2-proxy that is the default", () => {
    const [, version] = /oauth2-proxy:v([\d.]+)-alpine/.exec(read("lib", "users", "oauth2-proxy.ts")) ?? [];

    expect(read("offline", "go", "oauth2-proxy", "go.mod")).toContain(`oauth2-proxy/v7 v${version}\n`);
    expect(offlineEnvironment().OAUTH2_PROXY_IMAGE).toContain(`localhost/cdktf-mlflow/oauth2-proxy:${version}-`);
  });

  test("write down what each image keeps to", () => {
    const readme = read("offline", "README.md");

    expect(readdirSync(join(REPOSITORY, "offline", "images")).sort()).toEqual([
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
