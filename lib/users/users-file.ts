import { readFileSync } from "node:fs";
import { decodeText } from "../values/decode-text";
import { ValidationError } from "../values/errors";
import type { Role } from "./role";
import { Secret } from "../secrets/secret";
import type { UserOptions } from "./user";
import { UserPassword } from "./user-password";
import { isVariableName } from "./names";

const KEYS = ["name", "role", "workspace", "passwordVariable", "hashVariable", "generation"];

/** A user in `users.json`: name and role, never a password. */
export interface UserEntry {
  /** Name to log in with. */
  readonly name: string;

  /** `admin`, `write` or `read`. */
  readonly role: string;

  /**
   * The workspace of the user while workspaces are on.
   *
   * @default - the workspace named `default`
   */
  readonly workspace?: string;

  /**
   * Terraform variable with the password.
   *
   * @default - the password is generated
   */
  readonly passwordVariable?: string;

  /**
   * Terraform variable with the bcrypt hash of the password.
   *
   * @default - the password is generated
   */
  readonly hashVariable?: string;

  /**
   * Number of the generated password. `mlflow-stack users rotate` increments it. 0 is the password that `admin` had
   * before there was a file.
   *
   * @default - the first one
   */
  readonly generation?: number;
}

/** The users in a file that is versioned and reviewed like code. */
export class UsersFile {
  /**
   * Reads the users of a JSON file: `[{ "name": "ada", "role": "admin" }, …]`.
   *
   * @param path path of the file, from the current folder.
   * @throws ValidationError when the file cannot be read or has another form.
   */
  public static read(path: string): UserOptions[] {
    return readUserEntries(path).map((entry) => ({
      name: entry.name,
      // The authentication method checks the roles of all users.
      role: entry.role as Role,
      workspace: entry.workspace,
      password: passwordOf(entry),
    }));
  }
}

/** The entries of a file of users, unchanged, for the command that edits it. */
export function readUserEntries(path: string): UserEntry[] {
  const content = parse(path);
  if (!Array.isArray(content)) throw refusal(path, "must hold a list of users");
  for (const entry of content as unknown[]) validateEntry(path, entry);
  return content as UserEntry[];
}

function parse(path: string): unknown {
  try {
    return JSON.parse(decodeText(readFileSync(path)));
  } catch (error) {
    throw refusal(path, `cannot be read: ${(error as Error).message}`);
  }
}

function validateEntry(path: string, entry: unknown): void {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
    throw refusal(path, 'must hold objects such as { "name": "ada", "role": "admin" }');
  }
  const { name, role, workspace, passwordVariable, hashVariable, generation } = entry as { [key: string]: unknown };
  if (typeof name !== "string" || typeof role !== "string")
    throw refusal(path, "must give each user a name and a role");
  for (const key of Object.keys(entry)) {
    // A password must not get into the file unnoticed. The message does not repeat its value.
    if (!KEYS.includes(key)) {
      throw refusal(path, `must have no '${key}' for user '${name}'; allowed: ${KEYS.join(", ")}`);
    }
  }
  if (workspace !== undefined && typeof workspace !== "string") {
    throw refusal(path, `must give user '${name}' the name of a workspace`);
  }
  for (const variable of [passwordVariable, hashVariable]) {
    if (variable !== undefined && (typeof variable !== "string" || !isVariableName(variable))) {
      throw refusal(path, `must give user '${name}' the name of a Terraform variable, not a value`);
    }
  }
  if (passwordVariable !== undefined && hashVariable !== undefined) {
    throw refusal(path, `must give user '${name}' a passwordVariable or a hashVariable`);
  }
  if (generation !== undefined && (!Number.isInteger(generation) || (generation as number) < 0)) {
    throw refusal(path, `must give user '${name}' a generation that is a whole number`);
  }
}

function passwordOf({ passwordVariable, hashVariable, generation }: UserEntry): UserPassword {
  if (passwordVariable !== undefined) return UserPassword.of(Secret.variable(passwordVariable));
  if (hashVariable !== undefined) return UserPassword.bcryptHash(Secret.variable(hashVariable));
  return generation === 0 ? UserPassword.ofDefaultAdmin() : UserPassword.generated(generation);
}

function refusal(path: string, problem: string): ValidationError {
  return new ValidationError("UsersFile", `${path} ${problem}`);
}
