import { ADVISORY_LOCK } from "../../lib/contract/backup";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { requireYes } from "../console/prompts";
import { table } from "../console/table";
import { runStep, runSteps } from "../console/tasks";
import type { StepDisplay } from "../console/tasks";
import { Deployment } from "../deployment/deployment";
import { contentOf, foldersOf, parseArtifacts, requirePath, tarOf } from "../import/artifact-folders";
import { Importer } from "../import/importer";
import type { Found, Taken } from "../import/importer";

// The tables whose rows users know by name.
const WORDS = {
  experiments: "experiments",
  runs: "runs",
  metrics: "values of metrics",
  logged_models: "models",
  registered_models: "registered models",
  model_versions: "model versions",
  trace_info: "traces",
  evaluation_datasets: "evaluation datasets",
} as const;

/** Options of `import`. */
export interface ImportOptions {
  /** Id of the stack, if the app has several. */
  readonly stack?: string;

  /** The other MLflow's database: an SQLite file. */
  readonly database: string;

  /** Folders with its files: `FOLDER`, or `LOCATION=FOLDER` if its experiments have several locations. */
  readonly artifacts?: string[];

  /** Answers every question with yes. */
  readonly yes?: boolean;
}

/**
 * Moves the data of another MLflow into a new stack: all rows of its database with their ids, and its files. The other
 * MLflow's files are only read.
 *
 * @throws CommandError when the stack has data already, a folder is missing, or something could not be taken over: then no
 * row was.
 */
export async function importData({ stack, database, artifacts = [], yes = false }: ImportOptions): Promise<void> {
  const given = artifacts.map(parseArtifacts);
  await requirePath(database, "file");
  for (const { folder } of given) await requirePath(folder, "folder");
  const { docker, synthesized, name } = await Deployment.synthesize(stack);
  await docker.info();
  const [server] = await docker.containers(synthesized.servers);
  if (server?.State.Health?.Status !== "healthy") {
    throw new CommandError(`the server of stack '${name}' does not run`, `Begin with: ${commandLine("up")}`);
  }
  const importer = new Importer(docker, server.Id);
  try {
    const found = await runStep("Reading the database", async ({ progress }) => {
      return (await importer.run({ step: "database" }, progress, contentOf(database))) as Found;
    });
    const folders = foldersOf(found.roots, given);
    console.log(describe(found));
    await requireYes(`Take this over into stack '${name}'?`, yes);
    let taken: Taken | undefined;
    await runSteps([
      ...folders.map(({ root, folder }) => ({
        title: `Files of ${root}`,
        run: async ({ progress }: StepDisplay) => {
          await importer.run({ step: "files", root }, progress, tarOf(folder));
        },
      })),
      {
        title: "Rows of the database",
        run: async ({ progress }) => {
          taken = (await importer.run({ step: "rows", lock: Number(ADVISORY_LOCK) }, progress)) as Taken;
        },
      },
    ]);
    if (!taken) return;
    console.log(
      `${taken.rows} rows and ${taken.files} files (${taken.bytes} bytes) are here, counted on both sides. To look at them: ${commandLine("status")}`,
    );
  } finally {
    await importer.discard();
  }
}

function describe({ counts, upgraded, leftOut, unknownTables, elsewhere }: Found): string {
  const rows = Object.entries(WORDS).map(([name, words]) => [words, String(counts[name] ?? 0)]);
  const notes = [
    ...(upgraded
      ? ["A copy of the database was brought to the schema of this release. The file itself is as it was."]
      : []),
    ...Object.entries({ ...leftOut, ...unknownTables })
      .filter(([, count]) => count > 0)
      .map(([what, count]) => `Not taken over: ${count} rows of ${what}.`),
    ...(elsewhere > 0 ? [`${elsewhere} model versions name files elsewhere. Their addresses stay as they are.`] : []),
  ];
  return [table(["found", "number"], rows), ...notes].join("\n");
}
