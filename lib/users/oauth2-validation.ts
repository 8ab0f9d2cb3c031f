import { X509Certificate } from "node:crypto";
import type { Construct } from "constructs";
import { ValidationError } from "../values/errors";
import { IdentityProvider } from "./identity-provider";
import type { OAuth2Options } from "./oauth2-options";
import { rejectLoopback } from "../values/container-host";
import { PROVIDERS } from "./provider-profile";
import type { ProviderProfile } from "./provider-profile";

/**
 * Rejects options with which nobody could log in, or everybody.
 *
 * @returns the address of the issuer.
 */
export function validateOAuth2(scope: Construct, options: OAuth2Options): string {
  const provider = options.provider ?? IdentityProvider.OIDC;
  const profile = PROVIDERS[provider];
  const issuerUrl = options.issuerUrl ?? profile.issuerUrl;
  validateIssuer(scope, issuerUrl, provider, profile);
  validateCertificate(scope, options.issuerCertificate);
  validateEndSession(scope, options.endSessionUrl);
  validateWhoMayPass(scope, options);
  validateNames(scope, options, profile);
  return issuerUrl;
}

/** All groups that decide about access or a role. */
export function allGroups({ allowedGroups = [], roles }: OAuth2Options): string[] {
  return [...allowedGroups, ...(roles?.write?.groups ?? []), ...(roles?.admin?.groups ?? [])];
}

/** All service accounts that may log in. */
export function allServiceAccounts({ allowedServiceAccounts = [], roles }: OAuth2Options): string[] {
  return [
    ...new Set([
      ...allowedServiceAccounts,
      ...(roles?.write?.serviceAccounts ?? []),
      ...(roles?.admin?.serviceAccounts ?? []),
    ]),
  ];
}

function validateIssuer(
  scope: Construct,
  issuerUrl: string | undefined,
  provider: string,
  { issuerForm }: ProviderProfile,
): asserts issuerUrl is string {
  if (issuerUrl === undefined || issuerUrl === "") {
    throw new ValidationError(
      "OAuth2Issuer",
      `'issuerUrl' must be given for the provider '${provider}': the address that the issuer's tokens have in the claim 'iss'`,
      scope,
    );
  }
  const url = URL.canParse(issuerUrl) ? new URL(issuerUrl) : undefined;
  if (!url || url.protocol !== "https:" || url.username || url.password || url.search || url.hash) {
    throw new ValidationError(
      "OAuth2Issuer",
      `'issuerUrl' must begin with https:// and have no user, password or query, because anyone who could answer in its place could log in as any user, got: '${issuerUrl}'`,
      scope,
    );
  }
  rejectLoopback("issuerUrl", url.hostname, scope);
  if (issuerForm && !issuerForm.pattern.test(issuerUrl)) {
    throw new ValidationError(
      "OAuth2Issuer",
      `'issuerUrl' must be ${issuerForm.example} for the provider '${provider}'; others may work with the provider 'oidc', got: '${issuerUrl}'`,
      scope,
    );
  }
}

// oauth2-proxy would fail at every start.
function validateCertificate(scope: Construct, certificate: string | undefined): void {
  if (certificate === undefined) return;
  try {
    new X509Certificate(certificate);
  } catch {
    throw new ValidationError("OAuth2Certificate", "'issuerCertificate' must be a certificate in PEM form", scope);
  }
}

function validateEndSession(scope: Construct, endSessionUrl: string | undefined): void {
  if (endSessionUrl === undefined || /^https:\/\/[^\s?#"`]+$/.test(endSessionUrl)) return;
  throw new ValidationError(
    "OAuth2EndSession",
    `'endSessionUrl' must begin with https:// and have no query, got: '${endSessionUrl}'`,
    scope,
  );
}

function validateWhoMayPass(scope: Construct, { allowedDomains, allowedGroups, allowAnyDomain }: OAuth2Options): void {
  for (const domain of allowedDomains ?? []) {
    if (domain === "*") {
      throw new ValidationError(
        "OAuth2AnyDomain",
        "'allowedDomains' must not hold '*': everybody with an account at the issuer could log in; name your domains, or set 'allowAnyDomain: true'",
        scope,
      );
    }
    if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/i.test(domain)) {
      throw new ValidationError(
        "OAuth2Domain",
        `'allowedDomains' must hold domains such as 'example.com', got: '${domain}'`,
        scope,
      );
    }
  }
  if (!allowedDomains?.length && !allowedGroups?.length && !allowAnyDomain) {
    throw new ValidationError(
      "OAuth2AnyDomain",
      "'allowedDomains' or 'allowedGroups' must limit who may log in; 'allowAnyDomain: true' allows everybody with an account at the issuer",
      scope,
    );
  }
}

function validateNames(scope: Construct, props: OAuth2Options, profile: ProviderProfile): void {
  const { write, admin } = props.roles ?? {};
  const groups = allGroups(props);
  if (groups.length > 0 && !profile.hasGroups) {
    throw new ValidationError(
      "OAuth2Groups",
      "'allowedGroups' and groups of 'roles' must not be used with this provider, which has no groups; use 'allowedDomains' and 'emails'",
      scope,
    );
  }
  for (const group of groups) {
    // oauth2-proxy sends groups as a list with commas, where a group with a comma would become two.
    if (!/^[^,`\r\n]+$/.test(group)) {
      throw new ValidationError(
        "OAuth2Groups",
        `a group must have no comma, backtick or line break in its name, got: '${group}'`,
        scope,
      );
    }
  }
  for (const email of [...(write?.emails ?? []), ...(admin?.emails ?? [])]) {
    if (!/^[^\s@,`]+@[^\s@,`]+$/.test(email)) {
      throw new ValidationError("OAuth2Email", `'emails' must hold e-mail addresses, got: '${email}'`, scope);
    }
  }
  const subjects = allServiceAccounts(props);
  if (subjects.length > 0 && !profile.hasTokens) {
    throw new ValidationError(
      "OAuth2ServiceAccounts",
      "'serviceAccounts' must not be used with this provider, whose tokens cannot be checked; give service accounts a password ('users')",
      scope,
    );
  }
  for (const subject of subjects) {
    // oauth2-proxy reads the file of subjects as comma-separated values.
    if (!/^[^\s,`"#][^\s,`"]*$/.test(subject)) {
      throw new ValidationError(
        "OAuth2ServiceAccounts",
        `'serviceAccounts' must hold subjects without blanks, commas and quotes, got: '${subject}'`,
        scope,
      );
    }
  }
  if (props.clientId === "") {
    throw new ValidationError(
      "OAuth2Client",
      "'clientId' must not be empty: it is the id of this stack at the issuer",
      scope,
    );
  }
}
