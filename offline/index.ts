import type { ListrTask } from "listr2";
import { packagePath } from "../lib/values/package-folder";
import { RELEASES, postgresVersion } from "../lib/values/releases";
import { DebianBase } from "./debian-base";
import { DockerImage } from "./docker-image";
import { provideEngine } from "./engine";
import { discardGoCache } from "./go-builder";
import { GoProgram } from "./go-program";
import { copyPipSettings } from "./pip-settings";
import { TerraformMirror } from "./terraform-mirror";

const DOCKER_PROVIDER = new GoProgram(
  "docker-provider",
  "github.com/terraform-providers/terraform-provider-docker",
  // Leaves out a resource that depends on the whole of Docker Compose.
  ["no_compose"],
);
const RANDOM_PROVIDER = new GoProgram("random-provider", "github.com/terraform-providers/terraform-provider-random");
const MINIO = new GoProgram("minio", "github.com/minio/minio");
const MC = new GoProgram("mc", "github.com/minio/mc");
const GATEWAY = new GoProgram("gateway", ".", [], [packagePath("caddy", "plugin")]);
const OAUTH2_PROXY = new GoProgram("oauth2-proxy", "github.com/oauth2-proxy/oauth2-proxy/v7");
// One module, so that the image that the package's Dockerfile builds has the same releases.
const inBackup = (name: string, program: string) => new GoProgram(name, program, [], [], [], packagePath("backup"));
const BACKUP = inBackup("backup", ".");
const SUPERCRONIC = inBackup("supercronic", "github.com/aptible/supercronic");

const OPENTOFU = new GoProgram(
  "opentofu",
  "github.com/opentofu/opentofu/cmd/tofu",
  [],
  [],
  // Without it the program calls itself a development version.
  ["github.com/opentofu/opentofu/version.dev=no"],
);

const BOOKWORM = new DebianBase("bookworm");
const { postgres: POSTGRES, mlflow: MLFLOW, providers: PROVIDERS } = RELEASES;
const POSTGRES_DEBIAN = new DebianBase(POSTGRES.debian);
const POSTGRES_VERSION = postgresVersion(POSTGRES.default) ?? "";

const POSTGRES_IMAGE = new DockerImage({
  folder: "postgres",
  name: `postgres:${POSTGRES_VERSION}`,
  base: POSTGRES_DEBIAN,
  buildArguments: {
    DEBIAN: POSTGRES.debian,
    PG_MAJOR: String(POSTGRES.default),
    PG_VERSION: POSTGRES_VERSION,
  },
});

const IMAGES = {
  POSTGRES_IMAGE,
  MLFLOW_IMAGE: new DockerImage({
    folder: "mlflow",
    name: `mlflow:${MLFLOW.version}`,
    base: BOOKWORM,
    files: { "requirements.txt": requirements({ mlflow: MLFLOW.version, ...MLFLOW.packages }) },
    hostSettings: copyPipSettings,
  }),
  // Named for the date of its commit, because it is not a release.
  MINIO_IMAGE: new DockerImage({
    folder: "minio",
    name: `minio:${RELEASES.minio.version}`,
    base: BOOKWORM,
    programs: [MINIO, MC],
  }),
  GATEWAY_IMAGE: new DockerImage({
    folder: "gateway",
    name: `gateway:${RELEASES.caddy.version}`,
    base: BOOKWORM,
    programs: [GATEWAY],
  }),
  OAUTH2_PROXY_IMAGE: new DockerImage({
    folder: "oauth2-proxy",
    name: `oauth2-proxy:${RELEASES["oauth2-proxy"].version}`,
    base: BOOKWORM,
    programs: [OAUTH2_PROXY],
  }),
};

// Begins with another image, so it is built after the others.
const BACKUP_IMAGE = new DockerImage({
  folder: "backup",
  name: `backup:${RELEASES.backup.kopia.version}`,
  base: POSTGRES_IMAGE,
  programs: [BACKUP, SUPERCRONIC],
  buildArguments: { POSTGRES_IMAGE: POSTGRES_IMAGE.name },
});

const MIRROR = new TerraformMirror([
  { ...PROVIDERS.docker, program: DOCKER_PROVIDER },
  { ...PROVIDERS.random, program: RANDOM_PROVIDER },
]);

/** A part of the offline build. */
export type OfflinePart = "engine" | "images" | "providers" | "opentofu";

/** Options of the offline build. */
export interface OfflineOptions {
  /** @default - all parts except OpenTofu */
  readonly only?: readonly OfflinePart[];
}

/** Tasks that install and start the Docker engine. */
export function engineTasks(): ListrTask[] {
  return [task("Docker Engine", provideEngine)];
}

/** Tasks that build everything that is missing or outdated. */
export function offlineTasks({ only = ["engine", "images", "providers"] }: OfflineOptions = {}): ListrTask[] {
  const images = only.includes("images");
  const providers = only.includes("providers");
  const holders = [...(images ? [...Object.values(IMAGES), BACKUP_IMAGE] : []), ...(providers ? [MIRROR] : [])];

  return [
    ...(only.includes("engine") ? engineTasks() : []),
    // One after the other, because each build uses all cores.
    ...(images
      ? [
          group(
            "Base images",
            [BOOKWORM, POSTGRES_DEBIAN].map((base) => buildTask(base.name, base)),
            1,
          ),
        ]
      : []),
    group(
      "Programs",
      [
        ...holders.flatMap((holder) => holder.programs.map((program) => programTask(program, holder))),
        ...(only.includes("opentofu") ? [buildTask(OPENTOFU.name, OPENTOFU)] : []),
        task("Removing downloads of Go's container", async () => discardGoCache(), "nothing to remove"),
      ],
      1,
    ),
    ...(images
      ? [
          group(
            "Images",
            Object.values(IMAGES).map((image) => buildTask(image.name, image)),
            2,
          ),
          buildTask(BACKUP_IMAGE.name, BACKUP_IMAGE),
        ]
      : []),
    ...(providers ? [task("Mirror of Terraform providers", async () => MIRROR.fill())] : []),
  ];
}

/** Path of OpenTofu where this machine has no other: built here, or downloaded. It may not exist. */
export function openTofuFile(): string {
  return OPENTOFU.file;
}

/** Environment variables that make the app and Terraform use the builds. Builds nothing. */
export function offlineEnvironment(): { [name: string]: string } {
  const images = Object.entries({ ...IMAGES, BACKUP_IMAGE }).map(([variable, { name }]) => [variable, name]);
  return { ...Object.fromEntries(images), TF_CLI_CONFIG_FILE: MIRROR.configurationFile };
}

/** The content of a file for `pip install --requirement`. */
function requirements(versions: { readonly [name: string]: string }): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name}==${version}\n`)
    .join("");
}

interface Buildable {
  build(progress: (line: string) => void): Promise<boolean>;
}

function buildTask(title: string, buildable: Buildable): ListrTask {
  return task(title, (progress) => buildable.build(progress));
}

// A program is needed only until what holds it is built.
function programTask(program: GoProgram, holder: { isCurrent(): boolean | Promise<boolean> }): ListrTask {
  return task(program.name, async (progress) => !(await holder.isCurrent()) && (await program.build(progress)));
}

function task(
  title: string,
  work: (progress: (line: string) => void) => Promise<boolean>,
  otherwise = "current",
): ListrTask {
  return {
    title,
    task: async (_context, self) => {
      const built = await work((line) => {
        // Only in a terminal, where each line replaces the last. The step's log has all of them.
        if (process.stdout.isTTY || process.stderr.isTTY) self.output = line;
      });
      if (!built) self.skip(`${title}: ${otherwise}`);
    },
  };
}

function group(title: string, tasks: ListrTask[], concurrent: number): ListrTask {
  return { title, task: (_context, self) => self.newListr(tasks, { concurrent, exitOnError: true }) };
}
