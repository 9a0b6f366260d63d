#!/usr/bin/env python3
"""Many names: a node that offers them comes, and is killed.

names.py [--count N]: how long until a relay knows all of them, what each takes
of its memory, how long until they are gone, and how long others who connect
wait meanwhile. The environment's WSRELAY_BUILD says where the programs are."""

import argparse
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

# pylint: disable=wrong-import-position
from cluster import cluster_port
from cluster_probe import Probe, node
from raw_client import WebSocket
from support import Relay, endpoint, router, service, wait_until

# What --check enforces: seconds, and bytes a name. A machine may be slow.
LIMITS = {"known": 4, "gone": 1, "worst": 0.2, "bytes": 640, "left": 100}

# Seconds until a node has given back what a burst took.
GIVEN_BACK = 11


def config():
    return (service() + router()
            + endpoint("near", "/near", "relay: {target_pid: echo}")
            + endpoint("last", "/last/{name}",
                       'relay: {target_pid: "{name}"}')
            + node("relay1", listen='"127.0.0.1:0"'))


class Visitors:
    """Connects again and again; `worst` is how long that took at most."""

    def __init__(self, port):
        self.port, self.worst, self.count = port, 0, 0
        self.going = True
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while self.going:
            begin = time.monotonic()
            client = WebSocket(self.port, "/ws/near")
            self.worst = max(self.worst, time.monotonic() - begin)
            client.close()
            self.count += 1
            time.sleep(0.002)

    def stop(self):
        self.going = False
        self.thread.join()
        return self.worst


def memory(process):
    with open(f"/proc/{process.process.pid}/smaps_rollup",
              encoding="ascii") as file:
        for line in file:
            if line.startswith("Rss:"):
                return int(line.split()[1]) * 1024
    return 0


def reaches(relay, name):
    try:
        WebSocket(relay.port, f"/ws/last/{name}").close()
    except AssertionError:
        return False
    return True


def measure(count):
    relay = Relay(config())
    try:
        app = Probe("app1", peers=[f"127.0.0.1:{cluster_port(relay)}"])
    except BaseException:
        relay.end()
        raise
    app.wait_for_peer("relay1")
    reaches(relay, "nobody")
    before = memory(relay)
    visitors = Visitors(relay.port)
    try:
        begin = time.monotonic()
        app.do(f"crowd name {count}", r"crowd name offered")
        offered = time.monotonic() - begin
        wait_until(lambda: reaches(relay, f"name{count - 1}"), "it is known",
                   120)
        known = time.monotonic() - begin
        coming = visitors.stop()
        time.sleep(GIVEN_BACK)
        grown = memory(relay) - before
        visitors = Visitors(relay.port)
        begin = time.monotonic()
        app.process.kill()
        wait_until(lambda: not reaches(relay, "name0")
                   and not reaches(relay, f"name{count - 1}"), "gone", 120)
        gone = time.monotonic() - begin
        time.sleep(3)
        going = visitors.stop()
        time.sleep(GIVEN_BACK)
        left = memory(relay) - before
        return {"offered": offered, "known": known, "coming": coming,
                "bytes": grown / count, "gone": gone, "going": going,
                "worst": max(coming, going), "left": left / count}
    finally:
        visitors.stop()
        app.end()
        relay.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    result = measure(arguments.count)
    for name, value in result.items():
        print(f"{name:8} {value:10.3f}")
    bad = [name for name, limit in LIMITS.items() if result[name] > limit]
    if arguments.check and bad:
        sys.exit(f"over the limit: {', '.join(bad)}")


if __name__ == "__main__":
    main()
