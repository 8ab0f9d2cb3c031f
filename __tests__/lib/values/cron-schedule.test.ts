import { Token } from "cdktf";
import { numericSchedule, requireSchedule } from "../../../lib/values/cron-schedule";
import { testStack } from "../../support/stacks/synth";

const { stack } = testStack();
const check = (schedule: string) => () => requireSchedule("schedule", schedule, stack);

describe("A schedule", () => {
  test.each([
    "@hourly",
    "@daily",
    "@weekly",
    "@monthly",
    "@yearly",
    "* * * * *",
    "15 3 * * *",
    "*/15 8-18/2 * * mon-fri",
    "0 3 1,15 JAN,jul *",
    "0  3\t* * 7",
    "0 3 29 2 *",
    "0 3 31 1-12 *",
    "0 3 30,31 2,4 *",
  ])("may be '%s'", (schedule) => {
    expect(check(schedule)).not.toThrow();
  });

  test.each([
    "",
    "hourly",
    "@reboot",
    "@midnight",
    "@every 1h",
    "15 3 * *",
    "0 15 3 * * *",
    " 15 3 * * *",
    "15 3 * * * ",
    "15 3 * * *\n16 4 * * *",
  ])("must have five fields or a known name: '%s'", (schedule) => {
    expect(check(schedule)).toThrow(
      `'schedule' must be five fields of cron, such as '15 3 * * *', or one of @hourly, @daily, @weekly, @monthly, @yearly, got: '${schedule}' [test]`,
    );
  });

  test.each([
    ["60 * * * *", "60", "a minute of 0 to 59"],
    ["* 24 * * *", "24", "an hour of 0 to 23"],
    ["* -1 * * *", "-1", "an hour of 0 to 23"],
    ["* * 0 * *", "0", "a day of the month of 1 to 31"],
    ["* * 32 * *", "32", "a day of the month of 1 to 31"],
    ["* * * 13 *", "13", "a month of 1 to 12"],
    ["* * * mon *", "mon", "a month of 1 to 12"],
    ["* * * * 8", "8", "a day of the week of 0 to 7"],
    ["* * * * fri-mon", "fri-mon", "a day of the week of 0 to 7"],
    ["30-10 * * * *", "30-10", "a minute of 0 to 59"],
    ["*/0 * * * *", "*/0", "a minute of 0 to 59"],
    ["5/15 * * * *", "5/15", "a minute of 0 to 59"],
    ["*-5 * * * *", "*-5", "a minute of 0 to 59"],
    ["1,,2 * * * *", "1,,2", "a minute of 0 to 59"],
    ["? * * * *", "?", "a minute of 0 to 59"],
    ["1.5 * * * *", "1.5", "a minute of 0 to 59"],
    ["* * L * *", "L", "a day of the month of 1 to 31"],
  ])("must have valid fields: '%s'", (schedule, field, rule) => {
    expect(check(schedule)).toThrow(
      `'schedule' must have ${rule}, '*', ranges, lists or steps of these, got: '${field}' in '${schedule}' [test]`,
    );
  });

  test.each([
    ["0 3 31 2 *", "2", "31"],
    ["0 3 30 feb *", "feb", "30"],
    ["0 3 31 4,6,9,11 *", "4,6,9,11", "31"],
    ["0 3 30-31 2 1", "2", "30-31"],
  ])("must name a day that exists: '%s'", (schedule, month, day) => {
    expect(check(schedule)).toThrow(
      `'schedule' must name a day that exists, because no month of '${month}' has a day of '${day}', got: '${schedule}' [test]`,
    );
  });

  test("is not looked at if only Terraform knows it", () => {
    expect(check(Token.asString({ resolve: () => "${var.schedule}" }))).not.toThrow();
  });
});

describe("A schedule in numbers", () => {
  test.each([
    ["@weekly", "0 0 * * 0"],
    ["15 3 * * *", "15 3 * * *"],
    ["0-59 */1 * * *", "* * * * *"],
    ["*/20 8-10,9 1 jan-mar mon", "0,20,40 8,9,10 1 1,2,3 1"],
  ])("'%s' is '%s'", (schedule, numbers) => {
    expect(numericSchedule("schedule", schedule, stack)).toBe(numbers);
  });

  test("is refused if it is malformed, or known only to Terraform", () => {
    expect(() => numericSchedule("schedule", "nightly", stack)).toThrow("five fields of cron");
    expect(() => numericSchedule("schedule", Token.asString({ ref: 1 }), stack)).toThrow("known before Terraform runs");
  });
});
