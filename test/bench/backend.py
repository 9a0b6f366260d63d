#!/usr/bin/python3
"""Measures what an echo through a backend.service costs the relay.

CPU of the relay per message, beside the same with a target on another node;
rounds interleave both, the table shows medians. The backend is in Python, on the
other core. Exit code 0, 1 when a run fails or --check finds a limit exceeded.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from nodes import Node, parse_arguments
from programs import STOP_TIMEOUT, Failure, on_core
from remote import APP, RELAY

BACKENDS = """\
- name: backend
  kind: http.endpoint
  meta: {{router: ws}}
  path: /backend
  relay: {{target_pid: backend.echo}}
- name: backends
  kind: backend.service
  addr: "127.0.0.1:0"
"""
# Of the relay, as a multiple of a target on another node.
CASES = [("100 x 1", 1, 3), ("100 x 16", 16, 3)]


def run(options, relay, path, outstanding):
    """Returns us per message."""
    before = relay.cpu_seconds()
    done = subprocess.run(
        [str(options.build / "wsrelay-bench"), f"{relay.url}/{path}", "--text",
         "--connections", "100", "--outstanding", str(outstanding),
         "--duration", f"{options.duration}s", "--warmup", "100ms", "--json",
         "--quiet"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=options.duration + STOP_TIMEOUT, preexec_fn=on_core(None))
    if done.returncode != 0:
        raise Failure(f"{path}: {done.stderr.strip()}")
    count = json.loads(done.stdout)["messages"]
    return (relay.cpu_seconds() - before) * 1e6 / count


def measure(options, relay):
    exceeded = False
    print("| CPU of the relay, us/message | backend | other node | ratio |")
    print("|---|---|---|---|")
    for name, outstanding, limit in CASES:
        pairs = [[run(options, relay, path, outstanding)
                  for path in ("backend", "far")]
                 for _ in range(options.rounds)]
        backend, far = map(statistics.median, zip(*pairs))
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"| {name} | {backend:.1f} | {far:.1f} | {ratio:.2f} |")
        exceeded |= ratio > limit
    return int(options.check and exceeded)


def main():
    options = parse_arguments(__doc__)
    echo = pathlib.Path(__file__).with_name("backend_echo.py")
    with tempfile.TemporaryDirectory() as folder, \
            Node(options.build, folder, "app1", APP.format(threads=1)) as app:
        config = (RELAY + BACKENDS).format(
            threads=1, port=app.find(r"node app1 listening on port (\d+)\n"))
        with Node(options.build, folder, "relay1", config) as relay:
            relay.find("peer (connected): name=app1")
            port = relay.find(r"backends on http://127\.0\.0\.1:(\d+)\n")
            backend = subprocess.Popen([sys.executable, str(echo), port,
                                        "backend.echo"],
                                       stdout=subprocess.PIPE)
            try:
                backend.stdout.readline()
                return measure(options, relay)
            finally:
                backend.kill()
                backend.wait()


if __name__ == "__main__":
    sys.exit(main())
