import type { Picture, PictureLine } from "../model/model";
import { shorten, visible } from "../model/text";

const MARKS = { same: "", new: "|new|", removed: "|gone|" };
const STYLES = {
  same: "stroke:#888",
  new: "stroke:#1a7f37,stroke-width:3px",
  removed: "stroke:#cf222e,stroke-width:3px,stroke-dasharray:5",
};
const WORDS: { readonly [kind in PictureLine["kind"]]: string } = {
  port: "port",
  network: "network with egress",
  "internal network": "internal network",
  egress: "egress",
};

/** A picture of networks, ports and egress in Mermaid's language, which GitHub draws. */
export function renderMermaid({ lines }: Picture): string {
  const nodes = new Map<string, string>();
  const define: string[] = [];
  const nodeOf = (key: string, label: string, [open, close]: readonly [string, string]): string => {
    const known = nodes.get(key);
    if (known !== undefined) return known;
    const id = `n${nodes.size}`;
    nodes.set(key, id);
    define.push(`  ${id}${open}"${quoted(label)}"${close}`);
    return id;
  };
  const edges = lines.map(({ kind, container, to, state }) => {
    const service = nodeOf(`container ${container}`, container, ["[", "]"]);
    const other = nodeOf(`${kind} ${to}`, `${WORDS[kind]} ${to}`, kind === "port" ? ["([", "])"] : ["{{", "}}"]);
    const arrow = state === "removed" ? "-.->" : "-->";
    const [from, end] = kind === "port" ? [other, service] : [service, other];
    return `  ${from} ${arrow}${MARKS[state]} ${end}`;
  });
  const styles = lines.map(({ state }, index) => `  linkStyle ${index} ${STYLES[state]}`);
  return ["```mermaid", "flowchart LR", ...define, ...edges, ...styles, "```"].join("\n");
}

// Mermaid takes any sign in quotes as the entity of its number.
function quoted(foreign: string): string {
  return visible(shorten(foreign, 80)).replaceAll(/[^A-Za-z0-9 .:_/-]/gu, (sign) => `#${sign.codePointAt(0)};`);
}
