import { FEATURES as ALL } from "../../../lib/server/features";
import { AiProvider, AuthMethod, Role } from "../../../lib";
import type { MlflowFeatureOptions } from "../../../lib";
import type { Values } from "../../../cli/terraform/json/plan-json";
import { reviewPlan } from "../../../cli/review/findings/review-plan";
import type { Text } from "../../../cli/review/model/text";
import { PlanBuilder, ourContainer } from "../../support/plans/plan-builder";
import { container, mlflowStack } from "../../support/stacks/synth";

type Feature = keyof MlflowFeatureOptions;

const FEATURES = Object.keys(ALL) as Feature[];

// A feature without a value is off, except for traces.
const OFF: MlflowFeatureOptions = { traces: false };
const SWITCHED_ON: { [feature in Feature]: MlflowFeatureOptions } = {
  traces: { traces: true },
  aiGateway: { ...OFF, aiGateway: { providers: [AiProvider.openai()] } },
  webhooks: { ...OFF, webhooks: { hosts: ["hooks.example.com"] } },
  jobExecution: { ...OFF, jobExecution: true },
  workspaces: { ...OFF, workspaces: true },
  metrics: { ...OFF, metrics: true },
  telemetry: { ...OFF, telemetry: true },
};

/** The environment of gateway and server with one feature on or off, as the library makes it. */
function settings(feature: Feature, on: boolean): { [name: string]: Values } {
  const workspace = feature === "workspaces" && on ? "team-a" : undefined;
  const stack = mlflowStack({
    auth: AuthMethod.basic({ users: [{ name: "ada", role: Role.ADMIN, workspace }] }),
    server: { features: on ? SWITCHED_ON[feature] : OFF, egress: { hosts: ["reports.example.com"] } },
  });
  return Object.fromEntries(
    ["gateway", "server"].map((name) => [
      name,
      ourContainer(`mlflow-${name}`, { env: container(stack, name).env as string[] }),
    ]),
  );
}

function plain(text: Text): string {
  return text.map((part) => (typeof part === "string" ? part : `'${part.quoted}'`)).join("");
}

function switched(feature: Feature, on: boolean) {
  const [before, after] = [settings(feature, !on), settings(feature, on)];
  const builder = new PlanBuilder();
  for (const name of Object.keys(after)) builder.resource(`docker_container.${name}`, before[name], after[name]);
  const { access, data } = reviewPlan(builder.build(), "mlflow");
  return {
    openings: access.map(({ effect, text }) => `${effect} ${plain(text)}`),
    warnings: data.filter(({ effect }) => effect === "warning").map(({ text }) => plain(text)),
  };
}

describe("A review names every switch of a feature", () => {
  test.each(FEATURES)("%s", (feature) => {
    expect(switched(feature, true).openings).toContain(`opens the feature '${feature}'`);
    expect(switched(feature, false).openings).toContain(`closes the feature '${feature}'`);
  });

  test("and warns that workspaces stay on once they are used", () => {
    expect(switched("workspaces", true).warnings).toEqual([
      "workspaces are switched on, and stay: MLflow does not start without them once anything lies outside of the one named 'default'",
    ]);
    expect(switched("workspaces", false).warnings).toEqual([
      "workspaces are switched off: 'mlflow-server' does not start while anything, deleted or not, lies outside of the one named 'default'",
    ]);
  });
});
