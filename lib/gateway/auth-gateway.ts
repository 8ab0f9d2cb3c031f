import { isIPv6 } from "node:net";
import { Construct } from "constructs";
import { accessLogEnvironment, LOG_FOLDER } from "./access-log";
import type { AuthGatewayOptions } from "./auth-gateway-options";
import { ContentSecurityPolicy } from "./content-security-policy";
import { CONSOLE, S3_API, storePort } from "./published-store-ports";
import type { StorePortFragment } from "./published-store-ports";
import { requestLimits } from "./rate-limits";
import { strictTransportSecurity } from "./strict-transport-security";
import { Tls } from "./tls/tls";
import { Transfers } from "./transfers";
import { gatewayKeyFile, upstreamEnvironment, validateFeatures } from "./upstream";
import type { IUpstream } from "./upstream";
import { userWorkspaces } from "./user-workspaces";
import { mergeFragments } from "../caddy/caddy-fragment";
import { Port } from "../contract/ports";
import { builtCaddyImage, CADDY_USER, HEALTH_CHECK } from "../caddy/caddy-image";
import { ContainerRole } from "../contract/container-roles";
import { GuardRule } from "../guard/guard-rule";
import { StackGuard } from "../guard/stack-guard";
import { HealthCheck } from "../network/health-check";
import type { ServiceImage } from "../network/service-image";
import type { IService, IServiceNetwork, IVolume, VolumeMount } from "../network/service-network";
import type { SecretValue } from "../secrets/secret";
import type { AuthFragment, AuthMethod } from "../users/auth-method";
import { Role } from "../users/role";
import type { AuthUser } from "../users/user";
import { DataSize } from "../values/data-size";
import { Duration } from "../values/duration";
import { ValidationError } from "../values/errors";
import { requireMemory } from "../values/memory";
import { PublicUrl } from "../values/public-url";

const MIN_MEMORY = DataSize.mebibytes(64);
const ROOT_CERTIFICATE = "/data/caddy/pki/authorities/local/root.crt";

/** Properties of an `AuthGateway`. */
export interface AuthGatewayProps extends AuthGatewayOptions {
  /** The network to run on. */
  readonly network: IServiceNetwork;

  /** The server behind the gateway. */
  readonly upstream: IUpstream;

  /** How users log in. There is no default, because none is safe here. */
  readonly auth: AuthMethod;

  /**
   * The address under which users reach the gateway. It decides ports, bind address and TLS: `localhost` is published
   * on 127.0.0.1 only, other loopback addresses on themselves; an https address gets its certificate by ACME, for which
   * port 80 is published as well.
   */
  readonly url: string;
}

/**
 * Caddy in front of an upstream: the only service with a published port.
 *
 * Only `/healthz`, `/readyz` and the pages of the login itself are answered without a login. Your own containers on the
 * edge network reach the gateway under the host name of the url, and under the name of its container.
 *
 * @throws ValidationError when the url is not an origin or not safe, its port is published twice, a login or
 * certificate could not work, a number is out of range, or the upstream has an unknown feature.
 */
export class AuthGateway extends Construct {
  /** The address under which users reach the gateway, without a slash at its end. */
  public readonly url: string;

  /** Host name of the gateway on the edge network. */
  public readonly hostname: string;

  /** The users with a password. */
  public readonly users: AuthUser[];

  /** Name of the first admin with a password, if there is one. */
  public readonly username?: string;

  /** Password of that admin, if it is known. */
  public readonly password?: SecretValue;

  /** Root certificate of Caddy's own authority in PEM form, which clients need with `Tls.internal()`. */
  public readonly rootCertificate?: string;

  /** Whether the bytes of artifacts bypass MLflow. */
  public readonly directTransfers: boolean;

  constructor(scope: Construct, id: string, props: AuthGatewayProps) {
    super(scope, id);

    const { network, upstream } = props;
    const url = PublicUrl.parse(props.url, this);
    const memory = props.memory ?? DataSize.mebibytes(256);
    this.validatePort(url);
    requireMemory("GatewayMemory", memory, MIN_MEMORY, this);

    const tls = (props.tls ?? Tls._for(url))._bind(this, url, props);
    const auth = props.auth._bind(this, { network, url });
    validateFeatures(upstream, this);
    const workspaces = userWorkspaces(auth.users, upstream.features, this);
    const transfers = (props.transfers ?? Transfers._for(upstream.transferTarget))._bind(upstream.transferTarget, this);
    const consolePort = storePort(this, CONSOLE, upstream.consoleAddress, props.console, url, tls);
    const s3ApiPort = storePort(this, S3_API, upstream.s3ApiAddress, props.s3Api, url, tls);
    // Certificates survive a new container: ACME authorities limit how many they issue.
    const certificates = tls.keepsCertificates ? network.addVolume(this, "data") : undefined;

    const { environment, files, ports } = mergeFragments([
      { caddyFiles: ["Caddyfile", "routes.json"] },
      tls,
      auth,
      ...this.consoleLogin(consolePort, auth, url),
      transfers,
      consolePort,
      s3ApiPort,
    ]);
    const image = props.image ?? builtCaddyImage(props.buildArguments);
    const service = network.addService(this, "Default", {
      role: ContainerRole.GATEWAY,
      image,
      environment: {
        ...environment,
        ...requestLimits(this, memory, props.rateLimit, props.failedLogins),
        ...this.headersAndLog(url, props),
        URL_ORIGIN: url.origin,
        URL_SCHEME: url.scheme,
        URL_HOSTNAME: url.hostname,
        ...upstreamEnvironment(upstream, props.upstreamWait),
      },
      files: [...files, ...(upstream.gatewayKey ? [gatewayKeyFile(upstream.gatewayKey)] : [])],
      volumes: this.volumes(network, certificates, props),
      user: CADDY_USER,
      memory,
      ports,
      edgeAliases: url.local || isIPv6(url.address) ? [] : [url.hostname],
      healthCheck: HealthCheck._restarting(HEALTH_CHECK, props.healthCheck),
      stopGrace: Duration.seconds(15),
    });

    StackGuard.accept(this, GuardRule.PUBLISHED_PORT, "this is the gateway: nothing passes it without a login");
    this.url = url.origin;
    this.directTransfers = transfers.direct;
    this.hostname = service.hostname;
    this.users = auth.users;
    const admin = auth.users.find(({ role, password }) => role === Role.ADMIN && password !== undefined);
    this.username = admin?.name;
    this.password = admin?.password;
    if (tls.ownAuthority && certificates) {
      this.rootCertificate = this.readRootCertificate(network, image, service, certificates);
    }
    upstream.addGateway({ url, hostname: this.hostname, workspaces });
  }

  private headersAndLog(url: PublicUrl, { contentSecurityPolicy, accessLog }: AuthGatewayOptions) {
    const policy = (contentSecurityPolicy ?? ContentSecurityPolicy.strict())._headers;
    return {
      STRICT_TRANSPORT_SECURITY: strictTransportSecurity(url),
      CONTENT_SECURITY_POLICY: policy.enforced,
      CONTENT_SECURITY_POLICY_REPORT_ONLY: policy.reported,
      ...accessLogEnvironment(accessLog),
    };
  }

  private volumes(
    network: IServiceNetwork,
    certificates: IVolume | undefined,
    { accessLog }: AuthGatewayOptions,
  ): VolumeMount[] | undefined {
    const logs = accessLog?.volume && network.addVolume(this, "log", accessLog.volume);
    const mounts = [
      ...(certificates ? [{ volume: certificates, path: "/data" }] : []),
      ...(logs ? [{ volume: logs, path: LOG_FOLDER }] : []),
    ];
    return mounts.length > 0 ? mounts : undefined;
  }

  // Caddy creates the certificate at its first start, so only a job that runs after it can read it.
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
      user: CADDY_USER,
      memory: MIN_MEMORY,
      dependsOn: [service],
      triggers: [volume.revision],
      errorMessage: "The certificate of the gateway's own authority could not be read.",
    }).output;
  }

  // Browsers send the session cookie of an https address to no http address: a console there needs a password.
  private consoleLogin({ ports, local }: StorePortFragment, auth: AuthFragment, url: PublicUrl) {
    if (!ports) return [];
    const kind = auth.kind === "oauth2" && local && url.secure ? "basic" : auth.kind;
    if (kind !== auth.kind && !auth.users.some(({ role }) => role === Role.ADMIN)) {
      throw new ValidationError(
        "ConsoleLogin",
        `'auth' must have a user with a password and the role admin, because the console is published without TLS on the engine's own host, where browsers do not send the session of '${url.origin}'; add one to 'users', or publish 'console' with a 'binding' to other hosts`,
        this,
      );
    }
    return [{ caddyFiles: [`auth/${kind}.caddy`], environment: { CONSOLE_AUTH_METHOD: kind } }];
  }

  private validatePort({ port }: PublicUrl): void {
    if ([Port.HEALTH, Port.IPV6_HTTP, Port.IPV6_HTTPS].some((own) => own === port)) {
      throw new ValidationError("GatewayPort", `'url' must not use port ${port}: the gateway itself does`, this);
    }
  }
}
