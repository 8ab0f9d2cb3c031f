const ENDING =
  /(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_KEY|SECRET_KEY|PRIVATE_KEY|CREDENTIALS?)$/i;
const WORD = /PASS|SECRET|KEY|TOKEN|CREDENTIAL/i;

/** Whether the value of a setting is a secret, by how its name ends: `DB_PASSWORD` holds one, `TOKEN_URL` does not. */
export function namesSecret(name: string): boolean {
  return ENDING.test(name);
}

/**
 * Whether the name of a setting speaks of a secret anywhere. For whatever hides values: a value too many does no harm
 * there.
 */
export function mentionsSecret(name: string): boolean {
  return WORD.test(name);
}
