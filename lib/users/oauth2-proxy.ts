import { Construct } from "constructs";
import { ContainerRole } from "../contract/container-roles";
import { CONFIGURATION_FILE, SUBJECTS_FILE } from "../contract/oauth2-files";
import { DataSize } from "../values/data-size";
import { Duration } from "../values/duration";
import { HealthCheck } from "../network/health-check";
import { IdentityProvider } from "./identity-provider";
import type { OAuth2Options } from "./oauth2-options";
import { allGroups, allServiceAccounts, validateOAuth2 } from "./oauth2-validation";
import { PROVIDERS } from "./provider-profile";
import type { ProviderProfile } from "./provider-profile";
import type { PublicUrl } from "../values/public-url";
import { RELEASES, imageName } from "../values/releases";
import { Secret } from "../secrets/secret";
import { ServiceImage } from "../network/service-image";
import type { IServiceNetwork, ServiceFile } from "../network/service-network";

// Alpine, because the health check needs wget.
const IMAGE = imageName(RELEASES["oauth2-proxy"]);
const PORT = 4180;
const USER = "65532:65532";
const ISSUER_CERTIFICATE_FILE = "/etc/oauth2-proxy/issuer.pem";
const CLIENT_SECRET_FILE = "/run/secrets/oauth2-client-secret";
const COOKIE_SECRET_FILE = "/run/secrets/oauth2-cookie-secret";
// oauth2-proxy takes 16, 24 or 32 bytes, and decodes a value that could be base64 of so many: 24 characters cannot.
const COOKIE_SECRET_LENGTH = 24;

/** Properties of an `OAuth2Proxy`. */
export interface OAuth2ProxyProps extends OAuth2Options {
  /** The network to run on. The port is open there only. */
  readonly network: IServiceNetwork;

  /** The address under which users reach the gateway. */
  readonly url: PublicUrl;
}

/**
 * oauth2-proxy as a service: it keeps the sessions of browsers and checks the tokens of service accounts. The gateway
 * asks it about each request.
 *
 * It has access to the internet, because it connects to the issuer.
 *
 * @throws ValidationError when the issuer is missing or not https, everybody could log in, or a name is invalid.
 */
export class OAuth2Proxy extends Construct {
  /** Host name and port, for the gateway. */
  public readonly address: string;

  /** Name of the session cookie. */
  public readonly cookieName: string;

  /** Address at which a logout ends, with its query; unknown for some providers. */
  public readonly endSessionUrl?: string;

  constructor(scope: Construct, id: string, props: OAuth2ProxyProps) {
    super(scope, id);

    const issuerUrl = validateOAuth2(this, props);
    const profile = PROVIDERS[props.provider ?? IdentityProvider.OIDC];

    // Another host or plain http cannot set a cookie with this prefix. Browsers require such a cookie to be Secure.
    this.cookieName = props.url.secure ? "__Host-gateway" : "gateway";
    this.endSessionUrl = endSession(props, profile, issuerUrl);
    const clientSecret = props.clientSecret.bind(this, "client-secret");
    clientSecret.require(
      'VALUE != "" && length(regexall("[\\\\r\\\\n]", VALUE)) == 0',
      "The client secret must be one line, because an issuer would take the line break for a part of it.",
    );
    const cookieSecret = Secret.generated({ length: COOKIE_SECRET_LENGTH }).bind(this, "cookie-secret");

    const service = props.network.addService(this, "Default", {
      role: ContainerRole.OAUTH2_PROXY,
      image: props.image ?? ServiceImage.registry(IMAGE),
      args: [`--config=${CONFIGURATION_FILE}`],
      files: [
        { path: CONFIGURATION_FILE, content: this.configuration(props, profile, issuerUrl), secret: false },
        { path: CLIENT_SECRET_FILE, content: clientSecret.unsafeUnwrap(), secret: true },
        { path: COOKIE_SECRET_FILE, content: cookieSecret.unsafeUnwrap(), secret: true },
        ...issuerCertificate(props.issuerCertificate),
        ...subjectsFile(allServiceAccounts(props)),
      ],
      user: USER,
      memory: props.memory ?? DataSize.mebibytes(128),
      egress: true,
      healthCheck: HealthCheck._restarting(["wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${PORT}/ping`]),
    });
    this.address = `${service.hostname}:${PORT}`;
  }

  // Sessions hold no tokens, and no `skip_auth_*` option is set: several had vulnerabilities.
  private configuration(props: OAuth2ProxyProps, profile: ProviderProfile, issuerUrl: string): string {
    const { url } = props;
    const session = props.sessionDuration ?? Duration.hours(12);
    return toml({
      http_address: `0.0.0.0:${PORT}`,
      provider: profile.provider,
      ...(profile.provider === "github" ? {} : { oidc_issuer_url: issuerUrl }),
      ...(props.groupsClaim !== undefined && { oidc_groups_claim: props.groupsClaim }),
      ...(props.issuerCertificate !== undefined && {
        provider_ca_files: [ISSUER_CERTIFICATE_FILE],
        use_system_trust_store: true,
      }),
      redirect_url: `${url.origin}/oauth2/callback`,
      client_id: props.clientId,
      client_secret_file: CLIENT_SECRET_FILE,
      cookie_secret_file: COOKIE_SECRET_FILE,
      scope: props.scope ?? scopeFor(props, profile),
      code_challenge_method: "S256",
      insecure_oidc_skip_nonce: false,
      skip_provider_button: true,
      set_xauthrequest: true,
      upstreams: ["static://202"],
      ...(profile.hasTokens && { skip_jwt_bearer_tokens: true, oidc_extra_audiences: props.audiences ?? [] }),
      email_domains: props.allowedDomains?.length ? props.allowedDomains : ["*"],
      ...(allServiceAccounts(props).length > 0 && { authenticated_emails_file: SUBJECTS_FILE }),
      allowed_groups: props.allowedGroups ?? [],
      session_cookie_minimal: true,
      cookie_name: this.cookieName,
      cookie_secure: url.secure,
      cookie_samesite: "lax",
      cookie_csrf_per_request: true,
      cookie_csrf_per_request_limit: 5,
      cookie_expire: session.toGoString(),
      whitelist_domains: this.endSessionUrl === undefined ? [] : [new URL(this.endSessionUrl).host],
      request_logging: false,
    });
  }
}

function scopeFor(options: OAuth2Options, { scope, groupsScope }: ProviderProfile): string {
  return groupsScope !== undefined && allGroups(options).length > 0 ? `${scope} ${groupsScope}` : scope;
}

// oauth2-proxy uses the subject of a token without an e-mail address as its e-mail address.
function subjectsFile(subjects: string[]): ServiceFile[] {
  return subjects.length === 0 ? [] : [{ path: SUBJECTS_FILE, content: `${subjects.join("\n")}\n`, secret: false }];
}

function issuerCertificate(content: string | undefined): ServiceFile[] {
  return content === undefined ? [] : [{ path: ISSUER_CERTIFICATE_FILE, content, secret: false }];
}

function endSession({ endSessionUrl, clientId, url }: OAuth2ProxyProps, profile: ProviderProfile, issuerUrl: string) {
  const base = endSessionUrl ?? profile.endSession?.(issuerUrl);
  if (base === undefined) return undefined;
  const query = new URLSearchParams({
    client_id: clientId,
    post_logout_redirect_uri: `${url.origin}/oauth2/signed_out`,
  });
  return `${base}?${query}`;
}

// Strings, booleans, numbers and lists of strings are written the same in JSON and TOML.
function toml(settings: { [key: string]: string | boolean | number | string[] }): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
    .join("");
}
