"""What machines of a test do to a gateway: flood it, use it, or keep it waiting. Read before a call of one of these."""

import asyncio
import base64
import http.client
import json
import socket
import time

HOST, PORT = "gateway", 8080


def basic(name, password):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


async def ask(authorization, statuses):
    try:
        reader, writer = await asyncio.open_connection(HOST, PORT)
        writer.write(
            f"GET /version HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nAuthorization: {authorization}\r\n\r\n".encode()
        )
        answer = (await reader.read()).decode("latin1")
        status = answer.split(" ")[1] if answer else "none"
        if status == "429" and "retry-after:" not in answer.lower():
            status = "429 without Retry-After"
        writer.close()
    except OSError:
        status = "none"
    statuses[status] = statuses.get(status, 0) + 1


def flood(seconds, rate, names):
    """So many failed logins a second, whatever the answers take. Gives their statuses, and how long it went on."""

    async def run():
        statuses, tasks, begin = {}, [], time.monotonic()
        for number in range(seconds * rate):
            await asyncio.sleep(max(0, begin + number / rate - time.monotonic()))
            name = names[number % len(names)]
            # the same credentials at the same time are one attempt.
            authorization = f"Basic !{number}" if name is None else basic(name, f"wrong {number}")
            tasks.append(asyncio.create_task(ask(authorization, statuses)))
        took = time.monotonic() - begin
        await asyncio.gather(*tasks)
        return {"statuses": statuses, "seconds": took}

    print(json.dumps(asyncio.run(run())))


def crowd(logins):
    """All of these logins at once. Gives their statuses."""

    async def run():
        statuses = {}
        await asyncio.gather(*(ask(basic(name, password), statuses) for name, password in logins))
        return statuses

    print(json.dumps(asyncio.run(run())))


def use(seconds, name, password):
    """Works as a client does, on one connection. Gives each call's milliseconds, and the statuses that are not 200."""
    connection, times, failures, end = None, [], [], time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.monotonic()
        try:
            connection = connection or http.client.HTTPConnection(HOST, PORT, timeout=30)
            connection.request("GET", "/version", headers={"Authorization": basic(name, password)})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                failures.append(answer.status)
        except OSError as error:
            failures.append(str(error))
            connection = None
        times.append((time.monotonic() - begin) * 1000)
        time.sleep(0.02)
    print(json.dumps({"times": times, "failures": failures}))


def try_each(logins):
    """Status, seconds and answer of each login, one after the other; without what differs from request to request."""
    results = []
    for name, password in logins:
        connection = http.client.HTTPConnection(HOST, PORT, timeout=60)
        connection.connect()
        begin = time.monotonic()
        authorization = "Basic !" if name is None else basic(name, password)
        connection.request("GET", "/version", headers={"Authorization": authorization})
        answer = connection.getresponse()
        body = answer.read().decode()
        seconds = time.monotonic() - begin
        headers = sorted(f"{key}: {value}" for key, value in answer.getheaders() if key not in ("Date", "X-Request-Id"))
        results.append({"status": answer.status, "seconds": seconds, "answer": [*headers, body]})
        connection.close()
    print(json.dumps(results))


def keep_waiting(seconds, name, password):
    """Many connections that say nothing, say it slowly, or send a body slowly. Gives how many of each are cut off."""
    heading = f"POST /api/2.0/mlflow/runs/log-batch HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
    openings = {
        "idle": (300, b""),
        "slow headers": (200, b"GET /version HTTP/1.1\r\nHost: gateway\r\n"),
        "slow bodies": (100, f"{heading}Authorization: {basic(name, password)}\r\nContent-Length: 100000\r\n\r\n".encode()),
    }
    sockets = []
    for kind, (count, opening) in openings.items():
        for _ in range(count):
            connection = socket.create_connection((HOST, PORT))
            connection.sendall(opening)
            connection.setblocking(False)
            sockets.append((kind, connection))
    cut = {kind: 0 for kind in openings}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for kind, connection in list(sockets):
            try:
                if kind != "idle":
                    connection.send(b"X: a\r\n" if kind == "slow headers" else b" ")
                if connection.recv(1000) == b"":
                    raise ConnectionError
            except BlockingIOError:
                pass
            except OSError:
                cut[kind] += 1
                sockets.remove((kind, connection))
        time.sleep(1)
    print(json.dumps(cut))


def fill_memory(kind, count, name, password):
    """Many requests at once that take memory for as long as they are open. Gives their statuses, or how they ended."""
    login = f"Authorization: {basic(name, password)}\r\n"
    search = f"POST /api/2.0/mlflow/runs/search HTTP/1.1\r\nHost: {HOST}\r\n{login}Content-Type: application/json\r\n"
    keys = json.dumps({"experiment_ids": ["0"], **{str(number): 0 for number in range(80_000)}})
    opening = {
        "headers without an end": f"GET /healthz HTTP/1.1\r\nHost: {HOST}\r\n" + "".join(f"a{i}:\r\n" for i in range(7_000)),
        "headers of many lines": f"GET /version HTTP/1.1\r\nHost: {HOST}\r\n{login}" + "a:\r\n" * 12_000 + "\r\n",
        "bodies without an end": f"{search}Content-Length: 1040000\r\n\r\n" + '{"filter":"' + " " * 1_000_000,
        "bodies of many keys": f"{search}Content-Length: {len(keys)}\r\n\r\n{keys}",
    }[kind].encode()

    async def one():
        try:
            reader, writer = await asyncio.open_connection(HOST, PORT)
            writer.write(opening)
            answer = await asyncio.wait_for(reader.readline(), 15)
            writer.close()
            return answer.decode().split(" ")[1] if answer else "closed"
        except TimeoutError:
            return "open"
        except OSError:
            return "closed"

    async def run():
        endings = {}
        for ending in await asyncio.gather(*(one() for _ in range(count))):
            endings[ending] = endings.get(ending, 0) + 1
        return endings

    print(json.dumps(asyncio.run(run())))
