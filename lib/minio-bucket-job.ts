/**
 * Makes the bucket, the policy and the user, and changes nothing that is right already. The file with the access key is
 * the truth: users of earlier keys, which a lost state leaves behind, are removed. They have this policy and a name of
 * the same length; users that somebody else made are left alone.
 *
 * The keys are letters and digits, so they need no escaping in the address; they stand in the environment of this
 * process only, not in the container's configuration.
 */
export const BUCKET_JOB = `set -eu
export HOME=/tmp MC_CONFIG_DIR=/tmp/.mc
MC_HOST_store="http://$(cat "$ROOT_USER_FILE"):$(cat "$ROOT_PASSWORD_FILE")@$ENDPOINT"
export MC_HOST_store
user=$(cat "$ACCESS_KEY_FILE")

mc mb --ignore-existing "store/$BUCKET"
mc admin policy create store mlflow "$POLICY" >/dev/null
# the keys come on standard input, where no list of processes shows them.
printf '%s\\n%s\\n' "$user" "$(cat "$SECRET_KEY_FILE")" | mc admin user add store >/dev/null
if ! mc admin user info store "$user" | grep -qw mlflow; then
  mc admin policy attach store mlflow --user "$user" >/dev/null
fi
mc admin user ls store | while read -r _ name policy _; do
  [ "$policy" = mlflow ] && [ "$name" != "$user" ] && [ "\${#name}" -eq "\${#user}" ] || continue
  mc admin user rm store "$name" >/dev/null
  echo "the user of an earlier key is removed"
done
echo "bucket $BUCKET is ready"
`;

/** What MLflow may do in the bucket. Taking back a version for good is denied, so that a mistake can be undone. */
export function bucketPolicy(bucket: string): string {
  const policy = {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
        Resource: [`arn:aws:s3:::${bucket}`],
      },
      {
        Effect: "Allow",
        Action: [
          "s3:GetObject",
          "s3:PutObject",
          "s3:DeleteObject",
          "s3:AbortMultipartUpload",
          "s3:ListMultipartUploadParts",
        ],
        Resource: [`arn:aws:s3:::${bucket}/*`],
      },
      { Effect: "Deny", Action: ["s3:DeleteObjectVersion"], Resource: [`arn:aws:s3:::${bucket}/*`] },
    ],
  };
  return `${JSON.stringify(policy, null, 2)}\n`;
}
