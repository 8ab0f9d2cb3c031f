import { DataSize, MinioStore, MlflowServer, PostgresStore, ServiceImage } from "../../../lib";
import type { MinioStoreOptions } from "../../../lib";
import { addresses, container, environment, file, synth, testStack } from "../../support/stacks/synth";

const BUCKET_JOB = "minio_bucket_19E8FDA6";

function storeStack(options: MinioStoreOptions = {}) {
  const { stack, network } = testStack();
  const store = new MinioStore(stack, "minio", { network, ...options });
  return { stack, store };
}

describe("MinioStore", () => {
  test("with minimal properties", () => {
    expect(synth(storeStack().stack)).toMatchSnapshot();
  });

  test("has these addresses", () => {
    expect(addresses(storeStack().stack)).toEqual([
      "docker_container.minio",
      `docker_container.${BUCKET_JOB}`,
      "docker_image.minio_image_AD5394A6",
      "docker_network.network_edge_EE26EFD3",
      "docker_network.network_internal_6B1DEFA6",
      "random_password.minio_access-key_D0D454A8",
      "random_password.minio_root-password_0883C601",
      "random_password.minio_root-user_494D5A4F",
      "random_password.minio_secret-key_B4599C7B",
      "terraform_data.minio_data_FB897F14",
    ]);
  });

  test("never gives clients its root keys", () => {
    const { store } = storeStack();

    expect(store.clientSettings.files.map(({ path }) => path)).toEqual(["/run/secrets/aws-credentials"]);
  });

  test("makes the bucket and its user once the store is healthy, and before any client", () => {
    const { stack, store } = storeStack({ bucket: "models" });

    expect(container(stack, BUCKET_JOB).depends_on).toEqual(["docker_container.minio"]);
    expect(environment(stack, BUCKET_JOB)).toMatchObject({ BUCKET: "models", ENDPOINT: "test-minio:9000" });
    expect(store.clientSettings.dependsOn.map(({ node }) => node.path)).toEqual(["test/minio/bucket"]);
    expect(store.destination).toBe("s3://models");
    expect(store.transferTarget).toEqual({
      scheme: "http",
      endpoint: "test-minio:9000",
      bucket: "models",
      preferred: true,
    });
  });

  test("makes the bucket again when its data begins anew", () => {
    const { labels } = container(storeStack().stack, BUCKET_JOB);

    expect(labels).toContainEqual({
      label: "cdktf-mlflow.triggers",
      value: "${terraform_data.minio_data_FB897F14.id}",
    });
  });

  test("distinguishes the marks of its servers from those of others", () => {
    const { stack, network } = testStack();
    const [store, another] = ["minio", "another"].map((id) => new MinioStore(stack, id, { network }));
    const backendStore = new PostgresStore(stack, "postgres", { network });
    const addServer = (id: string, artifactStore = store as MinioStore) =>
      new MlflowServer(stack, id, { network, backendStore, artifactStore });
    addServer("first");
    addServer("second");
    addServer("third", another);

    expect(environment(stack, BUCKET_JOB)?.IDENTITIES).toMatch(
      /^\$\{terraform_data\.first_identity_\w+\.output\} \$\{terraform_data\.second_identity_\w+\.output\}$/,
    );
  });

  test("allows its user the objects of one bucket, and denies taking back a version", () => {
    const { stack } = storeStack({ bucket: "models" });
    const { Statement } = JSON.parse(file(stack, BUCKET_JOB, "/etc/minio/policy.json"));

    expect(Statement.map(({ Effect, Resource }: { Effect: string; Resource: string[] }) => [Effect, Resource])).toEqual(
      [
        ["Allow", ["arn:aws:s3:::models"]],
        ["Allow", ["arn:aws:s3:::models/*"]],
        ["Deny", ["arn:aws:s3:::models/*"]],
      ],
    );
    expect(JSON.stringify(Statement)).not.toMatch(/"s3:\*"|"arn:aws:s3:::\*"/);
    const versions = Statement.filter(({ Action }: { Action: string[] }) => Action.some((one) => /Version/.test(one)));
    expect(versions).toMatchObject([{ Effect: "Deny", Action: ["s3:DeleteObjectVersion"] }]);
  });

  test("has no console by default", () => {
    const { stack } = storeStack();

    expect(environment(stack, "minio")).toMatchObject({ MINIO_BROWSER: "off" });
    expect(JSON.stringify(container(stack, "minio").command)).not.toContain("--console-address");
  });

  test.each(["ab", "Models", "my_bucket", "-models", "models-", "a..b", "192.168.1.1", "xn--models", "a".repeat(64)])(
    "fails on the bucket name '%s'",
    (bucket) => {
      expect(() => storeStack({ bucket })).toThrow(
        `'bucket' must be 3 to 63 of a-z, 0-9, '-' and '.', begin and end with a letter or digit, and not look like an address, got: '${bucket}' [test/minio]`,
      );
    },
  );

  test("fails on too little memory", () => {
    expect(() => storeStack({ memory: DataSize.mebibytes(256) })).toThrow(
      "'memory' must be at least 800 MiB, got: 256 MiB [test/minio]",
    );
  });

  test("lets others use its S3 API only with an image that checks every signature", () => {
    const image = ServiceImage.registry("registry.example.com/minio:1.0.0");

    expect(storeStack({ s3Api: true }).store.s3ApiAddress).toBe("test-minio:9000");
    expect(storeStack({ s3Api: true, image, imageChecksSignatures: true }).store.s3ApiAddress).toBe("test-minio:9000");
    expect(() => storeStack({ s3Api: true, image })).toThrow(
      "'s3Api' needs an image that checks every signature, as the default one does; say 'imageChecksSignatures: true' if yours is known to [test/minio]",
    );
  });
});
