import type { Construct } from "constructs";
import { BACKUP_TARGET_AUTHORITY_FILE, BACKUP_TARGET_CREDENTIALS_FILE } from "../contract/backup";
import { SECRETS_FOLDER } from "../contract/secret-files";
import type { StoreSettings } from "../contract/server-settings";
import { ServiceFile } from "../network/service-file";
import type { Secret } from "../secrets/secret";
import { secretText } from "../secrets/terraform-text";
import { originOf, validateBucket, validateEndpoint, validatePrefix } from "../stores/s3-client";
import type { IArtifactStore } from "../stores/store";
import { ValidationError } from "../values/errors";
import type { BackupTargetFragment } from "./backup-target";

/** Options of `BackupTarget.s3()`. */
export interface BackupS3Options {
  /** Name of an existing bucket, another one than that of MLflow's artifacts. */
  readonly bucket: string;

  /**
   * Folder in the bucket, without slashes at its ends.
   *
   * @default - the bucket's root
   */
  readonly prefix?: string;

  /**
   * Address of the S3 API, as containers reach it: never `localhost`. The bucket stands in the path of requests to it.
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

  /** Access key. It needs other rights than MLflow's: give backups a user of their own. */
  readonly accessKeyId: Secret;

  /** Secret key. */
  readonly secretAccessKey: Secret;

  /**
   * Certificate of the authority that signs the endpoint's own, in PEM form.
   *
   * @default - those that the image trusts
   */
  readonly caCertificate?: string;
}

/** A bucket of an S3 service. */
export function s3Target(
  { bucket, prefix, endpoint, region = "us-east-1", caCertificate, ...keys }: BackupS3Options,
  artifactStore: IArtifactStore,
  scope: Construct,
): BackupTargetFragment {
  validateBucket(bucket, scope);
  validateEndpoint(endpoint, scope);
  validatePrefix(prefix, scope);
  rejectBucketOf(artifactStore, bucket, endpoint, scope);

  const accessKeyId = keys.accessKeyId.bind(scope, "target-access-key-id");
  const secretAccessKey = keys.secretAccessKey.bind(scope, "target-secret-access-key");
  return {
    environment: {
      BACKUP_TARGET: ["s3:/", bucket, ...(prefix === undefined ? [] : [prefix])].join("/"),
      BACKUP_TARGET_REGION: region,
      ...(endpoint !== undefined && { BACKUP_TARGET_ENDPOINT: originOf(endpoint) }),
    },
    files: [
      ServiceFile.ofSecret(
        BACKUP_TARGET_CREDENTIALS_FILE.slice(SECRETS_FOLDER.length),
        secretText`[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
      ),
      ...(caCertificate === undefined ? [] : [ServiceFile.of(BACKUP_TARGET_AUTHORITY_FILE, caCertificate)]),
    ],
    external: true,
  };
}

/** Rejects the bucket of the artifacts: whatever deletes it, or loses its keys, would take the backups too. */
function rejectBucketOf(
  { destination, clientSettings }: IArtifactStore,
  bucket: string,
  endpoint: string | undefined,
  scope: Construct,
): void {
  const [, used] = /^s3:\/\/([^/]+)/.exec(destination) ?? [];
  const { MLFLOW_S3_ENDPOINT_URL: own }: StoreSettings = clientSettings.environment;
  if (used !== bucket || serviceOf(own) !== serviceOf(endpoint)) return;
  throw new ValidationError(
    "BackupBucket",
    `'bucket' must be another one than that of the artifacts, because whatever deletes that one would take the backups with it, got: '${bucket}'`,
    scope,
  );
}

/** One name for all addresses of Amazon's S3, which has each name of a bucket once. */
function serviceOf(endpoint: string | undefined): string {
  if (endpoint === undefined) return "amazon";
  const origin = originOf(endpoint);
  return /^https?:\/\/s3[^/]*\.amazonaws\.com$/.test(origin) ? "amazon" : origin;
}
