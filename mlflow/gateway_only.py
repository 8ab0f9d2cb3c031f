"""
MLflow's app, which answers the gateway and nobody else: `mlflow server --app-name gateway-only`.

Every container on the internal network reaches MLflow's port, and a host that MLflow calls may redirect MLflow to itself.
So each request must have the key that the gateway sets. The health check and the metrics are open. MLflow has no setting
for this, but takes apps from plugins.
"""

import hmac
import os
import pathlib

import feature_hosts
import request_log
import upload_answers
from database_errors import PlainDatabaseErrors
from metric_history import WholeHistory
from mlflow.tracking.request_header.abstract_request_header_provider import RequestHeaderProvider

KEY_FILE = pathlib.Path("/run/secrets/gateway-key")
KEY_HEADER = "X-Gateway-Key"
OPEN = {"/health", "/metrics"}
# Where `mlflow gc` reaches the server from inside of its container.
LOCAL = "http://127.0.0.1:5000"


def read_key():
    return KEY_FILE.read_bytes().strip()


class GatewayOnly:
    def __init__(self, app, key):
        self.app = app
        self.key = key
        self.header = KEY_HEADER.lower().encode()

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        given = [value for name, value in scope["headers"] if name == self.header]
        if not self.is_open(scope) and not (len(given) == 1 and hmac.compare_digest(given[0], self.key)):
            await refuse(scope, send)
            return
        # MLflow passes headers of a call on to providers of models.
        headers = [header for header in scope["headers"] if header[0] != self.header]
        scope = {**scope, "headers": headers}
        if scope["type"] == "http":
            receive, send = upload_answers.answered_after_upload(receive, send)
            request_log.begin(headers)
        await self.app(scope, receive, send)

    def is_open(self, scope):
        return scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and scope["path"] in OPEN


async def refuse(scope, send):
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    text = b'{"error_code":"PERMISSION_DENIED","message":"This server answers its gateway only."}'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": text})


class KeyOfLocalClients(RequestHeaderProvider):
    """Lets MLflow's commands in the server's container reach the server: `MLFLOW_TRACKING_URI=http://127.0.0.1:5000`."""

    def in_context(self):
        return os.environ.get("MLFLOW_TRACKING_URI") == LOCAL

    def request_headers(self):
        return {KEY_HEADER: read_key().decode()}


def create_app():
    from mlflow.server.fastapi_app import app

    feature_hosts.limit()
    upload_answers.answer_errors(app)
    request_log.name_requests()
    return GatewayOnly(PlainDatabaseErrors(WholeHistory(app)), read_key())
