#!/usr/bin/python3
"""Measures what a message to a target on another node costs.

CPU on each of the two nodes, beside the same on one node, and beside
`epoll_hop`, which does nothing but what has to be done: two processes and a
load generator, which the kernel may run on any core. Each run has fresh
processes; rounds interleave all; the table shows medians. Exit code 0, 1 when a
run fails or --check finds a limit exceeded.
"""

import contextlib
import dataclasses
import json
import statistics
import subprocess
import sys
import tempfile

from nodes import Node, Program, parse_arguments
from programs import SERVICE, STOP_TIMEOUT, Failure, on_core

APP = SERVICE + """\
- name: app1
  kind: cluster.node
  listen: "127.0.0.1:0"
"""

RELAY = SERVICE + """\
- name: ws
  kind: http.router
  meta: {{server: gateway}}
  post_middleware: [websocket_relay]
- name: far
  kind: http.endpoint
  meta: {{router: ws}}
  path: /far
  relay: {{target_pid: echo@app1}}
- name: near
  kind: http.endpoint
  meta: {{router: ws}}
  path: /near
  relay: {{target_pid: echo}}
- name: relay1
  kind: cluster.node
  peers: ["127.0.0.1:{port}"]
"""


@dataclasses.dataclass
class Row:
    about: str
    arguments: list  # of the load generator
    yardstick: str  # hop, near, or far with one loop
    limits: tuple  # of the relay's and the target's node, as multiples
    threads: int = 1


def echo(connections, *more):
    return ["--connections", str(connections), *more]


# The limits are those of --check, wider than what FIGURES.md shows.
ROWS = [
    Row("100 x 1", echo(100), "hop", (2, 6)),
    Row("one client", echo(1), "hop", (4, 4)),
    Row("10,000/s in all", echo(100, "--rate", "10000"), "hop", (4, 4)),
    Row("16 KiB, 100 x 1", echo(100, "--size", "16KiB"), "hop", (3, 3)),
    Row("100 x 16", echo(100, "--outstanding", "16"), "near", (2.5, 1.5)),
    Row("100 x 16, two loops", echo(100, "--outstanding", "16"), "far",
        (2.5, 2.5), threads=2),
    Row("connect, echo, close", ["--mode", "handshake", "--connections", "64"],
        "near", (2, 0.5)),
]


@contextlib.contextmanager
def nodes(options, folder, threads):
    """The target's node and the relay."""
    with Node(options.build, folder, "app1", APP.format(threads=1)) as app:
        port = app.find(r"node app1 listening on port (\d+)\n")
        config = RELAY.format(threads=threads, port=port)
        with Node(options.build, folder, "relay1", config) as relay:
            relay.find("peer (connected): name=app1")
            yield relay, app


@contextlib.contextmanager
def hop(options):
    command = [str(options.build / "test" / "epoll_hop"), "0"]
    with Program("second process", command) as second:
        with Program("epoll_hop", [*command, second.url.rpartition(":")[2]]) \
                as relay:
            yield relay, second


def run(options, row, servers, path):
    """Returns us per message: on the relay and behind it."""
    before = [server.cpu_seconds() for server in servers]
    done = subprocess.run(
        [str(options.build / "wsrelay-bench"), f"{servers[0].url}/{path}",
         "--duration", f"{options.duration}s", "--warmup", "1ms", "--json",
         "--quiet", *row.arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=options.duration + STOP_TIMEOUT, preexec_fn=on_core(None))
    if done.returncode != 0:
        raise Failure(f"{row.about}: {path}: {done.stderr.strip()}")
    count = json.loads(done.stdout)["messages"]
    return [(server.cpu_seconds() - start) * 1e6 / count
            for server, start in zip(servers, before)]


def measure(options, folder, row):
    """Returns the subject's and the yardstick's CPU, once."""
    with nodes(options, folder, row.threads) as servers:
        subject = run(options, row, servers, "far")
        if row.yardstick == "near":
            return subject, run(options, row, servers, "near")[:1] * 2
    other = hop(options) if row.yardstick == "hop" \
        else nodes(options, folder, 1)
    with other as servers:
        return subject, run(options, row, servers, "far")


def summarize(pairs):
    """Medians of the subject's columns, of the yardstick's, of the ratios."""
    subjects, others = zip(*pairs)
    ratios = [[a / b for a, b in zip(*pair)] for pair in pairs]
    return [[statistics.median(column) for column in zip(*rows)]
            for rows in (subjects, others, ratios)]


def main():
    options = parse_arguments(__doc__)
    results = [[] for _ in ROWS]
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for row, pairs in zip(ROWS, results):
                pairs.append(measure(options, folder, row))
    print("| CPU, us/message: relay / target's node | two nodes | yardstick | "
          "ratio |")
    print("|---|---|---|---|")
    status = 0
    for row, pairs in zip(ROWS, results):
        subject, other, ratios = summarize(pairs)
        cells = [" / ".join(f"{value:.2f}" for value in values)
                 for values in (subject, other, ratios)]
        print(f"| {row.about} | {cells[0]} | {row.yardstick}: {cells[1]} | "
              f"{cells[2]} |")
        if options.check and any(map(float.__gt__, ratios,
                                     map(float, row.limits))):
            print(f"remote.py: {row.about}: above {row.limits}",
                  file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"remote.py: {failure}")
