import { isIP } from "node:net";
import { Token } from "cdktf";
import type { IConstruct } from "constructs";
import { ValidationError } from "./errors";
import { isLoopback } from "./loopback";

/** The one address under which users reach MLflow. Everything that has to agree with it is derived here. */
export class PublicUrl {
  /** @throws ValidationError when `url` is no plain origin, or not https at a name other than localhost. */
  public static parse(url: string, scope: IConstruct): PublicUrl {
    if (Token.isUnresolved(url)) {
      throw new ValidationError("UrlKnown", "'url' must be known at synthesis, got: a Terraform expression", scope);
    }
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (!parsed || !/^https?:$/.test(parsed.protocol) || parsed.hostname === "") {
      throw new ValidationError(
        "Url",
        `'url' must be an address such as 'https://mlflow.example.com', got: '${url}'`,
        scope,
      );
    }
    if (parsed.username || parsed.password) {
      throw new ValidationError(
        "UrlCredentials",
        "'url' must not hold a user or password; users belong to 'auth'",
        scope,
      );
    }
    if (parsed.pathname !== "/" || parsed.search || parsed.hash) {
      throw new ValidationError(
        "UrlPath",
        `'url' must end after the host and port, because MLflow serves files outside of a path prefix; give it a host name of its own, got: '${url}'`,
        scope,
      );
    }
    const result = new PublicUrl(parsed);
    if (/^(?:0\.0\.0\.0|::)$/.test(result.address)) {
      throw new ValidationError(
        "UrlWildcard",
        `'url' must be an address that clients open, and '${parsed.hostname}' is one that servers listen on; use http://localhost${parsed.port && `:${parsed.port}`} for this host, or https:// and a name for others`,
        scope,
      );
    }
    if (!result.secure && !result.local) {
      throw new ValidationError(
        "UrlPlainHttp",
        `'url' must begin with https:// at a name other than localhost, because passwords would travel in clear and browsers show MLflow's pages blank, got: '${url}'`,
        scope,
      );
    }
    return result;
  }

  /** `http` or `https`. */
  public readonly scheme: string;

  /** Host name, without a port. An IPv6 address is in brackets. */
  public readonly hostname: string;

  /** Host name, or IP address without brackets. */
  public readonly address: string;

  /** The port, also if the scheme implies it. */
  public readonly port: number;

  /** Scheme, host and, if the scheme does not imply it, port. */
  public readonly origin: string;

  /** Whether the address begins with `https`. */
  public readonly secure: boolean;

  /** Whether it can be reached from the engine's own host only. */
  public readonly local: boolean;

  private constructor(url: URL) {
    this.scheme = url.protocol.slice(0, -1);
    this.hostname = url.hostname;
    this.address = url.hostname.replace(/^\[|\]$/g, "");
    this.secure = this.scheme === "https";
    this.port = url.port === "" ? (this.secure ? 443 : 80) : Number(url.port);
    this.origin = url.origin;
    this.local = isLoopback(url.hostname);
  }

  /** The address on the engine's host that requests for the url arrive at. A name of the host itself is 127.0.0.1. */
  public get bindAddress(): string {
    if (this.local) return isIP(this.address) ? this.address : "127.0.0.1";
    return isIP(this.address) === 6 ? "::" : "0.0.0.0";
  }

  /** The same origin under another host name. */
  public originAt(hostname: string): string {
    const implied = this.port === (this.secure ? 443 : 80);
    return `${this.scheme}://${hostname}${implied ? "" : `:${this.port}`}`;
  }
}
