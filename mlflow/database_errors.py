"""
What the database says about a call that fails goes to the log, not to the client: MLflow puts the text of the query, its
values and the address of the database into its answer.
"""

import json
import logging
import re

import request_log

# psycopg2's errors, and the query that SQLAlchemy adds.
DATABASE = re.compile(r"\(psycopg\w*\.|\[SQL: ")
IN_BYTES = re.compile(DATABASE.pattern.encode())


class PlainDatabaseErrors:
    """Cuts off what MLflow's errors quote of the database. GraphQL has its errors in an answer with the status 200."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_graphql = scope["path"].endswith("/graphql")
        start, parts = None, []

        async def send_plain(message):
            nonlocal start
            if message["type"] == "http.response.start" and (message["status"] >= 400 or is_graphql):
                start = message
                return
            if start is None:
                await send(message)
                return
            parts.append(message.get("body", b""))
            if message.get("more_body"):
                return
            text = b"".join(parts)
            shown = plain(text, start["status"])
            if shown is not text:
                headers = [header for header in start["headers"] if header[0].lower() != b"content-length"]
                start = {**start, "headers": [*headers, (b"content-length", str(len(shown)).encode())]}
            await send(start)
            await send({**message, "body": shown})

        await self.app(scope, receive, send_plain)


def plain(text, status):
    """The body of an answer without what it quotes of the database; the same object if it quotes nothing."""
    # Parsing takes time, and an answer of GraphQL may be long.
    if not IN_BYTES.search(text):
        return text
    try:
        answer = json.loads(text)
    except ValueError:
        answer = text.decode(errors="replace")
    errors = answer.get("errors") if status < 400 and isinstance(answer, dict) else answer
    shown = without_database(errors)
    if shown == errors:
        return text
    # As JSON, so that it is one line.
    logging.getLogger("uvicorn.error").warning("The database failed on a call: %s", json.dumps(errors))
    if status < 400:
        shown = {**answer, "errors": shown}
    return shown.encode() if isinstance(shown, str) else json.dumps(shown).encode()


def without_database(value):
    if isinstance(value, dict):
        return {name: without_database(one) for name, one in value.items()}
    if isinstance(value, list):
        return [without_database(one) for one in value]
    found = DATABASE.search(value) if isinstance(value, str) else None
    if found is None:
        return value
    # What MLflow says before it stays: "Experiment(name=a) already exists. Error: ".
    return f"{value[: found.start()]}The database failed on this call. The server's log has its error, with the id {name_of_request()}."


def name_of_request():
    return f"{request_log.request_id.get()} of the request"
