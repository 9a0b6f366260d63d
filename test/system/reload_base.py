"""A relay whose configuration is written anew while it runs."""

import re
import tempfile
import unittest
from pathlib import Path

from admin_base import Api, admin, admin_port
from operate_base import run
from raw_client import Connection, WebSocket, upgrade_fields
from support import Program, Relay, endpoint, router, service, wait_until

ECHO = endpoint("echo", "/echo", "relay: {target_pid: echo}")
CHAT = endpoint("chat", "/chat", "relay: {target_pid: chat}")


def base(service_keys=None, **options):
    """Returns /ws/echo and the admin listener; options are the router's. No
    client holds the end of a node for long."""
    return (service(**{"threads": 2, **(service_keys or {})})
            + router(**{"close_timeout": "500ms", **options}) + ECHO + admin())


class Node(Relay):
    """A wsrelayd of which only the configuration says what it does."""

    def __init__(self, config, *arguments):
        self.folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        self.file = Path(self.folder.name, "relay.yaml")
        self.socket = Path(self.folder.name, "operator.sock")
        self.write(config)
        Program.__init__(self, "wsrelayd", "--config", self.file,
                         "--operator-socket", self.socket, *arguments)
        try:
            self.urls = wait_until(self._urls, "wsrelayd listens")
            self.port = int(self.urls[0].rsplit(":", 1)[1])
            self.api = Api(admin_port(self))
            wait_until(lambda: self.api.ready().status == 200, "it is ready")
        except BaseException:
            self.end()
            raise

    def _urls(self):
        if not self.alive():
            raise AssertionError(f"wsrelayd does not start: {self.stderr}")
        return re.findall(r"listening on (\S+)\n", self.stdout)

    def write(self, config):
        new = self.file.with_suffix(".new")
        new.write_text(config)
        new.rename(self.file)  # nobody reads a half

    def wsrelay(self, *arguments):
        return run("--node", self.socket, *arguments)

    def reload(self, config=None):
        """Returns what `wsrelay reload` says of it."""
        if config is not None:
            self.write(config)
        done = self.wsrelay("reload", "--json")
        if done.code != 0:
            raise AssertionError(done.errors)
        return done.json

    def lines(self, pattern):
        return re.findall(f"(?m)^.*{pattern}.*$", self.stderr)

    def service_port(self, name):
        """Returns where a service listens: the node has told at the start."""
        for each in self.api.get("node").json["services"]:
            if each["name"] == name:
                return int(each["urls"][0].rsplit(":", 1)[1])
        raise AssertionError(f"no service {name}")


class ReloadTest(unittest.TestCase):
    def start(self, config, *arguments):
        node = Node(config, *arguments)
        self.addCleanup(node.end)
        return node

    def connect(self, node, path="/ws/echo", fields=(), port=None):
        client = WebSocket(port or node.port, path, fields)
        self.addCleanup(client.close)
        return client

    def status(self, node, path="/ws/echo", fields=(), port=None):
        """Returns what a handshake is answered with."""
        with Connection(port or node.port) as client:
            return client.request("GET", path,
                                  [*upgrade_fields(), *fields]).status
