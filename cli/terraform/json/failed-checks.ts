import type { Plan } from "./plan-json";

/** A check that does not pass: of a `check` block, or a condition of a resource or an output. */
export interface FailedCheck {
  readonly address: string;

  /** What the app says of it; undefined if that is secret, or there is an error in the check itself. */
  readonly message?: string;
}

/** The checks of a plan that fail. Terraform only warns of them. */
export function failedChecks(plan: Plan): FailedCheck[] {
  return (plan.checks ?? []).flatMap(({ address, status, instances = [] }) => {
    const name = address.to_display ?? "a check";
    if (isFine(status)) return [];
    const failed = instances.filter((instance) => !isFine(instance.status));
    const found = failed.flatMap((instance): FailedCheck[] => {
      const where = instance.address?.to_display ?? name;
      const messages = (instance.problems ?? []).map(({ message }) => ({ address: where, message }));
      return messages.length > 0 ? messages : [{ address: where }];
    });
    return found.length > 0 ? found : [{ address: name }];
  });
}

/** A line for each check that fails. */
export function describeChecks(plan: Plan): string[] {
  return failedChecks(plan).map(
    ({ address, message }) => `Warning: ${address} fails${message === undefined ? "." : `: ${message.trim()}`}`,
  );
}

// The result of an unknown one is known after the apply.
function isFine(status: string): boolean {
  return status === "pass" || status === "unknown";
}
