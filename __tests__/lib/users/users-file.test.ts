import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuthMethod, UsersFile } from "../../../lib";
import { mlflowStack } from "../../support/stacks/synth";

const folder = mkdtempSync(join(tmpdir(), "users-"));
const path = join(folder, "users.json");

afterAll(() => rmSync(folder, { recursive: true }));

function read(content: unknown) {
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return UsersFile.read(path);
}

describe("UsersFile", () => {
  test("reads names and roles", () => {
    const users = read([
      { name: "ada", role: "admin" },
      { name: "ci", role: "write", passwordVariable: "ci_password" },
      { name: "bob", role: "read", workspace: "team-a", generation: 3 },
    ]);

    expect(users.map(({ name, role, workspace }) => [name, role, workspace])).toEqual([
      ["ada", "admin", undefined],
      ["ci", "write", undefined],
      ["bob", "read", "team-a"],
    ]);
  });

  test.each<[string, Buffer]>([
    ["UTF-8 with a byte order mark", Buffer.from('\ufeff[{ "name": "ada", "role": "admin" }]')],
    ["UTF-16", Buffer.from('\ufeff[{ "name": "ada", "role": "admin" }]', "utf16le")],
  ])("reads what tools of Windows save, in %s", (_encoding, bytes) => {
    writeFileSync(path, bytes);

    expect(UsersFile.read(path).map(({ name }) => name)).toEqual(["ada"]);
  });

  test("lets one user have the password of the default admin", () => {
    const users = read(["ada", "bob"].map((name) => ({ name, role: "admin", generation: 0 })));

    expect(() => mlflowStack({ auth: AuthMethod.basic({ users }) })).toThrow(
      "only one user may have the password of the default admin, 'generation' 0 in a users file [mlflow/gateway]",
    );
  });

  const keys = "allowed: name, role, workspace, passwordVariable, hashVariable, generation";
  test.each([
    ["text that is no JSON", "users:", /cannot be read: .*JSON/],
    ["an object", {}, "must hold a list of users"],
    ["a list of names", ["ada"], 'must hold objects such as { "name": "ada", "role": "admin" }'],
    ["a user without a role", [{ name: "ada" }], "must give each user a name and a role"],
    [
      "a password",
      [{ name: "ada", role: "admin", password: "hunter2" }],
      `must have no 'password' for user 'ada'; ${keys}`,
    ],
    [
      "a number for a workspace",
      [{ name: "ada", role: "admin", workspace: 1 }],
      "must give user 'ada' the name of a workspace",
    ],
    [
      "a password in the place of a variable's name",
      [{ name: "ada", role: "admin", passwordVariable: "correct horse" }],
      "must give user 'ada' the name of a Terraform variable, not a value",
    ],
    [
      "two kinds of password",
      [{ name: "ada", role: "admin", passwordVariable: "a", hashVariable: "b" }],
      "must give user 'ada' a passwordVariable or a hashVariable",
    ],
    [
      "a generation that is no number",
      [{ name: "ada", role: "admin", generation: "2" }],
      "must give user 'ada' a generation that is a whole number",
    ],
  ])("fails on %s", (_title, content, message) => {
    if (typeof message === "string")
      expect(() => read(content)).toThrow(new RegExp(`^${escape(path)} ${escape(message)}$`));
    else expect(() => read(content)).toThrow(message);
  });

  test("fails on a missing file", () => {
    expect(() => UsersFile.read(join(folder, "none.json"))).toThrow(/none\.json cannot be read: ENOENT/);
  });
});

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
