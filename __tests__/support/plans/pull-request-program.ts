import { pullRequest } from "../../../cli/commands/pull-request";
import { CommandError } from "../../../cli/console/command-error";
import { actionOf, changesOf } from "../../../cli/terraform/json/plan-actions";

// `mlflow-stack pull-request`, with a review that only lists addresses: what it says of them has tests of its own.
pullRequest(
  {
    stack: process.env.STACK ?? "",
    plans: process.env.PLANS,
    dataLossLabel: "allow-data-loss",
    accessLabel: "allow-access",
    author: "github-actions[bot]",
  },
  (stack, plan) => {
    const changes = changesOf(plan).map((change) => ({ action: actionOf(change), ...change }));
    const isLost = changes.some(({ action, type }) => type === "docker_volume" && /delete|replace/.test(action));
    const lines = changes.map(({ action, address }) => `- ${action} ${address}`);
    const isDangerous = changes.some(({ change }) => change.after?.pid_mode === "host");
    return {
      markdown: [`<!-- mlflow-stack review: ${stack} -->`, ...lines].join("\n"),
      risks: [...(isLost ? (["dataLoss"] as const) : []), ...(isDangerous ? (["dangerousAccess"] as const) : [])],
    };
  },
).catch((error: unknown) => {
  console.error(error instanceof CommandError ? [error.message, error.remedy].join("\n") : error);
  process.exitCode = error instanceof CommandError ? error.exitCode : 1;
});
