import type { Deployment } from "../stacks/deployment";
import { inspect } from "../run";

/** Logs runs one after the other until it is stopped, and knows which ones the server acknowledged. */
export class RunWriter {
  /** Ids of the runs that the server acknowledged. */
  public readonly acknowledged: string[] = [];

  private stopped = false;
  private readonly done: Promise<void>;

  constructor(private readonly stack: Deployment) {
    this.done = this.write();
  }

  public async stop(): Promise<void> {
    this.stopped = true;
    await this.done;
  }

  private async write(): Promise<void> {
    while (!this.stopped) {
      // a call that breaks off, in the middle of its answer too, is not acknowledged.
      const id = await this.createRun().catch(() => undefined);
      if (id !== undefined) this.acknowledged.push(id);
    }
  }

  private async createRun(): Promise<string | undefined> {
    const run = { experiment_id: "0", start_time: Date.now(), tags: [{ key: "writer", value: "e2e" }] };
    const answer = await this.stack.fetch("/api/2.0/mlflow/runs/create", {
      method: "POST",
      body: JSON.stringify(run),
      headers: { "Content-Type": "application/json" },
    });
    if (answer.status !== 200) return undefined;
    return ((await answer.json()) as { run: { info: { run_id: string } } }).run.info.run_id;
  }
}

/** Those of the runs that the server does not know. */
export async function missingRuns(stack: Deployment, ids: readonly string[]): Promise<string[]> {
  const answers = await Promise.all(
    ids.map(async (id) => ((await stack.fetch(`/api/2.0/mlflow/runs/get?run_id=${id}`)).status === 200 ? [] : [id])),
  );
  return answers.flat();
}

/** Whether each of a stack's services is healthy, and MLflow answers through the gateway. */
export async function isHealthy(stack: Deployment): Promise<boolean> {
  for (const service of ["gateway", "server", "postgres", "minio"]) {
    if ((await inspect(`${stack.id}-${service}`, "{{.State.Health.Status}}")) !== "healthy") return false;
  }
  return (await stack.fetch("/api/2.0/mlflow/experiments/get?experiment_id=0")).status === 200;
}
