import { EgressProxy } from "../../../lib";
import { addresses, container, environment, synth, testStack, withoutPackagedFiles } from "../../support/stacks/synth";

const PROXY = "egress";
const ENTRY = "egress_entry_CB58BB8A";
const INTERNAL = "${docker_network.network_internal_6B1DEFA6.id}";
const OUTWARD = "${docker_network.network_egress_687ACCE0.id}";

function proxyStack(hosts: string[], privateHosts?: { [host: string]: string }) {
  const { stack, network } = testStack();
  const proxy = new EgressProxy(stack, "egress", { network, hosts, privateHosts });
  return { stack, proxy };
}

function networks(stack: Parameters<typeof container>[0], name: string): string[] {
  return container(stack, name).networks_advanced.map(({ name: id }: { name: string }) => id);
}

describe("EgressProxy", () => {
  test("with minimal properties", () => {
    expect(withoutPackagedFiles(synth(proxyStack(["api.example.com"]).stack))).toMatchSnapshot();
  });

  test("has these addresses", () => {
    expect(addresses(proxyStack(["api.example.com"]).stack)).toEqual([
      `docker_container.${PROXY}`,
      `docker_container.${ENTRY}`,
      "docker_image.egress_image_60BC4057",
      "docker_network.network_edge_EE26EFD3",
      "docker_network.network_egress_687ACCE0",
      "docker_network.network_internal_6B1DEFA6",
      "docker_network.network_passage_A63F3F69",
    ]);
  });

  test("has the names of the hosts on the internal network, and all their ports", () => {
    const { stack } = proxyStack(["hooks.example.com:8443", "api.example.com", "api.example.com:8443"]);

    expect(container(stack, ENTRY).networks_advanced[0]).toEqual({
      name: INTERNAL,
      aliases: ["api.example.com", "hooks.example.com"],
    });
    expect(environment(stack, ENTRY)).toEqual({ EGRESS_TO: "test-egress", EGRESS_PORTS: "443 8443" });
    expect(environment(stack, PROXY)).toEqual({
      EGRESS_HOSTS: "api.example.com:443 api.example.com:8443 hooks.example.com:8443",
      EGRESS_PRIVATE_HOSTS: "",
    });
  });

  test("has no container that is on the internal network and has egress", () => {
    const { stack } = proxyStack(["api.example.com"]);

    expect(networks(stack, PROXY)).not.toContain(INTERNAL);
    expect(networks(stack, PROXY)).toContain(OUTWARD);
    expect(networks(stack, ENTRY)).not.toContain(OUTWARD);
    const outward = Object.entries(synth(stack).resource.docker_network ?? {}).filter(([, { internal }]) => !internal);
    expect(outward.map(([name]) => name)).toEqual(["network_edge_EE26EFD3", "network_egress_687ACCE0"]);
  });

  test("takes hosts with private addresses by the range of these addresses", () => {
    const { stack } = proxyStack(["llm.example.com", "six.example.com"], {
      "six.example.com": "fd12:3456::/32",
      "llm.example.com": "10.20.0.0/16",
    });

    expect(environment(stack, PROXY).EGRESS_PRIVATE_HOSTS).toBe(
      "llm.example.com=10.20.0.0/16 six.example.com=fd12:3456::/32",
    );
  });

  test("takes stores, each by TLS or by its port", () => {
    const { stack, network } = testStack();
    const stores = [
      { host: "s3.example.com", port: 443, tls: true },
      { host: "db", port: 5432, tls: false },
      { host: "minio", port: 9000, tls: false },
    ];
    new EgressProxy(stack, "egress", { network, hosts: ["api.example.com"], stores });

    expect(environment(stack, PROXY)).toEqual({
      EGRESS_HOSTS: "api.example.com:443",
      EGRESS_PRIVATE_HOSTS: "",
      EGRESS_TLS_STORES: "s3.example.com:443",
      EGRESS_TCP_STORES: "db:5432 minio:9000",
    });
    expect(environment(stack, ENTRY).EGRESS_PORTS).toBe("443 5432 9000");
    expect(container(stack, ENTRY).networks_advanced[0].aliases).toEqual([
      "api.example.com",
      "db",
      "minio",
      "s3.example.com",
    ]);
  });

  test.each([
    [
      [
        { host: "db.example.com", port: 443, tls: false },
        { host: "s3.example.com", port: 443, tls: true },
      ],
      "got: 'db.example.com:443' and 'api.example.com:443' [test/egress]",
    ],
    [
      [
        { host: "db.example.com", port: 80, tls: false },
        { host: "s3.example.com", port: 80, tls: false },
      ],
      "got: 'db.example.com:80' and 's3.example.com:80' [test/egress]",
    ],
    [[{ host: "db.example.com", port: 2019, tls: false }], "other than 2019, got: 'db.example.com:2019' [test/egress]"],
  ])("fails on stores whose port tells no host: %j", (stores, message) => {
    const { stack, network } = testStack();

    expect(() => new EgressProxy(stack, "egress", { network, hosts: ["api.example.com"], stores })).toThrow(message);
  });

  test("fails without a host", () => {
    expect(() => proxyStack([])).toThrow("'hosts' must name a host, such as 'api.example.com' [test/egress]");
  });

  test.each(["*", "*.example.com", "api.*.com", "*:443"])("fails on the pattern '%s'", (host) => {
    expect(() => proxyStack([host])).toThrow(
      `'hosts' must name each host in full, because MLflow finds the proxy under these names, got: '${host}' [test/egress]`,
    );
  });

  test.each(["10.0.0.1", "127.0.0.1:443", "[::1]", "[::1]:443", "2130706433", "0x7f000001", "0x7f.0.0.0x1", "1.2"])(
    "fails on the address '%s'",
    (host) => {
      expect(() => proxyStack([host])).toThrow(
        `'hosts' must have host names and no addresses, because TLS identifies hosts by name, got: '${host}' [test/egress]`,
      );
    },
  );

  test.each([
    "localhost",
    "",
    "API.example.com",
    "https://api.example.com",
    "api.example.com/v1",
    "user@a.example.com",
    "a..com",
    "a b.com",
    "a.com:x",
  ])("fails on '%s', which is not a host name", (host) => {
    expect(() => proxyStack([host])).toThrow(
      `'hosts' must have host names in lower-case letters, such as 'api.example.com' or 'api.example.com:8443', got: '${host}' [test/egress]`,
    );
  });

  test.each(["a.example.com:0", "a.example.com:65536", "a.example.com:2019"])("fails on the port of '%s'", (host) => {
    expect(() => proxyStack([host])).toThrow(
      `'hosts' must have ports from 1 to 65535 other than 2019, got: '${host}' [test/egress]`,
    );
  });

  test.each([
    "10.20.0.1",
    "10.20.0.0/33",
    "0.0.0.0/0",
    "127.0.0.0/8",
    "169.254.169.254/32",
    "169.0.0.0/8",
    "::/0",
    "::1/128",
    "::ffff:10.0.0.1/128",
    "fe80::/64",
    "fd00::/8",
    "all",
  ])("fails on the range '%s'", (range) => {
    expect(() => proxyStack(["llm.example.com"], { "llm.example.com": range })).toThrow(
      `'egress.privateHosts' must have ranges such as '10.20.0.0/16', without loopback, link-local and multicast addresses, got: '${range}' [test/egress]`,
    );
  });

  test("fails on a range for a host that is in no list", () => {
    expect(() => proxyStack(["api.example.com"], { "llm.example.com": "10.0.0.0/8" })).toThrow(
      "'egress.privateHosts' must have hosts of a feature or of 'egress.hosts', without a port, got: 'llm.example.com' [test/egress]",
    );
  });
});
