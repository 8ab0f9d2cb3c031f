import { DockerProvider } from "@cdktf/provider-docker/lib/provider";
import type { TerraformStack } from "cdktf";
import type { Secret } from "../secrets/secret";

/** Login at an image registry. */
export interface RegistryLogin {
  /** Host name of the registry, such as `ghcr.io`. */
  readonly address: string;

  /** User name at the registry. */
  readonly username: string;

  /** Password or token of the user. */
  readonly password: Secret;
}

/** The Docker engine that a stack is deployed on. */
export interface DockerEngineOptions {
  /**
   * Address of the engine, such as `ssh://user@host` or `tcp://host:2376`.
   *
   * @default - DOCKER_HOST when Terraform runs, else the local socket
   */
  readonly host?: string;

  /**
   * Name of a context of the Docker command, used instead of `host`.
   *
   * @default - none
   */
  readonly context?: string;

  /**
   * Additional options of the ssh command, for a `host` with ssh.
   *
   * @default - none
   */
  readonly sshOptions?: string[];

  /**
   * Folder with `ca.pem`, `cert.pem` and `key.pem` for an engine behind TLS, on the machine that runs Terraform.
   *
   * @default - DOCKER_CERT_PATH when Terraform runs
   */
  readonly certificatePath?: string;

  /**
   * Number of cores of the engine's host. Synthesis warns of a server with more workers.
   *
   * @default - not known at synthesis
   */
  readonly cores?: number;

  /**
   * Logins at image registries.
   *
   * @default - none; images are pulled without a login
   */
  readonly registryLogins?: RegistryLogin[];
}

/** The Docker provider of a stack. */
export function dockerProvider(stack: TerraformStack, options: DockerEngineOptions): DockerProvider {
  return new DockerProvider(stack, "docker", {
    host: options.host,
    context: options.context,
    sshOpts: options.sshOptions,
    certPath: options.certificatePath,
    registryAuth: options.registryLogins?.map(({ address, username, password }, index) => ({
      address,
      username,
      password: password.bind(stack, `registry-password-${index}`).unsafeUnwrap(),
    })),
  });
}
