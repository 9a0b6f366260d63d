"""What an echo asks of the kernel: to wait, to read and to send."""

import re
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from raw_client import WebSocket
from support import SANITIZED, RelayTest, echo_config, wait_until

MESSAGES = 1000
MOST = 3.2  # calls per echo


class Tracer:
    """Counts the system calls of all threads of a process, from its
    construction to `count`. None can be attached where the machine forbids it:
    then `attached` is false."""

    def __init__(self, pid):
        self.folder = tempfile.TemporaryDirectory()
        self.errors = Path(self.folder.name) / "errors"
        self.summary = Path(self.folder.name) / "summary"
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                ["strace", "-f", "-c", "-o", self.summary, "-p", str(pid)],
                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
        wait_until(lambda: self.process.poll() is not None
                   or self.errors.read_text().count(" attached") > 0
                   and self._traced(pid) == threads, "the tracer is there")
        self.attached = self.process.poll() is None

    @staticmethod
    def _traced(pid):
        return sum("TracerPid:\t0" not in (task / "status").read_text()
                   for task in Path(f"/proc/{pid}/task").iterdir())

    def count(self):
        """Returns {name: calls}."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        found = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$",
                           self.summary.read_text(), re.M)
        return {name: int(calls) for calls, name in found if name != "total"}

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()


@unittest.skipIf(SANITIZED, "sanitizers have calls of their own")
@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
class SystemCalls(RelayTest):
    def test_an_echo_of_a_lone_client_takes_three(self):
        relay = self.start_relay(echo_config())
        client = WebSocket(relay.port)
        self.addCleanup(client.close)
        self.echo(client, 100)
        tracer = Tracer(relay.pid)
        self.addCleanup(tracer.close)
        if not tracer.attached:
            self.skipTest("the machine lets nobody trace")
        self.echo(client, MESSAGES)
        calls = tracer.count()
        self.assertLessEqual(sum(calls.values()) / MESSAGES, MOST, calls)

    def echo(self, client, count):
        for number in range(count):
            self.assertEqual(client.echo(f"message {number}"),
                             f"message {number}")


if __name__ == "__main__":
    unittest.main()
