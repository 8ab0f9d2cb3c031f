/** What issues identities. Each brings the settings of oauth2-proxy that it needs. */
export enum IdentityProvider {
  /** Any issuer that keeps to OpenID Connect. */
  OIDC = "oidc",

  /** Google. Knows no groups: roles by e-mail. */
  GOOGLE = "google",

  /** GitHub, where organizations and `organization:team` are groups. Its tokens are no JWTs: machines use a password. */
  GITHUB = "github",

  /** Microsoft Entra ID: `https://login.microsoftonline.com/<tenant>/v2.0`. Groups are object ids. */
  ENTRA = "entra",

  /** Keycloak: `https://<host>/realms/<realm>`. */
  KEYCLOAK = "keycloak",
}
