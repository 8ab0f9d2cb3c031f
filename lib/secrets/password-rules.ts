import { MAX_PASSWORD_BYTES } from "../contract/logins";
import type { SecretValue } from "./secret";

const MIN_LENGTH = 12;
// Passwords of compose files, charts and tutorials.
const KNOWN = [
  "adminadminadmin",
  "administrator",
  "changeme1234",
  "changemechangeme",
  "changemeplease",
  "minioadmin123",
  "minioadminminioadmin",
  "mlflowmlflow",
  "password1234",
  "passwordpassword",
  "postgrespostgres",
];

/** The messages about refused passwords. */
export const PASSWORD_RULES = {
  length: `The password must have at least ${MIN_LENGTH} characters; defaults such as changeme are refused on purpose.`,
  bytes: `The password must have at most ${MAX_PASSWORD_BYTES} bytes, because bcrypt ignores what follows.`,
  known: "The password must not be one that examples ship with.",
};

/** The first rule that a password breaks, for callers that have the value. */
export function brokenPasswordRule(password: string): string | undefined {
  if ([...password].length < MIN_LENGTH) return PASSWORD_RULES.length;
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return PASSWORD_RULES.bytes;
  return KNOWN.includes(password.toLowerCase()) ? PASSWORD_RULES.known : undefined;
}

/** The same rules for a value that only Terraform knows. */
export function requireGoodPassword(password: SecretValue): void {
  password.require(`length(VALUE) >= ${MIN_LENGTH}`, PASSWORD_RULES.length);
  // Terraform's length() counts characters; four of base64 stand for three bytes.
  password.require(`length(base64encode(VALUE)) <= ${(MAX_PASSWORD_BYTES / 3) * 4}`, PASSWORD_RULES.bytes);
  password.require(`!contains(${JSON.stringify(KNOWN)}, lower(VALUE))`, PASSWORD_RULES.known);
}
