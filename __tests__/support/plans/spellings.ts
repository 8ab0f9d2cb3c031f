/** A text as it stands in what a program prints, and the part of it that does not depend on what stands beside it. */
export interface Spelling {
  readonly how: string;
  readonly printed: string;
  readonly core: string;
}

const HTML: { readonly [sign: string]: string } = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** The spellings in which programs print a text. Not the command's own list: what that forgets is missed here. */
export function spellings(text: string): Spelling[] {
  const json = JSON.stringify(text).slice(1, -1);
  const bytes = [...Buffer.from(text)];
  const percent = (code: (byte: number) => string) =>
    bytes.map((byte) => (/[\w.!~*'()-]/.test(sign(byte)) ? sign(byte) : `%${code(byte)}`)).join("");
  const form = bytes
    .map((byte) => (byte === 0x20 ? "+" : /[\w.*-]/.test(sign(byte)) ? sign(byte) : `%${large(byte)}`))
    .join("");
  const whole: [string, string][] = [
    ["plain", text],
    ["JSON", json],
    ["JSON of Go", json.replaceAll(/[&<>]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`)],
    ["a shell", text.split("'").join("'\\''")],
    ["an address", percent(large)],
    ["an address, in lower case", percent(small)],
    ["a form", form],
    ["hexadecimal", bytes.map(small).join("")],
    ["hexadecimal, in upper case", bytes.map(large).join("")],
    ...["&#39;", "&#x27;", "&apos;", "'"].map((quote): [string, string] => [
      `HTML with ${quote}`,
      [...text].map((one) => (one === "'" ? quote : (HTML[one] ?? one))).join(""),
    ]),
  ];
  return [
    ...whole.map(([how, printed]) => ({ how, printed, core: printed })),
    ...(["base64", "base64url"] as const).flatMap((kind) =>
      ["", "a", "ab"].map((before) => {
        const [one, other] = [`${before}${text}cd`, `${before.replaceAll(/\w/g, "\x7f")}${text}\x7f`].map((around) =>
          Buffer.from(around).toString(kind),
        );
        return { how: `${kind} after ${before.length}`, printed: one ?? "", core: common(one ?? "", other ?? "") };
      }),
    ),
  ];
}

function sign(byte: number): string {
  return byte < 0x80 ? String.fromCharCode(byte) : "\u0000";
}

function small(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function large(byte: number): string {
  return small(byte).toUpperCase();
}

// what two texts have in common at the same place: without their ends.
function common(one: string, other: string): string {
  const differs = (at: number) => one[at] !== other[at];
  let [start, end] = [0, Math.min(one.length, other.length)];
  while (start < end && differs(start)) start += 1;
  let at = start;
  while (at < end && !differs(at)) at += 1;
  end = at;
  return one.slice(start, end);
}
