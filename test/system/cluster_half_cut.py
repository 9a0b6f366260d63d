"""Partitions that are not plain: in one direction, about as long as the timeout,
and a node out of reach while others come and go."""

import signal
import time
import unittest

from authority import OverTls
from cluster_cut import PartitionTest
from cluster_probe import TIMEOUT
from raw_client import CLOSE
from support import wait_until


class HalfCut(PartitionTest):
    def test_one_direction_is_cut(self):
        for speaker, listener in (("app1", "relay1"), ("relay1", "app1")):
            with self.subTest(f"{speaker} is not heard by {listener}"):
                self.start_with_network()
                self.relate()
                old = self.app1.peers()["relay1"]
                since = time.monotonic()
                self.network.mute(speaker, listener)
                self.check_cut(since)
                self.network.heal()
                self.check_same_again(old)
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


class HalfCutOverTls(OverTls, HalfCut):
    """Everything once more."""


if __name__ == "__main__":
    unittest.main()
