"""
Reads a metric's history in pages, as MLflow's clients do. MLflow itself reads it whole for a call without `max_results`:
some 400,000 values took more memory than a worker has. Here the worker keeps one page, and the client gets the same
answer.
"""

import asyncio
import json
import urllib.parse

PATH = "/mlflow/metrics/get-history"
# MLflow's clients ask for as much.
PAGE = 25_000
# Histories that a worker reads at the same time. Clients that do not read their answers keep the others waiting, and do
# not take the worker's memory.
AT_ONCE = 4


class WholeHistory:
    def __init__(self, app):
        self.app = app
        self.turns = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or not scope["path"].endswith(PATH) or "max_results" in dict(parameters(scope)):
            await self.app(scope, receive, send)
            return
        # The request has no body. What comes after its end is that the client has left.
        while (await receive()).get("more_body"):
            pass
        gone = asyncio.ensure_future(receive())
        try:
            async with self.turns:
                await self.answer(scope, gone, send)
        finally:
            gone.cancel()

    async def answer(self, scope, gone, send):
        start, text = await self.page(scope, gone)
        values, token = await asyncio.to_thread(read, start, text)
        if scope["method"] != "GET" or token is None:
            await send(start)
            await send({"type": "http.response.body", "body": text})
            return
        headers = [header for header in start["headers"] if header[0].lower() != b"content-length"]
        await send({**start, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"metrics": [' + values, "more_body": True})
        while token is not None and not gone.done():
            start, text = await self.page(scope, gone, token)
            if start["status"] != 200:
                # The client must not take a part for the whole: the server closes the connection.
                raise RuntimeError(f"A page of a metric's history was answered {start['status']}: {text!r}")
            values, token = await asyncio.to_thread(read, start, text)
            await send({"type": "http.response.body", "body": b", " + values, "more_body": True})
        await send({"type": "http.response.body", "body": b"]}"})

    async def page(self, scope, gone, token=None):
        """The answer for one page: its start and its body."""
        asked = [(name, value) for name, value in parameters(scope) if token is None or name != "page_token"]
        asked += [("max_results", PAGE)] + ([] if token is None else [("page_token", token)])
        query = urllib.parse.urlencode(asked, errors="surrogateescape").encode()
        request = [{"type": "http.request", "body": b"", "more_body": False}]
        start, parts = {}, []

        async def receive():
            return request.pop() if request else await asyncio.shield(gone)

        async def keep(message):
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self.app({**scope, "query_string": query}, receive, keep)
        return start, b"".join(parts)


def parameters(scope):
    query = scope["query_string"].decode(errors="surrogateescape")
    return urllib.parse.parse_qsl(query, keep_blank_values=True, errors="surrogateescape")


def read(start, text):
    """The values of a page, and the token of the next one."""
    page = json.loads(text) if start["status"] == 200 and text else {}
    return json.dumps(page.get("metrics", []))[1:-1].encode(), page.get("next_page_token")
