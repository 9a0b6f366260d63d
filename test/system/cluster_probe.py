"""Nodes of a cluster that do what a test tells them: wsrelayd and
wsrelay_cluster_probe (test/cluster), with the times that the tests of
failures count on."""

import re
import subprocess
import tempfile
from pathlib import Path

from support import DEADLINE, REPORTS, Program, wait_until

# Seconds. A lost node is noticed after the timeout, counted from its last sign
# of life, at the next tick of the interval. The slack is for a busy machine.
INTERVAL, TIMEOUT, SLACK = 0.3, 1.5, 1.5
DETECTION = TIMEOUT + INTERVAL + SLACK


def node(name, **keys):
    """Returns the entry of a cluster.node."""
    keys = {"heartbeat_interval": f"{INTERVAL * 1000:.0f}ms",
            "heartbeat_timeout": f"{TIMEOUT * 1000:.0f}ms",
            "reconnect_min": "50ms", "reconnect_max": "300ms", **keys}
    lines = "".join(f"  {key}: {value}\n" for key, value in keys.items())
    return f"- name: {name}\n  kind: cluster.node\n{lines}"


class Probe(Program):
    """A node without an http.service. `listen` is HOST:PORT; `peers` is a list
    of such; `keys` are more keys of the cluster.node."""

    def __init__(self, name, listen="127.0.0.1:0", peers=(), prefix=(),
                 **keys):
        self.name = name
        self.folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        file = Path(self.folder.name, "probe.yaml")
        quoted = ", ".join(f'"{peer}"' for peer in peers)
        file.write_text(node(name, listen=f'"{listen}"', peers=f"[{quoted}]",
                             **keys))
        super().__init__("test/wsrelay_cluster_probe", file, prefix=prefix,
                         stdin=subprocess.PIPE)
        try:
            self.cluster_port = int(self.expect(
                rf"node {name} listening on port (\d+)")[1])
            self.id = self.expect(r"id (\S+)")[1]
        except BaseException:
            self.end()
            raise

    @property
    def lines(self):
        # The last one may be incomplete.
        return self.stdout.split("\n")[:-1]

    def find(self, pattern):
        """Returns the matches of whole lines."""
        found = (re.fullmatch(pattern, line) for line in self.lines)
        return [match for match in found if match]

    def expect(self, pattern, count=1, deadline=DEADLINE):
        """Returns the match number `count` of whole lines; waits for it."""
        def check():
            found = self.find(pattern)
            if len(found) >= count:
                return found
            if not self.alive():
                raise AssertionError(f"{self.name} is gone: {self.stderr}")
            return None
        try:
            return wait_until(check, f"{self.name}: {pattern}",
                              deadline)[count - 1]
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.stdout}") from None

    def tell(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def do(self, line, answer):
        """Says a line and returns the match of the answer that comes next."""
        count = len(self.find(answer))
        self.tell(line)
        return self.expect(answer, count + 1)

    def register(self, name):
        """Spawns a target and returns its PID."""
        return self.do(f"register {name}", rf"registered {name} (\S+)")[1]

    def request(self, pid, text="x", patience=0):
        """Sends a ws.send as a request; `answer` tells what came of it."""
        self.tell(f"request {pid} {patience} {text}")

    def answer(self, line, pid):
        """Says a line that is a request to `pid`; returns "ok" or the
        error."""
        return self.do(line, rf"answer {re.escape(pid)} (.*)")[1]

    def resolve(self, text):
        """Returns the PID of a name, or "error ..."."""
        escaped = re.escape(text)
        return self.do(f"resolve {text}", rf"resolved {escaped} (.*)")[1]

    def peers(self):
        """Returns the connected nodes: id by name."""
        found = self.do("peers", r"peers(.*)")[1].split()
        return dict(pair.split("=", 1) for pair in found)

    def wait_for_peer(self, name):
        """Returns the node id of a peer once it is connected."""
        return wait_until(lambda: self.peers().get(name),
                          f"{self.name} knows {name}")

    def quit(self, deadline=DEADLINE):
        """Ends it as an operator does; fails unless that was clean."""
        self.tell("quit")
        try:
            status, errors = self.wait(deadline), self.stderr
        finally:
            self.end()
        if status != 0 or REPORTS.search(errors):
            raise AssertionError(f"exit status {status}\n{errors}")

    def end(self):
        super().end()
        self.process.stdin.close()
        self.folder.cleanup()
