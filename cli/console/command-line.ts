/** The line that runs a command, in the way in which the user ran this one: by `npm run` or by `npx mlflow-stack`. */
export function commandLine(command: string, ...options: string[]): string {
  // npm sets these variables for the scripts that it runs.
  const isScript = process.env.npm_package_name === "cdktf-mlflow" && process.env.npm_lifecycle_event !== "npx";
  const words = isScript
    ? ["npm", "run", command, ...(options.length > 0 ? ["--"] : [])]
    : ["npx", "mlflow-stack", command];
  return [...words, ...options].join(" ");
}
