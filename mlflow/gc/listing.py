"""
What is to be deleted, and what stays and why. Follows stores.py in one program.
"""

import contextlib

# The most that is told of files that stay.
MAX_TOLD = 1000


class Plan:
    """What the rules say of the database as it is now."""

    def __init__(self, cutoff, bucket):
        with contextlib.closing(Rows()) as rows:
            self.read(rows, cutoff, bucket)

    @staticmethod
    def deleted(rows, kind, when, select, gone, place):
        """Runs or models that are deleted, or that lie in one of the experiments that are gone."""
        return [
            {
                "id": key,
                "name": name,
                "experiment": experiment,
                "stage": stage,
                when: time,
                "place": place_of(kind, key, address, *place),
            }
            for key, name, experiment, stage, time, address in rows.all(
                f"{select} where lifecycle_stage = 'deleted' or experiment_id = any(%s)", gone
            )
        ]

    def read(self, rows, cutoff, bucket):
        place = (bucket.name, bucket.folder)
        experiments = [
            {"id": key, "name": name, "workspace": workspace, "stage": stage, "changed": changed, "address": address}
            for key, name, workspace, stage, changed, address in rows.all(
                "select experiment_id, name, workspace, lifecycle_stage, last_update_time, artifact_location"
                " from experiments"
            )
        ]
        for one in experiments:
            one.update({"traces": 0, "traced": 0, "clear": True, "archived": False})
            if one["stage"] == "deleted":
                self.read_traces(rows, one, place)
        gone = [one["id"] for one in experiments if one["stage"] == "deleted"]
        models = self.deleted(
            rows,
            "model",
            "changed",
            "select model_id, name, experiment_id, lifecycle_stage, last_updated_timestamp_ms, artifact_location"
            " from logged_models",
            gone,
            place,
        )
        runs = self.deleted(
            rows,
            "run",
            "deleted",
            "select run_uuid, name, experiment_id, lifecycle_stage, deleted_time, artifact_uri from runs",
            gone,
            place,
        )
        # The metrics that a model has from a run would go with the run.
        links = rows.all(
            "select model_id, source_run_id from logged_models join runs on run_uuid = source_run_id"
            " where runs.lifecycle_stage = 'deleted' union select model_id, run_id from logged_model_metrics"
            " join runs on run_uuid = run_id where runs.lifecycle_stage = 'deleted'"
        )
        self.experiments = {one["id"]: one for one in experiments}
        self.models = {one["id"]: one for one in models}
        self.runs = {one["id"]: one for one in runs}
        self.decision = Decision(experiments, runs, models, links, rows.named(), cutoff, *place)

    @staticmethod
    def read_traces(rows, experiment, place):
        ((experiment["traces"], traced, experiment["archived"]),) = rows.all(
            "select count(*), max(timestamp_ms), coalesce(bool_or(exists (select from trace_tags t"
            " where t.request_id = i.request_id and key = 'mlflow.trace.archiveLocation')), false)"
            " from trace_info i where experiment_id = %s",
            experiment["id"],
        )
        experiment["traced"] = traced or 0
        experiment["clear"] = all(
            place_of("trace", trace, address, *place) for trace, address in trace_places(rows, experiment["id"])
        )

    def places(self):
        """Prefixes of all files that would go with a run or a model, and whose they are."""
        found = {self.runs[key]["place"]: ("run", key) for key in self.decision.runs}
        return found | {self.models[key]["place"]: ("model", key) for key in self.decision.models}


def trace_places(rows, experiment):
    return rows.all(
        "select i.request_id, t.value from trace_info i join trace_tags t on t.request_id = i.request_id"
        " and t.key = 'mlflow.artifactLocation' where i.experiment_id = %s",
        experiment,
    )


def ownerless_rules(plan, bucket, rows):
    ((last,),) = rows.all(
        "select pg_sequence_last_value(pg_get_serial_sequence('experiments', 'experiment_id')::regclass)"
    )
    workspaces = {name for (name,) in rows.all("select name from workspaces")}
    decision = plan.decision
    staying = {key for key in plan.experiments if key not in decision.experiments}
    return Ownerless(staying, last or 0, workspaces, decision.named, decision.places, bucket.is_own())


class Listing:
    """What `list` tells. The bucket is read once, and only sums are kept."""

    def __init__(self, plan, bucket):
        self.plan, self.decision, self.bucket = plan, plan.decision, bucket
        self.rows = Rows()
        self.doomed, self.ownerless, self.unknown, self.last = plan.places(), {}, {}, 0
        for key in self.decision.experiments:
            for trace, address in trace_places(self.rows, key):
                self.doomed[place_of("trace", trace, address, bucket.name, bucket.folder)] = ("trace", key)
        self.sums = {}
        self.total = 0
        self.rules = ownerless_rules(plan, bucket, self.rows)

    def read_bucket(self):
        groups = itertools.groupby(self.bucket.objects(), lambda one: self.group_of(one[0]))
        batch = {}
        for (kind, prefix), objects in groups:
            if kind == "mark":
                continue
            count, size, youngest, changed = 0, 0, None, 0
            for _, length, age, modified in objects:
                count, size, changed = count + 1, size + length, max(changed, int(modified.timestamp() * 1000))
                youngest = age if youngest is None else min(youngest, age)
            self.total += count
            if self.total % 20_000 < count:
                say(progress=f"{self.total} objects")
            if kind == "doomed":
                self.sums[prefix] = [count, size]
                self.last = max(self.last, changed)
            else:
                batch.setdefault((kind, prefix), []).append((count, size, youngest, changed))
            if len(batch) >= CHUNK:
                self.judge(batch)
                batch = {}
        self.judge(batch)

    def group_of(self, key):
        if key.startswith("#"):
            return "mark", ""
        place = PLACE.match(key)
        if place and place[0] in self.doomed:
            return "doomed", place[0]
        if place:
            return "owned" if KEY.match(key) else "placed", place[0]
        return "unknown", "/".join(key.split("/")[:-1][:2])

    def judge(self, batch):
        """Which of these prefixes have no owner in the database, and whether they may go."""
        ids = {PLACE.match(prefix)["id"] for kind, prefix in batch if kind != "unknown"}
        existing = set().union(*(self.rows.existing(kind, ids) for kind in ("run", "model", "trace"))) if ids else set()
        for (kind, prefix), parts in batch.items():
            if kind != "unknown" and PLACE.match(prefix)["id"] in existing:
                continue
            found = KEY.fullmatch(prefix) if kind == "owned" else None
            young = min(youngest for _, _, youngest, _ in parts) <= YOUNG_FILES_SECONDS
            why = self.rules.why_kept(found, young) if found else FILES_UNKNOWN
            count, size = sum(part[0] for part in parts), sum(part[1] for part in parts)
            if why is None:
                self.ownerless[prefix] = [count, size]
                self.last = max(self.last, *(part[3] for part in parts))
                continue
            prefix = prefix if found else "/".join(prefix.split("/")[:2])
            before = self.unknown.setdefault((why, prefix), [0, 0])
            before[0] += count
            before[1] += size

    def result(self, cutoff):
        files = {}
        for place, (count, size) in self.sums.items():
            kind, key = self.doomed[place]
            before = files.setdefault((kind, key), [0, 0])
            before[0] += count
            before[1] += size
        plan, gone = self.plan, self.decision

        def told(kind, one):
            count, size = files.get((kind, one["id"]), (0, 0))
            return {
                "id": str(one["id"]),
                "name": one["name"],
                "experiment": str(one.get("experiment", one["id"])),
                "objects": count,
                "bytes": size,
            }

        runs = [told("run", plan.runs[key]) for key in sorted(gone.runs)]
        models = [told("model", plan.models[key]) for key in sorted(gone.models)]
        experiments = []
        for key in sorted(gone.experiments):
            one = plan.experiments[key]
            count, size = files.get(("trace", key), (0, 0))
            experiments.append(
                {"id": str(key), "name": one["name"], "traces": one["traces"], "objects": count, "bytes": size}
            )
        changes = [self.last, *(plan.runs[key]["deleted"] for key in gone.runs)]
        changes += [plan.models[key]["changed"] for key in gone.models]
        changes += [
            value
            for key in gone.experiments
            for value in (plan.experiments[key]["changed"], plan.experiments[key]["traced"])
        ]
        ownerless = [
            {"prefix": prefix, "objects": count, "bytes": size} for prefix, (count, size) in self.ownerless.items()
        ]
        everything = [*runs, *models, *experiments, *ownerless]
        named = {"experiment": plan.experiments, "model": plan.models, "run": plan.runs}
        return {
            "cutoff": cutoff,
            "runs": runs,
            "models": models,
            "experiments": experiments,
            "traces": sum(one["traces"] for one in experiments),
            "ownerless": ownerless,
            "objects": sum(one["objects"] for one in everything),
            "bytes": sum(one["bytes"] for one in everything),
            "lastChange": max(changes),
            "kept": [
                {"kind": kind, "id": str(key), "name": named[kind][key]["name"], "why": why}
                for (kind, key), why in sorted(gone.kept.items(), key=str)
            ],
            "keptFiles": [
                {"prefix": prefix, "objects": count, "bytes": size, "why": why}
                for (why, prefix), (count, size) in sorted(self.unknown.items())[:MAX_TOLD]
            ],
            "keptFilesNotTold": max(len(self.unknown) - MAX_TOLD, 0),
        }
