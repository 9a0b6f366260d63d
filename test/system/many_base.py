"""What tests with very many events share: programs in Python that are killed and
started again, and what they have heard. The environment's WSRELAY_LONG makes them
as large as they are meant; `tools/test --long` says so."""

import os
import resource
import subprocess
import sys
import tempfile
import unittest
from collections import defaultdict, namedtuple
from pathlib import Path

from support import HERE, Relay, wait_until

LONG = "WSRELAY_LONG" in os.environ
PATIENCE = 1200 if LONG else 60  # seconds; machines that do other work, too

Heard = namedtuple("Heard", "kind seq id text")


class ManyTest(unittest.TestCase):
    def setUp(self):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name, "heard")

    def relay_of(self, config):
        relay = Relay(config)
        self.addCleanup(relay.end)
        return relay

    def run_program(self, name, *arguments):
        """Returns a program beside this file, once it has printed a line."""
        found = subprocess.Popen(
            [sys.executable, "-B", HERE / name, *map(str, arguments)],
            stdout=subprocess.PIPE)
        self.addCleanup(found.stdout.close)
        self.addCleanup(found.wait)
        self.addCleanup(found.kill)
        self.assertTrue(found.stdout.readline(), f"{name} does not start")
        return found

    @staticmethod
    def kill(program):
        program.kill()
        program.wait()

    def heard(self):
        """Returns what was heard of each connection, in its order."""
        found = defaultdict(list)
        for line in self.file.read_text().splitlines():
            number, *rest = line.split(" ", 4)
            found[number].append(Heard(*rest))
        return found

    def wait_for_end(self, swarm):
        """All that is said has come back, but to who was closed."""
        wait_until(lambda: all(
            each.end is not None
            or each.sent == each.most and not each.missing
            for each in swarm.members), "all is answered", PATIENCE)
