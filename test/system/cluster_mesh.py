"""Four nodes, each of which connects to each other, lose each other at random:
killed, stopped, frozen, flapping. After each loss all of them know all again,
and monitors and links between any two work. The environment's WSRELAY_SEED
repeats a run."""

import os
import random
import signal
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from authority import OverTls
from cluster_probe import TIMEOUT, Probe
from support import free_port, wait_until

STEPS = 6
NAMES = ("n0", "n1", "n2", "n3")


class Mesh(unittest.TestCase):
    def setUp(self):
        seed = os.environ.get("WSRELAY_SEED") or str(random.getrandbits(32))
        print(f"WSRELAY_SEED={seed}", file=sys.stderr)
        self.random = random.Random(seed)
        self.ports = {name: free_port() for name in NAMES}
        self.nodes = {}
        self.count = 0

    def keys_of(self, _name):
        return {}

    def start(self, names):
        """Starts nodes at the same time."""
        with ThreadPoolExecutor(len(names)) as pool:
            for name, made in zip(names, pool.map(self.start_one, names)):
                self.nodes[name] = made

    def start_one(self, name):
        peers = [f"127.0.0.1:{port}" for other, port in self.ports.items()
                 if other != name]
        made = Probe(name, f"127.0.0.1:{self.ports[name]}", peers,
                     **self.keys_of(name))
        self.addCleanup(made.end)
        return made

    def others(self, name):
        return [made for other, made in self.nodes.items() if other != name]

    def is_settled(self):
        """All know all, by the ids that they have now."""
        return all(made.peers() == {x.name: x.id for x in self.others(name)}
                   for name, made in self.nodes.items())

    def check(self):
        """An actor of each node ends; each other one is told, once."""
        wait_until(self.is_settled, "all know all")
        self.count += 1
        target = f"t{self.count}"
        for name, made in self.nodes.items():
            pid = made.register(target)
            for other in self.others(name):
                self.assertEqual(other.resolve(f"{target}@{name}"), pid)
                other.do(f"monitor {target}@{name}", "monitoring .*")
                other.do(f"link {target}@{name}", "linking .*")
            made.do(f"end {target} error", f"ended {target}")
            for other in self.others(name):
                for what in ("down", "unlinked"):
                    other.expect(f"{what} {pid} .*", deadline=5)

    def check_once(self):
        """No monitor, no link has fired twice."""
        for made in self.nodes.values():
            fired = [match[0] for match in
                     made.find(r"(down|unlinked) \S+ .*")]
            ends = [tuple(line.split()[:2]) for line in fired]
            self.assertEqual(len(ends), len(set(ends)), fired)

    # -- what happens to nodes -------------------------------------------------

    def kill(self, names):
        for name in names:
            self.nodes[name].end()
        self.start(names)

    def restart(self, names):
        for name in names:
            self.nodes[name].quit(5)
        self.start(names)

    def freeze(self, names, longest=TIMEOUT + 1):
        self.signal(names, signal.SIGSTOP)
        time.sleep(self.random.uniform(0.1, longest))
        self.signal(names, signal.SIGCONT)

    def flap(self, names):
        for _ in range(3):
            self.freeze(names, TIMEOUT + 0.3)
            time.sleep(self.random.uniform(0, 0.2))

    def signal(self, names, number):
        for name in names:
            self.nodes[name].signal(number)

    def test_nodes_find_each_other_again_whatever_happened(self):
        self.start(NAMES)
        self.check()
        for _ in range(STEPS):
            what = self.random.choice(
                [self.kill, self.restart, self.freeze, self.flap])
            names = sorted(self.random.sample(
                NAMES, self.random.choice([1, 1, 2, len(NAMES)])))
            with self.subTest(f"{what.__name__} {' '.join(names)}"):
                what(names)
                self.check()
        self.check_once()
        for made in self.nodes.values():
            made.quit(5)


class MeshOverTls(OverTls, Mesh):
    """The same, and each reconnection shakes hands."""


if __name__ == "__main__":
    unittest.main()
