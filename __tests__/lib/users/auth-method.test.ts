import { AuthGateway, AuthMethod, IdentityProvider, Role, Secret, UserPassword } from "../../../lib";
import type { OAuth2Options, UserOptions } from "../../../lib";
import { addresses, container, environment, file, synth, testStack } from "../../support/stacks/synth";
import { fakeUpstream } from "../../support/stacks/upstream";

const ADA: UserOptions = { name: "ada", role: Role.ADMIN };

function gatewayStack(auth: AuthMethod, url = "https://mlflow.example.com") {
  const { stack, network } = testStack();
  const gateway = new AuthGateway(stack, "gateway", {
    network,
    upstream: fakeUpstream(),
    auth,
    url,
  });
  return { stack, gateway };
}

function oauth2(options: Partial<OAuth2Options> = {}) {
  return AuthMethod.oauth2({
    issuerUrl: "https://login.example.com",
    clientId: "mlflow",
    clientSecret: Secret.variable("client_secret"),
    allowedDomains: ["example.com"],
    ...options,
  });
}

describe("AuthMethod.basic", () => {
  test("has one admin with a generated password by default", () => {
    const { stack, gateway } = gatewayStack(AuthMethod.basic());

    expect(file(stack, "gateway", "/etc/caddy/users.json")).toBe('[\n{"name":"admin","role":"admin"}\n]\n');
    expect(gateway.username).toBe("admin");
  });

  test("gives each user a resource and a file, so that another user changes none of them", () => {
    const users = [ADA, { name: "ci@example.com", role: Role.WRITE }];
    const before = gatewayStack(AuthMethod.basic({ users }));
    const after = gatewayStack(AuthMethod.basic({ users: [{ name: "bob", role: Role.READ }, ...users] }));

    const added = addresses(after.stack).filter((address) => !addresses(before.stack).includes(address));
    expect(added).toEqual([expect.stringMatching(/^random_password\.gateway_users_bob_[0-9A-F]{8}$/)]);
    expect(addresses(before.stack).filter((address) => !addresses(after.stack).includes(address))).toEqual([]);
    expect(file(after.stack, "gateway", "/etc/caddy/users.json")).toBe(
      '[\n{"name":"ada","role":"admin"},\n{"name":"bob","role":"read"},\n{"name":"ci@example.com","role":"write"}\n]\n',
    );
    expect(after.gateway.users.map(({ name, role }) => [name, role])).toEqual([
      ["bob", "read"],
      ["ada", "admin"],
      ["ci@example.com", "write"],
    ]);
  });

  test("takes a bcrypt hash, and then knows no password", () => {
    const password = UserPassword.bcryptHash(Secret.variable("ada_hash"));
    const { stack, gateway } = gatewayStack(AuthMethod.basic({ users: [{ ...ADA, password }] }));

    expect(file(stack, "gateway", "/run/secrets/users/ada")).toBe("${var.ada_hash}");
    expect(synth(stack).variable?.ada_hash?.validation).toHaveLength(1);
    expect(gateway.username).toBeUndefined();
  });

  const BY_VARIABLE = { ...ADA, password: UserPassword.of(Secret.variable("ada_password")) };
  const GENERATED: UserOptions = { name: "ada-hash", role: Role.ADMIN };
  test.each([
    ["after", [BY_VARIABLE, GENERATED]],
    ["before", [GENERATED, BY_VARIABLE]],
  ])(
    "takes a user with the name of another user's hash, %s it, at the addresses that each has alone",
    (_when, users) => {
      const of = (all: UserOptions[]) => addresses(gatewayStack(AuthMethod.basic({ users: all })).stack);
      const own = (all: UserOptions[]) => of(all).filter((address) => address.includes("gateway_users"));

      expect(own([BY_VARIABLE])).toEqual(["terraform_data.gateway_users_ada-hash_52CD1207"]);
      expect(own([GENERATED])).toEqual(["random_password.gateway_users_ada-hash_52CD1207"]);
      expect(own(users)).toEqual([...own([GENERATED]), ...own([BY_VARIABLE])]);
    },
  );

  test("generates another password for another generation", () => {
    const users = [{ ...ADA, password: UserPassword.generated(2) }];
    const { stack } = gatewayStack(AuthMethod.basic({ users }));

    expect(Object.values(synth(stack).resource.random_password ?? {})).toEqual([
      { length: 32, special: false, keepers: { generation: "2" } },
    ]);
  });

  test.each<[string, UserOptions[], string]>([
    ["nobody", [], "'users' must hold at least one user with the role admin"],
    ["no admin", [{ name: "ada", role: Role.WRITE }], "'users' must hold at least one user with the role admin"],
    ["one name twice", [ADA, { name: "Ada", role: Role.READ }], "'users' must have each name once, got: 'Ada' twice"],
    [
      "a name that means a folder",
      [ADA, { name: "..", role: Role.READ }],
      "'name' of a user must be 1 to 64 letters, digits and .@_+-, got: '..'",
    ],
    [
      "a name that CDKTF cannot tell from a word of its own",
      [ADA, { name: "constructor", role: Role.READ }],
      "'name' of a user must not be the name of a property that every JavaScript object has, got: 'constructor'; choose another one",
    ],
    [
      "an unknown role",
      [ADA, { name: "bob", role: "owner" as Role }],
      "'role' of user 'bob' must be one of read, write, admin, got: 'owner'",
    ],
  ])("fails on %s", (_title, users, message) => {
    expect(() => gatewayStack(AuthMethod.basic({ users }))).toThrow(`${message} [test/gateway]`);
  });
});

describe("AuthMethod.oauth2", () => {
  const PROXY = "gateway_oauth2-proxy_EED9EE79";
  const configuration = (auth: AuthMethod, url?: string) => {
    const text = file(gatewayStack(auth, url).stack, PROXY, "/etc/oauth2-proxy/oauth2-proxy.cfg");
    const entries = text
      .trim()
      .split("\n")
      .map((line) => line.split(" = ") as [string, string]);
    return Object.fromEntries(entries.map(([key, value]) => [key, JSON.parse(value) as unknown]));
  };

  test("adds oauth2-proxy, which publishes no port", () => {
    const { stack } = gatewayStack(oauth2());
    const proxy = container(stack, PROXY);

    expect(proxy.ports).toBeUndefined();
    expect(proxy.env ?? []).toEqual([]);
    expect(environment(stack, "gateway")).toMatchObject({
      AUTH_METHOD: "oauth2",
      OAUTH2_PROXY: `${proxy.name}:4180`,
      OAUTH2_COOKIE: "__Host-gateway",
    });
    expect(file(stack, PROXY, "/run/secrets/oauth2-client-secret")).toBe("${var.client_secret}");
  });

  test("uses PKCE and a nonce, and keeps the session in a cookie that scripts cannot read", () => {
    expect(configuration(oauth2())).toMatchSnapshot();
  });

  test("allows a cookie without TLS at localhost only", () => {
    expect(configuration(oauth2(), "http://localhost:8080")).toMatchObject({
      cookie_secure: false,
      cookie_name: "gateway",
      redirect_url: "http://localhost:8080/oauth2/callback",
    });
  });

  test("sets no option with which oauth2-proxy skips a login", () => {
    const keys = Object.keys(configuration(oauth2()));

    expect(
      keys.filter((key) =>
        /^(skip_auth|api_route|ping_user_agent|reverse_proxy|trusted|insecure_oidc_allow)/.test(key),
      ),
    ).toEqual([]);
  });

  test("passes the roles to the gateway", () => {
    const roles = { write: { groups: ["ml team", "research"] }, admin: { emails: ["ada@example.com"] } };

    expect(environment(gatewayStack(oauth2({ roles })).stack, "gateway")).toMatchObject({
      WRITE_GROUPS: "`ml team` `research`",
      WRITE_EMAILS: "",
      ADMIN_GROUPS: "",
      ADMIN_EMAILS: "`ada@example.com`",
    });
  });

  test("allows service accounts by their subjects, besides the domains", () => {
    const auth = oauth2({
      allowedServiceAccounts: ["nightly"],
      roles: { write: { serviceAccounts: ["batch"] }, admin: {} },
    });
    const { stack } = gatewayStack(auth);

    expect(configuration(auth).authenticated_emails_file).toBe("/etc/oauth2-proxy/machines");
    expect(file(stack, PROXY, "/etc/oauth2-proxy/machines")).toBe("nightly\nbatch\n");
    expect(environment(stack, "gateway")).toMatchObject({
      READ_MACHINES: "`nightly`",
      WRITE_MACHINES: "`batch`",
      ADMIN_MACHINES: "",
    });
  });

  test("reads groups from the given claim, or from oauth2-proxy's default", () => {
    expect(configuration(oauth2({ groupsClaim: "realm_roles" })).oidc_groups_claim).toBe("realm_roles");
    expect(configuration(oauth2())).not.toHaveProperty("oidc_groups_claim");
  });

  test("requests the scope for groups only if groups are used, because not every issuer knows it", () => {
    const roles = { write: { groups: ["ml"] } };

    expect(configuration(oauth2()).scope).toBe("openid email profile");
    expect(configuration(oauth2({ roles })).scope).toBe("openid email profile groups");
    expect(configuration(oauth2({ roles, scope: "openid email" })).scope).toBe("openid email");
  });

  test("excludes nobody by an empty list of domains beside groups", () => {
    expect(configuration(oauth2({ allowedDomains: [], allowedGroups: ["ml"] })).email_domains).toEqual(["*"]);
  });

  test("ends the session at the issuer too, if the address is known", () => {
    const issuerUrl = "https://login.example.com/realms/ml";
    const keycloak = oauth2({ provider: IdentityProvider.KEYCLOAK, issuerUrl });

    expect(decodeURIComponent(environment(gatewayStack(keycloak).stack, "gateway").OAUTH2_LOGOUT ?? "")).toBe(
      "/oauth2/sign_out?rd=https://login.example.com/realms/ml/protocol/openid-connect/logout?client_id=mlflow&post_logout_redirect_uri=https%3A%2F%2Fmlflow.example.com%2Foauth2%2Fsigned_out",
    );
    expect(configuration(keycloak).whitelist_domains).toEqual(["login.example.com"]);
    expect(environment(gatewayStack(oauth2()).stack, "gateway").OAUTH2_LOGOUT).toBe(
      "/oauth2/sign_out?rd=%2Foauth2%2Fsigned_out",
    );
  });

  test.each([
    [IdentityProvider.GOOGLE, { provider: "oidc", oidc_issuer_url: "https://accounts.google.com" }],
    [IdentityProvider.GITHUB, { provider: "github", scope: "user:email read:org" }],
  ])("knows the issuer of %s", (provider, expected) => {
    expect(configuration(oauth2({ provider, issuerUrl: undefined }))).toMatchObject(expected);
  });

  test("has additional users with a password", () => {
    const { stack, gateway } = gatewayStack(oauth2({ users: [{ name: "ci", role: Role.WRITE }] }));

    expect(file(stack, "gateway", "/etc/caddy/users.json")).toBe('[\n{"name":"ci","role":"write"}\n]\n');
    expect(gateway.username).toBeUndefined();
    expect(gateway.users).toHaveLength(1);
  });

  const https =
    "'issuerUrl' must begin with https:// and have no user, password or query, because anyone who could answer in its place could log in as any user, got:";
  test.each<[string, Partial<OAuth2Options>, string]>([
    [
      "no issuer",
      { issuerUrl: undefined },
      "'issuerUrl' must be given for the provider 'oidc': the address that the issuer's tokens have in the claim 'iss'",
    ],
    ["an issuer without TLS", { issuerUrl: "http://login.example.com" }, `${https} 'http://login.example.com'`],
    [
      "an issuer that is the container itself",
      { issuerUrl: "https://localhost:8443" },
      "'issuerUrl' must be a name or address that containers reach, because inside a container 'localhost' is the container itself; use the address of the machine, got: 'localhost'",
    ],
    [
      "a file name instead of a certificate",
      { issuerCertificate: "/etc/ssl/issuer.pem" },
      "'issuerCertificate' must be a certificate in PEM form",
    ],
    [
      "every domain",
      { allowedDomains: ["*"] },
      "'allowedDomains' must not hold '*': everybody with an account at the issuer could log in; name your domains, or set 'allowAnyDomain: true'",
    ],
    [
      "nothing that says who",
      { allowedDomains: undefined },
      "'allowedDomains' or 'allowedGroups' must limit who may log in; 'allowAnyDomain: true' allows everybody with an account at the issuer",
    ],
    [
      "a domain with a wildcard",
      { allowedDomains: ["*.example.com"] },
      "'allowedDomains' must hold domains such as 'example.com', got: '*.example.com'",
    ],
    [
      "a group with a comma",
      { roles: { admin: { groups: ["x,admins"] } } },
      "a group must have no comma, backtick or line break in its name, got: 'x,admins'",
    ],
    [
      "groups of an issuer that has none",
      { provider: IdentityProvider.GOOGLE, issuerUrl: undefined, allowedGroups: ["ml"] },
      "'allowedGroups' and groups of 'roles' must not be used with this provider, which has no groups; use 'allowedDomains' and 'emails'",
    ],
    [
      "an e-mail that is none",
      { roles: { write: { emails: ["ada"] } } },
      "'emails' must hold e-mail addresses, got: 'ada'",
    ],
    [
      "Entra without a tenant",
      { provider: IdentityProvider.ENTRA, issuerUrl: "https://login.microsoftonline.com/common/v2.0" },
      "'issuerUrl' must be https://login.microsoftonline.com/<tenant id>/v2.0 for the provider 'entra'; others may work with the provider 'oidc', got: 'https://login.microsoftonline.com/common/v2.0'",
    ],
    [
      "another GitHub",
      { provider: IdentityProvider.GITHUB, issuerUrl: "https://github.example.com" },
      "'issuerUrl' must be https://github.com for the provider 'github'; others may work with the provider 'oidc', got: 'https://github.example.com'",
    ],
    [
      "service accounts of an issuer without tokens",
      { provider: IdentityProvider.GITHUB, issuerUrl: undefined, allowedServiceAccounts: ["batch"] },
      "'serviceAccounts' must not be used with this provider, whose tokens cannot be checked; give service accounts a password ('users')",
    ],
    [
      "a machine with a comma",
      { roles: { admin: { serviceAccounts: ["a,b"] } } },
      "'serviceAccounts' must hold subjects without blanks, commas and quotes, got: 'a,b'",
    ],
    ["no client", { clientId: "" }, "'clientId' must not be empty: it is the id of this stack at the issuer"],
  ])("fails on %s", (_title, options, message) => {
    expect(() => gatewayStack(oauth2(options))).toThrow(`${message} [test/gateway/oauth2-proxy]`);
  });
});
