#!/usr/bin/env node
import { Command, InvalidArgumentError, Option } from "commander";
import { packageText } from "../lib/values/package-folder";
import { Role } from "../lib/users/role";
import { acceptStores } from "./commands/accept-stores";
import { beginCommand } from "./app/begin-command";
import { apply } from "./commands/apply";
import { backup, checkBackups, listBackups } from "./commands/backup";
import { CommandError, ExitCode } from "./console/command-error";
import { doctor } from "./commands/doctor";
import { down } from "./commands/down";
import { drill } from "./commands/drill";
import { Redaction } from "./app/redaction";
import { gc } from "./commands/gc";
import { importData } from "./commands/import";
import { Interrupt } from "./console/interrupt";
import { lock } from "./commands/lock";
import { logs } from "./commands/logs";
import { offline } from "./commands/offline";
import { pullRequest } from "./commands/pull-request";
import type { PullRequestOptions } from "./commands/pull-request";
import { plan } from "./commands/plan";
import { restore } from "./commands/restore";
import { review } from "./commands/review";
import { rollback } from "./commands/rollback";
import { status } from "./commands/status";
import { up } from "./commands/up";
import { addUser, listUsers, removeUser, rotateUser } from "./commands/users";
import { verify } from "./commands/verify";

const { version } = JSON.parse(packageText("package.json")) as { version: string };
const PARTS = ["engine", "images", "providers", "opentofu"];

const program = new Command("mlflow-stack")
  .description("Deploys MLflow on Docker: the CDKTF app of the current folder, or the one of this package.")
  .version(version)
  // Else a command would take options such as '--json' from the commands below it.
  .enablePositionalOptions();

command("up", "Deploy the stack, or bring it up to date.")
  .option("-y, --yes", "answer every question with yes, except for a dangerous access")
  .addOption(new Option("--offline", "build images and providers here, from package registries").conflicts("online"))
  .option("--online", "never build images and providers here")
  .option("--allow-data-loss", "delete data that is no longer in the code, too")
  .option("--allow-access", "open accesses that are dangerous, too")
  .option("--use-volume <name...>", "use the data of a volume that exists, and that the stack never had")
  .action(up);

command("plan", "Show what 'up' would change, and save the plan for 'apply'.")
  .requiredOption("-o, --out <file>", "file for the plan, which holds secrets")
  .action(plan);

program
  .command("apply")
  .description("Apply a plan saved by 'plan', if nothing has changed since.")
  .argument("<file>", "the plan")
  .option("-y, --yes", "answer every question with yes, except for a dangerous access")
  .option("--allow-data-loss", "apply the plan even if it deletes data")
  .option("--allow-access", "apply the plan even if it opens a dangerous access")
  .action(apply);

program
  .command("pull-request")
  .description("Review the plan of a pull request, and apply it on merge: for a job of GitHub Actions.")
  .requiredOption("-s, --stack <id>", "the stack")
  .option("--plans <folder>", "folder on the runner where plans wait for the merge")
  .option("--data-loss-label <name>", "label that allows a plan to delete data", "allow-data-loss")
  .option("--access-label <name>", "label that allows a plan to open a dangerous access", "allow-access")
  .option("--author <login>", "login of the token's user, whose comment is updated", "github-actions[bot]")
  .action((options: PullRequestOptions) => pullRequest(options));

command("lock", "Write the lock file of the stack's Terraform providers.").action(lock);

command("down", "Remove the services; data and secrets stay.")
  .option("-y, --yes", "answer every question with yes")
  .option("--delete-data", "delete volumes, secrets and state as well")
  .option("--allow-data-loss", "delete volumes without a name, too, which containers of your own have")
  .option("--confirm <stack>", "the stack's id, to delete its data without being asked")
  .action(down);

command("accept-stores", "Accept a database and a bucket that are empty or were another stack's.")
  .option("-y, --yes", "answer every question with yes")
  .action(acceptStores);

command("import", "Move the data of another MLflow into a new stack.")
  .requiredOption("--database <file>", "the other MLflow's SQLite database")
  .option("--artifacts <folder...>", "folder with its files, or LOCATION=FOLDER for each artifact location")
  .option("-y, --yes", "answer every question with yes")
  .action(importData);

command("gc", "Delete for good what users of MLflow deleted long ago, and files that nobody owns.")
  .option("--older-than <time>", "delete what was deleted for longer than this, such as 30d or 12h", "30d")
  .option("--dry-run", "list what would be deleted, and change nothing")
  .option("-y, --yes", "answer every question with yes")
  .option("--json", "print JSON")
  .action(gc);

command("status", "Show the services and their addresses.")
  .option("--json", "print JSON")
  .option("--show-password", "print the password, and nothing else")
  .option("--user <name>", "whose password to print; the first admin's by default")
  .addOption(
    new Option("-w, --watch", "show services and disks again every few seconds").conflicts(["json", "showPassword"]),
  )
  .action(status);

command("doctor", "Say what is wrong with the deployed stack, and what to do.")
  .option("--json", "print JSON")
  .action(doctor);

command("logs", "Show what the services have written, in the order of time.")
  .argument("[services...]", "services such as gateway and server; all by default")
  .option("-f, --follow", "go on with new lines")
  .option("--since <time>", "only what is as young as this, such as 10m or 3d, or a time")
  .option("--tail <lines>", "lines of each service; 100 by default, and all with another choice", positiveInteger)
  .option("--user <name>", "only requests of this user, with MLflow's lines for them")
  .option("--request <id>", "only this request: the id of the answer's X-Request-Id")
  .option("--json", "print JSON, an object a line")
  .action(logs);

command("verify", "Use the deployed stack as a client does, and clean up.")
  .option("--json", "print JSON")
  .option(
    "--large-size <MiB>",
    "size of the large artifact; clients send 500 MiB or more in parts",
    positiveInteger,
    64,
  )
  .action(verify);

const backups = command("backup", "Make a backup now, of the database and the bucket together.")
  .enablePositionalOptions()
  .option("--json", "print JSON")
  .action(backup);

backupCommand("list", "List the backups in the target.").action(listBackups);

backupCommand("check", "Read every byte of all backups, and name what is damaged.").action(checkBackups);

command("restore", "Replace the database and the bucket by those of a backup, or bring back some files.")
  .option("--at <time or id>", "the backup, or the newest that is as old as this time; the last one by default")
  .option("--from-stack <id>", "restore what another stack has saved in the same target")
  .option("--only <path>", "bring back the files of the bucket whose paths begin so, and nothing else")
  .option("--only-run <id>", "bring back the files of this run and of its logged models, and nothing else")
  .option("--only-model <name>", "bring back the files of this registered or logged model, and nothing else")
  .option("--overwrite", "replace data that is there, without being asked")
  .option("-y, --yes", "ask nothing, and restore only if there is no data")
  .option("--json", "print JSON")
  .action(restore);

command("rollback", "Go back to the MLflow and the database of before the last migration.")
  .option("--dump <number>", "the dump that was made before another migration; the last three are kept")
  .option("-y, --yes", "answer every question with yes")
  .action(rollback);

command("drill", "Prove the last backup: restore it into an isolated copy, and read everything back.")
  .option("--json", "print JSON")
  .action(drill);

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
  .option("--allow-access", "end with status 0 even if a dangerous access would open")
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

function backupCommand(name: string, description: string): Command {
  return backups
    .command(name)
    .description(description)
    .option("-s, --stack <id>", "id of the stack, if the app has several")
    .option("--from-stack <id>", "look at what another stack has saved in the same target")
    .option("--json", "print JSON");
}

function command(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option("-s, --stack <id>", "id of the stack, if the app has several");
}

function nameOf(action: Command): string {
  return action.parent && action.parent !== program ? `${action.parent.name()} ${action.name()}` : action.name();
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
program.hook("preAction", (_program, action) => beginCommand(nameOf(action)));
program.parseAsync().catch(explain);
