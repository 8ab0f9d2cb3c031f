import type { TerraformStack } from "cdktf";
import type { IConstruct } from "constructs";
import { namesSecret } from "../secrets/secret-names";
import { texts } from "./terraform-block";
import type { Block } from "./terraform-block";

const REMEDY = "hand it over in a file, by 'upload'";
// a switch, a number, or the path of a file is no secret.
const HARMLESS = /^(?:|true|false|on|off|yes|no|[\d.]+|\/.*)$/i;
const ADDRESS_WITH_PASSWORD = /:\/\/[^/\s:@]*:[^/\s@]+@/;
// random_password, random_bytes, tls_private_key, aws_secretsmanager_secret_version …
const SECRET_RESOURCE =
  /(?<![.\w-])(?:\w*(?:password|secret|token|credential|private_key)\w*|random_bytes)\.[\w-]+(?:\[[^\]]*\])?\.\w/;
const VARIABLE = /(?<![.\w-])var\.([\w-]+)/g;

/** Secrets that stand where everyone sees them who may inspect a container. Never repeats one. */
export function exposedSecrets(container: Block, stack: TerraformStack): string[] {
  const environment = texts(container.env).flatMap((entry) => {
    const [, name = "a variable", value = entry] = /^([^=]*)=([^]*)$/.exec(entry) ?? [];
    const secret =
      refersToSecret(value, stack) || ADDRESS_WITH_PASSWORD.test(value) || (namesSecret(name) && !HARMLESS.test(value));
    return secret ? [`'env' shows a secret in ${name}; ${REMEDY}`] : [];
  });
  const elsewhere = ["command", "entrypoint", "labels", "healthcheck"].filter((attribute) =>
    texts(container[attribute]).some((text) => refersToSecret(text, stack)),
  );
  return [...environment, ...elsewhere.map((attribute) => `'${attribute}' shows a secret; ${REMEDY}`)];
}

function refersToSecret(text: string, stack: TerraformStack): boolean {
  if (!text.includes("${")) return false;
  return (
    SECRET_RESOURCE.test(text) || [...text.matchAll(VARIABLE)].some(([, name]) => isSensitiveVariable(name, stack))
  );
}

function isSensitiveVariable(name: string | undefined, stack: TerraformStack): boolean {
  return stack.node.findAll().some((construct: IConstruct & { friendlyUniqueId?: string; sensitive?: boolean }) => {
    return construct.friendlyUniqueId === name && construct.sensitive === true;
  });
}
