import type { GatewaySettings } from "../../../lib/contract/gateway-settings";
import type { AccessChange } from "../model/model";
import { changes, closes, opens } from "../model/access-change";
import { text, words } from "../model/text";
import type { Text } from "../model/text";

/** The direct ways of files to the store that are opened, closed or led elsewhere. */
export function transferChanges(old: GatewaySettings, now: GatewaySettings): AccessChange[] {
  if (old.TRANSFERS === now.TRANSFERS) {
    const [before, after] = [storeOf(old), storeOf(now)];
    return before === after ? [] : [changes(text`where direct transfers at /s3 lead: ${before} → ${after}`)];
  }
  const [left, right] = [directWay(old), directWay(now)];
  const instead = now.TRANSFERS === "proxied" ? ": files go through MLflow" : "";
  return [...(right ? [opens(right)] : []), ...(left ? [closes([...left, instead])] : [])];
}

/** How files get to the store without MLflow; undefined if they all go through MLflow. */
function directWay(settings: GatewaySettings): Text | undefined {
  if (settings.TRANSFERS === "direct")
    return text`direct transfers at /s3, by signed addresses, to the store ${storeOf(settings)}`;
  if (settings.TRANSFERS === "reachable")
    return words("transfers past the gateway: clients get the store's own signed addresses");
  return undefined;
}

function storeOf({ STORE_SCHEME: scheme, STORE: store, STORE_PATH: path }: GatewaySettings): string {
  if (store === undefined) return "nothing";
  return `${scheme === undefined ? "" : `${scheme}://`}${store}/${path ?? ""}`;
}
