import { IdentityProvider } from "./identity-provider";

/** How oauth2-proxy is set up for an identity provider. */
export interface ProviderProfile {
  /** `provider` of oauth2-proxy. */
  readonly provider: string;

  /** Address of the issuer, if there is only one. */
  readonly issuerUrl?: string;

  /** The form of the issuer's address, if no other works. */
  readonly issuerForm?: { readonly pattern: RegExp; readonly example: string };

  readonly scope: string;

  /** Additional scope where groups are used. Many issuers refuse a login with a scope that they do not know. */
  readonly groupsScope?: string;

  readonly hasGroups: boolean;

  /** Whether its tokens are JWTs, which service accounts can use. */
  readonly hasTokens: boolean;

  /** Address at which the provider ends its session. */
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
    // oauth2-proxy's provider `google` only adds group look-ups, which need an administrator's key. `oidc` suffices.
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
    // Checks the tenant of a token, and looks up the groups of a user who is in more than 200.
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
    // Without `groups`: a realm has no such scope until somebody creates it, and then it is a default scope.
    scope: "openid email profile",
    hasGroups: true,
    hasTokens: true,
    endSession: (issuerUrl) => `${issuerUrl.replace(/\/$/, "")}/protocol/openid-connect/logout`,
  },
};
