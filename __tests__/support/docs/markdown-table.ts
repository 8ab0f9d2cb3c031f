/** The rows of the table whose header begins so, by the names of the columns. */
export function markdownTable(text: string, header: string): { [column: string]: string }[] {
  const lines = text.split("\n");
  const begin = lines.findIndex((line) => line.startsWith(header));
  if (begin < 0) throw new Error(`no table begins with '${header}'`);
  const cells = (line: string) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
  const [first = "", , ...rest] = lines.slice(begin);
  const rows = rest.slice(
    0,
    rest.findIndex((line) => !line.startsWith("|")),
  );
  return rows.map((row) => Object.fromEntries(cells(first).map((name, i) => [name, cells(row)[i] ?? ""])));
}
