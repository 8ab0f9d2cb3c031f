import { mentionsSecret } from "../../lib/secrets/secret-names";
import type { Environment } from "./environment";

/** Stands in place of a secret. It is no markup in any format. */
export const MASK = "(secret)";

/** Characters of the shortest secret that is looked for: shorter ones are words that occur in ordinary text. */
export const MIN_LENGTH = 6;

/** A text without secrets. */
export interface Redacted {
  readonly text: string;

  /** In how many places a secret stood. */
  readonly found: number;
}

/**
 * Takes secrets out of a text, in every spelling in which programs print them: plain, as JSON, in a shell's quotes, in
 * addresses, in base64 at any position, in hexadecimal and in HTML.
 */
export class Redaction {
  /**
   * The secrets of an environment: variables for Terraform, those whose names speak of a secret, and the password in
   * `DB_URL`.
   */
  public static ofEnvironment(environment: Environment): Redaction {
    const redaction = new Redaction();
    for (const [name, value] of Object.entries(environment)) {
      // A path is no secret, and a message about the file has to name it.
      if (/^TF_VAR_/i.test(name) || (mentionsSecret(name) && !/_(FILE|PATH)$/i.test(name))) redaction.add(value);
    }
    redaction.add(passwordOf(environment.DB_URL));
    return redaction;
  }

  // Spellings by their first characters, so that a text is read once, however many secrets there are.
  readonly #spellings = new Map<string, Set<string>>();

  constructor(secrets: Iterable<string> = []) {
    for (const secret of secrets) this.add(secret);
  }

  /** Takes out this value, too, and each line of it. */
  public add(secret: string | undefined): void {
    const trimmed = secret?.trim() ?? "";
    for (const part of new Set([trimmed, ...trimmed.split("\n").map((line) => line.trim())])) {
      if (part.length >= MIN_LENGTH) this.addPart(part);
    }
  }

  /** A text without the secrets. */
  public apply(text: string): string {
    return this.check(text).text;
  }

  /** A text without the secrets, and in how many places there were some. */
  public check(text: string): Redacted {
    if (this.#spellings.size === 0) return { text, found: 0 };
    const parts: string[] = [];
    let found = 0;
    let copied = 0;
    for (let at = 0; at + MIN_LENGTH <= text.length; at += 1) {
      const secret = this.longestAt(text, at);
      if (secret === undefined) continue;
      parts.push(text.slice(copied, at), MASK);
      found += 1;
      copied = at + secret.length;
      at = copied - 1;
    }
    return { text: found === 0 ? text : parts.join("") + text.slice(copied), found };
  }

  // One secret may begin another.
  private longestAt(text: string, at: number): string | undefined {
    let longest: string | undefined;
    for (const spelling of this.#spellings.get(text.slice(at, at + MIN_LENGTH)) ?? []) {
      if (spelling.length > (longest?.length ?? 0) && text.startsWith(spelling, at)) longest = spelling;
    }
    return longest;
  }

  private addPart(secret: string): void {
    for (const spelling of spellingsOf(secret)) {
      const key = spelling.slice(0, MIN_LENGTH);
      const known = this.#spellings.get(key);
      if (known) known.add(spelling);
      else this.#spellings.set(key, new Set([spelling]));
    }
  }
}

function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, "utf8");
  const json = JSON.stringify(secret).slice(1, -1);
  const hex = bytes.toString("hex");
  const url = encodeURIComponent(secret);
  const spellings = [
    secret,
    json,
    // Go's JSON.
    json.replaceAll("&", "\\u0026").replaceAll("<", "\\u003c").replaceAll(">", "\\u003e"),
    // Inside the single quotes of a shell.
    secret.replaceAll("'", String.raw`'\''`),
    url,
    url.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    new URLSearchParams([["", secret]]).toString().slice(1),
    hex,
    hex.toUpperCase(),
    ...[0, 1, 2].flatMap((offset) => base64At(bytes, offset)),
    ...["&#39;", "&#x27;", "&apos;", "'"].map((quote) => html(secret, quote)),
  ];
  return [...new Set(spellings)].filter((spelling) => spelling.length >= MIN_LENGTH);
}

// Without the characters at both ends, which depend on the bytes beside the secret.
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

function passwordOf(address: string | undefined): string | undefined {
  if (!address || !URL.canParse(address)) return undefined;
  const { password } = new URL(address);
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}
