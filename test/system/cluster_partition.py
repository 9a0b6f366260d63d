"""What happens to each relation between a connection and another node when the
network between them drops everything, and when that ends. The tests are the
column "cut off" of the table in net/cluster/FAILURES.md."""

import re
import socket
import time
import unittest

from authority import OverTls
from cluster_cut import PartitionTest


class Partition(PartitionTest):
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


class PartitionOverTls(OverTls, Partition):
    """Everything once more."""


if __name__ == "__main__":
    unittest.main()
