import { inspect } from "node:util";
import { Bytes } from "@cdktf/provider-random/lib/bytes";
import { Password } from "@cdktf/provider-random/lib/password";
import { DataResource, Fn } from "cdktf";
import type { TerraformVariable } from "cdktf";
import type { Construct } from "constructs";
import { ValidationError } from "../values/errors";
import { secretVariable } from "./secret-variable";

// 32 letters and digits are 190 bits, and need no escaping in any file or address.
const LENGTH = 32;
// One check takes 0.2 s. Caddy checks each password once a process and remembers the outcome.
const BCRYPT_COST = 12;

/** Options of `Secret.generated()`. */
export interface GeneratedSecretOptions {
  /**
   * Number of letters and digits.
   *
   * @default 32
   */
  readonly length?: number;

  /**
   * A number whose change generates another value.
   *
   * @default - none
   */
  readonly generation?: number;
}

/**
 * A secret, and where its value comes from.
 *
 * It is a description. The construct that uses it calls `bind()` and gets a `SecretValue`. The synthesized JSON contains a
 * reference to the value, never the value.
 */
export abstract class Secret {
  /** Letters and digits that Terraform generates once and keeps in its state. */
  public static generated(options: GeneratedSecretOptions = {}): Secret {
    return new GeneratedSecret(options.length ?? LENGTH, options.generation);
  }

  /** 32 random bytes in URL-safe base64, as a Fernet key has to be. Generated once and kept in the Terraform state. */
  public static generatedKey(): Secret {
    return new GeneratedKey();
  }

  /**
   * The value of a sensitive Terraform variable of this name, which is declared in the stack on first use.
   *
   * @param name name of the variable; set it with `TF_VAR_<name>` when Terraform runs.
   */
  public static variable(name: string): Secret {
    return new VariableSecret((scope) => secretVariable(scope, name));
  }

  /**
   * The value of a Terraform variable of yours.
   *
   * @throws ValidationError when the variable is not declared with `sensitive: true`.
   */
  public static fromVariable(variable: TerraformVariable): Secret {
    if (!variable.sensitive) {
      throw new ValidationError(
        "SecretVariable",
        `a variable used as a secret must be declared with 'sensitive: true', got: '${variable.node.id}'`,
        variable,
      );
    }
    return new VariableSecret(() => variable);
  }

  /** Creates the resource or variable of the value in `scope`. The construct that uses the secret calls it once. */
  public abstract bind(scope: Construct, id: string): SecretValue;
}

/** A secret that is bound to a construct of a stack. Prints as `<secret>`. */
export abstract class SecretValue {
  readonly #reference: string;

  protected constructor(reference: string) {
    this.#reference = reference;
  }

  /** A bcrypt hash of the value that stays the same until the value changes. */
  public abstract bcryptHash(scope: Construct, id: string): string;

  /**
   * Makes Terraform refuse values for which `condition` is false. Does nothing for generated values.
   *
   * @param condition a Terraform expression in which `VALUE` stands for the value.
   * @param message what is allowed: a full sentence, as Terraform wants it.
   */
  public abstract require(condition: string, message: string): void;

  /** The reference to the value, for the content of a secret file and for nothing else. */
  public unsafeUnwrap(): string {
    return this.#reference;
  }

  /** Always `<secret>`. */
  public toString(): string {
    return "<secret>";
  }

  /** Always `<secret>`. */
  public toJSON(): string {
    return "<secret>";
  }

  /** @internal */
  public [inspect.custom](): string {
    return "<secret>";
  }
}

class GeneratedSecret extends Secret {
  constructor(
    private readonly length: number,
    private readonly generation: number | undefined,
  ) {
    super();
  }

  public bind(scope: Construct, id: string): SecretValue {
    const keepers = this.generation === undefined ? undefined : { generation: String(this.generation) };
    return new GeneratedValue(new Password(scope, id, { length: this.length, special: false, keepers }));
  }
}

class GeneratedValue extends SecretValue {
  constructor(private readonly password: Password) {
    super(password.result);
  }

  public bcryptHash(): string {
    return this.password.bcryptHash;
  }

  public require(): void {}
}

class GeneratedKey extends Secret {
  public bind(scope: Construct, id: string): SecretValue {
    return new GeneratedKeyValue(new Bytes(scope, id, { length: 32 }));
  }
}

class GeneratedKeyValue extends SecretValue {
  constructor(bytes: Bytes) {
    super(Fn.replace(Fn.replace(bytes.base64, "+", "-"), "/", "_"));
  }

  public bcryptHash(scope: Construct, id: string): string {
    return stableBcryptHash(scope, id, this.unsafeUnwrap());
  }

  public require(): void {}
}

class VariableSecret extends Secret {
  constructor(private readonly variable: (scope: Construct) => TerraformVariable) {
    super();
  }

  public bind(scope: Construct): SecretValue {
    return new VariableValue(this.variable(scope));
  }
}

class VariableValue extends SecretValue {
  constructor(private readonly variable: TerraformVariable) {
    super(variable.stringValue);
  }

  public bcryptHash(scope: Construct, id: string): string {
    return stableBcryptHash(scope, id, this.unsafeUnwrap());
  }

  public require(condition: string, errorMessage: string): void {
    const expression = condition.replaceAll("VALUE", `var.${this.variable.friendlyUniqueId}`);
    this.variable.addValidation({ condition: `\${${expression}}`, errorMessage });
  }
}

// bcrypt() has a new salt in every plan. Kept in the state, the hash changes only with the value.
function stableBcryptHash(scope: Construct, id: string, value: string): string {
  const data = new DataResource(scope, id, {
    input: Fn.bcrypt(value, BCRYPT_COST) as never,
    triggersReplace: Fn.sha256(value) as never,
    lifecycle: { ignoreChanges: ["input"] },
  });
  return data.getStringAttribute("output");
}
