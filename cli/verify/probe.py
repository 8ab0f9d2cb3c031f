"""Tries to connect to services that must not be reachable from where it runs. Prints those that are."""

import concurrent.futures
import json
import socket
import sys

settings: dict  # set by the command `verify`: addresses, a list of [host, port]


def connects(address):
    try:
        socket.create_connection(address, timeout=3).close()
        return True
    except OSError:
        return False


addresses = [tuple(address) for address in settings["addresses"]]
with concurrent.futures.ThreadPoolExecutor(64) as pool:
    reached = [address for address, is_open in zip(addresses, pool.map(connects, addresses)) if is_open]
print(json.dumps(reached))
sys.stdout.flush()
