import { configuredIn, engineEnvironment } from "../../../cli/docker/engine-environment";

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

test("other settings of the docker command leave the certificates where they are", () => {
  const tls = { DOCKER_TLS_VERIFY: "1", HOME: "/home/ada" };

  expect(configuredIn(tls, "/tmp/x")).toEqual({
    ...tls,
    DOCKER_CONFIG: "/tmp/x",
    DOCKER_CERT_PATH: "/home/ada/.docker",
  });
  expect(configuredIn({ ...tls, DOCKER_CONFIG: "/etc/d" }, "/tmp/x")).toMatchObject({ DOCKER_CERT_PATH: "/etc/d" });
  expect(configuredIn({}, "/tmp/x")).toEqual({ DOCKER_CONFIG: "/tmp/x" });
});
