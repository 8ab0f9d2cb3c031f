import { Token } from "cdktf";
import type { SecretValue } from "./secret";

/**
 * Escapes a text so that Terraform reads exactly these characters.
 *
 * Terraform reads every string of its JSON syntax as a template. A text that contains a reference of CDKTF is unchanged.
 */
export function literal(text: string): string {
  return Token.isUnresolved(text) ? text : text.replaceAll(/[$%](?=\{)/g, (sign) => sign + sign);
}

/** A text with secrets in it, written as a tagged template. The result is as secret as its parts. */
export function secretText(strings: TemplateStringsArray, ...values: (SecretValue | string | number)[]): string {
  return strings
    .map((text, index) => {
      const value = values[index];
      if (value === undefined) return literal(text);
      return literal(text) + (typeof value === "object" ? value.unsafeUnwrap() : literal(String(value)));
    })
    .join("");
}
