import { engineEnvironment } from "../../../cli/docker/engine-environment";

describe("The environment that names the engine", () => {
  test("has the user's DOCKER_HOST, and no context beside it", async () => {
    expect(await engineEnvironment({ DOCKER_HOST: "ssh://user@host", DOCKER_CONTEXT: "other" }, {})).toEqual({
      DOCKER_HOST: "ssh://user@host",
      DOCKER_CONTEXT: undefined,
    });
  });

  test("has the engine that the app names before the user's", async () => {
    const app = { engineHost: "ssh://user@app" };

    expect(await engineEnvironment({ DOCKER_HOST: "ssh://user@host" }, app)).toEqual({
      DOCKER_HOST: "ssh://user@app",
      DOCKER_CONTEXT: undefined,
    });
  });
});
