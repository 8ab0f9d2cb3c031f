import { DataSize } from "../../../lib/values/data-size";

describe("DataSize", () => {
  test("converts gibibytes to mebibytes", () => {
    expect(DataSize.gibibytes(1.5).toMebibytes()).toBe(1536);
  });

  test.each([0, -1, 0.5])("fails on %s MiB", (amount) => {
    expect(() => DataSize.mebibytes(amount)).toThrow(
      `a size must be a whole number of mebibytes above 0, got: ${amount}`,
    );
  });
});
