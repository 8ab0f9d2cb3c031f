"""Uses a deployed stack as its users do, with the client's defaults, and removes what it made.

It is read from standard input, after one line of JSON with its settings, so that the password stands in no list of
processes and in no container's configuration. Each check is a line of JSON on standard output.
"""

import base64
import hashlib
import json
import os
import signal
import ssl
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid

# Set by the command `verify`: url, username, password, large_mebibytes, root_certificate where the gateway has its own
settings: dict

# MLflow writes to standard output as well, where only checks belong.
results = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

os.environ["MLFLOW_TRACKING_URI"] = settings["url"]
os.environ["MLFLOW_TRACKING_USERNAME"] = settings["username"]
os.environ["MLFLOW_TRACKING_PASSWORD"] = settings["password"]
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["GIT_PYTHON_REFRESH"] = "quiet"
os.environ["HOME"] = tempfile.gettempdir()

trusted = ssl.create_default_context()
if settings.get("root_certificate"):
    trusted.load_verify_locations(cadata=settings["root_certificate"])
    bundle = os.path.join(tempfile.gettempdir(), "roots.pem")
    with open(bundle, "w") as file:
        file.write(settings["root_certificate"])
    # Presigned transfers read the second one.
    os.environ["MLFLOW_TRACKING_SERVER_CERT_PATH"] = bundle
    os.environ["REQUESTS_CA_BUNDLE"] = bundle

NAME = f"mlflow-stack-verify-{uuid.uuid4().hex[:12]}"
MEBIBYTE = 1024 * 1024


def report(check, passed, detail):
    print(json.dumps({"check": check, "passed": passed, "detail": detail}), file=results, flush=True)


class OutOfTime(BaseException):
    """Not an Exception: the client would take that for a temporary fault, and try again."""


def out_of_time(*_):
    raise OutOfTime("not finished in time")


def run_check(check, function, *arguments, seconds=90):
    """Reports what the function returns, or why it failed. Returns whether it passed."""
    try:
        # The client itself tries for many minutes when the store does not answer.
        signal.alarm(seconds)
        report(check, True, function(*arguments))
        return True
    except (Exception, OutOfTime) as error:  # whatever goes wrong is the result of the check
        report(check, False, f"{type(error).__name__}: {error}".splitlines()[0][:160])
        return False
    finally:
        signal.alarm(0)


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def status_of(authorization):
    request = urllib.request.Request(settings["url"] + "/api/2.0/mlflow/experiments/search?max_results=1")
    if authorization:
        request.add_header("Authorization", "Basic " + base64.b64encode(authorization.encode()).decode())
    try:
        return urllib.request.urlopen(request, timeout=30, context=trusted).status
    except urllib.error.HTTPError as error:
        return error.code


def refuses(authorization):
    status = status_of(authorization)
    expect(status == 401, f"answered {status}, not 401")
    return "401"


def logs_a_run():
    run = client.create_run(experiment_id, run_name=NAME)
    created["run"] = run.info.run_id
    client.log_param(run.info.run_id, "alpha", 0.5)
    client.set_tag(run.info.run_id, "purpose", "verify")
    read = client.get_run(run.info.run_id)
    expect(read.data.params == {"alpha": "0.5"}, f"parameters came back as {read.data.params}")
    expect(read.data.tags.get("purpose") == "verify", "the tag did not come back")
    return f"run {run.info.run_id}"


def logs_metrics():
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    sent = [Metric("loss", 1 / (step + 1), now + step, step) for step in range(100)]
    client.log_batch(created["run"], metrics=sent)
    read = client.get_metric_history(created["run"], "loss")
    expect(sorted(metric.step for metric in read) == list(range(100)), f"{len(read)} of 100 steps came back")
    expect({metric.value for metric in read} == {metric.value for metric in sent}, "values came back changed")
    return "100 steps"


def transfers(name, size):
    content = os.urandom(size)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(content)
        begin = time.monotonic()
        client.log_artifact(created["run"], path)
        uploaded = time.monotonic()
        os.remove(path)
        back = client.download_artifacts(created["run"], name, folder)
        downloaded = time.monotonic()
        with open(back, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
    expect(digest == hashlib.sha256(content).hexdigest(), "the file came back changed")
    rate = [size / MEBIBYTE / seconds for seconds in (uploaded - begin, downloaded - uploaded)]
    if size < MEBIBYTE:
        return f"{size} bytes, identical"
    return f"{size // MEBIBYTE} MiB, identical, {rate[0]:.0f} MiB/s up, {rate[1]:.0f} MiB/s down"


def registers_a_model():
    import mlflow

    mlflow.set_experiment(experiment_id=experiment_id)
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        return registers_a_python_model()
    inputs = [[0.0], [1.0], [2.0], [3.0]]
    model = LogisticRegression().fit(inputs, [0, 0, 1, 1])
    with mlflow.start_run(run_id=created["run"]):
        info = mlflow.sklearn.log_model(
            model, name="model", registered_model_name=NAME, pip_requirements=["scikit-learn"]
        )
    created["model"] = info.model_id
    loaded = mlflow.sklearn.load_model(f"models:/{NAME}/1")
    expect(loaded.predict(inputs).tolist() == model.predict(inputs).tolist(), "the loaded model predicts otherwise")
    return "scikit-learn, version 1, loaded"


def registers_a_python_model():
    import mlflow

    class Doubler(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return [2 * value for value in model_input]

    with mlflow.start_run(run_id=created["run"]):
        info = mlflow.pyfunc.log_model(
            name="model", python_model=Doubler(), registered_model_name=NAME, pip_requirements=["cloudpickle"]
        )
    created["model"] = info.model_id
    loaded = mlflow.pyfunc.load_model(f"models:/{NAME}/1").unwrap_python_model()
    expect(loaded.predict(None, [1, 2]) == [2, 4], "the loaded model predicts otherwise")
    return "Python function, version 1, loaded"


def cleans_up():
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    if client.search_registered_models(f"name = '{NAME}'"):
        client.delete_registered_model(NAME)
    places = []
    if "model" in created:
        places.append(client.get_logged_model(created["model"]).artifact_location)
        client.delete_logged_model(created["model"])
    if "run" in created:
        places.append(client.get_run(created["run"]).info.artifact_uri)
        client.delete_run(created["run"])
    # MLflow keeps the files of a deleted run until `mlflow gc`; these are not worth keeping.
    for place in places:
        get_artifact_repository(place).delete_artifacts()
    client.delete_experiment(experiment_id)
    return "model, files, run and experiment deleted"


signal.signal(signal.SIGALRM, out_of_time)
created = {}
run_check("no login is refused", refuses, None)
run_check("a wrong password is refused", refuses, f"{settings['username']}:not-the-password")

import mlflow  # noqa: E402  takes seconds, and the checks above need none of it

client = mlflow.MlflowClient()
experiment_id = client.create_experiment(NAME)
try:
    if run_check("a run is logged", logs_a_run):
        run_check("metrics are logged", logs_metrics)
        # Without the store no further check can pass, and each would wait for its time limit.
        if run_check("a small artifact goes up and down", transfers, "small.bin", 1000):
            large = settings["large_mebibytes"]
            # 2 MiB/s each way is the least that counts as working.
            run_check("a large artifact goes up and down", transfers, "large.bin", large * MEBIBYTE, seconds=90 + large)
            run_check("a model is registered and loaded", registers_a_model)
finally:
    run_check("what was made is removed", cleans_up)
