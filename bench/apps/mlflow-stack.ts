import { App } from "cdktf";
import { MlflowStack } from "../../lib";

const app = new App();

for (let index = 0; index < Number(process.env.STACKS); index += 1) {
  new MlflowStack(app, `bench-synthesis-${index}`, { url: `http://localhost:${8080 + index}` });
}

app.synth();
