"""Loads MLflow with uploads through it, searches and batches at once. Read before a call of `load`."""

import collections
import json
import os
import random
import threading
import time

import requests

ROOT = os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0"
LOGIN = (os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"])
RUNS, VALUES = 200, 100


def post(path, **body):
    return requests.post(f"{ROOT}/mlflow/{path}", json=body, auth=LOGIN, timeout=120)


def get(path, **query):
    return requests.get(f"{ROOT}/mlflow/{path}", params=query, auth=LOGIN, timeout=120)


def batch(run):
    now = time.time_ns() // 1_000_000
    return post(
        "runs/log-batch",
        run_id=run,
        metrics=[{"key": f"m{i}", "value": i, "timestamp": now, "step": random.randrange(10**6)} for i in range(VALUES)],
        # the name of a run is kept with the run: one more session inside of the others.
        tags=[
            {"key": "mlflow.runName", "value": str(now)},
            *({"key": f"t{i}", "value": "x" * 50} for i in range(VALUES - 1)),
        ],
    )


def load(seconds, mebibytes, **clients):
    experiment = post("experiments/create", name=os.urandom(6).hex()).json()["experiment_id"]
    runs = [post("runs/create", experiment_id=experiment).json()["run"]["info"]["run_id"] for _ in range(RUNS)]
    for run in runs:
        batch(run).raise_for_status()
    post("registered-models/create", name=experiment).raise_for_status()
    file = os.urandom(1 << 20) * mebibytes
    calls = {
        "uploads": lambda: requests.put(
            f"{ROOT}/mlflow-artifacts/artifacts/{experiment}/load/{random.random()}", file, auth=LOGIN, timeout=120
        ),
        "searches": lambda: post("runs/search", experiment_ids=[experiment], max_results=RUNS),
        "batches": lambda: batch(random.choice(runs)),
        "reads": lambda: get("experiments/get", experiment_id=experiment),
        "models": lambda: get("registered-models/search", max_results=10),
    }
    statuses, times = collections.Counter(), collections.defaultdict(list)
    end = time.monotonic() + seconds

    def client(kind):
        while (begin := time.monotonic()) < end:
            try:
                answer = calls[kind]()
                # an answer that was not expected says why.
                status = answer.status_code if answer.ok else f"{kind}: {answer.status_code} {answer.text}"
            except requests.RequestException as error:
                status = type(error).__name__
            statuses[str(status)] += 1
            times[kind].append(time.monotonic() - begin)

    threads = [threading.Thread(target=client, args=[kind]) for kind, count in clients.items() for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({
        "statuses": statuses,
        "calls": {kind: len(taken) for kind, taken in times.items()},
        "median": {kind: round(sorted(taken)[len(taken) // 2], 2) for kind, taken in times.items()},
        "slowest": {kind: round(max(taken), 2) for kind, taken in times.items()},
    }))
