import { readdirSync, readFileSync } from "node:fs";
import {
  ADVISORY_LOCK,
  BACKUP_PASSPHRASE_FILE,
  BACKUP_PROGRAM,
  BACKUP_SECRETS_FOLDER,
  BACKUP_SETTINGS,
  BACKUP_STATE_FOLDER,
  BACKUP_TARGET_AUTHORITY_FILE,
  BACKUP_TARGET_CREDENTIALS_FILE,
  BACKUP_TARGET_KNOWN_HOSTS_FILE,
  BACKUP_TARGET_SSH_KEY_FILE,
  BACKUP_VERBS,
  BackupStatus,
  MIN_PASSPHRASE,
} from "../../../lib/contract/backup";
import { MAX_NESTED_SESSIONS } from "../../../lib/contract/connection-pool";
import { DUMP_VIEWS } from "../../../lib/contract/dumps";
import { GC_PROGRAM_FILE, GC_SETTINGS } from "../../../lib/contract/garbage";
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
  CLIENT_SETTINGS,
  ENCRYPTION_SETTINGS,
  SECRET_SETTINGS,
  SERVER_SETTINGS,
  STORE_SETTINGS,
  secretId,
} from "../../../lib/contract/server-settings";
import {
  ACCEPTED_FILE,
  IDENTITY_SETTINGS,
  IDENTITY_VIEW,
  MARKS,
  SERVICE_NAME,
  STORES_FILE,
  StoresVerdict,
} from "../../../lib/contract/store-identity";
import { AiProvider, ArtifactStore, AuthMethod, Role, Secret } from "../../../lib";
import { SECRETS_FILE } from "../../../lib/server/secrets-file";
import { BUCKET_JOB } from "../../../lib/stores/minio-bucket-job";
import { packagePath } from "../../../lib/values/package-folder";
import { CA_CERTIFICATE } from "../../support/stacks/shapes";
import { addresses, container, environment, file, mlflowStack, synth } from "../../support/stacks/synth";

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
/** The environment variables that a program in Python reads. */
const readByPython = (text: string) => unique(all(text, /environ(?:\[|\.get\()"(\w+)"|"(\w+)" in os\.environ/g));

/** The first group of each match that took part in it; fails where there is none. */
function all(text: string, pattern: RegExp): string[] {
  const found = [...text.matchAll(pattern)].map(([, ...groups]) => groups.find((group) => group !== undefined) ?? "");
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

describe("The backup program", () => {
  const text = sources("backup", /\.go$/, "//")
    .map((source) => source.text)
    .join("\n");
  const constant = (name: string) => one(text, new RegExp(`^\\t${name}\\s+(?:int64 )?= "?([^"\n]*?)"?$`));

  test("has the same verbs", () => {
    const list = one(text, /^var verbs = (?:.|\n)*?\}\{\n((?:.|\n)*?)\n\}$/);
    expect(all(list, /^\t"(\w+)":/gm).sort()).toEqual([...BACKUP_VERBS].sort());
  });

  test("reads the settings of the contract, and those of the stores' clients", () => {
    const read = unique(all(text, /Getenv\("(\w+)"\)/g));
    // botocore's alone.
    const clients = STORE_SETTINGS.filter((name) => name !== "AWS_EC2_METADATA_DISABLED");
    expect(read).toEqual([...BACKUP_SETTINGS, ...clients].sort());
  });

  test("has the same files, names and numbers", () => {
    expect({
      program: constant("program"),
      passphrase: constant("passphraseFile"),
      credentials: constant("targetCredentials"),
      authority: constant("targetAuthority"),
      key: constant("targetSSHKey"),
      hosts: constant("targetKnownHosts"),
      state: constant("stateFolder"),
      secrets: constant("secretsFolder"),
      characters: Number(constant("minPassphrase")),
      lock: BigInt(constant("advisoryLock")),
      service: constant("serviceName"),
      view: constant("identityView"),
      marks: one(text, /^const marks = "(.*)"$/),
    }).toEqual({
      program: BACKUP_PROGRAM,
      passphrase: BACKUP_PASSPHRASE_FILE,
      credentials: BACKUP_TARGET_CREDENTIALS_FILE,
      authority: BACKUP_TARGET_AUTHORITY_FILE,
      key: BACKUP_TARGET_SSH_KEY_FILE,
      hosts: BACKUP_TARGET_KNOWN_HOSTS_FILE,
      state: BACKUP_STATE_FOLDER,
      secrets: BACKUP_SECRETS_FOLDER,
      characters: MIN_PASSPHRASE,
      lock: ADVISORY_LOCK,
      service: SERVICE_NAME,
      view: IDENTITY_VIEW,
      marks: MARKS,
    });
  });

  test("ends with the same statuses", () => {
    const names = all(text, /^\tstatus\w+:\s+("\w+"),$/gm).map((name) => JSON.parse(name) as keyof typeof BackupStatus);
    const numbers = all(text, /^\tstatus\w+\s+status = (\d+)$/gm).map(Number);
    expect(Object.fromEntries(names.map((name, index) => [name, numbers[index]]))).toEqual(
      Object.fromEntries(Object.entries(BackupStatus).filter(([name]) => Number.isNaN(Number(name)))),
    );
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

  test("takes the lock of backup and restore", () => {
    expect(BigInt(one(text, /^ADVISORY_LOCK = (\d+)$/))).toBe(ADVISORY_LOCK);
  });

  test("reads its own settings, and MLflow's for the bucket", () => {
    const read = readByPython(text);
    const own: readonly string[] = IDENTITY_SETTINGS;
    const others: readonly string[] = [...SERVER_SETTINGS, ...STORE_SETTINGS];
    expect(read.filter((name) => !others.includes(name))).toEqual(own);
    expect(read.filter((name) => !own.includes(name))).toEqual(
      readByPython(readFileSync(packagePath("cli/import/importer.py"), "utf8")),
    );
  });
});

describe("The service that deletes garbage", () => {
  const text = python("gc/service.py");

  test("takes the lock of the others, and has its files at the same places", () => {
    expect(BigInt(one(text, /^ADVISORY_LOCK = (\d+)$/))).toBe(ADVISORY_LOCK);
    expect(one(text, /^PROGRAM = pathlib\.Path\("(.*)"\)$/)).toBe(GC_PROGRAM_FILE);
    expect(one(text, /^STORES = "(.*)"$/)).toBe(STORES_FILE);
  });

  test("reads its own settings", () => {
    expect(readByPython(text)).toEqual([...GC_SETTINGS]);
  });
});

describe("dump.sh", () => {
  const text = readFileSync(packagePath("mlflow", "dump.sh"), "utf8");

  test("takes the lock of backup, restore and migration, and waits as long", () => {
    expect(BigInt(one(text, /^ADVISORY_LOCK=(\d+)$/))).toBe(ADVISORY_LOCK);
    expect(one(text, /^LOCK_SECONDS=(\d+)$/)).toBe(one(python("stores.py"), /^LOCK_SECONDS = (\d+)$/));
    expect(unique(all(text, /service=(\w+)/g))).toEqual([SERVICE_NAME]);
  });

  test("has the same views as stores.py", () => {
    const views = (source: string) => unique(all(source, /\b(mlflow_stack_[a-z]+)\b/g));

    expect(views(text)).toEqual([IDENTITY_VIEW, ...Object.values(DUMP_VIEWS)].sort());
    expect(views(python("stores.py"))).toEqual([IDENTITY_VIEW, ...Object.values(DUMP_VIEWS)].sort());
  });
});

describe("Settings of MLflow", () => {
  const features = {
    aiGateway: { providers: [AiProvider.openai()] },
    jobExecution: true,
    metrics: true,
    telemetry: true,
    webhooks: { hosts: ["hooks.example.com"] },
    workspaces: true,
  };
  const everything = mlflowStack({
    server: { features, egress: { hosts: ["config.mlflow-telemetry.io"] } },
    auth: AuthMethod.basic({
      users: [
        { name: "ada", role: Role.ADMIN },
        { name: "bob", role: Role.WRITE, workspace: "team-a" },
      ],
    }),
  });
  const bucket = { bucket: "models", endpoint: "https://s3.example.com", caCertificate: CA_CERTIFICATE };
  const keys = { accessKeyId: Secret.variable("access_key"), secretAccessKey: Secret.variable("secret_key") };
  const external = mlflowStack({ artifactStore: ArtifactStore.s3({ ...bucket, ...keys }) });

  test("are those that the constructs set, and no others", () => {
    const set = [everything, external].flatMap((stack) =>
      Object.keys(synth(stack).resource.docker_container ?? {})
        .filter((name) => /^server(_(migration|workspaces)_\w+)?$/.test(name))
        .flatMap((name) => Object.keys(environment(stack, name))),
    );
    expect(unique(set)).toEqual([...SERVER_SETTINGS, ...STORE_SETTINGS, ...IDENTITY_SETTINGS].sort());
  });

  test("are in the file of secrets if they are secret", () => {
    const lines = file(everything, "server", SECRETS_FILE);
    expect(unique(all(lines, /^(\w+)=/gm))).toEqual([...SECRET_SETTINGS].sort());
  });

  test("have an address by which a review knows the keys that the database needs", () => {
    const generated = addresses(everything).filter((address) => address.startsWith("random_"));
    for (const setting of ENCRYPTION_SETTINGS) {
      expect(generated.filter((address) => address.includes(secretId(setting)))).toHaveLength(1);
    }
  });

  test("for clients are those that the stack tells, and that programs in other languages name", () => {
    const texts = [
      synth(everything).output?.client_environment?.value as string,
      ...[...CADDYFILES, ...sources("cli/verify", /\.py$/, "#"), ...sources("mlflow", /\.py$/, "#")].map(
        (source) => source.text,
      ),
      GO,
    ];
    const named = all(texts.join("\n"), /\b(MLFLOW_TRACKING_\w+|MLFLOW_MULTIPART_\w+|REQUESTS_CA_BUNDLE)/g);
    expect(unique(named)).toEqual([...CLIENT_SETTINGS]);
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

  test("goes with the lists of hosts that the app reads", () => {
    const stack = mlflowStack({
      server: {
        features: { webhooks: { hosts: ["hooks.example.com:8443"] }, aiGateway: { providers: [AiProvider.openai()] } },
      },
    });
    const read = all(python("feature_hosts.py"), /environ\.get\("(\w+_HOSTS)"/g);

    expect(read.map((name) => [name, environment(stack, "server")[name]])).toEqual([
      ["WEBHOOK_HOSTS", "hooks.example.com:8443"],
      ["AI_GATEWAY_HOSTS", "api.openai.com:443"],
    ]);
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
