"""A host that answers over TLS, or a client that calls it by several ways in turn and prints JSON.

The program that starts this one puts the settings before it.
"""

import datetime
import json
import socket
import ssl
import statistics
import threading
import time

settings: dict  # role: "serve" or "ask"; to ask: name, ways: {name: host}, rounds

ANSWER = b"x" * 1024
CALLS = 100
STREAMS = 5
# Seconds between two chunks of a stream.
PAUSE = 0.02
CHUNKS = 5


def serve():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate())
    listener = socket.create_server(("", 443), backlog=128)
    while True:
        threading.Thread(target=answer, args=(context, listener.accept()[0]), daemon=True).start()


def answer(context, raw):
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        with context.wrap_socket(raw, server_side=True) as conn:
            if conn.recv(65536) == b"call":
                conn.sendall(ANSWER)
                return
            for _ in range(CHUNKS):
                conn.sendall(b"chunk")
                time.sleep(PAUSE)
    except OSError:
        # A client that only tests the port closes the connection at once.
        pass


def certificate():
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "host")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
    pem = serialization.Encoding.PEM
    clear = serialization.NoEncryption()
    with open("/tmp/pair.pem", "wb") as file:
        file.write(made.sign(key, hashes.SHA256()).public_bytes(pem))
        file.write(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, clear))
    return "/tmp/pair.pem"


def connect(host):
    # MLflow's AI gateway opens a connection for each call too.
    raw = socket.create_connection((host, 443), timeout=10)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client.wrap_socket(raw, server_hostname=settings["name"])


def call(host):
    begin = time.monotonic()
    with connect(host) as conn:
        conn.sendall(b"call")
        received = 0
        while received < len(ANSWER):
            received += len(conn.recv(65536))
    return (time.monotonic() - begin) * 1000


def stream(host):
    """Milliseconds until the first chunk, and between the two chunks that are farthest apart."""
    with connect(host) as conn:
        begin = time.monotonic()
        conn.sendall(b"stream")
        arrivals = [time.monotonic() for _ in range(CHUNKS) if conn.recv(5)]
    gaps = [later - earlier for earlier, later in zip(arrivals, arrivals[1:])]
    return (arrivals[0] - begin) * 1000, max(gaps) * 1000


if settings["role"] == "serve":
    serve()

client = ssl.create_default_context()
client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
ways = list(settings["ways"].items())
calls = {name: [] for name, _ in ways}
streams = {name: [] for name, _ in ways}
for _, host in ways:
    call(host)
for _ in range(settings["rounds"]):
    ways.reverse()
    for name, host in ways:
        calls[name] += [call(host) for _ in range(CALLS)]
        streams[name] += [stream(host) for _ in range(STREAMS)]
print(
    json.dumps(
        {
            name: {
                "call": statistics.median(calls[name]),
                "first": statistics.median(first for first, _ in streams[name]),
                "gap": statistics.median(gap for _, gap in streams[name]),
                "runs": len(calls[name]),
            }
            for name in calls
        }
    )
)
