import { environmentOf } from "../plan/container";
import type { PlannedContainer } from "./container-change";

/** What a gateway reads from its environment, as caddy/README.md lists it. */
export interface GatewaySettings {
  readonly [name: string]: string | undefined;
}

/** The settings of a gateway before or after the apply; empty if they are not known. */
export function settingsOf(gateway: PlannedContainer, side: "before" | "after"): GatewaySettings {
  const container = gateway[side];
  return Object.fromEntries((container && environmentOf(container)) ?? []);
}
