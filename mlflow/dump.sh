# Dumps MLflow's database before its migration, or restores such a dump. It runs in PostgreSQL's image.
#
#     dump.sh FOLDER REQUEST IMAGE FILE
#
# FOLDER keeps the dumps, one folder each. REQUEST is a file; if it names a dump, and is not older than ten minutes, that
# dump is restored in one transaction. IMAGE is the name of the image that is about to migrate, and FILE has its digest
# or id.
# The last line of the output is a report as JSON: DumpReport in lib/contract/dumps.ts.
set -euo pipefail
umask 077
export LC_ALL=C PGCONNECT_TIMEOUT=20 PGAPPNAME='mlflow-stack dump'

folder=$1 request=$2 new_image=$3 new_id=$(<"$4")
KEPT=3
REQUEST_SECONDS=600
# What reads or writes the whole database at once holds this lock: backup, restore and migration.
ADVISORY_LOCK=7310417208131201
LOCK_SECONDS=600

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Values with other characters would not survive in JSON.
plain() { printf %s "${1//[^A-Za-z0-9._:\/@+-]/}"; }

ask() {
  psql --no-psqlrc --quiet --no-align --tuples-only --no-password --field-separator='|' --set=ON_ERROR_STOP=1 "$@" service=mlflow
}

# The lock is a transaction's, and not a session's: a pooler such as PgBouncer would keep the session, and with it the
# lock, after this process.
lock() {
  local end=$((SECONDS + LOCK_SECONDS)) first='' answer
  said=$(mktemp)
  coproc LOCK { ask 2>"$said"; }
  exec {to}>&"${LOCK[1]}" {from}<&"${LOCK[0]}"
  while :; do
    answer=$(in_lock "$first begin; set local idle_in_transaction_session_timeout = 0; select pg_try_advisory_xact_lock($ADVISORY_LOCK);")
    case $answer in
      t) return ;;
      f) ;;
      *) fail "The database does not answer, so nothing was migrated: $(<"$said")" ;;
    esac
    ((SECONDS < end)) || fail "A backup or restore of the database has not ended within $((LOCK_SECONDS / 60)) minutes." \
      "Nothing was migrated. Repeat this when it has ended."
    [ -n "$first" ] || echo "waiting for a backup or restore of the database to end"
    first='rollback;'
    sleep 1
  done
}

# One line that the session with the lock answers.
in_lock() {
  local answer=''
  trap '' PIPE
  printf '%s\n' "$1" >&"$to" 2>/dev/null || true
  IFS= read -r -t 60 answer <&"$from" || true
  printf %s "$answer"
}

# Sets what is known of the database. A database without an answer is never taken for an empty one.
look() {
  local known
  known=$(ask <<'SQL'
with place as (
  select coalesce((select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.oid = to_regclass('alembic_version')), current_schema()) as name
)
select (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = place.name and c.relkind in ('r', 'p')),
  to_regclass('alembic_version') is not null, to_regclass('mlflow_stack_release') is not null,
  to_regclass('mlflow_stack_rollback') is not null, place.name
from place
SQL
) || fail "The database does not answer, so nothing was migrated."
  IFS='|' read -r tables migrated released held schema <<<"$known"
  [[ $tables =~ ^[0-9]+$ && -n $schema ]] || fail "The user of the database has no schema, so nothing was migrated."
  revision='' image='' id='' version='' served='' hold='' since=''
  if [ "$migrated" = t ]; then revision=$(ask <<<"select max(version_num) from alembic_version"); fi
  if [ "$released" = t ]; then
    known=$(ask <<<"select image, id, version, revision from mlflow_stack_release")
    IFS='|' read -r image id version served <<<"$known"
    # Another MLflow than the jobs of this stack has changed the schema since.
    [ "$served" = "$revision" ] || image='' id='' version=''
  fi
  if [ "$held" = t ]; then
    known=$(ask <<<"select dump, since from mlflow_stack_rollback")
    IFS='|' read -r hold since <<<"$known"
  fi
}

# All dumps as JSON, the newest last, and the rollback that has not ended.
report() {
  local one list=''
  for one in $(dumps); do list+=${list:+,}$(<"$folder/$one/record.json"); done
  printf '{"dumps":[%s]%s}\n' "$list" "${1:+,\"rollback\":{\"dump\":\"$1\",\"since\":\"$2\",\"isRestored\":$3\}}"
}

# A name with a dot is of a dump that is not finished, or that is being deleted.
dumps() {
  local one
  for one in "$folder"/[0-9]*; do
    [ ! -f "$one/record.json" ] || basename "$one"
  done
}

now() { date -u +%Y-%m-%dT%H:%M:%SZ; }

# Says for the migration job which image it belongs to, and which revision has been dumped.
aim() {
  ask --set=image="$new_image" --set=id="$new_id" --set=revision="$1" <<'SQL' ||
create or replace view mlflow_stack_target as select :'image'::text as image, :'id'::text as id, :'revision'::text as revision
SQL
    fail "The database could not be marked for the migration."
}

# Rows of each table, as the dump and as the database has them.
rows_in_dump() {
  pg_restore --file=- "$1" | awk '
    !inside && /^COPY / { table = $2; count = 0; inside = 1; next }
    inside && /^\\\.$/ { print table "|" count; inside = 0; next }
    inside { count++ }' | tr -d '"' | sort
}

rows_in_database() {
  ask --set=snapshot="$1" --set=schema="$schema" <<'SQL' | tr -d '"' | sort
begin isolation level repeatable read read only;
set local statement_timeout = 0;
set transaction snapshot :'snapshot';
select format('select %L, count(*) from %I.%I', format('%I.%I', n.nspname, c.relname), n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = :'schema' and c.relkind = 'r'
  and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = c.oid and deptype = 'e')
\gexec
SQL
}

failed_dump() {
  rm -rf "$folder/.new"
  local hint=()
  [[ $1 != *"No space left"* ]] || hint=("The disk of the dumps is full: make room, then deploy again.")
  [[ $1 != *"certificate verify failed"* ]] || hint=("Give the certificate of the database's authority, as 'caCertificate'.")
  fail "The database could not be dumped, so nothing was migrated: $1" "${hint[@]}"
}

dump() {
  local snapshot said dumped counted number one list
  rm -rf "$folder"/.new "$folder"/.old
  said=$(mkdir "$folder/.new" 2>&1) || failed_dump "$said"
  snapshot=$(in_lock "select pg_export_snapshot();")
  said=$(pg_dump --dbname=service=mlflow --no-password --format=custom --no-owner --no-privileges --snapshot="$snapshot" \
    --schema="\"$schema\"" --exclude-table='*.mlflow_stack_identity*' --exclude-table='*.mlflow_stack_target' \
    --exclude-table='*.mlflow_stack_rollback' --file="$folder/.new/database.dump" 2>&1) || failed_dump "$said"

  dumped=$(rows_in_dump "$folder/.new/database.dump" 2>&1) || failed_dump "it cannot be read back: $dumped"
  counted=$(rows_in_database "$snapshot" 2>&1) || failed_dump "its rows could not be counted: $counted"
  [ "$dumped" = "$counted" ] || failed_dump "it has other rows: $(diff <(echo "$dumped") <(echo "$counted"))"

  list=$(dumps)
  number=$(tail -n 1 <<<"$list")
  number=$(printf %06d $((10#${number:-0} + 1)))
  said=$(printf '{"id":"%s","time":"%s","bytes":%s,"revision":"%s","from":{"image":"%s","id":"%s","version":"%s"},"to":{"image":"%s","id":"%s"}}' \
    "$number" "$(now)" "$(stat --format=%s "$folder/.new/database.dump")" "$(plain "$revision")" "$(plain "$image")" \
    "$(plain "$id")" "$(plain "$version")" "$(plain "$new_image")" "$(plain "$new_id")" \
    2>&1 >"$folder/.new/record.json") || failed_dump "$said"
  said=$({ sync "$folder/.new/database.dump" "$folder/.new/record.json" "$folder/.new" &&
    mv --no-target-directory "$folder/.new" "$folder/$number" && sync "$folder"; } 2>&1) || failed_dump "$said"
  echo "dumped the database as $number: revision ${revision:-of no migration}, $(stat --format=%s "$folder/$number/database.dump") bytes"

  for one in $(dumps | head -n -"$KEPT"); do
    [ "$one" != "$hold" ] || continue
    mv --no-target-directory "$folder/$one" "$folder/.old"
    rm -rf "$folder/.old"
  done
}

# Drops what is in the schema, except the mark of the stack, and fills it from the dump, in one transaction.
restore() {
  local file=$folder/$1/database.dump time said
  [ -f "$file" ] || fail "There is no dump $1."
  time=$(now)
  report "$1" "$time" false
  said=$({ {
    cat <<'SQL'
\o /dev/null
begin;
set local statement_timeout = 0;
set local client_min_messages = warning;
select set_config('mlflow_stack.schema', :'schema', true);
do $drop$
declare statement text;
begin
  for statement in
    select format('drop %s if exists %I.%I cascade', case c.relkind when 'v' then 'view' when 'm' then 'materialized view'
      when 'S' then 'sequence' when 'f' then 'foreign table' else 'table' end, n.nspname, c.relname)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = current_setting('mlflow_stack.schema') and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
      and not c.relispartition and c.relname not like 'mlflow\_stack\_identity%'
      and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = c.oid and deptype in ('e', 'i'))
    union all
    select format('drop type if exists %I.%I cascade', n.nspname, t.typname)
    from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where n.nspname = current_setting('mlflow_stack.schema') and t.typtype in ('e', 'd')
      and not exists (select from pg_depend where classid = 'pg_type'::regclass and objid = t.oid and deptype = 'e')
    union all
    select format('drop routine if exists %s cascade', p.oid::regprocedure)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = current_setting('mlflow_stack.schema')
      and not exists (select from pg_depend where classid = 'pg_proc'::regclass and objid = p.oid and deptype = 'e')
  loop
    execute statement;
  end loop;
end $drop$;
SQL
    # Older servers do not know this setting.
    if pg_restore --schema="$schema" --no-owner --no-privileges --file=- "$file" | sed '1,/^SET row_security/{/^SET transaction_timeout/d}'; then
      cat <<'SQL'
create view :"schema".mlflow_stack_rollback as select :'dump'::text as dump, :'time'::text as since;
commit;
\echo restored
analyze;
SQL
    fi
  } | ask --set=schema="$schema" --set=dump="$1" --set=time="$time"; } 2>&1) || true
  grep --quiet --line-regexp restored <<<"$said" || { report; fail "The dump $1 could not be restored, and the database is as it was: $said"; }
  sed "s/}\$/,\"rolledBack\":\"$time\"}/" "$folder/$1/record.json" >"$folder/$1/.record"
  mv "$folder/$1/.record" "$folder/$1/record.json"
  echo "restored the dump $1"
  report "$1" "$time" true
}

# Restores the dump that the command has asked for just now. A request that a killed command has left is void.
requested() {
  local time wanted
  [ -s "$request" ] && read -r wanted time <"$request" && ((time + REQUEST_SECONDS > $(date +%s))) && [[ $wanted =~ ^[0-9]+$ ]] &&
    printf %s "$wanted"
}

mkdir -p "$folder"
lock
look
if wanted=$(requested); then
  if [ "$hold" = "$wanted" ]; then
    echo "the dump $wanted is restored already"
    report "$hold" "$since" true
  else
    restore "$wanted"
  fi
  exit
fi

if [ "$tables" = 0 ]; then
  echo "the database has no tables: there is nothing to dump"
  aim ''
elif [ -n "$revision" ] && [ "$id" = "$new_id" ]; then
  echo "this image has brought the database to revision $revision itself: there is nothing to migrate"
  aim ''
else
  dump
  aim "$revision"
fi
report "$hold" "$since" true
