import type { EnvironmentVariable, NeededSetting } from "./environment-variable";
import { ENVIRONMENT_VARIABLES } from "./environment-variables";
import type { VariableName } from "./environment-variables";
import { ValidationError } from "../values/errors";

type Value = (name: VariableName) => string | undefined;
type Needed = NeededSetting & { readonly name: VariableName };

interface Declared extends EnvironmentVariable {
  readonly names: readonly VariableName[];
  readonly needs?: Needed;
}

const VARIABLES: readonly Declared[] = ENVIRONMENT_VARIABLES;

/**
 * Fails on variables that nothing would read: a login or a certificate that somebody has set up would silently be another.
 *
 * @param value the value of a variable, where it is set.
 */
export function refuseIgnored(value: Value): void {
  const missing = VARIABLES.map(({ needs }) => needs).find((needs) => needs && namesFor(needs, value).length > 0);
  if (!missing) return;

  const setting = missing.value === undefined ? missing.name : `${missing.name}=${missing.value}`;
  throw new ValidationError(
    "IgnoredVariable",
    `${namesFor(missing, value).join(", ")} must not be set without ${setting}, because nothing would come of it: set both, or neither`,
  );
}

/** What is set for nothing, because the setting that it needs is not there. */
function namesFor(needed: Needed, value: Value): VariableName[] {
  const actual = value(needed.name);
  if (actual === undefined ? needed.byDefault : needed.value === undefined || actual === needed.value) return [];
  // a switch that is off asks for nothing.
  return VARIABLES.filter(({ needs }) => needs === needed)
    .flatMap(({ names }) => names)
    .filter((name) => ![undefined, "false"].includes(value(name)));
}
