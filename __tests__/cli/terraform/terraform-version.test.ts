import { requireVersion } from "../../../cli/terraform/terraform-version";

describe("requireVersion", () => {
  test.each(["1.7.0", "1.11.4", "1.10.0-alpha1"])("takes %s", (version) => {
    expect(() => requireVersion("terraform", JSON.stringify({ terraform_version: version }))).not.toThrow();
  });

  test("refuses a version that is too old", () => {
    expect(() => requireVersion("terraform", '{"terraform_version":"1.6.6"}')).toThrow("terraform 1.6.6 is too old");
    expect(() => requireVersion("tofu", "{}")).toThrow("tofu of an unknown version is too old");
  });

  test.each([
    ["of a release before 3", '{"terraform_version":"1.11.4"}\n\n::debug::Terraform exited with code 0.\n'],
    ["without GITHUB_OUTPUT", '{"terraform_version":"1.11.4"}\n\n::set-output name=stdout::{}\n'],
  ])("names the wrapper of setup-terraform %s", (_what, output) => {
    expect(() => requireVersion("terraform", output)).toThrow("terraform is the wrapper of setup-terraform");
  });

  test("names a program that prints other things", () => {
    expect(() => requireVersion("tf", "Switched to 1.11.4\n{}")).toThrow(
      "'tf version -json' prints other things than JSON",
    );
  });
});
