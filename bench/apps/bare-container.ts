import { Container } from "@cdktf/provider-docker/lib/container";
import type { ContainerConfig } from "@cdktf/provider-docker/lib/container";
import type { Construct } from "constructs";

/** A file in a container. */
export const file = (path: string, content: string) => ({ file: path, content, permissions: "0444" });

/** A text without interpolation. Terraform takes every text for a template. */
export const escaped = (text: string) => text.replaceAll(/[$%](?=\{)/g, (sign) => sign + sign);

/** The label that names the part of the stack. */
export const role = (value: string) => ({ label: "cdktf-mlflow.role", value });

/** A service with the settings that all services share. */
export function addService(
  scope: Construct,
  config: ContainerConfig & { memory: number; stopTimeout: number },
): Container {
  return new Container(scope, "Default", {
    ...hardened(config),
    restart: "always",
    wait: true,
    destroyGraceSeconds: config.stopTimeout,
  });
}

/** The same for a job. `failure` is the error message if it fails. */
export function addJob(
  scope: Construct,
  id: string,
  failure: string,
  config: ContainerConfig & { memory: number },
): Container {
  const job = new Container(scope, id, {
    ...hardened(config),
    restart: "no",
    mustRun: false,
    attach: true,
    logs: true,
    rm: false,
  });
  job.lifecycle = {
    postcondition: [
      {
        condition: "${self.exit_code == 0}",
        errorMessage: `${failure} To run it again: 'mlflow-stack up', or -replace=docker_container.${job.friendlyUniqueId}. Its output: \${self.container_logs}`,
      },
    ],
  };
  return job;
}

/** Timing of a health check. */
export const health = (interval: string, test: string[]) => ({
  test: ["CMD", ...test],
  interval,
  timeout: "5s",
  retries: 6,
  startPeriod: "1m0s",
});

function hardened(config: ContainerConfig & { memory: number }): ContainerConfig {
  return {
    ...config,
    capabilities: { drop: ["ALL"] },
    securityOpts: ["no-new-privileges:true"],
    memorySwap: config.memory,
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
  };
}
