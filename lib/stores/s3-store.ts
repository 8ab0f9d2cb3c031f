import { Token } from "cdktf";
import { Construct } from "constructs";
import { S3Client, validateBucket, validateEndpoint, validatePrefix } from "./s3-client";
import type { Secret } from "../secrets/secret";
import { amazonHosts, endpointHosts } from "./store-hosts";
import type { ClientSettings, IArtifactStore, StoreHost, TransferTarget } from "./store";

/** Options of an `S3Store`. */
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
   * Certificate of the authority that signs the endpoint's own, in PEM form.
   *
   * @default - those that the images trust
   */
  readonly caCertificate?: string;

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

  /**
   * Whether clients reach the endpoint themselves, under the same address as containers do. They then transfer files
   * there, past the gateway.
   *
   * @default false
   */
  readonly reachableByClients?: boolean;
}

/**
 * A bucket on an S3 service outside of the stack. Creates no container.
 *
 * @throws ValidationError when the endpoint is no address or means the container itself, or a name is malformed.
 */
export class S3Store extends Construct implements IArtifactStore {
  public readonly clientSettings: ClientSettings;
  public readonly destination: string;
  public readonly transferTarget?: TransferTarget;

  constructor(scope: Construct, id: string, options: S3StoreOptions) {
    super(scope, id);

    validateBucket(options.bucket, this);
    validateEndpoint(options.endpoint, this);
    validatePrefix(options.prefix, this);

    const pathStyle = options.pathStyle ?? options.endpoint !== undefined;
    const region = options.region ?? "us-east-1";
    // Set explicitly, so that the beginning of presigned URLs is known.
    const endpoint = options.endpoint ?? (pathStyle ? `https://s3.${region}.amazonaws.com` : undefined);
    this.destination = ["s3:/", options.bucket, ...(options.prefix ? [options.prefix] : [])].join("/");
    const settings = S3Client.settings({
      accessKeyId: options.accessKeyId.bind(this, "access-key-id"),
      secretAccessKey: options.secretAccessKey.bind(this, "secret-access-key"),
      sessionToken: options.sessionToken?.bind(this, "session-token"),
      region,
      endpoint,
      pathStyle,
      caCertificate: options.caCertificate,
      external: true,
    });
    this.clientSettings = pathStyle ? settings : { ...settings, hosts: bucketHosts(options.bucket, region, endpoint) };
    this.transferTarget = transferTarget(options, endpoint, pathStyle);
  }
}

function bucketHosts(bucket: string, region: string, endpoint: string | undefined): StoreHost[] | undefined {
  return endpoint === undefined ? amazonHosts(bucket, region) : endpointHosts(endpoint, bucket);
}

function transferTarget(
  { bucket, prefix, caCertificate, sessionToken, reachableByClients }: S3StoreOptions,
  endpoint: string | undefined,
  pathStyle: boolean,
): TransferTarget | undefined {
  if (reachableByClients) {
    return { scheme: "https", endpoint: endpoint ?? "", bucket, prefix, reachableByClients, preferred: true };
  }
  // Temporary keys put their token into presigned URLs, and the gateway refuses those.
  if (!pathStyle || endpoint === undefined || Token.isUnresolved(endpoint) || sessionToken) return undefined;

  const { protocol, host } = new URL(endpoint);
  return { scheme: protocol.slice(0, -1), endpoint: host, bucket, prefix, caCertificate, preferred: false };
}
