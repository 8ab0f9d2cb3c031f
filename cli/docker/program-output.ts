import type { ProgramOutput } from "./inspected";

/** Both outputs of a program as one text. */
export function outputOf({
  exitCode,
  stdout,
  stderr,
}: {
  exitCode?: number;
  stdout: string;
  stderr: string;
}): ProgramOutput {
  return {
    exitCode,
    text: [stdout, stderr]
      .filter((text) => text !== "")
      .join("\n")
      .trim(),
  };
}

/** The last line that Docker or a program printed. */
export function lastLine(stderr: string): string {
  const lines = stderr.trim().split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("Run 'docker run --help'")).at(-1) ?? "";
}
