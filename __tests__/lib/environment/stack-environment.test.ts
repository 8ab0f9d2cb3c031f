import { StackEnvironment } from "../../../lib";
import { ENVIRONMENT_VARIABLES } from "../../../lib/environment/environment-variables";
import { container, environment, file, mlflowStack, synth } from "../../support/stacks/synth";

const DATABASE = "postgresql://mlflow:p%40ss%25word%7B@db.example.com:6432/tracking?sslmode=require";
const S3 = {
  MLFLOW_S3_ENDPOINT_URL: "https://s3.example.com",
  MLFLOW_S3_BUCKET: "models",
  AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI",
};

function stackFrom(variables: { [name: string]: string }) {
  return mlflowStack(new StackEnvironment(variables).props());
}

describe("StackEnvironment", () => {
  test("deploys everything bundled on localhost when nothing is set", () => {
    expect(synth(stackFrom({}))).toEqual(synth(mlflowStack()));
    expect(new StackEnvironment({}).terraformVariables()).toEqual({});
    expect(new StackEnvironment({}).stackId).toBe("mlflow");
  });

  test("treats an empty variable as not set", () => {
    const empty = { AUTH_PASSWORD: "", DB_URL: "", MLFLOW_S3_ENDPOINT_URL: "", MLFLOW_URL: "", MLFLOW_STACK: "" };

    expect(synth(stackFrom(empty))).toEqual(synth(mlflowStack()));
    expect(new StackEnvironment(empty).stackId).toBe("mlflow");
  });

  test("declares a sensitive variable for a given password, and hands the value to Terraform only", () => {
    const variables = { AUTH_USERNAME: "ada", AUTH_PASSWORD: `it's "$HOME" \${x} %{y} ümlaut` };
    const stack = stackFrom(variables);

    expect(synth(stack).variable?.auth_password).toMatchObject({ sensitive: true });
    expect(file(stack, "gateway", "/etc/caddy/users.json")).toBe('[\n{"name":"ada","role":"admin"}\n]\n');
    expect(JSON.stringify(synth(stack))).not.toContain("ümlaut");
    expect(new StackEnvironment(variables).terraformVariables()).toEqual({
      TF_VAR_auth_password: variables.AUTH_PASSWORD,
    });
  });

  test("uses the database that DB_URL names, without its password", () => {
    const stack = stackFrom({ DB_URL: DATABASE });
    const lines = file(stack, "server", "/run/secrets/pg_service.conf").split("\n");

    expect(lines).toEqual([
      "[mlflow]",
      "host=db.example.com",
      "port=6432",
      "dbname=tracking",
      "user=mlflow",
      "password=${var.db_password}",
      "sslmode=require",
      "",
    ]);
    expect(synth(stack).resource.docker_container).not.toHaveProperty("postgres");
    expect(new StackEnvironment({ DB_URL: DATABASE }).terraformVariables()).toEqual({
      TF_VAR_db_password: "p@ss%word{",
    });
  });

  test("uses the bucket that the S3 variables name, without their keys", () => {
    const stack = stackFrom({ ...S3, AWS_SESSION_TOKEN: "FwoGZXIvYXdzE" });

    expect(environment(stack, "server")).toMatchObject({
      MLFLOW_ARTIFACTS_DESTINATION: "s3://models",
      MLFLOW_S3_ENDPOINT_URL: "https://s3.example.com",
    });
    expect(environment(stack, "gateway").TRANSFERS).toBe("proxied");
    expect(synth(stack).resource.docker_container).not.toHaveProperty("minio");
    expect(new StackEnvironment({ ...S3, AWS_SESSION_TOKEN: "FwoGZXIvYXdzE" }).terraformVariables()).toEqual({
      TF_VAR_aws_access_key_id: "AKIAEXAMPLE",
      TF_VAR_aws_secret_access_key: "wJalrXUtnFEMI",
      TF_VAR_aws_session_token: "FwoGZXIvYXdzE",
    });
  });

  test("reads the kind of transfers", () => {
    const transfers = (variables: { [name: string]: string }) =>
      environment(stackFrom({ ...S3, ...variables }), "gateway").TRANSFERS;

    expect(transfers({ MLFLOW_TRANSFERS: "direct" })).toBe("direct");
    expect(transfers({ MLFLOW_S3_REACHABLE_BY_CLIENTS: "true" })).toBe("reachable");
    expect(transfers({ MLFLOW_S3_REACHABLE_BY_CLIENTS: "true", MLFLOW_TRANSFERS: "proxied" })).toBe("proxied");
    expect(() => transfers({ MLFLOW_TRANSFERS: "fast" })).toThrow(
      "MLFLOW_TRANSFERS must be direct or proxied, got: 'fast'",
    );
    expect(() => transfers({ MLFLOW_S3_REACHABLE_BY_CLIENTS: "yes" })).toThrow(
      "MLFLOW_S3_REACHABLE_BY_CLIENTS must be true or false, got: 'yes'",
    );
  });

  test.each<[string, { [name: string]: string }]>([
    ["OAUTH2_ALLOW_ANY_DOMAIN", { OAUTH2_CLIENT_ID: "mlflow", OAUTH2_CLIENT_SECRET: "hunter2" }],
    ["MLFLOW_S3_REACHABLE_BY_CLIENTS", S3],
    ["MINIO_CONSOLE", {}],
    ["MINIO_S3_API", {}],
    ["ACCESS_LOG_VOLUME", {}],
    ["ACCESS_LOG_MASK_ADDRESSES", {}],
  ])("refuses any value of the switch %s except true and false", (name, others) => {
    const props = (value: string) => () => new StackEnvironment({ ...others, [name]: value }).props();

    for (const value of ["yes", "1", "TRUE"]) {
      expect(props(value)).toThrow(`${name} must be true or false, got: '${value}'`);
    }
    for (const value of ["true", "false"]) expect(props(value)).not.toThrow();
  });

  test("ignores AWS keys that are set for other programs", () => {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = S3;

    expect(new StackEnvironment({ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }).terraformVariables()).toEqual({});
    expect(synth(stackFrom({ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }))).toEqual(synth(mlflowStack()));
  });

  test("takes other images and a mirror", () => {
    const stack = stackFrom({
      IMAGE_REGISTRY: "mirror.example.com",
      MLFLOW_IMAGE: "example/mlflow:1.0.0",
      POSTGRES_IMAGE: "example/postgres:1.0.0",
      MINIO_IMAGE: "example/minio:1.0.0",
    });
    const images = Object.values(synth(stack).resource.docker_image ?? {});

    expect(images.map(({ name }) => name).sort()).toEqual([
      expect.stringMatching(/^cdktf-mlflow\/gateway:2\.\d+\.\d+-[0-9a-f]{12}$/),
      "mirror.example.com/example/minio:1.0.0",
      "mirror.example.com/example/mlflow:1.0.0",
      "mirror.example.com/example/postgres:1.0.0",
    ]);
    expect(images.find(({ build }) => build)?.build.build_args).toMatchObject({ REGISTRY: "mirror.example.com" });
  });

  test("takes the images of a mirror that has a prefix for each registry, each by its own variable", () => {
    const images = {
      MLFLOW_IMAGE: "mirror.example.com/ghcr/mlflow/mlflow:v3.1.0",
      POSTGRES_IMAGE: "mirror.example.com/docker-hub/library/postgres:18.1",
      MINIO_IMAGE: "mirror.example.com/docker-hub/pgsty/silo:2026-01-02",
      GATEWAY_IMAGE: "mirror.example.com/ours/gateway:1.0.0",
      OAUTH2_PROXY_IMAGE: "mirror.example.com/quay/oauth2-proxy/oauth2-proxy:v7.1.0",
      BACKUP_IMAGE: "mirror.example.com/ours/backup:1.0.0",
    };
    const login = {
      MLFLOW_URL: "https://mlflow.example.com",
      OAUTH2_CLIENT_ID: "mlflow",
      OAUTH2_CLIENT_SECRET: "secret",
      OAUTH2_ISSUER_URL: "https://login.example.com",
      OAUTH2_ALLOWED_DOMAINS: "example.com",
    };

    expect(
      Object.values(synth(stackFrom({ ...images, ...login, BACKUP_TARGET: "volume:" })).resource.docker_image ?? {})
        .map(({ name }) => name)
        .sort(),
    ).toEqual(Object.values(images).sort());
  });

  test("passes the proxies of a shell to the build, and the stack is the same without them", () => {
    const proxy = { HTTPS_PROXY: "http://proxy.example.com:3128", NO_PROXY: "localhost" };
    const synthesized = synth(stackFrom(proxy));
    const [image] = Object.values(synthesized.resource.docker_image ?? {}).filter(({ build }) => build);

    expect(synthesized).toEqual(synth(stackFrom({})));
    expect(image).toMatchObject({
      build: { build_args: { HTTPS_PROXY: "${var.build_https_proxy}", NO_PROXY: "${var.build_no_proxy}" } },
      lifecycle: { ignore_changes: ["build"] },
    });
    expect(synthesized.variable?.build_https_proxy).toMatchObject({ type: "string", default: "" });
    expect(new StackEnvironment(proxy).terraformVariables()).toEqual({
      TF_VAR_build_https_proxy: "http://proxy.example.com:3128",
      TF_VAR_build_no_proxy: "localhost",
    });
    // Other apps are built without it: a state would hold the password.
    expect(new StackEnvironment({ HTTPS_PROXY: "http://ada:secret@proxy" }).terraformVariables()).toEqual({});
  });

  test("publishes an https url on the given address, and port 80 unless it is switched off", () => {
    const published = (variables: { [name: string]: string }) =>
      container(stackFrom({ MLFLOW_URL: "https://mlflow.example.com", ...variables }), "gateway").ports.map(
        ({ ip, external }: { ip: string; external: number }) => `${ip} ${external}`,
      );

    expect(published({ MLFLOW_BIND_ADDRESS: "203.0.113.2" })).toEqual(["203.0.113.2 443", "203.0.113.2 80"]);
    expect(published({ MLFLOW_BIND_ADDRESS: "::, 0.0.0.0", MLFLOW_HTTP_REDIRECT: "false" })).toEqual([
      "0.0.0.0 443",
      ":: 443",
    ]);
    for (const value of ["eth0", "203.0.113.2,203.0.113.3", "0.0.0.0,::,::1"]) {
      expect(() => published({ MLFLOW_BIND_ADDRESS: value })).toThrow(
        `MLFLOW_BIND_ADDRESS must be one IP address of the Docker host, or 0.0.0.0,::, got: '${value}'`,
      );
    }
  });

  test("publishes the given url", () => {
    const stack = stackFrom({ MLFLOW_URL: "http://localhost:9090" });

    expect(container(stack, "gateway").ports).toEqual([{ external: 9090, internal: 9090, ip: "127.0.0.1" }]);
  });

  test.each([
    ["changeme", "The password must have at least 12 characters; defaults such as changeme are refused on purpose."],
    ["short", "The password must have at least 12 characters; defaults such as changeme are refused on purpose."],
    ["Password1234", "The password must not be one that examples ship with."],
    ["ü".repeat(37), "The password must have at most 72 bytes, because bcrypt ignores what follows."],
  ])("refuses the password %s", (password, rule) => {
    expect(() => new StackEnvironment({ AUTH_PASSWORD: password }).props()).toThrow(
      `AUTH_PASSWORD is refused: ${rule}`,
    );
  });

  test.each(["mysql://ada:secret@h/d", "sqlite:///mlflow.db", "db.example.com", "postgresql://h/"])(
    "refuses the database %s without repeating it",
    (url) => {
      const refuse = () => new StackEnvironment({ DB_URL: url }).props();
      expect(refuse).toThrow(/^DB_URL must /);
      expect(refuse).not.toThrow(url);
    },
  );

  test.each([
    ["postgresql://mlflow@db.example.com/mlflow", "password"],
    ["postgresql://:secret@db.example.com/mlflow", "user"],
    ["postgresql://mlflow:secret@db.example.com", "database"],
  ])("refuses %s, which has no %s", (url, part) => {
    expect(() => new StackEnvironment({ DB_URL: url }).props()).toThrow(
      `DB_URL must name a ${part}: postgresql://user:password@host:5432/mlflow`,
    );
  });

  test("refuses parameters of DB_URL that would have no effect", () => {
    expect(() => new StackEnvironment({ DB_URL: `${DATABASE}&options=-c%20x` }).props()).toThrow(
      "DB_URL may have the parameter sslmode and no other, got: 'options'",
    );
  });

  test.each(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "MLFLOW_S3_BUCKET"])(
    "refuses an S3 endpoint without %s",
    (missing) => {
      expect(() => new StackEnvironment({ ...S3, [missing]: "" }).props()).toThrow(
        `${missing} must be set to use an external S3 store`,
      );
    },
  );

  test("refuses a proxy with a password", () => {
    expect(() => new StackEnvironment({ HTTPS_PROXY: "http://ada:secret@proxy.example.com" }).props()).toThrow(
      "HTTPS_PROXY must not hold a user or password: Terraform's state would hold its value",
    );
  });

  const OAUTH2 = ENVIRONMENT_VARIABLES.flatMap(({ names }): readonly string[] => names)
    .filter((name) => name.startsWith("OAUTH2_"))
    // Images may be set without the service that uses them.
    .filter((name) => name !== "OAUTH2_CLIENT_ID" && name !== "OAUTH2_PROXY_IMAGE");
  test.each<[string, string, { [name: string]: string }]>([
    ...OAUTH2.map((name): [string, string, { [name: string]: string }] => [name, "OAUTH2_CLIENT_ID", {}]),
    ["TRUSTED_PROXIES", "MLFLOW_TLS=terminated", {}],
    ["TRUSTED_PROXIES", "MLFLOW_TLS=terminated", { MLFLOW_TLS: "internal" }],
    ["TLS_CERTIFICATE", "MLFLOW_TLS=certificate", {}],
    ["TLS_PRIVATE_KEY", "MLFLOW_TLS=certificate", { MLFLOW_TLS: "automatic" }],
    ["TLS_EMAIL", "MLFLOW_TLS=automatic", { MLFLOW_TLS: "internal" }],
    ["DB_CA_CERTIFICATE", "DB_URL", {}],
    ["MLFLOW_S3_PREFIX", "MLFLOW_S3_BUCKET", {}],
    ["MLFLOW_S3_CA_CERTIFICATE", "MLFLOW_S3_BUCKET", {}],
    ["MLFLOW_S3_REACHABLE_BY_CLIENTS", "MLFLOW_S3_BUCKET", {}],
  ])("refuses %s without %s, and treats it as not set when it is empty", (name, missing, others) => {
    const variables = (value: string) => ({ MLFLOW_URL: "https://mlflow.example.com", ...others, [name]: value });

    expect(() => new StackEnvironment(variables("true")).props()).toThrow(
      `${name} must not be set without ${missing}, because it would have no effect: set both, or neither`,
    );
    expect(() => new StackEnvironment(variables("")).props()).not.toThrow();
  });

  test("lists all variables without an effect at once, and none of their values", () => {
    const variables = { OAUTH2_CLIENT_SECRET: "hunter2", OAUTH2_ISSUER_URL: "https://x", OAUTH2_CLIENT_ID: "" };

    expect(() => new StackEnvironment(variables).props()).toThrow(
      "OAUTH2_CLIENT_SECRET, OAUTH2_ISSUER_URL must not be set without OAUTH2_CLIENT_ID, because it would have no effect: set both, or neither",
    );
  });

  test("takes a switch that is off, and the settings of the given kind of TLS", () => {
    const https = { MLFLOW_URL: "https://mlflow.example.com" };
    const off = { OAUTH2_ALLOW_ANY_DOMAIN: "false", MLFLOW_S3_REACHABLE_BY_CLIENTS: "false" };
    const tls = (variables: object) => environment(stackFrom({ ...https, ...off, ...variables }), "gateway");

    expect(tls({ TLS_EMAIL: "ops@example.com" })).toMatchObject({ TLS: "automatic", ACME_EMAIL: "ops@example.com" });
    expect(tls({ MLFLOW_TLS: "terminated", TRUSTED_PROXIES: "10.0.0.5, 10.0.0.6" })).toMatchObject({
      TLS: "terminated",
      TRUSTED_PROXIES: "10.0.0.5 10.0.0.6",
    });
  });
});
