import { StackEnvironment } from "../../../lib";
import { BASE_URL, MEASURED_CHANGES } from "../../support/plans/measured-changes";
import { TRUTHS } from "../../support/plans/truth";
import { mlflowStack, synth } from "../../support/stacks/synth";

const SAME = ["nothing", "password-renewed", "everything-goes"];

describe("Changes that the soak tests apply", () => {
  const synthesized = ({ variables, props = (base) => base }: Partial<(typeof MEASURED_CHANGES)[number]>) =>
    synth(mlflowStack(props(new StackEnvironment({ MLFLOW_URL: BASE_URL, ...variables }).props()), "e2e-truth"));

  test("are 30 of the corpus or more", () => {
    const plans = MEASURED_CHANGES.map(({ plan }) => plan);

    expect(plans.filter((plan) => TRUTHS[plan] === undefined)).toEqual([]);
    expect(new Set(plans).size).toBeGreaterThanOrEqual(30);
  });

  test("are stacks that the library accepts, and that differ from the one before", () => {
    const base = JSON.stringify(synthesized({}).resource);
    const same = MEASURED_CHANGES.filter((change) => {
      const stack = synthesized(change);
      change.edit?.(stack);
      return JSON.stringify(stack.resource) === base;
    });

    expect(same.map(({ plan }) => plan)).toEqual(SAME);
  });
});
