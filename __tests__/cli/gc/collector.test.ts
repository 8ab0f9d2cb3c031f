import { Collector } from "../../../cli/gc/collector";
import type { Garbage } from "../../../cli/gc/garbage";
import type { Docker } from "../../../cli/docker/docker";
import { runPythonIn } from "../../../cli/docker/python-in-container";

jest.mock("../../../cli/docker/python-in-container");

interface Seen {
  container: string;
  program: string;
  settings: object;
  data: string;
  watched?: boolean;
}
let seen: Seen;

/** A server in whose container the program says these lines. */
function server(...lines: { [name: string]: unknown }[]): Collector {
  jest.mocked(runPythonIn).mockImplementation(async (_docker, container, program, settings, input, onLine, watched) => {
    let data = "";
    for await (const chunk of input) data += chunk.toString();
    seen = { container, program, settings, data, watched };
    for (const line of lines) onLine(line);
    return "the last line";
  });
  return new Collector({} as Docker, "the-server");
}

const GARBAGE = {
  cutoff: 5,
  runs: [{ id: "r" }],
  models: [{ id: "m" }],
  experiments: [{ id: "7" }],
  traces: 3,
  ownerless: [{ prefix: "9/r/artifacts/" }],
} as unknown as Garbage;

test("The program lists in the server's container, and is told whether it will delete", async () => {
  const progress: string[] = [];
  const collector = server({ progress: "10 objects" }, { result: GARBAGE });

  expect(await collector.list(1000, true, (line) => progress.push(line))).toBe(GARBAGE);
  expect(progress).toEqual(["10 objects"]);
  expect(seen).toMatchObject({
    container: "the-server",
    settings: { step: "list", olderThan: 1000, check: true, lock: 7310417208131201 },
    data: "",
    watched: false,
  });
  expect(seen.program).toMatch(/^DEFAULT_EXPERIMENT = 0$[\s\S]*^class Lock:$[\s\S]*^class Deletion:$/m);
});

test("The program gets what was listed and no more, and stops if nobody waits for it", async () => {
  expect(await server({ result: { runs: 1 } }).delete(GARBAGE, () => {})).toEqual({ runs: 1 });

  expect(seen).toMatchObject({ settings: { step: "delete", cutoff: 5 }, watched: true });
  expect(seen.data).toMatch(/^[^\n]+\n$/);
  expect(JSON.parse(seen.data)).toEqual({
    runs: ["r"],
    models: ["m"],
    experiments: ["7"],
    traces: 3,
    ownerless: ["9/r/artifacts/"],
  });
});

test("A refusal is told as it is, and an end without a result by the last line", async () => {
  const refused = "'mlflow-stack backup' works on the stores";
  await expect(server({ refused }).list(0, true, () => {})).rejects.toThrow(refused);
  await expect(server().delete(GARBAGE, () => {})).rejects.toMatchObject({
    message: "the server's container ended the garbage collection: the last line",
    remedy: "Run it again: it goes on.",
  });
});
