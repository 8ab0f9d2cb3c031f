import type { EnvironmentReader } from "./environment-reader";
import { ENVIRONMENT_VARIABLES } from "./environment-variables";
import type { VariableName } from "./environment-variables";
import { ValidationError } from "../values/errors";
import { settingText } from "./variable-declaration";
import type { NeededSetting, VariableDeclaration } from "./variable-declaration";

type Needed = NeededSetting & { readonly name: VariableName };

interface Declared extends VariableDeclaration {
  readonly names: readonly VariableName[];
  readonly needs?: Needed;
}

const VARIABLES: readonly Declared[] = ENVIRONMENT_VARIABLES;

/**
 * Rejects variables that would have no effect. Otherwise a login or a certificate that somebody configured would
 * silently not be used.
 */
export function rejectUnusedVariables(environment: EnvironmentReader): void {
  const missing = VARIABLES.map(({ needs }) => needs).find(
    (needed) => needed && unusedWithout(needed, environment).length > 0,
  );
  if (!missing) return;

  throw new ValidationError(
    "IgnoredVariable",
    `${unusedWithout(missing, environment).join(", ")} must not be set without ${settingText(missing)}, because it would have no effect: set both, or neither`,
  );
}

/** The variables that are set although the setting that they need is missing. */
function unusedWithout(needed: Needed, environment: EnvironmentReader): VariableName[] {
  const actual = environment.value(needed.name);
  if (actual === undefined ? needed.byDefault : hasEffect(needed, actual)) return [];
  // A switch that is off needs nothing.
  return VARIABLES.filter(({ needs }) => needs === needed)
    .flatMap(({ names }) => names)
    .filter((name) => ![undefined, "false"].includes(environment.value(name)));
}

function hasEffect({ value = "", beginning = "" }: Needed, actual: string): boolean {
  return actual.startsWith(beginning) && (value === "" || actual === value);
}
