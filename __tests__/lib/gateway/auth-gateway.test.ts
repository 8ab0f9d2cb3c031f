import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  AuthGateway,
  AuthMethod,
  ContentSecurityPolicy,
  DataSize,
  Duration,
  HostBinding,
  Role,
  Secret,
  ServiceImage,
  Tls,
  Transfers,
  UserPassword,
} from "../../../lib";
import type { AuthGatewayOptions, IUpstream, OAuth2Options, PublishedPortOptions, UpstreamGateway } from "../../../lib";
import { certificateFor } from "../../support/servers/certificate";
import {
  addresses,
  container,
  environment,
  file,
  synth,
  testStack,
  withoutPackagedFiles,
} from "../../support/stacks/synth";
import { fakeUpstream } from "../../support/stacks/upstream";

const CADDY = join(__dirname, "..", "..", "..", "caddy");
const DIRECT = fakeUpstream({
  transferTarget: { scheme: "http", endpoint: "store:9000", bucket: "models", preferred: true },
});
const CERTIFICATE = certificateFor("mlflow.example.com");
const REACHABLE = { ...DIRECT.transferTarget!, reachableByClients: true };
const PROXIED = fakeUpstream();

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
    expect(withoutPackagedFiles(synth(gatewayStack().stack))).toMatchSnapshot();
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

  test("is published on the engine's own host only when its url is local", () => {
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

  test("keeps its certificates and sends HSTS for https urls only", () => {
    const { stack } = gatewayStack({ url: "https://mlflow.example.com" });

    expect(container(stack, "gateway").volumes).toMatchObject([{ container_path: "/data" }]);
    expect(container(gatewayStack().stack, "gateway").volumes).toBeUndefined();
    expect(environment(gatewayStack().stack, "gateway").STRICT_TRANSPORT_SECURITY).toBe("");
  });

  test("is reachable on the edge network under the host name of its url", () => {
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

  test("sends them to an external store on request, into one folder of its bucket", () => {
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

  test("does not rewrite the addresses of a store that clients reach", () => {
    const { stack } = gatewayStack({ upstream: { ...DIRECT, transferTarget: REACHABLE } });

    expect(environment(stack, "gateway").TRANSFERS).toBe("reachable");
    expect(environment(stack, "gateway")).not.toHaveProperty("STORE");
  });

  test("makes clients transfer through MLflow on request", () => {
    const { stack } = gatewayStack({ transfers: Transfers.proxied() });

    expect(environment(stack, "gateway").TRANSFERS).toBe("proxied");
  });

  test("fails on direct transfers to a store whose signed addresses cannot be used", () => {
    expect(() => gatewayStack({ upstream: PROXIED, transfers: Transfers.direct() })).toThrow(
      "'transfers' must not be Transfers.direct(), because signed addresses of this store cannot be used: its bucket must be in the path ('pathStyle'), its endpoint known at synthesis and its keys permanent, or clients must reach it themselves ('reachableByClients') [test/gateway]",
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

    expect(file(stack, "gateway", "/run/secrets/users/admin")).toBe(
      "${random_password.gateway_password_2BDBD9BA.bcrypt_hash}",
    );
  });

  test("knows only the hash of a given password, which changes with the password alone", () => {
    const { stack } = gatewayStack({
      auth: AuthMethod.basic({
        users: [{ name: "ada", role: Role.ADMIN, password: UserPassword.of(Secret.variable("login")) }],
      }),
    });
    const { resource, variable } = synth(stack);
    const [[name, hash] = []] = Object.entries(resource.terraform_data ?? {});

    expect(hash).toMatchObject({
      input: "${bcrypt(var.login, 12)}",
      triggers_replace: "${sha256(var.login)}",
      lifecycle: { ignore_changes: ["input"] },
    });
    expect(file(stack, "gateway", "/run/secrets/users/ada")).toBe(`\${terraform_data.${name}.output}`);
    expect(variable?.login).toMatchObject({ sensitive: true });
    expect(variable?.login?.validation).toHaveLength(3);
  });

  const oauth2 = () =>
    AuthMethod.oauth2({
      issuerUrl: "https://login.example.com",
      clientId: "mlflow",
      clientSecret: Secret.variable("client_secret"),
      allowedDomains: ["example.com"],
    });
  const KINDS: [string, TestOptions][] = [
    ["direct transfers", {}],
    ["proxied transfers", { upstream: PROXIED }],
    ["a store that clients reach", { upstream: { ...DIRECT, transferTarget: REACHABLE } }],
    ["a console", { upstream: { ...DIRECT, consoleAddress: "store:9001" } }],
    ["the store's S3 API", { upstream: { ...DIRECT, s3ApiAddress: "store:9000" } }],
    [
      "a public S3 API",
      {
        upstream: { ...DIRECT, s3ApiAddress: "store:9000" },
        s3Api: { binding: HostBinding.public() },
        url: "https://mlflow.example.com",
      },
    ],
    [
      "a public console",
      {
        upstream: { ...DIRECT, consoleAddress: "store:9001" },
        console: { binding: HostBinding.public() },
        url: "https://mlflow.example.com",
        tls: Tls.internal(),
      },
    ],
    ["a login at an issuer", { auth: oauth2() }],
    ["a certificate by ACME", { url: "https://mlflow.example.com" }],
    [
      "an ACME server of one's own",
      { url: "https://mlflow.example.com", tls: Tls.automatic({ directoryUrl: "https://acme.example.com/directory" }) },
    ],
    ["an authority of its own", { url: "https://mlflow.example.com", tls: Tls.internal() }],
    [
      "a given certificate",
      {
        url: "https://mlflow.example.com",
        tls: Tls.certificate({ certificate: CERTIFICATE, privateKey: Secret.variable("key") }),
      },
    ],
    [
      "a proxy that ends TLS",
      { url: "https://mlflow.example.com", tls: Tls.terminatedBefore({ trustedProxies: ["10.0.0.1"] }) },
    ],
  ];

  test.each(KINDS)("sets every setting that its files read, and no other, with %s", (_kind, options) => {
    const { stack } = gatewayStack(options);
    const files = container(stack, "gateway").upload.map(({ content }: { content: string }) => content);
    const code = files.join("\n").replaceAll(/^\s*#.*$/gm, "");
    const read = new Set([...code.matchAll(/\{(?:\$|env\.)([A-Z0-9_]+)[}:]/g)].map(([, name]) => name));

    expect(Object.keys(environment(stack, "gateway"))).toEqual([...read].sort());
  });

  test.each(["auth", "tls", "transfers", "console", "s3-api"])("uses every file in caddy/%s", (folder) => {
    const used = KINDS.flatMap(([, options]) =>
      container(gatewayStack(options).stack, "gateway").upload.map(({ file }: { file: string }) => file),
    );
    const names = readdirSync(join(CADDY, folder)).map((name) => `/etc/caddy/${folder}/${name}`);

    expect(names.filter((name) => !used.includes(name))).toEqual([]);
  });

  test("uploads Caddy's files as they are", () => {
    const plain = readFileSync(join(CADDY, "Caddyfile"), "utf8");
    const uploaded = file(gatewayStack().stack, "gateway", "/etc/caddy/Caddyfile");

    expect(uploaded.replaceAll("$${", "${").replaceAll("%%{", "%{")).toBe(plain);
  });

  test("is built from its Dockerfile, by content", () => {
    const imageOf = (buildArguments?: { [name: string]: string }) =>
      Object.values(synth(gatewayStack({ buildArguments }).stack).resource.docker_image ?? {})[0];
    const image = imageOf({ HTTPS_PROXY: "http://proxy.example.com:3128" });

    expect(image).toMatchObject({
      name: expect.stringMatching(/^cdktf-mlflow\/gateway:2\.\d+\.\d+-[0-9a-f]{12}$/),
      build: { builder: "default", build_args: { HTTPS_PROXY: "http://proxy.example.com:3128" } },
    });
    expect(imageOf()?.name).toBe(image?.name);
    expect(imageOf({ GOPROXY: "https://proxy.example.com" })?.name).not.toBe(image?.name);
    expect(image?.build.context).toMatch(/^assets\/gateway_context_[0-9A-F]+\/[0-9A-F]{32}$/);
  });

  test("takes a prebuilt image", () => {
    const { stack } = gatewayStack({ image: ServiceImage.registry("registry.example.com/caddy:2.11.9") });
    const [image] = Object.values(synth(stack).resource.docker_image ?? {});

    expect(image).toMatchObject({ name: "registry.example.com/caddy:2.11.9" });
    expect(image?.build).toBeUndefined();
  });

  test("sends a strict Content-Security-Policy for MLflow's pages, another on request, or none", () => {
    const policies = (contentSecurityPolicy?: ContentSecurityPolicy) => {
      const settings = environment(gatewayStack({ contentSecurityPolicy }).stack, "gateway");
      return [settings.CONTENT_SECURITY_POLICY, settings.CONTENT_SECURITY_POLICY_REPORT_ONLY];
    };
    const strict = expect.stringMatching(/^default-src 'none'; script-src 'self'; /);

    expect(policies()).toEqual([strict, ""]);
    expect(policies(ContentSecurityPolicy.reportOnly())).toEqual(["", strict]);
    expect(policies(ContentSecurityPolicy.off())).toEqual(["", ""]);
    expect(policies(ContentSecurityPolicy.allowArtifactScripts())).toEqual([
      expect.stringContaining("script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:;"),
      "",
    ]);
  });

  test("logs to its output with full client addresses, or to rotated files with masked ones", () => {
    const { stack } = gatewayStack({ accessLog: { volume: {}, maskAddresses: true } });

    expect(environment(gatewayStack().stack, "gateway")).toMatchObject({
      ACCESS_LOG: "stdout",
      ACCESS_LOG_IPV4_BITS: "32",
      ACCESS_LOG_IPV6_BITS: "128",
    });
    expect(environment(stack, "gateway")).toMatchObject({
      ACCESS_LOG: "file /var/log/caddy/access.log",
      ACCESS_LOG_IPV4_BITS: "24",
      ACCESS_LOG_IPV6_BITS: "48",
    });
    expect(container(stack, "gateway").volumes).toEqual([
      { container_path: "/var/log/caddy", volume_name: "test-gateway-log" },
    ]);
  });

  describe("with a console behind it", () => {
    const upstream = { ...DIRECT, consoleAddress: "store:9001" };

    test("publishes it on the engine's own host", () => {
      const { stack } = gatewayStack({ upstream });

      expect(container(stack, "gateway").ports).toContainEqual({ external: 9001, internal: 9001, ip: "127.0.0.1" });
      expect(environment(stack, "gateway")).toMatchObject({
        CONSOLE: "plain",
        CONSOLE_ADDRESS: "http://:9001",
        CONSOLE_UPSTREAM: "store:9001",
      });
    });

    test("publishes it elsewhere with TLS only", () => {
      const console = { binding: HostBinding.public(), port: 9443 };
      const { stack } = gatewayStack({ upstream, console, url: "https://mlflow.example.com" });

      expect(environment(stack, "gateway").CONSOLE_ADDRESS).toBe("https://mlflow.example.com:9443");
      const tls = Tls.terminatedBefore({ trustedProxies: ["10.0.0.1"] });
      const { stack: behindProxy } = gatewayStack({ upstream, console, url: "https://mlflow.example.com", tls });
      expect(environment(behindProxy, "gateway")).toMatchObject({ CONSOLE: "plain", CONSOLE_ADDRESS: "http://:9443" });
      expect(() => gatewayStack({ upstream, console })).toThrow(
        "'console' must be published on the engine's own host where 'url' has no TLS, got: '0.0.0.0' [test/gateway]",
      );
    });

    test("asks for a password if browsers do not send the session of single sign-on", () => {
      const options = {
        ...{ issuerUrl: "https://login.example.com", clientId: "mlflow" },
        ...{ clientSecret: Secret.variable("client_secret"), allowedDomains: ["example.com"] },
      };
      const users = [{ name: "ada", role: Role.ADMIN }];
      const login = (url: string, more: Partial<OAuth2Options> = {}, console?: PublishedPortOptions) => {
        const { stack } = gatewayStack({ upstream, url, console, auth: AuthMethod.oauth2({ ...options, ...more }) });
        return environment(stack, "gateway").CONSOLE_AUTH_METHOD;
      };
      const https = "https://mlflow.example.com";

      expect(login("http://localhost:8080")).toBe("oauth2");
      expect(login(https, { users })).toBe("basic");
      expect(login(https, {}, { binding: HostBinding.public() })).toBe("oauth2");
      expect(() => login(https)).toThrow(
        "'auth' must have a user with a password and the role admin, because the console",
      );
    });

    test("fails on a console that the store has not switched on", () => {
      expect(() => gatewayStack({ console: {} })).toThrow(
        "'console' must be switched on in the store too: ArtifactStore.minio({ console: true }) [test/gateway]",
      );
    });
  });

  describe("with the S3 API of the store behind it", () => {
    const upstream = { ...DIRECT, s3ApiAddress: "store:9000" };

    test("publishes it on the engine's own host", () => {
      const { stack } = gatewayStack({ upstream });

      expect(container(stack, "gateway").ports).toContainEqual({ external: 9000, internal: 9000, ip: "127.0.0.1" });
      expect(environment(stack, "gateway")).toMatchObject({
        S3_API: "plain",
        S3_API_ADDRESS: "http://:9000",
        S3_API_UPSTREAM: "store:9000",
      });
    });

    test("publishes it elsewhere with TLS only", () => {
      const s3Api = { binding: HostBinding.public() };
      const { stack } = gatewayStack({ upstream, s3Api, url: "https://mlflow.example.com" });

      expect(environment(stack, "gateway").S3_API_ADDRESS).toBe("https://mlflow.example.com:9000");
      expect(() => gatewayStack({ upstream, s3Api })).toThrow(
        "'s3Api' must be published on the engine's own host where 'url' has no TLS, got: '0.0.0.0' [test/gateway]",
      );
    });
  });

  test("lets a request wait one minute for an upstream that restarts, or another time", () => {
    const wait = (upstreamWait?: Duration) =>
      environment(gatewayStack({ upstreamWait }).stack, "gateway").UPSTREAM_WAIT;

    expect(wait()).toBe("1m0s");
    expect(wait(Duration.seconds(90))).toBe("1m30s");
  });

  test("tells its upstream its url, its name and its users' workspaces, each once", () => {
    const gateways: UpstreamGateway[] = [];
    const upstream = fakeUpstream({ features: ["workspaces"], addGateway: (gateway) => gateways.push(gateway) });
    const users = ["team-a", "team-b", "team-a"].map((workspace, index) => ({
      ...{ name: `user-${index}`, role: Role.ADMIN, workspace },
    }));
    gatewayStack({ upstream, url: "https://mlflow.example.com", auth: AuthMethod.basic({ users }) });

    expect(gateways).toEqual([
      {
        url: expect.objectContaining({ origin: "https://mlflow.example.com" }),
        hostname: "test-gateway",
        workspaces: ["team-a", "team-b"],
      },
    ]);
  });

  test("fails on a feature of the upstream that no route has", () => {
    expect(() => gatewayStack({ upstream: fakeUpstream({ features: ["traces", "webhook"] }) })).toThrow(
      "'features' of the upstream must be of aiGateway, jobExecution, metrics, telemetry, traces, webhooks, workspaces, got: 'webhook' [test/gateway]",
    );
  });

  test("takes a rate limit", () => {
    const { stack } = gatewayStack({ rateLimit: { events: 10, window: Duration.minutes(1) } });

    expect(environment(stack, "gateway")).toMatchObject({ RATE_LIMIT_EVENTS: "10", RATE_LIMIT_WINDOW: "1m0s" });
  });

  test.each([
    [64, "512"],
    [1024, "2000"],
  ])("lets %s MiB hold %s connections", (memory, connections) => {
    const { stack } = gatewayStack({ memory: DataSize.mebibytes(memory) });

    expect(environment(stack, "gateway")).toMatchObject({ CONNECTIONS: connections });
  });

  test.each([
    ["mlflow", "'url' must be an address such as 'https://mlflow.example.com', got: 'mlflow'"],
    ["ftp://localhost", "'url' must be an address such as 'https://mlflow.example.com', got: 'ftp://localhost'"],
    [
      "https://localhost/mlflow",
      "'url' must end after the host and port, because MLflow serves files outside of a path prefix; give it a host name of its own, got: 'https://localhost/mlflow'",
    ],
    [
      "https://localhost?a=b",
      "'url' must end after the host and port, because MLflow serves files outside of a path prefix; give it a host name of its own, got: 'https://localhost?a=b'",
    ],
    ["http://localhost:2019", "'url' must not use port 2019: the gateway itself does"],
    ["https://mlflow.example.com:2020", "'url' must not use port 2020: the gateway itself does"],
    [
      "https://mlflow.example.com:80",
      "'url' must not use port 80 with https, because Caddy obtains its certificate there",
    ],
    ["https://ada:secret@localhost", "'url' must not hold a user or password; users belong to 'auth'"],
    [
      "https://localhost",
      "'url' must be a public name for Tls.automatic(), because no authority that clients trust signs a certificate for 'localhost'; use Tls.internal(), or http:// at localhost",
    ],
    [
      "http://mlflow.example.com",
      "'url' must begin with https:// at a name other than localhost, because passwords would travel in clear and browsers show MLflow's pages blank, got: 'http://mlflow.example.com'",
    ],
  ])("fails on the url %s", (url, message) => {
    expect(() => gatewayStack({ url })).toThrow(`${message} [test/gateway]`);
  });

  test.each(["", "a b", "ada:admin", "ädä", "{env.HOME}", "a".repeat(65)])("fails on the user name '%s'", (name) => {
    expect(() => gatewayStack({ auth: AuthMethod.basic({ users: [{ name, role: Role.ADMIN }] }) })).toThrow(
      `'name' of a user must be 1 to 64 letters, digits and .@_+-, got: '${name}' [test/gateway]`,
    );
  });

  test("fails on a rate limit that allows no request", () => {
    expect(() => gatewayStack({ rateLimit: { events: 0 } })).toThrow(
      "'rateLimit' must be 1 or more in a 'window' of 1 second or more, got: 0 in 10s [test/gateway]",
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
      "port 8080 is published by 'test/gateway/Default' already; give one of the two another port in its 'url', or give each its own address of the engine's host as the gateway's 'binding' [test/second/Default]",
    );
  });
});
