"""Asks MLflow by several ways, in turn, on kept connections. Settings are set before it is read; prints JSON."""

import http.client
import json
import random
import statistics
import threading
import time

settings: dict  # ways: {name: {host, port, headers}}, host_header, rounds, seconds

EXPERIMENT_RUNS = 500
CLIENTS = 8
# A connection stays with the worker that took it, and workers differ by more than what is measured.
BLOCKS = 8
# until the gateway's own connections to MLflow have ended.
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
        raise RuntimeError(f"{method} {path} by {way}: {answer.status} {content[:200]}")
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
for number in range(EXPERIMENT_RUNS):
    run = {"experiment_id": experiment, "start_time": number, "run_name": f"run {number}"}
    run_id = json.loads(call(setup, own, "POST", f"{api}/runs/create", run))["run"]["info"]["run_id"]

counter = iter(range(10**9))


def log_batch():
    step = next(counter)
    now = int(time.time() * 1000)
    metrics = [{"key": f"m{i}", "value": i, "timestamp": now, "step": step} for i in range(100)]
    return {"run_id": run_id, "metrics": metrics}


# calls by each way in a block.
operations = {
    "`/version`": (50, lambda: ("GET", "/version")),
    "log-batch of 100 metrics": (15, lambda: ("POST", f"{api}/runs/log-batch", log_batch())),
    "search over 500 runs": (
        15,
        lambda: ("POST", f"{api}/runs/search", {"experiment_ids": [experiment], "max_results": 100}),
    ),
}


def in_turn(names, request, count):
    """Milliseconds of calls by one client on one new connection a way, in another order each time: whoever follows a call
    to the other server finds ours rested."""
    time.sleep(REST)
    connections, times = {name: connect(ways[name]) for name in names}, {name: [] for name in names}
    for number in range(count + 1):
        for name in random.sample(names, len(names)):
            arguments = request()
            begin = time.monotonic()
            call(connections[name], ways[name], *arguments)
            # the first ones open connections.
            if number > 0:
                times[name].append((time.monotonic() - begin) * 1000)
    return times


def more_than_directly(medians):
    """Milliseconds that a way takes more than directly, by the medians of each block, and the standard error of that."""
    more = [median - directly for median, directly in zip(medians, block_medians["directly"])]
    return statistics.mean(more), statistics.stdev(more) / len(more) ** 0.5


def at_the_same_time(way, request, seconds):
    """How many calls several clients made, and in how many seconds."""
    end, counts = time.monotonic() + seconds, []

    def client():
        connection, count = connect(way), 0
        while time.monotonic() < end:
            call(connection, way, *request())
            count += 1
        counts.append(count)

    begin = time.monotonic()
    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts), time.monotonic() - begin


results = []
for title, (count, request) in operations.items():
    times, block_medians, rates = ({name: [] for name in ways} for _ in range(3))
    names = list(ways)
    for turn in range(settings["rounds"]):
        names = names[1:] + names[:1]
        for _ in range(BLOCKS):
            for name, taken in in_turn(names, request, count).items():
                times[name] += taken
                block_medians[name].append(statistics.median(taken))
        for name in names:
            rates[name].append(at_the_same_time(ways[name], request, settings["seconds"]))
    for name in ways:
        ordered = sorted(times[name])
        # of all turns together: one alone has too few of the slow calls to tell a twentieth.
        rate = sum(calls for calls, _ in rates[name]) / sum(taken for _, taken in rates[name])
        p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
        more, doubt = more_than_directly(block_medians[name])
        results.append(
            {"call": title, "way": name, "p50": p50, "p99": p99, "rate": rate, "more": more, "doubt": doubt}
        )
print(json.dumps({"first": first, "results": results}))
