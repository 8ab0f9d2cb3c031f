import type { ServiceImage } from "../network/service-image";

/** Hosts outside of the stack that MLflow may connect to. Without one it has no egress. */
export interface EgressOptions {
  /**
   * Hosts in addition to those of the features that are on: `api.example.com` for port 443, or with another port after
   * a `:`. An entry is a full host name, not an address or a pattern. MLflow reaches it by TLS only.
   *
   * @default - none
   */
  readonly hosts?: string[];

  /**
   * Hosts with private addresses, by name, and the range of these addresses, such as `{ "llm.example.com":
   * "10.20.0.0/16" }`. The proxy refuses other private addresses. The host must also be in `hosts` or in the list of a
   * feature.
   *
   * @default - none
   */
  readonly privateHosts?: { [host: string]: string };

  /**
   * Image of the proxy, the same as for the gateway.
   *
   * @default - in an `MlflowStack` the image of the gateway, else built on the engine from caddy/plugin
   */
  readonly image?: ServiceImage;
}
