import { disksOf, filesystemsIn } from "../../../cli/status/disks";
import type { ContainerDetails } from "../../../cli/docker/inspected";

// As a Debian's `df -kP` in a container has answered.
const POSTGRES = `Filesystem     1024-blocks      Used Available Capacity Mounted on
/dev/vda1         82043328  38012420  39822080      49% /var/lib/postgresql`;
// BusyBox's, with a path that does not exist.
const GATEWAY = `Filesystem           1024-blocks    Used Available Capacity Mounted on
/dev/vda1             82043328  38012420  39822080  49% /data
/dev/vdb1              1024000    972800     51200  95% /var/log/caddy
df: /gone: can't find mount point`;

const container = (Name: string, volumes: { [destination: string]: string }, Status = "running") =>
  ({
    Name,
    State: { Status },
    Mounts: Object.entries(volumes).map(([Destination, volume]) => ({
      Type: "volume",
      Name: volume,
      Source: `/var/lib/docker/volumes/${volume}/_data`,
      Destination,
    })),
  }) as unknown as ContainerDetails;

test("each disk is told once, with all volumes on it, by the containers that have df", async () => {
  const asked: string[] = [];
  const docker = {
    execOutput: async (name: string, command: string[]) => {
      asked.push([name, ...command].join(" "));
      if (name === "minio") return { exitCode: 127, text: 'exec: "df": executable file not found in $PATH' };
      return { exitCode: 0, text: name === "postgres" ? POSTGRES : GATEWAY };
    },
  };
  const disks = await disksOf(docker, [
    container("postgres", { "/var/lib/postgresql": "mlflow-postgres-data-18" }),
    container("gateway", { "/data": "mlflow-gateway-data", "/var/log/caddy": "logs", "/gone": "gone" }),
    container("minio", { "/data": "mlflow-minio-data" }),
    container("stopped", { "/data": "other" }, "exited"),
    container("server", {}),
  ]);

  expect(disks).toEqual([
    {
      free: 39822080 * 1024,
      total: 82043328 * 1024,
      usedPercent: 49,
      volumes: ["mlflow-gateway-data", "mlflow-postgres-data-18"],
    },
    { free: 51200 * 1024, total: 1024000 * 1024, usedPercent: 95, volumes: ["logs"] },
  ]);
  expect(asked.sort()).toEqual([
    "gateway df -kP /data /var/log/caddy /gone",
    "minio df -kP /data",
    "postgres df -kP /var/lib/postgresql",
  ]);
});

test("a filesystem with spaces in its name is read, and a headline is none", () => {
  expect(filesystemsIn("Filesystem 1024-blocks Used Available Capacity Mounted on")).toEqual([]);
  expect(filesystemsIn("my share 100 50 50 50% /data").map(({ name }) => name)).toEqual(["my share"]);
});
