"""
Checks that MLflow's database and bucket belong to this stack, and that the database's schema fits this release of MLflow.

    stores.py migrate COMMAND…   runs COMMAND, the migration, and marks both; refuses stores of another stack
    stores.py start              refuses the start on stores of another stack, or on another schema
    stores.py check              like start, without the schema; repeated while the server runs

Exit status 3: the stores are not this stack's. 4: the schema does not fit. 1: a store did not answer.
"""

import ast
import calendar
import importlib.metadata
import importlib.util
import os
import pathlib
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
# Only a young stack may begin with an empty database: later an empty one means that its data was lost.
BEGINNING_SECONDS = 3600
# A view, because it needs no more rights than the migrations, `mlflow db upgrade` does not count it as a table, and every
# dump contains it.
VIEW = "mlflow_stack_identity"
# MLflow refuses every path with a '#', so its clients cannot read, write or delete these objects. There is one for each
# stack, because stacks may share a bucket.
OBJECTS = "#mlflow-stack-identity/"
# The two lines of describe() that an operator has accepted.
ACCEPTED = pathlib.Path("/tmp/accepted-stores")

EMPTY = "empty"
# An identity contains no blank, so this prefix cannot be one.
DATA = "data "
UNMARKED = f"{DATA}without a mark"
MISSING = "no such bucket"
# MinIO keeps its users on the volume of the bucket.
NO_USER = "the store knows no user of this stack: it was emptied, or is another's"
NOT_ASKED = "not compared"

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


class Database:
    def __init__(self):
        import psycopg2

        try:
            self.connection = psycopg2.connect("service=mlflow", connect_timeout=5)
        except psycopg2.OperationalError as error:
            raise CannotTell(f"the database does not answer: {error}") from error
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute("select to_regclass(%s) is not null, to_regclass('alembic_version') is not null", [VIEW])
            marked, migrated = cursor.fetchone()
            self.found = UNMARKED if migrated else EMPTY
            self.revision = None
            if marked:
                cursor.execute(f"select identity from {VIEW}")
                (self.found,) = cursor.fetchone()
            if migrated:
                cursor.execute("select max(version_num) from alembic_version")
                (self.revision,) = cursor.fetchone()

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


class Bucket:
    def __init__(self):
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        self.bucket, _, prefix = DESTINATION.removeprefix("s3://").partition("/")
        self.folder = f"{prefix}/" if prefix else ""
        self.marks = self.folder + OBJECTS
        self.key = self.marks + IDENTITY.split("/")[0]
        self.may_be_shared = not (STACK_MAKES_BUCKET or prefix)
        self.client = boto3.client(
            "s3",
            endpoint_url=os.environ.get("MLFLOW_S3_ENDPOINT_URL"),
            config=Config(
                connect_timeout=5,
                read_timeout=10,
                retries={"total_max_attempts": 2},
                s3={"addressing_style": os.environ.get("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "auto")},
            ),
        )
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
    planned = calendar.timegm(time.strptime(IDENTITY.split("/")[1], "%Y-%m-%dT%H:%M:%SZ"))
    return time.time() - planned < BEGINNING_SECONDS and (bucket.found != UNMARKED or bucket.may_be_shared)


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
        remedy = "Deploy the newer release again, or restore a backup from before it: there is no way back from a migration."
        refuse_schema(database.revision, head, "newer", remedy)
    return head


def refuse_older(database, head):
    if database.revision != head:
        job = os.environ["MIGRATION_JOB"]
        refuse_schema(database.revision, head, "older", f"Make a backup, then migrate it: docker start --attach {job}")


def report_moved(location, moved):
    print(f"Experiment 0 had its files in {location}, which is no folder of the server. Now they go to {DEFAULT_LOCATION}.")
    print("Files that these logged stayed below that folder, on the machine of the client. Log them again from there:")
    for kind, ids in moved.items():
        for one in ids[:MAX_NAMED]:
            print(f"  {kind} {one}")
        if len(ids) > MAX_NAMED:
            print(f"  and {len(ids) - MAX_NAMED} more: {kind}")


def migrate(command):
    database, bucket = Database(), open_bucket()
    right = are_right(database, bucket)
    if not (right or may_begin(database, bucket) or are_accepted(database, bucket)):
        refuse_stores(database, bucket)
    refuse_newer(database)
    done = subprocess.run(command, check=False)
    if done.returncode == 0 and not right:
        database.mark(then=bucket.mark)
        print(f"database and bucket are marked as those of {IDENTITY}")
    if done.returncode == 0:
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
        {"migrate": migrate, "start": start, "check": check}[mode](*([list(rest)] if rest else []))
    except CannotTell as error:
        print(error, file=sys.stderr)
        sys.exit(1)


main(*sys.argv[1:])
