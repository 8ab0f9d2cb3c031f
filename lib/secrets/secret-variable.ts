import { TerraformElement, TerraformStack, TerraformVariable } from "cdktf";
import type { IConstruct } from "constructs";
import { ValidationError } from "../values/errors";

/**
 * The sensitive variable of this name, declared in the stack on first use.
 *
 * @throws ValidationError when the stack has something else of that name.
 */
export function secretVariable(scope: IConstruct, name: string): TerraformVariable {
  const stack = TerraformStack.of(scope);
  const existing = stack.node.tryFindChild(name);
  if (existing === undefined) {
    return new TerraformVariable(stack, name, { type: "string", sensitive: true, nullable: false });
  }
  if (!isVariable(existing) || existing.sensitive !== true) throw nameTaken(stack, name);
  return existing;
}

/** The error to throw when constructs refuse an id: a ValidationError if a secret's variable has that id already. */
export function explainTakenName(stack: TerraformStack, error: unknown): unknown {
  const name = /^There is already a Construct with name '([^']+)'/.exec((error as Error).message)?.[1];
  return name !== undefined && isVariable(stack.node.tryFindChild(name)) ? nameTaken(stack, name) : error;
}

// CDKTF has no `isTerraformVariable`. Of its elements, variables alone have `addValidation`.
function isVariable(child: IConstruct | undefined): child is TerraformVariable {
  return TerraformElement.isTerraformElement(child) && "addValidation" in child;
}

function nameTaken(stack: TerraformStack, name: string): ValidationError {
  return new ValidationError(
    "VariableName",
    `a variable with a secret must have a name that nothing else in the stack has; choose another one, got: '${name}'`,
    stack,
  );
}
