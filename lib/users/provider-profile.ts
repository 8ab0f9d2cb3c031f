import { IdentityProvider } from "./identity-provider";

/** How an identity provider is used. */
export interface ProviderProfile {
  /** `provider` of oauth2-proxy. */
  readonly provider: string;

  /** Address of the issuer where it is always the same. */
  readonly issuerUrl?: string;

  /** What an issuer of this kind looks like, where others would not work. */
  readonly issuerForm?: { readonly pattern: RegExp; readonly example: string };

  readonly scope: string;

  /** What the scope needs besides where groups are used: many issuers refuse a login with a scope they do not know. */
  readonly groupsScope?: string;

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
    scope: "openid email profile",
    groupsScope: "groups",
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
    issuerForm: { pattern: /^https:\/\/github\.com$/, example: "https://github.com" },
    scope: "user:email read:org",
    hasGroups: true,
    hasTokens: false,
  },
  [IdentityProvider.ENTRA]: {
    // checks the tenant of a token, and asks for the groups of who is in more than 200.
    provider: "entra-id",
    issuerForm: {
      pattern: /^https:\/\/login\.microsoftonline\.com\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\/v2\.0$/i,
      example: "https://login.microsoftonline.com/<tenant id>/v2.0",
    },
    scope: "openid email profile",
    hasGroups: true,
    hasTokens: true,
    endSession: (issuerUrl) => `${issuerUrl.replace(/\/v2\.0$/, "")}/oauth2/v2.0/logout`,
  },
  [IdentityProvider.KEYCLOAK]: {
    provider: "keycloak-oidc",
    // without `groups`: a realm has no such scope until somebody makes it, and then by default.
    scope: "openid email profile",
    hasGroups: true,
    hasTokens: true,
    endSession: (issuerUrl) => `${issuerUrl.replace(/\/$/, "")}/protocol/openid-connect/logout`,
  },
};
