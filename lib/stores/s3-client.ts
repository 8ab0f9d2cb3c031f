import { Token } from "cdktf";
import type { IConstruct } from "constructs";
import { ValidationError } from "../values/errors";
import type { SecretValue } from "../secrets/secret";
import type { ServiceFile } from "../network/service-network";
import { secretText } from "../secrets/terraform-text";

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
const BUCKET = /^(?!xn--|sthree-)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Where the keys lie in every client's container. */
export const CREDENTIALS_FILE = "/run/secrets/aws-credentials";

/** Keys of an S3 user. */
export interface S3Keys {
  readonly accessKeyId: SecretValue;
  readonly secretAccessKey: SecretValue;
  readonly sessionToken?: SecretValue;
}

/** A credentials file as every AWS SDK reads it. */
export function credentialsFile({ accessKeyId, secretAccessKey, sessionToken }: S3Keys): ServiceFile {
  const token = sessionToken ? secretText`aws_session_token = ${sessionToken}\n` : "";
  return {
    path: CREDENTIALS_FILE,
    secret: true,
    content:
      secretText`[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n` + token,
  };
}

/** Environment variables that every S3 client of the stack gets. */
export function s3Environment(region: string): { [name: string]: string } {
  return {
    AWS_SHARED_CREDENTIALS_FILE: CREDENTIALS_FILE,
    AWS_DEFAULT_REGION: region,
    // no container is an instance of EC2; without this a wrong key becomes a wait for 169.254.169.254.
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

/** Fails on names that no S3 service takes. */
export function validateBucket(bucket: string, scope: IConstruct): void {
  if (!Token.isUnresolved(bucket) && !BUCKET.test(bucket)) {
    throw new ValidationError(
      "BucketName",
      `'bucket' must be 3 to 63 of a-z, 0-9, '-' and '.', begin and end with a letter or digit, and not look like an address, got: '${bucket}'`,
      scope,
    );
  }
}
