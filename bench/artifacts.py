"""Uploads files to a store and downloads them, with MLflow's client or with boto3.

Python reads the program from standard input, after one line of JSON with its settings. Before each transfer it prints a
line and waits for an answer, so that the caller can read the usage of the services first. After it, it prints the seconds.
"""

import json
import multiprocessing
import os
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor

settings: dict  # kind, clients, files, size, folder, environment, and of the store: endpoint, bucket, access_key, secret_key

os.environ.update(settings["environment"])
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["GIT_PYTHON_REFRESH"] = "quiet"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
os.environ["HOME"] = "/tmp"

# MLflow writes to standard output too, which is for measurements only.
results = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

MEBIBYTE = 1024**2
# Defaults of MLflow's client: size of the parts, and how many it transfers at the same time.
UPLOAD_PART, DOWNLOAD_PART = 10 * MEBIBYTE, 100 * MEBIBYTE
WORKERS = min(2 * os.cpu_count(), 20)


class MlflowClient:
    """MLflow's client, with its defaults, except for the environment in the settings."""

    def __init__(self, number):
        import mlflow

        self.client = mlflow.MlflowClient()
        self.run = self.client.create_run("0").info.run_id

    def send(self, folder, files):
        if len(files) == 1:
            self.client.log_artifact(self.run, files[0], settings["folder"])
        else:
            self.client.log_artifacts(self.run, folder, settings["folder"])

    def fetch(self, folder, files):
        self.client.download_artifacts(self.run, settings["folder"], folder)
        return os.path.join(folder, settings["folder"])

    def remove(self):
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        get_artifact_repository(self.client.get_run(self.run).info.artifact_uri).delete_artifacts()


class StoreClient:
    """boto3, with parts of the same number and size as MLflow's client."""

    def __init__(self, number):
        import boto3
        from boto3.s3.transfer import TransferConfig
        from botocore.config import Config

        self.bucket, self.prefix = settings["bucket"], f"bench-{os.getpid()}/"
        self.s3 = boto3.client(
            "s3",
            endpoint_url=settings["endpoint"],
            aws_access_key_id=settings["access_key"],
            aws_secret_access_key=settings["secret_key"],
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}),
        )
        self.up, self.down = (
            TransferConfig(multipart_threshold=part, multipart_chunksize=part, max_concurrency=WORKERS)
            for part in (UPLOAD_PART, DOWNLOAD_PART)
        )

    def send(self, folder, files):
        for file in files:
            self.s3.upload_file(file, self.bucket, self.prefix + os.path.basename(file), Config=self.up)

    def fetch(self, folder, files):
        def one(file):
            name = os.path.basename(file)
            self.s3.download_file(self.bucket, self.prefix + name, os.path.join(folder, name), Config=self.down)

        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(one, files))
        return folder

    def remove(self):
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix):
            for item in page.get("Contents", []):
                self.s3.delete_object(Bucket=self.bucket, Key=item["Key"])


def work(number, barrier, failures):
    try:
        client = {"mlflow": MlflowClient, "store": StoreClient}[settings["kind"]](number)
        source, target = f"/data/{number}/source", f"/data/{number}/target"
        os.makedirs(source)
        os.makedirs(target)
        block = os.urandom(MEBIBYTE)
        files = [os.path.join(source, f"file-{i}.bin") for i in range(settings["files"])]
        for file in files:
            with open(file, "wb") as output:
                for _ in range(settings["size"] // MEBIBYTE):
                    output.write(block)
        for step in (client.send, client.fetch):
            barrier.wait()
            place = step(source if step == client.send else target, files)
            barrier.wait()
        for file in files:
            back = os.path.join(place, os.path.basename(file))
            if os.path.getsize(back) != settings["size"]:
                raise AssertionError(f"{file} came back with {os.path.getsize(back)} bytes")
        client.remove()
        shutil.rmtree(f"/data/{number}")
    except Exception as error:
        failures.put(f"{type(error).__name__}: {error}"[:500])
        barrier.abort()


def say(**line):
    print(json.dumps(line), file=results, flush=True)
    sys.stdin.readline()


# Imported before the fork, so that the processes share it.
import mlflow  # noqa: E402,F401

context = multiprocessing.get_context("fork")
barrier = context.Barrier(settings["clients"] + 1)
failures = context.Queue()
processes = [context.Process(target=work, args=(number, barrier, failures)) for number in range(settings["clients"])]
for process in processes:
    process.start()
try:
    for step in ("up", "down"):
        # All clients are ready when they wait at the barrier.
        while barrier.n_waiting < settings["clients"] and not barrier.broken:
            time.sleep(0.005)
        say(ready=step)
        begin = time.monotonic()
        barrier.wait()
        barrier.wait()
        say(done=step, seconds=time.monotonic() - begin)
except Exception:
    say(failure=failures.get(timeout=10))
for process in processes:
    process.join()
