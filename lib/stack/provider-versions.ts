import { Annotations } from "cdktf";
import type { TerraformStack } from "cdktf";
import { RELEASES } from "../values/releases";

// A plan with 3.x deletes stopped containers; 4.x only reads them. The bindings of @cdktf/provider-docker were generated
// for 3.6.2 and work with both.
const { docker: DOCKER, random: RANDOM } = RELEASES.providers;

/** Versions of the Terraform providers of a stack. */
export interface ProviderVersionsOptions {
  /**
   * Version constraint of kreuzwerker/docker.
   *
   * @default - the release in docs/releases.md
   */
  readonly docker?: string;

  /**
   * Version constraint of hashicorp/random.
   *
   * @default - the release in docs/releases.md
   */
  readonly random?: string;
}

/** Sets the versions of the providers, which the bindings would otherwise pin to releases of 2025. */
export class ProviderVersions {
  /** Sets the versions for a whole stack. Warns about a Docker provider before 4.0, whose plans are not read-only. */
  public static pin(stack: TerraformStack, options: ProviderVersionsOptions = {}): void {
    const docker = options.docker ?? DOCKER.version;
    stack.addOverride("terraform.required_providers.docker.version", docker);
    stack.addOverride("terraform.required_providers.random.version", options.random ?? RANDOM.version);
    if (/^\D*[0-3]\./.test(docker)) {
      Annotations.of(stack).addWarning(
        `the plan of kreuzwerker/docker ${docker} is not read-only: it deletes stopped containers; use ${DOCKER.version} or newer`,
      );
    }
  }
}
