import { inspect } from "node:util";
import { TerraformOutput, TerraformVariable } from "cdktf";
import { AuthMethod, BackendStore, Role, Secret, UserPassword } from "../../../lib";
import type { MlflowStackProps } from "../../../lib";
import { mlflowStack, synth, testStack } from "../../support/stacks/synth";

describe("Secret", () => {
  test.each([
    ["generated", Secret.generated()],
    ["a generated key", Secret.generatedKey()],
    ["a variable", Secret.variable("login")],
  ])("does not print when it is %s", (_kind, secret) => {
    const { stack } = testStack();
    const value = secret.bind(stack, "secret");

    expect(`${value}`).toBe("<secret>");
    expect(JSON.stringify({ value })).toBe('{"value":"<secret>"}');
    expect(inspect(value)).toBe("<secret>");
  });

  test("is as long as asked, and of letters and digits only", () => {
    const { stack } = testStack();
    Secret.generated({ length: 20 }).bind(stack, "secret");

    expect(synth(stack).resource.random_password).toEqual({ secret: { length: 20, special: false } });
  });

  test("declares a variable once, however many use it", () => {
    const { stack } = testStack();
    Secret.variable("login").bind(stack, "first");
    Secret.variable("login").bind(stack, "second");

    expect(synth(stack).variable).toEqual({ login: { type: "string", sensitive: true, nullable: false } });
  });

  test("takes a variable of the caller's", () => {
    const { stack } = testStack();
    const variable = new TerraformVariable(stack, "login", { type: "string", sensitive: true });

    const value = Secret.fromVariable(variable).bind(stack, "secret");
    new TerraformOutput(stack, "value", { value: value.unsafeUnwrap(), sensitive: true });

    expect(synth(stack).output?.value).toEqual({ value: "${var.login}", sensitive: true });
  });

  const USES: { [use: string]: (password: Secret) => MlflowStackProps } = {
    "a user": (password) => ({
      auth: AuthMethod.basic({ users: [{ name: "ada", role: Role.ADMIN, password: UserPassword.of(password) }] }),
    }),
    "a database": (password) => ({
      backendStore: BackendStore.external({
        host: "db.example.com",
        database: "mlflow",
        username: "mlflow",
        password,
      }),
    }),
    "a registry": (password) => ({
      engine: { registryLogins: [{ address: "mirror.example.com", username: "robot", password }] },
    }),
  };
  test.each(Object.entries(USES))("refuses for %s a variable with the name of anything in the stack", (_use, props) => {
    const taken = mlflowStack(props(Secret.variable("free_name"))).node.children.map(({ node }) => node.id);
    const names = [...taken.filter((name) => name !== "free_name"), "constructor"];
    const said = names.map((name) => {
      try {
        return mlflowStack(props(Secret.variable(name))).node.path;
      } catch (error) {
        return (error as Error).message;
      }
    });

    expect(names).toEqual(expect.arrayContaining(["network", "server", "gateway", "password", "volumes"]));
    expect(said).toEqual(
      names.map(
        (name) =>
          `a variable with a secret must have a name that nothing else in the stack has; choose another one, got: '${name}' [mlflow]`,
      ),
    );
  });

  test("fails on a variable that Terraform would print", () => {
    const { stack } = testStack();
    const variable = new TerraformVariable(stack, "login", { type: "string" });

    expect(() => Secret.fromVariable(variable)).toThrow(
      "a variable used as a secret must be declared with 'sensitive: true', got: 'login' [test/login]",
    );
  });
});
