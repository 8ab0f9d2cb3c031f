import { containerFindings } from "../../../cli/doctor/container-findings";
import type { ContainerDetails } from "../../../cli/docker/inspected";

const NOW = Date.parse("2026-12-01T12:00:00Z");
const server = { name: "mlflow-server", role: "server", isJob: false };
const job = { name: "mlflow-server-migration", role: "migration-job", isJob: true };

const container = (Name: string, State: object, RestartCount = 0) =>
  ({ Name, State: { ExitCode: 0, StartedAt: "2026-12-01T11:30:00Z", ...State }, RestartCount }) as ContainerDetails;
const find = (found: ContainerDetails[], expected = [server]) =>
  containerFindings(expected, found, async () => "2026/12/01 ERROR: \u001B[31mno database\u001B[0m", NOW);

test.each([
  ["running", container("mlflow-server", { Status: "running", Health: { Status: "healthy" } })],
  ["running without a health check", container("mlflow-server", { Status: "running" })],
  [
    "running for long after a restart",
    container("mlflow-server", { Status: "running", StartedAt: "2026-12-01T09:00:00Z" }, 3),
  ],
])("nothing is wrong with a container that is %s", async (_, found) => {
  expect(await find([found])).toEqual([]);
});

test.each([
  ["missing", "missing-container", [], "npx mlflow-stack up"],
  [
    "stopped",
    "stopped-container",
    [container("mlflow-server", { Status: "exited", ExitCode: 143 })],
    "docker start mlflow-server",
  ],
  ["paused", "stopped-container", [container("mlflow-server", { Status: "paused" })], "docker unpause mlflow-server"],
  [
    "restarting",
    "restarting-container",
    [container("mlflow-server", { Status: "restarting", ExitCode: 1 }, 7)],
    "docker logs --tail 50 mlflow-server",
  ],
  [
    "unhealthy",
    "unhealthy-container",
    [container("mlflow-server", { Status: "running", Health: { Status: "unhealthy" } })],
    "docker restart mlflow-server",
  ],
  [
    "starting",
    "starting-container",
    [container("mlflow-server", { Status: "running", Health: { Status: "starting" } })],
    "npx mlflow-stack doctor",
  ],
  [
    "just restarted",
    "restarted-container",
    [container("mlflow-server", { Status: "running", Health: { Status: "healthy" } }, 1)],
    "docker logs --tail 50 mlflow-server",
  ],
])("a service that is %s is a finding with its meaning and a command", async (_, check, found, command) => {
  const findings = await find(found);

  expect(findings).toEqual([
    expect.objectContaining({ check, meaning: "Nobody can use MLflow: the gateway answers with errors." }),
  ]);
  expect(findings[0]?.remedy).toContain(command);
  expect(findings[0]?.found).toContain("mlflow-server");
});

test("the last line of a container is told, without control characters", async () => {
  const [finding] = await find([container("mlflow-server", { Status: "restarting", ExitCode: 1, OOMKilled: true }, 7)]);

  expect(finding?.found).toBe(
    "mlflow-server ends and is started again, 7 times so far, last with status 1, because it needed more memory than its limit. Its last line: 2026/12/01 ERROR:  [31mno database [0m",
  );
});

test.each([
  ["has failed", "exited", 3, ["failed-job"]],
  ["has ended well", "exited", 0, []],
  ["still works", "running", 0, []],
])("a job that %s", async (_, Status, ExitCode, checks) => {
  const findings = await find([container(job.name, { Status, ExitCode })], [job]);

  expect(findings.map(({ check }) => check)).toEqual(checks);
});
