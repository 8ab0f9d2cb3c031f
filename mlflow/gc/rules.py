"""
What is harmless to delete from MLflow's database and bucket. Whatever these rules do not name stays.

Only the standard library is used here, so that a test needs neither MLflow nor a store.
"""

import re

RUN_ID, MODEL_ID, TRACE_ID = r"[0-9a-f]{32}", r"m-[0-9a-f]{32}", r"(?:tr-)?[0-9a-f]{32}"
IDS = {"run": RUN_ID, "model": MODEL_ID, "trace": TRACE_ID}
# The form that MLflow gives all keys: the experiment's id, and the id of what has the files.
KEY = re.compile(
    r"(?:workspaces/(?P<workspace>[^/]+)/)?(?P<experiment>0|[1-9]\d{0,9})"
    rf"/(?:(?P<run>{RUN_ID})|models/(?P<model>{MODEL_ID})|traces/(?P<trace>{TRACE_ID}))/artifacts/"
)
# An experiment may have another location. Its runs, models and traces still have their ids in it.
PLACE = re.compile(r"(?:^|.*?/)(?P<id>(?:m-|tr-)?[0-9a-f]{32})/artifacts/")
ANY_ID = re.compile(r"(?:m-|tr-)?[0-9a-f]{32}")
SEGMENT = re.compile(r"[^/%#?\\]+")
ARTIFACTS = re.compile(r"mlflow-artifacts:(?://[^/]*)?/")
# Addresses that lie in no bucket.
LOCAL = re.compile(r"(?:file:|/)")
# MLflow creates this experiment at each start if it is gone, and gives it the same id.
DEFAULT_EXPERIMENT = 0

ELSEWHERE = object()

# Files that nothing owns stay for so long, because a client may still be uploading them.
YOUNG_FILES_SECONDS = 86400

# Why something stays.
YOUNG = "deleted for less than that"
NO_TIME = "no time of deletion is known"
IN_USE = "a version of a registered model names it"
MODELS_STAY = "a logged model of it stays"
OTHER_PLACE = "its files are not where MLflow puts them in this bucket"
SHARED_PLACE = "another experiment keeps its files there"
PARTS_STAY = "not all in it can be deleted"
CHANGED = "something in it was changed since"
ARCHIVED = "it has archived traces"
IS_DEFAULT = "MLflow would create it again"

FILES_OF_EXPERIMENT = "files without an owner, in an experiment that exists"
FILES_OF_WORKSPACE = "files without an owner, in a workspace that exists"
FILES_YOUNG = "files without an owner, younger than a day"
FILES_NEVER_HERE = "files of an experiment that this database never had"
FILES_NAMED = "files without an owner, which a version of a registered model names"
FILES_SHARED = "files without an owner, in a bucket that others may use"
FILES_UNCLEAR = "files without an owner, while the location of an experiment is not understood"
FILES_UNKNOWN = "files that are not of MLflow's form"


def key_of(address, bucket, folder):
    """
    The key in the folder of the bucket that an artifact location names, without a slash at its end. ELSEWHERE for one
    that is not in there; None for an address that could mean something else than it looks like.
    """
    address = address or ""
    if LOCAL.match(address):
        return ELSEWHERE
    found = ARTIFACTS.match(address)
    if found:
        rest = address[found.end() :]
    elif address.startswith("s3://"):
        name, _, rest = address.removeprefix("s3://").partition("/")
        if name != bucket or not f"{rest}/".startswith(folder):
            return ELSEWHERE
        rest = rest[len(folder) :]
    else:
        return None
    rest = rest.rstrip("/")
    segments = rest.split("/")
    if rest and not all(SEGMENT.fullmatch(segment) and segment not in (".", "..") for segment in segments):
        return None
    return rest


def place_of(kind, identifier, address, bucket, folder):
    """The prefix of the files of a run, model or trace, with a slash at its end; None if it is not clearly its own."""
    key = key_of(address, bucket, folder)
    if not isinstance(key, str) or not re.fullmatch(IDS[kind], identifier):
        return None
    own = f"{identifier}/artifacts"
    return f"{key}/" if key.endswith(f"/{own}") else None


class Places:
    """The locations of the experiments that stay."""

    def __init__(self, addresses, bucket, folder):
        keys = [key_of(address, bucket, folder) for address in addresses]
        self.is_clear = None not in keys
        self.keys = {f"{key}/" for key in keys if isinstance(key, str)}

    def is_within(self, prefix):
        """Whether an experiment keeps its files below a prefix, or at it."""
        return any(key.startswith(prefix) for key in self.keys)

    def has(self, prefix):
        """Whether a prefix lies in the location of an experiment. A location at the root holds everything."""
        return any(key == "/" or prefix.startswith(key) for key in self.keys)


def ids_in(text):
    """All ids that a text names."""
    return set(ANY_ID.findall(text or ""))


class Decision:
    """
    What is deleted of the rows that users deleted, and why the others stay.

    The rows are dictionaries. Experiments: id, stage, changed, address, traces (number), traced (time of the newest),
    clear (whether all traces have places of their own), archived. Runs: id, experiment, stage, deleted, place. Models:
    id, experiment, stage, changed, place. `links` are pairs of a model and a run that has its metrics, or made it.
    """

    def __init__(self, experiments, runs, models, links, named, cutoff, bucket, folder):
        self.cutoff, self.named = cutoff, named
        self.models_of = {}
        for model, run in links:
            self.models_of.setdefault(run, set()).add(model)
        old = {one["id"]: one for one in experiments if one["stage"] == "deleted"}
        self.kept = {}
        self.experiments = {
            key for key, one in old.items() if self.is_kept("experiment", one, self.of_experiment(one)) is None
        }
        # An experiment goes only with all that is in it, and that may depend on another experiment.
        while True:
            staying = [one["address"] for one in experiments if one["id"] not in self.experiments]
            self.places = Places(staying, bucket, folder)
            self.models = {one["id"] for one in models if self.is_kept("model", one, self.of_model(one)) is None}
            self.runs = {one["id"] for one in runs if self.is_kept("run", one, self.of_run(one)) is None}
            parts = {one["experiment"] for one in models if one["id"] not in self.models}
            parts |= {one["experiment"] for one in runs if one["id"] not in self.runs}
            shared = {
                key
                for key in self.experiments
                if self.places.is_within(f"{key_of(old[key]['address'], bucket, folder)}/")
            }
            if not self.experiments & (parts | shared):
                break
            for key in self.experiments & (parts | shared):
                self.is_kept("experiment", old[key], PARTS_STAY if key in parts else SHARED_PLACE)
            self.experiments -= parts | shared
        for kind, gone in (("experiment", self.experiments), ("model", self.models), ("run", self.runs)):
            self.kept = {key: why for key, why in self.kept.items() if key[0] != kind or key[1] not in gone}

    def is_kept(self, kind, one, why):
        # What nobody deleted is not told.
        if why is not None and one["stage"] == "deleted":
            self.kept[kind, one["id"]] = why
        return why

    def of_experiment(self, one):
        if one["id"] == DEFAULT_EXPERIMENT:
            return IS_DEFAULT
        if one["changed"] is None:
            return NO_TIME
        if one["changed"] > self.cutoff:
            return YOUNG
        if one["traces"] and one["traced"] > self.cutoff:
            return CHANGED
        if one["archived"]:
            return ARCHIVED
        return None if one["clear"] else OTHER_PLACE

    def of_model(self, one):
        if one["stage"] != "deleted" and one["experiment"] not in self.experiments:
            return PARTS_STAY
        if one["changed"] is None:
            return NO_TIME
        if one["changed"] > self.cutoff:
            return YOUNG
        return self.of_files(one)

    def of_run(self, one):
        if one["stage"] != "deleted":
            return PARTS_STAY
        if one["deleted"] is None:
            return NO_TIME
        if one["deleted"] > self.cutoff:
            return YOUNG
        if self.models_of.get(one["id"], set()) - self.models:
            return MODELS_STAY
        return self.of_files(one)

    def of_files(self, one):
        if one["id"] in self.named:
            return IN_USE
        if one["place"] is None:
            return OTHER_PLACE
        return SHARED_PLACE if self.places.is_within(one["place"]) else None


class Ownerless:
    """Why files below a key of MLflow's form, whose owner is in the database no longer, stay; None if they may go."""

    def __init__(self, experiments, last_experiment, workspaces, named, places, is_own_bucket):
        self.experiments, self.last, self.workspaces = experiments, last_experiment, workspaces
        self.named, self.places, self.is_own_bucket = named, places, is_own_bucket

    def why_kept(self, found, is_young):
        """`found` is the match of KEY."""
        experiment = int(found["experiment"])
        if experiment in self.experiments or self.places.has(found[0]) or self.places.is_within(found[0]):
            return FILES_OF_EXPERIMENT
        if found["workspace"] in self.workspaces:
            return FILES_OF_WORKSPACE
        # After a restore of an older backup, the ids of later experiments are given again.
        if experiment > self.last:
            return FILES_NEVER_HERE
        if (found["run"] or found["model"] or found["trace"]) in self.named:
            return FILES_NAMED
        if not self.is_own_bucket:
            return FILES_SHARED
        if not self.places.is_clear:
            return FILES_UNCLEAR
        return FILES_YOUNG if is_young else None
