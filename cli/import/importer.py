"""
Moves the data of another MLflow into the database and the bucket of the server in whose container it runs.

Standard input begins with this program and with one line of JSON: `settings`, with the name of the step to take. The
rest is the step's data. Progress and the result are lines of JSON on standard output.

    database   data: an SQLite file. It is kept for the other steps, brought to this release's schema, and described
    files      data: a tar of the folder that the old artifact location `root` names. They go into the bucket
    rows       takes over all rows in one transaction, with the addresses of their files rewritten
    discard    removes what the other steps keep
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.parse

# Set by the command `import`: step, and for `files` root
settings: dict

# MLflow writes to standard output as well, where only results belong.
results = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

WORK = pathlib.Path("/tmp/mlflow-import")
COPY = WORK / "mlflow.db"
FILES = WORK / "files.json"
ARTIFACTS = "mlflow-artifacts:"
# As many rows as PostgreSQL takes in one statement without a large one of a few columns growing past a few MiB.
ROWS = 2000

# What is not taken over. Keys of the AI gateway and of webhooks are encrypted with secrets that this stack does not have,
# and all that belongs to them would not work without. A job belongs to the server that started it.
LEFT_OUT = {
    "AI gateway": {
        "budget_policies",
        "endpoint_bindings",
        "endpoint_model_mappings",
        "endpoint_tags",
        "endpoints",
        "guardrail_configs",
        "guardrails",
        "model_definitions",
        "secrets",
    },
    "webhooks": {"webhook_events", "webhooks"},
    "background jobs": {"job_locks", "jobs", "scheduler_leases"},
}
# Rows that the migration job has made here already.
OWN_TABLES = {"alembic_version"}
# A database with rows in one of these is in use. Experiment 0 is in every one.
IN_USE = {
    "runs": "",
    "registered_models": "",
    "logged_models": "",
    "trace_info": "",
    "evaluation_datasets": "",
    "experiments": " where experiment_id <> 0",
}


class Refused(Exception):
    """The data cannot be taken over as it is."""


def say(**line):
    print(json.dumps(line), file=results, flush=True)


def plain(address):
    """An artifact location without the spellings that mean the same."""
    address = urllib.parse.unquote(address.removeprefix("file://")) if address.startswith("file:") else address
    address = re.sub(r"^mlflow-artifacts://[^/]*/", f"{ARTIFACTS}/", address)
    return address.removeprefix("./").rstrip("/")


def below(address, folder):
    return address == folder or address.startswith(f"{folder}/")


class Source:
    """The other MLflow's database: a copy, which has this release's schema."""

    def __init__(self):
        import sqlalchemy

        self.engine = sqlalchemy.create_engine(f"sqlite:///{COPY}")
        self.text = sqlalchemy.text
        self.tables = set(sqlalchemy.inspect(self.engine).get_table_names())
        self.locations, self.roots = {}, {}
        experiments = {
            identifier: plain(location)
            for identifier, location in self.rows("select experiment_id, artifact_location from experiments")
        }
        for identifier, location in experiments.items():
            self.locations[location] = f"{ARTIFACTS}/{identifier}"
        kept = {
            "run": "select experiment_id, run_uuid, artifact_uri, '/artifacts' from runs",
            "model": "select experiment_id, 'models/' || model_id, artifact_location, '/artifacts' from logged_models",
            "trace": "select experiment_id, 'traces/' || i.request_id, value, '/artifacts' from trace_tags t"
            " join trace_info i on i.request_id = t.request_id where key = 'mlflow.artifactLocation'",
        }
        for kind, query in kept.items():
            for experiment, name, address, folder in self.rows(query):
                if not address:
                    continue
                location, whole = experiments.get(experiment, ""), plain(address)
                inside = location != "" and below(whole, location)
                new = f"/{experiment}" + (whole[len(location) :] if inside else f"/{name}{folder}")
                self.locations[whole] = f"{ARTIFACTS}{new}"
                root = self.root_of(location, experiment) if inside else whole
                self.roots.setdefault(root, {"run": 0, "model": 0, "trace": 0})[kind] += 1

    @staticmethod
    def root_of(location, experiment):
        return location.removesuffix(f"/{experiment}")

    def rows(self, query):
        with self.engine.connect() as connection:
            return connection.execute(self.text(query)).fetchall()

    def counts(self):
        return {name: self.rows(f'select count(*) from "{name}"')[0][0] for name in sorted(self.tables)}

    def location_of(self, address):
        """
        The location here of the run, model, trace or experiment that an address there belongs to, and the rest of the
        address; two empty texts for other addresses.
        """
        whole = plain(address)
        end = len(whole)
        while end > 0:
            if whole[:end] in self.locations:
                return self.locations[whole[:end]], whole[end:]
            end = whole.rfind("/", 0, end)
        return "", ""

    def new_address(self, address):
        """The address here of an address there; empty for one that belongs to nothing."""
        return "".join(self.location_of(address))


class Target:
    """The database of this server."""

    def __init__(self):
        import psycopg2
        import sqlalchemy

        self.engine = sqlalchemy.create_engine(
            "postgresql+psycopg2://",
            creator=lambda: psycopg2.connect("service=mlflow", application_name="mlflow-stack import"),
        )
        self.text = sqlalchemy.text

    def refuse_used(self, connection):
        for table, condition in IN_USE.items():
            (count,) = connection.execute(self.text(f"select count(*) from {table}{condition}")).one()
            if count:
                raise Refused(f"the stack's database is in use: {count} rows in {table}. Import into a new stack.")


def metadata():
    """The tables of this release, with the types of their columns."""
    import mlflow.store.model_registry.dbmodels.models
    import mlflow.store.tracking.dbmodels.models
    import mlflow.store.workspace.dbmodels.models  # noqa: F401
    from mlflow.store.db.base_sql_model import Base

    return Base.metadata


def take_database():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(mode=0o700)
    with open(COPY, "wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    with open(COPY, "rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            raise Refused("it is no SQLite database")
    target = Target()
    with target.engine.connect() as connection:
        target.refuse_used(connection)
    revision = revision_of_copy()
    upgrade = subprocess.run(
        [sys.executable, "-m", "mlflow", "db", "upgrade", f"sqlite:///{COPY}"], capture_output=True, text=True, check=False
    )
    if upgrade.returncode != 0:
        reason = upgrade.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise Refused(f"MLflow could not bring a copy of it to the schema of this release: {reason[0]}")
    source = Source()
    counts = source.counts()
    unknown = sorted(set(counts) - set(metadata().tables) - OWN_TABLES - set().union(*LEFT_OUT.values()))
    say(
        result={
            "upgraded": revision != revision_of_copy(),
            "counts": counts,
            "roots": source.roots,
            "leftOut": {why: sum(counts.get(t, 0) for t in tables) for why, tables in LEFT_OUT.items()},
            "unknownTables": {name: counts[name] for name in unknown if counts[name]},
            "elsewhere": len(elsewhere(source)),
        }
    )


def revision_of_copy():
    import sqlite3

    try:
        with sqlite3.connect(COPY) as connection:
            return connection.execute("select version_num from alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise Refused(f"it is no database of MLflow: {error}") from error


def elsewhere(source):
    """Model versions whose files lie at an address of their own, which is taken over as it is."""
    rows = source.rows("select source from model_versions where source is not null")
    return [address for (address,) in rows if is_file_address(address) and not source.new_address(address)]


def is_file_address(address):
    return not re.match(r"^(models|runs):/", address)


def bucket():
    import boto3
    from botocore.config import Config

    name, _, prefix = os.environ["MLFLOW_ARTIFACTS_DESTINATION"].removeprefix("s3://").partition("/")
    client = boto3.client(
        "s3",
        endpoint_url=os.environ.get("MLFLOW_S3_ENDPOINT_URL"),
        config=Config(s3={"addressing_style": os.environ.get("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "auto")}),
    )
    return client, name, f"{prefix.rstrip('/')}/" if prefix else ""


def take_files():
    source, root = Source(), settings["root"]
    client, name, prefix = bucket()
    written = json.loads(FILES.read_text()) if FILES.exists() else {}
    others = 0
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as archive:
        for member in archive:
            if not member.isfile():
                continue
            location, rest = source.location_of(f"{root}/{member.name.removeprefix('./')}")
            # A file of the folder itself, or one that the file store keeps beside a run's artifacts.
            if not rest or is_experiment(location):
                others += 1
                continue
            key = prefix + f"{location}{rest}".removeprefix(f"{ARTIFACTS}/")
            client.upload_fileobj(Content(archive.extractfile(member)), name, key)
            written[key] = member.size
            if len(written) % 100 == 0:
                say(progress=f"{len(written)} files, {sum(written.values())} bytes")
    FILES.write_text(json.dumps(written))
    say(result={"files": len(written), "bytes": sum(written.values()), "others": others})


class Content:
    """A file of a stream, which boto3 would otherwise try to rewind."""

    def __init__(self, file):
        self.read = file.read


def is_experiment(location):
    """Whether a location here is that of an experiment, and not of one of its runs, models and traces."""
    return location.count("/") == 1


def compare_files():
    """Every file that was sent is in the bucket, with its size."""
    client, name, _ = bucket()
    written = json.loads(FILES.read_text()) if FILES.exists() else {}
    for key, size in written.items():
        found = client.head_object(Bucket=name, Key=key)["ContentLength"]
        if found != size:
            raise Refused(f"the file {key} has {found} bytes in the bucket, and {size} in the folder")
    return written


def take_rows():
    from sqlalchemy import insert, select

    written = compare_files()
    source, target = Source(), Target()
    left_out = set().union(*LEFT_OUT.values()) | OWN_TABLES
    tables = [table for table in metadata().sorted_tables if table.name not in left_out and table.name in source.tables]
    counts = {}
    with target.engine.begin() as here, source.engine.connect() as there:
        if not here.execute(target.text("select pg_try_advisory_xact_lock(:key)"), {"key": settings["lock"]}).scalar():
            raise Refused("a backup, a restore or a migration is running. Try again when it has ended.")
        here.execute(target.text(f"lock table {', '.join(IN_USE)} in exclusive mode"))
        target.refuse_used(here)
        # Experiment 0 comes from the source, and so do its tags.
        here.execute(target.text("delete from experiment_tags"))
        here.execute(target.text("delete from experiments"))
        existing = {name for (name,) in here.execute(target.text("select name from workspaces"))}
        for table in tables:
            counts[table.name] = 0
            # The database computes the others.
            columns = [column for column in table.columns if column.computed is None]
            for rows in there.execution_options(yield_per=ROWS).execute(select(*columns)).mappings().partitions():
                values = [rewritten(source, table.name, dict(row)) for row in rows]
                if table.name == "workspaces":
                    values = [row for row in values if row["name"] not in existing]
                counts[table.name] += len(rows)
                if values:
                    here.execute(insert(table), values)
            say(progress=f"{table.name}: {counts[table.name]} rows")
        for table in tables:
            (found,) = here.execute(target.text(f'select count(*) from "{table.name}"')).one()
            if found < counts[table.name] or (found > counts[table.name] and table.name != "workspaces"):
                raise Refused(f"{table.name} has {found} rows here and {counts[table.name]} there; nothing was taken over")
            for column in table.primary_key.columns:
                continue_sequence(here, target, table.name, column.name)
    say(result={"rows": sum(counts.values()), "files": len(written), "bytes": sum(written.values()), "counts": counts})
    discard()


def continue_sequence(here, target, table, column):
    sequence = here.execute(
        target.text("select pg_get_serial_sequence(:table, :column)"), {"table": table, "column": column}
    ).scalar()
    if sequence:
        here.execute(target.text(f"select setval('{sequence}', (select greatest(max({column}), 1) from {table}))"))


def rewritten(source, table, row):
    """A row with the addresses of files here."""
    columns = {
        "experiments": ["artifact_location"],
        "runs": ["artifact_uri"],
        "logged_models": ["artifact_location"],
        "model_versions": ["source", "storage_location"],
        "trace_tags": ["value"] if row.get("key") == "mlflow.artifactLocation" else [],
    }.get(table, [])
    for column in columns:
        if row[column] and is_file_address(row[column]):
            row[column] = source.new_address(row[column]) or row[column]
    return row


def discard():
    shutil.rmtree(WORK, ignore_errors=True)


try:
    {"database": take_database, "files": take_files, "rows": take_rows, "discard": discard}[settings["step"]]()
except Refused as refusal:
    say(refused=str(refusal))
    sys.exit(1)
except Exception as error:
    # The rest of a message of SQLAlchemy is the statement and its values.
    say(refused=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no reason given'}")
    raise
