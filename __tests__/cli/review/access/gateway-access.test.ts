import { reviewPlan } from "../../../../cli/review/findings/review-plan";
import {
  ArtifactStore,
  AuthMethod,
  ContentSecurityPolicy,
  Duration,
  HostBinding,
  Role,
  Secret,
  Tls,
  Transfers,
} from "../../../../lib";
import type {
  AuthGatewayOptions,
  MinioStoreOptions,
  MlflowStackProps,
  OAuth2Roles,
  S3StoreOptions,
} from "../../../../lib";
import { PlanBuilder, ourContainer } from "../../../support/plans/plan-builder";
import { container, mlflowStack } from "../../../support/stacks/synth";
import { quoted } from "../../../support/plans/reviewed";

const URL = "https://mlflow.example.com";

/** A gateway with the settings that the library gives it, so that a setting of another name is not looked for in vain. */
function gatewayOf(props: MlflowStackProps) {
  return ourContainer("mlflow-gateway", { env: container(mlflowStack(props), "gateway").env as string[] });
}

function openings(before: MlflowStackProps | undefined, after: MlflowStackProps): string[] {
  const plan = new PlanBuilder()
    .resource("docker_container.gateway", before ? gatewayOf(before) : null, gatewayOf(after))
    .build();
  return reviewPlan(plan, "mlflow").access.map(({ effect, text }) => `${effect} ${quoted(text)}`);
}

const gateway = (options: AuthGatewayOptions): MlflowStackProps => ({ gateway: options });

describe("A review names a changed kind of transfers", () => {
  const store = (options: Partial<S3StoreOptions>, transfers = Transfers.direct()): MlflowStackProps => ({
    artifactStore: ArtifactStore.s3({
      bucket: "models",
      endpoint: "https://s3.example.com",
      accessKeyId: Secret.variable("s3_access_key_id"),
      secretAccessKey: Secret.variable("s3_secret_access_key"),
      ...options,
    }),
    gateway: { transfers },
  });
  const KINDS = {
    direct: store({}),
    reachable: store({ reachableByClients: true }),
    proxied: store({}, Transfers.proxied()),
  };
  const THROUGH_GATEWAY = "direct transfers at /s3, by signed addresses, to the store 'https://s3.example.com/models'";
  const PAST_GATEWAY = "transfers past the gateway: clients get the store's own signed addresses";

  test.each<[keyof typeof KINDS, keyof typeof KINDS, string[]]>([
    ["proxied", "direct", [`opens ${THROUGH_GATEWAY}`]],
    ["proxied", "reachable", [`opens ${PAST_GATEWAY}`]],
    ["direct", "reachable", [`opens ${PAST_GATEWAY}`, `closes ${THROUGH_GATEWAY}`]],
    ["direct", "proxied", [`closes ${THROUGH_GATEWAY}: files go through MLflow`]],
    ["reachable", "direct", [`opens ${THROUGH_GATEWAY}`, `closes ${PAST_GATEWAY}`]],
    ["reachable", "proxied", [`closes ${PAST_GATEWAY}: files go through MLflow`]],
  ])("%s → %s", (before, after, expected) => {
    expect(openings(KINDS[before], KINDS[after])).toEqual(expected);
  });

  test.each<[string, Partial<S3StoreOptions>, string]>([
    ["bucket", { bucket: "others" }, "https://s3.example.com/others"],
    ["folder", { prefix: "team-a" }, "https://s3.example.com/models/team-a"],
    ["store", { endpoint: "http://10.0.0.5:9000" }, "http://10.0.0.5:9000/models"],
  ])("another %s", (_what, options, expected) => {
    expect(openings(KINDS.direct, store(options))).toEqual([
      `changes where direct transfers at /s3 lead: 'https://s3.example.com/models' → '${expected}'`,
    ]);
  });
});

describe("A review names the proxies and logins that a gateway trusts", () => {
  const behind = (...trustedProxies: string[]): MlflowStackProps => ({
    url: URL,
    gateway: { tls: Tls.terminatedBefore({ trustedProxies }) },
  });
  const trust = (range: string) => `trust in '${range}' about clients' addresses in forwarded headers`;

  test("for the addresses of clients, by each range", () => {
    expect(openings(behind("10.0.0.0/24", "fd00::1"), behind("10.0.0.0/8", "fd00::1"))).toEqual([
      `opens ${trust("10.0.0.0/8")}`,
      `closes ${trust("10.0.0.0/24")}`,
    ]);
    expect(openings(undefined, behind("10.0.0.0/24"))).toContain(`opens ${trust("10.0.0.0/24")}`);
  });

  test("for roles, by each group, address and machine", () => {
    const login = (roles: OAuth2Roles): MlflowStackProps => ({
      url: URL,
      auth: AuthMethod.oauth2({
        issuerUrl: "https://login.example.com",
        clientId: "mlflow",
        clientSecret: Secret.variable("client_secret"),
        allowedDomains: ["example.com"],
        roles,
      }),
    });
    const before: OAuth2Roles = { write: { groups: ["ml team", "research"] }, admin: { serviceAccounts: ["nightly"] } };
    const after: OAuth2Roles = {
      write: { groups: ["ml team"], serviceAccounts: ["nightly"], emails: ["bob@example.com"] },
      admin: { groups: ["research"], emails: ["ada@example.com"] },
    };

    expect(openings(login(before), login(after))).toEqual([
      "opens the role admin for the group 'research'",
      "opens the role admin for the e-mail address 'ada@example.com'",
      "opens the role write for the e-mail address 'bob@example.com'",
      "opens the role write for the service account 'nightly'",
      "closes the role admin for the service account 'nightly'",
      "closes the role write for the group 'research'",
    ]);
    expect(openings(undefined, login(before))).toContain("opens the role admin for the service account 'nightly'");
  });
});

describe("A review names the policy and the limits of a gateway", () => {
  const policy = (contentSecurityPolicy: ContentSecurityPolicy) => gateway({ contentSecurityPolicy });
  const STRICT = policy(ContentSecurityPolicy.strict());
  const FORBIDDEN = "what the Content-Security-Policy forbids MLflow's pages";

  test.each([
    ["off", ContentSecurityPolicy.off(), "there is none any more"],
    ["to report only", ContentSecurityPolicy.reportOnly(), "browsers report it and stop nothing"],
  ])("if the Content-Security-Policy is switched %s", (_how, other, expected) => {
    expect(openings(STRICT, policy(other))).toEqual([`opens ${FORBIDDEN}: ${expected}`]);
    expect(openings(policy(other), STRICT)).toEqual([`closes ${FORBIDDEN}: browsers stop it`]);
  });

  test("if the Content-Security-Policy changes", () => {
    expect(openings(STRICT, policy(ContentSecurityPolicy.allowArtifactScripts()))).toEqual([
      `changes ${FORBIDDEN}: read the setting`,
    ]);
  });

  test("if the limits change", () => {
    const failedLogins = (perAddress: number, perUser: number) => gateway({ failedLogins: { perAddress, perUser } });
    const rateLimit = (events: number, window: Duration) => gateway({ rateLimit: { events, window } });

    expect(openings(failedLogins(30, 10), failedLogins(300, 5))).toEqual([
      "opens failed logins of an address: '30 in 1m0s' → '300 in 1m0s'",
      "closes failed logins of an address with one user name: '10 in 1m0s' → '5 in 1m0s'",
    ]);
    expect(openings(rateLimit(100, Duration.minutes(1)), rateLimit(100, Duration.seconds(30)))).toEqual([
      "opens rate limit of a client: '100 in 1m0s' → '100 in 30s'",
    ]);
    expect(openings(rateLimit(100, Duration.minutes(1)), rateLimit(6000, Duration.hours(1)))).toEqual([]);
  });
});

describe("A review names the ports of the store that a gateway publishes", () => {
  const PORTS = {
    console: {
      on: (options: AuthGatewayOptions = {}) => stackWith({ console: true }, options),
      moved: { console: { port: 9443 } },
      what: "the store's console, in which an admin reads, changes and deletes all files of all users,",
      at: 9001,
    },
    s3Api: {
      on: (options: AuthGatewayOptions = {}) => stackWith({ s3Api: true }, options),
      moved: { s3Api: { port: 9443 } },
      what: "the store's S3 API, for programs with its keys,",
      at: 9000,
    },
  };
  function stackWith(store: MinioStoreOptions, options: AuthGatewayOptions): MlflowStackProps {
    return { url: URL, artifactStore: ArtifactStore.minio(store), gateway: options };
  }

  test.each(Object.entries(PORTS))("of %s", (_name, { on, moved, what, at }) => {
    const off = stackWith({}, {});

    expect(openings(off, on())).toEqual([`opens ${what} at 'http://localhost:${at}'`]);
    expect(openings(on(), off)).toEqual([`closes ${what} at 'http://localhost:${at}'`]);
    expect(openings(on(), on(moved))).toEqual([
      `changes ${what} at 'http://localhost:${at}' → 'http://localhost:9443'`,
    ]);
    expect(openings(undefined, on())).toContain(`opens ${what} at 'http://localhost:${at}'`);
    expect(openings(on(), on())).toEqual([]);
  });

  test("with TLS, if they are published beyond the engine's own host", () => {
    const shared = PORTS.s3Api.on({ s3Api: { binding: HostBinding.public() } });

    expect(openings(PORTS.s3Api.on(), shared)).toEqual([
      `changes ${PORTS.s3Api.what} at 'http://localhost:9000' → '${URL}:9000'`,
    ]);
  });

  test("with the login before the console", () => {
    const users = [{ name: "ada", role: Role.ADMIN }];
    const login = {
      issuerUrl: "https://login.example.com",
      clientId: "mlflow",
      allowedDomains: ["example.com"],
      users,
    };
    const auth = AuthMethod.oauth2({ ...login, clientSecret: Secret.variable("client_secret") });
    const shared = { console: { binding: HostBinding.public() } };
    const found = openings(
      { ...PORTS.console.on(shared), auth: AuthMethod.basic({ users }) },
      {
        ...PORTS.console.on(shared),
        auth,
      },
    );

    expect(found).toContain("changes the login before the store's console: 'basic' → 'oauth2'");
  });
});
