/** How the user would call a command of this program, as they called this one. */
export function commandLine(command: string, ...options: string[]): string {
  // npm run tells its scripts who they are.
  const isScript = process.env.npm_package_name === "cdktf-mlflow" && process.env.npm_lifecycle_event !== "npx";
  const words = isScript
    ? ["npm", "run", command, ...(options.length > 0 ? ["--"] : [])]
    : ["npx", "mlflow-stack", command];
  return [...words, ...options].join(" ");
}
