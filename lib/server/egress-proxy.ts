import { Construct } from "constructs";
import { ContainerRole } from "../contract/container-roles";
import { DataSize } from "../values/data-size";
import { Duration } from "../values/duration";
import { egressTargets, validatePrivateHosts } from "./egress-hosts";
import { ValidationError } from "../values/errors";
import { builtGatewayImage, caddyFile, HEALTH_CHECK, HEALTH_PORT } from "../gateway/gateway-image";
import { HealthCheck } from "../network/health-check";
import type { ServiceImage } from "../network/service-image";
import { EgressSide } from "../network/service-network";
import type { IService, IServiceNetwork, ServiceSpec } from "../network/service-network";

const USER = "1000:1000";
// each idles at 20 MiB; a connection takes some 40 KiB.
const MEMORY = DataSize.mebibytes(64);

/** Properties of an `EgressProxy`. */
export interface EgressProxyProps {
  /** The network to run on. */
  readonly network: IServiceNetwork;

  /** Hosts that may be connected to: `api.example.com` for port 443, or with another port after a `:`. */
  readonly hosts: string[];

  /**
   * Hosts that have no public address, by name: the range in which their addresses lie.
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
 * The way out of the internal network: TLS to the hosts in a list, and nothing else.
 *
 * Whoever is on the internal network finds the proxy under the names of these hosts, and needs no setting for it. It
 * passes connections on unopened, to the host that their first message names; it holds no key and logs host and port only.
 * Addresses that are not public are not connected to, whatever a name resolves to at the time of the connection.
 *
 * Two containers: the entry, which has the hosts' names on the internal network, and the proxy itself, which is not on
 * that network: there it would look for the hosts, and find the entry.
 *
 * @throws ValidationError when there is no host, one is an address or a pattern, or a range is none or too wide.
 */
export class EgressProxy extends Construct {
  /** What has to run before there is a way out. */
  public readonly entry: IService;

  constructor(scope: Construct, id: string, props: EgressProxyProps) {
    super(scope, id);

    const { network, privateHosts = {} } = props;
    const targets = egressTargets("hosts", props.hosts, HEALTH_PORT, this);
    if (targets.length === 0) {
      throw new ValidationError("EgressHost", "'hosts' must name a host, such as 'api.example.com'", this);
    }
    validatePrivateHosts(privateHosts, targets, this);

    const image = props.image ?? builtGatewayImage(undefined);
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
    user: USER,
    memory: MEMORY,
    healthCheck: HealthCheck.command(HEALTH_CHECK, { interval: Duration.seconds(2) }),
  };
}

// so that moving or repeating a line shows up in no plan.
function sorted(list: string[]): string[] {
  return [...new Set(list)].sort();
}
