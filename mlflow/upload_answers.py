"""What a client is told whose upload is refused, or cannot be stored."""

import asyncio
import errno
import logging

# s, for what is left of an upload that is refused. What is slower gets its answer in the middle.
MAX_READ_REST = 30


def answered_after_upload(receive, send):
    """
    Reads what is left of a request before its answer begins. uvicorn closes a connection on which unread bytes wait, and
    Linux then throws away the answer that is under way: the client of a long upload would not be told what was wrong.
    """
    is_read = False

    async def receive_and_note():
        nonlocal is_read
        message = await receive()
        is_read = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def read_rest():
        while not is_read:
            await receive_and_note()

    async def send_after_upload(message):
        if message["type"] == "http.response.start" and not is_read:
            try:
                await asyncio.wait_for(read_rest(), MAX_READ_REST)
            except asyncio.TimeoutError:
                pass
        await send(message)

    return receive_and_note, send_after_upload


def reason(error):
    """The status and the message for an upload that the store or the disk does not take, or None for other errors."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

    if isinstance(error, Boto3Error):
        return reason(error.__context__)
    if isinstance(error, ClientError) and error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
        return 400, f"The store refuses the file: {error.response['Error']['Code']}"
    is_disk_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if not is_disk_full and not isinstance(error, (ClientError, ConnectionError, HTTPClientError)):
        return None
    return 507, (
        "The file could not be stored. There may be no space left for it, or the store does not answer. "
        "Nothing of it was kept."
    )


async def not_stored(request, error):
    """Clients retry a 500 seven times, and repeat neither 400 nor 507. A fault of MLflow stays its 500."""
    from fastapi.responses import JSONResponse

    found = reason(error) if request.method == "PUT" else None
    if found is None:
        raise error
    logging.getLogger("uvicorn.error").error("A file could not be stored: %s", error)
    status, message = found
    code = "RESOURCE_EXHAUSTED" if status == 507 else "INVALID_PARAMETER_VALUE"
    return JSONResponse({"error_code": code, "message": message}, status_code=status)


def answer_errors(app):
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

    for kind in (Boto3Error, ClientError, ConnectionError, HTTPClientError, OSError):
        app.add_exception_handler(kind, not_stored)
