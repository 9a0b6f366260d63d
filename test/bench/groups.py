#!/usr/bin/python3
"""Measures what a broadcast to a group costs the node that is asked for it, with
all members on another node.

Beside it a broadcast of an actor's audience, as broadcast.py has it, to as many.
Orders come at a fixed rate: from a backend (`group_send`), and as requests (`POST
/@groups/GROUP`), of which some are to a group that has nobody. Rounds interleave all;
the table shows medians. Exit code 0, 1 when a run fails or --check finds a limit
exceeded.
"""

import contextlib
import socket
import statistics
import sys
import tempfile
import threading
import time

import broadcast
from backend_echo import TEXT, connect, frame
from cases import Case
from nodes import Node, parse_arguments
from programs import CORES, SERVICE, Failure, run_bench

SENDER = SERVICE + """\
- name: backends
  kind: backend.service
  addr: "127.0.0.1:0"
- name: admin
  kind: admin.service
  addr: "127.0.0.1:0"
- name: sender
  kind: cluster.node
  listen: "127.0.0.1:0"
"""

MEMBERS = SERVICE + """\
- name: ws
  kind: http.router
  meta: {{server: gateway}}
  post_middleware: [websocket_relay]
- name: news
  kind: http.endpoint
  meta: {{router: ws}}
  path: /news
  relay: {{target_pid: echo, groups: [news]}}
- name: members
  kind: cluster.node
  peers: ["127.0.0.1:{port}"]
"""

LIMIT = 1.25  # of a backend's, with 1000 members, as a multiple of an audience's
DATA = b"n" * 125
ORDER = frame(TEXT, b'{"type":"group_send","group":"news","data":"' + DATA
              + b'"}')
REQUEST = (b"POST /@groups/news HTTP/1.1\r\nHost: localhost\r\n"
           b"Content-Type: text/plain\r\nContent-Length: 125\r\n\r\n" + DATA)


class Orders(threading.Thread):
    """Sends the same bytes again and again, at a rate, until the end; reads
    what comes back."""

    def __init__(self, where, order, rate):
        super().__init__(daemon=True)
        self.socket, self.order, self.pause = where, order, 1 / rate
        self.stopped = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.join()
        self.socket.close()

    def run(self):
        self.socket.setblocking(False)
        due = time.monotonic()
        while not self.stopped.wait(max(0, due - time.monotonic())):
            due += self.pause
            self.socket.sendall(self.order)
            with contextlib.suppress(BlockingIOError):
                self.socket.recv(65536)


def source(sender, way):
    if way == "backend":
        port = sender.find(r"backends on http://127\.0\.0\.1:(\d+)\n")
        return connect(int(port)), ORDER
    port = sender.find(r"admin on http://127\.0\.0\.1:(\d+)\n")
    order = REQUEST.replace(b"news", b"none") if way == "nobody" else REQUEST
    return socket.create_connection(("127.0.0.1", int(port))), order


def run(options, folder, way, members):
    """Returns the microseconds of CPU of the asked node per broadcast."""
    if way == "audience":
        return broadcast.measure(options, folder, "remote", members)
    case = Case("", ["--mode", "idle", "--connections", str(members)], [],
                cores=CORES)
    sender = Node(options.build, folder, "sender", SENDER.format(threads=1))
    sender.core = CORES[0]
    with sender:
        port = sender.find(r"node sender listening on port (\d+)\n")
        relay = Node(options.build, folder, "members",
                     MEMBERS.format(threads=1, port=port))
        relay.core = CORES[1]
        with relay, Orders(*source(sender, way), options.rate):
            relay.find("peer (connected): ")
            sender.url = relay.url + "/news"
            return broadcast.per_broadcast(
                options, run_bench(options, way, case, sender))


def main():
    options = parse_arguments(__doc__)
    options.text = options.other = None
    options.rate = 200
    ways = ("audience", "backend", "request", "nobody")
    cases = [(way, count) for count in (1, 1000) for way in ways]
    runs = {case: [] for case in cases}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for case in cases:
                runs[case].append(run(options, folder, *case))
    status = 0
    for way, count in cases:
        ratio = statistics.median(
            one / other for one, other in
            zip(runs[way, count], runs["audience", count]))
        print(f"{count:5} {way:8}  {statistics.median(runs[way, count]):8.1f} "
              f"us per broadcast, {ratio:.2f} of an audience's")
        if options.check and (way, count) == ("backend", 1000) \
                and ratio > LIMIT:
            print("over the limit", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"groups.py: {failure}")
