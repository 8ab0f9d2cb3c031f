import type { VariableDeclaration } from "../lib/environment/variable-declaration";
import { ENVIRONMENT_VARIABLES } from "../lib/environment/environment-variables";
import { GeneratedPart, table } from "./markdown";

const VARIABLES: readonly VariableDeclaration[] = ENVIRONMENT_VARIABLES;

/** The README with the table of all environment variables as they are declared now. */
export function withSettings(readme: string): string {
  const lines = VARIABLES.map((variable) => [
    variable.names.map((name) => `\`${name}\``).join(", "),
    variable.description,
    variable.default,
    variable.terraformVariable ? `\`TF_VAR_${variable.terraformVariable}\`` : "",
  ]);
  return new GeneratedPart("settings").replace(
    readme,
    table(["variable", "what it does", "default", "secret, for Terraform"], lines),
  );
}
