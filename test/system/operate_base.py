"""What the tests of wsrelay, the operator's command line, share: running it,
reading what it prints, a node to run it against."""

import json
import os
import re
import subprocess

from cluster_probe import node
from raw_client import WebSocket
from support import (BUILD, DEADLINE, Program, RelayTest, endpoint, router,
                     service, wait_until)

OK, REFUSED, USAGE, UNREACHABLE, NOT_FOUND, TIMEOUT = range(6)


def config(name="relay1", peers="[]"):
    return (service() + router()
            + endpoint("echo", "/echo", "relay: {target_pid: echo}")
            + endpoint("chat", "/chat", "relay: {target_pid: chat}")
            + node(name, listen='"127.0.0.1:0"', peers=peers))


def cluster_port(relay):
    found = wait_until(
        lambda: re.search(r"listening on port (\d+)\n", relay.stdout),
        "the node listens for nodes")
    return int(found.group(1))


class Outcome:
    def __init__(self, done):
        self.code = done.returncode
        self.text = done.stdout.decode()
        self.errors = done.stderr.decode()

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def error(self):
        return json.loads(self.errors)["error"]

    @property
    def rows(self):
        """The table's rows, without its header."""
        return [line.split() for line in self.text.splitlines()[1:]]


def run(*arguments, port=None, environment=None):
    """Runs the command line to its end."""
    where = ["--node", f"127.0.0.1:{port}"] if port else []
    return Outcome(subprocess.run(
        [BUILD / "wsrelay", *where, *map(str, arguments)],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE,
        env={**os.environ, **(environment or {})}, check=False))


def met_peers(port):
    """Returns the rows of nodes that are connected."""
    return [each for each in run("peers", "--json", port=port).json
            if "state" not in each]


class Watch(Program):
    """A `wsrelay watch` that runs."""

    def __init__(self, port, pid, *arguments):
        where = ["--node", f"127.0.0.1:{port}"] if port else []
        super().__init__("wsrelay", *where, "watch", pid, *arguments)

    def lines(self):
        return self.stdout.splitlines()

    def wait_for(self, pattern):
        return wait_until(lambda: re.search(pattern, self.stdout),
                          f"{pattern} in the output")

    def wait_for_begin(self, cause_event):
        """An event of its own proves that it has begun."""
        def begun():
            cause_event()
            return self.stdout
        wait_until(begun, "the watch has begun")


class OperateTest(RelayTest):
    CONFIG = config()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.port = cluster_port(cls.relay)

    def wsrelay(self, *arguments, code=OK):
        done = run(*arguments, port=self.port)
        self.assertEqual(done.code, code, done.errors)
        return done

    def connect(self, path="/ws/echo"):
        client = WebSocket(self.relay.port, path)
        self.addCleanup(client.close)
        return client

    def connect_known(self, path="/ws/echo"):
        """Returns a client and the PID of its connection."""
        before = {row["pid"] for row in self.wsrelay("ps", "--json").json}
        client = self.connect(path)

        def new():
            return {row["pid"] for row in
                    self.wsrelay("ps", "--json").json} - before
        return client, wait_until(new, "the connection is listed").pop()

    def row(self, pid):
        return next(row for row in self.wsrelay("ps", "--json").json
                    if row["pid"] == pid)

    def pid_of(self, name):
        return next(row["pid"] for row in
                    self.wsrelay("targets", "--json").json
                    if row["name"] == name)

    def watch(self, pid, *arguments):
        """Returns a watch that has begun."""
        watch = Watch(self.port, pid, *arguments)
        self.addCleanup(watch.end)
        watch.wait_for_begin(lambda: self.wsrelay("send", pid, "probe"))
        return watch
