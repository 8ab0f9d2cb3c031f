/** The service where users have their accounts. Each one implies settings of oauth2-proxy. */
export enum IdentityProvider {
  /** Any issuer that conforms to OpenID Connect. */
  OIDC = "oidc",

  /** Google. It has no groups, so roles are given by e-mail address. Tokens are ID tokens of service accounts. */
  GOOGLE = "google",

  /**
   * github.com. Groups are organizations and `organization:team`. The e-mail address is the primary one, if it is
   * verified. Its tokens are not JWTs, so service accounts use a password.
   */
  GITHUB = "github",

  /** Microsoft Entra ID, one tenant: `https://login.microsoftonline.com/<tenant id>/v2.0`. Groups are object ids. */
  ENTRA = "entra",

  /** Keycloak: `https://<host>/realms/<realm>`. Roles count as groups: `role:<role>` and `role:<client>:<role>`. */
  KEYCLOAK = "keycloak",
}
