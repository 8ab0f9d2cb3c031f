import { registryOf } from "../cli/docker/registries";

// Timeout in milliseconds, so that one registry does not delay the others.
const PATIENCE = 20_000;
const DOCKER_HUB = "registry-1.docker.io";

/** Runs a program, and returns its output. */
export type Run = (program: string, args: readonly string[]) => Promise<string>;

/** The tags of an image, as its registry lists them. Logs in as nobody, as `docker pull` does. */
export async function imageTags(image: string): Promise<string[]> {
  const host = registryOf(image);
  const path = image.replace(/:[^:/]*$/, "").replace(`${host}/`, "");
  const isOfficial = host === "docker.io" && !path.includes("/");
  const origin = `https://${host === "docker.io" ? DOCKER_HUB : host}`;
  let next: string | undefined = `/v2/${isOfficial ? `library/${path}` : path}/tags/list?n=1000`;
  let token: string | undefined;
  const tags: string[] = [];
  while (next) {
    let response = await ask(new URL(next, origin), token);
    if (response.status === 401 && token === undefined) {
      token = await anonymousToken(response.headers.get("www-authenticate") ?? "");
      response = await ask(new URL(next, origin), token);
    }
    const page = await body<{ tags?: string[] }>(response);
    tags.push(...(page.tags ?? []));
    next = /<([^>]+)>;\s*rel="?next/.exec(response.headers.get("link") ?? "")?.[1];
  }
  return tags;
}

/** The releases of a Terraform provider, such as `hashicorp/random`. */
export async function providerVersions(source: string): Promise<string[]> {
  const url = new URL(`https://registry.terraform.io/v1/providers/${source}/versions`);
  const { versions } = await body<{ versions: { version: string }[] }>(await ask(url));
  return versions.map(({ version }) => version);
}

/** The releases of a Go module, or of `go` itself. */
export async function moduleVersions(module: string, run: Run): Promise<string[]> {
  return words(await run("go", ["list", "-m", "-versions", "-f", '{{join .Versions " "}}', module]));
}

/** The newest commit of a Go module without releases, as a pseudo-version. */
export async function newestCommit(module: string, run: Run): Promise<string[]> {
  return words(await run("go", ["list", "-m", "-f", "{{.Version}}", `${module}@latest`]));
}

/** The releases of a Python package. */
export async function packageVersions(name: string, run: Run): Promise<string[]> {
  const answer = await run("python3", ["-m", "pip", "index", "versions", name.replace(/\[.*\]$/, "")]);
  return /^Available versions: (.*)$/m.exec(answer)?.[1]?.split(", ") ?? [];
}

/** The newest release of an npm package. */
export async function newestPackage(name: string, run: Run): Promise<string[]> {
  return words(await run("npm", ["view", name, "version"]));
}

function words(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}

function ask(url: URL, token?: string): Promise<Response> {
  const headers: { [name: string]: string } = token ? { Authorization: `Bearer ${token}` } : {};
  return fetch(url, { headers, signal: AbortSignal.timeout(PATIENCE) });
}

async function body<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(`${new URL(response.url).host} answered ${response.status}`);
  return (await response.json()) as T;
}

// https://distribution.github.io/distribution/spec/auth/token/
async function anonymousToken(challenge: string): Promise<string> {
  const parameters = new Map(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]),
  );
  const url = new URL(parameters.get("realm") ?? "");
  for (const name of ["service", "scope"]) url.searchParams.set(name, parameters.get(name) ?? "");
  const answer = await body<{ token?: string; access_token?: string }>(await ask(url));
  return answer.token ?? answer.access_token ?? "";
}
