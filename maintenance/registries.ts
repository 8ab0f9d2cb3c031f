import { registryOf } from "../cli/docker/registries";
import { ImageName } from "../lib/values/image-name";

// Timeout in milliseconds, so that one registry does not delay the others.
const PATIENCE = 20_000;
const DOCKER_HUB = "registry-1.docker.io";
// Lists of images for several processors. Without these types a registry answers with the image for one of them.
const MANIFESTS = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Runs a program, and returns its output. */
export type Run = (program: string, args: readonly string[]) => Promise<string>;

/** The tags of an image, as its registry lists them. */
export async function imageTags(image: string): Promise<string[]> {
  const repository = new Repository(image);
  const tags: string[] = [];
  let next: string | undefined = "tags/list?n=1000";
  while (next) {
    const response = await repository.ask(next);
    const page = await body<{ tags?: string[] }>(response);
    tags.push(...(page.tags ?? []));
    next = /<([^>]+)>;\s*rel="?next/.exec(response.headers.get("link") ?? "")?.[1];
  }
  return tags;
}

/** The digest of an image with a tag, as its registry has it now: that of the list for all processors, if there is one. */
export async function imageDigest(image: string): Promise<string> {
  const { tag = "latest" } = new ImageName(image);
  // HEAD is not counted as a pull.
  const response = await new Repository(image).ask(`manifests/${tag}`, {
    method: "HEAD",
    headers: { Accept: MANIFESTS },
  });
  requireOk(response);
  const digest = response.headers.get("docker-content-digest") ?? "";
  if (DIGEST.test(digest)) return digest;
  throw new Error(`${new URL(response.url).host} has no Docker-Content-Digest of ${image}`);
}

/** A repository of a registry, for somebody without a login, as `docker pull` is. */
class Repository {
  readonly #base: string;
  #token: string | undefined;

  constructor(image: string) {
    const host = registryOf(image);
    const path = new ImageName(image).repository.replace(`${host}/`, "");
    const isOfficial = host === "docker.io" && !path.includes("/");
    // As Docker does, which trusts this machine.
    const protocol = /^(localhost|127\.[\d.]+)(:|$)/.test(host) ? "http" : "https";
    this.#base = `${protocol}://${host === "docker.io" ? DOCKER_HUB : host}/v2/${isOfficial ? "library/" : ""}${path}/`;
  }

  /** @param address relative to the repository. */
  public async ask(address: string, options: RequestInit = {}): Promise<Response> {
    const url = new URL(address, this.#base);
    const response = await ask(url, this.#token, options);
    if (response.status !== 401 || this.#token !== undefined) return response;
    this.#token = await anonymousToken(response.headers.get("www-authenticate") ?? "");
    return ask(url, this.#token, options);
  }
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

function ask(url: URL, token?: string, options: RequestInit = {}): Promise<Response> {
  const headers = { ...options.headers, ...(token && { Authorization: `Bearer ${token}` }) };
  return fetch(url, { ...options, headers, signal: AbortSignal.timeout(PATIENCE) });
}

async function body<T>(response: Response): Promise<T> {
  requireOk(response);
  return (await response.json()) as T;
}

function requireOk(response: Response): void {
  if (!response.ok) throw new Error(`${new URL(response.url).host} answered ${response.status}`);
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
