#!/bin/sh
# As MinIO's own image: a command that is not `minio` is one of its sub-commands.
if [ "$1" != minio ] && [ -n "$1" ]; then
  set -- minio "$@"
fi
exec "$@"
