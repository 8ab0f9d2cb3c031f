import { settingText } from "../lib/environment/variable-declaration";
import type { VariableDeclaration } from "../lib/environment/variable-declaration";
import { ENVIRONMENT_VARIABLES } from "../lib/environment/environment-variables";
import { GeneratedPart, paragraph } from "./markdown";

const VARIABLES: readonly VariableDeclaration[] = ENVIRONMENT_VARIABLES;

/** The headings of the page, each by the variable that it stands before. */
export const HEADINGS = new Map([
  ["MLFLOW_URL", "Address and TLS"],
  ["MLFLOW_USERS_FILE", "Users with a password"],
  ["OAUTH2_CLIENT_ID", "Single sign-on"],
  ["DB_URL", "Database"],
  ["MLFLOW_S3_BUCKET", "Bucket and files"],
  ["BACKUP_TARGET", "Backups"],
  ["GC_SCHEDULE", "Garbage"],
  ["ACCESS_LOG_VOLUME", "Access log"],
  ["MLFLOW_IMAGE", "Images"],
  ["MLFLOW_STACK", "Stack and engine"],
]);

/** The page with all environment variables as they are declared now. */
export function withSettings(page: string): string {
  return new GeneratedPart("settings").replace(page, VARIABLES.map(settingOf).join("\n"));
}

function settingOf(variable: VariableDeclaration): string {
  const { names, description, needs, terraformVariable } = variable;
  const heading = HEADINGS.get(names[0] ?? "");
  const facts = [
    `Default: ${variable.default}.`,
    ...(needs ? [`Only with \`${settingText(needs)}\`.`] : []),
    ...(terraformVariable === undefined ? [] : [`Secret: \`TF_VAR_${terraformVariable}\`.`]),
  ];
  return [
    ...(heading === undefined ? [] : [`${variable === VARIABLES[0] ? "" : "\n"}## ${heading}\n`]),
    `- ${names.map((name) => `**\`${name}\`**`).join(", ")}\\`,
    `${paragraph(description, "  ")}\\`,
    paragraph(facts.join(" "), "  "),
  ].join("\n");
}
