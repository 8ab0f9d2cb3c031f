import { FEATURES as ALL } from "../../../../lib/server/features";
import { AiProvider, AuthMethod, BackendStore, Role, Secret } from "../../../../lib";
import type { MlflowFeatureOptions } from "../../../../lib";
import type { Values } from "../../../../cli/terraform/json/plan-json";
import { reviewPlan } from "../../../../cli/review/findings/review-plan";
import { PlanBuilder, ourContainer } from "../../../support/plans/plan-builder";
import { mlflowStack, synth } from "../../../support/stacks/synth";
import { quoted } from "../../../support/plans/reviewed";

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

/** The environment of gateway, server and egress proxy with one feature on or off, as the library makes it. */
function settings(feature: Feature, on: boolean): { [name: string]: Values } {
  const workspace = feature === "workspaces" && on ? "team-a" : undefined;
  const stack = mlflowStack({
    auth: AuthMethod.basic({ users: [{ name: "ada", role: Role.ADMIN, workspace }] }),
    server: { features: on ? SWITCHED_ON[feature] : OFF, egress: { hosts: ["reports.example.com"] } },
  });
  return Object.fromEntries(
    Object.values(synth(stack).resource.docker_container ?? {}).flatMap(({ name, env, labels }): [string, Values][] => {
      const short = String(name).replace("mlflow-", "");
      if (!/^(gateway|server|server-egress)$/.test(short)) return [];
      return [[short, ourContainer(String(name), { env, ...(short === "server-egress" && { labels }) })]];
    }),
  );
}

function switched(feature: Feature, on: boolean, edit: (after: { [name: string]: Values }) => void = () => {}) {
  const [before, after] = [settings(feature, !on), settings(feature, on)];
  edit(after);
  const builder = new PlanBuilder();
  for (const name of Object.keys(after)) builder.resource(`docker_container.${name}`, before[name], after[name]);
  const { access, data, unread } = reviewPlan(builder.build(), "mlflow");
  return {
    unread: JSON.stringify(unread),
    openings: access.map(({ effect, text }) => `${effect} ${quoted(text)}`),
    warnings: data.filter(({ effect }) => effect === "warning").map(({ text }) => quoted(text)),
  };
}

describe("A review names every switch of a feature", () => {
  test.each(FEATURES)("%s", (feature) => {
    expect(switched(feature, true).openings).toContainEqual(
      expect.stringMatching(new RegExp(`^opens the feature '${feature}': .`)),
    );
    expect(switched(feature, false).openings).toContainEqual(
      expect.stringMatching(new RegExp(`^closes the feature '${feature}': .`)),
    );
  });

  test.each<[Feature, string, string]>([
    ["webhooks", "WEBHOOK_HOSTS", "hooks.example.com:443"],
    ["aiGateway", "AI_GATEWAY_HOSTS", "api.openai.com:443"],
  ])("and the hosts of %s, to which alone it connects, so that no private address opens", (feature, list, host) => {
    const { openings, unread } = switched(feature, true);

    expect(openings.filter((one) => one.includes(host))).toEqual([`opens connections from the stack to '${host}'`]);
    expect(openings.join()).not.toContain("private addresses");
    expect(unread).not.toContain(list);
    const { openings: wider } = switched(feature, true, ({ server }) => {
      const env = server?.env as string[];
      Object.assign(server ?? {}, {
        env: env.map((entry) => (entry.startsWith(list) ? `${entry} minio:9000` : entry)),
      });
    });
    expect(wider).toContainEqual(expect.stringMatching(/^opens calls by MLflow's .* to 'minio:9000'$/));
  });

  test("and that private addresses open without such a list", () => {
    const { openings } = switched("webhooks", true, ({ server }) => {
      const env = (server?.env as string[]).filter((entry) => !entry.startsWith("WEBHOOK_HOSTS"));
      Object.assign(server ?? {}, { env });
    });

    expect(openings).toContainEqual(expect.stringContaining("opens private addresses, such as other computers"));
  });

  test("once, by the gateway and not by the server, too", () => {
    const { openings } = switched("workspaces", true);

    expect(openings.filter((one) => one.includes("workspace"))).toHaveLength(1);
  });

  test("and warns that workspaces stay on once they are used", () => {
    expect(switched("workspaces", true).warnings).toEqual([
      "once anything lies outside of the workspace 'default', MLflow does not start without workspaces: they cannot be switched off again",
    ]);
    expect(switched("workspaces", false).warnings).toEqual([
      "workspaces are switched off: 'mlflow-server' does not start while anything, deleted or not, lies outside of the one named 'default'",
    ]);
  });
});

test("A review says that a database elsewhere is reached by the egress proxy, and no other outside address is", () => {
  const stack = mlflowStack({
    backendStore: BackendStore.external({
      host: "db.example.com",
      database: "mlflow",
      username: "mlflow",
      password: Secret.variable("database_password"),
    }),
  });
  const {
    docker_image: images = {},
    docker_container: containers = {},
    docker_network: networks = {},
  } = synth(stack).resource;
  const builder = new PlanBuilder();
  for (const [name, { name: own, internal }] of Object.entries(networks))
    builder.resource(`docker_network.${name}`, null, { name: own as string, internal: internal === true });
  for (const [name, { name: own }] of Object.entries(images))
    builder.resource(`docker_image.${name}`, null, { name: own as string });
  for (const [name, values] of Object.entries(containers)) {
    const addresses = (value: unknown) =>
      [...JSON.stringify(value).matchAll(/\$\{(docker_\w+\.\w+)/g)].map(([, address = ""]) => address);
    const { env = [], labels, ports = [], upload = [] } = values as Values;
    const known = { env, labels, ports, upload, image: undefined };
    builder.resource(`docker_container.${name}`, null, ourContainer(String(values.name), known), {
      unknown: { image: true, networks_advanced: true },
      references: { image: addresses(values.image), networks_advanced: addresses(values.networks_advanced ?? []) },
      sensitive: ["upload"],
    });
  }
  const { access } = reviewPlan(builder.build(), "mlflow");
  const outside = access.map(({ text }) => quoted(text)).filter((sentence) => sentence.includes("connections"));

  expect(outside).toEqual([
    "connections from the stack to the store 'db.example.com:5432'",
    "connections from 'mlflow-server-egress' to 'db.example.com:5432', and to no other outside address",
  ]);
});
