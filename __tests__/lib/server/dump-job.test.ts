import { BackendStore, PostgresStore, Secret, ServiceImage } from "../../../lib";
import type { MlflowStackProps } from "../../../lib";
import { addresses, container, mlflowStack, synth } from "../../support/stacks/synth";

function dumpOf(props: MlflowStackProps = {}) {
  const stack = mlflowStack(props);
  const named = (part: string) =>
    container(
      stack,
      addresses(stack)
        .find((one) => one.includes(part))
        ?.replace("docker_container.", "") ?? "",
    );
  const dump = named("docker_container.server_dump_");
  const image = /docker_image\.([\w-]+)\./.exec(String(dump.image))?.[1] ?? "";
  const { name } = (synth(stack).resource.docker_image ?? {})[image] as unknown as { name: string };
  return { dump, migration: named("docker_container.server_migration_"), image: name };
}

const EXTERNAL = {
  host: "db.example.com",
  database: "mlflow",
  username: "mlflow",
  password: Secret.variable("postgres_password"),
};

describe("The dump before a migration", () => {
  test("comes first: without it nothing is migrated, and nothing is served", () => {
    const { dump, migration } = dumpOf();

    expect(migration.depends_on).toContainEqual(expect.stringMatching(/^docker_container\.server_dump_/));
    expect(dump.lifecycle).toMatchObject({ postcondition: [{ condition: "${self.exit_code == 0}" }] });
  });

  test("is made again for another image, also under the same name", () => {
    const image = "localhost/mlflow:3.17.2";
    const { command, upload } = dumpOf({ server: { image: ServiceImage.registry(image) } }).dump;

    const id = "/etc/mlflow/image-id";
    expect(command).toEqual(["/etc/mlflow/dump.sh", "/var/lib/postgresql/dumps", "/tmp/rollback", image, id]);
    expect(upload.find(({ file }: { file: string }) => file === id)?.content).toMatch(
      /^\$\{coalesce\(docker_image\.\w+\.repo_digest, docker_image\.\w+\.image_id\)\}$/,
    );
  });

  test("goes to a volume of its own, as the user of PostgreSQL's image", () => {
    expect(dumpOf().dump).toMatchObject({
      user: "postgres",
      volumes: [{ volume_name: "mlflow-server-dumps", container_path: "/var/lib/postgresql" }],
    });
  });

  test.each<[string, MlflowStackProps, string]>([
    ["the server's own", { backendStore: BackendStore.postgres({ majorVersion: 17 }) }, "postgres:17"],
    ["the default one for an external server", { backendStore: BackendStore.external(EXTERNAL) }, "postgres:18"],
    [
      "that of the option",
      { backendStore: BackendStore.postgres({ image: ServiceImage.registry("registry.example.com/pg:18.6.0") }) },
      "registry.example.com/pg:18.6.0",
    ],
  ])("has tools of the right version: %s", (_what, props, image) => {
    expect(dumpOf(props).image).toMatch(new RegExp(`^${image}`));
    expect(PostgresStore.defaultImage().name).toMatch(/^postgres:18/);
  });

  test("trusts public authorities only where an external server needs them, and has no secret besides its file", () => {
    const paths = (props: MlflowStackProps) => {
      const { upload } = dumpOf(props).dump as unknown as { upload: { file: string }[] };
      return upload.map(({ file }) => file);
    };

    expect(paths({})).toEqual(["/run/secrets/pg_service.conf", "/etc/mlflow/dump.sh", "/etc/mlflow/image-id"]);
    expect(paths({ backendStore: BackendStore.external(EXTERNAL) })).toContain("/etc/mlflow/authorities.pem");
    expect(paths({ backendStore: BackendStore.external({ ...EXTERNAL, sslMode: "require" }) })).not.toContain(
      "/etc/mlflow/authorities.pem",
    );
  });
});
