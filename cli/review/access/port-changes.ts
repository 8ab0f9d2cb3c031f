import { ContainerRole } from "../../../lib/contract/container-roles";
import { listensLocally } from "../../../lib/values/loopback";
import type { GatewaySettings } from "../../../lib/contract/gateway-settings";
import type { Attributes } from "../plan/attributes";
import { portName, portsOf, settingsOf } from "../plan/container";
import type { Port } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import { WEIGHTS, closes, endangers, opens } from "../model/access-change";
import type { AccessChange } from "../model/model";
import { text } from "../model/text";
import type { Text } from "../model/text";
import { ownLogin } from "./service-login";

const EVERYWHERE = /^(0\.0\.0\.0|::)$/;
// On this port a gateway with a certificate only leads on to the other one.
const HTTP_PORT = 80;

type Named = Port & { readonly label: string };

/** The ports of a container that open and close on the engine's host. */
export function portChanges(
  container: PlannedContainer,
  before: Attributes | undefined,
  after: Attributes | undefined,
  gateway: PlannedContainer | undefined,
): AccessChange[] {
  const { name } = container;
  const [old = [], now = []] = [before, after].map((side): Named[] =>
    side && !side.isSensitive("ports") ? portsOf(side).map((port) => ({ ...port, label: portName(port) })) : [],
  );
  const opened = now.flatMap((port): AccessChange[] => {
    const former = old.find(({ label }) => label === port.label);
    if (!former) return [openedPort(container, port, gateway)];
    if (former.internal === port.internal) return [];
    return [
      endangers(
        text`port ${port.label} of ${name} leads to another program in it: that at port ${String(port.internal)} instead of ${String(former.internal)}`,
      ),
    ];
  });
  const closed = old.filter((port) => !now.some((other) => includes(other, port)));
  return [
    ...opened,
    ...closed.map(({ label }): AccessChange => closes(text`port ${label}, which led to ${name}`)),
    ...(after?.value("publish_all_ports") === true && before?.value("publish_all_ports") !== true
      ? [endangers(text`every port of ${name} that its image names, ${[reach("0.0.0.0")]}`)]
      : []),
  ];
}

/** Whether a port is among those that another one opens: whoever reached it at one address reaches it at all of them. */
export function includes(wider: Port, port: Port): boolean {
  if (portName(wider) === portName(port)) return true;
  const all = port.address.includes(":") ? "::" : "0.0.0.0";
  return wider.address === all && wider.port === port.port && wider.protocol === port.protocol;
}

function openedPort(container: PlannedContainer, port: Named, gateway: PlannedContainer | undefined): AccessChange {
  const { name } = container;
  const { label, address, internal } = port;
  const isLocal = listensLocally(address);
  const reached = [reach(address)];
  const short = text`port ${label}, ${reached}`;
  const weight = isLocal ? WEIGHTS.local : WEIGHTS.port;
  if (gateway && container === gateway) {
    const { danger, way, leadsOn } = wayIn(port, settingsOf(container.after));
    const sentence = text`port ${label} leads to ${name}, ${reached}${[isLocal ? "" : way]}`;
    return danger && !isLocal
      ? endangers(sentence, { short: text`${short}, by plain HTTP` })
      : opens(sentence, { short, weight: leadsOn ? WEIGHTS.other : weight });
  }
  if (!gateway) return opens(text`port ${label} leads to ${name}, ${reached}`, { short, weight });
  const where = text`port ${label} leads to port ${String(internal ?? "?")} of ${name}, ${reached}`;
  const sentence = text`${where}, past the gateway and its login${asked(container, internal)}`;
  return isLocal
    ? opens(sentence, { short, weight })
    : endangers(sentence, { short: text`${short}, past the gateway` });
}

/** How a gateway answers at a port, as far as its settings tell. */
function wayIn({ internal }: Port, settings: GatewaySettings): { danger?: true; leadsOn?: true; way: string } {
  const { TLS, URL_SCHEME: scheme, AUTH_METHOD: login, CONSOLE_PORT: console, S3_API_PORT: api } = settings;
  // Other settings tell of the ports of the store.
  const isOfStore = [console, api].includes(String(internal));
  if (login === undefined || scheme === undefined || isOfStore) return { way: "" };
  if (scheme === "http")
    return { danger: true, way: ": with a login, but by plain HTTP: passwords and data travel in clear" };
  if (TLS === "terminated") return { way: ": with a login, by plain HTTP for a proxy in front of it" };
  return internal === HTTP_PORT
    ? { leadsOn: true, way: ": it only leads on to HTTPS" }
    : { way: ": by HTTPS, with a login" };
}

function asked({ ours, role, after }: PlannedContainer, internal: number | undefined): Text {
  const login = after && ours ? ownLogin(role, after, internal) : undefined;
  if (login) return text`; ${[login]}`;
  return ours && role === ContainerRole.SERVER ? ["; nothing asks for a login there"] : [];
}

function reach(address: string): string {
  if (EVERYWHERE.test(address)) return "from everywhere that reaches the host";
  return listensLocally(address) ? "from the host itself only" : "from everywhere that reaches this address";
}
