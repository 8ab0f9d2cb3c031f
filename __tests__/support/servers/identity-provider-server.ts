/**
 * The process behind `IdentityProvider`: an issuer with anybody's password, in a process of its own because the library
 * is an ES module, which Jest does not load. Its settings come as the first message.
 */
import { createServer } from "node:https";
import Provider from "oidc-provider";
import type { ClientMetadata, JWK } from "oidc-provider";
import type { Accounts } from "./identity-provider";

/** What the server is started with. */
export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  readonly certificate: string;
  readonly privateKey: string;
  readonly signingKey: object;
  readonly accounts: Accounts;
  readonly clients: readonly object[];
  /** Audience of the tokens of machines. */
  readonly audience: string;
  /** Further claims of machines' tokens, by client. */
  readonly machineClaims: { readonly [client: string]: Record<string, unknown> };
}

// goes with the test, however that ends.
process.once("disconnect", () => process.exit());

process.once("message", (settings: ServerSettings) => {
  const provider = providerOf(settings);
  // every request to log in, for tests that judge what was asked.
  provider.on("authorization.accepted", (context) => process.send?.({ authorization: { ...context.oidc.params } }));
  createServer({ cert: settings.certificate, key: settings.privateKey }, provider.callback()).listen(
    settings.port,
    settings.host,
    () => process.send?.({ ready: true }),
  );
});

function providerOf({ host, port, signingKey, accounts, clients, audience, machineClaims }: ServerSettings): Provider {
  const provider: Provider = new Provider(`https://${host}:${port}`, {
    clients: clients as ClientMetadata[],
    jwks: { keys: [signingKey as JWK] },
    cookies: { keys: ["only in tests"] },
    scopes: ["openid", "email", "profile", "groups"],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
    pkce: { required: () => true },
    findAccount: (_context, id) => {
      const account = accounts[id];
      return account && { accountId: id, claims: () => ({ sub: id, ...account }) };
    },
    // nobody is asked whether the gateway may know the name.
    loadExistingGrant: async ({ oidc }) => {
      const grant = new provider.Grant({ clientId: oidc.client?.clientId, accountId: oidc.session?.accountId });
      grant.addOIDCScope("openid email profile groups");
      await grant.save();
      return grant;
    },
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => [],
        getResourceServerInfo: () => ({
          scope: "",
          audience,
          accessTokenFormat: "jwt",
          // in seconds; a benchmark takes longer than the ten minutes of the default.
          accessTokenTTL: 3600,
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
    extraTokenClaims: (_context, token) => machineClaims[token.clientId ?? ""],
  });
  return provider;
}
