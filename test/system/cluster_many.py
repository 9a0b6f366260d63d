"""A cluster of many nodes, each connected to each: all at once, killed, one by
one restarted, half of it killed, one frozen, and all of it on a busy machine.
The environment's WSRELAY_NODES says how many (24)."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from cluster_probe import Probe
from support import wait_until

COUNT = int(os.environ.get("WSRELAY_NODES", "24"))

# Seconds: the slack is for a busy machine, and grows with the cluster, as what
# there is to do does.
INTERVAL, TIMEOUT = 2, 8
SLACK = 10 + COUNT * COUNT / 100
BUSY = 10 if COUNT <= 24 else 60

# Of a node that has nothing to do but its heartbeats.
MAX_CPU = 0.02  # of a core
MAX_BYTES = 32 * 1024 * 1024


def free_address(number):
    """Returns HOST:PORT where nobody listens. The host is another one than that
    from which nodes connect: they would take many of its ports."""
    host = f"127.77.0.{number + 1}"
    with socket.create_server((host, 0)) as probe:
        return f"{host}:{probe.getsockname()[1]}"


class Many(unittest.TestCase):
    def setUp(self):
        self.names = [f"n{number}" for number in range(COUNT)]
        self.addresses = {name: free_address(number)
                          for number, name in enumerate(self.names)}
        self.nodes = {}

    def start(self, names):
        with ThreadPoolExecutor(8) as pool:
            for name, made in zip(names, pool.map(self.start_one, names)):
                self.nodes[name] = made

    def start_one(self, name):
        peers = [address for other, address in self.addresses.items()
                 if other != name]
        made = Probe(name, self.addresses[name], peers,
                     heartbeat_interval=f"{INTERVAL}s",
                     heartbeat_timeout=f"{TIMEOUT}s")
        self.addCleanup(made.end)
        return made

    def knows_all(self, made, among):
        return made.peers() == {other: self.nodes[other].id for other in among
                                if other != made.name}

    def wait_for(self, among, what):
        """All of `among` know each other and nobody else."""
        begin = time.monotonic()
        for name in among:
            wait_until(lambda: self.knows_all(self.nodes[name], among),
                       f"{what}: {name} knows all", SLACK)
        seconds = time.monotonic() - begin
        print(f"{what}: {seconds:.2f} s", file=sys.stderr)
        return seconds

    def check_targets(self):
        """A name of one node is reached from others, and gone with its end."""
        first, last = self.nodes[self.names[0]], self.nodes[self.names[-1]]
        pid = first.register("target")
        self.assertEqual(last.resolve(f"target@{first.name}"), pid)
        last.do(f"monitor target@{first.name}", "monitoring .*")
        first.do("end target error", "ended target")
        last.expect(f"down {pid} .*")

    def losses(self):
        """Returns what nodes have said about others that they lost."""
        return [(name, line) for name, made in self.nodes.items()
                for line in made.stderr.splitlines()
                if re.search(r"(node|peer) lost:", line)]

    def idle(self):
        """What a node takes when nothing happens."""
        before = [made.cpu_seconds() for made in self.nodes.values()]
        time.sleep(5)
        used = [made.cpu_seconds() - start
                for made, start in zip(self.nodes.values(), before)]
        cpu = sum(used) / COUNT / 5
        memory = max(made.resident_bytes() for made in self.nodes.values())
        print(f"idle: {cpu:.2%} of a core, {memory >> 20} MiB",
              file=sys.stderr)
        self.assertLess(cpu, MAX_CPU)
        self.assertLess(memory, MAX_BYTES)

    def under_full_load(self):
        """Both cores are busy with something else: nobody is lost wrongly."""
        spin = [sys.executable, "-c", "while True: pass"]
        load = [subprocess.Popen(spin) for _ in range(os.cpu_count())]
        try:
            before = self.losses()
            time.sleep(BUSY)
            self.assertEqual(self.losses(), before)
        finally:
            for process in load:
                process.kill()
                process.wait()
        self.wait_for(self.names, "after full load")

    def test_a_large_cluster_lives_through_all_of_it(self):
        self.start(self.names)
        self.wait_for(self.names, f"{COUNT} nodes, complete")
        self.check_targets()
        self.idle()
        self.under_full_load()

        killed, *others = self.names
        self.nodes[killed].end()
        self.assertLess(self.wait_for(others, "one killed"), TIMEOUT)
        self.start([killed])
        self.wait_for(self.names, "back")

        for name in self.names:
            self.nodes[name].quit()
            self.start([name])
            wait_until(lambda: self.knows_all(self.nodes[name], self.names),
                       f"{name} is back", SLACK)
        self.wait_for(self.names, "each restarted")

        half = self.names[::2]
        for name in half:
            self.nodes[name].signal(signal.SIGKILL)
        self.wait_for(self.names[1::2], "half killed")
        for name in half:
            self.nodes[name].end()
        self.start(half)
        self.wait_for(self.names, "half is back")

        frozen, *others = self.names
        self.nodes[frozen].signal(signal.SIGSTOP)
        self.wait_for(others, "one frozen")
        self.nodes[frozen].signal(signal.SIGCONT)
        self.wait_for(self.names, "it goes on")
        self.check_targets()
        for name in self.names:
            self.nodes[name].quit()


if __name__ == "__main__":
    unittest.main()
