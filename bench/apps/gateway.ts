import { App } from "cdktf";
import { AiProvider, Duration, MlflowStack, StackEnvironment } from "../../lib";
import type { MlflowServerOptions } from "../../lib";

const ALL_FEATURES: MlflowServerOptions = {
  features: {
    aiGateway: { providers: [AiProvider.openai()] },
    webhooks: { hosts: ["hooks.example.com"] },
    jobExecution: true,
    workspaces: true,
    metrics: true,
    telemetry: true,
  },
  egress: { hosts: ["reports.example.com"] },
};

// as main.ts, but for the limit of requests, which one client of a benchmark would reach, and what is switched on.
const app = new App();
const environment = new StackEnvironment(process.env);
const props = environment.props();
const rateLimit = { events: 1_000_000, window: Duration.seconds(10) };
new MlflowStack(app, environment.stackId, {
  ...props,
  server: {
    ...props.server,
    ...(process.env.WORKERS && { workers: Number(process.env.WORKERS) }),
    ...(process.env.ALL_FEATURES && ALL_FEATURES),
  },
  gateway: { ...props.gateway, rateLimit },
});
app.synth();
