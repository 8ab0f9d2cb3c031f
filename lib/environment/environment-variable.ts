/** A variable that has to be set, and to what, where that matters. */
export interface NeededSetting {
  readonly name: string;
  readonly value?: string;

  /** Whether it has that value without being set. */
  readonly byDefault?: boolean;
}

/** An environment variable that decides what is deployed, or several that do the same for different things. */
export interface EnvironmentVariable {
  readonly names: readonly string[];

  /** What it does: full sentences, in Markdown. */
  readonly description: string;

  /** What holds when it is not set, in Markdown. */
  readonly default: string;

  /** The sensitive Terraform variable that takes its value, or the secret part of it. */
  readonly terraformVariable?: string;

  /** Without what nothing reads it. */
  readonly needs?: NeededSetting;
}
