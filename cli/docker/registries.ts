import { readFileSync } from "node:fs";
import { ImageName } from "../../lib/values/image-name";
import type { NeededImage } from "../app/synthesized-stack";

const UNREACHABLE =
  /no such host|dial tcp|i\/o timeout|connection (?:refused|reset)|network is unreachable|no route to host|TLS handshake timeout|Client\.Timeout|context deadline exceeded|proxyconnect|server misbehaving|name resolution|could not connect to|failed to request discovery document|unexpected EOF|: EOF\b/i;

const ANSWERS_LATER =
  /\b(?:status|response).{0,60}: 5\d\d\b|\b50[0234] \w|\b429 Too Many Requests returned|giving up after \d+ attempt|failed after \d+ attempts/i;

/**
 * Whether another try may succeed after an error of Docker or Terraform: the registry cannot be reached, the connection
 * broke, or the registry has an error of its own. Else it lacks something, or refuses it.
 */
export function isTransient(error: string): boolean {
  // Terraform wraps its lines.
  const text = error.replace(/\s+/g, " ");
  return UNREACHABLE.test(text) || ANSWERS_LATER.test(text);
}

/** Host name of the registry that an image is pulled from. */
export function registryOf(image: string): string {
  return new ImageName(image).registry ?? "docker.io";
}

/** Whether an image can only be built: its name leads to no registry. */
export function isLocalOnly(image: string): boolean {
  return new ImageName(image).isLocal;
}

/** The images that have to be on the engine before an image can be used or built. */
export function imagesToPull({ name, build }: NeededImage): string[] {
  return build ? baseImages(readFileSync(build.dockerfile, "utf8"), build.args) : [name];
}

/** The images that a Dockerfile begins its stages with. */
export function baseImages(dockerfile: string, args: { [name: string]: string }): string[] {
  const values = new Map<string, string>();
  const stages = new Set<string>(["scratch"]);
  const images = new Set<string>();
  for (const line of dockerfile.split("\n")) {
    const arg = /^\s*ARG\s+(\w+)(?:=(\S*))?/i.exec(line);
    if (arg?.[1] && images.size === 0) values.set(arg[1], args[arg[1]] ?? unquote(arg[2] ?? ""));
    const from = /^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(line);
    if (!from?.[1]) continue;
    const image = expand(from[1], values);
    if (!stages.has(image)) images.add(image);
    if (from[2]) stages.add(from[2]);
  }
  return [...images];
}

function expand(text: string, values: Map<string, string>): string {
  return text.replaceAll(
    /\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))/g,
    (_, braced: string, otherwise: string, plain: string) => {
      return values.get(braced ?? plain) || otherwise || "";
    },
  );
}

function unquote(value: string): string {
  return value.replace(/^(["'])(.*)\1$/, "$2");
}
