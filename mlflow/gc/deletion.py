"""
Deletes for good. Follows listing.py in one program.
"""

import threading
import traceback

# Traces that one transaction deletes.
TRACES = 100


class Deletion:
    """
    Deletes what `list` has told. Each row is locked and asked again first, so nobody can bring back what is half gone.
    The files go before their row: after an interruption the row is still there to say what is left.
    """

    def __init__(self, told, plan, bucket, lock):
        from mlflow.tracking import _get_store

        self.told, self.plan, self.gone, self.bucket, self.lock = told, plan, plan.decision, bucket, lock
        self.cutoff = settings["cutoff"]
        self.store = _get_store(os.environ["MLFLOW_BACKEND_STORE_URI"], "mlflow-artifacts:/")
        self.maker = self.store.ManagedSessionMaker
        self.stop = threading.Event()
        self.done = {"runs": 0, "models": 0, "traces": 0, "experiments": 0, "objects": 0, "bytes": 0}
        self.changed, self.failed = 0, []

    def stop_at_end_of_input(self):
        def wait():
            sys.stdin.buffer.read()
            self.stop.set()

        threading.Thread(target=wait, daemon=True).start()

    @contextlib.contextmanager
    def transaction(self, workspace):
        """One transaction for our questions and for MLflow's functions, which would open their own."""
        with self.in_workspace(workspace), self.maker(read_only=False) as session:
            self.ask(
                session,
                "select set_config('statement_timeout', '0', true),"
                " set_config('idle_in_transaction_session_timeout', '0', true)",
            )
            self.store.ManagedSessionMaker = lambda read_only=True: contextlib.nullcontext(session)
            try:
                yield session
            finally:
                self.store.ManagedSessionMaker = self.maker

    def in_workspace(self, workspace):
        if not getattr(self.store, "supports_workspaces", False):
            return contextlib.nullcontext()
        from mlflow.utils.workspace_context import WorkspaceContext

        return WorkspaceContext(workspace)

    @staticmethod
    def ask(session, query, **values):
        from sqlalchemy import text

        return session.execute(text(query), values).fetchall()

    def is_named(self, session, identifier):
        return self.ask(
            session,
            "select 1 from model_versions where current_stage is distinct from 'Deleted_Internal' and"
            " position(:id in concat_ws(' ', source, storage_location, run_id, run_link)) > 0 limit 1",
            id=identifier,
        )

    def delete_files(self, place, older=None):
        count, size = self.bucket.delete(place, older)
        self.done["objects"] += count
        self.done["bytes"] += size

    def workspace_of(self, experiment):
        return self.plan.experiments[experiment]["workspace"]

    def lock_experiment(self, session, key):
        return self.ask(
            session,
            "select 1 from experiments where experiment_id = :id and lifecycle_stage = 'deleted'"
            " and last_update_time <= :cutoff for update",
            id=key,
            cutoff=self.cutoff,
        )

    def delete_run(self, key):
        run = self.plan.runs[key]
        with self.transaction(self.workspace_of(run["experiment"])) as session:
            found = self.ask(
                session,
                "select 1 from runs where run_uuid = :id and lifecycle_stage = 'deleted' and deleted_time <= :cutoff"
                " for update",
                id=key,
                cutoff=self.cutoff,
            )
            if not found or self.is_named(session, key):
                return False
            self.delete_files(run["place"])
            self.store._hard_delete_run(key)
        self.done["runs"] += 1
        return True

    def delete_model(self, key):
        model = self.plan.models[key]
        with self.transaction(self.workspace_of(model["experiment"])) as session:
            found = self.ask(
                session,
                "select lifecycle_stage from logged_models where model_id = :id"
                " and last_updated_timestamp_ms <= :cutoff for update",
                id=key,
                cutoff=self.cutoff,
            )
            deleted = found and (found[0][0] == "deleted" or self.lock_experiment(session, model["experiment"]))
            if not deleted or self.is_named(session, key):
                return False
            self.delete_files(model["place"])
            self.store._hard_delete_logged_model(key)
        self.done["models"] += 1
        return True

    def delete_experiment(self, key):
        workspace = self.workspace_of(key)
        # In parts, because MLflow would load all traces of an experiment at once.
        deleted = TRACES
        while deleted == TRACES and not self.stop.is_set():
            with self.transaction(workspace) as session:
                if not self.lock_experiment(session, key) or self.has_parts(session, key):
                    return False
                deleted = self.delete_traces(session, key)
            self.progress(f"{self.done['traces']} traces of {self.told['traces']}")
        if self.stop.is_set():
            return True
        with self.transaction(workspace) as session:
            # A trace that has come since has a younger time than those that were deleted, or another form.
            left = self.ask(session, "select 1 from trace_info where experiment_id = :id limit 1", id=key)
            if left or not self.lock_experiment(session, key) or self.has_parts(session, key):
                return False
            self.store._hard_delete_experiment(str(key))
        self.done["experiments"] += 1
        return True

    def has_parts(self, session, key):
        """Whether anything is in an experiment besides the traces that go with it."""
        ((found,),) = self.ask(
            session,
            "select exists (select from runs where experiment_id = :id) or exists (select from logged_models where"
            " experiment_id = :id) or exists (select from trace_info where experiment_id = :id"
            " and timestamp_ms > :cutoff)",
            id=key,
            cutoff=self.cutoff,
        )
        return found

    def delete_traces(self, session, key):
        """Deletes some traces of an experiment, and returns their number."""
        traces = self.ask(
            session,
            "select i.request_id, t.value from trace_info i left join trace_tags t on t.request_id = i.request_id"
            " and t.key = 'mlflow.artifactLocation' where experiment_id = :id limit :limit",
            id=key,
            limit=TRACES,
        )
        ids = []
        for trace, address in traces:
            place = address and place_of("trace", trace, address, self.bucket.name, self.bucket.folder)
            if place:
                self.delete_files(place)
            # Without an address it has no files; with one that is not clear it stays, and its experiment too.
            if place or not address:
                ids.append(trace)
        deleted = self.store._delete_traces(str(key), trace_ids=ids) if ids else 0
        self.done["traces"] += deleted
        return deleted

    def delete_ownerless(self, prefix):
        found = KEY.fullmatch(prefix)
        if found is None:
            return False
        with contextlib.closing(Rows()) as rows:
            identifier = found["run"] or found["model"] or found["trace"]
            ages = [one[2] for one in self.bucket.objects(prefix)]
            if any(rows.existing(kind, {identifier}) for kind in IDS) or identifier in rows.named():
                return False
            if rows.all("select 1 from experiments where experiment_id = %s", int(found["experiment"])):
                return False
            if ages and self.rules.why_kept(found, min(ages) <= YOUNG_FILES_SECONDS) is not None:
                return False
            self.delete_files(prefix, YOUNG_FILES_SECONDS)
        return True

    def progress(self, line):
        say(progress=line)

    def each(self, what, keys, delete):
        for number, key in enumerate(keys, 1):
            if self.stop.is_set():
                return
            self.lock.is_held()
            try:
                self.changed += not delete(key)
            except Exception as error:
                traceback.print_exc()
                self.failed.append({"what": f"{what} {key}", "reason": reason(error)})
            if number % 10 == 0:
                self.progress(f"{number} {what}s of {len(keys)}")

    def run(self):
        told, gone = self.told, self.gone
        self.each("run", [key for key in told["runs"] if key in gone.runs], self.delete_run)
        self.each("model", [key for key in told["models"] if key in gone.models], self.delete_model)
        experiments = [int(key) for key in told["experiments"] if int(key) in gone.experiments]
        self.each("experiment", experiments, self.delete_experiment)
        with contextlib.closing(Rows()) as rows:
            self.rules = ownerless_rules(self.plan, self.bucket, rows)
        self.each("folder", told["ownerless"], self.delete_ownerless)
        say(result={**self.done, "changed": self.changed, "failed": self.failed, "stopped": self.stop.is_set()})
