import { App } from "cdktf";
import { Duration, MlflowStack, StackEnvironment } from "../../lib";

// as main.ts, but for the limit of requests, which one client of a benchmark would reach.
const app = new App();
const environment = new StackEnvironment(process.env);
const props = environment.props();
const rateLimit = { events: 1_000_000, window: Duration.seconds(10) };
new MlflowStack(app, environment.stackId, { ...props, gateway: { ...props.gateway, rateLimit } });
app.synth();
