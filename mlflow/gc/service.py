"""
Deletes for good, on a schedule, what users of MLflow deleted long ago: what `mlflow-stack gc --yes` does.

    service.py serve     waits for the times of GC_SCHEDULE, which are in UTC
    service.py run       deletes now
    service.py status    prints the settings and how the last one ended: GcState in lib/contract/garbage.ts
    service.py health    ends with 0 while the scheduler works

The scheduler is huey, which MLflow needs for its own jobs, so its images have it. The program that deletes is in
program.py: it is the one that the command `gc` sends into the server's container.
"""

import datetime
import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile
import time

PROGRAM = pathlib.Path("/etc/mlflow/gc/program.py")
STORES = "/etc/mlflow/stores.py"
STATE = pathlib.Path("/tmp/gc.json")
# Touched each minute, as any other job of the schedule.
ALIVE = pathlib.Path("/tmp/gc-alive")
ALIVE_SECONDS = 180

ADVISORY_LOCK = 7310417208131201
# A backup often begins at the same minute.
LOCK_SECONDS = 3600
LOCK_INTERVAL_SECONDS = 10

START = "import json, sys; settings = json.loads(sys.argv[1]); exec(open(sys.argv[2]).read())"


class Failed(Exception):
    """Nothing was deleted, or not everything."""


class Locked(Failed):
    """Another job works on the stores."""


def older_than():
    return int(os.environ["GC_OLDER_THAN_SECONDS"])


def ask(told=None, **settings):
    """Runs the program, and returns its result. The end of its standard input would stop it."""
    words = [sys.executable, "-c", START, json.dumps({**settings, "lock": ADVISORY_LOCK}), str(PROGRAM)]
    said = {}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdin.write(f"{json.dumps(told)}\n")
        process.stdin.flush()
        for line in process.stdout:
            said |= json.loads(line)
    if "result" in said:
        return said["result"]
    refusal = said.get("refused") or f"the program ended with status {process.returncode}"
    raise Locked(refusal) if said.get("locked") else Failed(refusal)


def require_stores():
    """Refuses stores of another stack, and a schema of another MLflow, as it is in the middle of a restore."""
    checked = subprocess.run([sys.executable, STORES, "start"], capture_output=True, text=True, check=False)
    if checked.returncode != 0:
        raise Failed(" ".join(checked.stderr.split()) or "database and bucket could not be checked")


def collect():
    """Returns what was deleted; None if there was nothing to delete."""
    require_stores()
    garbage = ask(step="list", olderThan=older_than() * 1000, check=True)
    told = {kind: [one["id"] for one in garbage[kind]] for kind in ("runs", "models", "experiments")}
    told["ownerless"] = [one["prefix"] for one in garbage["ownerless"]]
    if not any(told.values()):
        return None
    return ask({**told, "traces": garbage["traces"]}, step="delete", cutoff=garbage["cutoff"])


def collect_when_free():
    end = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return collect()
        except Locked:
            if time.monotonic() > end:
                raise
            time.sleep(LOCK_INTERVAL_SECONDS)


def run():
    """Deletes, and leaves in STATE how it ended. Returns whether it succeeded."""
    started = time.time()
    last = {"time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")}
    try:
        deleted = collect_when_free()
        if deleted is not None:
            last["deleted"] = deleted
            if deleted["failed"]:
                first, number = deleted["failed"][0], len(deleted["failed"])
                raise Failed(f"{number} could not be deleted, such as the {first['what']}: {first['reason']}")
    except Failed as error:
        last["message"] = str(error)
    except Exception as error:
        last["message"] = f"{type(error).__name__}: {error}"
    last["seconds"] = round(time.time() - started, 1)
    # Replaced as a whole, because `status` may read it at this moment.
    with tempfile.NamedTemporaryFile("w", dir=STATE.parent, delete=False) as file:
        json.dump(last, file)
    os.replace(file.name, STATE)
    print(json.dumps(last), flush=True)
    return "message" not in last


def status():
    last = {"last": json.loads(STATE.read_text())} if STATE.exists() else {}
    print(json.dumps({"schedule": os.environ["GC_SCHEDULE"], "olderThanSeconds": older_than(), **last}))


def times(schedule):
    """Tells times of a schedule from others. As cron has it, one of two given days is enough."""
    from huey import crontab

    minute, hour, day, month, weekday = schedule.split(" ")
    if "*" in (day, weekday):
        return crontab(minute, hour, day, month, weekday, strict=True)
    by_day = crontab(minute, hour, day, month, "*", strict=True)
    by_weekday = crontab(minute, hour, "*", month, weekday, strict=True)
    return lambda now: by_day(now) or by_weekday(now)


def serve():
    try:
        from huey import MemoryHuey, crontab
    except ImportError:
        sys.exit("This image of MLflow has no scheduler, huey. Take one of a newer release, or set no schedule for gc.")
    logging.basicConfig(level=logging.WARNING)
    huey = MemoryHuey("gc", utc=True)

    @huey.periodic_task(times(os.environ["GC_SCHEDULE"]))
    @huey.lock_task("gc")
    def garbage():
        run()

    @huey.periodic_task(crontab())
    def alive():
        ALIVE.touch()

    ALIVE.touch()
    print(f"garbage is deleted at {os.environ['GC_SCHEDULE']}, if it is older than {older_than()} s", flush=True)
    # One for each task, so that a long garbage collection delays no sign of life.
    huey.create_consumer(workers=2).run()


def health():
    sys.exit(0 if time.time() - ALIVE.stat().st_mtime < ALIVE_SECONDS else 1)


if __name__ == "__main__":
    if sys.argv[1] == "run":
        sys.exit(0 if run() else 1)
    {"serve": serve, "status": status, "health": health}[sys.argv[1]]()
