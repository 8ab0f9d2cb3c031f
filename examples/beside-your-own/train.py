"""Trains once an hour, and hands in each run at MLflow."""

import os
import pathlib
import random
import time

import mlflow

os.environ["MLFLOW_TRACKING_PASSWORD"] = pathlib.Path("/run/secrets/mlflow-password").read_text()
mlflow.set_experiment("hourly training")

while True:
    with mlflow.start_run():
        for step in range(10):
            mlflow.log_metric("loss", random.random() / (step + 1), step=step)
        mlflow.log_text("a model would be here", "model.txt")
    pathlib.Path("/tmp/last-run").touch()
    time.sleep(3600)
