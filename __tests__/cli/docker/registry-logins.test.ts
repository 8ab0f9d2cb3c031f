import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { RegistryLogins } from "../../../cli/docker/registry-logins";

const logins = new RegistryLogins([
  { address: "https://ghcr.io", username: "ada", password: "token:1" },
  { address: "registry-1.docker.io", username: "bob", password: "token 2" },
]);

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe("The login at a registry", () => {
  test.each([
    ["ghcr.io/mlflow/mlflow:v3", "ghcr.io", "ada:token:1"],
    ["postgres:18.6", "https://index.docker.io/v1/", "bob:token 2"],
  ])("of %s is in a folder that only this user can read, and that is gone afterwards", async (image, key, login) => {
    const used = await logins.withFolder(image, async (folder = "") => {
      expect([mode(folder), mode(join(folder, "config.json"))]).toEqual(["700", "600"]);
      expect(readdirSync(folder)).toEqual(["config.json"]);
      const { auths } = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
      expect(auths).toEqual({ [key]: { auth: Buffer.from(login).toString("base64") } });
      return folder;
    });

    expect(existsSync(used)).toBe(false);
  });

  test("is gone after an error, too", async () => {
    let used = "";
    const failing = logins.withFolder("ghcr.io/a:1", async (folder = "") => {
      used = folder;
      throw new Error("broken");
    });

    await expect(failing).rejects.toThrow("broken");
    expect([used === "", existsSync(used)]).toEqual([false, false]);
  });

  test("is not used for another registry: there Docker has logins of its own", async () => {
    expect(await logins.withFolder("quay.io/a:1", async (folder) => folder)).toBeUndefined();
  });
});
