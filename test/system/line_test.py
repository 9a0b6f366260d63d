"""Relays with a line between them that a test makes slow."""

import re
import unittest

from cluster_probe import node
from raw_client import WebSocket
from support import Relay, endpoint, router, service, wait_until


def cluster_port(program):
    return int(re.search(r"listening on port (\d+)\n", program.stdout)[1])


class LineTest(unittest.TestCase):
    options = {"max_message_size": "8MiB"}  # of the router

    def start(self, name, *peers, **keys):
        """A relay with an echo and a chat, which others may connect to."""
        quoted = ", ".join(f'"127.0.0.1:{port}"' for port in peers)
        relay = Relay(service()
                      + router(**self.options)
                      + endpoint("far", "/far",
                                 'relay: {target_pid: "echo@app1"}')
                      + endpoint("bulk", "/bulk",
                                 'relay: {target_pid: "chat@app1"}')
                      + node(name, listen='"127.0.0.1:0"',
                             peers=f"[{quoted}]", **keys))
        self.addCleanup(relay.end)
        relay.cluster_port = cluster_port(relay)
        return relay

    def connect_soon(self, relay):
        def attempt():
            try:
                return WebSocket(relay.port, "/ws/far")
            except AssertionError:  # 503: not yet
                return None
        client = wait_until(attempt, "the other node is there")
        self.addCleanup(client.close)
        return client

    def expect_line(self, relay, *parts):
        wait_until(lambda: any(all(part in line for part in parts)
                               for line in relay.stderr.split("\n")),
                   f"{parts} in the log: {relay.stderr}")
