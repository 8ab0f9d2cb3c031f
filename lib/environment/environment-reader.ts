import { terraformVariable } from "./environment-variables";
import type { SecretName, VariableName } from "./environment-variables";
import { ServiceImage } from "../network/service-image";
import { Secret } from "../secrets/secret";
import { ValidationError } from "../values/errors";

/** Reads environment variables, only those that `environment-variables.ts` declares. */
export class EnvironmentReader {
  constructor(private readonly environment: { [name: string]: string | undefined }) {}

  /** The value; an empty variable counts as not set, because Compose files and CI systems clear variables that way. */
  public value(name: VariableName): string | undefined {
    const value = this.environment[name];
    return value === "" ? undefined : value;
  }

  /** @throws ValidationError when the value is neither `true` nor `false`. */
  public flag(name: VariableName): boolean | undefined {
    const value = this.value(name);
    if (value !== undefined && value !== "true" && value !== "false") {
      throw new ValidationError("Flag", `${name} must be true or false, got: '${value}'`);
    }
    return value === undefined ? undefined : value === "true";
  }

  /** The values between the commas, trimmed and without empty ones. */
  public list(name: VariableName): string[] | undefined {
    const values = this.value(name)
      ?.split(",")
      .map((value) => value.trim());
    return values?.filter((value) => value !== "");
  }

  /** An image of a registry. */
  public image(name: VariableName): ServiceImage | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : ServiceImage.registry(value);
  }

  /**
   * The sensitive Terraform variable for a secret. The value itself goes to Terraform only.
   *
   * @throws ValidationError when the environment variable is not set.
   */
  public secret(name: SecretName): Secret {
    if (this.value(name) === undefined) throw new ValidationError("SecretMissing", `${name} must be set`);
    return Secret.variable(terraformVariable(name));
  }
}
