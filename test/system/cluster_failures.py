"""What happens to each relation between a connection and another node when a
node is killed, frozen, stopped or started again. The table in
net/cluster/FAILURES.md has a row for each sub-test and a column for each kind of
event."""

import signal
import time
import unittest

from authority import OverTls
from cluster_probe import DETECTION, TIMEOUT
from cluster_scene import LOST, RelationsTest
from raw_client import Connection, request_bytes, upgrade_fields
from support import wait_until

AT_ONCE = 1.0  # the kernel tells of the end of a process


class LostApp(RelationsTest):
    """The node of the target and of the watcher."""

    def setUp(self):
        self.start()
        self.relate()

    def check_lost(self, since, within, code):
        with self.subTest("connection"):
            self.scene.assert_closes(self.bound, code, within, since)
            self.scene.assert_closes(self.other_relay, code, within, since)
        with self.subTest("link"):
            self.scene.assert_closes(self.tied, code, within, since)
        with self.subTest("monitor, request, broadcast"):
            self.check_works(self.seen, self.plain)
        with self.subTest("bystanders"):
            self.check_works(self.other_app)

    def start_again(self):
        old = self.app1
        self.app1 = self.scene.app1 = self.scene.start_app(
            "app1", old.cluster_port)
        self.assertNotEqual(self.app1.id, old.id)
        undisturbed = self.seen, self.plain, self.other_app
        self.check_anew()
        self.check_works(*undisturbed)

    def test_killed_and_started_again(self):
        since = time.monotonic()
        self.app1.signal(signal.SIGKILL)
        self.check_lost(since, AT_ONCE, 1011)
        self.app1.wait()
        self.start_again()
        self.scene.stop()

    def test_killed_while_its_handler_is_asked(self):
        self.app1.do("handler front far@app1", "registered front .*")
        self.check_works(self.scene.connect_soon(self.relay1, "/ws/asked"))
        self.app1.signal(signal.SIGSTOP)
        with Connection(self.relay1.port) as browser:
            browser.send(request_bytes("GET", "/ws/asked", upgrade_fields()))
            self.assertTrue(browser.is_silent(0.3))
            since = time.monotonic()
            self.app1.signal(signal.SIGKILL)
            self.assertEqual(browser.response().status, 503)
            self.assertLess(time.monotonic() - since, AT_ONCE)
        self.app1.wait()
        self.scene.stop()

    def test_restarted(self):
        since = time.monotonic()
        self.app1.quit()
        self.check_lost(since, AT_ONCE, 1001)
        self.start_again()
        self.scene.stop()

    def test_frozen(self):
        old = self.app1.peers()["relay1"]
        since = time.monotonic()
        self.app1.signal(signal.SIGSTOP)
        self.check_lost(since, DETECTION, 1011)
        self.assertGreater(time.monotonic() - since, TIMEOUT - 1)
        self.app1.signal(signal.SIGCONT)
        with self.subTest("monitor"):
            # The connection lives, but app1 could not know that for a while.
            self.scene.assert_down(self.app1, self.seen.pid, LOST)
        with self.subTest("link, app1's side"):
            self.scene.assert_unlinked(self.app1, self.tied.pid, LOST)
        self.check_same_again(old)
        self.check_works(self.other_app)
        self.scene.stop()

    def test_frozen_for_less_than_the_timeout(self):
        self.app1.signal(signal.SIGSTOP)
        self.bound.send_text("patience")
        time.sleep(TIMEOUT / 2)
        self.app1.signal(signal.SIGCONT)
        self.assertEqual(self.bound.read_text(), "far 1 patience")
        self.assertFalse(self.app1.find("(down|unlinked) .*"))
        self.check_relations()
        self.scene.stop()


class LostRelay(RelationsTest):
    """The node of the connections."""

    def setUp(self):
        self.start()
        self.relate()
        self.old = self.app1.peers()["relay1"]
        self.app1.do(f"monitor {self.bound.pid}", "monitoring .*")

    def check_lost(self, since, within, reason=LOST):
        with self.subTest("monitor"):
            self.scene.assert_down(self.app1, self.seen.pid, reason, within)
            self.scene.assert_down(self.app1, self.bound.pid, reason, within)
        with self.subTest("link"):
            self.scene.assert_unlinked(self.app1, self.tied.pid, reason,
                                       within)
        self.assertLess(time.monotonic() - since, within)
        with self.subTest("request"):
            self.check_refused(self.plain)
        with self.subTest("broadcast"):
            self.scene.broadcast(self.app1, "b", self.plain, self.other_relay)
            self.assertEqual(self.other_relay.read_text(), "b")
        with self.subTest("bystanders"):
            self.check_works(self.other_relay)

    def start_again(self):
        self.assertNotIn("relay1", self.app1.peers())
        self.relay1 = self.scene.relay1 = self.scene.start_relay("relay1")
        self.assertNotEqual(self.app1.wait_for_peer("relay1"), self.old)
        with self.subTest("old PIDs"):
            self.assertRegex(self.app1.resolve(self.seen.pid),
                             "error no_such_peer.*")
        self.scene.assert_once(self.app1, self.seen.pid, self.tied.pid,
                               self.bound.pid)
        self.check_anew()
        self.check_works(self.scene.connect_far(self.relay1, self.app2))

    def test_killed_and_started_again(self):
        self.relay1.signal(signal.SIGSTOP)  # nor does it answer any more
        self.app1.request(self.asked.pid)
        since = time.monotonic()
        self.relay1.signal(signal.SIGKILL)
        self.check_lost(since, AT_ONCE)
        with self.subTest("request under way"):
            self.check_failed(self.asked, AT_ONCE)
        with self.subTest("connection"):
            # Nobody is left who could say it; a monitor tells.
            self.assertFalse(self.app1.find(f"leave far {self.bound.pid} .*"))
        self.relay1.wait()
        self.start_again()
        self.scene.stop()

    def test_restarted(self):
        since = time.monotonic()
        self.relay1.signal(signal.SIGTERM)
        for client in (self.bound, self.seen, self.tied, self.plain,
                       self.other_app):
            self.scene.assert_closes(client, 1001, AT_ONCE, since)
        with self.subTest("connection"):
            self.app1.expect(f"leave far {self.bound.pid} shutdown 1001 .*",
                             deadline=AT_ONCE)
        self.check_lost(since, 2 * AT_ONCE, "shutdown 1001 .*")
        self.assertEqual(self.relay1.wait(), 0)
        self.start_again()
        self.scene.stop()

    def test_frozen(self):
        since = time.monotonic()
        self.relay1.signal(signal.SIGSTOP)
        self.app1.request(self.asked.pid)
        self.check_lost(since, DETECTION)
        with self.subTest("request under way"):
            self.check_failed(self.asked)
        # Each node looks at times of its own.
        wait_until(lambda: "relay1" not in self.app2.peers(),
                   "app2 has lost it as well", DETECTION)
        self.relay1.signal(signal.SIGCONT)
        with self.subTest("connection"):
            self.scene.assert_closes(self.bound, 1011)
            self.scene.assert_closes(self.other_app, 1011)
        with self.subTest("link, relay1's side"):
            self.scene.assert_closes(self.tied, 1011)
        with self.subTest("monitor, relay1's side"):
            self.check_works(self.seen)
        self.check_same_again(self.old)
        self.check_works(self.scene.connect_far(self.relay1, self.app2))
        self.scene.stop()


class LostAppOverTls(OverTls, LostApp):
    """Everything once more."""


class LostRelayOverTls(OverTls, LostRelay):
    """Everything once more."""


if __name__ == "__main__":
    unittest.main()
