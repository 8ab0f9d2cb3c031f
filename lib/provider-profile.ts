import { IdentityProvider } from "./identity-provider";

/** How an identity provider is used. */
export interface ProviderProfile {
  /** `provider` of oauth2-proxy. */
  readonly provider: string;

  /** Address of the issuer where it is always the same. */
  readonly issuerUrl?: string;
  readonly scope: string;
  readonly hasGroups: boolean;

  /** Whether its tokens are JWTs that machines can use. */
  readonly hasTokens: boolean;

  /** Where a session at the provider is ended, from the issuer's address. */
  readonly endSession?: (issuerUrl: string) => string;
}

/** The profile of each provider. */
export const PROVIDERS: { readonly [provider in IdentityProvider]: ProviderProfile } = {
  [IdentityProvider.OIDC]: {
    provider: "oidc",
    scope: "openid email profile groups",
    hasGroups: true,
    hasTokens: true,
  },
  [IdentityProvider.GOOGLE]: {
    // its own kind of oauth2-proxy's adds groups by an administrator's key, and nothing else that is needed.
    provider: "oidc",
    issuerUrl: "https://accounts.google.com",
    scope: "openid email profile",
    hasGroups: false,
    hasTokens: true,
  },
  [IdentityProvider.GITHUB]: {
    provider: "github",
    issuerUrl: "https://github.com",
    scope: "user:email read:org",
    hasGroups: true,
    hasTokens: false,
  },
  [IdentityProvider.ENTRA]: {
    provider: "entra-id",
    scope: "openid email profile",
    hasGroups: true,
    hasTokens: true,
    endSession: (issuerUrl) => `${issuerUrl.replace(/\/v2\.0\/?$/, "")}/oauth2/v2.0/logout`,
  },
  [IdentityProvider.KEYCLOAK]: {
    provider: "keycloak-oidc",
    scope: "openid email profile",
    hasGroups: true,
    hasTokens: true,
    endSession: (issuerUrl) => `${issuerUrl.replace(/\/$/, "")}/protocol/openid-connect/logout`,
  },
};
