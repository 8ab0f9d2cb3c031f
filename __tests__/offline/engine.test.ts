import { canInstallEngine } from "../../cli/deployment/host-checks";
import { Docker } from "../../cli/docker/docker";
import { otherEngine } from "../../offline/engine";
import { withEnvironment } from "../support/environment";

test.each([
  [undefined, {}],
  [undefined, { DOCKER_CONTEXT: "default" }],
  [undefined, { DOCKER_HOST: "unix:///var/run/docker.sock", DOCKER_CONTEXT: "other" }],
  ["other", { DOCKER_CONTEXT: "other" }],
  ["ssh://user@host", { DOCKER_HOST: "ssh://user@host", DOCKER_CONTEXT: "default" }],
])("the other engine is %s in %j", (engine, environment) => {
  expect(otherEngine(environment)).toBe(engine);
  expect(new Docker(environment).isDefault).toBe(engine === undefined);
});

describe("If a context is named", () => {
  withEnvironment({ DOCKER_HOST: "", DOCKER_CONTEXT: "other" });

  test("no engine is offered, because none is installed then", () => {
    expect(canInstallEngine(new Docker({ DOCKER_HOST: "unix:///var/run/docker.sock" }))).toBe(false);
  });
});
