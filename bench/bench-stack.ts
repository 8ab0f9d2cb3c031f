import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { offlineEnvironment } from "../offline";
import { interruption } from "./interruption";
import { runProgram } from "./program";

/** Port of the gateway. */
export const PORT = 18180;

const PATIENCE = 180_000;

/** Id of the deployed stack. Every name on the engine begins with it. */
export const STACK = "bench-mlflow";

/** Address of the stack, on this machine and in the gateway's network namespace. */
export const STACK_URL = `http://localhost:${PORT}`;

/** Password of the user `admin`. It is given, because the benchmark needs it before the deployment is complete. */
export const PASSWORD = randomBytes(18).toString("base64url");

/** Name and password of the user. */
export const LOGIN = `admin:${PASSWORD}`;

// Variables that would change the stack.
const UNSET = ["DB_URL", "MLFLOW_S3_BUCKET", "MLFLOW_S3_ENDPOINT_URL", "IMAGE_REGISTRY", "AUTH_USERNAME"];

/** The settings of the stack, for the app, `mlflow-stack` and Terraform. */
export function stackEnvironment(): { [name: string]: string | undefined } {
  const built = offlineEnvironment();
  return {
    // Images and providers that this machine has built, else those of the registries.
    ...(existsSync(built.TF_CLI_CONFIG_FILE ?? "") && built),
    ...Object.fromEntries(UNSET.map((name) => [name, undefined])),
    MLFLOW_STACK: STACK,
    MLFLOW_URL: STACK_URL,
    AUTH_PASSWORD: PASSWORD,
    TF_VAR_auth_password: PASSWORD,
    TF_IN_AUTOMATION: "1",
    CHECKPOINT_DISABLE: "1",
  };
}

/** Waits until MLflow answers a call through the gateway, with the login. */
export async function firstAnswer(signal: AbortSignal): Promise<void> {
  const address = `http://127.0.0.1:${PORT}/api/2.0/mlflow/experiments/search?max_results=1`;
  const headers = { Authorization: `Basic ${Buffer.from(LOGIN).toString("base64")}` };
  const limit = AbortSignal.any([signal, interruption, AbortSignal.timeout(PATIENCE)]);
  for (;;) {
    limit.throwIfAborted();
    const answer = await fetch(address, { headers, signal: limit }).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
    if (answer?.status === 200) return;
    await pause(50);
  }
}

/** Waits until every service with a health check is healthy. */
export async function allHealthy(services: string[]): Promise<void> {
  const limit = AbortSignal.any([interruption, AbortSignal.timeout(PATIENCE)]);
  for (;;) {
    const states = await runProgram("docker", ["inspect", "--format", "{{.State.Health.Status}}", ...services]);
    if (states.split("\n").every((state) => state === "healthy")) return;
    await pause(200, undefined, { signal: limit });
  }
}

/** Removes everything of the stack from the engine, also its data and what Compose created. */
export async function removeAll(): Promise<void> {
  for (const [kind, all, remove] of [
    ["container", ["--all"], ["--force", "--volumes"]],
    ["network", [], []],
    ["volume", [], []],
  ] as const) {
    const listed = await runProgram("docker", [
      kind,
      "ls",
      ...all,
      "--format",
      `{{.Name${kind === "container" ? "s" : ""}}}`,
    ]);
    const names = listed.split("\n").filter((name) => name.startsWith(`${STACK}-`));
    if (names.length > 0) await runProgram("docker", [kind, "rm", ...remove, ...names]);
  }
}
