import type { Values } from "../../../../cli/terraform/json/plan-json";
import { PlanBuilder, ourJob } from "../../../support/plans/plan-builder";
import { headline, text } from "../../../support/plans/reviewed";
import { container, mlflowStack } from "../../../support/stacks/synth";

describe("Jobs", () => {
  // The library's command line, so that a change of it fails here.
  const { entrypoint, command, labels } = container(mlflowStack(), "server_migration_BC6C20F3");
  const migration = (image: string, values: object = {}) =>
    ourJob("mlflow-migration", { entrypoint, command, labels, image, ...values });
  const images = (builder: PlanBuilder, before: string, after: string) =>
    builder
      .resource("docker_image.old", { name: before, image_id: "sha256:old" }, null)
      .resource("docker_image.new", null, { name: after });
  const options = { unknown: { image: true }, references: { image: ["docker_image.new.image_id"] } };

  test.each([
    [
      "ghcr.io/mlflow/mlflow:v3.16.0-full",
      "ghcr.io/mlflow/mlflow:v3.17.2-full",
      "from MLflow '3.16.0' to '3.17.2'. No backup is made",
    ],
    ["m:3.17.2", "m:3.9.0", "fails: MLflow '3.9.0' does not open the database of '3.17.2'"],
    ["m:3.17.2", "m@sha256:abc", "migrates MLflow's database to 'm@sha256:abc', of which the name tells no release"],
  ])("migrate from %s to %s", (before, after, words) => {
    const plan = images(new PlanBuilder(), before, after)
      .resource(
        "docker_container.migration",
        migration("sha256:old"),
        migration("sha256:x", { image: undefined }),
        options,
      )
      .build();

    expect(text(plan)).toContain(words);
  });

  test("that make a backup first are named", () => {
    const plan = images(new PlanBuilder(), "m:3.16.0", "m:3.17.2")
      .resource("docker_container.backup", null, ourJob("mlflow-backup"))
      .resource("docker_container.migration", migration("sha256:old"), migration("sha256:x", { image: undefined }), {
        ...options,
        dependsOn: ["docker_container.backup"],
      })
      .build();

    expect(text(plan)).toContain("to '3.17.2', after 'mlflow-backup' has made a backup");
  });
});

describe("The dump before a migration", () => {
  const stack = mlflowStack();
  const job = (address: string, values: Values = {}) => {
    const { entrypoint, command, labels } = container(stack, address);
    return ourJob(address, { entrypoint, command, labels, ...values });
  };
  const dump = (image: string, id: Values): Values => {
    const { command } = container(stack, "server_dump_79EFE4AE");
    const words = [...command.slice(0, 3), image, ...command.slice(4)];
    const file = { file: "/etc/mlflow/image-id", permissions: "0444", ...id };
    return job("server_dump_79EFE4AE", { command: words, user: "postgres", upload: [file] });
  };
  const upgrade = (change: (values: Values) => Values = (values) => values) => {
    const unknown = { image: true };
    return new PlanBuilder()
      .resource("docker_image.old", { name: "m:3.16.1", image_id: "sha256:old" }, null)
      .resource("docker_image.new", null, { name: "m:3.17.2" })
      .resource("docker_container.dump", dump("m:3.16.1", { content: "sha256:old" }), change(dump("m:3.17.2", {})), {
        unknown: { upload: [{ content: true }] },
      })
      .resource(
        "docker_container.migration",
        job("server_migration_BC6C20F3", { image: "sha256:old" }),
        job("server_migration_BC6C20F3", { image: undefined }),
        {
          unknown,
          references: { image: ["docker_image.new.image_id"] },
          dependsOn: ["docker_container.dump"],
        },
      )
      .build();
  };

  test("is named with the command that goes back to it, and needs no backup by hand", () => {
    const said = text(upgrade());

    expect(said).toContain(
      "migrates MLflow's database from MLflow '3.16.1' to '3.17.2', after a dump that is read back. 'mlflow-stack rollback' goes back to it",
    );
    expect(said).toContain("MLflow goes from '3.16.1' to '3.17.2', and its database with it.");
    expect(said).toContain("Way back: 'mlflow-stack rollback' restores the dump that is made before");
    expect(headline(upgrade())).toMatch(
      /^Changed, and only the dump from before leads back: experiments, runs, metrics and registered models\. /,
    );
    expect(said).not.toMatch(/make a backup|without a backup|with the backup/);
    expect(said).not.toContain("known only after the apply");
  });

  test.each<[string, (values: Values) => Values]>([
    ["another program", (values) => ({ ...values, entrypoint: ["sh"] })],
    [
      "another folder",
      (values) => ({
        ...values,
        command: ["/etc/mlflow/dump.sh", "/tmp", "/tmp/rollback", "m:3", "/etc/mlflow/image-id"],
      }),
    ],
    ["more words", (values) => ({ ...values, command: [...(values.command as string[]), "; rm -rf /"] })],
  ])("is read by a person if it has %s", (_what, change) => {
    expect(text(upgrade(change))).toMatch(/changes were not checked|change was not checked/);
  });
});
