"""Loads MLflow with uploads, searches, batches and jobs at once. Read before a call of `load`."""

import collections
import json
import os
import random
import threading
import time

import requests

SITE = os.environ["MLFLOW_TRACKING_URI"]
ROOT = SITE + "/api/2.0"
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


def scorer():
    """A trace, and a scorer of MLflow's own that is run on it as a job: no calls of a model."""
    # here, because most loads do without MLflow's client.
    import mlflow
    from mlflow.genai.scorers import ResponseLength

    with mlflow.start_span("answer") as span:
        span.set_inputs({"question": "why"})
        span.set_outputs("because")
    mlflow.flush_trace_async_logging()
    return {
        "experiment_id": "0",
        "serialized_scorer": json.dumps(ResponseLength(max_length=10).model_dump()),
        "trace_ids": [mlflow.get_last_active_trace_id()],
        "log_assessments": True,
    }


def job(scored):
    """Runs a job to its end."""
    answer = requests.post(f"{SITE}/ajax-api/3.0/mlflow/scorer/invoke", json=scored, auth=LOGIN, timeout=120)
    if not answer.ok:
        return answer
    address = f"{SITE}/ajax-api/3.0/jobs/{answer.json()['jobs'][0]['job_id']}"
    while (answer := requests.get(address, auth=LOGIN, timeout=120)).ok:
        state = answer.json()
        if state["status"] not in ("PENDING", "RUNNING"):
            if state["status"] != "SUCCEEDED":
                raise JobFailed(answer.text)
            break
        time.sleep(1)
    return answer


class JobFailed(Exception):
    pass


def load(seconds, mebibytes, **clients):
    experiment = post("experiments/create", name=os.urandom(6).hex()).json()["experiment_id"]
    runs = [post("runs/create", experiment_id=experiment).json()["run"]["info"]["run_id"] for _ in range(RUNS)]
    for run in runs:
        batch(run).raise_for_status()
    post("registered-models/create", name=experiment).raise_for_status()
    file = os.urandom(1 << 20) * mebibytes
    scored = scorer() if clients.get("jobs") else None
    calls = {
        # one worker that does all the rest takes two minutes for 100 MiB.
        "uploads": lambda: requests.put(
            f"{ROOT}/mlflow-artifacts/artifacts/{experiment}/load/{random.random()}", file, auth=LOGIN, timeout=300
        ),
        "searches": lambda: post("runs/search", experiment_ids=[experiment], max_results=RUNS),
        "batches": lambda: batch(random.choice(runs)),
        "reads": lambda: get("experiments/get", experiment_id=experiment),
        "models": lambda: get("registered-models/search", max_results=10),
        "jobs": lambda: job(scored),
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
            except JobFailed as error:
                status = f"{kind}: {error}"
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
