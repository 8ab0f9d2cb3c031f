import { Token } from "cdktf";
import type { IConstruct } from "constructs";
import type { StoreSettings } from "../contract/server-settings";
import { ValidationError } from "../values/errors";
import { rejectLoopback } from "../values/container-host";
import { ServiceFile } from "../network/service-file";
import { secretText } from "../secrets/terraform-text";
import type { SecretValue } from "../secrets/secret";
import { endpointHosts } from "./store-hosts";
import type { ClientSettings } from "./store";

const CA_FILE = "/etc/mlflow/s3-ca.pem";
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
const BUCKET = /^(?!xn--|sthree-)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** An S3 service, and how to connect to it. */
export interface S3ClientOptions {
  /** Access key. */
  readonly accessKeyId: SecretValue;

  /** Secret key. */
  readonly secretAccessKey: SecretValue;

  /**
   * Token of temporary keys.
   *
   * @default - the keys are permanent
   */
  readonly sessionToken?: SecretValue;

  /** Region of the bucket, as requests to it are signed. */
  readonly region: string;

  /**
   * Address of the S3 API, without a path.
   *
   * @default - Amazon's, of the region
   */
  readonly endpoint?: string;

  /** Whether the bucket stands in the path of requests (true) or in the host name (false). */
  readonly pathStyle: boolean;

  /**
   * Certificate of the authority that signed the endpoint's certificate, in PEM form.
   *
   * @default - the authorities that the image trusts
   */
  readonly caCertificate?: string;

  /** Whether the service is outside of the network, so that clients need egress. */
  readonly external: boolean;

  /**
   * Services and jobs that a client starts after.
   *
   * @default - none
   */
  readonly dependsOn?: IConstruct[];

  /**
   * Values that change when the bucket is recreated empty.
   *
   * @default - none
   */
  readonly triggers?: string[];
}

/** How MLflow and boto3 connect to an S3 service, for artifact stores of your own too. */
export class S3Client {
  /** The settings of a client. The keys are in a credentials file, which every AWS SDK reads. */
  public static settings(options: S3ClientOptions): ClientSettings {
    const { accessKeyId, secretAccessKey, sessionToken, endpoint, caCertificate } = options;
    const credentials = ServiceFile.ofSecret(
      "aws-credentials",
      secretText`[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n` +
        (sessionToken ? secretText`aws_session_token = ${sessionToken}\n` : ""),
    );
    const environment: StoreSettings[] = [
      {
        AWS_SHARED_CREDENTIALS_FILE: credentials.path,
        AWS_DEFAULT_REGION: options.region,
        // no container runs on EC2. Without this, botocore waits for 169.254.169.254 when a key is wrong.
        AWS_EC2_METADATA_DISABLED: "true",
        MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE: options.pathStyle ? "path" : "auto",
      },
      endpoint ? { MLFLOW_S3_ENDPOINT_URL: originOf(endpoint) } : {},
      caCertificate ? { AWS_CA_BUNDLE: CA_FILE } : {},
    ];
    return {
      environment: Object.assign({}, ...environment),
      files: [credentials, ...(caCertificate ? [ServiceFile.of(CA_FILE, caCertificate)] : [])],
      dependsOn: options.dependsOn ?? [],
      external: options.external,
      hosts: options.external && endpoint && options.pathStyle ? endpointHosts(endpoint) : undefined,
      triggers: options.triggers ?? [],
    };
  }

  private constructor() {}
}

/** @throws ValidationError when no S3 service takes a bucket of this name. */
export function validateBucket(bucket: string, scope: IConstruct): void {
  if (!Token.isUnresolved(bucket) && !BUCKET.test(bucket)) {
    throw new ValidationError(
      "BucketName",
      `'bucket' must be 3 to 63 of a-z, 0-9, '-' and '.', begin and end with a letter or digit, and not look like an address, got: '${bucket}'`,
      scope,
    );
  }
}

/** @throws ValidationError when it is no address of an S3 API, or means the container itself. */
export function validateEndpoint(endpoint: string | undefined, scope: IConstruct): void {
  if (endpoint === undefined || Token.isUnresolved(endpoint)) return;

  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.pathname !== "/") {
    // The message does not repeat the value, which may contain keys.
    throw new ValidationError(
      "S3Endpoint",
      "'endpoint' must be an address such as 'https://s3.example.com', without keys, path or query",
      scope,
    );
  }
  rejectLoopback("endpoint", url.hostname, scope);
}

/** @throws ValidationError when it is no folder in a bucket. */
export function validatePrefix(prefix: string | undefined, scope: IConstruct): void {
  if (prefix === undefined || Token.isUnresolved(prefix)) return;
  if (!/^(?!\.{1,2}(?:\/|$))[\w.-]+(?:\/(?!\.{1,2}(?:\/|$))[\w.-]+)*$/.test(prefix)) {
    throw new ValidationError(
      "S3Prefix",
      `'prefix' must be words of letters, digits, '.', '_' and '-' with '/' between them, got: '${prefix}'`,
      scope,
    );
  }
}

/** An endpoint as boto3 writes it into addresses: without a path, and without the port that the scheme implies. */
export function originOf(endpoint: string): string {
  return Token.isUnresolved(endpoint) ? endpoint : new URL(endpoint).origin;
}
