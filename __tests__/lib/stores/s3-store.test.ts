import { Token } from "cdktf";
import { S3Store, Secret } from "../../../lib";
import type { S3StoreOptions } from "../../../lib";
import { addresses, testStack } from "../../support/stacks/synth";

const CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

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

  test("puts the bucket into the path of an endpoint by default", () => {
    const endpoint = "https://s3.example.com/";

    expect(s3Stack({ endpoint }).store.clientSettings.environment).toMatchObject({
      MLFLOW_S3_ENDPOINT_URL: "https://s3.example.com",
      MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE: "path",
    });
    expect(s3Stack({ endpoint, pathStyle: false }).store.clientSettings.environment).toMatchObject({
      MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE: "auto",
    });
  });

  test.each<[Partial<S3StoreOptions>, string[] | undefined]>([
    [{ endpoint: "https://s3.example.com" }, ["https://s3.example.com:443"]],
    [{ endpoint: "https://S3.example.com:8443", pathStyle: true }, ["https://s3.example.com:8443"]],
    [{ endpoint: "http://minio:9000" }, ["http://minio:9000"]],
    [
      { endpoint: "https://s3.example.com", pathStyle: false },
      ["https://s3.example.com:443", "https://models.s3.example.com:443"],
    ],
    [
      { region: "eu-central-1" },
      ["https://s3.eu-central-1.amazonaws.com:443", "https://models.s3.eu-central-1.amazonaws.com:443"],
    ],
    [
      {},
      [
        ...["https://s3.us-east-1.amazonaws.com:443", "https://models.s3.us-east-1.amazonaws.com:443"],
        ...["https://s3.amazonaws.com:443", "https://models.s3.amazonaws.com:443"],
      ],
    ],
    [{ region: "eu-central-1", pathStyle: true }, ["https://s3.eu-central-1.amazonaws.com:443"]],
    [
      { region: "cn-north-1" },
      ["https://s3.cn-north-1.amazonaws.com.cn:443", "https://models.s3.cn-north-1.amazonaws.com.cn:443"],
    ],
    // These do not tell one name for a port.
    [{ endpoint: "https://10.0.0.5:9000" }, undefined],
    [{ endpoint: "https://[fd00::5]:9000" }, undefined],
    [{ endpoint: "http://s3.example.com", pathStyle: false }, undefined],
    [{ region: "us-iso-east-1" }, undefined],
    [{ region: Token.asString({ resolve: () => "eu-central-1" }) }, undefined],
  ])("tells the hosts that its clients connect to: %j", (options, expected) => {
    const { hosts } = s3Stack(options).store.clientSettings;

    expect(hosts?.map(({ host, port, tls }) => `${tls ? "https" : "http"}://${host}:${port}`)).toEqual(expected);
  });

  test("is external, and MLflow transfers its files by default", () => {
    const { store } = s3Stack({ endpoint: "https://s3.example.com:443/", prefix: "mlflow", caCertificate: CA });

    expect(store.clientSettings.external).toBe(true);
    expect(store.transferTarget).toEqual({
      scheme: "https",
      endpoint: "s3.example.com",
      bucket: "models",
      prefix: "mlflow",
      caCertificate: CA,
      preferred: false,
    });
  });

  test("names Amazon's endpoint if the bucket is in the path", () => {
    const { store } = s3Stack({ pathStyle: true, region: "eu-central-1" });

    expect(store.clientSettings.environment).toMatchObject({
      MLFLOW_S3_ENDPOINT_URL: "https://s3.eu-central-1.amazonaws.com",
      MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE: "path",
    });
    expect(store.transferTarget).toMatchObject({ endpoint: "s3.eu-central-1.amazonaws.com" });
  });

  test.each([
    ["the bucket stands in the host name", {}],
    ["the endpoint is not known yet", { endpoint: Token.asString({ resolve: () => "https://s3.example.com" }) }],
    ["the keys are temporary", { endpoint: "https://s3.example.com", sessionToken: Secret.variable("token") }],
  ])("cannot be reached through the gateway when %s", (_when, options) => {
    expect(s3Stack(options).store.transferTarget).toBeUndefined();
  });

  test("is reached by clients on request, with any kind of address", () => {
    expect(s3Stack({ reachableByClients: true }).store.transferTarget).toMatchObject({
      reachableByClients: true,
      preferred: true,
    });
  });

  test("is trusted by the certificate of its authority", () => {
    const { clientSettings } = s3Stack({ endpoint: "https://s3.example.com", caCertificate: CA }).store;

    expect(clientSettings.environment.AWS_CA_BUNDLE).toBe("/etc/mlflow/s3-ca.pem");
    expect(clientSettings.files[1]).toEqual({ path: "/etc/mlflow/s3-ca.pem", content: CA, secret: false });
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

  test.each(["/mlflow", "mlflow/", "a//b", "a b", "", "..", "a/../b", "./a"])("fails on the prefix '%s'", (prefix) => {
    expect(() => s3Stack({ prefix })).toThrow(
      `'prefix' must be words of letters, digits, '.', '_' and '-' with '/' between them, got: '${prefix}' [test/s3]`,
    );
  });

  test("fails on a bucket's name that no S3 service takes", () => {
    expect(() => s3Stack({ bucket: "My Bucket" })).toThrow(/^'bucket' must be .*, got: 'My Bucket' \[test\/s3\]$/);
  });
});
