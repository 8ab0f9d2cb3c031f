import { Construct } from "constructs";
import { ContainerRole } from "../contract/container-roles";
import { DataSize } from "../values/data-size";
import { egressTargets, validatePrivateHosts } from "./egress-hosts";
import { ValidationError } from "../values/errors";
import { caddyFile } from "../caddy/caddy-fragment";
import { Port } from "../contract/ports";
import { builtCaddyImage, CADDY_USER, HEALTH_CHECK } from "../caddy/caddy-image";
import { HealthCheck } from "../network/health-check";
import type { ServiceImage } from "../network/service-image";
import { EgressSide } from "../network/service-network";
import type { IService, IServiceNetwork, ServiceSpec } from "../network/service-network";

// An idle container takes 20 MiB, a connection some 40 KiB.
const MEMORY = DataSize.mebibytes(64);

/** Properties of an `EgressProxy`. */
export interface EgressProxyProps {
  /** The network to run on. */
  readonly network: IServiceNetwork;

  /** Hosts that the proxy connects to: `api.example.com` for port 443, or with another port after a `:`. */
  readonly hosts: string[];

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
 * The only egress of the internal network: TLS to the hosts in a list.
 *
 * Services on the internal network find the proxy under the names of these hosts, and need no setting for it. The proxy
 * passes connections on without decrypting them, to the host that the TLS ClientHello names. It has no key, and logs
 * host and port only. It resolves the name for each connection and refuses addresses that are not public.
 *
 * It consists of two containers. The entry has the names of the hosts on the internal network. The proxy is not on that
 * network, where the names of the hosts would resolve to the entry.
 *
 * @throws ValidationError when there is no host, an entry is an address or a pattern, or a range is invalid or too
 * wide.
 */
export class EgressProxy extends Construct {
  /** The service that must run before connections are possible. */
  public readonly entry: IService;

  constructor(scope: Construct, id: string, props: EgressProxyProps) {
    super(scope, id);

    const { network, privateHosts = {} } = props;
    const targets = egressTargets("hosts", props.hosts, Port.HEALTH, this);
    if (targets.length === 0) {
      throw new ValidationError("EgressHost", "'hosts' must name a host, such as 'api.example.com'", this);
    }
    validatePrivateHosts(privateHosts, targets, this);

    const image = props.image ?? builtCaddyImage(undefined);
    const ranges = Object.entries(privateHosts).map(([host, range]) => `${host}=${range}`);
    const proxy = network.addService(this, "Default", {
      ...caddy(image, "egress.caddy"),
      role: ContainerRole.EGRESS_PROXY,
      environment: {
        EGRESS_HOSTS: sorted(targets.map(({ host, port }) => `${host}:${port}`)).join(" "),
        EGRESS_PRIVATE_HOSTS: sorted(ranges).join(" "),
      },
      egressLink: EgressSide.EXTERNAL,
      egress: true,
    });
    this.entry = network.addService(this, "entry", {
      ...caddy(image, "egress-entry.caddy"),
      role: ContainerRole.EGRESS_ENTRY,
      environment: {
        EGRESS_TO: proxy.hostname,
        EGRESS_PORTS: sorted(targets.map(({ port }) => String(port))).join(" "),
      },
      egressLink: EgressSide.INTERNAL,
      aliases: sorted(targets.map(({ host }) => host)),
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

// Without order and duplicates, so that reordering or repeating a line does not change a plan.
function sorted(list: string[]): string[] {
  return [...new Set(list)].sort();
}
