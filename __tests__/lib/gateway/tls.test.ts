import { TerraformOutput } from "cdktf";
import { AuthGateway, AuthMethod, ContainerNetwork, HostBinding, Secret, Tls } from "../../../lib";
import type { AuthGatewayOptions } from "../../../lib";
import { certificateFor, makePair } from "../../support/servers/certificate";
import { container, environment, file, synth, testStack } from "../../support/stacks/synth";
import { fakeUpstream } from "../../support/stacks/upstream";

const HOST = "mlflow.example.com";

function gatewayStack(tls: Tls | undefined, url = `https://${HOST}`, options: AuthGatewayOptions = {}) {
  const { stack, network } = testStack();
  const gateway = new AuthGateway(stack, "gateway", {
    network,
    upstream: fakeUpstream(),
    auth: AuthMethod.basic(),
    url,
    tls,
    ...options,
  });
  return { stack, gateway };
}

const portsOf = (stack: ReturnType<typeof gatewayStack>["stack"]) =>
  container(stack, "gateway").ports.map(({ external, ip }: { external: number; ip: string }) => `${ip}:${external}`);

describe("The address of the url", () => {
  test.each([
    ["http://localhost:8080", "127.0.0.1:8080"],
    ["http://mlflow.localhost:8080", "127.0.0.1:8080"],
    ["http://127.0.0.1:8080", "127.0.0.1:8080"],
    ["http://127.0.0.2:8080", "127.0.0.2:8080"],
    ["http://127.1:8080", "127.0.0.1:8080"],
    ["http://[::1]:8080", "::1:8080"],
  ])("%s is the one that its port is published on", (url, published) => {
    expect(portsOf(gatewayStack(undefined, url).stack)).toEqual([published]);
  });

  test.each([
    ["https://localhost:8443", ["127.0.0.1:8443"]],
    ["https://127.0.0.2", ["127.0.0.2:443"]],
    ["https://[::1]:8443", ["::1:8443"]],
    ["https://192.0.2.1", ["0.0.0.0:443", "0.0.0.0:80"]],
    ["https://[2001:db8::1]", [":::443", ":::80"]],
  ])("%s is the one that its ports are published on, with TLS", (url, published) => {
    expect(portsOf(gatewayStack(Tls.internal(), url).stack)).toEqual(published);
  });

  test.each([
    ["http://0.0.0.0:8080", "0.0.0.0"],
    ["http://[::]:8080", "[::]"],
  ])("fails on %s, which nobody opens", (url, host) => {
    expect(() => gatewayStack(undefined, url)).toThrow(
      `'url' must be an address that clients open, and '${host}' is one that servers listen on; use http://localhost:8080 for this host, or https:// and a name for others [test/gateway]`,
    );
  });

  test("gives the certificate of an IPv6 address to clients, which send no name", () => {
    const { stack } = gatewayStack(Tls.internal(), "https://[2001:db8::1]");

    expect(environment(stack, "gateway").TLS_DEFAULT_NAME).toBe("2001:db8::1");
    expect(
      container(stack, "gateway").networks_advanced.flatMap(({ aliases }: { aliases?: string[] }) => aliases ?? []),
    ).toEqual([]);
  });
});

describe("The binding", () => {
  // The provider compares ports by their number in the container: one that occurs twice is replaced with every apply.
  test("by IPv4 and IPv6 has a port in the container for each, where Caddy listens", () => {
    const { stack } = gatewayStack(Tls.automatic(), undefined, { binding: HostBinding.dualStack() });

    expect(container(stack, "gateway").ports).toEqual([
      { internal: 443, external: 443, ip: "0.0.0.0" },
      { internal: 2020, external: 443, ip: "::" },
      { internal: 80, external: 80, ip: "0.0.0.0" },
      { internal: 2021, external: 80, ip: "::" },
    ]);
    expect(environment(stack, "gateway")).toMatchObject({
      SITE_ADDRESS: `https://${HOST}, https://${HOST}:2020`,
      IPV6_HTTPS: ", https://:2020",
      IPV6_HTTP: ", http://:2021",
    });
  });

  test("is one address of the host, for stacks that each have their own", () => {
    const { stack } = gatewayStack(Tls.automatic(), undefined, { binding: HostBinding.address("203.0.113.2") });
    expect(portsOf(stack)).toEqual(["203.0.113.2:443", "203.0.113.2:80"]);

    expect(() => HostBinding.address("mlflow.example.com")).toThrow(
      "a binding must be an IP address of the engine's host, got: 'mlflow.example.com'",
    );
  });

  test("leaves port 80 to another stack, if redirects are off", () => {
    const { stack } = gatewayStack(Tls.automatic(), undefined, { httpRedirect: false });
    expect(portsOf(stack)).toEqual(["0.0.0.0:443"]);

    expect(() => gatewayStack(Tls.automatic(), `https://${HOST}:8443`, { httpRedirect: false })).toThrow(
      "'httpRedirect' must be true for Tls.automatic() at port 8443, because authorities connect to port 80 or 443 only; use Tls.certificate() or Tls.internal() [test/gateway]",
    );
  });

  test.each<[string, Tls | undefined, string, AuthGatewayOptions, string]>([
    [
      "http at localhost",
      undefined,
      "http://localhost:8080",
      { binding: HostBinding.public() },
      "'binding' has no effect at 'http://localhost:8080', which is published on 127.0.0.1",
    ],
    [
      "https at a loopback address",
      Tls.internal(),
      "https://127.0.0.2",
      { binding: HostBinding.public() },
      "'binding' must not be given for 'https://127.0.0.2', which is published on 127.0.0.2; give a 'url' that other hosts reach",
    ],
    [
      "TLS before the gateway",
      Tls.terminatedBefore({ trustedProxies: ["10.0.0.1"] }),
      `https://${HOST}`,
      { httpRedirect: false },
      "'httpRedirect' has no effect with Tls.terminatedBefore(), which has a 'binding' of its own",
    ],
    [
      "two addresses for a port that Caddy listens on once",
      Tls.terminatedBefore({ trustedProxies: ["10.0.0.1"], binding: HostBinding.dualStack() }),
      `https://${HOST}`,
      {},
      "port 8080 must have a binding with one address, got: '0.0.0.0', '::'",
    ],
  ])("fails for %s", (_what, tls, url, options, message) => {
    expect(() => gatewayStack(tls, url, options)).toThrow(message);
  });

  test("lets two https stacks share an engine, and says how", () => {
    const second = (first: AuthGatewayOptions, url: string, options: AuthGatewayOptions = {}) => {
      const { stack, gateway } = gatewayStack(Tls.automatic(), undefined, first);
      const network = new ContainerNetwork(stack, "second-network");
      const auth = AuthMethod.basic();
      new AuthGateway(stack, "second", { network, upstream: fakeUpstream(), auth, url, ...options });
      return gateway.url;
    };
    const OTHER = "https://other.example.com";

    expect(() => second({}, `${OTHER}:8443`)).toThrow(
      "port 80 is published by 'test/gateway/Default' already; port 80 redirects to https and answers ACME: set the gateway's 'httpRedirect' to false for the one whose url has port 443, or give each its own address of the engine's host as the gateway's 'binding' [test/second/Default]",
    );
    expect(second({ httpRedirect: false }, `${OTHER}:8443`)).toBe(`https://${HOST}`);
    expect(() => second({ httpRedirect: false }, OTHER)).toThrow("port 443 is published by 'test/gateway/Default'");
    const [one, two] = ["203.0.113.1", "203.0.113.2"].map((ip) => ({ binding: HostBinding.address(ip) }));
    expect(second(one!, OTHER, two)).toBe(`https://${HOST}`);
    expect(() => second({ binding: HostBinding.dualStack() }, OTHER, one)).toThrow("port 443 is published by");
  });
});

describe("Tls.automatic", () => {
  test("publishes the ports of ACME and keeps certificates on a volume", () => {
    const { stack } = gatewayStack(Tls.automatic({ email: "ops@example.com" }));

    expect(portsOf(stack)).toEqual(["0.0.0.0:443", "0.0.0.0:80"]);
    expect(container(stack, "gateway").volumes).toMatchObject([{ container_path: "/data" }]);
    expect(environment(stack, "gateway")).toMatchObject({ TLS: "automatic", ACME_EMAIL: "ops@example.com" });
  });

  test("takes another ACME server and the authority of its certificate", () => {
    const certificate = certificateFor("acme.example.com");
    const directoryUrl = "https://acme.example.com/directory";
    const { stack } = gatewayStack(Tls.automatic({ directoryUrl, directoryCertificate: certificate }));

    expect(environment(stack, "gateway")).toMatchObject({
      TLS: "acme",
      ACME_DIRECTORY: directoryUrl,
      ACME_ROOT: "/etc/caddy/tls/acme-root.pem",
    });
    expect(file(stack, "gateway", "/etc/caddy/tls/acme-root.pem")).toBe(certificate);
  });

  test.each([
    [
      "https://192.0.2.1",
      {},
      "'url' must be a public name for Tls.automatic(), because no authority that clients trust signs a certificate for '192.0.2.1'; use Tls.internal(), or http:// at localhost",
    ],
    [
      "https://mlflow.example.com:80",
      {},
      "'url' must not use port 80 with https, because Caddy obtains its certificate there",
    ],
    [`https://${HOST}`, { email: "ops" }, "'email' must be an e-mail address, got: 'ops'"],
    [
      `https://${HOST}`,
      { directoryUrl: "http://acme.example.com" },
      "'directoryUrl' must be an address that begins with https://, got: 'http://acme.example.com'",
    ],
    ["http://localhost:8080", {}, "'url' must begin with https:// where 'tls' is given, got: 'http://localhost:8080'"],
  ])("fails at %s with %j", (url, options, message) => {
    expect(() => gatewayStack(Tls.automatic(options), url)).toThrow(`${message} [test/gateway]`);
  });
});

describe("Tls.internal", () => {
  test("reads the root certificate for clients from the volume that the gateway keeps it on", () => {
    const { stack, gateway } = gatewayStack(Tls.internal());
    const { docker_container: containers } = synth(stack).resource;
    const [jobName, job] = Object.entries(containers ?? {}).find(([name]) => name.includes("root-certificate")) ?? [];

    expect(job).toMatchObject({
      entrypoint: ["cat"],
      command: ["/data/caddy/pki/authorities/local/root.crt"],
      must_run: false,
      user: "1000:1000",
    });
    new TerraformOutput(stack, "root", { value: gateway.rootCertificate });
    expect(synth(stack).output?.root?.value).toBe(`\${docker_container.${jobName}.container_logs}`);
    expect(job?.volumes).toEqual([{ container_path: "/data", volume_name: "test-gateway-data" }]);
    expect(container(stack, "gateway").volumes).toEqual(job?.volumes);
  });

  test("publishes port 80 beside port 443 only", () => {
    expect(portsOf(gatewayStack(Tls.internal(), "https://mlflow.internal:8443").stack)).toEqual(["0.0.0.0:8443"]);
  });
});

describe("Tls.certificate", () => {
  const privateKey = Secret.variable("tls_key");

  test("takes the private key as a secret, which must be in PEM form without a passphrase", () => {
    const { certificate } = makePair(HOST);
    const { stack } = gatewayStack(Tls.certificate({ certificate, privateKey }));

    expect(file(stack, "gateway", "/etc/caddy/tls/certificate.pem")).toBe(certificate);
    expect(file(stack, "gateway", "/run/secrets/tls-private-key.pem")).toBe("${var.tls_key}");
    expect(synth(stack).variable?.tls_key?.validation).toEqual([
      {
        condition: expect.stringContaining("PRIVATE KEY-----"),
        error_message: "The private key must be in PEM form, without a passphrase.",
      },
    ]);
    expect(container(stack, "gateway").volumes).toBeUndefined();
  });

  test.each([
    ["no certificate", "certificate", "'certificate' must be a certificate in PEM form"],
    [
      "another host",
      certificateFor("other.example.com"),
      "'certificate' must be for 'mlflow.example.com', the host of 'url', got one for: DNS:other.example.com",
    ],
    ["a private key", makePair(HOST).privateKey, "'certificate' must not hold the private key: it is public"],
  ])("fails on %s", (_title, certificate, message) => {
    expect(() => gatewayStack(Tls.certificate({ certificate, privateKey }))).toThrow(`${message} [test/gateway]`);
  });

  test.each([
    [45, undefined],
    [20, /^'certificate' expires in 1?9 days, on \d{4}-\d\d-\d\d$/],
    [-2, /^'certificate' has expired on \d{4}-\d\d-\d\d$/],
  ])("warns %s days before its end, and can be synthesized all the same", (days, warning) => {
    const certificate = certificateFor(HOST, 60);
    jest.useFakeTimers({ now: Date.now() + (60 - days) * 86_400_000 });
    try {
      const { gateway } = gatewayStack(Tls.certificate({ certificate, privateKey }));
      const warnings = gateway.node.metadata.filter(({ type }) => type === "@cdktf/warn").map(({ data }) => data);

      expect(warnings).toEqual(warning === undefined ? [] : [expect.stringMatching(warning)]);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe("Tls.terminatedBefore", () => {
  test("takes plain HTTP on the engine's own host, and sends HSTS to browsers", () => {
    const { stack } = gatewayStack(Tls.terminatedBefore({ trustedProxies: ["172.16.0.0/12", "fd00::1"] }));

    expect(portsOf(stack)).toEqual(["127.0.0.1:8080"]);
    expect(environment(stack, "gateway")).toMatchObject({
      SITE_ADDRESS: "http://:8080",
      URL_SCHEME: "https",
      TRUSTED_PROXIES: "172.16.0.0/12 fd00::1",
      STRICT_TRANSPORT_SECURITY: "max-age=31536000",
    });
  });

  test("takes another port and binding", () => {
    const tls = Tls.terminatedBefore({ trustedProxies: ["10.0.0.1"], port: 9000, binding: HostBinding.public() });

    expect(portsOf(gatewayStack(tls).stack)).toEqual(["0.0.0.0:9000"]);
  });

  test.each(["0.0.0.0/0", "::/0", "128.0.0.0/1", "2000::/3"])(
    "fails on the range %s, which is the internet",
    (range) => {
      expect(() => gatewayStack(Tls.terminatedBefore({ trustedProxies: [range] }))).toThrow(
        `'trustedProxies' must not cover the internet; name the addresses of your own proxies, got: '${range}' [test/gateway]`,
      );
    },
  );

  test.each(["proxy.example.com", "10.0.0.1/33", "10.0.0.1/x", "", "10.0.0.0/8 0.0.0.0/0"])(
    "fails on '%s'",
    (range) => {
      expect(() => gatewayStack(Tls.terminatedBefore({ trustedProxies: [range] }))).toThrow(
        `'trustedProxies' must be addresses or ranges such as '10.1.2.3' or '10.1.0.0/16', got: '${range}' [test/gateway]`,
      );
    },
  );

  test("fails without a proxy", () => {
    expect(() => gatewayStack(Tls.terminatedBefore({ trustedProxies: [] }))).toThrow(
      "'trustedProxies' must name the proxies in front of the gateway [test/gateway]",
    );
  });
});
