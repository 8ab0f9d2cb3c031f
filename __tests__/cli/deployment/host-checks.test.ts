import { diskProblem } from "../../../cli/deployment/host-checks";

test("disk space is compared in GiB, and the message has both numbers", () => {
  expect(diskProblem(5 * 1024 ** 3, 5, "/var/lib/docker")).toBeUndefined();
  expect(diskProblem(1.5 * 1024 ** 3, 5, "/var/lib/docker")).toBe(
    "not enough disk: 1.5 GiB free in /var/lib/docker, 5 GiB needed",
  );
});
