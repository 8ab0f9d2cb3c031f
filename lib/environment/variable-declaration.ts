/** A setting without which another variable has no effect. */
export interface NeededSetting {
  readonly name: string;

  /** The value that it must have, if one value matters. */
  readonly value?: string;

  /** How its value must begin, if that matters. */
  readonly beginning?: string;

  /** Whether an unset variable counts as this value. */
  readonly byDefault?: boolean;
}

/** An environment variable that decides what is deployed, or several that share one description. */
export interface VariableDeclaration {
  readonly names: readonly string[];

  /** The effect of the variable: full sentences, in Markdown. */
  readonly description: string;

  /** The behaviour without the variable, in Markdown. */
  readonly default: string;

  /** The sensitive Terraform variable that takes its value, or the secret part of it. */
  readonly terraformVariable?: string;

  /** The setting without which nothing reads the variable. */
  readonly needs?: NeededSetting;
}

/** A needed setting as a shell has it, such as `MLFLOW_TLS=certificate`. */
export function settingText({ name, value, beginning }: NeededSetting): string {
  if (value !== undefined) return `${name}=${value}`;
  return beginning === undefined ? name : `${name}=${beginning}…`;
}
