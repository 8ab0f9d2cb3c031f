import { readFileSync, readdirSync } from "node:fs";
import { ImageName } from "../../lib/values/image-name";
import { packagePath } from "../../lib/values/package-folder";
import { RELEASES, imageName, postgresMajors, postgresVersion } from "../../lib/values/releases";
import { releaseFiles, withCaddy } from "../../maintenance/release-files";

const noProgram = () => async () => {
  throw new Error("no program may run");
};
// Pages with measurements keep the release of their time.
const OF_ITS_TIME = ["docs/sizing.md"];

/** Files of the repository that a person writes. */
function written(): string[] {
  const generated = releaseFiles(RELEASES, noProgram).map(({ path }) => path);
  return ["lib", "cli", "caddy", "mlflow", "offline", "bench/apps", "examples", "docs"]
    .flatMap((folder) =>
      readdirSync(packagePath(folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /^(Dockerfile|.*\.(ts|md|py|json|caddy|sh))$/.test(entry.name))
        .map((entry) => `${entry.parentPath.slice(packagePath().length + 1)}/${entry.name}`),
    )
    .concat("main.ts", "README.md")
    .filter((path) => !path.startsWith("docs/html/") && ![...generated, ...OF_ITS_TIME].includes(path));
}

describe("releases.json", () => {
  test.each(releaseFiles(RELEASES, noProgram))(
    "is what $path says, or `npm run releases -- --write` renews it",
    (file) => {
      expect(file.isCurrent()).toBe(true);
    },
  );

  test("is the only file with a release that a person writes", () => {
    const { postgres, mlflow, silo, caddy, providers, minio, "oauth2-proxy": oauth2Proxy } = RELEASES;
    const releases = [
      ...postgres.versions,
      ...[mlflow, silo, caddy, minio, oauth2Proxy, ...Object.values(providers)].map(({ version }) => version),
      caddy.imageVersion,
    ];
    const texts = written().map((path) => [path, readFileSync(packagePath(path), "utf8")] as const);
    const named = releases.flatMap((release) => {
      const pattern = new RegExp(`(?<![\\d.])${release.replaceAll(".", "\\.")}(?!\\.?\\d)`);
      return texts.filter(([, text]) => pattern.test(text)).map(([path]) => `${path}: ${release}`);
    });

    expect(texts.length).toBeGreaterThan(200);
    expect(named).toEqual([]);
  });

  test("gives an image its digest, if that is known", () => {
    const release = { image: "example/app:v{version}", version: "1.2.3" };
    const digest = `sha256:${"0".repeat(64)}`;

    expect(imageName(release, {})).toBe("example/app:v1.2.3");
    expect(imageName(release, { "example/app:v1.2.3": digest })).toBe(`example/app:v1.2.3@${digest}`);
    expect(ImageName.isValid(imageName(release, { "example/app:v1.2.3": digest }))).toBe(true);
  });

  test("has an image for each release, and its default among the major versions, the newest first", () => {
    expect(postgresMajors()).toEqual([...postgresMajors()].sort((a, b) => b - a));
    expect(postgresVersion(RELEASES.postgres.default)).toBeDefined();
    for (const { image } of [RELEASES.postgres, RELEASES.mlflow, RELEASES.silo, RELEASES.caddy]) {
      expect(imageName({ image, version: "1.2" })).toMatch(/^[a-z0-9./-]+:[A-Za-z.]*1\.2[a-z-]*$/);
    }
  });
});

describe("The gateway's Dockerfile", () => {
  const dockerfile = readFileSync(packagePath("caddy", "plugin", "Dockerfile"), "utf8");

  test("gets other releases of Caddy, its image and its plugins, and nothing else", () => {
    const plugins = { "github.com/mholt/caddy-ratelimit": "v9.9.9" };
    const changed = withCaddy(dockerfile, {
      ...RELEASES,
      caddy: { ...RELEASES.caddy, version: "2.99.1", imageVersion: "2.99.0", plugins },
    });
    const lines = (text: string) => text.split("\n");

    expect(lines(changed).filter((line) => !lines(dockerfile).includes(line))).toEqual([
      "ARG IMAGE_VERSION=2.99.0",
      "ARG CADDY_RELEASE=v2.99.1",
      "    --with github.com/mholt/caddy-ratelimit@v9.9.9 \\",
    ]);
  });

  test("fails on a plugin that it does not build", () => {
    const plugins = { "example.com/plugin": "v1.0.0" };

    expect(() => withCaddy(dockerfile, { ...RELEASES, caddy: { ...RELEASES.caddy, plugins } })).toThrow(
      "nothing matches",
    );
  });
});

test("A Go module file with another release is renewed by Go's own commands, the gateway's handlers first", async () => {
  const commands: string[] = [];
  const run = (folder: string) => async (program: string, args: readonly string[]) => {
    commands.push(`${folder.slice(packagePath().length + 1)}: ${[program, ...args].join(" ")}`);
    return "";
  };
  const other = {
    ...RELEASES,
    caddy: { ...RELEASES.caddy, version: "2.99.1" },
    providers: { ...RELEASES.providers, docker: { ...RELEASES.providers.docker, commit: "v0.0.1" } },
  };
  for (const file of releaseFiles(other, run)) {
    if (file.path.endsWith("go.mod") && !file.isCurrent()) await file.renew();
  }

  const [ratelimit, response] = Object.entries(RELEASES.caddy.plugins).map((plugin) => plugin.join("@"));
  const docker = "github.com/terraform-providers/terraform-provider-docker";
  expect(commands).toEqual([
    "caddy/plugin: go get github.com/caddyserver/caddy/v2@v2.99.1",
    "caddy/plugin: go mod tidy",
    `offline/go/gateway: go get github.com/caddyserver/caddy/v2@v2.99.1 ${ratelimit} ${response}`,
    "offline/go/gateway: go mod tidy",
    `offline/go/docker-provider: go mod edit -replace=${docker}=${RELEASES.providers.docker.module}@v0.0.1`,
    "offline/go/docker-provider: go mod tidy",
  ]);
});
