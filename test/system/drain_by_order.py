"""`wsrelay drain` has a relay drain and end: over TCP, over the operator's
socket, through a peer; and what does not take such an order."""

import json
import re
import signal
import unittest

from cluster_probe import Probe, node
from operate_base import (NOT_FOUND, OK, REFUSED, cluster_port, met_peers,
                          run)
from raw_client import WebSocket
from support import Program, Relay, echo_config, wait_until

RETRY = re.compile(rb"retry=\d+")
STOPPED = "the node has stopped\n"


def config(name, peers="[]", lead="off", spread="500ms"):
    drain = f"{{lead: {lead}, spread: {spread}, rate: 100000, deadline: 15s}}"
    return (echo_config(dict(drain=drain))
            + node(name, listen='"127.0.0.1:0"', peers=peers))


class Base(unittest.TestCase):
    def start(self, text, drain="on"):
        relay = Relay(text, "--drain", drain)
        self.addCleanup(relay.end)
        return relay

    def connect(self, relay, count=20):
        clients = [WebSocket(relay.port) for _ in range(count)]
        for client in clients:
            self.addCleanup(client.close)
            self.assertEqual(client.echo("x"), "x")
        return clients

    def begin(self, *arguments, port=None):
        """Returns a `wsrelay drain` that runs."""
        where = ["--node", f"127.0.0.1:{port}"] if port else []
        command = Program("wsrelay", *where, "drain", *arguments)
        self.addCleanup(command.end)
        return command

    def assert_drained(self, clients):
        """Answers each close frame."""
        for client in clients:
            frame = client.read_close()
            self.assertEqual(frame.code, 1012)
            self.assertRegex(frame.payload[2:], RETRY)
            client.send_close(1012)
            client.close()

    def assert_ends(self, relay):
        self.assertEqual(relay.wait(), 0, relay.stderr)
        self.assertIn("draining: lead=", relay.stderr)
        self.assertRegex(relay.stderr, "operator: what=drain node=[0-9A-F]+#")
        self.assertIn('stopping: reason="an operator has ordered it to drain"',
                      relay.stderr)
        self.assertNotIn("stopping: signal=", relay.stderr)


class Order(Base):
    def test_a_relay_drains_and_ends(self):
        relay = self.start(config("relay1"))
        clients = self.connect(relay)
        command = self.begin(port=cluster_port(relay))
        self.assert_drained(clients)
        self.assert_ends(relay)
        self.assertEqual(command.wait(), OK, command.stderr)
        self.assertEqual(command.stdout, STOPPED)

    def test_progress_counts_the_connections(self):
        relay = self.start(config("relay1", lead="1s"))
        clients = self.connect(relay, 7)
        command = self.begin(port=cluster_port(relay))
        wait_until(lambda: "wsrelay: 7 connections\n" in command.stderr,
                   "all are counted")
        self.assert_drained(clients)
        self.assertEqual(command.wait(), OK, command.stderr)
        self.assertEqual(command.stdout, STOPPED)
        self.assert_ends(relay)

    def test_with_json_it_prints_that_alone(self):
        relay = self.start(config("relay1"))
        clients = self.connect(relay)
        command = self.begin("--json", port=cluster_port(relay))
        self.assert_drained(clients)
        self.assert_ends(relay)
        self.assertEqual(command.wait(), OK, command.stderr)
        self.assertEqual(json.loads(command.stdout), {"ok": True})
        self.assertEqual(command.stderr, "")

    def test_the_operators_socket_takes_it(self):
        relay = self.start(config("relay1"))
        clients = self.connect(relay)
        command = self.begin()
        self.assert_drained(clients)
        self.assert_ends(relay)
        self.assertEqual(command.wait(), OK, command.stderr)
        self.assertEqual(command.stdout, STOPPED)

    def test_the_node_may_come_from_the_environment(self):
        relay = self.start(config("relay1"))
        place = f"127.0.0.1:{cluster_port(relay)}"
        done = run("drain", environment={"WSRELAY_NODE": place})
        self.assertEqual((done.code, done.text), (OK, STOPPED), done.errors)
        self.assert_ends(relay)

    def test_an_empty_relay_ends_at_once(self):
        for _ in range(10):
            relay = self.start(config("relay1"))
            done = run("drain", port=cluster_port(relay))
            self.assertEqual((done.code, done.text), (OK, STOPPED),
                             done.errors)
            self.assert_ends(relay)
            relay.end()

    def test_a_signal_ends_the_draining(self):
        relay = self.start(config("relay1", spread="10s"))
        clients = self.connect(relay)
        command = self.begin(port=cluster_port(relay))
        wait_until(lambda: "draining" in relay.stderr, "it drains")
        relay.signal(signal.SIGTERM)
        codes = set()
        for client in clients:
            codes.add(client.read_close().code)
            client.send_close(1001)
            client.close()
        self.assertIn(1001, codes)
        self.assertLessEqual(codes, {1001, 1012})
        self.assert_ends(relay)
        self.assertEqual(command.wait(), OK, command.stderr)

    def test_who_does_not_drain_at_sigterm_drains_by_an_order(self):
        relay = self.start(config("relay1"), drain="off")
        clients = self.connect(relay, 3)
        command = self.begin(port=cluster_port(relay))
        for client in clients:
            self.assertEqual(client.read_close().code, 1012)
            client.close()
        self.assertEqual(relay.wait(), 0)
        self.assertIn("draining", relay.stderr)
        self.assertEqual(command.wait(), OK, command.stderr)


class ThroughAPeer(Base):
    def setUp(self):
        self.far = self.start(config("far"))
        peers = f'["127.0.0.1:{cluster_port(self.far)}"]'
        self.near = self.start(config("near", peers))
        self.port = cluster_port(self.near)
        wait_until(lambda: met_peers(self.port),
                   "the nodes know each other")

    def test_the_peer_drains_and_the_other_stays(self):
        clients, (staying,) = self.connect(self.far), self.connect(self.near,
                                                                   1)
        command = self.begin("--peer", "far", port=self.port)
        self.assert_drained(clients)
        self.assert_ends(self.far)
        self.assertEqual(command.wait(), OK, command.stderr)
        self.assertEqual(command.stdout, STOPPED)
        self.assertEqual(staying.echo("y"), "y")
        self.assertNotIn("draining", self.near.stderr)
        staying.leave()
        self.near.stop()

    def test_a_peer_that_is_not_there_is_no_other(self):
        done = run("drain", "--peer", "nobody", port=self.port)
        self.assertEqual(done.code, NOT_FOUND)
        self.assertIn("no such peer: nobody", done.errors)
        for relay in (self.far, self.near):
            self.assertNotIn("draining", relay.stderr)
            relay.stop()


class Refused(Base):
    TEXT = "the node's program does not drain by an order"

    def test_a_program_that_takes_no_order_stays(self):
        app = Probe("app1")
        self.addCleanup(app.end)
        done = run("drain", port=app.cluster_port)
        self.assertEqual((done.code, done.text), (REFUSED, ""))
        self.assertEqual(done.errors, f"wsrelay: {self.TEXT}\n")
        done = run("drain", "--json", port=app.cluster_port)
        self.assertEqual(done.code, REFUSED)
        self.assertEqual(done.error["text"], self.TEXT)
        self.assertEqual(done.error["exit"], REFUSED)
        app.quit()

    def test_the_same_through_a_peer(self):
        app = Probe("app1")
        self.addCleanup(app.end)
        relay = self.start(config("relay1",
                                  f'["127.0.0.1:{app.cluster_port}"]'))
        app.wait_for_peer("relay1")
        done = run("drain", "--peer", "app1", port=cluster_port(relay))
        self.assertEqual(done.code, REFUSED)
        self.assertIn(self.TEXT, done.errors)
        self.assertNotIn("draining", relay.stderr)
        app.quit()
        relay.stop()


if __name__ == "__main__":
    unittest.main()
