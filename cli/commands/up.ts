import { engineTasks } from "../../offline";
import { BackupService } from "../backup/backup-service";
import { NO_BACKUP, knownBackups } from "../backup/backup-state";
import { forgetRestore, tellBegunRestore } from "../backup/begun-restore";
import { knownDumps, tellDumps, tellReturn } from "../backup/dumps";
import { applyPlan } from "../terraform/apply-plan";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { Deployment } from "../deployment/deployment";
import type { EngineInfo } from "../docker/inspected";
import { requireGoodCertificates, warnOfCertificates } from "../deployment/certificate-files";
import { offerDeletion } from "../deployment/delete-stack";
import { engineLookup } from "../deployment/engine-lookup";
import { waitUntilReady } from "../deployment/health";
import {
  DiskNeed,
  canInstallEngine,
  requireDiskSpace,
  requireFreePorts,
  requireHealthChecks,
  warnOfEngine,
} from "../deployment/host-checks";
import { leftoversOf, offerUnknown, removeLeftovers } from "../deployment/leftovers";
import { requireOwnStores } from "../deployment/store-checks";
import { isEmpty } from "../terraform/json/plan-actions";
import { keepDatabaseImage, notesOnSwaps } from "../deployment/stand-ins";
import { agreeToAccess, tellPlan } from "../deployment/tell-plan";
import { agreeToVolumes, takeOver } from "../deployment/take-over";
import { guardPlan } from "../terraform/plan-guard";
import { foreignVolumes } from "../terraform/volume-guard";
import { overrideForPodman } from "../terraform/podman-override";
import { missingImages, provideImages } from "../deployment/provide-images";
import { provideProviders, provideTerraform } from "../deployment/provide-terraform";
import { requireYes } from "../console/prompts";
import { runStep, runTasks } from "../console/tasks";
import type { Terraform } from "../terraform/terraform";

/** Options of `up`. */
export interface UpOptions {
  /** Id of the stack, if the app has several. */
  readonly stack?: string;

  /** Answers every question with yes, except for a dangerous access. */
  readonly yes?: boolean;

  /** Builds images and providers here without trying the registries. */
  readonly offline?: boolean;

  /** Never builds images and providers here. */
  readonly online?: boolean;

  /** Deletes resources that may hold data, too, if the app no longer has them. */
  readonly allowDataLoss?: boolean;

  /** Opens dangerous accesses, too. */
  readonly allowAccess?: boolean;

  /** Volumes that exist, that the stack never had, and whose data it is to use. */
  readonly useVolume?: readonly string[];
}

/** Deploys a stack, or brings it up to date. Checks first, then asks, then changes. */
export async function up(options: UpOptions): Promise<void> {
  const yes = options.yes ?? false;
  await provideTerraform({ ...options, yes });
  let deployment = await runStep("Synthesizing the stack", () => Deployment.synthesize(options.stack));
  const engine = await requireEngine(deployment, yes);
  const { rootFolder } = engine;
  warnOfEngine(deployment.synthesized, engine);
  requireGoodCertificates(deployment.synthesized, deployment.environment);
  warnOfCertificates(deployment.synthesized);

  const hasBegun = await tellOfRestore(deployment);
  const { synthesized, docker } = deployment;
  const { missing, isTried } = await runStep("Checking data, ports, images and disk", async () => {
    await requireOwnStores(deployment);
    await requireFreePorts(synthesized, docker);
    const tried = await requireHealthChecks(deployment, engine);
    const images = await missingImages(synthesized, docker);
    await requireDiskSpace(docker, rootFolder, images.length > 0 ? DiskNeed.pulling : DiskNeed.running);
    return { missing: images, isTried: tried };
  });
  deployment = await provideImages(deployment, missing, engine, { ...options, yes });
  if (!isTried) await requireHealthChecks(deployment, engine);

  const terraform = await provideProviders(deployment, { ...options, yes });
  await offerDeletion(deployment, terraform);
  if (engine.isPodman) overrideForPodman(terraform.folder);
  await deploy(deployment, terraform, { ...options, yes });
  await runStep("Waiting until everything is healthy", ({ progress }) => waitUntilReady(deployment, progress));
  // The server runs on what is there, which is whole.
  if (hasBegun) await forgetRestore(await BackupService.of(deployment));
  await announce(deployment);
}

async function tellOfRestore(deployment: Deployment): Promise<boolean> {
  for (const line of await tellReturn(deployment)) console.error(`Warning: ${line}`);
  const known = await knownBackups(deployment);
  if (!known?.begun) return false;
  console.error(`Warning: ${tellBegunRestore(known.begun, known.state)}`);
  return true;
}

async function requireEngine({ docker }: Deployment, yes: boolean): Promise<EngineInfo> {
  try {
    return await docker.info();
  } catch (error) {
    if (!(error instanceof CommandError) || !canInstallEngine(docker)) throw error;
    console.log(error.message);
    await requireYes("Install Docker Engine from Debian's packages, and start it?", yes);
    await runTasks(engineTasks());
    return docker.info();
  }
}

async function deploy(deployment: Deployment, terraform: Terraform, options: UpOptions): Promise<void> {
  const { yes = false, allowDataLoss, allowAccess = false, useVolume = [] } = options;
  const { docker, inFolder, name } = deployment;
  const state = await terraform.state();
  const found = await leftoversOf(deployment, state);
  const taken = await terraform.withPlan(state.rerunFailedJobs, async (saved) => {
    const { plan } = saved;
    const leftovers = [...found, ...(yes ? [] : await offerUnknown(docker, plan, found))];
    const engine = engineLookup(docker, leftovers);
    const agreed = await agreeToVolumes(await foreignVolumes(plan, engine), useVolume);
    const volumes = agreed.map((volume) => volume.name);
    if (await takeOver(terraform, agreed)) return volumes;
    await guardPlan(plan, engine, inFolder, { dataLoss: allowDataLoss, volumes });
    keepDatabaseImage(plan, process.env);
    for (const warning of [...saved.warnings, ...notesOnSwaps(plan)]) console.error(warning);
    tellPlan(name, plan);
    if (isEmpty(plan)) {
      await removeLeftovers(deployment, leftovers);
      return undefined;
    }
    await agreeToAccess(name, plan, { yes, allowAccess });
    await requireYes("Apply this?", yes);
    await removeLeftovers(deployment, leftovers);
    await applyPlan(terraform, saved, "Applying");
    return undefined;
  });
  // The state has changed, so the plan was of no use.
  if (taken) await deploy(deployment, terraform, { ...options, useVolume: taken });
}

async function announce(deployment: Deployment): Promise<void> {
  const { terraform, synthesized, name } = deployment;
  const state = await terraform.state();
  const url = state.output("url");
  const dumps = tellDumps(await knownDumps(deployment));
  if (url === undefined) return console.log([`Stack '${name}' is up.`, ...dumps].join("\n"));
  const user = state.output("username");
  const lines = [
    "",
    "MLflow is ready.",
    `  URL       ${url}`,
    ...(user === undefined ? [] : [`  User      ${user}`, `  Password  ${commandLine("status", "--show-password")}`]),
    `  Check     ${commandLine("verify")}`,
    ...(synthesized.backups.length === 0 ? ["", NO_BACKUP] : []),
    ...(dumps.length > 0 ? ["", ...dumps] : []),
  ];
  console.log(lines.join("\n"));
}
