"""
Connects from the network of one container to services of its stack, and prints what it reached: one JSON list of names.

Standard input: {"name": [["host", port], ...], ...}. A service is reached if it takes a connection at one of its addresses.
"""

import json
import socket
import sys
from concurrent.futures import ThreadPoolExecutor


def takes(address):
    try:
        with socket.create_connection(tuple(address), 3):
            return True
    except OSError:
        return False


def reached(addresses):
    return any(takes(address) for address in addresses)


services = json.load(sys.stdin)
with ThreadPoolExecutor(len(services)) as pool:
    answers = list(pool.map(reached, services.values()))
print(json.dumps([name for name, answer in zip(services, answers) if answer]))
