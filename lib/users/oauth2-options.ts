import type { DataSize } from "../values/data-size";
import type { Duration } from "../values/duration";
import type { IdentityProvider } from "./identity-provider";
import type { Secret } from "../secrets/secret";
import type { ServiceImage } from "../network/service-image";
import type { UserOptions } from "./user";

/** The users and service accounts that have a role. */
export interface RoleMembers {
  /**
   * Names of groups, exactly as the issuer writes them.
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
   * Subjects (claim `sub`) of tokens without an e-mail address, as service accounts have them. They may log in.
   *
   * @default - none
   */
  readonly serviceAccounts?: string[];
}

/** Roles of users who log in at an issuer. All others who may log in have the role `read`. */
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
   * The https address of the issuer, exactly as its tokens have it in the claim `iss`.
   *
   * @default - the address of Google or GitHub; required for all others
   */
  readonly issuerUrl?: string;

  /**
   * Certificate of the authority that signed the issuer's certificate, in PEM form.
   *
   * @default - the authorities that the image of oauth2-proxy trusts
   */
  readonly issuerCertificate?: string;

  /** Client id of this stack at the issuer. Register `<url>/oauth2/callback` as its redirect address. */
  readonly clientId: string;

  /** Client secret of this stack at the issuer. */
  readonly clientSecret: Secret;

  /**
   * Domains of the e-mail addresses that may log in. A domain does not include its subdomains.
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
   * Subjects (claim `sub`) of tokens without an e-mail address, as service accounts have them, that may log in: no other
   * such token enters, also with `allowAnyDomain`. `allowedDomains` does not apply to them; `allowedGroups` does.
   *
   * @default - the subjects that have a role
   */
  readonly allowedServiceAccounts?: string[];

  /**
   * Whether everyone with an account at the issuer may log in. At a public issuer that is everybody.
   *
   * @default false
   */
  readonly allowAnyDomain?: boolean;

  /**
   * The users who may do more than read.
   *
   * @default - nobody
   */
  readonly roles?: OAuth2Roles;

  /**
   * Audiences that tokens of service accounts may have, besides the client id.
   *
   * @default - none
   */
  readonly audiences?: string[];

  /**
   * The claim that holds the groups.
   *
   * @default "groups"
   */
  readonly groupsClaim?: string;

  /**
   * The scopes to request, separated by blanks.
   *
   * @default - the scopes that the provider needs; `groups` only where groups are used
   */
  readonly scope?: string;

  /**
   * Address at which the issuer ends its own session. Without it, a user who logs out is logged in again without a
   * question while the issuer's session lasts.
   *
   * @default - known for Keycloak and Entra, else none
   */
  readonly endSessionUrl?: string;

  /**
   * How long a session lasts. A change of groups or a deleted account takes effect when it ends.
   *
   * @default 12 hours
   */
  readonly sessionDuration?: Duration;

  /**
   * Additional users with a password, such as those of CI. They can log in while the issuer is down.
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
