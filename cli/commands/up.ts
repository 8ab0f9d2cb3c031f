import { engineTasks, offlineTasks } from "../../offline";
import { applyPlan } from "../terraform/apply-plan";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { Deployment } from "../deployment/deployment";
import type { OpenedTerraform } from "../deployment/deployment";
import type { EngineInfo } from "../docker/details";
import { requireGoodCertificates, warnOfCertificates } from "../deployment/certificates";
import { engineLookup } from "../deployment/engine-lookup";
import { waitUntilReady } from "../deployment/health";
import {
  DiskNeed,
  canInstallEngine,
  requireDiskSpace,
  requireFreePorts,
  warnOfEngine,
} from "../deployment/host-checks";
import { leftoversOf, offerUnknown, removeLeftovers } from "../deployment/leftovers";
import { requireOwnStores } from "../deployment/store-identity";
import { isEmpty } from "../terraform/json/plan-actions";
import { agreeToAccess, tellPlan } from "../deployment/tell-plan";
import { guardPlan } from "../terraform/plan-guard";
import { missingImages, provideImages } from "../deployment/provide-images";
import { provideTerraform } from "../deployment/provide-terraform";
import { requireYes } from "../console/prompts";
import { runSteps, runTasks } from "../console/tasks";
import type { Terraform } from "../terraform/terraform";

/** Options of `up`. */
export interface UpOptions {
  /** Id of the stack, if the app has several. */
  readonly stack?: string;

  /** Answers every question with yes. */
  readonly yes?: boolean;

  /** Builds images and providers here without trying the registries. */
  readonly offline?: boolean;

  /** Never builds images and providers here. */
  readonly online?: boolean;

  /** Deletes resources that may hold data, too, where the app no longer has them. */
  readonly allowDataLoss?: boolean;
}

/** Deploys a stack, or brings it up to date. Checks first, then asks, then changes. */
export async function up(options: UpOptions): Promise<void> {
  const yes = options.yes ?? false;
  await provideTerraform({ ...options, yes });
  let deployment = await synthesize(options.stack);
  const engine = await requireEngine(deployment, yes);
  const { rootFolder } = engine;
  warnOfEngine(deployment.synthesized, engine);
  requireGoodCertificates(deployment.synthesized, deployment.environment);
  warnOfCertificates(deployment.synthesized);

  let missing: string[] = [];
  await runSteps({
    title: "Checking data, ports, images and disk",
    run: async () => {
      await requireOwnStores(deployment);
      await requireFreePorts(deployment.synthesized, deployment.docker);
      missing = await missingImages(deployment.synthesized, deployment.docker);
      await requireDiskSpace(deployment.docker, rootFolder, missing.length > 0 ? DiskNeed.pulling : DiskNeed.running);
    },
  });
  deployment = await provideImages(deployment, missing, engine, { ...options, yes });

  await deploy(deployment, await openTerraform(deployment, options), { ...options, yes });
  await runSteps({
    title: "Waiting until everything is healthy",
    run: ({ progress }) => waitUntilReady(deployment, progress),
  });
  await announce(deployment);
}

async function synthesize(stack: string | undefined): Promise<Deployment> {
  let deployment: Deployment | undefined;
  await runSteps({
    title: "Synthesizing the stack",
    run: async () => {
      deployment = await Deployment.synthesize(stack);
    },
  });
  if (!deployment) throw new CommandError("the stack was not synthesized");
  return deployment;
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

async function openTerraform(deployment: Deployment, { yes, online }: UpOptions): Promise<Terraform> {
  let opened: OpenedTerraform | undefined;
  const open = {
    title: "Opening the state",
    run: async () => {
      opened = await deployment.openTerraform();
    },
  };
  await runSteps(open);
  if (opened?.unreachable !== undefined && !online) {
    console.log(
      "The registry of Terraform's providers cannot be reached. They can be built here, once, in about three minutes.",
    );
    await requireYes("Build them here?", yes ?? false);
    await runTasks(offlineTasks({ only: ["providers"] }));
    await runSteps(open);
  }
  if (!opened?.terraform) throw new CommandError(opened?.unreachable ?? "Terraform could not be opened");
  return opened.terraform;
}

async function deploy(
  deployment: Deployment,
  terraform: Terraform,
  { yes = false, allowDataLoss }: UpOptions,
): Promise<void> {
  const { docker, inFolder, name } = deployment;
  const state = await terraform.state();
  const found = await leftoversOf(deployment, state);
  await terraform.withPlan(state.rerunFailedJobs, async (saved) => {
    const { plan } = saved;
    const leftovers = [...found, ...(yes ? [] : await offerUnknown(docker, plan, found))];
    await guardPlan(plan, engineLookup(docker, leftovers), inFolder, allowDataLoss);
    for (const warning of saved.warnings) console.error(warning);
    tellPlan(name, plan);
    if (isEmpty(plan)) return removeLeftovers(deployment, leftovers);

    await agreeToAccess(name, plan, yes);
    await requireYes("Apply this?", yes);
    await removeLeftovers(deployment, leftovers);
    await applyPlan(terraform, saved, "Applying");
  });
}

async function announce({ terraform, name }: Deployment): Promise<void> {
  const state = await terraform.state();
  const url = state.output("url");
  if (url === undefined) return console.log(`Stack '${name}' is up.`);
  const user = state.output("username");
  const lines = [
    "",
    "MLflow is ready.",
    `  URL       ${url}`,
    ...(user === undefined ? [] : [`  User      ${user}`, `  Password  ${commandLine("status", "--show-password")}`]),
    `  Check     ${commandLine("verify")}`,
  ];
  console.log(lines.join("\n"));
}
