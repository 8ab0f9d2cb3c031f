import { MIN_LENGTH } from "./secrets";

/** What stands in the place of a secret. It is no markup in any format. */
export const MASK = "(secret)";

/** A text without secrets, and how many places had one. */
export interface Checked {
  readonly text: string;
  readonly found: number;
}

/**
 * Looks for secrets in what is about to be shown, in every encoding in which they may have got there: as they are, as
 * JSON, in addresses, in base64 at any position, in hexadecimal and in HTML.
 */
export class LeakCheck {
  // by their first characters, so that a text is read once, however many secrets there are.
  readonly #needles = new Map<string, string[]>();

  constructor(secrets: Iterable<string>) {
    const forms = new Set<string>();
    for (const secret of secrets) for (const form of encodings(secret)) forms.add(form);
    for (const form of forms) {
      const key = form.slice(0, MIN_LENGTH);
      const known = this.#needles.get(key);
      if (known) known.push(form);
      else this.#needles.set(key, [form]);
    }
    // the longest first: one secret may begin another.
    for (const forms of this.#needles.values()) forms.sort((a, b) => b.length - a.length);
  }

  public apply(text: string): Checked {
    if (this.#needles.size === 0) return { text, found: 0 };
    const parts: string[] = [];
    let found = 0;
    let copied = 0;
    for (let at = 0; at + MIN_LENGTH <= text.length; at += 1) {
      const needle = this.#needles.get(text.slice(at, at + MIN_LENGTH))?.find((form) => text.startsWith(form, at));
      if (needle === undefined) continue;
      parts.push(text.slice(copied, at), MASK);
      found += 1;
      copied = at + needle.length;
      at = copied - 1;
    }
    return { text: found === 0 ? text : parts.join("") + text.slice(copied), found };
  }
}

/** All spellings of a secret, each of 8 characters or more. */
export function encodings(secret: string): string[] {
  const bytes = Buffer.from(secret, "utf8");
  const hex = bytes.toString("hex");
  const url = encodeURIComponent(secret);
  const forms = [
    secret,
    JSON.stringify(secret).slice(1, -1),
    // as Go writes JSON.
    JSON.stringify(secret)
      .slice(1, -1)
      .replaceAll("&", "\\u0026")
      .replaceAll("<", "\\u003c")
      .replaceAll(">", "\\u003e"),
    url,
    url.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    new URLSearchParams([["", secret]]).toString().slice(1),
    hex,
    hex.toUpperCase(),
    ...[0, 1, 2].flatMap((offset) => base64At(bytes, offset)),
    ...["&#39;", "&#x27;", "&apos;", "'"].map((quote) => html(secret, quote)),
  ];
  return [...new Set(forms)].filter((form) => form.length >= MIN_LENGTH);
}

// without the characters at both ends that depend on what stands beside it.
function base64At(bytes: Buffer, offset: number): string[] {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
  const start = Math.ceil((offset * 8) / 6);
  const end = Math.floor(((offset + bytes.length) * 8) / 6);
  const core = text.slice(start, end);
  return [core, core.replaceAll("+", "-").replaceAll("/", "_")];
}

function html(secret: string, quote: string): string {
  return secret
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", quote);
}
