"""A node that stops: the others know at once, and it ends in time whatever it
has spawned. And two nodes that offer one name, one of which goes."""

import re
import signal
import threading
import time
import unittest

from cluster_probe import Probe, node
from cluster_scene import SceneTest
from raw_client import Closed, WebSocket
from support import Relay, endpoint, router, service, wait_until

AT_ONCE = 1.0
SHUTDOWN_TIMEOUT = 10  # of a node without an http.service, its default


class Stopping(SceneTest):
    """app1 is told to end by a signal, as every program is."""

    def setUp(self):
        self.start()

    def stop_app(self):
        self.app1.do("serve", "serving")
        since = time.monotonic()
        self.app1.signal(signal.SIGTERM)
        return since

    def guests(self, kind, count=4):
        """Clients of app1's targets without a name."""
        self.app1.do(f"{kind} front", "registered front .*")
        guests = [self.scene.connect_soon(self.relay1, "/ws/asked")
                  for _ in range(count)]
        for guest in guests:
            self.assertEqual(guest.echo("hi"), "front 1 hi")
        return guests

    def test_it_ends_whatever_it_has_spawned(self):
        guests = self.guests("stubborn")
        named = self.scene.connect_far(self.relay1)
        near = self.scene.connect_near(self.relay1)
        tied = self.scene.connect_near(self.relay1)
        bystander = self.scene.connect_far(self.relay1, self.app2)
        self.app1.do(f"monitor {near.pid}", "monitoring .*")
        self.app1.do(f"link {tied.pid}", "linking .*")
        self.app1.do("forget", "forgot")
        since = self.stop_app()
        for client in (*guests, named, tied):
            self.scene.assert_closes(client, 1001, AT_ONCE, since)
        self.assertEqual(self.app1.wait(SHUTDOWN_TIMEOUT), 0)
        self.assertLess(time.monotonic() - since, 2 * AT_ONCE)
        self.assertRegex(self.app1.stdout, f"leave far {named.pid} shutdown "
                                           "1001 0\n")
        self.scene.assert_works(near)
        self.scene.assert_works(bystander)
        with self.subTest("the relay says it once"):
            log = self.relay1.log()
            self.assertEqual(log.count("peer stops: name=app1"), 1, log)
            self.assertNotIn("peer lost", log)
            # The linked one's end was not told before, and is its own.
            self.assertEqual(log.count("connection ended"),
                             log.count("cause=exited code=1001"), log)
        self.scene.stop()

    def test_an_actor_that_does_not_end_does_not_hold_it(self):
        guests = self.guests("immortal")
        since = self.stop_app()
        for client in guests:
            self.scene.assert_closes(client, 1001, AT_ONCE, since)
        self.assertEqual(self.app1.wait(SHUTDOWN_TIMEOUT + 2), 0)
        self.assertGreater(time.monotonic() - since, SHUTDOWN_TIMEOUT - 1)
        self.assertIn("actors left at the end of the shutdown: actors=4",
                      self.app1.stderr)
        self.scene.stop()

    def test_a_frozen_node_does_not_hold_it(self):
        self.scene.connect_far(self.relay1)
        self.relay1.signal(signal.SIGSTOP)
        since = self.stop_app()
        self.assertEqual(self.app1.wait(SHUTDOWN_TIMEOUT), 0)
        self.assertLess(time.monotonic() - since, 2.5)
        self.relay1.signal(signal.SIGCONT)
        self.scene.stop()


def relay_config():
    return (service() + router(close_timeout="1s")
            + endpoint("room", "/room", "relay: {target_pid: room}")
            + endpoint("only", "/only", 'relay: {target_pid: "only@app"}')
            + node("relay", listen='"127.0.0.1:0"'))


class Visitors:
    """Clients that come all the time; tells who was refused."""

    def __init__(self, port, path):
        self.port, self.path = port, path
        self.refused, self.served, self.stopped = [], 0, False
        self.threads = [threading.Thread(target=self.run) for _ in range(3)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.stopped:
            try:
                client = WebSocket(self.port, self.path)
            except AssertionError as error:
                self.refused.append(str(error))
                continue
            try:
                client.echo("x")
                self.served += 1
            except (Closed, AssertionError, OSError):
                pass  # its target has just gone: closed, and not refused
            finally:
                client.close()

    def stop(self):
        self.stopped = True
        for thread in self.threads:
            thread.join()


class TwoOffers(unittest.TestCase):
    """Two nodes offer the same name to one relay."""

    def setUp(self):
        self.relay = Relay(relay_config())
        self.addCleanup(self.relay.end)
        self.port = int(re.search(r"listening on port (\d+)\n",
                                  self.relay.stdout)[1])

    def start_app(self, name, offered="room"):
        app = Probe(name, peers=[f"127.0.0.1:{self.port}"])
        self.addCleanup(app.end)
        app.do(f"offer {offered}", f"registered {offered} .*")
        app.wait_for_peer("relay")
        return app

    def is_served(self, app, name="room"):
        """Returns whether a client comes to this node's target."""
        count = len(app.find(f"join {name} .*"))
        try:
            client = WebSocket(self.relay.port, f"/ws/{name}")
        except AssertionError:
            return False  # refused: not yet
        try:
            client.echo("x")
            client.leave()
        except Closed:
            return False  # its target has just gone
        finally:
            client.close()
        return len(app.find(f"join {name} .*")) > count

    def test_a_rolling_deploy_refuses_nobody(self):
        apps = [self.start_app("app1")]
        wait_until(lambda: self.is_served(apps[0]), "the first one is there")
        visitors = Visitors(self.relay.port, "/ws/room")
        self.addCleanup(visitors.stop)
        for name in ("app2", "app1", "app2"):
            apps.append(self.start_app(name))
            wait_until(lambda: "offer waits" in apps[-1].stderr,
                       "the next one stands in line")
            apps[-2].quit()
            wait_until(lambda: self.is_served(apps[-1]), "it takes over",
                       AT_ONCE)
        time.sleep(0.2)
        visitors.stop()
        self.assertEqual(visitors.refused, [])
        self.assertGreater(visitors.served, 10)
        apps[-1].quit()
        self.relay.stop()

    def test_the_second_takes_over_when_the_first_is_killed(self):
        first = self.start_app("app1")
        wait_until(lambda: self.is_served(first), "the first one is there")
        second = self.start_app("app2")
        wait_until(lambda: "offer waits" in second.stderr, "it waits")
        first.signal(signal.SIGKILL)
        wait_until(lambda: self.is_served(second), "it takes over", AT_ONCE)
        second.quit()
        self.relay.stop()

    def test_of_two_nodes_with_one_name_the_one_that_is_left_is_known(self):
        older = self.start_app("app", "only")
        wait_until(lambda: self.is_served(older, "only"), "it is there")
        newer = self.start_app("app", "only")
        wait_until(lambda: self.is_served(newer, "only"), "it is meant")
        self.assertEqual(self.relay.log().count("two nodes have one name"), 1)
        newer.signal(signal.SIGKILL)
        wait_until(lambda: self.is_served(older, "only"), "it is known again",
                   AT_ONCE)
        older.quit()
        self.relay.stop()


if __name__ == "__main__":
    unittest.main()
