import { ArtifactStack } from "../support/artifact-stack";
import { loadServer } from "../support/server-load";
import { memoryOf, mishapsOf, peakWhile } from "../support/service-watch";

jest.setTimeout(60 * 60_000);

// for shorter tries.
const SECONDS = Number(process.env.SOAK_SECONDS ?? 180);
let stack: ArtifactStack | undefined;

afterEach(() => stack?.remove());

test.each([1, 2, 4])(
  "The least memory of %s workers survives uploads, searches and batches at once",
  async (workers) => {
    const id = `soak-${workers}-workers`;
    stack = new ArtifactStack(id, 18096);
    await stack.up({ server: `workers: ${workers}` });
    const load = { mebibytes: 100, uploads: 4, searches: 4, batches: 4, reads: 4, models: 2 };

    const { result, peak } = await peakWhile(loadServer(stack, { ...load, seconds: SECONDS }), () =>
      memoryOf(`${id}-server`),
    );
    console.log(workers, Math.round(peak), JSON.stringify(result));

    expect(Object.keys(result.statuses)).toEqual(["200"]);
    for (const service of ["gateway", "minio", "server", "postgres"]) {
      expect([service, await mishapsOf(`${id}-${service}`)]).toEqual([service, { kills: 0, restarts: 0 }]);
    }
  },
);
