"""Prints the status with which MLflow in this container answers each error of an upload, and after how many chunks of a long one, as JSON."""

import asyncio, errno, json
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from fastapi import APIRouter
from gateway_only import KEY_HEADER, create_app, read_key
from mlflow.server import fastapi_app

def store(status, code):
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "PutObject")

def wrapped(error):
    try:
        raise error
    except ClientError:
        raise S3UploadFailedError("Failed to upload")

ERRORS = {
    "disk": lambda: open("/dev/full", "w").write("x" * 100_000),
    "name": lambda: open("/tmp/" + "y" * 300),
    "full": lambda: wrapped(store(507, "XMinioStorageFull")),
    "busy": lambda: wrapped(store(503, "SlowDown")),
    "refused": lambda: wrapped(store(403, "AccessDenied")),
    "down": lambda: (_ for _ in ()).throw(EndpointConnectionError(endpoint_url="http://minio:9000")),
    "slow": lambda: (_ for _ in ()).throw(ReadTimeoutError(endpoint_url="http://minio:9000")),
    "fault": lambda: {}["missing"],
}
router = APIRouter()
@router.api_route("/fails/{name}", methods=["PUT", "POST"])
async def fails(name: str):
    ERRORS[name]()

app = create_app()
fastapi_app.app.router.routes[:0] = router.routes
async def status(name, method="PUT", chunks=1):
    """The status, and how many chunks of the upload were read before it."""
    seen = []
    read = 0
    headers = [(b"host", b"localhost:5000"), (KEY_HEADER.lower().encode(), read_key())]
    path = f"/fails/{name}"
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
             "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
             "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 5000)}
    async def receive():
        nonlocal read
        read += 1
        return {"type": "http.request", "body": b"x", "more_body": read < chunks}
    async def send(message):
        seen.append((message.get("status"), read))
    try:
        await app(scope, receive, send)
    except Exception:
        pass
    return seen[0]
async def all():
    statuses = {name: (await status(name))[0] for name in ERRORS}
    return {**statuses, "no upload": (await status("full", "POST"))[0], "long": await status("disk", chunks=5)}
print(json.dumps(asyncio.run(all())))
