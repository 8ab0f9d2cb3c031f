import { Construct } from "constructs";
import { ContainerRole } from "../contract/container-roles";
import { DataSize } from "../values/data-size";
import { egressTargets, validatePrivateHosts, validateStores } from "./egress-hosts";
import type { EgressTarget } from "./egress-hosts";
import { ValidationError } from "../values/errors";
import { caddyFile } from "../caddy/caddy-fragment";
import { Port } from "../contract/ports";
import { builtCaddyImage, CADDY_USER, HEALTH_CHECK } from "../caddy/caddy-image";
import { HealthCheck } from "../network/health-check";
import type { ServiceImage } from "../network/service-image";
import { EgressSide } from "../network/service-network";
import type { IService, IServiceNetwork, ServiceSpec } from "../network/service-network";
import type { StoreHost } from "../stores/store";

// An idle container takes 20 MiB, a connection some 40 KiB.
const MEMORY = DataSize.mebibytes(64);

/** Properties of an `EgressProxy`. */
export interface EgressProxyProps {
  /** The network to run on. */
  readonly network: IServiceNetwork;

  /** Hosts that the proxy connects to: `api.example.com` for port 443, or with another port after a `:`. */
  readonly hosts: string[];

  /**
   * Hosts of external stores, which may have private addresses. A host without TLS needs its port to itself.
   *
   * @default - none
   */
  readonly stores?: StoreHost[];

  /**
   * Hosts with private addresses, by name, and the range of these addresses.
   *
   * @default - none
   */
  readonly privateHosts?: { [host: string]: string };

  /**
   * Image with Caddy and the handlers of caddy/plugin.
   *
   * @default - built on the engine from caddy/plugin
   */
  readonly image?: ServiceImage;
}

/**
 * The only egress of the internal network: TLS to the hosts in a list, and connections to the hosts of external stores.
 *
 * Services on the internal network find the proxy under the names of these hosts, and need no setting for it. The proxy
 * passes connections on without decrypting them, to the host that the TLS ClientHello names. It has no key, and logs
 * host and port only. It resolves the name for each connection and refuses addresses that are not public.
 *
 * A store that begins without TLS, such as PostgreSQL, is found by its port. TLS that begins later, and its verification,
 * are between MLflow and the store.
 *
 * It consists of two containers. The entry has the names of the hosts on the internal network. The proxy is not on that
 * network, where the names of the hosts would resolve to the entry.
 *
 * @throws ValidationError when there is no host, an entry is an address or a pattern, a range is invalid or too wide, or
 * a store without TLS shares its port.
 */
export class EgressProxy extends Construct {
  /** The service that must run before connections are possible. */
  public readonly entry: IService;

  constructor(scope: Construct, id: string, props: EgressProxyProps) {
    super(scope, id);

    const { network, privateHosts = {}, stores = [] } = props;
    const targets = egressTargets("hosts", props.hosts, Port.HEALTH, this);
    if (targets.length + stores.length === 0) {
      throw new ValidationError("EgressHost", "'hosts' must name a host, such as 'api.example.com'", this);
    }
    validatePrivateHosts(privateHosts, targets, this);
    validateStores(stores, targets, Port.HEALTH, this);

    const image = props.image ?? builtCaddyImage(undefined);
    const tlsStores = stores.filter(({ tls }) => tls).map(address);
    const tcpStores = stores.filter(({ tls }) => !tls).map(address);
    const all = [...targets, ...stores];
    const ranges = Object.entries(privateHosts).map(([host, range]) => `${host}=${range}`);
    const proxy = network.addService(this, "Default", {
      ...caddy(image, "egress.caddy"),
      role: ContainerRole.EGRESS_PROXY,
      environment: {
        EGRESS_HOSTS: list(targets.map(address)),
        EGRESS_PRIVATE_HOSTS: list(ranges),
        ...(tlsStores.length > 0 && { EGRESS_TLS_STORES: list(tlsStores) }),
        ...(tcpStores.length > 0 && { EGRESS_TCP_STORES: list(tcpStores) }),
      },
      egressLink: EgressSide.EXTERNAL,
      egress: true,
    });
    this.entry = network.addService(this, "entry", {
      ...caddy(image, "egress-entry.caddy"),
      role: ContainerRole.EGRESS_ENTRY,
      environment: {
        EGRESS_TO: proxy.hostname,
        EGRESS_PORTS: list(all.map(({ port }) => String(port))),
      },
      egressLink: EgressSide.INTERNAL,
      aliases: sorted(all.map(({ host }) => host)),
      dependsOn: [proxy],
    });
  }
}

function caddy(image: ServiceImage, file: string): ServiceSpec {
  return {
    image,
    files: [caddyFile(file, "Caddyfile")],
    user: CADDY_USER,
    memory: MEMORY,
    healthCheck: HealthCheck._restarting(HEALTH_CHECK),
  };
}

function address({ host, port }: EgressTarget): string {
  return `${host}:${port}`;
}

function list(entries: string[]): string {
  return sorted(entries).join(" ");
}

// Without order and duplicates, so that reordering or repeating a line does not change a plan.
function sorted(entries: string[]): string[] {
  return [...new Set(entries)].sort();
}
