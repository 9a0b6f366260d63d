#!/usr/bin/python3
"""Measures what a request to an upstream costs the relay.

With connections that are kept, and with a new one for each.

Three processes: the relay, another wsrelayd that answers as its upstream with
one small file, and this script, which sends requests in batches and counts the
answers. The figures are the relay's CPU per request and requests per second;
the same file from the relay itself is the yardstick. Exit code 0, 1 when a run
fails or --check finds a limit exceeded.
"""

import os
import socket
import sys
import tempfile
import threading
import time

from nodes import Node, medians, parse_arguments
from programs import SERVICE, STOP_TIMEOUT, Failure

FILES = SERVICE + """\
- name: files
  kind: http.static
  meta: {{server: gateway}}
  path: /files
  root: "{folder}"
"""

RELAY = FILES + """\
- name: calls
  kind: http.router
  meta: {{server: gateway}}
- name: kept
  kind: http.endpoint
  meta: {{router: calls}}
  path: /kept/{{file}}
  upstream: {url}
- name: new
  kind: http.endpoint
  meta: {{router: calls}}
  path: /new/{{file}}
  upstream: {url}
  max_idle_connections: 0
"""

PATHS = ("files", "kept", "new")
BATCH = 16  # requests that are sent at once

# What --check enforces: CPU of a call as a multiple of the file's.
LIMITS = {"kept": 6, "new": 15}


class Client(threading.Thread):
    """Sends batches over one connection until the time is over."""

    def __init__(self, port, path, end):
        super().__init__(daemon=True)
        self.request = f"GET /{path}/x HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(STOP_TIMEOUT)
        self.end = end
        self.count = 0
        self.failed = None

    def run(self):
        try:
            size = self.measure()
            while time.monotonic() < self.end:
                self.socket.sendall(self.request * BATCH)
                self.receive(size * BATCH)
                self.count += BATCH
        except (OSError, ValueError) as error:
            self.failed = error
        self.socket.close()

    def measure(self):
        """Returns the size of one answer; all are alike."""
        self.socket.sendall(self.request)
        data = b""
        while b"\r\n\r\n" not in data or not data.endswith(b"body"):
            more = self.socket.recv(65536)
            if not more:
                raise ValueError("no answer")
            data += more
        if not data.startswith(b"HTTP/1.1 200 "):
            raise ValueError(data.splitlines()[0].decode(errors="replace"))
        return len(data)

    def receive(self, size):
        while size > 0:
            count = len(self.socket.recv(min(size, 65536)))
            if not count:
                raise ValueError("the relay closed")
            size -= count


def run(options, relay, path):
    """Returns requests per second, and the relay's us of CPU per request."""
    port = relay.wait_for_port()
    before, start = relay.cpu_seconds(), time.monotonic()
    clients = [Client(port, path, start + options.duration)
               for _ in range(options.connections)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
        if client.failed:
            raise Failure(f"{path}: {client.failed}")
    count = sum(client.count for client in clients)
    if count == 0:
        raise Failure(f"{path}: no request was answered")
    return (count / (time.monotonic() - start),
            (relay.cpu_seconds() - before) * 1e6 / count)


def measure(options, folder):
    """Returns {path: [(requests per second, us), ...]}."""
    for name in PATHS:
        os.makedirs(os.path.join(folder, "www", name))
        with open(os.path.join(folder, "www", name, "x"), "w",
                  encoding="ascii") as file:
            file.write("body")
    results = {path: [] for path in PATHS}
    config = FILES.replace("/files", "/").format(
        threads=1, folder=os.path.join(folder, "www"))
    with Node(options.build, folder, "upstream", config) as upstream:
        config = RELAY.format(
            threads=1, folder=os.path.join(folder, "www", "files"),
            url=f"http://127.0.0.1:{upstream.wait_for_port()}")
        with Node(options.build, folder, "relay", config) as relay:
            for _ in range(options.rounds):
                for path in PATHS:
                    results[path].append(run(options, relay, path))
    return results


def main():
    options = parse_arguments(__doc__, connections=16)
    with tempfile.TemporaryDirectory() as folder:
        results = measure(options, folder)
    median = {path: medians(rows) for path, rows in results.items()}
    print("| | requests/s | us of CPU |\n|---|---|---|")
    status = 0
    for path in PATHS:
        print(f"| {path} | {median[path][0]:.0f} | {median[path][1]:.1f} |")
        ratio = median[path][1] / median["files"][1]
        if options.check and ratio > LIMITS.get(path, ratio):
            print(f"upstream.py: {path}: {ratio:.1f} files, above "
                  f"{LIMITS[path]}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"upstream.py: {failure}")
