import { Construct } from "constructs";
import { ContainerRole } from "../contract/container-roles";
import { Port } from "../contract/ports";
import { POLICY_FILE } from "../contract/store-identity";
import type { IdentitySettings } from "../contract/store-identity";
import { DataSize } from "../values/data-size";
import { Duration } from "../values/duration";
import { ValidationError } from "../values/errors";
import { requireMemory } from "../values/memory";
import { HealthCheck } from "../network/health-check";
import type { HealthCheckOptions } from "../network/health-check";
import { BUCKET_JOB, bucketPolicy } from "./minio-bucket-job";
import { RELEASES, imageName } from "../values/releases";
import { S3Client, validateBucket } from "./s3-client";
import { Secret } from "../secrets/secret";
import { ServiceFile } from "../network/service-file";
import { ServiceImage } from "../network/service-image";
import type { IServiceNetwork, VolumeOptions } from "../network/service-network";
import { identitiesOf } from "./stack-identity";
import type { ClientSettings, StoreLogin, IArtifactStore, TransferTarget } from "./store";

// MinIO itself no longer publishes images. Silo is its maintained fork, keeps its command, settings and disk format,
// and has the fixes for the writes without a valid signature (CVE-2026-41145, CVE-2026-40344).
const IMAGE = imageName(RELEASES.silo);
const REGION = "us-east-1";
// MinIO's maximum: access keys have 3 to 20 characters.
const ACCESS_KEY_LENGTH = 20;
// Eight clients took 772 MiB, see bench/README.md.
const MIN_MEMORY = DataSize.mebibytes(800);

/** Options of a `MinioStore`, wherever it is created. */
export interface MinioStoreOptions {
  /**
   * Image that keeps MinIO's contract: `minio` and `mc` on the path, `MINIO_*` settings.
   *
   * @default - a release of Silo, the maintained fork of MinIO
   */
  readonly image?: ServiceImage;

  /**
   * Name of the bucket, which is made when it is not there.
   *
   * @default "mlflow"
   */
  readonly bucket?: string;

  /**
   * Memory limit, 800 MiB or more.
   *
   * @default 1 GiB
   */
  readonly memory?: DataSize;

  /**
   * Whether the store has its console, a page to look into the bucket. The gateway publishes it for admins, who log in to
   * it with the outputs `console_username` and `console_password` of the stack.
   *
   * @default false
   */
  readonly console?: boolean;

  /**
   * Whether others than MLflow may use the S3 API, with the keys of the bucket's user. The gateway publishes it.
   *
   * @default false
   */
  readonly s3Api?: boolean;

  /**
   * Whether an `image` of yours is known to check every signature. The last releases of MinIO itself do not.
   *
   * @default - true of the default image, false of others
   */
  readonly imageChecksSignatures?: boolean;

  /**
   * The volume of the data.
   *
   * @default - a named volume, which no plan deletes
   */
  readonly dataVolume?: VolumeOptions;

  /**
   * Timing of the check whether the store takes requests.
   *
   * @default - every 10 seconds
   */
  readonly healthCheck?: HealthCheckOptions;
}

/** Properties of a `MinioStore`. */
export interface MinioStoreProps extends MinioStoreOptions {
  /** The network to run on. The port is open there and nowhere else. */
  readonly network: IServiceNetwork;
}

/**
 * A MinIO-compatible object store as a service, with its data on a volume, one bucket, and one user who may do no more
 * than read and write objects in it. The root keys never leave the store and its bucket job.
 *
 * @throws ValidationError when the bucket's name is malformed or the memory is too small.
 */
export class MinioStore extends Construct implements IArtifactStore {
  /** Host name on the network. */
  public readonly hostname: string;

  public readonly clientSettings: ClientSettings;
  public readonly destination: string;
  public readonly transferTarget?: TransferTarget;
  public readonly consoleAddress?: string;
  public readonly consoleLogin?: StoreLogin;
  public readonly s3ApiAddress?: string;
  public readonly s3ApiLogin?: StoreLogin;

  constructor(scope: Construct, id: string, props: MinioStoreProps) {
    super(scope, id);

    const bucket = props.bucket ?? "mlflow";
    const memory = props.memory ?? DataSize.gibibytes(1);
    validateBucket(bucket, this);
    requireMemory("MinioMemory", memory, MIN_MEMORY, this);
    this.validateS3Api(props);

    const image = props.image ?? ServiceImage.registry(IMAGE);
    const rootUser = Secret.generated({ length: ACCESS_KEY_LENGTH }).bind(this, "root-user");
    const rootPassword = Secret.generated().bind(this, "root-password");
    const rootUserFile = ServiceFile.ofSecret("minio-root-user", rootUser.unsafeUnwrap());
    const rootPasswordFile = ServiceFile.ofSecret("minio-root-password", rootPassword.unsafeUnwrap());
    const data = props.network.addVolume(this, "data", props.dataVolume);

    const service = props.network.addService(this, "Default", {
      role: ContainerRole.OBJECT_STORE,
      image,
      args: [
        ...["server", "/data", "--address", `:${Port.S3_API}`],
        ...(props.console ? ["--console-address", `:${Port.CONSOLE}`] : []),
      ],
      environment: {
        MINIO_ROOT_USER_FILE: rootUserFile.path,
        MINIO_ROOT_PASSWORD_FILE: rootPasswordFile.path,
        MINIO_REGION: REGION,
        MINIO_BROWSER: props.console ? "on" : "off",
        MINIO_UPDATE: "off",
        // parts of an upload that was given up are gone within a day; signed addresses of parts work for an hour.
        MINIO_API_STALE_UPLOADS_EXPIRY: "23h",
        MINIO_API_STALE_UPLOADS_CLEANUP_INTERVAL: "1h",
      },
      files: [rootUserFile, rootPasswordFile],
      volumes: [{ volume: data, path: "/data" }],
      memory,
      healthCheck: HealthCheck._restarting(["mc", "ready", "local"], props.healthCheck),
      stopGrace: Duration.seconds(30),
    });

    this.hostname = service.hostname;
    const endpoint = `${service.hostname}:${Port.S3_API}`;
    const keys = {
      accessKeyId: Secret.generated({ length: ACCESS_KEY_LENGTH }).bind(this, "access-key"),
      secretAccessKey: Secret.generated({ length: 40 }).bind(this, "secret-key"),
    };
    const accessKeyFile = ServiceFile.ofSecret("minio-access-key", keys.accessKeyId.unsafeUnwrap());
    const secretKeyFile = ServiceFile.ofSecret("minio-secret-key", keys.secretAccessKey.unsafeUnwrap());
    const bucketJob = props.network.addJob(this, "bucket", {
      role: ContainerRole.BUCKET_JOB,
      image,
      entrypoint: ["/bin/sh", "-c"],
      args: [BUCKET_JOB],
      environment: {
        ENDPOINT: endpoint,
        BUCKET: bucket,
        POLICY: POLICY_FILE,
        IDENTITIES: identitiesOf(this),
        ROOT_USER_FILE: rootUserFile.path,
        ROOT_PASSWORD_FILE: rootPasswordFile.path,
        ACCESS_KEY_FILE: accessKeyFile.path,
        SECRET_KEY_FILE: secretKeyFile.path,
      },
      files: [
        rootUserFile,
        rootPasswordFile,
        accessKeyFile,
        secretKeyFile,
        ServiceFile.of(POLICY_FILE, bucketPolicy(bucket)),
      ],
      memory: DataSize.mebibytes(256),
      dependsOn: [service],
      triggers: [data.revision],
      errorMessage: `The bucket '${bucket}' and its user could not be made.`,
    });

    this.destination = `s3://${bucket}`;
    this.transferTarget = { scheme: "http", endpoint, bucket, preferred: true };
    const login = { username: keys.accessKeyId, password: keys.secretAccessKey };
    if (props.console) {
      this.consoleAddress = `${service.hostname}:${Port.CONSOLE}`;
      this.consoleLogin = login;
    }
    if (props.s3Api) {
      this.s3ApiAddress = endpoint;
      this.s3ApiLogin = login;
    }
    const settings = S3Client.settings({
      ...keys,
      region: REGION,
      endpoint: `http://${endpoint}`,
      pathStyle: true,
      external: false,
      dependsOn: [bucketJob],
      triggers: [data.revision],
    });
    // Tells stores.py that an unknown access key means an emptied store.
    const environment = { ...settings.environment, STACK_MAKES_BUCKET: "true" } satisfies IdentitySettings;
    this.clientSettings = { ...settings, environment };
  }

  private validateS3Api({ s3Api, image, imageChecksSignatures }: MinioStoreOptions): void {
    if (!s3Api || (imageChecksSignatures ?? image === undefined)) return;
    throw new ValidationError(
      "S3ApiImage",
      "'s3Api' needs an image that checks every signature, as the default one does; say 'imageChecksSignatures: true' if yours is known to",
      this,
    );
  }
}
