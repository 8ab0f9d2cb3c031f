import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuthMethod, UsersFile } from "../../../lib";
import { mlflowStack, synth } from "../../support/stacks/synth";
import { addUser, listUsers, removeUser, rotateUser } from "../../../cli/commands/users";

let folder: string;
let file: string;
let printed: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "users-"));
  file = join(folder, "users.json");
  printed = [];
  jest.spyOn(console, "log").mockImplementation((line: string) => void printed.push(line));
});

afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const content = () => readFileSync(file, "utf8");

function withUsers(...lines: string[]): void {
  writeFileSync(file, `[\n${lines.map((line) => `  ${line}`).join(",\n")}\n]\n`);
}

const ADA = '{"name":"ada","role":"admin"}';

describe("mlflow-stack users", () => {
  test("add writes one line a user, and leaves the others as they are", () => {
    withUsers(ADA);
    addUser("ci", { file, role: "write", passwordVariable: "ci_password" });

    expect(content()).toBe(`[\n  ${ADA},\n  {"name":"ci","role":"write","passwordVariable":"ci_password"}\n]\n`);
    expect(printed.at(-1)).toContain("export TF_VAR_ci_password=…, then ");
    expect(readdirSync(folder)).toEqual(["users.json"]);
  });

  test("add knows workspaces, by names that MLflow takes", () => {
    withUsers(ADA);
    addUser("ci", { file, role: "write", workspace: "team-a" });

    expect(content()).toBe(`[\n  ${ADA},\n  {"name":"ci","role":"write","workspace":"team-a"}\n]\n`);
    listUsers({ file });
    expect(printed.at(-1)).toMatch(/ci +│ write +│ team-a +│ generated/);
    expect(() => addUser("bob", { file, role: "read", workspace: "Team A" })).toThrow(
      "a workspace has a name of 2 to 63 lower-case letters, digits and '-', got: 'Team A'",
    );
  });

  test("remove deletes one line", () => {
    withUsers(ADA, '{"name":"bob","role":"read"}');
    removeUser("bob", { file });

    expect(content()).toBe(`[\n  ${ADA}\n]\n`);
  });

  test("rotate increments the number of the password", () => {
    withUsers(ADA);
    rotateUser("ada", { file });
    rotateUser("ada", { file });

    expect(content()).toBe('[\n  {"name":"ada","role":"admin","generation":3}\n]\n');
  });

  test("list shows the source of each password, and never a password", () => {
    withUsers(ADA, '{"name":"ci","role":"write","passwordVariable":"ci_password"}');
    listUsers({ file });

    expect(printed[0]).toMatch(/ada +│ admin +│ +│ generated/);
    expect(printed[0]).toMatch(/ci +│ write +│ +│ variable ci_password/);
  });

  test.each([
    ["a name twice", () => addUser("Ada", { file, role: "read" }), "the user 'Ada' is in FILE already"],
    [
      "a name with a colon",
      () => addUser("a:b", { file, role: "read" }),
      "a name must be 1 to 64 letters, digits and .@_+-, got: 'a:b'",
    ],
    [
      "a name that means a folder",
      () => addUser("..", { file, role: "read" }),
      "a name must be 1 to 64 letters, digits and .@_+-, got: '..'",
    ],
    [
      "a password in the place of a variable",
      () => addUser("bob", { file, role: "read", passwordVariable: "not a name" }),
      "a Terraform variable has a name of letters, digits and '_', got: 'not a name'",
    ],
    ["nobody to remove", () => removeUser("bob", { file }), "there is no user 'bob' in FILE"],
    ["nobody to rotate", () => rotateUser("bob", { file }), "there is no user 'bob' in FILE"],
    ["the last admin", () => removeUser("ada", { file }), "FILE would have no admin, so nothing was changed"],
  ])("refuses %s, and changes nothing", (_title, command, message) => {
    withUsers(ADA);

    expect(command).toThrow(message.replace("FILE", file));
    expect(content()).toBe(`[\n  ${ADA}\n]\n`);
  });

  test("refuses to rotate a password that is not generated", () => {
    withUsers('{"name":"ada","role":"admin","passwordVariable":"ada_password"}');

    expect(() => rotateUser("ada", { file })).toThrow("the password of 'ada' is not generated");
  });

  describe("without a file", () => {
    const BOB = '{"name":"bob","role":"read"}';
    const begin = (variables: NodeJS.ProcessEnv = {}, name = "bob") => {
      const before = process.env;
      process.env = { ...before, ...variables };
      try {
        addUser(name, { file, role: name === "bob" ? "read" : "admin" });
      } finally {
        process.env = before;
      }
      return content();
    };
    const resources = (auth: AuthMethod) => {
      const { random_password: passwords, docker_container: containers } = synth(mlflowStack({ auth })).resource;
      const { upload } = Object.values(containers ?? {}).find(({ name }) => name === "mlflow-gateway")!;
      const hash = upload.find((entry: { file: string }) => entry.file === "/run/secrets/users/admin").content;
      return { passwords, hash };
    };

    test("add keeps the default admin, and the address of its password", () => {
      expect(begin()).toBe(`[\n  {"name":"admin","role":"admin","generation":0},\n  ${BOB}\n]\n`);
      expect(printed.at(-1)).toContain("User 'admin' stays, with its password. To take it out: ");

      const before = resources(AuthMethod.basic());
      const after = resources(AuthMethod.basic({ users: UsersFile.read(file) }));
      expect(after.hash).toBe(before.hash);
      expect(after.passwords).toMatchObject(before.passwords!);
    });

    test("add keeps the admin of AUTH_USERNAME and AUTH_PASSWORD", () => {
      expect(begin({ AUTH_USERNAME: "ada" })).toBe(`[\n  ${ADA},\n  ${BOB}\n]\n`);
      rmSync(file);
      expect(begin({ AUTH_PASSWORD: "a password of this test" })).toBe(
        `[\n  {"name":"admin","role":"admin","passwordVariable":"auth_password"},\n  ${BOB}\n]\n`,
      );
      expect(printed.at(-1)).toContain(
        "User 'admin' stays, with its password, from then on by export TF_VAR_auth_password=…. Unset AUTH_USERNAME and AUTH_PASSWORD.",
      );
    });

    test("add of the default admin itself keeps the password, too", () => {
      expect(begin({}, "admin")).toBe('[\n  {"name":"admin","role":"admin","generation":0}\n]\n');
    });

    test("add requires an admin with a password beside single sign-on, which has none", () => {
      expect(() => begin({ OAUTH2_CLIENT_ID: "mlflow" })).toThrow("would have no admin, so nothing was changed");
      expect(existsSync(file)).toBe(false);
    });

    test("rotate gives the default admin another password", () => {
      rotateUser("admin", { file });
      expect(content()).toBe('[\n  {"name":"admin","role":"admin","generation":1}\n]\n');
    });
  });
});
