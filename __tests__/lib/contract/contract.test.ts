import { readdirSync, readFileSync } from "node:fs";
import { MAX_NESTED_SESSIONS } from "../../../lib/contract/connection-pool";
import { UNREACHABLE_RANGES } from "../../../lib/contract/egress-addresses";
import {
  ANSWER_MINUTES,
  CADDY_FOLDER,
  EGRESS_SETTINGS,
  GATEWAY_SETTINGS,
  HASHES_FOLDER,
  PORT_OFF,
  STORE_AUTHORITY_FILE,
  USERS_FILE,
} from "../../../lib/contract/gateway-settings";
import {
  DEFAULT_WORKSPACE,
  MAX_BCRYPT_COST,
  MAX_PASSWORD_BYTES,
  MIN_BCRYPT_COST,
  USER_NAME,
  WORKSPACE_NAME,
} from "../../../lib/contract/logins";
import { Port } from "../../../lib/contract/ports";
import {
  ACCEPTED_FILE,
  IDENTITY_SETTINGS,
  IDENTITY_VIEW,
  MARKS,
  SERVICE_NAME,
  StoresVerdict,
} from "../../../lib/contract/store-identity";
import { Role } from "../../../lib";
import { BUCKET_JOB } from "../../../lib/stores/minio-bucket-job";
import { packagePath } from "../../../lib/values/package-folder";
import { container, environment, file, mlflowStack } from "../../support/stacks/synth";

/** The texts of all files in a folder whose names end so, without the lines that are comments. */
function sources(folder: string, ending: RegExp, comment: string): { path: string; text: string }[] {
  const found = readdirSync(packagePath(folder), { recursive: true, encoding: "utf8" })
    .filter((path) => ending.test(path) && !path.endsWith("_test.go"))
    .map((path) => {
      const lines = readFileSync(packagePath(folder, path), "utf8").split("\n");
      return { path, text: lines.filter((line) => !line.trimStart().startsWith(comment)).join("\n") };
    });
  if (found.length === 0) throw new Error(`no ${ending} in ${folder}`);
  return found;
}

const CADDYFILES = sources("caddy", /(^|\/)Caddyfile$|\.caddy$/, "#");
const GO = sources("caddy/plugin", /\.go$/, "//")
  .map(({ text }) => text)
  .join("\n");
const python = (path: string) => readFileSync(packagePath("mlflow", path), "utf8");

/** The first group of each match; fails where there is none. */
function all(text: string, pattern: RegExp): string[] {
  const found = [...text.matchAll(pattern)].map(([, group = ""]) => group);
  if (found.length === 0) throw new Error(`nothing matches ${pattern}`);
  return found;
}

/** The first group of the one match. */
function one(text: string, pattern: RegExp): string {
  const [found = "", ...others] = all(text, new RegExp(pattern, "gm"));
  expect(others).toEqual([]);
  return found;
}

const unique = (texts: readonly string[]) => [...new Set(texts)].sort();

describe("Caddy's files", () => {
  const isEgress = (path: string) => path.startsWith("egress");
  const read = (files: typeof CADDYFILES) =>
    unique(files.flatMap(({ text }) => [...text.matchAll(/\{(?:\$|env\.)(\w+)/g)].map(([, name = ""]) => name)));

  test("read the gateway's settings, and no others", () => {
    expect(read(CADDYFILES.filter(({ path }) => !isEgress(path)))).toEqual([...GATEWAY_SETTINGS]);
  });

  test("read the egress proxy's settings, and no others", () => {
    expect(read(CADDYFILES.filter(({ path }) => isEgress(path)))).toEqual([...EGRESS_SETTINGS]);
  });

  const text = CADDYFILES.map((file) => file.text).join("\n");

  test("name no other files and folders of the container", () => {
    const routes = ["routes.json", "console/routes.json"].map((name) => `${CADDY_FOLDER}/${name}`);
    expect(unique(all(text, /(?:^|\s)(\/(?:etc|run)\/\S+)/g))).toEqual(
      [...routes, USERS_FILE, STORE_AUTHORITY_FILE, HASHES_FOLDER].sort(),
    );
  });

  test("have a file for a port of the store that is not published", () => {
    expect(CADDYFILES.map(({ path }) => path)).toEqual(
      expect.arrayContaining([`console/${PORT_OFF}.caddy`, `s3-api/${PORT_OFF}.caddy`]),
    );
  });

  test("answer the health check at its port", () => {
    expect(unique(all(text, /^http:\/\/127\.0\.0\.1:(\d+) \{$/gm))).toEqual([String(Port.HEALTH)]);
  });

  test("wait for MLflow's answer as long as its queries may take", () => {
    expect(all(text, /^\s*import mlflow (\S+) /gm)).toEqual(["0s", `${ANSWER_MINUTES}m`]);
    expect(environment(mlflowStack(), "server").PGOPTIONS).toBe(`-c statement_timeout=${ANSWER_MINUTES}min`);
  });
});

describe("The gateway's handlers in Go", () => {
  test("take the same names of users and workspaces", () => {
    expect(one(GO, /userName\s*=\s*regexp\.MustCompile\(`(.*)`\)/)).toBe(USER_NAME.source);
    expect(one(GO, /workspaceName\s*=\s*regexp\.MustCompile\(`(.*)`\)/)).toBe(WORKSPACE_NAME.source);
    expect(one(GO, /defaultWorkspace\s*=\s*"(.*)"/)).toBe(DEFAULT_WORKSPACE);
  });

  test("know the same roles", () => {
    expect(unique(all(one(GO, /roleNames = map\[string\]Role\{([^}]*)\}/), /"(\w+)":/g))).toEqual(
      Object.values(Role).sort(),
    );
  });

  test("take the same passwords and hashes", () => {
    expect(Number(one(GO, /maxCost\s*=\s*(\d+)/))).toBe(MAX_BCRYPT_COST);
    expect(Number(one(GO, /maxPassword\s*=\s*(\d+)/))).toBe(MAX_PASSWORD_BYTES);
    // bcrypt.MinCost of golang.org/x/crypto.
    expect(MIN_BCRYPT_COST).toBe(4);
  });

  test("never connect to the same addresses", () => {
    const list = one(GO, /neverPrivate\s*=\s*\[\]netip\.Prefix\{([^}]*)\}/);
    expect(all(list, /MustParsePrefix\("(.*)"\)/g)).toEqual(UNREACHABLE_RANGES);
  });
});

describe("stores.py", () => {
  const text = python("stores.py");

  test("ends with the same verdicts", () => {
    expect(Number(one(text, /^OTHER_STORES = (\d+)$/))).toBe(StoresVerdict.OTHER_STORES);
    expect(Number(one(text, /^OTHER_SCHEMA = (\d+)$/))).toBe(StoresVerdict.OTHER_SCHEMA);
    expect(text).toContain(`Exit status ${StoresVerdict.OTHER_STORES}: `);
    expect(text).toContain(` ${StoresVerdict.OTHER_SCHEMA}: the schema`);
  });

  test("leaves its marks in the same places, and reads accepted stores from the same file", () => {
    expect(one(text, /^OBJECTS = "(.*)"$/)).toBe(MARKS);
    expect(one(text, /^VIEW = "(.*)"$/)).toBe(IDENTITY_VIEW);
    expect(one(text, /^ACCEPTED = pathlib\.Path\("(.*)"\)$/)).toBe(ACCEPTED_FILE);
    expect(one(text, /psycopg2\.connect\("service=(\w+)"/)).toBe(SERVICE_NAME);
  });

  test("reads the settings of the contract besides those of MLflow", () => {
    const read = all(text, /(?:environ\[|environ\.get\()"(\w+)"/g).concat(all(text, /"(\w+)" in os\.environ/g));
    expect(unique(read.filter((name) => !name.startsWith("MLFLOW_")))).toEqual([...IDENTITY_SETTINGS]);
  });
});

test("connection_pool.py counts as many sessions inside of each other", () => {
  expect(Number(one(python("connection_pool.py"), /^DEPTH = (\d+)$/))).toBe(MAX_NESTED_SESSIONS);
});

describe("The key of the gateway", () => {
  const text = python("gateway_only.py");

  test("has the same header for the gateway and MLflow", () => {
    const header = one(text, /^KEY_HEADER = "(.*)"$/);

    expect(one(GO, /gatewayKeyHeader\s*=\s*"(.*)"/)).toBe(header);
    expect(all(CADDYFILES.map((file) => file.text).join("\n"), /header_up (\S+) \{file\./g)).toEqual([header]);
  });

  test("is in the same secret file for both, and in no setting", () => {
    const path = one(text, /^KEY_FILE = pathlib.Path\("(.*)"\)$/);
    const stack = mlflowStack();
    const key = file(stack, "server", path);

    expect(key).toMatch(/^\$\{random_password\.server_gateway-key_\w+\.result\}$/);
    expect(file(stack, "gateway", path)).toBe(key);
    expect(environment(stack, "gateway").UPSTREAM_KEY).toBe(path);
    for (const name of ["server", "gateway"])
      expect(JSON.stringify(environment(stack, name))).not.toContain("gateway-key_");
  });

  test("is asked for by the app that the server runs", () => {
    const stack = mlflowStack();
    const [, app = ""] = /--app-name (\S+)/.exec(container(stack, "server").command.join(" ")) ?? [];

    expect(file(stack, "server", "/etc/mlflow/gateway_only.dist-info/entry_points.txt")).toContain(
      `[mlflow.app]\n${app} = gateway_only:create_app\n`,
    );
    expect(text).toMatch(/^def create_app\(\):$/m);
    expect(one(text, /^LOCAL = "http:\/\/127\.0\.0\.1:(\d+)"$/)).toBe(String(Port.MLFLOW));
  });
});

test("The bucket job gets the settings that it reads", () => {
  const settings = Object.keys(environment(mlflowStack(), "minio_bucket_19E8FDA6"));
  const own = all(BUCKET_JOB, /^(?:export )?(?:for )?(\w+)(?:=| in )/gm);
  const read = all(BUCKET_JOB, /\$\{?([A-Z_]+)\b/g).filter((name) => !own.includes(name));
  expect(unique(read)).toEqual(settings.sort());
});
