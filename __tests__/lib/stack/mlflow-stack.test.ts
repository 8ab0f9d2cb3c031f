import { App, Testing } from "cdktf";
import type { TerraformResource } from "cdktf";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArtifactStore, BackendStore, MinioStore, MlflowStack, PostgresStore, S3Store, Secret } from "../../../lib";
import { RELEASES } from "../../../lib/values/releases";
import { PLANTED, SHAPES } from "../../support/stacks/shapes";
import {
  addresses,
  container,
  environment,
  mlflowStack,
  synth,
  withoutPackagedFiles,
} from "../../support/stacks/synth";
import type { Synthesized } from "../../support/stacks/synth";

const REFERENCE =
  /\$\{[^}]*\b(?:random_password|random_bytes|terraform_data(?!\.(?:server_identity|minio_data|postgres_data-\d+|gateway_data)_)|var)\.[^}]+\}/;

function containers(synthesized: Synthesized) {
  return Object.entries(synthesized.resource.docker_container ?? {});
}

describe("MlflowStack", () => {
  test.each(Object.entries(SHAPES))("deploys %s", (_name, shape) => {
    expect(withoutPackagedFiles(synth(shape()))).toMatchSnapshot();
  });

  test("has these addresses", () => {
    expect(addresses(mlflowStack())).toMatchInlineSnapshot(`
     [
       "docker_container.gateway",
       "docker_container.minio",
       "docker_container.minio_bucket_19E8FDA6",
       "docker_container.postgres",
       "docker_container.server",
       "docker_container.server_dump_79EFE4AE",
       "docker_container.server_migration_BC6C20F3",
       "docker_image.gateway_image_E8BE813C",
       "docker_image.minio_image_AD5394A6",
       "docker_image.postgres_image_5E4DCF3B",
       "docker_image.server_migration_image_E95E307E",
       "docker_network.network_edge_EE26EFD3",
       "docker_network.network_internal_6B1DEFA6",
       "random_bytes.server_mlflow-webhook-secret-encryption-key_ED753816",
       "random_password.gateway_password_2BDBD9BA",
       "random_password.minio_access-key_D0D454A8",
       "random_password.minio_root-password_0883C601",
       "random_password.minio_root-user_494D5A4F",
       "random_password.minio_secret-key_B4599C7B",
       "random_password.postgres_password_83C6746C",
       "random_password.server_gateway-key_0624FA4E",
       "random_password.server_mlflow-crypto-kek-passphrase_2CCBDC3A",
       "random_password.server_mlflow-flask-server-secret-key_ADE6C8BD",
       "terraform_data.minio_data_FB897F14",
       "terraform_data.postgres_data-18_39DD5BDF",
       "terraform_data.server_dumps_1CE41C25",
       "terraform_data.server_identity_C4A601B5",
     ]
    `);
  });

  test.each(Object.entries(SHAPES))("holds no secret in %s", (_name, shape) => {
    const synthesized = synth(shape());
    const text = JSON.stringify(synthesized);

    for (const value of PLANTED) expect(text).not.toContain(value);
    for (const [name, { upload, ...rest }] of containers(synthesized)) {
      // A container refers to secrets in its secret files only.
      expect([name, JSON.stringify(rest)]).not.toEqual([name, expect.stringMatching(REFERENCE)]);
      for (const { file, content } of upload ?? []) {
        const isSecret = file.startsWith("/run/secrets/");
        expect([name, file, REFERENCE.test(content)]).toEqual([name, file, isSecret]);
      }
    }
    for (const [name, { value, sensitive }] of Object.entries(synthesized.output ?? {})) {
      if (REFERENCE.test(JSON.stringify(value))) expect([name, sensitive]).toEqual([name, true]);
    }
  });

  test.each(Object.entries(SHAPES))("hardens every container of %s", (_name, shape) => {
    for (const [name, container] of containers(synth(shape()))) {
      expect([name, container]).toEqual([
        name,
        expect.objectContaining({
          capabilities: { drop: ["ALL"] },
          security_opts: ["no-new-privileges:true"],
          memory: expect.any(Number),
          memory_swap: container.memory,
          log_driver: "json-file",
          log_opts: { "max-file": "3", "max-size": "10m" },
        }),
      ]);
      expect([name, container.privileged, container.network_mode]).toEqual([name, undefined, undefined]);
    }
  });

  test.each(Object.entries(SHAPES))("publishes only the gateway of %s", (_name, shape) => {
    const published = containers(synth(shape())).filter(([, { ports }]) => ports?.length > 0);

    expect(published.map(([name]) => name).filter((name) => name !== "gateway")).toEqual([]);
  });

  test("keeps the store's root keys from everything but the store and its bucket job", () => {
    const synthesized = synth(mlflowStack());
    const holders = containers(synthesized).filter(([, container]) => /minio_root-/.test(JSON.stringify(container)));

    expect(holders.map(([name]) => name)).toEqual(["minio", "minio_bucket_19E8FDA6"]);
  });

  test("keeps its state beside the output folder, under a relative path", () => {
    const outdir = mkdtempSync(join(tmpdir(), "cdktf-mlflow-"));
    const app = new App({ outdir });
    new MlflowStack(app, "research");
    app.synth();

    const { terraform } = JSON.parse(readFileSync(join(outdir, "stacks", "research", "cdk.tf.json"), "utf8"));
    expect(terraform.backend).toEqual({ local: { path: "../../../terraform.research.tfstate" } });
  });

  test("pins the providers", () => {
    expect(synth(mlflowStack()).terraform.required_providers).toEqual({
      docker: { source: "kreuzwerker/docker", version: RELEASES.providers.docker.version },
      random: { source: "hashicorp/random", version: RELEASES.providers.random.version },
    });
  });

  test("takes a provider whose plan is not read-only, with a warning", () => {
    const stack = mlflowStack({ providerVersions: { docker: "3.6.2", random: "3.7.2" } });

    expect(synth(stack).terraform.required_providers).toMatchObject({ docker: { version: "3.6.2" } });
    expect(stack.node.metadata.filter(({ type }) => type === "@cdktf/warn").map(({ data }) => data)).toEqual([
      "the plan of kreuzwerker/docker 3.6.2 is not read-only: it deletes stopped containers; " +
        `use ${RELEASES.providers.docker.version} or newer`,
    ]);
  });

  test("warns of more workers than cores, if the number of cores is given", () => {
    const warnings = (cores?: number) =>
      mlflowStack({ engine: { cores }, server: { workers: 4 } }).server.node.metadata.map(({ data }) => data);

    expect(warnings()).toEqual([]);
    expect(warnings(4)).toEqual([]);
    expect(warnings(2)).toEqual([expect.stringMatching(/^MLflow has 4 workers and the engine 2 cores: /)]);
  });

  test("gives apps its stores: the container of each for overrides, and its name for programs beside", () => {
    const stack = mlflowStack({ backendStore: BackendStore.postgres({ majorVersion: 17 }) });
    const [database, files] = [stack.backendStore, stack.artifactStore];
    for (const store of [database, files]) {
      (store.node.defaultChild?.node.defaultChild as unknown as TerraformResource).addOverride("cpu_shares", 512);
    }

    expect(database).toBeInstanceOf(PostgresStore);
    expect(files).toBeInstanceOf(MinioStore);
    for (const [name, hostname] of [
      ["postgres", (database as PostgresStore).hostname],
      ["minio", (files as MinioStore).hostname],
    ] as const) {
      expect(container(stack, name)).toMatchObject({ name: hostname, cpu_shares: 512 });
    }
    const keys = { accessKeyId: Secret.variable("key"), secretAccessKey: Secret.variable("secret") };
    expect(
      mlflowStack({ artifactStore: ArtifactStore.s3({ bucket: "models", ...keys }) }).artifactStore,
    ).toBeInstanceOf(S3Store);
  });

  test("shares no name with a second stack on the same engine", () => {
    const names = (stack: MlflowStack) =>
      Object.values(synth(stack).resource).flatMap((byName) => Object.values(byName).flatMap(({ name }) => name ?? []));
    const first = names(mlflowStack({}, "mlflow")).filter((name) => !name.includes(":"));
    const second = names(mlflowStack({ url: "http://localhost:8081" }, "research"));

    expect(first.filter((name) => second.includes(name))).toEqual([]);
  });

  test("cannot be published twice on one port of one engine", () => {
    const app = Testing.app();
    new MlflowStack(app, "mlflow");

    expect(() => new MlflowStack(app, "research")).toThrow(
      "port 8080 is published by 'mlflow/gateway/Default' already; give one of the two another port in its 'url', or give each its own address of the engine's host as the gateway's 'binding' [research/gateway/Default]",
    );
    expect(() => new MlflowStack(app, "remote", { engine: { host: "ssh://deploy@example.com" } })).not.toThrow();
  });

  test("reaches an engine behind TLS by the certificates in a folder", () => {
    const stack = mlflowStack({
      engine: { host: "tcp://mlflow.example.com:2376", certificatePath: "/etc/docker/tls" },
    });

    expect(synth(stack).provider.docker).toEqual([
      { host: "tcp://mlflow.example.com:2376", cert_path: "/etc/docker/tls" },
    ]);
  });

  test.each(["mlflow.example.com", "http://mlflow.example.com"])("reports the invalid url '%s' at the stack", (url) => {
    expect(() => mlflowStack({ url })).toThrow(/^'url' must .*, got: '.*mlflow\.example\.com' \[mlflow\]$/);
  });

  test("accepts requests of the edge network under the gateway's own name", () => {
    expect(environment(mlflowStack(), "server").MLFLOW_SERVER_ALLOWED_HOSTS).toContain(
      "mlflow-gateway,mlflow-gateway:*",
    );
    expect(container(mlflowStack(), "gateway").name).toBe("mlflow-gateway");
  });

  test("fails on a stack id that is too long for a host name", () => {
    expect(() => mlflowStack({}, "m".repeat(70))).toThrow(/must fit into a host name of 63 characters/);
  });
});
