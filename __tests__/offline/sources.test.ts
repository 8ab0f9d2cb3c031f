import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ModuleKind, transpileModule } from "typescript";
import { mirrorAmong } from "../../offline/debian-mirror";
import { usableGo } from "../../offline/go-builder";
import { copyPipSettings } from "../../offline/pip-settings";

const folder = () => mkdtempSync(join(tmpdir(), "offline-sources-"));

describe("Debian's packages", () => {
  test("come from the main archive, whatever comes first in apt's lists", () => {
    const targets = [
      "http://a.example/vendor/|Vendor|Vendor",
      "http://b.example/debian-security/|Debian|Debian-Security",
      "http://c.example/debian/|Debian|Debian",
      "http://d.example/debian/|Debian|Debian",
    ];

    expect(mirrorAmong(targets.join("\n"))).toBe("http://c.example/debian/");
  });

  test.each([
    ["no lists yet", "http://c.example/debian/||"],
    ["another distribution", "http://u.example/ubuntu/|Ubuntu|Ubuntu"],
    ["nothing at all", ""],
  ])("come from nowhere with %s", (_case, targets) => {
    expect(mirrorAmong(targets)).toBeUndefined();
  });
});

describe("Go on this machine", () => {
  test.each([
    ["go1.26.8", "local", "as it is"],
    ["go1.26.0", "auto", "as it is"],
    ["go1.21.0", "auto", "by another release"],
    // The modules do not compile with this release.
    ["go1.27.0", "auto", "by another release"],
    ["go1.27.0", "local", "not"],
    ["go1.24.4", "local", "not"],
    // The release of Debian 12, which does not download another.
    ["go1.19.8", "", "not"],
    ["", "", "not"],
  ])("%s with GOTOOLCHAIN=%s builds the modules: %s", (version, toolchain, usable) => {
    expect(usableGo(version, toolchain)).toBe(usable);
  });
});

describe("Python's packages", () => {
  test("come from the index of this machine's pip", () => {
    const home = folder();
    const root = join(folder(), "host");
    mkdirSync(join(home, ".config", "pip"), { recursive: true });
    writeFileSync(join(home, ".config", "pip", "pip.conf"), "[global]\nindex-url = https://pip.example/simple\n");
    copyPipSettings(root, { HOME: home, PIP_INDEX_URL: "https://ada:it's@pip.example/simple", PIP_FIND_LINKS: "/opt" });

    expect(readFileSync(join(root, "root/.config/pip/pip.conf"), "utf8")).toContain("https://pip.example/simple");
    expect(readFileSync(join(root, "pip-environment"), "utf8")).toBe(
      String.raw`PIP_INDEX_URL='https://ada:it'\''s@pip.example/simple'` + "\n",
    );
    expect(statSync(join(root, "pip-environment")).mode & 0o777).toBe(0o600);
  });

  test("come without configuration files if pip is set to read none", () => {
    const root = join(folder(), "host");
    const home = folder();
    mkdirSync(join(home, ".pip"));
    writeFileSync(join(home, ".pip", "pip.conf"), "[global]\n");
    copyPipSettings(root, { HOME: home, PIP_CONFIG_FILE: "/dev/null" });

    expect(readdirSync(root)).toEqual(["pip-environment"]);
  });

  test("need no settings", () => {
    const root = join(folder(), "host");
    copyPipSettings(root, { HOME: folder() });

    expect(readFileSync(join(root, "pip-environment"), "utf8")).toBe("");
    expect(existsSync(join(root, "root"))).toBe(false);
  });
});

test("The sources of the builds are in the package, not in the folder of its compiled files", () => {
  const root = folder();
  const source = readFileSync(join(__dirname, "..", "..", "lib", "values", "package-folder.ts"), "utf8");
  const compiled = transpileModule(source, { compilerOptions: { module: ModuleKind.CommonJS } }).outputText;
  mkdirSync(join(root, "dist", "lib", "values"), { recursive: true });
  writeFileSync(join(root, "package.json"), "{}");
  const load = new Function("require", "exports", "__dirname", compiled);
  const exported: { packagePath?: (...segments: string[]) => string } = {};
  load(require, exported, join(root, "dist", "lib", "values"));

  expect(exported.packagePath?.("offline", "go", "gateway")).toBe(join(root, "offline", "go", "gateway"));
});
