import { ACCEPTED_FILE, MARKS, StoresVerdict } from "../contract/store-identity";

/**
 * Makes the bucket, the policy and the user, and changes nothing that is right already. The file with the access key is
 * the truth: users of earlier keys, which a lost state leaves behind, are removed. They have this policy and a name of
 * the same length; users of other programs are left alone.
 *
 * Before that it looks for the marks that stores.py makes, in all buckets. If there are some, and none of a server in
 * `IDENTITIES`, the volume is another stack's: nothing is changed until a person accepts it. A mark of the right name
 * with another identity comes from before a lost state, or from a stack of the same name elsewhere: until a person has
 * told which, users of earlier keys stay.
 *
 * The keys are letters and digits, so they need no escaping in the address; they stand in the environment of this
 * process only, not in the container's configuration.
 */
export const BUCKET_JOB = `set -euf
export HOME=/tmp MC_CONFIG_DIR=/tmp/.mc
MC_HOST_store="http://$(cat "$ROOT_USER_FILE"):$(cat "$ROOT_PASSWORD_FILE")@$ENDPOINT"
export MC_HOST_store
user=$(cat "$ACCESS_KEY_FILE")

own="" earlier="" others=""
buckets=$(mc ls store)
for bucket in $buckets; do
  # of the words of a line, the bucket's name alone ends so.
  case $bucket in */) ;; *) continue ;; esac
  folder="store/$bucket${MARKS}"
  marks=$(mc ls "$folder")
  while read -r line; do
    name=\${line##* }
    [ -n "$name" ] || continue
    identity=$(mc cat "$folder$name" </dev/null)
    case " $IDENTITIES " in
      *" $identity "*) own=yes ;;
      *" $name/"*) earlier=yes ;;
      *) others="$others $name" ;;
    esac
  done <<END
$marks
END
done
accepted=""
if [ -n "$IDENTITIES" ] && [ -n "$others" ] && [ -z "$own$earlier" ]; then
  found="  bucket    data of$others"
  if [ "$(cat ${ACCEPTED_FILE} 2>/dev/null)" != "$found" ]; then
    echo "The volume of the store is another stack's, so nothing in it was changed.
  expected  $IDENTITIES
$found
Attach the right volume. To go on with it as it is: mlflow-stack accept-stores" >&2
    exit ${StoresVerdict.OTHER_STORES}
  fi
  accepted=yes
fi

mc mb --ignore-existing "store/$BUCKET"
mc admin policy create store mlflow "$POLICY" >/dev/null
# the keys come on standard input, where no list of processes shows them.
printf '%s\\n%s\\n' "$user" "$(cat "$SECRET_KEY_FILE")" | mc admin user add store >/dev/null
if ! mc admin user info store "$user" | grep -qw mlflow; then
  mc admin policy attach store mlflow --user "$user" >/dev/null
fi
if [ -n "$accepted" ]; then
  # 'mc pipe' takes half a gibibyte for a file of unknown size, which is more than this job's memory; 'mc cp' knows it.
  for identity in $IDENTITIES; do
    printf %s "$identity" > /tmp/mark
    mc cp --quiet /tmp/mark "store/$BUCKET/${MARKS}\${identity%%/*}" >/dev/null
  done
fi
if [ -n "$earlier" ]; then
  echo "users of earlier keys stay until the bucket is accepted"
else
  mc admin user ls store | while read -r _ name policy _; do
    [ "$policy" = mlflow ] && [ "$name" != "$user" ] && [ "\${#name}" -eq "\${#user}" ] || continue
    mc admin user rm store "$name" >/dev/null
    echo "the user of an earlier key is removed"
  done
fi
echo "bucket $BUCKET is ready"
`;

/** What MLflow may do in the bucket. If the bucket keeps versions, MLflow may not delete one. */
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
