"""What happens to each relation between a connection and another node when the
network between them drops everything, and when that ends. The tests are the
column "partition" of the table in README.md."""

import re
import signal
import socket
import time
import unittest

from cluster_probe import DETECTION, TIMEOUT
from cluster_scene import LOST, RelationsTest
from namespaces import network_or_skip
from raw_client import CLOSE
from support import wait_until

NAMES = ("app1", "app2", "relay1", "relay2")


class Partition(RelationsTest):
    def start_with_network(self, **times):
        self.network = network_or_skip(NAMES)
        self.addCleanup(self.network.close)
        self.start(self.network.hosts, **times)

    def check_cut(self, since):
        with self.subTest("connection"):
            self.scene.assert_closes(self.bound, 1011, DETECTION, since)
            self.assertFalse(self.app1.find(f"leave far {self.bound.pid} .*"))
        with self.subTest("monitor"):
            self.scene.assert_down(self.app1, self.seen.pid, LOST)
            self.check_works(self.seen)
        with self.subTest("link"):
            self.scene.assert_closes(self.tied, 1011, DETECTION, since)
            self.scene.assert_unlinked(self.app1, self.tied.pid, LOST)
        with self.subTest("request"):
            self.check_no_answer(self.plain)
        with self.subTest("broadcast"):
            self.scene.broadcast(self.app1, "cut", self.plain,
                                 self.other_relay)
            self.assertEqual(self.other_relay.read_text(), "cut")
        with self.subTest("bystanders"):
            self.check_works(self.other_relay, self.plain)

    def test_a_cut_is_silent(self):
        self.start_with_network()
        address = (self.network.hosts["app1"].address, self.app1.cluster_port)
        with self.network.hosts["relay1"].inside():
            socket.create_connection(address, 5).close()
            self.network.cut("app1", "relay1")
            with self.assertRaises(TimeoutError):
                socket.create_connection(address, 0.3)
        with self.network.hosts["relay2"].inside():
            socket.create_connection(address, 5).close()
        self.network.heal()
        with self.network.hosts["relay1"].inside():
            socket.create_connection(address, 5).close()
        self.scene.stop()

    def test_two_nodes_are_cut_off_from_each_other_and_meet_again(self):
        self.start_with_network()
        self.relate()
        old = self.app1.peers()["relay1"]
        since = time.monotonic()
        self.network.cut("app1", "relay1")
        self.check_cut(since)
        self.check_works(self.other_app)
        self.network.heal()
        self.check_same_again(old)
        self.check_works(self.other_app, self.other_relay)
        self.scene.stop()

    def test_a_relay_is_cut_off_from_everybody(self):
        self.start_with_network()
        self.relate()
        old = self.app1.peers()["relay1"]
        since = time.monotonic()
        self.network.cut("app1", "app2", "relay1")
        self.check_cut(since)
        self.scene.assert_closes(self.other_app, 1011)
        self.network.heal()
        self.check_same_again(old)
        self.check_works(self.scene.connect_far(self.relay1, self.app2))
        self.scene.stop()

    def test_a_node_that_cannot_be_reached_holds_up_nobody(self):
        self.start_with_network()
        bound = self.scene.connect_far(self.relay1)
        self.network.cut("app1", "relay1")
        self.scene.assert_closes(bound, 1011)
        time.sleep(0.5)  # the relay tries to connect, and nobody says no
        with self.subTest("another node comes back meanwhile"):
            self.app2.signal(signal.SIGKILL)
            self.app2.wait()
            self.app2 = self.scene.app2 = self.scene.start_app(
                "app2", self.app2.cluster_port)
            self.app2.wait_for_peer("relay1")
            self.check_works(self.scene.connect_far(self.relay1, self.app2))
        with self.subTest("the relay is stopped meanwhile"):
            for client in self.scene.clients:
                client.close()
            self.relay1.stop(deadline=5)
        self.network.heal()
        self.scene.stop()

    def test_a_cut_shorter_than_the_timeout_loses_nothing(self):
        # TCP tries again after 0.2, 0.6, 1.4 and 3 s: a node is silent for
        # longer than the cut.
        self.start_with_network(heartbeat_timeout="5s")
        self.relate()
        self.network.cut("app1", "relay1")
        for i in range(100):
            self.bound.send_text(f"m{i}")
        self.app1.request(self.seen.pid, "asked")
        self.scene.broadcast(self.app1, "b", self.plain, self.bound)
        time.sleep(1)
        self.assertFalse(self.app1.find("message .*"))
        self.network.heal()
        with self.subTest("connection, broadcast"):
            texts = [self.bound.read_text() for _ in range(101)]
            self.assertEqual(texts.pop(texts.index("b")), "b")
            self.assertEqual(texts, [f"far {i + 1} m{i}" for i in range(100)])
        with self.subTest("request"):
            self.assertEqual(self.seen.read_text(), "asked")
            self.app1.expect(rf"answer {re.escape(self.seen.pid)} ok", 2)
        with self.subTest("broadcast"):
            self.assertEqual(self.plain.read_text(), "b")
        with self.subTest("monitor, link"):
            self.check_works(self.tied)
            self.assertFalse(self.app1.find("(down|unlinked) .*"))
        self.assertNotIn("peer lost", self.relay1.stderr + self.app1.stderr)
        self.scene.stop()

    def test_a_cut_about_as_long_as_the_timeout_ends_one_way_or_the_other(self):
        self.start_with_network()
        for seconds in (TIMEOUT - 0.4, TIMEOUT, TIMEOUT + 0.3):
            with self.subTest(seconds=seconds):
                bound = self.scene.connect_far(self.relay1)
                self.network.cut("app1", "relay1")
                bound.send_text("x")
                time.sleep(seconds)
                self.network.heal()
                frame = bound.read_frame()
                if frame.opcode == CLOSE:
                    self.assertEqual(frame.code, 1011)
                else:
                    self.assertEqual(frame.payload, b"far 1 x")
                bound.close()
                wait_until(self.is_settled, "they know each other")
                self.check_works(self.scene.connect_far(self.relay1))
        self.scene.stop()

    def is_settled(self):
        """The relay reaches app1, and app1 the relay's connections."""
        client = self.scene.connect_far(self.relay1)
        answer = self.app1.answer(f"request {client.pid} 500 x", client.pid)
        return answer == "ok"


if __name__ == "__main__":
    unittest.main()
