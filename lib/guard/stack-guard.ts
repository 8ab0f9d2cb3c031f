import { DefaultTokenResolver, StringConcat, TerraformResource, TerraformStack, Tokenization } from "cdktf";
import type { IAspect } from "cdktf";
import type { IConstruct } from "constructs";
import { ValidationError } from "../values/errors";
import { ACCEPTED, isAccepted } from "./accepted";
import { GUARD_CHECKS } from "./guard-checks";
import { GuardRule } from "./guard-rule";
import type { Block } from "./terraform-block";

// Stored as metadata of constructs, so that another copy of this library in the app reads it too.
const GUARDED = "cdktf-mlflow:guarded";
const RESOLVER = new DefaultTokenResolver(new StringConcat());

/**
 * Fails the synthesis of a stack whose containers, images or volumes break a `GuardRule`, also those of other libraries.
 *
 * `MlflowStack` has one. Another stack gets one with `Aspects.of(stack).add(new StackGuard())`; on an `App`, CDKTF calls no
 * aspect. It checks the final JSON, with overrides and other aspects, and reports all problems in one error, each with the
 * path of its construct.
 */
export class StackGuard implements IAspect {
  /**
   * Accepts a break of a rule in a construct and in all constructs below it.
   *
   * @param construct the construct that breaks the rule; the narrower, the better.
   * @param rule the rule.
   * @param reason why the rule does not apply there, for readers of the code.
   * @throws ValidationError when the reason is empty.
   */
  public static accept(construct: IConstruct, rule: GuardRule, reason: string): void {
    if (reason.trim() === "") {
      throw new ValidationError("GuardReason", `'reason' must say why ${rule} is right here`, construct);
    }
    construct.node.addMetadata(ACCEPTED, { rule, reason });
  }

  /** Called by CDKTF for each construct. */
  public visit(node: IConstruct): void {
    const guarded = node.node.metadata.some(({ type }) => type === GUARDED);
    if (guarded || !TerraformResource.isTerraformResource(node)) return;

    // Checked when the stack is validated: later aspects may still change the resource.
    node.node.addMetadata(GUARDED, true);
    node.node.addValidation({ validate: () => problems(node) });
  }
}

function problems(resource: TerraformResource): string[] {
  const checks = GUARD_CHECKS.filter(
    ({ rule, resourceType }) => resourceType === resource.terraformResourceType && !isAccepted(resource, rule),
  );
  if (checks.length === 0) return [];

  const stack = TerraformStack.of(resource);
  const block = synthesized(resource, new Set(checks.flatMap(({ reads }) => reads)));
  return checks.flatMap(({ rule, find }) =>
    find(block, stack).map((problem) => `${rule}: ${problem}. ${howToAccept(rule)}`),
  );
}

function howToAccept(rule: GuardRule): string {
  const [member] = Object.entries(GuardRule).find(([, value]) => value === rule) ?? [];
  return `To accept it: StackGuard.accept(construct, GuardRule.${member}, "why")`;
}

function synthesized(resource: TerraformResource, reads: Set<string>): Block {
  const { resource: byType } = resource.toTerraform() as { resource?: { [type: string]: { [id: string]: Block } } };
  const all = byType?.[resource.terraformResourceType]?.[resource.friendlyUniqueId] ?? {};
  const block = Object.fromEntries(Object.entries(all).filter(([attribute]) => reads.has(attribute)));
  return Tokenization.resolve(block, { scope: resource, resolver: RESOLVER, preparing: false }) as Block;
}
