import type { ServiceImage } from "../network/service-image";

/** What MLflow may connect to outside of the stack. Without any host it has no way out. */
export interface EgressOptions {
  /**
   * Hosts besides those of the features that are on: `api.example.com` for port 443, or with another port after a `:`.
   * Each is named in full, no address and no pattern; it is reached by TLS only.
   *
   * @default - none
   */
  readonly hosts?: string[];

  /**
   * Hosts inside of your own network, by name: the range in which their addresses lie, such as
   * `{ "llm.example.com": "10.20.0.0/16" }`. Without it a host that has no public address is not connected to. The host
   * stands in the list of a feature, or in `hosts`, as well.
   *
   * @default - none
   */
  readonly privateHosts?: { [host: string]: string };

  /**
   * Image of the proxy: that of the gateway.
   *
   * @default - that of the gateway; of a server without an `MlflowStack`, built on the engine from caddy/plugin
   */
  readonly image?: ServiceImage;
}
