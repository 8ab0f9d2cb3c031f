import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Compiled } from "./compiled";
import { alternate, median, seconds } from "./measure";
import { runProgram } from "./program";
import type { Row } from "./report";

// The last two show whether the time grows faster than the number of stacks.
const COUNTS = [1, 10, 50];

interface StackJson {
  resource: { [type: string]: { [name: string]: object } };
}

/**
 * Measures the synthesis of several stacks by an app with our constructs, and by one without them.
 *
 * @throws Error when the two apps do not create the same resources.
 */
export async function measureSynthesis(
  compiled: Compiled,
  runs: number,
  progress: (line: string) => void,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of COUNTS) {
    const ours = new SynthesisApp(compiled, "mlflow-stack", count);
    const bare = new SynthesisApp(compiled, "bare", count);
    // Only the first run reads the modules from disk.
    for (const app of [ours, bare]) await app.run();
    requireSameResources(ours, bare);

    const figures = await alternate([ours, bare], runs, async (app, round) => {
      progress(`${count} of ${app.name}, ${round + 1} of ${runs}`);
      return seconds(() => app.run());
    });
    rows.push({
      what: `Synthesis, ${count} \`MlflowStack\` in an app`,
      ours: median(figures.get(ours) ?? []),
      peer: { name: "CDKTF, by hand", figure: median(figures.get(bare) ?? []) },
      unit: "s",
      aim: 1.15,
      runs,
    });
  }
  return [...rows, linearity(rows.map(({ ours }) => ours))];
}

/** Time for one more stack in a large app, compared with a small app. */
function linearity([one = NaN, some = NaN, many = NaN]: number[]): Row {
  const [first = NaN, second = NaN, third = NaN] = COUNTS;
  return {
    what: `Each further stack, from ${second} to ${third}`,
    ours: (1000 * (many - some)) / (third - second),
    peer: { name: `from ${first} to ${second}`, figure: (1000 * (some - one)) / (second - first) },
    unit: "ms",
    aim: 1.15,
    runs: COUNTS.length,
  };
}

class SynthesisApp {
  readonly #folder: string;

  constructor(
    private readonly compiled: Compiled,
    public readonly name: string,
    private readonly count: number,
  ) {
    this.#folder = compiled.workFolder(`synthesis-${name}`);
  }

  public async run(): Promise<void> {
    await runProgram(process.execPath, [this.compiled.file("bench", "apps", `${this.name}.js`)], {
      folder: this.compiled.folder,
      environment: { CDKTF_OUTDIR: this.#folder, STACKS: String(this.count) },
    });
  }

  /** Resources of its last stack, by address. */
  public resources(): Map<string, object> {
    const file = join(this.#folder, "stacks", `bench-synthesis-${this.count - 1}`, "cdk.tf.json");
    const { resource } = JSON.parse(readFileSync(file, "utf8")) as StackJson;
    return new Map(
      Object.entries(resource).flatMap(([type, blocks]) =>
        // The metadata differs: it holds the path of the construct.
        Object.entries(blocks).map(([name, block]) => [`${type}.${name}`, { ...block, "//": undefined }] as const),
      ),
    );
  }
}

function requireSameResources(ours: SynthesisApp, bare: SynthesisApp): void {
  const left = ours.resources();
  const right = bare.resources();
  const addresses = [...new Set([...left.keys(), ...right.keys()])].sort();
  const oneSided = addresses.filter((address) => !left.has(address) || !right.has(address));
  if (oneSided.length > 0) throw new Error(`bench/apps/bare.ts makes other resources: ${oneSided.join(", ")}`);

  const different = addresses.filter((address) => !isDeepStrictEqual(left.get(address), right.get(address)));
  if (different.length > 0) console.error(`bench/apps/bare.ts has other values in: ${different.join(", ")}`);
}
