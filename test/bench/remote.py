#!/usr/bin/python3
"""Measures what a message to a target on another node costs.

On each of the two nodes, and beside that the same on one node.

Three processes: the relay, the target's node and the load generator, which the
kernel may run on any core. Rounds interleave both; the table shows medians.
Exit code 0, 1 when a run fails or --check finds a limit exceeded.
"""

import json
import subprocess
import sys
import tempfile

from nodes import Node, medians, parse_arguments
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

OUTSTANDING = (1, 16)

# What --check enforces: the relay's node, as a multiple of a target at home.
LIMITS = {1: 4, 16: 3}


def run(options, relay, app, path, outstanding):
    """Returns us per message: on the relay's node and on the target's."""
    before = relay.cpu_seconds(), app.cpu_seconds()
    done = subprocess.run(
        [str(options.build / "wsrelay-bench"), f"{relay.url}/{path}",
         "--connections", str(options.connections), "--outstanding",
         str(outstanding), "--duration", f"{options.duration}s", "--warmup",
         "1ms", "--json", "--quiet"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=options.duration + STOP_TIMEOUT, preexec_fn=on_core(None))
    if done.returncode != 0:
        raise Failure(f"{path}: {done.stderr.strip()}")
    after = relay.cpu_seconds(), app.cpu_seconds()
    count = json.loads(done.stdout)["messages"]
    return [(b - a) * 1e6 / count for a, b in zip(before, after)]


def measure(options, folder):
    """Returns {(path, outstanding): [(relay, app), ...]}."""
    results = {}
    with Node(options.build, folder, "app1",
              APP.format(threads=1)) as app:
        port = app.find(r"node app1 listening on port (\d+)\n")
        config = RELAY.format(threads=1, port=port)
        with Node(options.build, folder, "relay1", config) as relay:
            relay.find("peer (connected): name=app1")
            for _ in range(options.rounds):
                for outstanding in OUTSTANDING:
                    for path in ("near", "far"):
                        results.setdefault((path, outstanding), []).append(
                            run(options, relay, app, path, outstanding))
    return results


def main():
    options = parse_arguments(__doc__, connections=1)
    with tempfile.TemporaryDirectory() as folder:
        results = measure(options, folder)
    print("| outstanding | one node, us/message | two: relay's node | "
          "two: target's node |")
    print("|---|---|---|---|")
    status = 0
    for outstanding in OUTSTANDING:
        near, far = (medians(results[path, outstanding])
                     for path in ("near", "far"))
        print(f"| {outstanding} | {near[0]:.1f} | {far[0]:.1f} | "
              f"{far[1]:.1f} |")
        if options.check and far[0] > LIMITS[outstanding] * near[0]:
            print(f"remote.py: above {LIMITS[outstanding]} times",
                  file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"remote.py: {failure}")
