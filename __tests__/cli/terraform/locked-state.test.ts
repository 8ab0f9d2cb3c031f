import { lockedState } from "../../../cli/terraform/locked-state";

// As Terraform 1.11.4 prints it.
const DETAIL = `Error message: resource temporarily unavailable
Lock Info:
  ID:        2a9bfb42-4159-50c0-f04c-03d14c405712
  Path:      terraform.tfstate
  Operation: OperationTypeApply
  Who:       ada@build
  Version:   1.11.4
  Created:   2026-11-29 23:24:44.59673837 +0000 UTC
  Info:

Terraform acquires a state lock to protect the state from being written
by multiple users at the same time.`;

const IN_FOLDER = "terraform -chdir=cdktf.out/stacks/mlflow";

test("a state that another Terraform holds is told by its holder, with the way out if that was killed", () => {
  const summary = "Error acquiring the state lock";

  expect(lockedState([{ severity: "error", summary, detail: DETAIL }], IN_FOLDER)).toMatchObject({
    message:
      "the state is locked: ada@build has held it since 2026-11-29 23:24:44.59673837 +0000 UTC (OperationTypeApply); nothing was changed",
    remedy: expect.stringContaining(`${IN_FOLDER} force-unlock 2a9bfb42-4159-50c0-f04c-03d14c405712`) as string,
  });
  expect(lockedState([{ severity: "error", summary, detail: "no credentials" }], IN_FOLDER)).toBeUndefined();
  expect(lockedState([{ severity: "error", summary: "Invalid value" }], IN_FOLDER)).toBeUndefined();
});
