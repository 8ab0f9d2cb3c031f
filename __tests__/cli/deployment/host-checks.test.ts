import { SynthesizedStack } from "../../../cli/app/synthesized-stack";
import {
  diskProblem,
  driftProblem,
  releaseProblem,
  requireHealthChecks,
  separationProblem,
} from "../../../cli/deployment/host-checks";
import type { Docker } from "../../../cli/docker/docker";
import type { EngineInfo } from "../../../cli/docker/inspected";

const engine = (version: string, isPodman = false): EngineInfo => ({
  rootFolder: "/nowhere",
  operatingSystem: "",
  version,
  isPodman,
});

test("disk space is compared in GiB, and the message has both numbers", () => {
  expect(diskProblem(5 * 1024 ** 3, 5, "/var/lib/docker")).toBeUndefined();
  expect(diskProblem(1.5 * 1024 ** 3, 5, "/var/lib/docker")).toBe(
    "not enough disk: 1.5 GiB free in /var/lib/docker, 5 GiB needed",
  );
});

test.each([
  ["20.10.24+dfsg1", undefined],
  ["28.5.2", undefined],
  ["", undefined],
  ["19.03.15", "the engine is Docker Engine 19.03.15, and the stack needs 20.10 or newer"],
  ["18.09.0-ce", "the engine is Docker Engine 18.09.0-ce, and the stack needs 20.10 or newer"],
])("Docker's release %s is too old: %s", (version, problem) => {
  expect(releaseProblem(engine(version))).toBe(problem);
});

test("Podman's releases are not taken for Docker's", () => {
  expect(releaseProblem(engine("5.8.6", true))).toBeUndefined();
});

test("That Terraform does not see some changes by hand is said on Podman only", () => {
  expect(driftProblem(engine("28.5.2"))).toBeUndefined();
  expect(driftProblem(engine("5.4.2", true))).toMatch(
    /^the engine is Podman 5\.4\.2: if somebody changes by hand .* Terraform does not see it$/,
  );
});

describe("Containers that only Docker keeps apart", () => {
  const on = (...networks: string[]) => networks.map((id) => ({ name: `\${docker_network.${id}.id}` }));
  const stackOf = (egress: object) =>
    new SynthesizedStack(
      {
        resource: {
          docker_network: { internal: { internal: true }, egress },
          docker_container: {
            gateway: { name: "mlflow-gateway", networks_advanced: on("internal") },
            login: { name: "mlflow-oauth2-proxy", networks_advanced: on("internal", "egress") },
            egress: { name: "mlflow-server-egress", networks_advanced: on("egress") },
          },
        },
      },
      "/stacks/mlflow",
    );
  const apart = { options: { "com.docker.network.bridge.enable_icc": "false" } };

  test("are named on Podman", () => {
    expect(separationProblem(stackOf(apart), engine("5.8.6", true))).toBe(
      "the engine is Podman 5.8.6, which ignores 'enable_icc=false' and leaves its default network open to others: " +
        "mlflow-oauth2-proxy, mlflow-server-egress can be reached by each other and from there, and on Docker they cannot",
    );
  });

  test.each([
    ["on Docker", apart, engine("28.5.2")],
    ["if the network never kept them apart", {}, engine("5.8.6", true)],
  ])("are nothing to warn of %s", (_, network, on) => {
    expect(separationProblem(stackOf(network), on)).toBeUndefined();
  });
});

describe("Health checks are tried", () => {
  const synthesized = new SynthesizedStack(
    { resource: { docker_image: { server: { name: "mlflow:3" }, database: { name: "postgres:18" } } } },
    "/stacks/mlflow",
  );
  const podman = engine("5.8.6", true);

  /** An engine with these images, and its containers, which are in this state of health as long as they exist. */
  function fakeEngine(health: string, images: string[]) {
    const containers = new Map<string, string[]>();
    const tried: string[][] = [];
    const docker = {
      hasImage: async (name: string) => images.includes(name),
      containers: async (names: string[]) =>
        names
          .filter((name) => containers.has(name))
          .map((Name) => ({ Name, State: { Status: "running", Health: { Status: health } } })),
      withContainer: async (name: string, args: string[], use: (name: string) => Promise<unknown>) => {
        tried.push(args);
        containers.set(name, args);
        return use(name).finally(() => containers.delete(name));
      },
    };
    return { containers, tried, docker: docker as unknown as Docker };
  }
  const trial = (docker: Docker, on: EngineInfo) => requireHealthChecks({ name: "ml", synthesized, docker }, on, 0.3);

  test("never on Docker, which runs them always", async () => {
    const { docker, tried } = fakeEngine("starting", ["postgres:18"]);

    expect(await trial(docker, engine("28.5.2"))).toBe(true);
    expect(tried).toEqual([]);
  });

  test("on Podman, with an image of the stack that the engine has, and no network", async () => {
    const { docker, tried } = fakeEngine("healthy", ["postgres:18", "other:1"]);

    expect(await trial(docker, podman)).toBe(true);
    expect(tried.map((args) => args.join(" "))).toEqual([
      expect.stringMatching(/--network none .*--init .*--health-cmd true .*--entrypoint sleep postgres:18 \d/),
    ]);
  });

  test("later, if the engine has no image of the stack yet", async () => {
    const { docker, tried } = fakeEngine("healthy", ["other:1"]);

    expect(await trial(docker, podman)).toBe(false);
    expect(tried).toEqual([]);
  });

  test.each([
    ["does not run them", "starting", "had not run after 0.3 s", "systemctl enable --now podman.socket"],
    ["fails to run them", "unhealthy", "'true' fails as one", "journalctl -t conmon"],
  ])("and an engine that %s is refused with a remedy", async (_, health, found, remedy) => {
    const { docker, containers } = fakeEngine(health, ["mlflow:3"]);

    const refused = trial(docker, podman).catch((error: unknown) => error);

    expect(await refused).toMatchObject({
      message: expect.stringMatching(new RegExp(`^health checks do not work on this Podman 5\\.8\\.6: .*${found}`)),
      remedy: expect.stringContaining(remedy),
    });
    expect([...containers]).toEqual([]);
  });
});
