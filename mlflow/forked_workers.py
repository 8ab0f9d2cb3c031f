"""
Runs MLflow's command `server` with less processor time and memory.

    forked_workers.py mlflow ARGUMENT…     MLflow's command; uvicorn takes its place
    forked_workers.py uvicorn ARGUMENT…    uvicorn; its workers are forks of it

MLflow's command starts uvicorn and waits for it. uvicorn starts each worker as a new process. The command and each worker
import MLflow, which takes two seconds of processor time and 200 MB. Here uvicorn imports it once, and the workers share
that memory. Neither MLflow nor uvicorn has a setting for this. If another release starts its processes in another way,
they start as that release does it.
"""

import functools
import gc
import multiprocessing.context
import os
import signal
import sys
import types


def in_place(exec_cmd):
    """MLflow's function that starts programs, for which uvicorn is this program, in the place of MLflow's command."""

    @functools.wraps(exec_cmd)
    def start(command, *args, **options):
        if command[1:3] != ["-m", "uvicorn"] or "extra_env" not in options:
            return exec_cmd(command, *args, **options)
        command = [command[0], __file__, *command[2:]]
        if os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "true":
            # The command stays, because it is the parent of the job runner, too.
            gc.enable()
            return exec_cmd(command, *args, **options)
        sys.stdout.flush()
        os.execve(command[0], command, {**os.environ, **options["extra_env"]})

    return start


class Worker(multiprocessing.context.ForkProcess):
    """
    A worker to which a signal does what it does to a new process. Signals wait until then: uvicorn's handlers, which the
    fork has at first, would only note them.
    """

    def start(self):
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def run(self):
        for number in signal.valid_signals():
            if callable(signal.getsignal(number)):
                signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
        # The AI gateway chooses models by these random numbers. All others differ by themselves after a fork.
        if numpy := sys.modules.get("numpy"):
            numpy.random.seed()
        super().run()


def run_mlflow():
    from mlflow.utils import process

    process._exec_cmd = in_place(process._exec_cmd)
    from mlflow.cli import cli

    cli()


def run_uvicorn():
    import gateway_only
    import mlflow.server.fastapi_app
    import uvicorn._subprocess
    from uvicorn.main import main

    # Collections would write into memory that the workers share.
    gc.freeze()
    gc.enable()
    uvicorn._subprocess.spawn = types.SimpleNamespace(Process=Worker)
    main()


if __name__ == "__main__":
    # An import leaves hardly any garbage, and looking for it takes a quarter of the time.
    gc.disable()
    del sys.argv[0]
    {"mlflow": run_mlflow, "uvicorn": run_uvicorn}[sys.argv[0]]()
