#!/usr/bin/python3
"""Measures what an event of an http.target costs the relay.

The relay has one core; nginx, which answers with a few bytes, and the clients, which
are in this script, have the other one. Each client sends messages of 125 bytes, one or
BLOCK at a time, and waits for the answer to the last one. Beside it the relay's call
of the same nginx as an upstream, and Pushpin with WebSocket-over-HTTP where it is
installed. Rounds interleave all; the table shows medians. Exit code 0, 1 when a run
fails or --check finds a limit exceeded.
"""

import base64
import contextlib
import dataclasses
import os
import selectors
import socket
import sys
import tempfile
import time

import pushpin
from nodes import Node, medians, parse_arguments
from programs import CORES, SERVICE, STOP_TIMEOUT, Failure, Nginx

BLOCK = 50
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()

NGINX = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  default_type text/plain;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  map "$http_ce_type $http_ce_seq" $is_last {{
    default 0;
    "~message [0-9]*[05]0$" 1;
  }}
  # Of Pushpin's requests: the first one, of six bytes, and messages.
  map $http_content_length $events {{
    default "TEXT 5\\r\\ntaken\\r\\n";
    6 "OPEN\\r\\n";
  }}
  server {{
    listen 127.0.0.1:{port};
    location /1 {{
      if ($http_ce_type = org.wsrelay.connected) {{ return 204; }}
      return 200 "taken";
    }}
    location /{block} {{
      if ($is_last) {{ return 200 "taken"; }}
      return 204;
    }}
    location /pushpin {{
      default_type application/websocket-events;
      return 200 $events;
    }}
  }}
}}
"""

RELAY = SERVICE + """\
- name: ws
  kind: http.router
  meta: {{server: gateway}}
  post_middleware: [websocket_relay]
- name: call
  kind: http.endpoint
  meta: {{router: ws}}
  method: POST
  path: /1
  upstream: http://127.0.0.1:{port}
"""

TARGET = """\
- name: {name}
  kind: http.endpoint
  meta: {{router: ws}}
  path: /{name}
  relay: {{target_pid: {name}}}
- name: {name}
  kind: http.target
  url: http://127.0.0.1:{port}/{block}
"""


@dataclasses.dataclass
class Row:
    about: str
    clients: int
    block: int = 1
    path: str = "event"
    limit: float = None  # --check: of the call with as many clients

    @property
    def is_call(self):
        return self.path == "1"


ROWS = [
    Row("call of an upstream, 1 client", 1, path="1"),
    Row("event, 1 client", 1, limit=4),
    Row("the same, signed", 1, path="signed", limit=5),
    Row("call of an upstream, 64 clients", 64, path="1"),
    Row("event, 64 clients", 64, limit=5),
    Row("the same, signed", 64, path="signed", limit=8),
    Row(f"64 clients, {BLOCK} outstanding", 64, BLOCK, "block"),
    Row("the same, signed", 64, BLOCK, "signed_block"),
    Row("the same, in batches", 64, BLOCK, "batch"),
    Row("the same, signed", 64, BLOCK, "signed_batch", limit=1),
]
PUSHPIN_ROWS = [Row("Pushpin, 1 client", 1, path="pushpin"),
                Row("Pushpin, 64 clients", 64, path="pushpin")]


def configuration(port):
    text = RELAY.format(threads=1, port=port)
    for prefix, more in (("", ""), ("signed_", f"  secrets: [{SECRET}]\n")):
        text += TARGET.format(name=(prefix or "event_")[:-1], port=port,
                              block=1) + more
        for name, keys in (("block", ""), ("batch", f"  batch: {BLOCK}\n")):
            text += TARGET.format(name=prefix + name, port=port,
                                  block=BLOCK) + more + keys
    return text


class Client:
    """Has one block on its way."""

    def __init__(self, row, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(STOP_TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if row.is_call:
            self.block = (f"POST /{row.path} HTTP/1.1\r\nHost: a\r\n"
                          "Content-Type: text/plain\r\n"
                          "Content-Length: 125\r\n\r\n" + "x" * 125).encode()
        else:
            self.open(row, port)
            self.block = (b"\x81\xfd\0\0\0\0" + b"x" * 125) * row.block
        self.input = b""

    def open(self, row, port):
        self.socket.sendall("\r\n".join([
            f"GET /{row.path} HTTP/1.1", f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13", "", ""]).encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            more = self.socket.recv(1)
            if not more:
                raise Failure(f"{row.about}: closed")
            head += more
        if b" 101 " not in head:
            raise Failure(f"{row.about}: {head.splitlines()[0].decode()}")

    def send(self):
        self.socket.sendall(self.block)

    def is_answered(self):
        more = self.socket.recv(4096)
        self.input += more
        if not more or self.input[:1] == b"\x88":
            raise Failure(f"closed: {self.input!r}")
        if not self.input.endswith(b"taken"):
            return False
        self.input = b""
        return True


def run(options, row, server):
    """Returns the server's us of CPU per event, and events per second."""
    with contextlib.ExitStack() as stack, \
            selectors.DefaultSelector() as poller:
        for _ in range(row.clients):
            client = Client(row, server.port)
            stack.callback(client.socket.close)
            poller.register(client.socket, selectors.EVENT_READ, client)
            client.send()
        warm = time.monotonic() + options.duration / 5
        turn_until(poller, warm)
        before, begin = server.cpu_seconds(), time.monotonic()
        blocks = turn_until(poller, begin + options.duration)
        used = server.cpu_seconds() - before
        seconds = time.monotonic() - begin
    if not blocks:
        raise Failure(f"{row.about}: no answer")
    count = blocks * row.block
    return used * 1e6 / count, count / seconds


def turn_until(poller, end):
    count = 0
    while time.monotonic() < end:
        for key, _ in poller.select(0.1):
            if key.data.is_answered():
                count += 1
                key.data.send()
    return count


def measure(options, folder):
    """Returns rows and what each round has found of them."""
    rows = [(row, []) for row in ROWS]
    with contextlib.ExitStack() as stack:
        nginx = stack.enter_context(
            Nginx(folder, NGINX, CORES[1], block=BLOCK))
        relay = Node(options.build, folder, "relay",
                     configuration(nginx.port))
        relay.core = CORES[0]
        stack.enter_context(relay)
        relay.port = relay.wait_for_port()
        servers = {None: relay}
        if pushpin.is_there():
            rows += [(row, []) for row in PUSHPIN_ROWS]
            servers["pushpin"] = stack.enter_context(
                pushpin.Pushpin(folder, nginx.port, CORES[0]))
        os.sched_setaffinity(0, {CORES[1]})
        for _ in range(options.rounds):
            for row, found in rows:
                server = servers.get(row.path, relay)
                found.append(run(options, row, server))
    return rows


def main():
    options = parse_arguments(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(options, folder)
    print("| | CPU, us/event | events/s | call of an upstream |")
    print("|---|---|---|---|")
    calls = {row.clients: found for row, found in rows if row.is_call}
    status = 0
    for row, found in rows:
        cpu, rate = medians(found)
        ratio, = medians([[one[0] / call[0]] for one, call in
                          zip(found, calls[row.clients])])
        print(f"| {row.about} | {cpu:.1f} | {rate:,.0f} | {ratio:.2f} |")
        if options.check and row.limit and ratio > row.limit:
            print(f"hook.py: {row.about}: {ratio:.1f} calls, above "
                  f"{row.limit}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"hook.py: {failure}")
