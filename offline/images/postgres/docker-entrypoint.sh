#!/bin/bash
# The part of the official image's entrypoint that this project uses, see offline/README.md.
set -Eeuo pipefail

# Prints the value of NAME, or the content of the file in NAME_FILE, or a default.
setting() {
  local name=$1 file=$1_FILE
  if [ -n "${!name:-}" ] && [ -n "${!file:-}" ]; then
    echo "error: both $name and $file are set" >&2
    exit 1
  fi
  if [ -n "${!file:-}" ]; then cat "${!file}"; else printf %s "${!name:-$2}"; fi
}

initialize() {
  local user password database
  user=$(setting POSTGRES_USER postgres)
  password=$(setting POSTGRES_PASSWORD "")
  database=$(setting POSTGRES_DB "$user")
  if [ -z "$password" ]; then
    echo "error: the database is not initialized, and neither POSTGRES_PASSWORD nor POSTGRES_PASSWORD_FILE is set" >&2
    exit 1
  fi

  # shellcheck disable=SC2086 -- POSTGRES_INITDB_ARGS may be several words.
  initdb --pgdata="$PGDATA" --username="$user" --pwfile=<(printf '%s\n' "$password") \
    --auth-local=trust --auth-host=scram-sha-256 ${POSTGRES_INITDB_ARGS:-}
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"

  # Only on its socket, so that no client reaches the server before it is set up.
  pg_ctl --pgdata="$PGDATA" --options="-c listen_addresses=''" --wait start
  if [ "$database" != postgres ]; then
    psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$user" --dbname=postgres --set=name="$database" \
      <<< 'create database :"name"'
  fi
  pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop
}

if [ "${1:0:1}" = - ]; then
  set -- postgres "$@"
fi

if [ "$1" = postgres ]; then
  mkdir -p "$PGDATA"
  if [ "$(id -u)" = 0 ]; then
    find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
    exec gosu postgres "$BASH_SOURCE" "$@"
  fi
  chmod 700 "$PGDATA"
  [ -s "$PGDATA/PG_VERSION" ] || initialize
fi

exec "$@"
