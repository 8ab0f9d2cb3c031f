import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { AuthGateway, AuthMethod, DataSize, Duration, Secret, ServiceImage, Transfers } from "../../lib";
import type { AuthGatewayOptions, IUpstream } from "../../lib";
import { addresses, container, environment, file, synth, testStack, withoutCaddyFiles } from "../support/synth";

const CADDY = join(__dirname, "..", "..", "caddy");
const DIRECT: IUpstream = {
  hostname: "mlflow",
  port: 5000,
  transferTarget: { scheme: "http", endpoint: "store:9000", bucket: "models", preferred: true },
};
const PROXIED: IUpstream = { hostname: "mlflow", port: 5000 };

interface TestOptions extends AuthGatewayOptions {
  readonly url?: string;
  readonly upstream?: IUpstream;
  readonly auth?: AuthMethod;
}

function gatewayStack({ url, upstream, auth, ...options }: TestOptions = {}) {
  const { stack, network } = testStack();
  const gateway = new AuthGateway(stack, "gateway", {
    network,
    upstream: upstream ?? DIRECT,
    auth: auth ?? AuthMethod.basic(),
    url: url ?? "http://localhost:8080",
    ...options,
  });
  return { stack, network, gateway };
}

describe("AuthGateway", () => {
  test("with minimal properties", () => {
    expect(withoutCaddyFiles(synth(gatewayStack().stack))).toMatchSnapshot();
  });

  test("has these addresses", () => {
    expect(addresses(gatewayStack().stack)).toEqual([
      "docker_container.gateway",
      "docker_image.gateway_image_E8BE813C",
      "docker_network.network_edge_EE26EFD3",
      "docker_network.network_internal_6B1DEFA6",
      "random_password.gateway_password_2BDBD9BA",
    ]);
  });

  test("is published for its own host only when its url is local", () => {
    expect(container(gatewayStack({ url: "http://localhost:9090" }).stack, "gateway").ports).toEqual([
      { external: 9090, internal: 9090, ip: "127.0.0.1" },
    ]);
  });

  test("is published with the port that ACME needs when its url is public", () => {
    const { stack } = gatewayStack({ url: "https://mlflow.example.com" });

    expect(container(stack, "gateway").ports).toEqual([
      { external: 443, internal: 443, ip: "0.0.0.0" },
      { external: 80, internal: 80, ip: "0.0.0.0" },
    ]);
    expect(environment(stack, "gateway")).toMatchObject({
      SITE_ADDRESS: "https://mlflow.example.com",
      URL_SCHEME: "https",
      STRICT_TRANSPORT_SECURITY: "max-age=31536000",
    });
  });

  test("keeps its certificates, and demands HTTPS only where it is served", () => {
    const { stack } = gatewayStack({ url: "https://mlflow.example.com" });

    expect(container(stack, "gateway").volumes).toMatchObject([{ container_path: "/data" }]);
    expect(container(gatewayStack().stack, "gateway").volumes).toBeUndefined();
    expect(environment(gatewayStack().stack, "gateway").STRICT_TRANSPORT_SECURITY).toBe("");
  });

  test("is found on the edge network under the name in its url", () => {
    const { stack } = gatewayStack({ url: "https://mlflow.example.com" });
    const aliases = container(stack, "gateway").networks_advanced.map(({ aliases }: { aliases?: string[] }) => aliases);

    expect(aliases).toEqual([undefined, ["mlflow.example.com"]]);
  });

  test("sends signed transfers to the store of its upstream", () => {
    expect(environment(gatewayStack().stack, "gateway")).toMatchObject({
      TRANSFERS: "direct",
      STORE: "store:9000",
      STORE_AUTHORITY: "public",
      STORE_PATH: "models",
      STORE_SCHEME: "http",
    });
  });

  test("sends them to a store elsewhere when it is told to, into one folder of its bucket", () => {
    const elsewhere = { scheme: "https", endpoint: "s3.example.com", bucket: "models", prefix: "team/mlflow" };
    const caCertificate = "-----BEGIN CERTIFICATE-----\n";
    const upstream = { ...PROXIED, transferTarget: { ...elsewhere, caCertificate, preferred: false } };
    const { stack } = gatewayStack({ upstream, transfers: Transfers.direct() });

    expect(environment(stack, "gateway")).toMatchObject({
      TRANSFERS: "direct",
      STORE: "s3.example.com",
      STORE_AUTHORITY: "own",
      STORE_PATH: "models/team/mlflow",
      STORE_SCHEME: "https",
    });
    expect(file(stack, "gateway", "/etc/caddy/store-ca.pem")).toBe(caCertificate);
    expect(environment(gatewayStack({ upstream }).stack, "gateway").TRANSFERS).toBe("proxied");
  });

  test("leaves the addresses of a store alone that clients reach", () => {
    const upstream = { ...DIRECT, transferTarget: { ...DIRECT.transferTarget!, reachableByClients: true } };
    const { stack } = gatewayStack({ upstream });

    expect(environment(stack, "gateway").TRANSFERS).toBe("reachable");
    expect(environment(stack, "gateway")).not.toHaveProperty("STORE");
  });

  test("makes clients transfer through MLflow when it is told to", () => {
    const { stack } = gatewayStack({ transfers: Transfers.proxied() });

    expect(environment(stack, "gateway").TRANSFERS).toBe("proxied");
  });

  test("fails on direct transfers to a store that signs no usable address", () => {
    expect(() => gatewayStack({ upstream: PROXIED, transfers: Transfers.direct() })).toThrow(
      "'transfers' must not be Transfers.direct(), because signed addresses of this store lead nowhere: its bucket must stand in the path ('pathStyle'), its endpoint be known at synthesis, and its keys be permanent, or clients must reach it themselves ('reachableByClients') [test/gateway]",
    );
  });

  test("makes clients transfer through an upstream without such a store", () => {
    const { stack } = gatewayStack({ upstream: PROXIED });

    expect(environment(stack, "gateway").TRANSFERS).toBe("proxied");
    expect(environment(stack, "gateway")).not.toHaveProperty("STORE");
    expect(file(stack, "gateway", "/etc/caddy/transfers/proxied.caddy")).not.toBe("");
  });

  test("knows only the hash of a generated password", () => {
    const { stack } = gatewayStack();

    expect(file(stack, "gateway", "/run/secrets/auth-hash")).toBe(
      "${random_password.gateway_password_2BDBD9BA.bcrypt_hash}",
    );
  });

  test("knows only the hash of a given password, which changes with the password alone", () => {
    const { stack } = gatewayStack({ auth: AuthMethod.basic({ username: "ada", password: Secret.variable("login") }) });
    const { resource, variable } = synth(stack);
    const [[name, hash] = []] = Object.entries(resource.terraform_data ?? {});

    expect(hash).toMatchObject({
      input: "${bcrypt(var.login, 12)}",
      triggers_replace: "${sha256(var.login)}",
      lifecycle: { ignore_changes: ["input"] },
    });
    expect(file(stack, "gateway", "/run/secrets/auth-hash")).toBe(`\${terraform_data.${name}.output}`);
    expect(variable?.login).toMatchObject({ sensitive: true });
    expect(variable?.login?.validation).toHaveLength(3);
  });

  test("sets every setting that its files read, and no other", () => {
    const read = (upstream: IUpstream) => {
      const { stack } = gatewayStack({ upstream });
      const files = container(stack, "gateway").upload.map(({ content }: { content: string }) => content);
      const code = files.join("\n").replaceAll(/^\s*#.*$/gm, "");
      const names = code.matchAll(/\{(?:\$|env\.)([A-Z_]+)[}:]/g);
      return { names: new Set([...names].map(([, name]) => name)), set: Object.keys(environment(stack, "gateway")) };
    };

    for (const upstream of [DIRECT, PROXIED]) {
      const { names, set } = read(upstream);
      expect([...names].sort()).toEqual(set.filter((name) => names.has(name)).sort());
    }
    const direct = read(DIRECT);
    expect(direct.set.filter((name) => !direct.names.has(name))).toEqual([]);
  });

  test("has a method for every file in caddy/auth", () => {
    const { stack } = gatewayStack();

    expect(readdirSync(join(CADDY, "auth"))).toEqual([`${environment(stack, "gateway").AUTH_METHOD}.caddy`]);
  });

  test("uploads Caddy's files as they are", () => {
    const plain = readFileSync(join(CADDY, "Caddyfile"), "utf8");
    const uploaded = file(gatewayStack().stack, "gateway", "/etc/caddy/Caddyfile");

    expect(uploaded.replaceAll("$${", "${").replaceAll("%%{", "%{")).toBe(plain);
  });

  test("is built from its Dockerfile, by content", () => {
    const { stack } = gatewayStack({ buildArguments: { HTTPS_PROXY: "http://proxy.example.com:3128" } });
    const [image] = Object.values(synth(stack).resource.docker_image ?? {});

    expect(image).toMatchObject({
      name: "cdktf-mlflow/gateway:2.11.9",
      build: { builder: "default", build_args: { HTTPS_PROXY: "http://proxy.example.com:3128" } },
    });
    expect(image?.build.context).toMatch(/^assets\/gateway_dockerfile_[0-9A-F]+\/[0-9A-F]{32}$/);
  });

  test("takes a prebuilt image", () => {
    const { stack } = gatewayStack({ image: ServiceImage.registry("registry.example.com/caddy:2.11.9") });
    const [image] = Object.values(synth(stack).resource.docker_image ?? {});

    expect(image).toMatchObject({ name: "registry.example.com/caddy:2.11.9" });
    expect(image?.build).toBeUndefined();
  });

  test("takes a rate limit", () => {
    const { stack } = gatewayStack({ rateLimit: { events: 10, window: Duration.minutes(1) } });

    expect(environment(stack, "gateway")).toMatchObject({ RATE_LIMIT_EVENTS: "10", RATE_LIMIT_WINDOW: "1m0s" });
  });

  test.each([
    ["mlflow", "'url' must be an address such as 'https://mlflow.example.com', got: 'mlflow'"],
    ["ftp://localhost", "'url' must be an address such as 'https://mlflow.example.com', got: 'ftp://localhost'"],
    ["https://localhost/mlflow", "'url' must end after the host and port, got: 'https://localhost/mlflow'"],
    ["https://localhost?a=b", "'url' must end after the host and port, got: 'https://localhost?a=b'"],
    ["http://localhost:2019", "'url' must not use port 2019: the health check does"],
    ["https://mlflow.example.com:80", "'url' must not use port 80 with https: Caddy gets its certificate there"],
    ["https://ada:secret@localhost", "'url' must not hold a user or password; users belong to 'auth'"],
    [
      "https://localhost",
      "'url' must begin with http:// at localhost, because no authority that clients trust signs a certificate for it, got: 'https://localhost'",
    ],
    [
      "http://mlflow.example.com",
      "'url' must begin with https:// at a name other than localhost, because passwords would travel in clear and browsers show MLflow's pages blank, got: 'http://mlflow.example.com'",
    ],
  ])("fails on the url %s", (url, message) => {
    expect(() => gatewayStack({ url })).toThrow(`${message} [test/gateway]`);
  });

  test.each(["", "a b", "ada:admin", "ädä", "{env.HOME}", "a".repeat(65)])(
    "fails on the user name '%s'",
    (username) => {
      expect(() => gatewayStack({ auth: AuthMethod.basic({ username }) })).toThrow(
        `'username' must be 1 to 64 letters, digits and .@_+-, got: '${username}' [test/gateway]`,
      );
    },
  );

  test("fails on a rate limit that lets nothing through", () => {
    expect(() => gatewayStack({ rateLimit: { events: 0 } })).toThrow(
      "'rateLimit' must have 'events' of 1 or more in a 'window' of 1 second or more, got: 0 in 10s [test/gateway]",
    );
  });

  test("fails on too little memory", () => {
    expect(() => gatewayStack({ memory: DataSize.mebibytes(32) })).toThrow(
      "'memory' must be at least 64 MiB, got: 32 MiB [test/gateway]",
    );
  });

  test("fails beside another gateway on the same port", () => {
    const { stack, network } = gatewayStack();

    expect(
      () =>
        new AuthGateway(stack, "second", {
          network,
          upstream: PROXIED,
          auth: AuthMethod.basic(),
          url: "http://127.0.0.1:8080",
        }),
    ).toThrow(
      "port 8080 is published by 'test/gateway/Default' already; give one of the two another port in its 'url' [test/second/Default]",
    );
  });
});
