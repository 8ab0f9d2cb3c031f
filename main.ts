import { App } from "cdktf";
import { MlflowStack, StackEnvironment } from "./lib";

const app = new App();
const environment = new StackEnvironment(process.env);

new MlflowStack(app, environment.stackId, environment.props());

app.synth();
