import { TerraformStack, TerraformVariable } from "cdktf";
import type { IConstruct } from "constructs";

/** The environment variables of a proxy that builds take over, and the Terraform variables with their values. */
export const PROXY_VARIABLES = {
  HTTP_PROXY: "build_http_proxy",
  HTTPS_PROXY: "build_https_proxy",
  NO_PROXY: "build_no_proxy",
} as const;

// https://docs.docker.com/build/building/variables/#pre-defined-build-arguments
const PREDEFINED = /^(?:(?:http|https|ftp|no|all)_proxy)$/i;

/** Whether Docker predefines a build argument as that of a proxy. It keeps these out of the image. */
export function isProxy(buildArgument: string): boolean {
  return PREDEFINED.test(buildArgument);
}

/** Build arguments for the proxies, as Terraform variables: the synthesized JSON is the same with and without a proxy. */
export function proxyArguments(scope: IConstruct): { [name: string]: string } {
  const stack = TerraformStack.of(scope);
  return Object.fromEntries(
    Object.entries(PROXY_VARIABLES).map(([name, id]) => {
      const known = stack.node.tryFindChild(id) as TerraformVariable | undefined;
      // A user's secret of that name is none: CDKTF refuses the second one.
      const variable = known && known.sensitive !== true ? known : declare(stack, id, name);
      return [name, variable.stringValue];
    }),
  );
}

function declare(stack: TerraformStack, id: string, name: string): TerraformVariable {
  return new TerraformVariable(stack, id, {
    type: "string",
    default: "",
    description: `${name} for the build of images`,
  });
}
