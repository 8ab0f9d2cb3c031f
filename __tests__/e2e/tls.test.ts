import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { HostBinding, Tls } from "../../lib";
import { makePair } from "../support/servers/certificate";
import { Deployment, removeLeftovers } from "../support/stacks/deployment";
import { GatewayContainer } from "../support/servers/gateway-container";
import { gatewayLog } from "../support/servers/gateway-log";
import type { GatewayOptions } from "../support/servers/gateway-container";
import { hostAddress } from "../support/servers/host-address";
import { gatewaySettings } from "../support/servers/gateway-settings";
import { basicAuth, send } from "../support/clients/http-request";
import type { Received } from "../support/clients/http-request";
import { NetworkClient } from "../support/clients/network-client";
import { Pebble } from "../support/servers/pebble";
import { RecordingUpstream, headerValues } from "../support/servers/recording-upstream";
import { eventually, run, runOk } from "../support/run";

jest.setTimeout(10 * 60_000);

const HOST = "mlflow.example.test";
const USERS = [{ name: "admin", role: "admin", password: "a password of this test" }];
const LOGIN = basicAuth("admin", "a password of this test");
const TO_HOST = [["Host", HOST] as const, LOGIN];
const HSTS = "max-age=31536000";

const mlflow = RecordingUpstream.forTests();
const store = RecordingUpstream.forTests();
const gateways: GatewayContainer[] = [];
const volumes: string[] = [];

afterAll(async () => {
  for (const gateway of gateways) await gateway.remove();
  if (volumes.length > 0) await runOk("docker", ["volume", "rm", "--force", ...volumes]);
});

const settingsOf = (tls: Tls) => gatewaySettings({ tls }, { mlflow, store, url: `https://${HOST}` });

async function startGateway(options: GatewayOptions): Promise<GatewayContainer> {
  const gateway = await GatewayContainer.start({ users: USERS, ...options });
  gateways.push(gateway);
  return gateway;
}

/** The certificate that is shown for a name. */
function certificateAt(origin: string, servername = HOST): Promise<X509Certificate> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), servername, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()!);
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

function expectSecured(answer: Received): void {
  expect(answer.headers).toMatchObject({ "x-content-type-options": "nosniff", "x-frame-options": "SAMEORIGIN" });
  for (const name of ["server", "via", "alt-svc"]) expect(answer.all(name)).toEqual([]);
}

describe("a certificate by ACME", () => {
  const volume = `gateway-test-acme-${process.pid}`;
  let gateway: GatewayContainer;
  let pebble: Pebble;
  let served: X509Certificate;

  const options = ({ directoryUrl, directoryCertificate }: Pebble): GatewayOptions => {
    const { settings, files } = settingsOf(Tls.automatic({ directoryUrl, directoryCertificate }));
    return {
      ...{ settings, port: 443, scheme: "https", hostname: HOST },
      files: files(["/etc/caddy/tls/acme-root.pem"]),
      flags: ["--network-alias", HOST, "--publish", "127.0.0.1::80", "--volume", `${volume}:/data`],
    };
  };

  beforeAll(async () => {
    volumes.push(volume);
    const prepare = async (network: string) => {
      pebble = await Pebble.start(network);
      return options(pebble);
    };
    gateway = await startGateway({ prepare });
    served = await certificateAt(gateway.origin);
  });

  test("is had from the server that the construct names, and served", async () => {
    expect(served.checkHost(HOST)).toBe(HOST);
    expect(served.issuer).toContain("Pebble");
    expect(await pebble.orders()).toBe(1);

    const answer = await send(gateway.origin, { path: "/version", headers: TO_HOST });
    expect([answer.status, answer.headers["strict-transport-security"]]).toEqual([200, HSTS]);
    expectSecured(answer);
    expect(headerValues(mlflow.onlyRequest, "x-forwarded-proto")).toEqual(["https"]);
  });

  test("is kept over a restart", async () => {
    await gateway.restart();

    expect((await certificateAt(gateway.origin)).fingerprint256).toBe(served.fingerprint256);
    expect(await pebble.orders()).toBe(1);
  });

  test("serves a new container with the same volume, without an authority", async () => {
    const second = await startGateway(options(pebble));

    expect((await certificateAt(second.origin)).fingerprint256).toBe(served.fingerprint256);
  });

  test.each([
    ["/", {}],
    ["/api/2.0/mlflow/experiments/search?a=b%2Fc&d=%20", {}],
    ["/healthz", {}],
    ["/s3/mlflow/a?X-Amz-Signature=b", { method: "PUT" }],
    ["/x", { method: "POST", body: "a secret" }],
  ])("plain HTTP at %s leads to https, path and query kept", async (path, more) => {
    const answer = await send(await gateway.address(80), { path, headers: TO_HOST, ...more });

    expect([answer.status, answer.headers.location]).toEqual([308, `https://${HOST}${path}`]);
    expect(answer.all("strict-transport-security")).toEqual([]);
    expectSecured(answer);
    expect([mlflow.requests, store.requests]).toEqual([[], []]);
  });

  test("plain HTTP for another host leads to the gateway's own, and nowhere else", async () => {
    const answer = await send(await gateway.address(80), { path: "//evil.test/", headers: [["Host", "evil.test"]] });

    expect([answer.status, answer.headers.location]).toEqual([308, `https://${HOST}//evil.test/`]);
  });

  test("another host name over TLS is refused with the headers of every answer", async () => {
    const headers = [["Host", "evil.test"] as const, LOGIN];
    const answer = await send(gateway.origin, { path: "/version", headers, servername: HOST });

    expect([answer.status, answer.headers["strict-transport-security"]]).toEqual([421, HSTS]);
    expectSecured(answer);
    expect(mlflow.requests).toEqual([]);
  });
});

describe("the store's ports where others reach them", () => {
  const PORTS = { console: 9443, s3Api: 9444 } as const;
  const SIGNED = [
    "Authorization",
    `AWS4-HMAC-SHA256 Credential=key/20261124/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=${"0".repeat(64)}`,
  ] as const;
  let origins: { [port in keyof typeof PORTS]: string };

  beforeAll(async () => {
    const address = `mlflow-minio:${store.port}`;
    const binding = HostBinding.public();
    const { settings } = gatewaySettings(
      {
        tls: Tls.internal(),
        console: { binding, port: PORTS.console },
        s3Api: { binding, port: PORTS.s3Api },
      },
      { mlflow, store, url: `https://${HOST}`, upstream: { consoleAddress: address, s3ApiAddress: address } },
    );
    const gateway = await startGateway({
      ...{ settings, port: 443, scheme: "https", hostname: HOST },
      flags: Object.values(PORTS).flatMap((port) => ["--publish", `127.0.0.1::${port}`]),
    });
    origins = {
      console: await gateway.address(PORTS.console, "https"),
      s3Api: await gateway.address(PORTS.s3Api, "https"),
    };
  });

  const ask = (port: keyof typeof PORTS, host: string, credentials?: readonly [string, string]) =>
    send(origins[port], {
      path: "/mlflow",
      headers: [["Host", host], ...(credentials ? [credentials] : [])],
      servername: HOST,
    });

  test.each([
    ["console", 401, LOGIN],
    ["s3Api", 403, SIGNED],
  ] as const)("%s has the certificate and the headers of the main site", async (port, refused, credentials) => {
    expect((await certificateAt(origins[port])).checkHost(HOST)).toBe(HOST);
    for (const [answer, status] of [
      [await ask(port, HOST), refused],
      [await ask(port, "evil.test", credentials), 421],
      [await ask(port, HOST, credentials), 200],
    ] as const) {
      expect([answer.status, answer.headers["strict-transport-security"]]).toEqual([status, HSTS]);
      expectSecured(answer);
    }
    expect(store.requests).toHaveLength(1);
  });
});

describe("a proxy that ends TLS before the gateway", () => {
  const [PROXY, OTHER, CLIENT] = ["10.231.53.10", "10.231.53.20", "10.231.53.30"] as const;
  let gateway: GatewayContainer;
  let proxy: NetworkClient;
  let other: NetworkClient;

  beforeAll(async () => {
    const { settings } = settingsOf(Tls.terminatedBefore({ trustedProxies: [PROXY] }));
    gateway = await startGateway({
      settings: { ...settings, RATE_LIMIT_EVENTS: "5", RATE_LIMIT_WINDOW: "1h" },
      subnet: "10.231.53.0/24",
      flags: ["--network-alias", "gateway"],
    });
    proxy = await NetworkClient.start(gateway.network, PROXY);
    other = await NetworkClient.start(gateway.network, OTHER);
  });

  /** The statuses of requests with these X-Forwarded-For, one after the other, without a login. */
  const ask = (client: NetworkClient, forwarded: string[]) =>
    client.python<number[]>(`
import http.client, json
statuses = []
for forwarded in ${JSON.stringify(forwarded)}:
    connection = http.client.HTTPConnection("gateway", 8080)
    connection.request("GET", "/asked", headers={"Host": "${HOST}", "X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"})
    statuses.append(connection.getresponse().status)
print(json.dumps(statuses))`);

  const lastClients = async (count: number) => {
    const entries = (await gateway.logLines()).map((line) => JSON.parse(line));
    const clients = entries.filter(({ request }) => request?.uri === "/asked").map(({ request }) => request.client_ip);
    return clients.slice(-count);
  };

  test("says who the client is, and nobody else does", async () => {
    expect(await ask(proxy, ["203.0.113.1", "192.0.2.66, 203.0.113.1"])).toEqual([401, 401]);
    expect(await ask(other, ["203.0.113.2"])).toEqual([401]);

    expect(await eventually("the log", 5, () => lastClients(3))).toEqual(["203.0.113.1", "203.0.113.1", OTHER]);
  });

  test("gives each of its clients a limit of its own, and nobody else does", async () => {
    const same = Array.from({ length: 6 }, () => "203.0.113.3");
    const different = Array.from({ length: 6 }, (_, i) => `203.0.113.${10 + i}`);

    expect(await ask(proxy, same)).toEqual([401, 401, 401, 401, 401, 429]);
    expect(await ask(proxy, different)).toEqual([401, 401, 401, 401, 401, 401]);
    // one of the test before counts as well.
    expect(await ask(other, different)).toEqual([401, 401, 401, 401, 429, 429]);
  });

  test("gives a client pages and presigned addresses at https", async () => {
    await gateway.startNeighbour(
      HOST,
      ...["caddy", "reverse-proxy", "--from", `https://${HOST}:8443`, "--to", "gateway:8080", "--internal-certs"],
    );
    const client = await NetworkClient.start(gateway.network, CLIENT);
    mlflow.answer = (_request, response) =>
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ url: `http://mlflow-minio:${store.port}/mlflow/a` }));
    const answer = await eventually("an answer through the proxy", 20, () =>
      client.python<[object, string | null]>(`
import json, ssl, urllib.request
request = urllib.request.Request("https://${HOST}:8443/api/2.0/mlflow-artifacts/presigned/a", headers={"Authorization": "${LOGIN[1]}"})
answer = urllib.request.urlopen(request, context=ssl._create_unverified_context())
print(json.dumps([json.load(answer), answer.headers["Strict-Transport-Security"]]))`),
    );

    expect(answer).toEqual([{ url: `https://${HOST}:8443/s3/mlflow/a` }, HSTS]);
  });
});

describe("a deployment", () => {
  const PORT = 18550;
  const url = `https://localhost:${PORT}`;
  const folder = mkdtempSync(join(tmpdir(), "e2e-tls-"));
  const stack = new Deployment("e2e-tls", PORT, { MLFLOW_URL: url });
  const pair = makePair("localhost");
  const certificate = {
    MLFLOW_TLS: "certificate",
    TLS_CERTIFICATE: pair.certificate,
    TLS_PRIVATE_KEY: pair.privateKey,
  };
  const internal = { MLFLOW_TLS: "internal" };

  const SCRIPT = `
import hashlib, json, os, mlflow
client = mlflow.MlflowClient()
experiment = client.create_experiment("over TLS " + os.urandom(4).hex())
run = client.create_run(experiment).info.run_id
content = os.urandom(100_000)
open("/tmp/file.bin", "wb").write(content)
client.log_artifact(run, "/tmp/file.bin")
os.remove("/tmp/file.bin")
back = open(client.download_artifacts(run, "file.bin", "/tmp"), "rb").read()
print("same" if back == content else "changed")
`;

  /** Runs the script in a shell on another machine, after the lines of the output and others. */
  async function useAsClient(lines: string, script = SCRIPT) {
    const image = (await runOk("docker", ["inspect", "-f", "{{.Image}}", `${stack.id}-server`])).trim();
    const args = ["run", "--rm", "-i", "--network", `container:${stack.id}-gateway`, "-u", "1000:1000"];
    const input = `${lines}\nexport GIT_PYTHON_REFRESH=quiet\npython - <<'SCRIPT'\n${script}\nSCRIPT\n`;
    return run("docker", [...args, "-e", "HOME=/tmp", "--entrypoint", "sh", image], { input });
  }

  const downloads = async () => {
    const log = await gatewayLog(`${stack.id}-gateway`, url);
    return log.split("\n").filter((line) => line.includes('"uri":"/s3/') && line.includes('"method":"GET"')).length;
  };

  beforeAll(() => removeLeftovers(stack.id));

  afterAll(async () => {
    await removeLeftovers(stack.id);
    rmSync(folder, { recursive: true, force: true });
    rmSync(stack.folder, { recursive: true, force: true });
  });

  /** The status of a call to MLflow, at an address of this machine. */
  const statusAt = async (address: string, settings: { MLFLOW_URL: string }) => {
    const { host, protocol } = new URL(settings.MLFLOW_URL);
    const login = basicAuth("admin", await stack.output("password"));
    const path = "/api/2.0/mlflow/experiments/get-by-name?experiment_name=Default";
    // A client sends an address to TLS as no name.
    const options = { path, headers: [["Host", host] as const, login], servername: "" };
    return (await send(`${protocol}//${address}:${PORT}`, options)).status;
  };

  test.each(["[::1]", "127.0.0.2"])("at %s without TLS answers there", async (address) => {
    const settings = { MLFLOW_URL: `http://${address}:${PORT}` };
    expect(await stack.commandOk(["up", "--yes"], settings)).toContain("MLflow is ready.");

    expect(await statusAt(address, settings)).toBe(200);
    await expect(statusAt("127.0.0.1", settings)).rejects.toThrow("ECONNREFUSED");
    expect(await stack.plan(settings)).toEqual({});
  });

  test("with a certificate and the key of another one is refused before anything is done", async () => {
    const { code, stderr } = await stack.command(["up", "--yes"], { ...certificate, TLS_PRIVATE_KEY: makePair("localhost").privateKey }); // prettier-ignore

    expect(code).not.toBe(0);
    expect(stderr).toContain("TLS_PRIVATE_KEY must be the key of TLS_CERTIFICATE");
    expect(stderr).not.toContain("PRIVATE KEY-----");
  });

  test("with a given certificate that this machine does not trust says so", async () => {
    const { code, stderr } = await stack.command(["up", "--yes"], certificate);

    expect(code).toBe(1);
    expect(stderr).toContain(
      `everything is up, but this machine does not trust the certificate of ${url}/readyz: self-signed certificate`,
    );
    expect(stderr).toContain("Name the file of its authority in NODE_EXTRA_CA_CERTS.");
  });

  test("with a given certificate is complete where it is trusted, and a client works", async () => {
    const roots = join(folder, "roots.pem");
    writeFileSync(roots, pair.certificate);
    const settings = { ...certificate, NODE_EXTRA_CA_CERTS: roots };
    expect(await stack.commandOk(["up", "--yes"], settings)).toContain("MLflow is ready.");

    expect((await certificateAt(url, "localhost")).raw).toEqual(new X509Certificate(pair.certificate).raw);
    const environment = await stack.output("client_environment");
    const trust = `printf '%s' '${pair.certificate}' > /tmp/ca.pem\nexport MLFLOW_TRACKING_SERVER_CERT_PATH=/tmp/ca.pem REQUESTS_CA_BUNDLE=/tmp/ca.pem`;
    expect(await useAsClient(`${environment}\n${trust}`)).toMatchObject({ code: 0, stdout: expect.stringContaining("same") }); // prettier-ignore
    expect(await stack.plan({ ...settings, TF_VAR_tls_private_key: pair.privateKey })).toEqual({});
  });

  describe("with an authority of its own", () => {
    let root: string;

    beforeAll(async () => {
      await stack.commandOk(["up", "--yes"], internal);
      root = await stack.output("root_certificate");
    });

    test("gives out the certificate that signed its own", async () => {
      const authority = new X509Certificate(root);
      const { subject, ca } = authority;
      expect([ca, subject]).toEqual([true, expect.stringContaining("Caddy Local Authority")]);
      await runOk(
        "node",
        ["-e", `fetch("${url}/healthz").then(({ status }) => process.exit(status === 200 ? 0 : 1))`],
        {
          env: { NODE_EXTRA_CA_CERTS: (writeFileSync(join(folder, "root.pem"), root), join(folder, "root.pem")) },
        },
      );
    });

    test("gives clients all they need in client_environment, presigned downloads included", async () => {
      const before = await downloads();
      const environment = await stack.output("client_environment");
      expect(await useAsClient(environment)).toMatchObject({ code: 0, stdout: expect.stringContaining("same") });
      expect(await downloads()).toBe(before + 1);
    });

    test("is not trusted by a client without it", async () => {
      const environment = (await stack.output("client_environment")).split("\n").filter((line) => line.includes("MLFLOW_TRACKING_U") || line.includes("PASSWORD")); // prettier-ignore
      const { code, stderr } = await useAsClient(["export MLFLOW_HTTP_REQUEST_MAX_RETRIES=0", ...environment].join("\n"), "import mlflow; mlflow.MlflowClient().search_experiments()"); // prettier-ignore
      expect([code, stderr]).toEqual([1, expect.stringContaining("CERTIFICATE_VERIFY_FAILED")]);
    });

    test("passes verify", async () => {
      const { code, stdout, stderr } = await stack.command(["verify", "--large-size", "1"], internal);
      expect([code, stdout, stderr]).toEqual([0, expect.stringMatching(/All \d+ checks passed/), expect.any(String)]);
    });

    test("has nothing to change afterwards", async () => {
      expect(await stack.plan(internal)).toEqual({});
    });

    test("answers by IPv4 and by IPv6, if it is published on both", async () => {
      const address = await hostAddress();
      const dualStack = { ...internal, MLFLOW_URL: `https://${address}:${PORT}`, MLFLOW_BIND_ADDRESS: "0.0.0.0,::" };
      await stack.commandOk(["up", "--yes"], dualStack);

      expect(await Promise.all([address, "127.0.0.1", "[::1]"].map((at) => statusAt(at, dualStack)))).toEqual([200, 200, 200]); // prettier-ignore
      expect(await stack.plan(dualStack)).toEqual({});
    });

    test("has a certificate for an IPv6 address, too", async () => {
      const settings = { ...internal, MLFLOW_URL: `https://[::1]:${PORT}` };
      expect(await stack.commandOk(["up", "--yes"], settings)).toContain("MLflow is ready.");

      expect(await statusAt("[::1]", settings)).toBe(200);
      expect(await stack.plan(settings)).toEqual({});
    });

    test("keeps its authority when the container is replaced", async () => {
      await runOk("docker", ["rm", "--force", `${stack.id}-gateway`]);
      await stack.commandOk(["up", "--yes"], internal);

      expect(await stack.output("root_certificate")).toBe(root);
      expect(await useAsClient(await stack.output("client_environment"), "import mlflow; mlflow.MlflowClient().search_experiments(); print('same')")).toMatchObject({ code: 0, stdout: expect.stringContaining("same") }); // prettier-ignore
    });
  });
});
