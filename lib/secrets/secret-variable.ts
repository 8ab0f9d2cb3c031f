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
  if (!isVariable(existing)) throw nameTaken(stack, name);
  return existing;
}

/** What to throw when a construct of the stack could not be made: an error that says so if a variable has its name. */
export function explainTakenName(stack: TerraformStack, error: unknown): unknown {
  const name = /^There is already a Construct with name '(\w+)'/.exec((error as Error).message)?.[1];
  return name !== undefined && isVariable(stack.node.tryFindChild(name)) ? nameTaken(stack, name) : error;
}

// cdktf has no check of its own for variables; of its elements they alone take validations.
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
