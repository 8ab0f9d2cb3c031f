"""Calls MLflow by several ways in turn, on kept connections, and prints JSON.

The program that pipes this file into Python puts the settings before it.
"""

import http.client
import json
import random
import statistics
import threading
import time

settings: dict  # ways: {name: {host, port, headers}}, host_header, rounds, what: "times" or "rates"

EXPERIMENT_RUNS = 500
CLIENTS = 8
SECONDS = 4
# Each block has new connections.
BLOCKS = 8
# Seconds after which the gateway has closed its idle connections to MLflow.
REST = 4.5


def headers_of(way):
    return {"Host": settings["host_header"], "Content-Type": "application/json", **way.get("headers", {})}


def connect(way):
    return http.client.HTTPConnection(way["host"], way["port"], timeout=60)


def call(connection, way, method, path, body=None):
    connection.request(method, path, json.dumps(body) if body is not None else None, headers_of(way))
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{method} {path} to {way['host']}: {answer.status} {content[:200]}")
    return content


ways = settings["ways"]
first = {}
for name, way in ways.items():
    begin = time.monotonic()
    call(connect(way), way, "GET", "/version")
    first[name] = (time.monotonic() - begin) * 1000

own = ways["directly"]
setup = connect(own)
api = "/api/2.0/mlflow"
experiment = json.loads(call(setup, own, "POST", f"{api}/experiments/create", {"name": f"bench {time.time()}"}))
experiment = experiment["experiment_id"]
runs = []
for number in range(EXPERIMENT_RUNS):
    run = {"experiment_id": experiment, "start_time": number, "run_name": f"run {number}"}
    runs.append(json.loads(call(setup, own, "POST", f"{api}/runs/create", run))["run"]["info"]["run_id"])

counter = iter(range(10**9))


def log_batch(client):
    step = next(counter)
    now = int(time.time() * 1000)
    metrics = [{"key": f"m{i}", "value": i, "timestamp": now, "step": step} for i in range(100)]
    # Each client has its own run, like a program that trains. Calls for one run wait for each other in the database.
    return {"run_id": runs[client], "metrics": metrics}


search = {"experiment_ids": [experiment], "max_results": 100}
# Request, calls by each way in a block, and turns of several clients. Connections fall on the workers by chance and
# unevenly, so that a difference of 5 % shows only over many turns with new connections.
operations = {
    "`/version`": (lambda _: ("GET", "/version"), 50, 2),
    "log-batch of 100 metrics": (lambda client: ("POST", f"{api}/runs/log-batch", log_batch(client)), 60, 15),
    "search over 500 runs": (lambda _: ("POST", f"{api}/runs/search", search), 60, 2),
}


def in_turn(request, count):
    """Milliseconds of the calls of one client, on one new connection for each way.

    The order is random, because a call is faster after a call to the other server, while ours is idle.
    """
    time.sleep(REST)
    connections, times = {name: connect(way) for name, way in ways.items()}, {name: [] for name in ways}
    for number in range(count + 1):
        for name in random.sample(list(ways), len(ways)):
            arguments = request(0)
            begin = time.monotonic()
            call(connections[name], ways[name], *arguments)
            # The first calls open the connections.
            if number > 0:
                times[name].append((time.monotonic() - begin) * 1000)
    return times


def more_than_directly(figures, direct_figures):
    """Mean difference between a way and direct calls, over blocks or turns, and its standard error."""
    more = [figure - directly for figure, directly in zip(figures, direct_figures)]
    return statistics.mean(more), statistics.stdev(more) / len(more) ** 0.5


def at_the_same_time(way, request):
    """Calls in a second of several clients together."""
    end, counts = time.monotonic() + SECONDS, []

    def client(number):
        connection, count = connect(way), 0
        while time.monotonic() < end:
            call(connection, way, *request(number))
            count += 1
        counts.append(count)

    begin = time.monotonic()
    threads = [threading.Thread(target=client, args=[number]) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - begin)


def times_of(request, count, _):
    """For each way: median and 99th percentile in milliseconds, and the difference from direct calls."""
    times, block_medians = ({name: [] for name in ways} for _ in range(2))
    for _ in range(settings["rounds"] * BLOCKS):
        for name, taken in in_turn(request, count).items():
            times[name] += taken
            block_medians[name].append(statistics.median(taken))
    figures = {}
    for name in ways:
        ordered = sorted(times[name])
        more, doubt = more_than_directly(block_medians[name], block_medians["directly"])
        p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
        figures[name] = {"p50": p50, "p99": p99, "more": more, "doubt": doubt}
    return figures


def rates_of(request, _, turns):
    """For each way: calls in a second, and the standard error of the difference from direct calls."""
    rates, names = {name: [] for name in ways}, list(ways)
    # Earlier measurements may have left connections.
    ended = {way["host"]: time.monotonic() for way in ways.values()}
    for _ in range(settings["rounds"] * turns):
        names = names[1:] + names[:1]
        for name in names:
            host = ways[name]["host"]
            time.sleep(max(0, ended[host] + REST - time.monotonic()))
            rates[name].append(at_the_same_time(ways[name], request))
            ended[host] = time.monotonic()
    return {
        name: {"rate": statistics.mean(taken), "doubt": more_than_directly(taken, rates["directly"])[1]}
        for name, taken in rates.items()
    }


measure = {"times": times_of, "rates": rates_of}[settings["what"]]
results = [
    {"call": title, "way": name, **figures}
    for title, arguments in operations.items()
    for name, figures in measure(*arguments).items()
]
print(json.dumps({"first": first, "results": results}))
