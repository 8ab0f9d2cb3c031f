import { Token } from "cdktf";
import { Construct } from "constructs";
import { ValidationError } from "./errors";
import { validateOutside } from "./outside-address";
import { credentialsFile, s3Environment, validateBucket } from "./s3-client";
import type { Secret } from "./secret";
import type { ClientSettings, IArtifactStore } from "./store-roles";

/** Which bucket to use, and as whom. */
export interface S3StoreOptions {
  /** Name of an existing bucket. */
  readonly bucket: string;

  /**
   * Folder in the bucket, without slashes at its ends.
   *
   * @default - the bucket's root
   */
  readonly prefix?: string;

  /**
   * Address of the S3 API, as containers reach it: never `localhost`.
   *
   * @default - Amazon's, of the region
   */
  readonly endpoint?: string;

  /**
   * Region of the bucket, as requests to it are signed.
   *
   * @default "us-east-1"
   */
  readonly region?: string;

  /** Access key. */
  readonly accessKeyId: Secret;

  /** Secret key. */
  readonly secretAccessKey: Secret;

  /**
   * Token of temporary keys.
   *
   * @default - the keys are permanent
   */
  readonly sessionToken?: Secret;

  /**
   * Whether the bucket stands in the path of requests and not in the host name.
   *
   * @default - true with an `endpoint`, false without
   */
  readonly pathStyle?: boolean;
}

/**
 * A bucket on an S3 service that somebody else runs. Creates no container.
 *
 * @throws ValidationError when the endpoint is no address or means the container itself, or a name is malformed.
 */
export class S3Store extends Construct implements IArtifactStore {
  public readonly clientSettings: ClientSettings;
  public readonly destination: string;

  constructor(scope: Construct, id: string, options: S3StoreOptions) {
    super(scope, id);

    validateBucket(options.bucket, this);
    this.validateEndpoint(options.endpoint);
    this.validatePrefix(options.prefix);

    const pathStyle = options.pathStyle ?? options.endpoint !== undefined;
    this.destination = ["s3:/", options.bucket, ...(options.prefix ? [options.prefix] : [])].join("/");
    this.clientSettings = {
      environment: {
        ...s3Environment(options.region ?? "us-east-1"),
        ...(options.endpoint && { MLFLOW_S3_ENDPOINT_URL: options.endpoint.replace(/\/+$/, "") }),
        MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE: pathStyle ? "path" : "auto",
      },
      files: [
        credentialsFile({
          accessKeyId: options.accessKeyId.bind(this, "access-key-id"),
          secretAccessKey: options.secretAccessKey.bind(this, "secret-access-key"),
          sessionToken: options.sessionToken?.bind(this, "session-token"),
        }),
      ],
      after: [],
      outside: true,
      epochs: [],
    };
  }

  private validateEndpoint(endpoint: string | undefined): void {
    if (endpoint === undefined || Token.isUnresolved(endpoint)) return;

    const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
    if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.pathname !== "/") {
      // the value may hold keys, so it is not repeated.
      throw new ValidationError(
        "S3Endpoint",
        "'endpoint' must be an address such as 'https://s3.example.com', without keys, path or query",
        this,
      );
    }
    validateOutside("endpoint", url.hostname, this);
  }

  private validatePrefix(prefix: string | undefined): void {
    if (prefix === undefined || Token.isUnresolved(prefix)) return;
    if (!/^[\w.-]+(?:\/[\w.-]+)*$/.test(prefix)) {
      throw new ValidationError(
        "S3Prefix",
        `'prefix' must be words of letters, digits, '.', '_' and '-' with '/' between them, got: '${prefix}'`,
        this,
      );
    }
  }
}
