import { packageText } from "../../lib/values/package-folder";
import { CommandError } from "../console/command-error";
import type { Docker } from "../docker/docker";
import { runPythonIn } from "../docker/python-in-container";
import type { Roots } from "./artifact-folders";

/** What the other MLflow's database has. */
export interface Found {
  readonly upgraded: boolean;
  readonly counts: { readonly [table: string]: number };
  readonly roots: Roots;
  readonly leftOut: { readonly [feature: string]: number };
  readonly unknownTables: { readonly [table: string]: number };
  readonly elsewhere: number;
}

/** What is in the stack then. */
export interface Taken {
  readonly rows: number;
  readonly files: number;
  readonly bytes: number;
}

/** Runs the steps of an import in the server's container. */
export class Importer {
  readonly #program = packageText("cli", "import", "importer.py");

  constructor(
    private readonly docker: Docker,
    private readonly server: string,
  ) {}

  public async run(settings: object, progress: (line: string) => void, data = none()): Promise<unknown> {
    let result: unknown;
    let refused: unknown;
    const error = await runPythonIn(this.docker, this.server, this.#program, settings, data, (line) => {
      if ("result" in line) result = line.result;
      if ("refused" in line) refused = line.refused;
      if (typeof line.progress === "string") progress(line.progress);
    });
    if (typeof refused === "string") throw new CommandError(refused);
    if (result === undefined) throw new CommandError(`the server's container ended the import: ${error}`);
    return result;
  }

  // Without a look at its end: an error of its own would hide the one before it.
  public async discard(): Promise<void> {
    await runPythonIn(this.docker, this.server, this.#program, { step: "discard" }, none(), () => {});
  }
}

async function* none(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(0);
}
