"""What tests of network partitions share: a scene on a network, and what must
hold while app1 and relay1 do not reach each other."""

from cluster_probe import DETECTION
from cluster_scene import LOST, RelationsTest
from namespaces import network_or_skip

NAMES = ("app1", "app2", "relay1", "relay2")


class PartitionTest(RelationsTest):
    """Tests with a network between the nodes, which they can cut."""

    def start_with_network(self, **times):
        self.network = network_or_skip(NAMES)
        self.addCleanup(self.network.close)
        self.start(self.network.hosts, **times)

    def check_cut(self, since):
        self.app1.request(self.asked.pid)
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
            self.check_refused(self.plain)
            self.check_failed(self.asked)
        with self.subTest("broadcast"):
            self.scene.broadcast(self.app1, "cut", self.plain,
                                 self.other_relay)
            self.assertEqual(self.other_relay.read_text(), "cut")
        with self.subTest("bystanders"):
            self.check_works(self.other_relay, self.plain)
