"""What tests of a backend.service share: its configuration, and a relay with
backends and clients."""

import re
import unittest

from backend_client import Backend
from raw_client import WebSocket
from support import Relay, endpoint, router, service


def backends(**keys):
    lines = "".join(f"  {key}: {value}\n" for key, value in keys.items())
    return ("- name: backends\n  kind: backend.service\n"
            f"  addr: \"127.0.0.1:0\"\n{lines}")


def config(*more, **options):
    """Returns /ws/play for a target game, /ws/ask for a handler game."""
    options = {"close_timeout": "500ms", **options}
    return (service(threads=1) + router(**options)
            + endpoint("play", "/play", "relay: {target_pid: game, state: s, "
                       "metadata: {user: ann}, groups: [all]}")
            + endpoint("ask", "/ask/{what}", "func: game")
            + backends() + "".join(more))


class BackendTest(unittest.TestCase):
    def start(self, text=None):
        relay = Relay(text or config())
        self.addCleanup(relay.end)
        return relay

    @staticmethod
    def port(relay):
        return int(re.search(r"backends on http://127\.0\.0\.1:(\d+)\n",
                             relay.stdout)[1])

    def backend(self, relay, **keys):
        found = Backend(self.port(relay), **keys)
        self.addCleanup(found.close)
        return found

    @staticmethod
    def stop(relay, *backends):
        for each in backends:
            each.close()
        relay.stop()

    def play(self, relay, backend, name="game"):
        """Returns an open client, its join accepted."""
        client = WebSocket(relay.port, "/ws/play")
        self.addCleanup(client.close)
        return client, backend.accept(name)["pid"]
