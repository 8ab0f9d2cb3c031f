import { CommandError } from "../console/command-error";
import type { Environment } from "../app/environment";
import { loadOctokit } from "../console/es-modules";
import { isSameLabel } from "./event";

type Octokit = InstanceType<Awaited<ReturnType<typeof loadOctokit>>>;

interface LabelEvent {
  readonly event?: string;
  readonly label?: { readonly name?: string | null };
  readonly actor?: { readonly login: string } | null;
}

/** The repository of a job, at GitHub. */
export class GitHub {
  /**
   * @param environment a job's, with the token of the repository in GITHUB_TOKEN.
   * @throws CommandError when the token or the repository is missing.
   */
  public static async connect(environment: Environment): Promise<GitHub> {
    const { GITHUB_TOKEN: auth, GITHUB_REPOSITORY: repository = "", GITHUB_API_URL: baseUrl } = environment;
    const [owner, repo] = repository.split("/");
    if (!auth) throw new CommandError("GITHUB_TOKEN is missing: the token to comment with");
    if (!owner || !repo) throw new CommandError(`GITHUB_REPOSITORY must be 'owner/name', got: '${repository}'`);
    const Client = await loadOctokit();
    const octokit = new Client({ auth, userAgent: "mlflow-stack", ...(baseUrl && { baseUrl }) });
    return new GitHub(octokit, { owner, repo });
  }

  private constructor(
    private readonly octokit: Octokit,
    private readonly repository: { owner: string; repo: string },
  ) {}

  /**
   * Writes the comment that begins with a marker: changes it if it is there, else adds it.
   *
   * @param author login that writes. Comments of others are left alone, although they may begin with the marker.
   */
  public async putComment(number: number, author: string, marker: string, body: string): Promise<void> {
    await this.call("comment on the pull request", async () => {
      const comments = await this.octokit.paginate("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", {
        ...this.repository,
        issue_number: number,
        per_page: 100,
      });
      const mine = comments.find((comment) => comment.user?.login === author && comment.body?.startsWith(marker));
      if (!mine) {
        await this.octokit.request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
          ...this.repository,
          issue_number: number,
          body,
        });
      } else if (mine.body !== body) {
        await this.octokit.request("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}", {
          ...this.repository,
          comment_id: mine.id,
          body,
        });
      }
    });
  }

  /** Login of the user who put a label on a pull request, if the label is still there. */
  public async labelledBy(number: number, label: string): Promise<string | undefined> {
    return this.call("read the labels of the pull request", async () => {
      const events: LabelEvent[] = await this.octokit.paginate(
        "GET /repos/{owner}/{repo}/issues/{issue_number}/events",
        { ...this.repository, issue_number: number, per_page: 100 },
      );
      const last = events.filter((event) => isSameLabel(event.label?.name ?? undefined, label)).at(-1);
      return last?.event === "labeled" ? last.actor?.login : undefined;
    });
  }

  /** Whether a user may write to the repository. */
  public async canWrite(username: string): Promise<boolean> {
    return this.call("read who may write", async () => {
      try {
        const { data } = await this.octokit.request("GET /repos/{owner}/{repo}/collaborators/{username}/permission", {
          ...this.repository,
          username,
        });
        return data.permission === "admin" || data.permission === "write";
      } catch (error) {
        if (statusOf(error) === 404) return false;
        throw error;
      }
    });
  }

  /** Takes a label off a pull request. */
  public async removeLabel(number: number, name: string): Promise<void> {
    await this.call("take a label off the pull request", async () => {
      try {
        await this.octokit.request("DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", {
          ...this.repository,
          issue_number: number,
          name,
        });
      } catch (error) {
        if (statusOf(error) !== 404) throw error;
      }
    });
  }

  /** The newest commit of a pull request, as long as it is open. */
  public async headOf(number: number): Promise<string | undefined> {
    return this.call("read the pull request", async () => {
      const { data } = await this.octokit.request("GET /repos/{owner}/{repo}/pulls/{pull_number}", {
        ...this.repository,
        pull_number: number,
      });
      return data.state === "open" ? data.head.sha : undefined;
    });
  }

  /** The newest commit of a branch. */
  public async tipOf(branch: string): Promise<string> {
    return this.call("read the branch", async () => {
      const { data } = await this.octokit.request("GET /repos/{owner}/{repo}/branches/{branch}", {
        ...this.repository,
        branch,
      });
      return data.commit.sha;
    });
  }

  private async call<T>(what: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      const status = statusOf(error);
      throw new CommandError(
        `GitHub did not let the job ${what}: ${(error as Error).message}`,
        status === 403 || status === 404
          ? "The job needs 'permissions: { contents: read, pull-requests: write }'."
          : undefined,
      );
    }
  }
}

function statusOf(error: unknown): number | undefined {
  return (error as { status?: number }).status;
}
