/** A table, padded as prettier does it, so that a new table is a formatted one. */
export function table(head: string[], lines: string[][]): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...lines].map((line) => line[column]?.length ?? 0)));
  const row = (cells: string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [row(head), row(widths.map((width) => "-".repeat(width))), ...lines.map(row)].join("\n");
}

/** A text in lines of at most 120 characters. */
export function paragraph(text: string, indent = ""): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = `${lines.at(-1) ?? indent} ${word}`;
    if (lines.length === 0 || line.length > 120) lines.push(`${indent}${word}`);
    else lines[lines.length - 1] = line;
  }
  return lines.join("\n");
}

/** A part of a text that a program writes: between `<!-- name: begin -->` and `<!-- name: end -->`. */
export class GeneratedPart {
  readonly #begin: string;
  readonly #end: string;

  constructor(name: string) {
    this.#begin = `<!-- ${name}: begin -->`;
    this.#end = `<!-- ${name}: end -->`;
  }

  /** The text with another content between the marks. @throws Error when one of them is missing. */
  public replace(text: string, content: string): string {
    const [begin, end] = [text.indexOf(this.#begin), text.indexOf(this.#end)];
    if (begin < 0 || end < begin) throw new Error(`the marks ${this.#begin} and ${this.#end} are missing`);
    return `${text.slice(0, begin)}${this.#begin}\n\n${content}\n\n${text.slice(end)}`;
  }
}
