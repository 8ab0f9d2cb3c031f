import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A comment on a pull request. */
export interface Comment {
  readonly id: number;
  readonly user: { readonly login: string };
  body: string;
}

type Answer = [status: number, body?: unknown, headers?: { [name: string]: string }];

/** As much of GitHub's API as a job uses for one pull request, on a port of this machine. */
export class GitHubStub {
  /** The comments on the pull request, the oldest first. */
  public readonly comments: Comment[] = [];

  /** What happened to its labels. */
  public readonly labelEvents: { event: string; label: { name: string }; actor: { login: string } | null }[] = [];

  /** What the users may do, by their names. */
  public readonly permissions: { [login: string]: string } = {};

  /** The newest commits of the branches. */
  public readonly tips: { [branch: string]: string } = {};

  /** The newest commit of the pull request, as long as it is open. */
  public head?: string;

  /** Method and path of every request. */
  public readonly requests: string[] = [];

  /** Lets every request whose method and path match fail. */
  public failing?: { pattern: RegExp; status: number };

  readonly #server: Server;

  constructor(
    private readonly token: string,
    private readonly bot = "github-actions[bot]",
  ) {
    this.#server = createServer((request, response) => {
      void this.answer(request).then(([status, body, headers]) => {
        response.writeHead(status, { "content-type": "application/json", ...headers });
        response.end(body === undefined ? undefined : JSON.stringify(body));
      });
    });
  }

  /** Starts it. Gives its address. */
  public async start(port: number): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    return this.address;
  }

  public get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  public async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Somebody writes a comment. */
  public comment(login: string, body: string): void {
    this.comments.push({ id: this.comments.length + 1, user: { login }, body });
  }

  /** Somebody puts a label on the pull request, or takes it off. */
  public label(event: "labeled" | "unlabeled", name: string, login: string): void {
    this.labelEvents.push({ event, label: { name }, actor: { login } });
  }

  private async answer(request: IncomingMessage): Promise<Answer> {
    const { pathname, searchParams } = new URL(request.url ?? "", this.address);
    const call = `${request.method} ${pathname}`;
    this.requests.push(call);
    let text = "";
    for await (const chunk of request) text += String(chunk);
    if (request.headers.authorization !== `token ${this.token}`) return [401, { message: "Bad credentials" }];
    if (this.failing?.pattern.test(call)) return [this.failing.status, { message: "Resource not accessible" }];

    const { body } = (text === "" ? {} : JSON.parse(text)) as { body?: string };
    const issue = /^(\w+) \/repos\/[^/]+\/[^/]+\/(.*)$/.exec(call);
    const path = `${issue?.[1]} ${issue?.[2]}`;
    if (path === "GET pulls/2") return [200, { state: this.head ? "open" : "closed", head: { sha: this.head ?? "" } }];
    if (path === "GET issues/2/comments") return this.page(this.comments, searchParams, pathname);
    if (path === "GET issues/2/events") return this.page(this.labelEvents, searchParams, pathname);
    if (path === "POST issues/2/comments") return this.created(body ?? "");
    const edited = this.comments.find(({ id }) => path === `PATCH issues/comments/${id}`);
    if (edited) return [200, Object.assign(edited, { body })];
    const removed = /^DELETE issues\/2\/labels\/(.+)$/.exec(path);
    if (removed) return [200, (this.label("unlabeled", decodeURIComponent(removed[1] ?? ""), this.bot), [])];
    const user = /^GET collaborators\/(.+)\/permission$/.exec(path)?.[1];
    if (user && this.permissions[user]) return [200, { permission: this.permissions[user] }];
    const branch = /^GET branches\/(.+)$/.exec(path)?.[1];
    if (branch && this.tips[branch]) return [200, { commit: { sha: this.tips[branch] } }];
    return [404, { message: "Not Found" }];
  }

  private created(body: string): Answer {
    if (body.length > 65_536) return [422, { message: "Validation Failed" }];
    this.comment(this.bot, body);
    return [201, this.comments.at(-1)];
  }

  private page(all: unknown[], query: URLSearchParams, path: string): Answer {
    const size = Number(query.get("per_page") ?? 30);
    const page = Number(query.get("page") ?? 1);
    const next = `${this.address}${path}?per_page=${size}&page=${page + 1}`;
    const headers = page * size < all.length ? { link: `<${next}>; rel="next"` } : undefined;
    return [200, all.slice((page - 1) * size, page * size), headers];
  }
}
