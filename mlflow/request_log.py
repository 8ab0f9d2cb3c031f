"""
What MLflow logs while it answers a request begins with the id of the request, by which `mlflow-stack logs` finds it. The
gateway gives each request an id, which its own log, the client and MLflow get.
"""

import contextvars
import logging
import re

REQUEST_HEADER = b"x-request-id"
REQUEST_ID = re.compile(rb"[0-9a-f-]{36}")

request_id = contextvars.ContextVar("request_id", default=None)


def begin(headers):
    """Called when a request comes in."""
    ids = [value for name, value in headers if name == REQUEST_HEADER and REQUEST_ID.fullmatch(value)]
    request_id.set(ids[0].decode() if ids else None)


def name_requests():
    logging.setLogRecordFactory(naming_requests(logging.getLogRecordFactory()))


def naming_requests(make_record):
    def make(*args, **options):
        record = make_record(*args, **options)
        found = request_id.get()
        if found is not None:
            record.msg = f"[{found}] {record.msg}"
        return record

    return make
