import { S3Store, Secret } from "../../lib";
import type { S3StoreOptions } from "../../lib";
import { addresses, testStack } from "../support/synth";

function s3Stack(options: Partial<S3StoreOptions> = {}) {
  const { stack } = testStack();
  const store = new S3Store(stack, "s3", {
    bucket: "models",
    accessKeyId: Secret.variable("access_key_id"),
    secretAccessKey: Secret.variable("secret_access_key"),
    ...options,
  });
  return { stack, store };
}

describe("S3Store", () => {
  test("creates no container and no volume", () => {
    expect(addresses(s3Stack().stack).filter((address) => !address.includes("network"))).toEqual([]);
  });

  test("is Amazon's unless an endpoint is given", () => {
    const { store } = s3Stack({ region: "eu-central-1", prefix: "team/mlflow" });

    expect(store.destination).toBe("s3://models/team/mlflow");
    expect(store.clientSettings.environment).toEqual({
      AWS_DEFAULT_REGION: "eu-central-1",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_SHARED_CREDENTIALS_FILE: "/run/secrets/aws-credentials",
      MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE: "auto",
    });
  });

  test("puts the bucket into the path behind an endpoint, unless told otherwise", () => {
    const endpoint = "https://s3.example.com/";

    expect(s3Stack({ endpoint }).store.clientSettings.environment).toMatchObject({
      MLFLOW_S3_ENDPOINT_URL: "https://s3.example.com",
      MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE: "path",
    });
    expect(s3Stack({ endpoint, pathStyle: false }).store.clientSettings.environment).toMatchObject({
      MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE: "auto",
    });
  });

  test("lies outside and is not reachable for clients, so they transfer through MLflow", () => {
    const { store } = s3Stack();

    expect(store.clientSettings.outside).toBe(true);
    expect(store).not.toHaveProperty("transferTarget");
  });

  test.each(["http://localhost:9000", "http://127.0.0.1:9000", "https://[::1]"])(
    "fails on the endpoint %s",
    (endpoint) => {
      expect(() => s3Stack({ endpoint })).toThrow(
        /^'endpoint' must be a name or address that containers reach, .* \[test\/s3\]$/,
      );
    },
  );

  test.each([
    "s3.example.com",
    "ftp://s3.example.com",
    "https://key:secret@s3.example.com",
    "https://s3.example.com/models",
  ])("fails on the endpoint %s without repeating it", (endpoint) => {
    expect(() => s3Stack({ endpoint })).toThrow(
      "'endpoint' must be an address such as 'https://s3.example.com', without keys, path or query [test/s3]",
    );
  });

  test.each(["/mlflow", "mlflow/", "a//b", "a b", ""])("fails on the prefix '%s'", (prefix) => {
    expect(() => s3Stack({ prefix })).toThrow(
      `'prefix' must be words of letters, digits, '.', '_' and '-' with '/' between them, got: '${prefix}' [test/s3]`,
    );
  });

  test("fails on a bucket's name that no S3 service takes", () => {
    expect(() => s3Stack({ bucket: "My Bucket" })).toThrow(/^'bucket' must be .*, got: 'My Bucket' \[test\/s3\]$/);
  });
});
