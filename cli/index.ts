#!/usr/bin/env node
import { Command, InvalidArgumentError, Option } from "commander";
import { packageText } from "../lib/values/package-folder";
import { Role } from "../lib/users/role";
import { acceptStores } from "./commands/accept-stores";
import { beginCommand } from "./app/turn";
import { apply } from "./commands/apply";
import { CommandError, ExitCode } from "./console/command-error";
import { down } from "./commands/down";
import { Redaction } from "./app/redaction";
import { Interrupt } from "./console/interrupt";
import { lock } from "./commands/lock";
import { offline } from "./commands/offline";
import { pullRequest } from "./commands/pull-request";
import type { PullRequestOptions } from "./commands/pull-request";
import { plan } from "./commands/plan";
import { review } from "./commands/review";
import { status } from "./commands/status";
import { up } from "./commands/up";
import { addUser, listUsers, removeUser, rotateUser } from "./commands/users";
import { verify } from "./commands/verify";

const { version } = JSON.parse(packageText("package.json")) as { version: string };
const PARTS = ["engine", "images", "providers", "opentofu"];

const program = new Command("mlflow-stack")
  .description("Deploys MLflow on Docker: the CDKTF app of the current folder, or the one of this package.")
  .version(version);

command("up", "Deploy the stack, or bring it up to date.")
  .option("-y, --yes", "answer every question with yes")
  .addOption(new Option("--offline", "build images and providers here, from package registries").conflicts("online"))
  .option("--online", "never build images and providers here")
  .option("--allow-data-loss", "delete data that is no longer in the code, too")
  .action(up);

command("plan", "Show what 'up' would change, and save the plan for 'apply'.")
  .requiredOption("-o, --out <file>", "file for the plan, which holds secrets")
  .action(plan);

program
  .command("apply")
  .description("Apply a plan saved by 'plan', if nothing has changed since.")
  .argument("<file>", "the plan")
  .option("-y, --yes", "answer every question with yes")
  .option("--allow-data-loss", "apply the plan even if it deletes data")
  .action(apply);

program
  .command("pull-request")
  .description("Review the plan of a pull request, and apply it on merge: for a job of GitHub Actions.")
  .requiredOption("-s, --stack <id>", "the stack")
  .option("--plans <folder>", "folder on the runner where plans wait for the merge")
  .option("--data-loss-label <name>", "label that allows a plan to delete data", "allow-data-loss")
  .option("--author <login>", "login of the token's user, whose comment is updated", "github-actions[bot]")
  .action((options: PullRequestOptions) => pullRequest(options));

command("lock", "Write the lock file of the stack's Terraform providers.").action(lock);

command("down", "Remove the services; data and secrets stay.")
  .option("-y, --yes", "answer every question with yes")
  .option("--delete-data", "delete volumes, secrets and state as well")
  .option("--confirm <stack>", "the stack's id, to delete its data without being asked")
  .action(down);

command("accept-stores", "Accept a database and a bucket that are empty or were another stack's.")
  .option("-y, --yes", "answer every question with yes")
  .action(acceptStores);

command("status", "Show the services and their addresses.")
  .option("--json", "print JSON")
  .option("--show-password", "print the password, and nothing else")
  .option("--user <name>", "whose password to print; the first admin's by default")
  .action(status);

command("verify", "Use the deployed stack as a client does, and clean up.")
  .option("--json", "print JSON")
  .option(
    "--large-size <MiB>",
    "size of the large artifact; clients send 500 MiB or more in parts",
    positiveInteger,
    64,
  )
  .action(verify);

const users = program.command("users").description("Show or edit the file that names the users and their roles.");

usersCommand("list", "Show names and roles.").option("--json", "print JSON").action(listUsers);

usersCommand("add <name>", "Add a user; the next deployment generates the password.")
  .addOption(new Option("--role <role>", "what the user may do").choices(Object.values(Role)).makeOptionMandatory())
  .option("--workspace <name>", "where the user works, with workspaces switched on")
  .addOption(new Option("--password-variable <name>", "Terraform variable with the password").conflicts("hashVariable"))
  .option("--hash-variable <name>", "Terraform variable with the bcrypt hash of the password")
  .action(addUser);

usersCommand("remove <name>", "Remove a user.").action(removeUser);

usersCommand("rotate <name>", "Have the next deployment generate another password.").action(rotateUser);
command("review", "Explain what a plan means for services, users and data.")
  .argument("<plan>", "a saved plan, or the output of 'terraform show -json'; - is standard input")
  .addOption(
    new Option("--format <format>", "format of the review").choices(["text", "markdown", "json"]).default("text"),
  )
  .option("--allow-data-loss", "end with status 0 even if data would be lost")
  .option("--output <file>", "write the review to this file as well")
  .action(review);

program
  .command("offline")
  .description("Build images and providers from package registries, and print the settings that make them used.")
  .option("-y, --yes", "answer every question with yes")
  .addOption(new Option("--only <parts...>", "build only these").choices(PARTS))
  .option("--print-only", "build nothing, print the settings")
  .action(offline);

function usersCommand(name: string, description: string): Command {
  return users
    .command(name)
    .description(description)
    .option("--file <path>", "the file; MLFLOW_USERS_FILE or users.json by default");
}

function command(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option("-s, --stack <id>", "id of the stack, if the app has several");
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It must be a whole number above 0.");
  return value;
}

function explain(error: unknown): void {
  const redaction = Redaction.ofEnvironment(process.env);
  if (error instanceof CommandError) {
    console.error(
      redaction.apply(["", `Error: ${error.message}`, ...(error.remedy ? ["", error.remedy] : [])].join("\n")),
    );
    process.exitCode = error.exitCode;
    return;
  }
  // Refusals of the library, failed builds and a Ctrl-C at a prompt are printed without a stack trace, too.
  const isExpected = error instanceof Error && /^(ValidationError|ExitPromptError|StepError)$/.test(error.name);
  const text = error instanceof Error ? (isExpected ? error.message : (error.stack ?? error.message)) : String(error);
  console.error(redaction.apply(`\nError: ${text}`));
  process.exitCode = ExitCode.failure;
}

Interrupt.endOnSignals();
program.hook("preAction", (_program, action) => beginCommand(action.name()));
program.parseAsync().catch(explain);
