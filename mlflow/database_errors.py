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
# SQLAlchemy's quote of the values, which are what users log.
VALUES = re.compile(r"\[parameters: .*", re.DOTALL)
# What MLflow writes between its own text and the database's.
JOINT = re.compile(r"\s*Error: $")
# The whole path: a file that users log may have this name, too.
GRAPHQL = "/graphql"


class PlainDatabaseErrors:
    """Cuts off what MLflow's errors quote of the database. GraphQL has its errors in an answer with the status 200."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_graphql = scope["path"] == GRAPHQL
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
    shown = in_strings(without_database, errors)
    if shown == errors:
        return text
    # A name that exists already is no fault.
    level = logging.INFO if 400 <= status < 500 else logging.WARNING
    # As JSON, so that it is one line.
    logging.getLogger("uvicorn.error").log(level, "The database refused a call: %s", json.dumps(in_strings(without_values, errors)))
    if status < 400:
        shown = {**answer, "errors": shown}
    return shown.encode() if isinstance(shown, str) else json.dumps(shown).encode()


def in_strings(change, value):
    if isinstance(value, dict):
        return {name: in_strings(change, one) for name, one in value.items()}
    if isinstance(value, list):
        return [in_strings(change, one) for one in value]
    return change(value) if isinstance(value, str) else value


def without_values(text):
    return VALUES.sub("[parameters: …]", text)


def without_database(text):
    found = DATABASE.search(text)
    if found is None:
        return text
    own = text[: found.start()]
    # What MLflow says itself is enough: "Experiment(name=a) already exists. Error: ".
    if JOINT.search(own) and JOINT.sub("", own):
        return JOINT.sub("", own)
    return f"{own}The database failed on this call. The server's log has its error, with the id {name_of_request()}."


def name_of_request():
    return f"{request_log.request_id.get() or 'none'} of the request"
