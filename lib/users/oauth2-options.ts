import type { DataSize } from "../values/data-size";
import type { Duration } from "../values/duration";
import type { IdentityProvider } from "./identity-provider";
import type { Secret } from "../secrets/secret";
import type { ServiceImage } from "../network/service-image";
import type { UserOptions } from "./user";

/** Who has a role. */
export interface RoleMembers {
  /**
   * Names of groups, as the issuer writes them.
   *
   * @default - none
   */
  readonly groups?: string[];

  /**
   * E-mail addresses that the issuer has verified.
   *
   * @default - none
   */
  readonly emails?: string[];

  /**
   * Subjects (claim `sub`) of tokens without an e-mail address, such as those of machines. They may enter.
   *
   * @default - none
   */
  readonly machines?: string[];
}

/** Roles of users who log in at an issuer. Everyone else who may log in has the role `read`. */
export interface OAuth2Roles {
  /** @default - nobody */
  readonly write?: RoleMembers;

  /** @default - nobody */
  readonly admin?: RoleMembers;
}

/** Options of `AuthMethod.oauth2()`. */
export interface OAuth2Options {
  /**
   * The kind of issuer.
   *
   * @default IdentityProvider.OIDC
   */
  readonly provider?: IdentityProvider;

  /**
   * Address of the issuer, an https one, exactly as its tokens carry it in `iss`.
   *
   * @default - that of Google and GitHub; all others need it
   */
  readonly issuerUrl?: string;

  /**
   * Certificate of the authority that signed the issuer's own, in PEM form.
   *
   * @default - those that the image of oauth2-proxy trusts
   */
  readonly issuerCertificate?: string;

  /** Client id of this stack at the issuer. Its redirect address is `<url>/oauth2/callback`. */
  readonly clientId: string;

  /** Client secret of this stack at the issuer. */
  readonly clientSecret: Secret;

  /**
   * Domains of the e-mail addresses that may log in. Subdomains are others.
   *
   * @default - any, where `allowedGroups` or `allowAnyDomain` is given
   */
  readonly allowedDomains?: string[];

  /**
   * Groups whose members may log in.
   *
   * @default - no group is needed
   */
  readonly allowedGroups?: string[];

  /**
   * Subjects (claim `sub`) of tokens without an e-mail address, such as those of machines, that may enter whatever the
   * `allowedDomains`. Where `allowedGroups` is given, they need one of those groups as well.
   *
   * @default - those that have a role
   */
  readonly allowedMachines?: string[];

  /**
   * Whether everyone may log in to whom the issuer gives an account. With a public one, that is everybody.
   *
   * @default false
   */
  readonly allowAnyDomain?: boolean;

  /**
   * Who may do more than read.
   *
   * @default - nobody
   */
  readonly roles?: OAuth2Roles;

  /**
   * Audiences of tokens that machines may use, besides the client id.
   *
   * @default - none
   */
  readonly audiences?: string[];

  /**
   * Claim with the groups.
   *
   * @default "groups"
   */
  readonly groupsClaim?: string;

  /**
   * Scopes to ask for, with blanks between them.
   *
   * @default - what the provider needs; `groups` only where groups are used
   */
  readonly scope?: string;

  /**
   * Where the issuer ends its own session. Without it, who logs out is logged in again without a question as long as
   * the issuer's session lives.
   *
   * @default - that of Keycloak and Entra
   */
  readonly endSessionUrl?: string;

  /**
   * How long a session lasts. Changes of groups, and the end of an account, take effect after it.
   *
   * @default 12 hours
   */
  readonly sessionDuration?: Duration;

  /**
   * Users with a password besides, such as those of CI. They can log in while the issuer is away.
   *
   * @default - none
   */
  readonly users?: UserOptions[];

  /**
   * Image of oauth2-proxy.
   *
   * @default - a release of the official image
   */
  readonly image?: ServiceImage;

  /**
   * Memory limit of oauth2-proxy.
   *
   * @default 128 MiB
   */
  readonly memory?: DataSize;
}
