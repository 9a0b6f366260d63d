#!/usr/bin/python3
"""Measures how long a list of many connections holds up others.

A client echoes with a target on another node, over a relay that holds so many
idle connections: how long the slowest of its messages takes while nothing else
happens, and while `wsrelay ps` lists them all again and again. Exit code 0, 1
when a run fails or --check finds a limit exceeded.
"""

import pathlib
import subprocess
import sys
import tempfile
import threading
import time

from nodes import Node, parse_arguments
from programs import Failure, on_core
from remote import APP, RELAY

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

# pylint: disable=wrong-import-position
from raw_client import WebSocket

# What --check enforces: milliseconds that the slowest of a hundred takes
# longer. The program that lists runs on the same cores.
LIMIT = 20


class Echoes(threading.Thread):
    """A message after the other, until the end, and the times of all."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.client = WebSocket(port, "/far")
        self.going, self.times = True, []
        self.start()

    def run(self):
        while self.going:
            begin = time.monotonic()
            self.client.echo("x" * 100)
            self.times.append((time.monotonic() - begin) * 1000)
            time.sleep(0.001)

    def stop(self):
        self.going = False
        self.join()
        self.client.close()
        return self.times


def held(options, relay, what):
    """Runs `what` while the load generator holds idle connections."""
    command = [str(options.build / "wsrelay-bench"), f"{relay.url}/near",
               "--mode", "idle", "--connections", str(options.connections),
               "--duration", "600s"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, preexec_fn=on_core(None),
                          stderr=subprocess.DEVNULL) as load:
        try:
            return what()
        finally:
            load.kill()


def listed(options, port):
    """Returns how many connections `wsrelay ps` shows, asked on another node."""
    done = subprocess.run(
        [str(options.build / "wsrelay"), "--node", f"127.0.0.1:{port}",
         "--peer", "relay1", "--timeout", "20s", "ps"],
        capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise Failure(f"wsrelay ps: {done.stderr.strip()}")
    return len(done.stdout.splitlines())


def measure(options, folder):
    with Node(options.build, folder, "app1", APP.format(threads=1)) as app:
        port = app.find(r"node app1 listening on port (\d+)\n")
        config = RELAY.format(threads=1, port=port)
        with Node(options.build, folder, "relay1", config) as relay:
            relay.find("peer (connected): name=app1")
            client_port = int(relay.url.rpartition(":")[2])

            def both():
                while listed(options, port) <= options.connections:
                    time.sleep(0.5)
                calm, busy, lists = [], [], 0
                for _ in range(options.rounds):
                    echoes = Echoes(client_port)
                    time.sleep(options.duration)
                    calm += echoes.stop()
                    echoes = Echoes(client_port)
                    end = time.monotonic() + options.duration
                    while time.monotonic() < end:
                        listed(options, port)
                        lists += 1
                    busy += echoes.stop()
                return sorted(calm), sorted(busy), lists
            return held(options, relay, both)


def slowest_of_a_hundred(times):
    return times[len(times) * 99 // 100]


def main():
    options = parse_arguments(__doc__, connections=10_000)
    with tempfile.TemporaryDirectory() as folder:
        calm, busy, lists = measure(options, folder)
    for name, times in ("nothing else", calm), (f"{lists} lists", busy):
        print(f"{name:>14}: p50 {times[len(times) // 2]:.2f}, p99 "
              f"{slowest_of_a_hundred(times):.2f}, max {times[-1]:.2f} ms of "
              f"{len(times)}")
    more = slowest_of_a_hundred(busy) - slowest_of_a_hundred(calm)
    if options.check and more > LIMIT:
        print(f"listing.py: {more:.1f} ms more, above {LIMIT}",
              file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"listing.py: {failure}")
