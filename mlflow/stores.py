"""
Checks that MLflow's database and bucket belong to this stack, and that the database's schema fits this release of MLflow.

    stores.py migrate COMMAND…   runs COMMAND, the migration, and marks both; refuses stores of another stack
    stores.py start              refuses the start on stores of another stack, or on another schema
    stores.py check              like start, without the schema
    stores.py watch              check every 30 s, until the stores are another stack's

Exit status 3: the stores are not this stack's. 4: the schema does not fit. 1: a store did not answer.
"""

import ast
import calendar
import contextlib
import functools
import importlib.metadata
import importlib.util
import os
import pathlib
import socket
import subprocess
import sys
import time

OTHER_STORES = 3
OTHER_SCHEMA = 4

# <server>/<time of the first plan>/<random part>
IDENTITY = os.environ["STACK_IDENTITY"]
DESTINATION = os.environ["MLFLOW_ARTIFACTS_DESTINATION"]
# Set when a job of the stack creates the bucket and its user, on a volume of the stack.
STACK_MAKES_BUCKET = "STACK_MAKES_BUCKET" in os.environ
# A first deployment that failed may be repeated for so long. Later an empty database means that its data was lost.
BEGINNING_SECONDS = 3600
# The name of a job's host: with the time of the plan that made its container.
PLANNED = "planned-"
# A view, because it needs no more rights than the migrations, `mlflow db upgrade` does not count it as a table, and every
# dump contains it.
VIEW = "mlflow_stack_identity"
# What the dump before the migration tells it, what the migration leaves for the next dump, and a rollback that has not ended.
TARGET_VIEW = "mlflow_stack_target"
RELEASE_VIEW = "mlflow_stack_release"
ROLLBACK_VIEW = "mlflow_stack_rollback"
# MLflow refuses every path with a '#', so its clients cannot read, write or delete these objects. There is one for each
# stack, because stacks may share a bucket.
OBJECTS = "#mlflow-stack-identity/"
# The two lines of describe() that an operator has accepted.
ACCEPTED = pathlib.Path("/tmp/accepted-stores")
# The identity as which the job has marked both stores, in its container.
MARKED = pathlib.Path("/tmp/marked-stores")

EMPTY = "empty"
# An identity contains no blank, so this prefix cannot be one.
DATA = "data "
UNMARKED = f"{DATA}without a mark"
MISSING = "no such bucket"
# MinIO keeps its users on the volume of the bucket.
NO_USER = "the store knows no user of this stack: it was emptied, or is another's"
NOT_ASKED = "not compared"

# Between two checks beside the server.
WATCH_SECONDS = 30

# What reads or writes the whole database at once holds this lock: backup, restore, migration, garbage collection.
ADVISORY_LOCK = 7310417208131201
# A backup that has begun is awaited for so long.
LOCK_SECONDS = 600

# Where the server keeps the files of experiment 0.
DEFAULT_LOCATION = "mlflow-artifacts:/0"
# All columns below experiment 0 that begin with its location: table, id, column, and which of its rows.
LOCATIONS = {
    "run": ("runs", "run_uuid", "artifact_uri", "experiment_id = 0"),
    "logged model": ("logged_models", "model_id", "artifact_location", "experiment_id = 0"),
    "trace": (
        "trace_tags",
        "request_id",
        "value",
        "key = 'mlflow.artifactLocation' and request_id in (select request_id from trace_info where experiment_id = 0)",
    ),
}
# The most that is named, because Terraform keeps what the job prints.
MAX_NAMED = 1000


class CannotTell(Exception):
    """A store did not answer, which does not mean that it is the wrong one."""


def connect():
    import psycopg2

    try:
        return psycopg2.connect("service=mlflow", connect_timeout=5, application_name="mlflow-stack migration")
    except psycopg2.OperationalError as error:
        raise CannotTell(f"the database does not answer: {error}") from error


@contextlib.contextmanager
def locked():
    """
    Holds the lock. It is a transaction's, and not a session's: a pooler such as PgBouncer would keep the session, and
    with it the lock, after this process.
    """
    end = time.monotonic() + LOCK_SECONDS
    with contextlib.closing(connect()) as connection, connection.cursor() as cursor:
        # The transaction waits while the migration runs, in connections of its own.
        cursor.execute("set local idle_in_transaction_session_timeout = 0")
        waits = False
        while True:
            cursor.execute("select pg_try_advisory_xact_lock(%s)", [ADVISORY_LOCK])
            if cursor.fetchone()[0]:
                break
            if time.monotonic() > end:
                minutes = LOCK_SECONDS // 60
                raise CannotTell(
                    f"A backup or restore of the database has not ended within {minutes} minutes, so nothing was"
                    " migrated. Repeat this when it has ended."
                )
            if not waits:
                waits = True
                print("waiting for a backup or restore of the database to end", flush=True)
            time.sleep(1)
        yield


class Database:
    def __init__(self):
        self.connection = connect()
        with self.connection, self.connection.cursor() as cursor:
            names = [VIEW, "alembic_version", TARGET_VIEW, ROLLBACK_VIEW]
            cursor.execute(f"select {', '.join(['to_regclass(%s) is not null'] * len(names))}", names)
            marked, migrated, aimed, rolled_back = cursor.fetchone()
            self.found = UNMARKED if migrated else EMPTY
            self.revision = None
            if marked:
                cursor.execute(f"select identity from {VIEW}")
                (self.found,) = cursor.fetchone()
            if migrated:
                cursor.execute("select max(version_num) from alembic_version")
                (self.revision,) = cursor.fetchone()
            # Name and id of the image that the dump was made for, and the revision that it has.
            self.target = None
            if aimed:
                cursor.execute(f"select image, id, revision from {TARGET_VIEW}")
                self.target = cursor.fetchone()
            # Number of the dump, and since when.
            self.rollback = None
            if rolled_back:
                cursor.execute(f"select dump, since from {ROLLBACK_VIEW}")
                self.rollback = cursor.fetchone()

    def is_dumped(self):
        return self.target is not None and self.target[2] == self.revision

    def end_migration(self, head):
        """Leaves for the next dump which MLflow the database is of. Each dump is for one migration; a rollback ends here."""
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute(f"drop view if exists {ROLLBACK_VIEW}, {TARGET_VIEW}")
            if self.target is not None:
                release = [*self.target[:2], importlib.metadata.version("mlflow"), head]
                columns = "%s::text as image, %s::text as id, %s::text as version, %s::text as revision"
                cursor.execute(f"create or replace view {RELEASE_VIEW} as select {columns}", release)

    def mark(self, then):
        """Marks the database, and rolls that back when `then` fails."""
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute(f"create or replace view {VIEW} as select %s::text as identity", [IDENTITY])
            then()

    def move_default_experiment(self):
        """
        Moves experiment 0 into the artifact store if its location is a folder that does not exist here. Release 0.1.0
        gave it one on a new stack with workspaces: its job opened the database before the server, without the server's
        settings. Clients then kept files on their own disks. Returns the old location, and the ids of what had it, by
        kind.
        """
        with self.connection, self.connection.cursor() as cursor:
            # Without tables there is nothing to move.
            cursor.execute("select to_regclass('experiments') is null")
            if cursor.fetchone()[0]:
                return None, {}
            of_default = "from experiments where experiment_id = 0 and artifact_location ~ '^(file:)?/'"
            cursor.execute(f"select artifact_location {of_default}")
            (location,) = cursor.fetchone() or [None]
            if location is None or os.path.exists(location.removeprefix("file://")):
                return None, {}
            moved = {}
            for kind, (table, identifier, column, condition) in LOCATIONS.items():
                cursor.execute(
                    f"update {table} set {column} = %s || substr({column}, %s)"
                    f" where {condition} and left({column}, %s) = %s returning {identifier}",
                    [DEFAULT_LOCATION, len(location) + 1, len(location) + 1, f"{location}/"],
                )
                moved[kind] = sorted(row[0] for row in cursor.fetchall())
            cursor.execute("update experiments set artifact_location = %s where experiment_id = 0", [DEFAULT_LOCATION])
            return location, moved


@functools.cache
def s3_client():
    """Made once, because that takes longer than a check."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=os.environ.get("MLFLOW_S3_ENDPOINT_URL"),
        config=Config(
            connect_timeout=5,
            read_timeout=10,
            retries={"total_max_attempts": 2},
            s3={"addressing_style": os.environ.get("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "auto")},
        ),
    )


class Bucket:
    def __init__(self):
        from botocore.exceptions import BotoCoreError, ClientError

        self.bucket, _, prefix = DESTINATION.removeprefix("s3://").partition("/")
        self.folder = f"{prefix}/" if prefix else ""
        self.marks = self.folder + OBJECTS
        self.key = self.marks + IDENTITY.split("/")[0]
        self.may_be_shared = not (STACK_MAKES_BUCKET or prefix)
        self.client = s3_client()
        try:
            self.found = self._find(ClientError)
        except (BotoCoreError, ClientError) as error:
            raise CannotTell(f"the bucket does not answer: {error}") from error

    def _find(self, client_error):
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=self.key)
            return answer["Body"].read().decode()
        except client_error as error:
            code = error.response["Error"]["Code"]
            if code == "NoSuchBucket":
                return MISSING
            if code == "InvalidAccessKeyId" and STACK_MAKES_BUCKET:
                return NO_USER
            if code != "NoSuchKey":
                raise
        # A list is sorted, so marks come before the experiments' ids.
        first = self.client.list_objects_v2(Bucket=self.bucket, Prefix=self.folder, MaxKeys=1).get("Contents")
        if not first:
            return EMPTY
        name = first[0]["Key"]
        return f"{DATA}of {name.removeprefix(self.marks)}" if name.startswith(self.marks) else UNMARKED

    def mark(self):
        self.client.put_object(Bucket=self.bucket, Key=self.key, Body=IDENTITY.encode())


class OtherDestination:
    """An artifact destination other than a bucket, which is not checked."""

    found = NOT_ASKED

    def mark(self):
        pass


def open_bucket():
    return Bucket() if DESTINATION.startswith("s3://") else OtherDestination()


def refuse(status, *lines):
    print("\n".join(lines), file=sys.stderr, flush=True)
    sys.exit(status)


def describe(database, bucket):
    return f"  database  {database.found}\n  bucket    {bucket.found}"


def refuse_stores(database, bucket):
    refuse(
        OTHER_STORES,
        "The database and the bucket are not those of this stack, as it left them.",
        f"  expected  {IDENTITY}",
        describe(database, bucket),
        "Restore what is missing, or attach the right volumes. To go on with them as they are: mlflow-stack accept-stores",
    )


def are_right(database, bucket):
    return all(found in (IDENTITY, NOT_ASKED) for found in (database.found, bucket.found))


def may_begin(database, bucket):
    """
    Whether both stores are new, or older than the marks. A bucket may be shared with other stacks. In one that is not,
    files without a mark beside an empty database mean that the database was lost.
    """
    if bucket.found not in (EMPTY, NOT_ASKED) and not bucket.found.startswith(DATA):
        return False
    if database.found != EMPTY:
        return database.found == UNMARKED
    return is_beginning() and (bucket.found != UNMARKED or bucket.may_be_shared)


def is_beginning():
    """
    Whether this stack was never marked, as far as its first job can know. Terraform makes the identity in the first apply.
    So a container that was planned before is the first one, however long that apply takes, and whatever the engine's clock
    says: both times are of Terraform's clock. A container that has marked stores once is no first one when it runs again.
    """
    if MARKED.exists() and MARKED.read_text() == IDENTITY:
        return False
    made = calendar.timegm(time.strptime(IDENTITY.split("/")[1], "%Y-%m-%dT%H:%M:%SZ"))
    host = socket.gethostname()
    planned = time.time()
    if host.startswith(PLANNED):
        planned = calendar.timegm(time.strptime(host.removeprefix(PLANNED), "%Y%m%d%H%M%S"))
    return planned - made < BEGINNING_SECONDS


def are_accepted(database, bucket):
    return ACCEPTED.exists() and ACCEPTED.read_text().strip() == describe(database, bucket).strip()


def known_revisions():
    """The schema revisions of this MLflow, and the newest. Read from the source, because loading them takes two seconds."""
    package = importlib.util.find_spec("mlflow").submodule_search_locations[0]
    known, before = set(), set()
    for file in pathlib.Path(package, "store", "db_migrations", "versions").glob("*.py"):
        for statement in ast.parse(file.read_text()).body:
            if not isinstance(statement, ast.Assign):
                continue
            for target in statement.targets:
                if getattr(target, "id", None) in ("revision", "down_revision"):
                    value = ast.literal_eval(statement.value)
                    values = value if isinstance(value, (tuple, list)) else [value]
                    (known if target.id == "revision" else before).update(values)
    return known, " ".join(sorted(known - before))


def refuse_schema(revision, head, relation, remedy):
    release = importlib.metadata.version("mlflow")
    refuse(
        OTHER_SCHEMA,
        f"The schema of the database is {relation} than this MLflow, which never migrates by itself.",
        f"  MLflow {release} needs revision {head}",
        f"  the database has revision {revision}",
        remedy,
    )


def refuse_newer(database):
    known, head = known_revisions()
    if database.revision is not None and database.revision not in known:
        remedy = "Deploy the newer release again, or go back to the dump from before its migration: mlflow-stack rollback"
        refuse_schema(database.revision, head, "newer", remedy)
    return head


def refuse_older(database, head):
    if database.revision != head:
        job = os.environ["MIGRATION_JOB"]
        dump = f"{job.removesuffix('migration')}dump"
        remedy = f"Dump it, then migrate it: docker start --attach {dump} && docker start --attach {job}"
        refuse_schema(database.revision, head, "older", remedy)


def refuse_without_way_back(database, bucket, head):
    """A migration changes the schema only after a dump of this very revision, and not in the middle of a rollback."""
    if database.revision in (None, head):
        return
    if database.rollback is not None and not are_accepted(database, bucket):
        dump, since = database.rollback
        refuse(
            OTHER_STORES,
            f"A rollback of the database to the dump {dump}, which began {since}, has not ended: it needs the MLflow of then.",
            describe(database, bucket),
            "To finish it: mlflow-stack rollback. To migrate the database again instead: mlflow-stack accept-stores",
        )
    if not database.is_dumped():
        refuse(
            1,
            "There is no dump of the database as it is now, so nothing was migrated.",
            "Let the job that makes it run again, whose name ends with 'dump': docker start --attach NAME. Then repeat this.",
        )


def report_moved(location, moved):
    print(f"Experiment 0 had its files in {location}, which is no folder of the server. Now they go to {DEFAULT_LOCATION}.")
    print("Files that these logged stayed below that folder, on the machine of the client. Log them again from there:")
    for kind, ids in moved.items():
        for one in ids[:MAX_NAMED]:
            print(f"  {kind} {one}")
        if len(ids) > MAX_NAMED:
            print(f"  and {len(ids) - MAX_NAMED} more: {kind}")


def migrate(command):
    with locked():
        migrate_alone(command)


def migrate_alone(command):
    database, bucket = Database(), open_bucket()
    right = are_right(database, bucket)
    if not (right or may_begin(database, bucket) or are_accepted(database, bucket)):
        refuse_stores(database, bucket)
    head = refuse_newer(database)
    refuse_without_way_back(database, bucket, head)
    done = subprocess.run(command, check=False)
    if done.returncode == 0 and not right:
        database.mark(then=bucket.mark)
        MARKED.write_text(IDENTITY)
        print(f"database and bucket are marked as those of {IDENTITY}")
    if done.returncode == 0:
        database.end_migration(head)
        location, moved = database.move_default_experiment()
        if location:
            report_moved(location, moved)
    sys.exit(done.returncode)


def start():
    database = eventually(Database)
    try:
        bucket = open_bucket()
    except CannotTell as error:
        # MLflow works without the bucket, except for artifacts. The check beside the server tries again.
        print(error, file=sys.stderr, flush=True)
        bucket = OtherDestination()
    if not are_right(database, bucket):
        refuse_stores(database, bucket)
    refuse_older(database, refuse_newer(database))


def check():
    database, bucket = Database(), open_bucket()
    if not are_right(database, bucket):
        refuse_stores(database, bucket)


def watch():
    """One process for all checks, because one that starts takes a second of processor time."""
    while True:
        time.sleep(WATCH_SECONDS)
        # A store that does not answer is no other one.
        with contextlib.suppress(CannotTell):
            check()


def eventually(ask):
    """Retries for a minute, because after an engine's restart the database starts at the same time as the server."""
    end = time.monotonic() + 60
    while True:
        try:
            return ask()
        except CannotTell:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def main(mode, *rest):
    try:
        {"migrate": migrate, "start": start, "check": check, "watch": watch}[mode](*([list(rest)] if rest else []))
    except CannotTell as error:
        print(error, file=sys.stderr)
        sys.exit(1)


main(*sys.argv[1:])
