import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App } from "cdktf";
import { SHAPES } from "./shapes";

// Prints what a whole synthesis of each shape writes, byte by byte.
for (const [name, shape] of Object.entries(SHAPES)) {
  const stack = shape();
  const app = App.of(stack);
  app.synth();
  const written = ["manifest.json", join("stacks", stack.node.id, "cdk.tf.json")];
  process.stdout.write(`${name}\n${written.map((file) => readFileSync(join(app.outdir, file), "utf8")).join("")}\n`);
}
