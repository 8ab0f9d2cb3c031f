import { Construct } from "constructs";
import { ContainerRole } from "../contract/container-roles";
import type { AuthGatewayOptions } from "./auth-gateway-options";
import type { AuthMethod, AuthSettings, AuthUser } from "../users/auth-method";
import { ContentSecurityPolicy } from "./content-security-policy";
import { DataSize } from "../values/data-size";
import { Duration } from "../values/duration";
import { ValidationError } from "../values/errors";
import { builtGatewayImage, caddyFile, HEALTH_CHECK, HEALTH_PORT } from "./gateway-image";
import { gatewayLimits } from "./gateway-limits";
import { GuardRule } from "../guard/guard-rule";
import { HealthCheck } from "../network/health-check";
import { PublicUrl } from "../values/public-url";
import { Role } from "../users/role";
import type { SecretValue } from "../secrets/secret";
import type { ServiceImage } from "../network/service-image";
import type { IService, IServiceNetwork, IVolume, VolumeMount } from "../network/service-network";
import { StackGuard } from "../guard/stack-guard";
import { CONSOLE, S3_API, storePort } from "./published-store-ports";
import type { StorePort } from "./published-store-ports";
import { Tls } from "./tls";
import { Transfers } from "./transfers";
import type { IUpstream } from "./upstream";
import { validateWorkspaces } from "./user-workspaces";

const USER = "1000:1000";
const MIN_MEMORY = DataSize.mebibytes(64);
const HSTS = "max-age=31536000";
const LOG_FOLDER = "/var/log/caddy";
const ROOT_CERTIFICATE = "/data/caddy/pki/authorities/local/root.crt";

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
 * Nothing but `/healthz` and `/readyz` is answered without a login. Containers of yours on the edge network reach it
 * under the url's own host name, and under the name of its container.
 *
 * @throws ValidationError when the url is no plain origin or not safe, its port is published twice, a login or
 * certificate could not work, or a number is out of range.
 */
export class AuthGateway extends Construct {
  /** The address under which users reach the gateway, without a slash at its end. */
  public readonly url: string;

  /** Name of the gateway on the edge network. */
  public readonly hostname: string;

  /** The users with a password. */
  public readonly users: AuthUser[];

  /** Name of the first admin with a password, where there is one. */
  public readonly username?: string;

  /** Password of that user, where it is known. */
  public readonly password?: SecretValue;

  /** Certificate of Caddy's own authority in PEM form, which clients need with `Tls.internal()`. */
  public readonly rootCertificate?: string;

  /** Whether artifacts pass MLflow by. */
  public readonly directTransfers: boolean;

  constructor(scope: Construct, id: string, props: AuthGatewayProps) {
    super(scope, id);

    const { network, upstream } = props;
    const url = PublicUrl.parse(props.url, this);
    const memory = props.memory ?? DataSize.mebibytes(256);
    this.validatePort(url);
    this.validateMemory(memory);

    const tls = (props.tls ?? Tls._for(url)).bind(this, url);
    const auth = props.auth.bind(this, { network, url });
    validateWorkspaces(auth.users, upstream.features ?? [], this);
    const target = upstream.transferTarget;
    const transfers = (props.transfers ?? (target?.preferred ? Transfers.direct() : Transfers.proxied())).bind(
      this,
      target,
    );
    const site = { secure: url.secure, address: tls.siteAddress };
    const console = storePort(this, CONSOLE, upstream.consoleAddress, props.console, site);
    const consoleLogin = this.consoleLogin(console, auth, url);
    const s3Api = storePort(this, S3_API, upstream.s3ApiAddress, props.s3Api, site);
    // certificates outlive the container: ACME authorities limit how often one may be issued.
    const certificates = tls.keepsCertificates
      ? network.addVolume(this, "data", { protect: tls.ownAuthority })
      : undefined;

    const image = props.image ?? builtGatewayImage(props.buildArguments);
    const service = network.addService(this, "Default", {
      role: ContainerRole.GATEWAY,
      image,
      environment: {
        ...auth.environment,
        ...tls.environment,
        ...gatewayLimits(this, props),
        ...this.answers(url, props),
        ...console.environment,
        ...s3Api.environment,
        SITE_ADDRESS: tls.siteAddress,
        URL_ORIGIN: url.origin,
        URL_SCHEME: url.scheme,
        URL_HOSTNAME: url.hostname,
        UPSTREAM: `${upstream.hostname}:${upstream.port}`,
        UPSTREAM_WAIT: (props.upstreamWait ?? Duration.minutes(1)).toGoString(),
        TLS: tls.snippet,
        AUTH_METHOD: auth.snippet,
        ...(console.ports.length > 0 && { CONSOLE_AUTH_METHOD: consoleLogin }),
        TRANSFERS: transfers.snippet,
        ...transfers.environment,
        FEATURES: (upstream.features ?? ["traces"]).join(" "),
      },
      files: [
        caddyFile("Caddyfile"),
        caddyFile("routes.json"),
        caddyFile(`tls/${tls.snippet}.caddy`),
        ...[...new Set([auth.snippet, consoleLogin])].map((name) => caddyFile(`auth/${name}.caddy`)),
        caddyFile(`transfers/${transfers.snippet}.caddy`),
        ...transfers.files,
        ...[...console.files, ...s3Api.files].map((name) => caddyFile(name)),
        ...tls.files,
        ...auth.files,
      ],
      volumes: this.volumes(network, certificates, props),
      user: USER,
      memory,
      ports: [...tls.ports, ...console.ports, ...s3Api.ports],
      edgeAliases: url.local ? [] : [url.hostname],
      healthCheck: HealthCheck.command(HEALTH_CHECK, {
        ...props.healthCheck,
        interval: props.healthCheck?.interval ?? Duration.seconds(2),
      }),
      stopGrace: Duration.seconds(15),
    });

    StackGuard.accept(this, GuardRule.PUBLISHED_PORT, "this is the gateway: nothing passes it without a login");
    this.url = url.origin;
    this.directTransfers = transfers.snippet !== "proxied";
    this.hostname = service.hostname;
    this.users = auth.users;
    const admin = auth.users.find(({ role, password }) => role === Role.ADMIN && password !== undefined);
    this.username = admin?.name;
    this.password = admin?.password;
    if (tls.ownAuthority && certificates) {
      this.rootCertificate = this.readRootCertificate(network, image, service, certificates);
    }
  }

  private answers(url: PublicUrl, { contentSecurityPolicy, accessLog }: AuthGatewayOptions) {
    const policy = (contentSecurityPolicy ?? ContentSecurityPolicy.strict())._headers;
    return {
      // a browser would extend it to every port of localhost.
      STRICT_TRANSPORT_SECURITY: url.secure && !url.local ? HSTS : "",
      CONTENT_SECURITY_POLICY: policy.enforced,
      CONTENT_SECURITY_POLICY_REPORT_ONLY: policy.reported,
      ACCESS_LOG: accessLog?.volume ? `file ${LOG_FOLDER}/access.log` : "stdout",
      ACCESS_LOG_IPV4_BITS: accessLog?.maskAddresses ? "24" : "32",
      ACCESS_LOG_IPV6_BITS: accessLog?.maskAddresses ? "48" : "128",
    };
  }

  private volumes(
    network: IServiceNetwork,
    certificates: IVolume | undefined,
    { accessLog }: AuthGatewayOptions,
  ): VolumeMount[] | undefined {
    const logs =
      accessLog?.volume &&
      network.addVolume(this, "log", { ...accessLog.volume, protect: accessLog.volume.protect ?? false });
    const mounts = [
      ...(certificates ? [{ volume: certificates, path: "/data" }] : []),
      ...(logs ? [{ volume: logs, path: LOG_FOLDER }] : []),
    ];
    return mounts.length > 0 ? mounts : undefined;
  }

  // Caddy makes the certificate when it starts for the first time, so that only what runs after it can tell.
  private readRootCertificate(
    network: IServiceNetwork,
    image: ServiceImage,
    service: IService,
    volume: IVolume,
  ): string {
    return network.addJob(this, "root-certificate", {
      role: ContainerRole.ROOT_CERTIFICATE_JOB,
      image,
      entrypoint: ["cat"],
      args: [ROOT_CERTIFICATE],
      volumes: [{ volume, path: "/data" }],
      user: USER,
      memory: MIN_MEMORY,
      dependsOn: [service],
      triggers: [volume.source],
      errorMessage: "The certificate of the gateway's own authority could not be read.",
    }).output;
  }

  // a browser sends the session of an https address to no other one.
  private consoleLogin(console: StorePort, auth: AuthSettings, url: PublicUrl): string {
    if (auth.snippet === "basic" || !console.local || !url.secure) return auth.snippet;
    if (!auth.users.some(({ role }) => role === Role.ADMIN)) {
      throw new ValidationError(
        "ConsoleLogin",
        `'auth' must have a user with a password and the role admin, because the console is published without TLS on the engine's own host, where nobody has the session of '${url.origin}'; add one to 'users', or publish 'console' with a 'binding' to other hosts`,
        this,
      );
    }
    return "basic";
  }

  private validatePort({ port }: PublicUrl): void {
    if (port === HEALTH_PORT) {
      throw new ValidationError("GatewayPort", `'url' must not use port ${HEALTH_PORT}: the health check does`, this);
    }
  }

  private validateMemory(memory: DataSize): void {
    if (memory.toMebibytes() < MIN_MEMORY.toMebibytes()) {
      throw new ValidationError("GatewayMemory", `'memory' must be at least ${MIN_MEMORY}, got: ${memory}`, this);
    }
  }
}
