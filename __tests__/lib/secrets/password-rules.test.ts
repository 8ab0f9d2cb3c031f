import { Secret } from "../../../lib";
import { brokenPasswordRule, requireGoodPassword } from "../../../lib/secrets/password-rules";
import { synth, testStack } from "../../support/stacks/synth";

const SHORT = "The password must have at least 12 characters; defaults such as changeme are refused on purpose.";
const LONG = "The password must have at most 72 bytes, because bcrypt ignores what follows.";
const KNOWN = "The password must not be one that examples ship with.";

describe("A login password", () => {
  test.each([
    ["with eleven characters", "a".repeat(11), SHORT],
    ["with eleven characters of several bytes", "ä".repeat(11), SHORT],
    ["with 73 bytes", "a".repeat(73), LONG],
    ["with 37 characters of two bytes each", "ä".repeat(37), LONG],
    ["of a tutorial, in any case", "Password1234", KNOWN],
  ])("%s is refused", (_what, password, rule) => {
    expect(brokenPasswordRule(password)).toBe(rule);
  });

  test.each([
    ["twelve characters", "a".repeat(12)],
    ["72 bytes", "a".repeat(72)],
    ["36 characters of two bytes each", "ä".repeat(36)],
  ])("with %s is accepted", (_what, password) => {
    expect(brokenPasswordRule(password)).toBeUndefined();
  });

  test("that only Terraform knows is checked by the variable, with the same messages", () => {
    const { stack } = testStack();
    requireGoodPassword(Secret.variable("login").bind(stack, "password"));
    const { validation } = (synth(stack) as unknown as { variable: { login: { validation: object[] } } }).variable
      .login;
    expect(validation).toEqual([
      { condition: "${length(var.login) >= 12}", error_message: SHORT },
      { condition: expect.stringContaining("<= 96") as string, error_message: LONG },
      { condition: expect.stringContaining('"password1234"') as string, error_message: KNOWN },
    ]);
  });
});
