import { existsSync, renameSync, writeFileSync } from "node:fs";
import { Role } from "../../lib/users/role";
import { isUserName, isVariableName, isWorkspaceName } from "../../lib/users/names";
import { readUserEntries } from "../../lib/users/users-file";
import type { UserEntry } from "../../lib/users/users-file";
import { USERS_FILE } from "../../lib/environment/auth-environment";
import { terraformVariable } from "../../lib/environment/environment-variables";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { table } from "../console/table";

/** Options of all commands on users. */
export interface UsersOptions {
  /** Path of the file. */
  readonly file?: string;
}

/** Options of `users list`. */
export interface ListUsersOptions extends UsersOptions {
  /** Prints JSON. */
  readonly json?: boolean;
}

/** Options of `users add`. */
export interface AddUserOptions extends UsersOptions {
  /** `admin`, `write` or `read`. */
  readonly role: string;

  /** The user's workspace, if workspaces are switched on. */
  readonly workspace?: string;

  /** Terraform variable with the password. */
  readonly passwordVariable?: string;

  /** Terraform variable with the bcrypt hash of the password. */
  readonly hashVariable?: string;
}

/** Shows names, roles and workspaces. */
export function listUsers({ file, json }: ListUsersOptions): void {
  const users = read(pathOf(file));
  if (json) return console.log(JSON.stringify(users, null, 2));
  if (users.length === 0) return console.log("There is no such file: the only user is 'admin', with the role admin.");
  console.log(
    table(
      ["user", "role", "workspace", "password"],
      users.map((user) => [user.name, user.role, user.workspace ?? "", originOf(user)]),
    ),
  );
}

/** Adds a user to the file. The first one is added beside the admin that a stack without a file has. */
export function addUser(name: string, options: AddUserOptions): void {
  const path = pathOf(options.file);
  const isNew = !existsSync(path);
  const begun = readOrBegin(path);
  const users = begun.filter((user) => !isNew || user.name !== name);
  if (!isUserName(name)) {
    throw new CommandError(`a name must be 1 to 64 letters, digits and .@_+-, got: '${name}'`);
  }
  if (users.some((user) => user.name.toLowerCase() === name.toLowerCase())) {
    throw new CommandError(`the user '${name}' is in ${path} already`);
  }
  if (options.workspace !== undefined && !isWorkspaceName(options.workspace)) {
    throw new CommandError(
      `a workspace has a name of 2 to 63 lower-case letters, digits and '-', got: '${options.workspace}'`,
    );
  }
  for (const variable of [options.passwordVariable, options.hashVariable]) {
    if (variable !== undefined && !isVariableName(variable)) {
      throw new CommandError(`a Terraform variable has a name of letters, digits and '_', got: '${variable}'`);
    }
  }
  const { role, workspace, passwordVariable, hashVariable } = options;
  const given = { name, role, workspace, passwordVariable, hashVariable };
  const itself = (passwordVariable ?? hashVariable) ? undefined : begun.find((user) => user.name === name);
  write(path, [...users, { ...itself, ...given }]);
  const kept = isNew ? users.map(stays) : [];
  const added = `User '${name}' with the role ${role} is in ${path}.`;
  console.log([added, ...kept, next(passwordVariable ?? hashVariable)].join("\n"));
}

/** Takes a user out of the file. */
export function removeUser(name: string, { file }: UsersOptions): void {
  const path = pathOf(file);
  const users = read(path);
  requireUser(path, users, name);
  write(
    path,
    users.filter((user) => user.name !== name),
  );
  console.log(`User '${name}' is no longer in ${path}.\n${next()}`);
}

/** Makes the next deployment generate another password for a user. */
export function rotateUser(name: string, { file }: UsersOptions): void {
  const path = pathOf(file);
  const users = readOrBegin(path);
  const user = requireUser(path, users, name);
  const variable = user.passwordVariable ?? user.hashVariable;
  if (variable !== undefined) {
    throw new CommandError(
      `the password of '${name}' is not generated`,
      `Give the variable another value: export TF_VAR_${variable}=…, then ${commandLine("up")}`,
    );
  }
  write(
    path,
    users.map((other) => (other === user ? { ...user, generation: (user.generation ?? 1) + 1 } : other)),
  );
  console.log(`User '${name}' gets another password.\n${next()}`);
}

function pathOf(file: string | undefined): string {
  return file ?? (process.env.MLFLOW_USERS_FILE || USERS_FILE);
}

function read(path: string): UserEntry[] {
  return existsSync(path) ? readUserEntries(path) : [];
}

/** The users of the file, or those that the stack has without it. */
function readOrBegin(path: string): UserEntry[] {
  if (existsSync(path)) return read(path);
  const { AUTH_USERNAME: name, AUTH_PASSWORD: password, OAUTH2_CLIENT_ID: issuer } = process.env;
  if (issuer && !name && !password) return [];
  const admin = { name: name || "admin", role: Role.ADMIN };
  if (password) return [{ ...admin, passwordVariable: terraformVariable("AUTH_PASSWORD") }];
  return [name ? admin : { ...admin, generation: 0 }];
}

function stays({ name, passwordVariable }: UserEntry): string {
  const password =
    passwordVariable === undefined
      ? "its password"
      : `its password, from then on by export TF_VAR_${passwordVariable}=…`;
  const without = process.env.AUTH_USERNAME || process.env.AUTH_PASSWORD;
  return `User '${name}' stays, with ${password}.${without ? " Unset AUTH_USERNAME and AUTH_PASSWORD." : ""} To take it out: ${commandLine("users", "remove", name)}`;
}

function requireUser(path: string, users: UserEntry[], name: string): UserEntry {
  const user = users.find((candidate) => candidate.name === name);
  if (user) return user;
  const names = users.map((candidate) => candidate.name).join(", ");
  throw new CommandError(`there is no user '${name}' in ${path}`, `It has: ${names || "nobody"}.`);
}

// One user a line, for small diffs. Written aside and renamed, so that a crash leaves no half file.
function write(path: string, users: UserEntry[]): void {
  if (!users.some(({ role }) => role === Role.ADMIN)) {
    throw new CommandError(
      `${path} would have no admin, so nothing was changed`,
      `Add one: ${commandLine("users", "add", "<name>", "--role", "admin")}`,
    );
  }
  const lines = users.map((user) => `  ${JSON.stringify(user)}`);
  writeFileSync(`${path}.unfinished`, `[\n${lines.join(",\n")}\n]\n`);
  renameSync(`${path}.unfinished`, path);
}

function originOf({ passwordVariable, hashVariable, generation }: UserEntry): string {
  if (passwordVariable !== undefined) return `variable ${passwordVariable}`;
  if (hashVariable !== undefined) return `hash in variable ${hashVariable}`;
  if (generation === 0) return "generated, of the default admin";
  return generation === undefined ? "generated" : `generated, number ${generation}`;
}

function next(variable?: string): string {
  const first = variable === undefined ? "" : `export TF_VAR_${variable}=…, then `;
  return `It takes effect with the next deployment: ${first}${commandLine("up")}`;
}
