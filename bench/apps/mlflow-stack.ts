import { App } from "cdktf";
import { MlflowStack } from "../../lib";

const app = new App();

new MlflowStack(app, "bench-synthesis");

app.synth();
