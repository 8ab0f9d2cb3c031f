import { join } from "node:path";
import { App } from "cdktf";
import { offlineSettings } from "../support/stacks/deployment";
import { run } from "../support/run";
import { SHAPES } from "../support/stacks/shapes";

jest.setTimeout(120_000);

describe("Terraform, with the real providers", () => {
  test.each(Object.entries(SHAPES))("takes %s", async (_name, shape) => {
    const stack = shape();
    const app = App.of(stack);
    // not Testing.fullSynth(), which leaves out the backend that CDKTF adds.
    app.synth();
    const cwd = join(app.outdir, "stacks", stack.node.id);
    const env = await offlineSettings();

    const init = await run("terraform", ["init", "-backend=false", "-input=false", "-no-color"], { cwd, env });
    const validate = await run("terraform", ["validate", "-no-color"], { cwd, env });

    expect({ init: init.code, stderr: init.stderr }).toEqual({ init: 0, stderr: "" });
    expect(validate).toMatchObject({ code: 0, stderr: "" });
  });
});
