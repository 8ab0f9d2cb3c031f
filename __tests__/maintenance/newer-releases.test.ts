import { RELEASES } from "../../lib/values/releases";
import { lookUp, subjects, type Finding } from "../../maintenance/newer-releases";
import type { Run } from "../../maintenance/registries";

const COMMIT = "v0.0.0-20240102030405-0123456789ab";
const RELEASED = {
  ...RELEASES,
  postgres: { ...RELEASES.postgres, versions: ["18.6", "17.11"] },
  caddy: { ...RELEASES.caddy, version: "2.11.9", plugins: { "example.com/plugin": COMMIT } },
};
const PROGRAMS: { [command: string]: string } = {
  [`go list -m -versions -f {{join .Versions " "}} ${RELEASES.caddy.module}`]: "v2.11.9 v2.11.10 v2.12.0-beta.1",
  "go list -m -f {{.Version}} example.com/plugin@latest": "v0.0.0-20250102030405-0123456789ab",
  "python3 -m pip index versions uvicorn": "uvicorn (99.0.0)\nAvailable versions: 99.0.0, 99.0.0rc1, 0.1.0\n",
  "npm view constructs version": "10.0.0\n",
};
const run: Run = async (program, args) => {
  const answer = PROGRAMS[[program, ...args].join(" ")];
  if (answer === undefined) throw Object.assign(new Error("failed"), { stderr: "first\n\tnot available\n" });
  return answer;
};

const HUB = "https://registry-1.docker.io/v2/library/postgres/tags/list?n=1000";
const POSTGRES_TAGS = [
  { tags: ["latest", "18.6-trixie", "18.10-trixie", "18.9-trixie", "18-trixie", "18.11-bookworm"], next: true },
  { tags: ["19beta1-trixie", "17.11-trixie"], next: false },
];

/** Docker Hub with PostgreSQL's tags for who has a token, Terraform's registry, and nobody else. */
async function answer(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const url = String(input);
  const respond = (body: unknown, status = 200, headers: { [name: string]: string } = {}) => {
    const response = new Response(JSON.stringify(body), { status, headers });
    Object.defineProperty(response, "url", { value: url });
    return response;
  };
  if (url === "https://auth.example.com/token?service=hub&scope=pull") return respond({ token: "t" });
  if (url.startsWith(HUB)) {
    if ((init?.headers as { Authorization?: string }).Authorization !== "Bearer t") {
      const challenge = 'Bearer realm="https://auth.example.com/token",service="hub",scope="pull"';
      return respond({}, 401, { "www-authenticate": challenge });
    }
    const page = POSTGRES_TAGS[url === HUB ? 0 : 1];
    return respond(page, 200, page?.next ? { link: `<${HUB.slice(28)}&last=x>; rel="next"` } : {});
  }
  if (url.startsWith("https://registry.terraform.io/")) return respond({}, 503);
  throw new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND") });
}

describe("The search for newer releases", () => {
  let findings: Finding[];
  const of = (name: string, registry: string) =>
    findings.find((finding) => finding.name === name && finding.registry === registry);

  beforeAll(async () => {
    jest.spyOn(globalThis, "fetch").mockImplementation(answer);
    findings = await lookUp(subjects(RELEASED, { constructs: "10.4.2" }, run));
  });
  afterAll(() => jest.restoreAllMocks());

  test("reads all pages of an image's tags, and takes no beta and no other variant", () => {
    expect(of("PostgreSQL 18", "docker.io")).toMatchObject({ current: "18.6", newest: "18.10" });
    expect(of("PostgreSQL 17", "docker.io")).toMatchObject({ current: "17.11", newest: "17.11" });
    expect(of("PostgreSQL", "docker.io")).toMatchObject({ newest: "18.10" });
  });

  test("asks Go, pip and npm, each by its own client", () => {
    expect(of("Caddy", "Go's modules")).toMatchObject({ newest: "v2.11.10" });
    expect(of("example.com/plugin", "Go's modules")).toMatchObject({ newest: "v0.0.0-20250102030405-0123456789ab" });
    expect(of("uvicorn[standard]", "PyPI")).toMatchObject({ newest: "99.0.0" });
    expect(of("constructs", "npm")).toMatchObject({ newest: "10.4.2" });
  });

  test("continues if a registry cannot be reached or has no answer, and gives the reason", () => {
    expect(of("MLflow", "ghcr.io")).toMatchObject({ failure: "getaddrinfo ENOTFOUND" });
    expect(of("hashicorp/random", "Terraform's registry")).toMatchObject({
      failure: "registry.terraform.io answered 503",
    });
    expect(of("oauth2-proxy", "Go's modules")?.failure).toMatch(/not available$/);
  });

  test("asks for every release of releases.json", () => {
    const asked = findings.map(({ current }) => current.replace(/^v/, ""));
    const { postgres, mlflow, silo, caddy, providers, minio, mc, go, ...others } = RELEASED;

    for (const version of [
      ...postgres.versions,
      ...[mlflow, silo, caddy, ...Object.values(providers)].map(({ version }) => version),
      ...Object.values(others).flatMap((release) => ("version" in release ? [release.version] : [])),
      ...[caddy.imageVersion, minio.commit, mc.commit, providers.docker.commit, go].map((name) =>
        name.replace(/^v/, ""),
      ),
      ...Object.values({ ...mlflow.packages, ...caddy.plugins }).map((name) => name.replace(/^v/, "")),
    ]) {
      expect(asked).toContain(version);
    }
  });
});
