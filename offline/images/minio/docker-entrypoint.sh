#!/bin/sh
# Like MinIO's own image: a command other than `minio` is a sub-command of it.
if [ "$1" != minio ] && [ -n "$1" ]; then
  set -- minio "$@"
fi
exec "$@"
