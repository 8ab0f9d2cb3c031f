import { DataSize } from "../../../lib";
import type { MlflowServerOptions } from "../../../lib";
import { serverSize, workersOverCores } from "../../../lib/server/server-size";
import { testStack } from "../../support/stacks/synth";

/** The size of a server with these options, and a database with this connection limit. */
function size(options: MlflowServerOptions = {}, connectionLimit?: number) {
  const { workers, memory, pool } = serverSize(options, connectionLimit, testStack().stack);
  return { workers, memory: memory.toMebibytes(), pool };
}

describe("The size of a server", () => {
  test("is two workers by default", () => {
    expect(size({}, 100)).toEqual({ workers: 2, memory: 1536, pool: { size: 5, overflow: 10 } });
  });

  test("has memory for the workers and for jobs", () => {
    expect(size({ workers: 1 }).memory).toBe(960);
    expect(size({ workers: 4 }).memory).toBe(2688);
    expect(size({ features: { jobExecution: true } }).memory).toBe(3328);
    expect(size({ memory: DataSize.gibibytes(4) }).memory).toBe(4096);
    expect(size({ memory: DataSize.mebibytes(1536) }).memory).toBe(1536);
  });

  test.each([0, -1, 1.5])("cannot be %s workers", (workers) => {
    expect(() => size({ workers })).toThrow(`'workers' must be a whole number of 1 or more, got: ${workers} [test]`);
  });

  test("is refused with too little memory", () => {
    expect(() => size({ memory: DataSize.mebibytes(1535) })).toThrow(
      "'memory' must be at least 1536 MiB for 2 workers, got: 1535 MiB; raise 'memory', or lower 'workers' [test]",
    );
    expect(() => size({ memory: DataSize.gibibytes(3), features: { jobExecution: true } })).toThrow(
      "'memory' must be at least 3328 MiB for 2 workers and 'jobExecution', got: 3072 MiB; raise 'memory', or lower 'workers' [test]",
    );
  });
});

describe("The pools of connections", () => {
  test.each([
    [2, 100, 10],
    [4, 100, 6],
    [4, 80, 3],
    [2, 45, 3],
    [2, 34, 1],
    [4, 65, 1],
    [4, 66, 2],
    [4, undefined, 10],
  ])("of %s workers fit into a limit of %s", (workers, limit, overflow) => {
    expect(size({ workers }, limit).pool).toEqual({ size: 5, overflow });
  });

  test("leave connections for jobs", () => {
    expect(size({ features: { jobExecution: true } }, 86).pool).toEqual({ size: 5, overflow: 5 });
    expect(size({ features: { jobExecution: true } }, 85).pool).toEqual({ size: 5, overflow: 4 });
  });

  test("are refused if even the smallest do not fit", () => {
    expect(() => size({ workers: 4 }, 50)).toThrow(
      "'connectionPool' must fit into the store's connection limit of 50: 4 workers with 2 pools of 5 + 1 connections each and 10 in reserve need 58; lower 'workers' or 'connectionPool', or raise 'connectionLimit' [test]",
    );
    expect(() => size({ connectionPool: { overflow: 10 } }, 69)).toThrow("need 70;");
    expect(size({ connectionPool: { size: 1, overflow: 3 } }, 26).pool).toEqual({ size: 1, overflow: 3 });
  });

  test.each([
    [{ size: 0 }, "0 and 10"],
    [{ overflow: 0 }, "5 and 0"],
    [{ size: 1.5 }, "1.5 and 10"],
  ])("must be pools: %j", (connectionPool, got) => {
    expect(() => size({ connectionPool })).toThrow(
      `'connectionPool' must have a 'size' and an 'overflow' of 1 or more, got: ${got} [test]`,
    );
  });
});

test("A pool has as many connections as one call of MLflow may need", () => {
  expect(() => size({ connectionPool: { size: 2, overflow: 1 } })).toThrow(
    "'connectionPool' must have 4 connections or more, which one call may need at once, got: 2 + 1 [test]",
  );
});

test("More workers than cores get a warning", () => {
  expect(workersOverCores(2, 2)).toBeUndefined();
  expect(workersOverCores(3, 2)).toBe(
    "MLflow has 3 workers and the engine 2 cores: more workers than cores gain nothing but take memory and connections; lower 'workers'",
  );
});
