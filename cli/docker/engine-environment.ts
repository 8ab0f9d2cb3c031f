import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../app/environment";
import { CommandError } from "../console/command-error";
import { loadExeca } from "../console/es-modules";
import { parseJson } from "../console/parse-json";

/**
 * Variables that lead the docker command and Terraform's provider, which ignores Docker contexts, to the same engine.
 *
 * @param base the environment of the command.
 * @param app the engine that the app has chosen; it has priority.
 * @throws CommandError when the context does not exist. Terraform's provider would use the default engine.
 */
export async function engineEnvironment(
  base: Environment,
  app: { engineHost?: string; engineContext?: string },
): Promise<{
  DOCKER_HOST?: string;
  DOCKER_CERT_PATH?: string;
  DOCKER_TLS_VERIFY?: string;
  DOCKER_CONTEXT?: string;
}> {
  const host = app.engineHost ?? (app.engineContext ? undefined : base.DOCKER_HOST);
  // The docker command complains when both DOCKER_HOST and a context are set.
  if (host) return { DOCKER_HOST: host, DOCKER_CONTEXT: undefined };

  const context = app.engineContext ? [app.engineContext] : [];
  const { execa } = await loadExeca();
  const { stdout, stderr, exitCode } = await execa("docker", ["context", "inspect", ...context], {
    env: { ...base, ...(app.engineContext && { DOCKER_HOST: undefined }) },
    extendEnv: false,
    reject: false,
  });
  const details = parseJson<{ Endpoints?: { docker?: { Host?: string } }; Storage?: { TLSPath?: string } }[]>(
    String(stdout ?? ""),
  );
  const endpoint = details?.[0]?.Endpoints?.docker?.Host;
  const missing = /context "([^"]+)"/.exec(String(stderr ?? ""))?.[1];
  if (exitCode && missing !== undefined) {
    throw new CommandError(
      `Docker has no context '${missing}'`,
      "'docker context ls' lists them. Name one by DOCKER_CONTEXT or 'docker context use'.",
    );
  }
  // Docker may be missing.
  if (!endpoint) return app.engineContext ? { DOCKER_CONTEXT: app.engineContext } : {};

  const certificates = `${details[0]?.Storage?.TLSPath ?? ""}/docker`;
  return {
    DOCKER_HOST: endpoint,
    DOCKER_CONTEXT: undefined,
    ...(existsSync(`${certificates}/ca.pem`) && { DOCKER_CERT_PATH: certificates, DOCKER_TLS_VERIFY: "1" }),
  };
}

/** The environment with another folder for the settings of the docker command, and the same certificates. */
export function configuredIn(environment: Environment, folder: string): Environment {
  const { DOCKER_TLS_VERIFY, DOCKER_CERT_PATH, DOCKER_CONFIG, HOME = "" } = environment;
  // By default the certificates are in the folder of the settings.
  const certificates = DOCKER_CERT_PATH ?? DOCKER_CONFIG ?? join(HOME, ".docker");
  return { ...environment, DOCKER_CONFIG: folder, ...(DOCKER_TLS_VERIFY && { DOCKER_CERT_PATH: certificates }) };
}
