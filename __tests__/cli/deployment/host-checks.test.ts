import { diskProblem, engineProblem } from "../../../cli/deployment/host-checks";

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
  [
    "5.8.6",
    "the engine is Podman 5.8.6: without systemd it runs no health checks, and each plan replaces its networks",
  ],
])("the engine's release %s lacks: %s", (version, problem) => {
  expect(engineProblem(version)).toBe(problem);
});
