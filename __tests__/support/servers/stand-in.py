"""Stands in for a provider of language models and for a receiver of webhooks, by TLS on port 443.

It keeps one JSON line a request in /tmp/requests, which has it before the answer is sent; the engine's log may have it later.
What it streams has a pause in it, so that a client sees whether it comes as it is sent; below /slow/ it takes longer than
anybody wants to wait for others.
"""

import json
import ssl
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAUSE = 1.5
SLOW = 8
CHUNKS = ["one ", "two ", "three"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with open("/tmp/requests", "a") as requests:
            requests.write(json.dumps({"path": self.path, "headers": headers, "body": body.decode()}) + "\n")
        if self.path.startswith("/slow/"):
            time.sleep(SLOW)
        if self.path.startswith(("/redirect/", "/redirect-to-http/")):
            _, kind, target = self.path.split("/", 2)
            self.send_response(307)
            self.send_header("Location", f"{'https' if kind == 'redirect' else 'http'}://{target}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path.endswith("/chat/completions"):
            request = json.loads(body)
            self.stream(request) if request.get("stream") else self.answer(completion(request, message="one two three"))
        else:
            self.answer({"taken": True})

    def answer(self, value):
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self, request):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for word in CHUNKS:
            self.wfile.write(f"data: {json.dumps(completion(request, delta=word))}\n\n".encode())
            self.wfile.flush()
            time.sleep(PAUSE)
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def log_message(self, *_):
        pass


def completion(request, message=None, delta=None):
    choice = {"index": 0, "finish_reason": "stop" if message else None}
    if message:
        choice["message"] = {"role": "assistant", "content": message}
    else:
        choice["delta"] = {"role": "assistant", "content": delta}
    return {
        "id": "stand-in",
        "object": "chat.completion" if message else "chat.completion.chunk",
        "created": 0,
        "model": request.get("model", ""),
        "choices": [choice],
        "usage": {"prompt_tokens": 1, "completion_tokens": 3, "total_tokens": 4} if message else None,
    }


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/stand-in/certificate.pem", "/stand-in/key.pem")
server = ThreadingHTTPServer(("", 443), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
