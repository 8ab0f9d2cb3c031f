import { ImagePulls } from "../../../cli/docker/image-pulls";

const BROKEN = "unexpected EOF";
const NO_ROUTE = "dial tcp 192.0.2.1:443: connect: no route to host";

/** Pulls whose tries end with these errors, one after the other, the last one again and again. */
function pullsOf(errors: (string | undefined)[], answers: boolean[]) {
  const seen = { pulls: [] as string[], waits: [] as number[], probes: 0 };
  const pulls = new ImagePulls({
    pull: async (name) => {
      seen.pulls.push(name);
      return errors[Math.min(seen.pulls.length, errors.length) - 1];
    },
    answers: async () => answers[Math.min(++seen.probes, answers.length) - 1] ?? false,
    wait: async (seconds) => seen.waits.push(seconds),
  });
  return { seen, pull: (name: string) => pulls.pull(name, () => {}) };
}

describe("A pull", () => {
  test("that breaks is tried again, later each time", async () => {
    const { pull, seen } = pullsOf([BROKEN, "received unexpected HTTP status: 502 Bad Gateway", undefined], [true]);

    expect(await pull("postgres:18.6")).toBe(true);
    expect(seen).toEqual({ pulls: Array(3).fill("postgres:18.6"), waits: [1, 2], probes: 1 });
  });

  test("that breaks each time is an error if the registry answers, and no reason to build", async () => {
    const { pull, seen } = pullsOf([BROKEN], [true]);

    await expect(pull("postgres:18.6")).rejects.toThrow(
      "postgres:18.6 cannot be pulled, although docker.io answers: unexpected EOF",
    );
    expect(seen.pulls).toHaveLength(4);
  });

  test("is an error if the registry has answered once in the meantime", async () => {
    const { pull } = pullsOf([NO_ROUTE], [false, true, false]);

    await expect(pull("ghcr.io/mlflow/mlflow:v3")).rejects.toThrow("although ghcr.io answers");
  });

  test("is an error after another pull from the same registry", async () => {
    const { pull } = pullsOf([undefined, NO_ROUTE], [false]);

    expect(await pull("postgres:18.6")).toBe(true);
    await expect(pull("pgsty/silo:1")).rejects.toThrow("although docker.io answers");
  });

  test("from a registry that never answers is given up, and not tried for its other images", async () => {
    const { pull, seen } = pullsOf([NO_ROUTE], [false]);

    expect(await pull("postgres:18.6")).toBe(false);
    expect(await pull("pgsty/silo:1")).toBe(false);
    expect(seen).toMatchObject({ pulls: ["postgres:18.6"], waits: [1, 2, 4] });
  });

  test("that the registry refuses is not repeated", async () => {
    const { pull, seen } = pullsOf(["manifest unknown"], [true]);

    await expect(pull("postgres:99")).rejects.toThrow("postgres:99 cannot be pulled: manifest unknown");
    expect(seen).toMatchObject({ pulls: ["postgres:99"], probes: 0 });
  });

  test("of an image that no registry has is not tried", async () => {
    const { pull, seen } = pullsOf([undefined], [true]);

    expect(await pull("localhost/cdktf-mlflow/minio:1")).toBe(false);
    expect(seen).toMatchObject({ pulls: [], probes: 0 });
  });
});
