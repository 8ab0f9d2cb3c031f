import { readFileSync } from "node:fs";
import { Construct } from "constructs";
import type { AuthMethod } from "./auth-method";
import { DataSize } from "./data-size";
import { Duration } from "./duration";
import { ValidationError } from "./errors";
import { Exposure } from "./exposure";
import { HealthCheck } from "./health-check";
import type { HealthCheckOptions } from "./health-check";
import { packagePath } from "./package-folder";
import { PublicUrl } from "./public-url";
import type { SecretValue } from "./secret";
import { ServiceImage } from "./service-image";
import type { IServiceNetwork, PublishedPort, ServiceFile } from "./service-network";
import { Transfers } from "./transfers";
import type { IUpstream } from "./upstream";

// the name says what is in it: Caddy's version, and that it has our plugins.
const IMAGE_NAME = "cdktf-mlflow/gateway:2.11.9";
const USER = "1000:1000";
const LEAST_MEMORY = DataSize.mebibytes(64);
const ACME_PORT = 80;
// inside the container, whatever name and certificate the site itself needs.
const HEALTH_PORT = 2019;
const HSTS = "max-age=31536000";

/** How many requests a client may make. */
export interface RateLimitOptions {
  /**
   * Number of requests in a window.
   *
   * @default 3000
   */
  readonly events?: number;

  /**
   * Length of the window, which slides.
   *
   * @default 10 seconds
   */
  readonly window?: Duration;
}

/** Options of an `AuthGateway`, wherever it is created. */
export interface AuthGatewayOptions {
  /**
   * Image with Caddy and the plugins `rate_limit` and `replace_response`.
   *
   * @default - built on the engine from caddy/Dockerfile
   */
  readonly image?: ServiceImage;

  /**
   * Build arguments of the default image, such as `HTTPS_PROXY`. Not for secrets.
   *
   * @default - none
   */
  readonly buildArguments?: { [name: string]: string };

  /**
   * Requests of one client address, before any login. More are answered with 429 and `Retry-After`.
   *
   * @default - 3,000 in 10 seconds
   */
  readonly rateLimit?: RateLimitOptions;

  /**
   * How artifacts get from clients to the store and back.
   *
   * @default - direct to a store of the stack or one that clients reach, else through MLflow
   */
  readonly transfers?: Transfers;

  /**
   * How long a request waits for an upstream that restarts.
   *
   * @default 1 minute
   */
  readonly upstreamWait?: Duration;

  /**
   * Memory limit, 64 MiB or more.
   *
   * @default 256 MiB
   */
  readonly memory?: DataSize;

  /**
   * Timing of the check whether the gateway answers.
   *
   * @default - every 2 seconds
   */
  readonly healthCheck?: HealthCheckOptions;
}

/** Properties of an `AuthGateway`. */
export interface AuthGatewayProps extends AuthGatewayOptions {
  /** The network to run on. */
  readonly network: IServiceNetwork;

  /** What stands behind the gateway. */
  readonly upstream: IUpstream;

  /** Who may pass. There is no default: nothing is safe here. */
  readonly auth: AuthMethod;

  /**
   * The address under which users reach the gateway. It decides ports, bind address and TLS: `localhost` is published on
   * 127.0.0.1 only; an https address gets its certificate by ACME, for which port 80 is published as well.
   */
  readonly url: string;
}

/**
 * Caddy in front of an upstream: the only service with a published port.
 *
 * Nothing but `/healthz` is answered without a login. Containers of yours on the edge network reach it under the url's
 * own host name, and under the name of its container.
 *
 * @throws ValidationError when the url is no plain origin or not safe, its port is published twice, or a number is out
 * of range.
 */
export class AuthGateway extends Construct {
  /** The address under which users reach the gateway, without a slash at its end. */
  public readonly url: string;

  /** Name of the gateway on the edge network. */
  public readonly hostname: string;

  /** Name of a user who may pass. */
  public readonly username: string;

  /** Password of that user. */
  public readonly password: SecretValue;

  constructor(scope: Construct, id: string, props: AuthGatewayProps) {
    super(scope, id);

    const { network, upstream } = props;
    const url = PublicUrl.parse(props.url, this);
    const rateLimit = {
      events: props.rateLimit?.events ?? 3000,
      window: props.rateLimit?.window ?? Duration.seconds(10),
    };
    const memory = props.memory ?? DataSize.mebibytes(256);
    this.validatePort(url);
    this.validateRateLimit(rateLimit);
    this.validateMemory(memory);

    const auth = props.auth.bind(this);
    const target = upstream.transferTarget;
    const transfers = (props.transfers ?? (target?.preferred ? Transfers.direct() : Transfers.proxied())).bind(
      this,
      target,
    );
    // certificates survive a new container; made anew too often, the authority refuses them.
    const state = url.secure ? network.addVolume(this, "data", { protect: false }) : undefined;

    const service = network.addService(this, "Default", {
      image: props.image ?? this.builtImage(props.buildArguments),
      environment: {
        ...auth.environment,
        SITE_ADDRESS: url.secure ? url.origin : `http://:${url.port}`,
        URL_SCHEME: url.scheme,
        UPSTREAM: `${upstream.hostname}:${upstream.port}`,
        UPSTREAM_WAIT: (props.upstreamWait ?? Duration.minutes(1)).toGoString(),
        AUTH_METHOD: auth.snippet,
        TRANSFERS: transfers.snippet,
        ...transfers.environment,
        RATE_LIMIT_EVENTS: String(rateLimit.events),
        RATE_LIMIT_WINDOW: rateLimit.window.toGoString(),
        STRICT_TRANSPORT_SECURITY: url.secure ? HSTS : "",
      },
      files: [
        caddyFile("Caddyfile"),
        caddyFile(`auth/${auth.snippet}.caddy`),
        caddyFile(`transfers/${transfers.snippet}.caddy`),
        ...transfers.files,
        ...auth.files,
      ],
      volumes: state && [{ volume: state, path: "/data" }],
      user: USER,
      memory,
      ports: publishedPorts(url),
      edgeAliases: url.local ? [] : [url.hostname],
      healthCheck: HealthCheck.command(["wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${HEALTH_PORT}/healthz`], {
        ...props.healthCheck,
        interval: props.healthCheck?.interval ?? Duration.seconds(2),
      }),
      stopGrace: Duration.seconds(15),
    });

    this.url = url.origin;
    this.hostname = service.hostname;
    this.username = auth.username;
    this.password = auth.password;
  }

  private builtImage(buildArguments: { [name: string]: string } | undefined): ServiceImage {
    return ServiceImage.build({ dockerfile: packagePath("caddy", "Dockerfile"), name: IMAGE_NAME, buildArguments });
  }

  private validatePort({ port, secure }: PublicUrl): void {
    if (secure && port === ACME_PORT) {
      throw new ValidationError(
        "GatewayPort",
        `'url' must not use port ${ACME_PORT} with https: Caddy gets its certificate there`,
        this,
      );
    }
    if (port === HEALTH_PORT) {
      throw new ValidationError("GatewayPort", `'url' must not use port ${HEALTH_PORT}: the health check does`, this);
    }
  }

  private validateRateLimit({ events, window }: { events: number; window: Duration }): void {
    if (!Number.isInteger(events) || events < 1 || window.toMilliseconds() < 1000) {
      throw new ValidationError(
        "RateLimit",
        `'rateLimit' must have 'events' of 1 or more in a 'window' of 1 second or more, got: ${events} in ${window}`,
        this,
      );
    }
  }

  private validateMemory(memory: DataSize): void {
    if (memory.toMebibytes() < LEAST_MEMORY.toMebibytes()) {
      throw new ValidationError("GatewayMemory", `'memory' must be at least ${LEAST_MEMORY}, got: ${memory}`, this);
    }
  }
}

// as they stand in the repository, where Caddy's own tools can read them; all values come from the environment.
function caddyFile(name: string): ServiceFile {
  return {
    path: `/etc/caddy/${name}`,
    content: readFileSync(packagePath("caddy", ...name.split("/")), "utf8"),
    secret: false,
  };
}

function publishedPorts(url: PublicUrl): PublishedPort[] {
  const exposure = url.local ? Exposure.loopback() : Exposure.public();
  const ports = url.secure ? [url.port, ACME_PORT] : [url.port];
  return ports.map((port) => ({ port, exposure }));
}
