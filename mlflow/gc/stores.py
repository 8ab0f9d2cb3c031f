"""
The database and the bucket of the server, their lock, and how results are told. Follows rules.py in one program.
"""

import itertools
import json
import os
import subprocess
import sys
import time

# Set by who runs it: see main.py
settings: dict

# MLflow writes to standard output as well, where only results belong.
results = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

# What a backup or a migration is told of who holds the lock.
os.environ["PGAPPNAME"] = "mlflow-stack gc"
# Keys that one request deletes, and prefixes that one query asks for.
CHUNK = 1000


class Refused(Exception):
    """Nothing is deleted in these stores."""


class Locked(Refused):
    """Another job works on them."""


def say(**line):
    print(json.dumps(line), file=results, flush=True)


def connect():
    import psycopg2

    return psycopg2.connect("service=mlflow", connect_timeout=10)


class Lock:
    """The lock of backups, restores, migrations and imports. It ends with its transaction, also after `kill -9`."""

    def __init__(self):
        self.connection = connect()
        self.cursor = self.connection.cursor()
        self.cursor.execute("set local idle_in_transaction_session_timeout = 0")
        self.cursor.execute("select pg_try_advisory_xact_lock(%s)", [settings["lock"]])
        if not self.cursor.fetchone()[0]:
            raise Locked(f"{self.holder()}, so nothing was deleted. Try again when it has ended.")

    def holder(self):
        self.cursor.execute(
            "select a.application_name, host(a.client_addr), to_char(a.backend_start at time zone 'UTC', 'HH24:MI:SS')"
            " from pg_locks l join pg_stat_activity a using (pid)"
            " where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname ="
            " current_database()) and (l.classid::bigint << 32) | l.objid::bigint = %s",
            [settings["lock"]],
        )
        name, address, since = self.cursor.fetchone() or ("", None, None)
        who = f"'{name}'" if name else "a backup, restore, migration or garbage collection"
        return (
            f"{who} works on the stores"
            + (f", since {since} UTC" if since else "")
            + (f", from {address}" if address else "")
        )

    def is_held(self):
        self.cursor.execute("select 1")

    def close(self):
        self.connection.close()


def require_own_stores():
    """Refuses stores that are empty or another stack's: there everything looks as if nobody owned it."""
    checked = subprocess.run(
        [sys.executable, "/etc/mlflow/stores.py", "check"], capture_output=True, text=True, check=False
    )
    if checked.returncode != 0:
        raise Refused(checked.stderr.strip() or "database and bucket could not be checked")


class Rows:
    """The database, read without MLflow. Its clock is MLflow's, which wrote the times of deletion."""

    def __init__(self):
        self.connection = connect()
        self.connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        self.cursor = self.connection.cursor()

    def close(self):
        self.connection.close()

    def all(self, query, *values):
        self.cursor.execute(query, values)
        return self.cursor.fetchall()

    def named(self):
        """The ids that versions of registered models name, in whatever way. A deleted version names nothing."""
        rows = self.all(
            "select concat_ws(' ', source, storage_location, run_id, run_link) from model_versions"
            " where current_stage is distinct from 'Deleted_Internal'"
        )
        return set().union(*(ids_in(text) for (text,) in rows))

    def existing(self, kind, ids):
        table, column = {
            "run": ("runs", "run_uuid"),
            "model": ("logged_models", "model_id"),
            "trace": ("trace_info", "request_id"),
        }[kind]
        return {one for (one,) in self.all(f"select {column} from {table} where {column} = any(%s)", list(ids))}


class Bucket:
    def __init__(self):
        import boto3
        from botocore.config import Config

        destination = os.environ["MLFLOW_ARTIFACTS_DESTINATION"]
        if not destination.startswith("s3://"):
            raise Refused(f"only a bucket can be cleaned up, and files are in {destination}")
        self.name, _, prefix = destination.removeprefix("s3://").partition("/")
        self.folder = f"{prefix.rstrip('/')}/" if prefix else ""
        self.client = boto3.client(
            "s3",
            endpoint_url=os.environ.get("MLFLOW_S3_ENDPOINT_URL"),
            config=Config(s3={"addressing_style": os.environ.get("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "auto")}),
        )

    def objects(self, prefix=""):
        """Keys in the folder, bytes, and ages by the clock of the store, sorted by key."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=self.folder + prefix)
        for page in pages:
            now = http_time(page["ResponseMetadata"]["HTTPHeaders"].get("date"))
            for one in page.get("Contents", []):
                yield one["Key"][len(self.folder) :], one["Size"], now - one["LastModified"].timestamp(), one[
                    "LastModified"
                ]

    def is_own(self):
        """Whether only this stack keeps files here: it made the bucket or has a folder in it, and the only mark."""
        marks = {key for key, *_ in self.objects("#")}
        own = f"#mlflow-stack-identity/{os.environ['STACK_IDENTITY'].split('/')[0]}"
        return marks == {own} and ("STACK_MAKES_BUCKET" in os.environ or self.folder != "")

    def delete(self, prefix, older=None):
        """Deletes all below a prefix. Returns the number of objects and of bytes."""
        count = size = 0
        found = (one for one in self.objects(prefix) if older is None or one[2] > older)
        while batch := list(itertools.islice(found, CHUNK)):
            keys = [{"Key": self.folder + key} for key, *_ in batch]
            answer = self.client.delete_objects(Bucket=self.name, Delete={"Objects": keys, "Quiet": True})
            # An object that is gone already is no error.
            for error in answer.get("Errors", []):
                raise OSError(f"the bucket keeps {error['Key']}: {error.get('Code')} {error.get('Message', '')}")
            count, size = count + len(batch), size + sum(one[1] for one in batch)
        return count, size


def http_time(text):
    import email.utils

    return email.utils.parsedate_to_datetime(text).timestamp() if text else time.time()


def reason(error):
    # The rest of a message of SQLAlchemy is the statement and its values.
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no reason given'}"
