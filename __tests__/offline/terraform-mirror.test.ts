import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { arch, platform, tmpdir } from "node:os";
import { join } from "node:path";
import { GoProgram } from "../../offline/go-program";
import { TerraformMirror } from "../../offline/terraform-mirror";
import { withEnvironment } from "../support/environment";

const cache = mkdtempSync(join(tmpdir(), "offline-mirror-"));
const system = `${platform()}_${arch() === "x64" ? "amd64" : arch()}`;
const provider = (registry: string) =>
  join(cache, "cdktf-mlflow/providers", registry, "hashicorp/random/3.9.0", system, "terraform-provider-random");

describe("The mirror of Terraform's providers", () => {
  withEnvironment({ XDG_CACHE_HOME: cache });

  const program = new GoProgram("random-provider", "example.com/random");
  const mirror = new TerraformMirror([{ source: "hashicorp/random", version: "3.9.0", program }]);

  test("has them for Terraform and for OpenTofu, as programs", () => {
    mkdirSync(join(cache, "cdktf-mlflow", "bin"), { recursive: true });
    writeFileSync(program.file, "built");

    expect(mirror.fill()).toBe(true);
    for (const registry of ["registry.terraform.io", "registry.opentofu.org"]) {
      expect(readFileSync(provider(registry), "utf8")).toBe("built");
      expect(statSync(provider(registry)).mode & 0o111).toBe(0o111);
    }
  });

  test("is current as long as nothing is missing", () => {
    expect(mirror.fill()).toBe(false);

    rmSync(provider("registry.terraform.io"));
    expect(mirror.fill()).toBe(true);
    expect(readFileSync(provider("registry.terraform.io"), "utf8")).toBe("built");
  });

  test("takes the place of the registries for these providers alone", () => {
    expect(readFileSync(mirror.configurationFile, "utf8")).toBe(`provider_installation {
  filesystem_mirror {
    path    = "${cache}/cdktf-mlflow/providers"
    include = ["registry.terraform.io/hashicorp/random","registry.opentofu.org/hashicorp/random"]
  }
  direct {
    exclude = ["registry.terraform.io/hashicorp/random","registry.opentofu.org/hashicorp/random"]
  }
}
`);
  });
});
