import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { run } from "../support/run";
import { BROKEN_DOWNLOADS } from "../support/broken-downloads";
import { COMMAND, COMPILED } from "../support/compiled";
import { NODE_TYPESCRIPT, REPOSITORY } from "../support/repository";

// Each test starts programs, and some wait seven seconds between the tries of a download.
jest.setTimeout(120_000);

/** A `docker` with an engine that has no container, and images only if the test says so. Each pull fails with the error of the test. */
const DOCKER = `#!/bin/sh
case "$1 $2" in
  "info --format") echo '{"DockerRootDir":"/nonexistent"}' ;;
  "pull "*)
    echo "$*" >>"$FAKE/pulls"
    [ -z "$DOCKER_CONFIG" ] || { echo "$DOCKER_CONFIG"; cat "$DOCKER_CONFIG/config.json"; } >>"$FAKE/logins"
    cat "$FAKE/error" >&2; exit 1 ;;
  "ps "*) ;;
  "image inspect") [ -e "$FAKE/has-images" ] && echo sha256:0 ;;
  *) exit 1 ;;
esac
`;
/** A `terraform` whose state is a file of the test. */
const TERRAFORM = `#!/bin/sh
case "$1" in
  version) echo '{"terraform_version":"1.11.4"}' ;;
  init)
    [ -s "$FAKE/init-error" ] || exit 0
    echo init >>"$FAKE/inits"; cat "$FAKE/init-error" >&2; exit 1 ;;
  state) cat "$FAKE/state" ;;
  *) exit 1 ;;
esac
`;
const BROKEN = "unexpected EOF";
const PASSWORD = "registry-password";
const APP = `
import { App } from "cdktf";
import { MlflowStack, Secret } from "${COMPILED}/lib";

const app = new App();
new MlflowStack(app, "mlflow", {
  network: { imageRegistry: process.env.IMAGE_REGISTRY },
  engine: {
    registryLogins: [
      { address: process.env.IMAGE_REGISTRY ?? "", username: "ada", password: Secret.variable("registry_password") },
    ],
  },
});
app.synth();
`;

describe("A download of an image that fails in 'up'", () => {
  const folder = mkdtempSync(join(tmpdir(), "mlflow-downloads-"));
  const json = join(folder, "cdktf.out", "stacks", "mlflow", "cdk.tf.json");
  const registry = createServer((_, answer) => answer.writeHead(401).end());
  let answering: string;
  // Nothing listens on port 1.
  const silent = "127.0.0.1:1";
  const read = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "");

  beforeAll(async () => {
    mkdirSync(join(folder, "bin"));
    for (const [name, script] of Object.entries({ docker: DOCKER, terraform: TERRAFORM })) {
      writeFileSync(join(folder, "bin", name), script);
      chmodSync(join(folder, "bin", name), 0o755);
    }
    await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
    answering = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    registry.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    for (const name of ["pulls", "logins", "inits", "init-error", "has-images", "cdktf.json", "cdktf.out"]) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  });

  async function up(
    from: string,
    error: string,
    images: string[],
    options: string[] = [],
    variables: { [name: string]: string } = {},
  ) {
    const resources = [
      {
        mode: "managed",
        type: "docker_image",
        name: "image",
        instances: images.map((name, index_key) => ({ index_key, attributes: { name } })),
      },
    ];
    writeFileSync(join(folder, "error"), error);
    writeFileSync(join(folder, "state"), JSON.stringify({ version: 4, serial: 1, lineage: "a", resources }));
    return command(["up", ...options], from, variables);
  }

  async function command(args: string[], from: string, variables: { [name: string]: string } = {}) {
    return run(process.execPath, [COMMAND, ...args], {
      cwd: folder,
      env: {
        FAKE: folder,
        PATH: `${join(folder, "bin")}${delimiter}${process.env.PATH}`,
        IMAGE_REGISTRY: from,
        MLFLOW_URL: "http://localhost:21999",
        TF_VAR_registry_password: PASSWORD,
        TMPDIR: folder,
        DOCKER_HOST: undefined,
        DOCKER_CONFIG: undefined,
        TERRAFORM_BINARY_NAME: "terraform",
        ...variables,
      },
    });
  }

  test("is tried four times, and nothing is built if the registry answers", async () => {
    const { code, stdout, stderr } = await up(answering, BROKEN, [], ["--yes"]);

    expect([code, stderr]).toEqual([1, expect.stringContaining(`although ${answering} answers: ${BROKEN}`)]);
    expect(stdout + stderr).not.toContain("To be built");
    expect(new Set(read("pulls").trim().split("\n")).size).toBe(1);
    expect(read("pulls").trim().split("\n")).toHaveLength(4);
  });

  test("leaves a stack its official images although no registry answers and '--yes' is given", async () => {
    const { code, stdout, stderr } = await up(silent, BROKEN, [`${silent}/postgres:18.5`], ["--yes"]);

    expect([code, stderr]).toEqual([1, expect.stringContaining("only if you say so")]);
    expect(stderr).toMatch(/up (-- )?--offline/);
    expect(stdout + stderr).not.toContain("To be built");
    expect(readFileSync(json, "utf8")).not.toContain("localhost/cdktf-mlflow");
  });

  test("offers to build the images of a new stack, with what they lack, and forgets them without a yes", async () => {
    const { code, stdout, stderr } = await up(silent, BROKEN, []);

    expect([code, stderr]).toEqual([1, expect.stringContaining("Build them here? There is no terminal to ask on.")]);
    expect(stdout).toContain("CVE-2026-41145");
    expect(existsSync(json)).toBe(false);
  });

  describe("is no other matter for providers:", () => {
    // Every host answers, except for those on port 1.
    const proxy = createServer().on("connect", ({ url }, socket) =>
      socket.end(`HTTP/1.1 ${url === silent ? "502 Bad Gateway" : "200 Connected"}\r\n\r\n`),
    );
    let variables: { [name: string]: string };

    beforeAll(async () => {
      await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
      const HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      variables = { HTTPS_PROXY, XDG_CACHE_HOME: join(folder, "cache") };
    });
    afterAll(() => proxy.close());

    test.each(["Terraform, archive", "OpenTofu, archive"] as const)(
      "none is built while their hosts answer (%s)",
      async (name) => {
        writeFileSync(join(folder, "init-error"), BROKEN_DOWNLOADS[name]);

        const { code, stdout, stderr } = await command(["status"], silent, variables);

        expect([code, stdout, stderr]).toEqual([1, "", expect.stringContaining(BROKEN_DOWNLOADS[name])]);
        expect(stderr).not.toContain("offline");
        expect(read("inits")).toBe("init\n".repeat(4));
      },
    );

    test.each([
      ["a deployed stack keeps the released ones", `${silent}/postgres:18.6`, ["--yes"], "only if you say so"],
      ["a new stack is asked about them", undefined, [], "Build them here? There is no terminal to ask on."],
    ])("if the host of the archives does not answer, %s", async (_, image, options, said) => {
      writeFileSync(
        join(folder, "init-error"),
        BROKEN_DOWNLOADS["Terraform, archive"].replace("archives.example.com", silent),
      );
      writeFileSync(join(folder, "has-images"), "");

      const { code, stderr } = await up(silent, BROKEN, image === undefined ? [] : [image], options, variables);

      expect([code, stderr]).toEqual([1, expect.stringContaining(said)]);
      expect(read("inits")).toBe("init\n");
    });
  });

  test("used the login that the app has for the registry, and left it nowhere", async () => {
    symlinkSync(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "main.ts"), APP);
    writeFileSync(join(folder, "tsconfig.json"), "{}");
    writeFileSync(join(folder, "cdktf.json"), JSON.stringify({ app: [...NODE_TYPESCRIPT, "main.ts"].join(" ") }));

    const { code, stdout, stderr } = await up(answering, "unauthorized: authentication required", [], ["--yes"]);

    expect([code, stderr]).toEqual([1, expect.stringContaining("unauthorized: authentication required")]);
    const [used = "", configuration = ""] = read("logins").trim().split("\n");
    const auth = Buffer.from(`ada:${PASSWORD}`).toString("base64");
    expect(JSON.parse(configuration)).toEqual({ auths: { [answering]: { auth } } });
    expect(existsSync(used)).toBe(false);
    expect(read("pulls") + stdout + stderr).not.toContain(PASSWORD);
  });
});
