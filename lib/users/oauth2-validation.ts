import { X509Certificate } from "node:crypto";
import type { Construct } from "constructs";
import { ValidationError } from "../values/errors";
import { IdentityProvider } from "./identity-provider";
import type { OAuth2Options } from "./oauth2-options";
import { rejectLoopback } from "../values/loopback";
import { PROVIDERS } from "./provider-profile";
import type { ProviderProfile } from "./provider-profile";

/**
 * Fails on options with which nobody could log in, or anybody.
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

/** Every group that decides about anything. */
export function allGroups({ allowedGroups = [], roles }: OAuth2Options): string[] {
  return [...allowedGroups, ...(roles?.write?.groups ?? []), ...(roles?.admin?.groups ?? [])];
}

/** Every machine that may enter. */
export function allMachines({ allowedMachines = [], roles }: OAuth2Options): string[] {
  return [...new Set([...allowedMachines, ...(roles?.write?.machines ?? []), ...(roles?.admin?.machines ?? [])])];
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
      `'issuerUrl' must be given for the provider '${provider}': the address that the issuer's tokens carry as 'iss'`,
      scope,
    );
  }
  const url = URL.canParse(issuerUrl) ? new URL(issuerUrl) : undefined;
  if (!url || url.protocol !== "https:" || url.username || url.password || url.search || url.hash) {
    throw new ValidationError(
      "OAuth2Issuer",
      `'issuerUrl' must begin with https:// and hold neither a login nor a query, because whoever can answer in its place can log in as anybody, got: '${issuerUrl}'`,
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

// oauth2-proxy would start again and again.
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
        "'allowedDomains' must not hold '*': everybody with an account at the issuer could log in; name your domains, or say 'allowAnyDomain: true'",
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
      "'allowedDomains' or 'allowedGroups' must say who may log in; 'allowAnyDomain: true' lets in everybody with an account at the issuer",
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
      "'allowedGroups' and groups of 'roles' must not be used with this provider, which tells no groups; use 'allowedDomains' and 'emails'",
      scope,
    );
  }
  for (const group of groups) {
    // groups travel in a list with commas, so that one with a comma could not be told from two.
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
  const machines = allMachines(props);
  if (machines.length > 0 && !profile.hasTokens) {
    throw new ValidationError(
      "OAuth2Machines",
      "'machines' must not be used with this provider, whose tokens cannot be checked; give machines a password ('users')",
      scope,
    );
  }
  for (const machine of machines) {
    // they stand in a file of values with commas between them.
    if (!/^[^\s,`"#][^\s,`"]*$/.test(machine)) {
      throw new ValidationError(
        "OAuth2Machines",
        `'machines' must hold subjects without blanks, commas and quotes, got: '${machine}'`,
        scope,
      );
    }
  }
  if (props.clientId === "") {
    throw new ValidationError("OAuth2Client", "'clientId' must be the id of this stack at the issuer", scope);
  }
}
