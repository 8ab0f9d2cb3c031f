import { hostsInError, initialize, registriesOf } from "../../../cli/terraform/provider-downloads";
import { BROKEN_DOWNLOADS } from "../../support/broken-downloads";

const REGISTRY = "registry.example.com";
const ARCHIVES = "archives.example.com";

/** Runs of `init` that end with these errors, one after the other, the last one again and again. */
function initOf(errors: (string | undefined)[], silent: string[] = []) {
  const seen = { inits: 0, waits: [] as number[] };
  const end = initialize({
    init: async () => errors[Math.min(seen.inits++, errors.length - 1)],
    registries: async () => [REGISTRY],
    answers: async (host) => !silent.includes(host),
    wait: async (seconds) => seen.waits.push(seconds),
  });
  return { seen, end };
}

describe("terraform init", () => {
  test.each(Object.entries(BROKEN_DOWNLOADS))("is repeated while all hosts answer: %s", async (_, problem) => {
    const { seen, end } = initOf([problem]);

    expect(await end).toEqual({ problem, silentHost: undefined });
    expect(seen).toEqual({ inits: 4, waits: [1, 2, 4] });
  });

  test("ends well as soon as a download does", async () => {
    const { seen, end } = initOf([BROKEN_DOWNLOADS["Terraform, archive"], undefined]);

    expect(await end).toBeUndefined();
    expect(seen).toEqual({ inits: 2, waits: [1] });
  });

  test.each(Object.entries(BROKEN_DOWNLOADS))("names the registry that does not answer: %s", async (_, problem) => {
    expect(await initOf([problem], [REGISTRY]).end).toEqual({ problem, silentHost: REGISTRY });
  });

  test.each(["Terraform, checksums", "Terraform, archive", "Terraform, archive's host"] as const)(
    "names the host of the archives if that alone does not answer: %s",
    async (name) =>
      expect(await initOf([BROKEN_DOWNLOADS[name]], [ARCHIVES]).end).toMatchObject({ silentHost: ARCHIVES }),
  );

  test.each([
    "Error: Failed to install provider: the package doesn't match any of the checksums",
    "Error: Failed to query available provider packages: no available releases match the given constraints 99.0.0",
  ])("is not repeated after another error: %s", async (problem) => {
    const { seen, end } = initOf([problem], [REGISTRY]);

    expect(await end).toEqual({ problem });
    expect(seen.inits).toBe(1);
  });

  test("is no download of a provider if the state's backend cannot be reached", async () => {
    const problem = 'Error: Failed to get existing workspaces: Get "https://s3.example.com/": dial tcp: no such host';

    expect(await initOf([problem], [REGISTRY, "s3.example.com"]).end).toEqual({ problem, silentHost: undefined });
  });
});

test("an error names the hosts of its requests, and not those of pages about it", () => {
  expect(hostsInError(BROKEN_DOWNLOADS["OpenTofu, archive with status"])).toEqual([ARCHIVES, ARCHIVES]);
  expect(hostsInError("Provider x v1.0.0 is not signed: see https://www.example.com/docs")).toEqual([]);
});

test("a registry is what a source begins with, or the program's own", () => {
  expect(registriesOf(["hashicorp/random", "kreuzwerker/docker", "mirror.example.com:8443/a/b"], REGISTRY)).toEqual([
    REGISTRY,
    "mirror.example.com:8443",
  ]);
});
