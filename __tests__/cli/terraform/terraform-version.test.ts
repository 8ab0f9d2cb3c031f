import { requireVersion } from "../../../cli/terraform/terraform-version";

describe("requireVersion", () => {
  test.each(["1.7.0", "1.11.4", "1.10.0-alpha1"])("takes %s", (version) => {
    expect(() => requireVersion("terraform", JSON.stringify({ terraform_version: version }))).not.toThrow();
  });

  test("refuses a version that is too old", () => {
    expect(() => requireVersion("terraform", '{"terraform_version":"1.6.6"}')).toThrow("terraform 1.6.6 is too old");
    expect(() => requireVersion("tofu", "{}")).toThrow("tofu of an unknown version is too old");
  });
});
