import { ArtifactStack } from "../support/stacks/artifact-stack";
import { runOk } from "../support/run";
import { loadServer } from "../support/clients/server-load";
import { memoryOf, mishapsOf, peakWhile } from "../support/clients/service-watch";

jest.setTimeout(60 * 60_000);

// For shorter trials.
const SECONDS = Number(process.env.SOAK_SECONDS ?? 180);
const LOAD = { seconds: SECONDS, mebibytes: 100, uploads: 4, searches: 4, batches: 4, reads: 4, models: 2 };
let stack: ArtifactStack | undefined;

afterEach(() => stack?.remove());

/** A stack whose clients send every file through MLflow, which logs its requests. */
async function deploy(id: string, workers: number, features: string): Promise<ArtifactStack> {
  stack = new ArtifactStack(id, 18096);
  await stack.up({
    server: `workers: ${workers}, features: { ${features} }, environment: { MLFLOW_UVICORN_OPTS: "--access-log" }`,
    gateway: "transfers: Transfers.proxied()",
  });
  return stack;
}

/** Uploads of the load that MLflow itself has answered. */
async function uploadsThroughMlflow(id: string): Promise<number> {
  const log = await runOk("sh", ["-c", `docker logs ${id}-server 2>&1`]);
  return [...log.matchAll(/"PUT \/api\/2\.0\/mlflow-artifacts\/artifacts\/\d+\/load\/\S+ HTTP\/[\d.]+" 200/g)].length;
}

/** Loads the least memory that is accepted, and expects all to be answered and nothing to have been ended for want of it. */
async function survives(id: string, workers: number, { jobs }: { jobs: number }): Promise<void> {
  const loaded = await deploy(id, workers, jobs > 0 ? "jobExecution: true" : "");
  const idle = await memoryOf(`${id}-server`);
  const { result, peak } = await peakWhile(loadServer(loaded, { ...LOAD, jobs }), () => memoryOf(`${id}-server`));
  console.log(id, Math.round(idle), Math.round(peak), JSON.stringify(result));

  expect(Object.keys(result.statuses)).toEqual(["200"]);
  // The files went through MLflow, not past it.
  expect(await uploadsThroughMlflow(id)).toBe(result.calls.uploads);
  if (jobs > 0) expect(result.calls.jobs).toBeGreaterThan(1);
  for (const service of ["gateway", "minio", "server", "postgres"]) {
    expect([service, await mishapsOf(`${id}-${service}`)]).toEqual([service, { kills: 0, restarts: 0 }]);
  }
}

test.each([1, 2, 4])(
  "The minimum memory of %s workers survives uploads, searches and batches at once",
  async (workers) => survives(`soak-${workers}-workers`, workers, { jobs: 0 }),
);

test.each([1, 2])(
  "The minimum memory of %s workers with jobs survives the same, and one job at a time",
  async (workers) => survives(`soak-${workers}-jobs`, workers, { jobs: 1 }),
);
