"""What happens to each relation between a connection and another node when a
node is killed, frozen, stopped or started again. The table in README.md has a
row for each sub-test and a column for each test."""

import signal
import time
import unittest

from cluster_probe import DETECTION, TIMEOUT
from cluster_scene import LOST, Scene

AT_ONCE = 1.0  # the kernel tells of the end of a process


class Failures(unittest.TestCase):
    def setUp(self):
        self.scene = Scene(self)
        self.app1, self.app2 = self.scene.app1, self.scene.app2
        self.relay1, self.relay2 = self.scene.relay1, self.scene.relay2
        # In what relation they are to app1, and who else could be disturbed.
        self.bound = self.scene.connect_far(self.relay1)
        self.seen = self.scene.connect_near(self.relay1)
        self.tied = self.scene.connect_near(self.relay1)
        self.plain = self.scene.connect_near(self.relay1)
        self.other_app = self.scene.connect_far(self.relay1, self.app2)
        self.other_relay = self.scene.connect_far(self.relay2)
        self.watch(self.app1)

    def watch(self, app):
        app.do(f"monitor {self.seen.pid}", "monitoring .*")
        app.do(f"link {self.tied.pid}", "linking .*")
        # Through the same pipe: what came before it has arrived.
        for client in (self.seen, self.tied):
            self.assertEqual(
                app.answer(f"request {client.pid} 0 x", client.pid), "ok")
            self.assertEqual(client.read_text(), "x")

    def check_works(self, *clients):
        for client in clients:
            self.scene.assert_works(client)

    # -- the node of the targets and watchers is lost --------------------------

    def check_lost_app(self, since, within, code=1011):
        """app1 is gone: every relation it had is dissolved."""
        with self.subTest("connection"):
            self.scene.assert_closes(self.bound, code, within, since)
            self.scene.assert_closes(self.other_relay, code, within, since)
        with self.subTest("link"):
            self.scene.assert_closes(self.tied, code, within, since)
        with self.subTest("monitor, request, broadcast"):
            self.check_works(self.seen, self.plain)
        with self.subTest("bystanders"):
            self.check_works(self.other_app)

    def check_new_app(self):
        """app1 is back, with nothing of what it knew."""
        with self.subTest("connection, afterwards"):
            self.bound = self.scene.connect_far(self.relay1, self.app1)
            self.other_relay = self.scene.connect_far(self.relay2, self.app1)
            self.check_works(self.bound, self.other_relay)
        with self.subTest("monitor and link, afterwards"):
            self.tied = self.scene.connect_near(self.relay1)
            self.watch(self.app1)
            self.tied.abort()
            self.scene.assert_unlinked(self.app1, self.tied.pid,
                                       "connection_lost 1006 .*")
            self.seen.leave()
            self.scene.assert_down(self.app1, self.seen.pid, "normal")
            self.scene.assert_once(self.app1, self.tied.pid, self.seen.pid)
        with self.subTest("request and broadcast, afterwards"):
            pid = self.plain.pid
            self.assertEqual(self.app1.answer(f"request {pid} 0 a", pid), "ok")
            self.scene.broadcast(self.app1, "b", self.plain, self.bound)
            self.assertEqual([self.plain.read_text() for _ in "ab"],
                             ["a", "b"])
            self.assertEqual(self.bound.read_text(), "b")

    def start_app_again(self):
        old = self.app1
        self.app1 = self.scene.app1 = self.scene.start_app(
            "app1", old.cluster_port)
        self.app1.register("later")
        self.assertNotEqual(self.app1.id, old.id)

    def test_app_killed_and_started_again(self):
        since = time.monotonic()
        self.app1.signal(signal.SIGKILL)
        self.check_lost_app(since, AT_ONCE)
        self.app1.wait()
        self.start_app_again()
        self.check_new_app()
        self.scene.stop()

    def test_app_restarted(self):
        since = time.monotonic()
        self.app1.quit()
        self.check_lost_app(since, AT_ONCE, 1001)
        self.start_app_again()
        self.check_new_app()
        self.scene.stop()

    def test_app_frozen(self):
        since = time.monotonic()
        self.app1.signal(signal.SIGSTOP)
        self.check_lost_app(since, DETECTION)
        self.assertGreater(time.monotonic() - since, TIMEOUT - 1)
        self.app1.signal(signal.SIGCONT)
        with self.subTest("monitor"):
            # The connection lives, but nobody can know that for a while.
            self.scene.assert_down(self.app1, self.seen.pid, LOST)
        with self.subTest("link, other side"):
            self.scene.assert_unlinked(self.app1, self.tied.pid, ".*")
        self.scene.assert_once(self.app1, self.seen.pid, self.tied.pid)
        self.know_anew()
        self.check_known_app()
        self.scene.stop()

    def know_anew(self):
        """The handles of before are those of actors that are gone; the same
        PIDs give new ones."""
        self.app1.wait_for_peer("relay1")
        for client in (self.seen, self.plain):
            self.assertEqual(self.app1.resolve(client.pid), client.pid)

    def check_known_app(self):
        """app1 was away and is the same."""
        with self.subTest("connection, afterwards"):
            self.bound = self.scene.connect_far(self.relay1)
            self.check_works(self.bound, self.scene.connect_far(self.relay2))
        with self.subTest("monitor, afterwards"):
            self.app1.do(f"monitor {self.seen.pid}", "monitoring .*")
            self.check_request()
            self.seen.leave()
            self.scene.assert_down(self.app1, self.seen.pid, "normal")
        with self.subTest("broadcast, afterwards"):
            self.scene.broadcast(self.app1, "b", self.plain, self.bound)
            for client in (self.plain, self.bound):
                self.assertEqual(client.read_text(), "b")

    def check_request(self):
        pid = self.seen.pid
        self.assertEqual(self.app1.answer(f"request {pid} 0 a", pid), "ok")
        self.assertEqual(self.seen.read_text(), "a")

    # -- the node of the connections is lost -----------------------------------

    def check_lost_relay(self, since, within, reason=LOST):
        """relay1 is gone; app1 learns of the end of its connections."""
        with self.subTest("monitor"):
            self.scene.assert_down(self.app1, self.seen.pid, reason, within)
        with self.subTest("link"):
            self.scene.assert_unlinked(self.app1, self.tied.pid, reason,
                                       within)
        self.assertLess(time.monotonic() - since, within)
        with self.subTest("request"):
            # In flight and later: no answer but that of the timeout.
            answer = self.app1.answer(
                f"request {self.plain.pid} 300 x", self.plain.pid)
            self.assertRegex(answer, "error .*")
        with self.subTest("broadcast"):
            self.scene.broadcast(self.app1, "b", self.bound, self.other_relay)
            self.assertEqual(self.other_relay.read_text(), "b")
        with self.subTest("bystanders"):
            self.check_works(self.other_relay)
        self.scene.assert_once(self.app1, self.seen.pid, self.tied.pid)

    def check_relay(self):
        """relay1 is there, again or anew."""
        with self.subTest("afterwards"):
            self.bound = self.scene.connect_far(self.relay1)
            self.seen = self.scene.connect_near(self.relay1)
            self.tied = self.scene.connect_near(self.relay1)
            self.plain = self.scene.connect_near(self.relay1)
            self.watch(self.app1)
            self.check_works(
                self.bound, self.scene.connect_far(self.relay1, self.app2))
            self.scene.broadcast(self.app1, "b", self.bound, self.plain)
            for client in (self.bound, self.plain):
                self.assertEqual(client.read_text(), "b")
            self.seen.leave()
            self.scene.assert_down(self.app1, self.seen.pid, "normal")
            self.tied.abort()
            self.scene.assert_unlinked(self.app1, self.tied.pid,
                                       "connection_lost 1006 .*")

    def start_relay_again(self):
        known = self.app1.peers().get("relay1")
        self.assertIsNone(known, "a lost node is no peer")
        self.relay1 = self.scene.relay1 = self.scene.start_relay("relay1")
        return self.app1.wait_for_peer("relay1")

    def test_relay_killed_and_started_again(self):
        old = self.app1.peers()["relay1"]
        self.app1.request(self.plain.pid, "in flight", 5000)
        since = time.monotonic()
        self.relay1.signal(signal.SIGKILL)
        self.check_lost_relay(since, AT_ONCE)
        with self.subTest("connection"):
            # Nobody is left to say good-bye.
            self.assertFalse(self.app1.find(f"leave far {self.bound.pid} .*"))
        self.relay1.wait()
        self.assertNotEqual(self.start_relay_again(), old)
        with self.subTest("old handles"):
            self.assertRegex(self.app1.resolve(self.seen.pid),
                             "error no_such_peer.*")
        self.check_relay()
        self.scene.stop()

    def test_relay_restarted(self):
        old = self.app1.peers()["relay1"]
        since = time.monotonic()
        self.relay1.signal(signal.SIGTERM)
        for client in (self.bound, self.seen, self.tied, self.plain,
                       self.other_app):
            self.scene.assert_closes(client, 1001, AT_ONCE, since)
        with self.subTest("connection"):
            self.app1.expect(f"leave far {self.bound.pid} shutdown 1001 .*",
                             deadline=AT_ONCE)
        self.check_lost_relay(since, 2 * AT_ONCE, "shutdown 1001 .*")
        self.assertEqual(self.relay1.wait(), 0)
        self.assertNotEqual(self.start_relay_again(), old)
        self.check_relay()
        self.scene.stop()

    def test_relay_frozen(self):
        old = self.app1.peers()["relay1"]
        since = time.monotonic()
        self.relay1.signal(signal.SIGSTOP)
        self.app1.request(self.plain.pid, "in flight", 5000)
        self.check_lost_relay(since, DETECTION)
        self.relay1.signal(signal.SIGCONT)
        with self.subTest("connection"):
            self.scene.assert_closes(self.bound, 1011)
            self.scene.assert_closes(self.other_app, 1011)
        with self.subTest("link, other side"):
            self.scene.assert_closes(self.tied, 1011)
        with self.subTest("monitor, other side"):
            self.check_works(self.seen)
        with self.subTest("request, other side"):
            # The kernel had it before the relay was lost.
            self.assertEqual(self.plain.read_text(), "in flight")
        self.assertEqual(self.app1.wait_for_peer("relay1"), old)
        self.know_anew()
        self.check_known_app()
        self.check_relay()
        self.scene.stop()


if __name__ == "__main__":
    unittest.main()
