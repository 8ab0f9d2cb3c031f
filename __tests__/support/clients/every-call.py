"""
Does with MLflow's client, of whatever release, what users do with it, and prints what came of each call as JSON.

Names of what a server makes (ids, times, addresses) are left out, so that two servers can be compared.
"""

import gzip, io, json, math, os, pathlib, re, tempfile, time, warnings, zlib
warnings.filterwarnings("ignore")
os.environ.update(GIT_PYTHON_REFRESH="quiet", MLFLOW_HTTP_REQUEST_MAX_RETRIES="1", MLFLOW_DISABLE_TELEMETRY="true")
os.environ.update(MLFLOW_ENABLE_ASYNC_TRACE_LOGGING="false", MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT="60")
import logging
logging.disable(logging.CRITICAL)
import requests
import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

URL = os.environ["MLFLOW_TRACKING_URI"]
LOGIN = (os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"]) \
    if "MLFLOW_TRACKING_USERNAME" in os.environ else None
client = MlflowClient()
outcomes = {}
VERSION = mlflow.__version__
# Clients of several releases use one server.
def own(name): return f"{name} {VERSION}"
# What depends on the server and on the time, longest first.
UNEQUAL = [(re.escape(URL), "URL"), (r"https?://[^\s/\"']+", "URL"), (r"[0-9a-f]{32}", "ID"), (r"host='[^']*', port=\d+", "HOST"),
           (r"\b1[0-9]{12}\b", "TIME"), (r"\b\d+(/|%2F)(?=ID)", "N/"),
           (re.escape(VERSION), "VERSION")]

def plain(value):
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    for pattern, name in UNEQUAL:
        text = re.sub(pattern, name, text)
    return text

def call(name):
    """Runs a function at once and notes what it returns, or its error."""
    def note(function):
        try:
            outcomes[name] = plain(function())
        except Exception as error:
            outcomes[name] = plain(f"{type(error).__name__}: {error}")[:600]
        return function
    return note

def has(path):
    """Whether this release of MLflow has a function."""
    found = mlflow
    for part in path.split("."):
        found = getattr(found, part, None)
    return found is not None

experiment_id = client.create_experiment(own("every call"), tags={"team": "ä 日本"})
mlflow.set_experiment(own("every call"))
run = client.create_run(experiment_id, run_name="first / ümlaut")
run_id = run.info.run_id

# Experiments

@call("experiments: twice")
def _(): return client.create_experiment(own("every call"))
@call("experiments: names")
def _():
    for name in ("a/b", "with 'quotes'", "日本"):
        client.create_experiment(own(name))
    return sorted(e.name for e in client.search_experiments() if VERSION in e.name)
@call("experiments: a long name")
def _(): return client.create_experiment(own("x" * 400))
@call("experiments: search")
def _(): return [e.name for e in client.search_experiments(filter_string=f"name LIKE '%quotes%{VERSION}'", order_by=["name DESC"])]
@call("experiments: pages")
def _():
    page = client.search_experiments(max_results=2)
    return [len(page), len(client.search_experiments(max_results=2, page_token=page.token))]
@call("a search for more than 50,000 experiments")
def _(): return len(client.search_experiments(max_results=60000))
@call("experiments: rename, delete, restore")
def _():
    other = client.get_experiment_by_name(own("a/b")).experiment_id
    client.rename_experiment(other, own("a/c"))
    client.delete_experiment(other)
    gone = client.get_experiment(other).lifecycle_stage
    client.restore_experiment(other)
    return [gone, client.get_experiment(other).name]
@call("experiments: unknown")
def _(): return client.get_experiment("987654")
@call("experiments: an artifact location of their own")
def _(): return client.create_experiment(own("elsewhere"), artifact_location="file:///tmp/elsewhere")

# Runs

@call("runs: batch")
def _():
    metrics = [Metric(f"m{i}", i / 7, 1700000000000 + i, i) for i in range(800)]
    client.log_batch(run_id, metrics, [Param(f"p{i}", "v" * 100) for i in range(90)], [RunTag("t", "x" * 4000)])
    return len(client.get_run(run_id).data.metrics)
@call("runs: batch too large")
def _(): return client.log_batch(run_id, [Metric("m", i, 1, i) for i in range(1001)])
@call("runs: metrics that are no numbers")
def _():
    for step, value in enumerate((math.nan, math.inf, -math.inf, 1e308, 0.1)):
        client.log_metric(run_id, "odd/metric name", value, step=step, timestamp=step)
    return [repr(m.value) for m in client.get_metric_history(run_id, "odd/metric name")]
@call("runs: long params")
def _():
    client.log_param(run_id, "long", "x" * 6000)
    return len(client.get_run(run_id).data.params["long"])
@call("runs: a param too long")
def _(): return client.log_param(run_id, "longer", "x" * 9000)
@call("runs: a param twice")
def _(): return client.log_param(run_id, "long", "y")
@call("runs: names of metrics")
def _(): return client.log_metric(run_id, "a<b>&\"", 1)
@call("runs: search")
def _():
    found = client.search_runs([experiment_id], f"metrics.m3 > 0.4 and params.p1 = '{'v' * 100}'", order_by=["metrics.m1 DESC"])
    both = client.search_runs([experiment_id], "attributes.run_name LIKE 'first%' and tags.t != 'a'")
    return [len(found), [r.info.run_name for r in both]]
@call("runs: search that is wrong")
def _(): return client.search_runs([experiment_id], "metrics.'; drop table runs")
@call("runs: nested, deleted, restored")
def _():
    with mlflow.start_run(run_name="parent") as parent, mlflow.start_run(run_name="child", nested=True) as child:
        mlflow.log_metrics({"a": 1.0, "b": 2.0})
    client.delete_run(child.info.run_id)
    gone = client.get_run(child.info.run_id).info.lifecycle_stage
    client.restore_run(child.info.run_id)
    return [gone, client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == parent.info.run_id]
@call("runs: tags")
def _():
    client.set_tag(run_id, "ünï", "ä\n日本")
    client.delete_tag(run_id, "t")
    return {k: v for k, v in client.get_run(run_id).data.tags.items() if not k.startswith("mlflow.")}
@call("runs: unknown")
def _(): return client.get_run("0" * 32)
@call("runs: history in pages")
def _():
    for first in (0, 1000, 2000):
        client.log_batch(run_id, [Metric("long", i, i, i) for i in range(first, first + 1000)])
    return len(client.get_metric_history(run_id, "long"))
@call("runs: ended")
def _():
    client.set_terminated(run_id, "FAILED")
    return client.get_run(run_id).info.status
@call("runs: datasets")
def _():
    import numpy
    with mlflow.start_run() as with_data:
        mlflow.log_input(mlflow.data.from_numpy(numpy.array([[1.0]]), name="numbers"), context="training")
    return [i.dataset.name for i in client.get_run(with_data.info.run_id).inputs.dataset_inputs]

# Files

def listed(folder=None):
    for file in client.list_artifacts(run_id, folder):
        yield from listed(file.path) if file.is_dir else [(file.path, file.file_size)]
def kept(name, content, folder=None):
    with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory() as there:
        path = pathlib.Path(here, name)
        path.write_bytes(content)
        client.log_artifact(run_id, str(path), folder)
        back = client.download_artifacts(run_id, f"{folder}/{name}" if folder else name, there)
        return pathlib.Path(back).read_bytes() == content
for name in ("plain.txt", "with space.txt", "ünïcode 日本.txt", "100%.txt", "a+b=c&d.txt", "a%20b.txt", "semi;colon.txt",
             "a#b.txt", "a?b.txt", "'quotes'.txt", "[x]{y}.txt", "a%2Fb.txt", "..dots..txt", "back\\slash.txt", "%23step.txt"):
    @call(f"files: {name}")
    def _(): return kept(name, b"content")
@call("files: empty")
def _(): return kept("empty.bin", b"", "folder/deep")
@call("files: 12 MiB")
def _(): return kept("large.bin", os.urandom(12 << 20))
@call("files: 24 MiB in parts")
def _():
    os.environ.update(MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD="true", MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE=str(10 << 20),
                      MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE=str(8 << 20))
    return kept("parts.bin", os.urandom(24 << 20))
@call("files: a folder")
def _():
    with tempfile.TemporaryDirectory() as here:
        for i in range(40):
            pathlib.Path(here, f"{i}").mkdir()
            pathlib.Path(here, f"{i}", "x.txt").write_text(str(i))
        client.log_artifacts(run_id, here, "many")
    return len(list(listed("many")))
@call("files: text, dict")
def _():
    client.log_text(run_id, "ä", "text.html")
    client.log_dict(run_id, {"a": [1]}, "dict.json")
    return mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/dict.json")
@call("files: a series of images")
def _():
    import numpy
    with mlflow.start_run() as images:
        for step in range(4):
            mlflow.log_image(numpy.zeros((4, 4, 3), dtype="uint8"), key="seen", step=step)
    if hasattr(mlflow, "flush_artifact_async_logging"):
        mlflow.flush_artifact_async_logging()
    return len(client.list_artifacts(images.info.run_id, "images"))
@call("files: an image")
def _():
    import numpy
    client.log_image(run_id, numpy.zeros((4, 4, 3), dtype="uint8"), "image.png")
@call("files: a table")
def _():
    import pandas
    client.log_table(run_id, pandas.DataFrame({"a": [1, 2]}), "table.json")
    return len(client.list_artifacts(run_id, "table.json")) + len(mlflow.load_table("table.json", run_ids=[run_id]))
@call("files: deleted")
def _():
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
    get_artifact_repository(run.info.artifact_uri).delete_artifacts("many")
    return len(list(listed("many")))
@call("files: one that is not there")
def _(): return client.download_artifacts(run_id, "missing.txt", "/tmp")
@call("files: listed")
def _(): return sorted(listed())

# Registry

MODEL = own("Model")

@call("registry: names")
def _():
    for name in ("Model", "with space", "日本", "a.b-c"):
        client.create_registered_model(own(name), tags={"a": "b"}, description="text")
    return sorted(m.name for m in client.search_registered_models() if VERSION in m.name)
@call("registry: a name with a slash")
def _(): return client.create_registered_model(own("a/b"))
@call("registry: a name with a colon")
def _(): return client.create_registered_model(own("a:b"))
@call("registry: twice")
def _(): return client.create_registered_model(MODEL)
for name, source in {
    "a run": f"runs:/{run_id}/model", "its folder": f"{run.info.artifact_uri}/model", "a local file": "file:///etc/passwd",
    "a path": "/etc", "outside": "mlflow-artifacts:/../../etc", "https": "https://example.com/model",
}.items():
    @call(f"a model version from {name}")
    def _(): return client.create_model_version(MODEL, source, run_id).version
@call("registry: versions")
def _():
    client.set_registered_model_alias(MODEL, "champion", "1")
    client.set_model_version_tag(MODEL, "1", "a", "b")
    client.update_model_version(MODEL, "1", "described")
    version = client.get_model_version_by_alias(MODEL, "champion")
    return [version.description, dict(version.tags), len(client.search_model_versions(f"name = '{MODEL}'"))]
@call("registry: stages")
def _(): return client.transition_model_version_stage(MODEL, "1", "Production").current_stage
@call("registry: download address")
def _(): return client.get_model_version_download_uri(MODEL, "1")
@call("registry: rename, delete")
def _():
    client.rename_registered_model(own("a.b-c"), own("renamed"))
    client.delete_registered_model(own("renamed"))
    client.delete_model_version(MODEL, "2")
    return sorted(m.name for m in client.search_registered_models(filter_string=f"name ILIKE '%o%{VERSION}'"))
# Of a model of its own: the version that plain MLflow makes is in no later answer.
@call("a model version from another bucket")
def _(): return client.create_model_version(own("with space"), "s3://other/model").version

# Traces, models and prompts of newer releases

if has("start_span"):
    @call("traces: logged and searched")
    def _():
        with mlflow.start_span("question") as span:
            span.set_inputs({"text": "why? 日本"})
            with mlflow.start_span("inner"):
                pass
            span.set_outputs({"text": "x" * 200_000})
        found = client.search_traces([experiment_id])
        return [[s.name for s in t.data.spans] for t in found]
    @call("traces: tags, deleted")
    def _():
        trace = client.search_traces([experiment_id])[0].info
        trace_id = getattr(trace, "trace_id", None) or trace.request_id
        client.set_trace_tag(trace_id, "team", "x")
        tags = client.get_trace(trace_id).info.tags["team"]
        client.delete_trace_tag(trace_id, "team")
        return [tags, client.delete_traces(experiment_id, max_timestamp_millis=int(time.time() * 1000) + 1000)]
if has("log_feedback"):
    @call("traces: feedback")
    def _():
        with mlflow.start_span("judged") as span: pass
        trace_id = span.trace_id
        mlflow.log_feedback(trace_id=trace_id, name="good", value=True, rationale="because")
        mlflow.log_expectation(trace_id=trace_id, name="right", value={"a": 1})
        return sorted(a.name for a in client.get_trace(trace_id).info.assessments)
if has("create_external_model"):
    @call("logged models")
    def _():
        model = mlflow.create_external_model(name="external", params={"a": "b"}, tags={"x": "y"})
        client.set_logged_model_tags(model.model_id, {"z": "1"})
        found = client.search_logged_models(experiment_ids=[experiment_id])
        client.delete_logged_model(model.model_id)
        return [m.name for m in found]
if has("register_prompt") or has("genai.register_prompt"):
    @call("prompts")
    def _():
        api = mlflow.genai if has("genai.register_prompt") else mlflow
        api.register_prompt(name=f"greeting-{VERSION}", template="Hello {{name}}", commit_message="first")
        api.register_prompt(name=f"greeting-{VERSION}", template="Hi {{name}}")
        api.set_prompt_alias(f"greeting-{VERSION}", alias="live", version=2)
        return api.load_prompt(f"prompts:/greeting-{VERSION}@live").template
if has("genai.datasets.create_dataset"):
    @call("evaluation datasets")
    def _():
        dataset = mlflow.genai.datasets.create_dataset(name=own("asked"), experiment_id=[experiment_id])
        dataset.merge_records([{"inputs": {"q": str(i)}, "expectations": {"a": i}} for i in range(300)])
        return len(mlflow.genai.datasets.get_dataset(dataset_id=dataset.dataset_id).to_df())

# The API as other programs call it

def ask(method, path, **options):
    answer = requests.request(method, URL + path, auth=LOGIN, timeout=60, allow_redirects=False, **options)
    kind = answer.headers.get("Content-Type", "").split(";")[0]
    return [answer.status_code, kind, answer.text[:300] if kind == "application/json" and answer.status_code >= 400 else ""]
OTLP = json.dumps({"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"spans": [{
    "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "other", "kind": 1,
    "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000001000000000", "attributes": []}]}]}]}).encode()
JSON = {"Content-Type": "application/json", "x-mlflow-experiment-id": experiment_id}
for name, method, path, options in [
    ("version", "GET", "/version", {}),
    ("health", "GET", "/health", {}),
    ("the page", "GET", "/", {}),
    ("a static file that is not there", "GET", "/static-files/none.js", {}),
    ("search by GET", "GET", "/api/2.0/mlflow/experiments/search?max_results=5", {}),
    ("search by the page's address", "POST", "/ajax-api/2.0/mlflow/runs/search", {"json": {"experiment_ids": [experiment_id]}}),
    ("a body that is no JSON", "POST", "/api/2.0/mlflow/runs/search", {"data": "{", "headers": JSON}),
    ("a body of another type", "POST", "/api/2.0/mlflow/runs/search", {"data": "a=b"}),
    ("a field too many", "POST", "/api/2.0/mlflow/runs/search", {"json": {"experiment_ids": [experiment_id], "more": 1}}),
    ("a field of another type", "POST", "/api/2.0/mlflow/runs/search", {"json": {"experiment_ids": 5}}),
    ("a search for more than 50,000 runs", "POST", "/api/2.0/mlflow/runs/search", {"json": {"experiment_ids": [experiment_id], "max_results": 123456789}}),
    ("a location that is no string", "POST", "/api/2.0/mlflow/experiments/create", {"json": {"name": own("nowhere"), "artifact_location": 9.0}}),
    ("an unknown address", "GET", "/api/2.0/mlflow/nothing", {}),
    ("another method", "DELETE", "/api/2.0/mlflow/experiments/search", {}),
    ("a preflight", "OPTIONS", "/api/2.0/mlflow/experiments/search", {}),
    ("GraphQL", "POST", "/graphql", {"json": {"operationName": "MlflowGetExperimentQuery", "variables": {"input": {"experimentId": experiment_id}},
        "query": "query MlflowGetExperimentQuery($input: MlflowGetExperimentInput!) { mlflowGetExperiment(input: $input) { experiment { name } } }"}}),
    ("spans as JSON", "POST", "/v1/traces", {"data": OTLP, "headers": JSON}),
    ("spans in gzip", "POST", "/v1/traces", {"data": gzip.compress(OTLP), "headers": {**JSON, "Content-Encoding": "gzip"}}),
    ("spans in deflate", "POST", "/v1/traces", {"data": zlib.compress(OTLP), "headers": {**JSON, "Content-Encoding": "deflate"}}),
    ("a call in gzip", "POST", "/api/2.0/mlflow/runs/search", {"data": gzip.compress(b"{}"), "headers": {**JSON, "Content-Encoding": "gzip"}}),
    ("a file by the page's address", "GET", f"/get-artifact?run_id={run_id}&path=plain.txt", {}),
    ("a range of a file", "GET", f"/get-artifact?run_id={run_id}&path=plain.txt", {"headers": {"Range": "bytes=0-2"}}),
    ("a GET with a body", "GET", "/api/2.0/mlflow/experiments/search", {"json": {"max_results": 1}}),
    ("an address with two slashes", "GET", "//api/2.0/mlflow/experiments/search?max_results=1", {}),
]:
    @call(name)
    def _(): return ask(method, path, **options)

print("OUTCOMES", json.dumps({"client": mlflow.__version__, "outcomes": outcomes}))
