/** What issues identities. Each brings the settings of oauth2-proxy that it needs. */
export enum IdentityProvider {
  /** Any issuer that keeps to OpenID Connect. */
  OIDC = "oidc",

  /** Google. Knows no groups: roles by e-mail. Tokens are those of service accounts (ID tokens). */
  GOOGLE = "google",

  /**
   * github.com, where organizations and `organization:team` are groups. The e-mail address is the primary one, if it is
   * verified. Its tokens are no JWTs: machines use a password.
   */
  GITHUB = "github",

  /** Microsoft Entra ID, one tenant: `https://login.microsoftonline.com/<tenant id>/v2.0`. Groups are object ids. */
  ENTRA = "entra",

  /** Keycloak: `https://<host>/realms/<realm>`. Its roles are groups too: `role:<role>` and `role:<client>:<role>`. */
  KEYCLOAK = "keycloak",
}
