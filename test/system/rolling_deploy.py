"""Nodes with targets are deployed one after the other while clients send: by
moving their connections away first, and by parking them."""

import signal
import time
import unittest

from cluster_probe import Probe, node
from operate_base import OK, cluster_port, run
from raw_client import WebSocket
from support import Relay, endpoint, router, service, wait_until
from swarm import Swarm

CLIENTS = 1000


def config(apps, **options):
    quoted = ", ".join(f'"127.0.0.1:{app.cluster_port}"' for app in apps)
    return (service() + router(close_timeout="1s", **options)
            + endpoint("room", "/room", "relay: {target_pid: room}")
            + endpoint("first", "/first", 'relay: {target_pid: "room@app1"}')
            + endpoint("deaf", "/deaf", 'relay: {target_pid: "deaf@app1"}')
            + endpoint("near", "/near", "relay: {target_pid: echo}")
            + node("relay", listen='"127.0.0.1:0"', peers=f"[{quoted}]"))


class Deploy(unittest.TestCase):
    def start(self, **options):
        self.apps = [self.start_app("app1"), self.start_app("app2")]
        self.relay = Relay(config(self.apps, **options))
        self.addCleanup(self.relay.end)
        for app in self.apps:
            app.wait_for_peer("relay")
        self.port = cluster_port(self.relay)

    def start_app(self, name, port=0):
        app = Probe(name, f"127.0.0.1:{port}")
        self.addCleanup(app.end)
        app.do("quiet room", "registered room .*")
        return app

    def swarm(self, count=CLIENTS, path="/ws/room", **options):
        swarm = Swarm(self.relay.port, path, count, **options)
        self.addCleanup(swarm.end)
        self.wait_for_answers(swarm)
        return swarm

    def wait_for_answers(self, swarm):
        """Everybody is answered something new."""
        before = [each.sent for each in swarm.members]
        wait_until(lambda: all(each.sent - len(each.missing) > old or each.end
                               for each, old in zip(swarm.members, before)),
                   "all are answered")

    def joined(self, place):
        return len(self.apps[place].find("join room .*"))

    def owner(self):
        """Returns which node has the clients: the first that offered."""
        return 0 if self.joined(0) else 1

    def again(self, place):
        """The application was deployed; it is there as soon as the relay
        knows it."""
        app = self.apps[place]
        app = self.apps[place] = self.start_app(app.name, app.cluster_port)
        app.wait_for_peer("relay")
        return app

    def drain(self, *arguments):
        return run("drain", *arguments, port=self.port)

    def assert_whole(self, swarm):
        swarm.rest()
        wait_until(lambda: swarm.closed or not swarm.missing, "all is answered")
        self.assertEqual(swarm.closed, [])
        self.assertEqual(swarm.doubled, [])
        self.assertEqual(swarm.missing, 0)

    def test_moved_away_first_nobody_is_closed_and_nothing_lost(self):
        self.start()
        swarm = self.swarm()
        first = self.owner()
        for place, other in ((first, 1 - first), (1 - first, first)):
            source, target = self.apps[place].name, self.apps[other].name
            done = self.drain("--node", source, "--to", target)
            self.assertEqual((done.code, done.text),
                             (OK, f"moved {CLIENTS} connections\n"),
                             done.errors)
            self.assertIn(f"moved {CLIENTS} in all", done.errors)
            self.apps[place].quit()
            self.again(place)
            self.wait_for_answers(swarm)
        self.assert_whole(swarm)

    def test_new_clients_go_to_the_other_node_meanwhile(self):
        self.start()
        before = self.swarm(10)
        place = self.owner()
        self.assertEqual(self.drain("--node", self.apps[place].name, "--to",
                                    self.apps[1 - place].name).code, OK)
        self.swarm(10)
        self.assertEqual(self.joined(place), 10)
        self.assertEqual(self.joined(1 - place), 20)
        self.assert_whole(before)

    def test_parked_they_go_on_at_the_other_node(self):
        self.start(on_target_exit="park", park_events="true",
                   park_time="20s", park_redeliver="true")
        swarm = self.swarm()
        first = self.owner()
        for place in (first, 1 - first):
            self.apps[place].do("serve", "serving")
            self.apps[place].signal(signal.SIGTERM)
            self.assertEqual(self.apps[place].wait(), 0)
            self.wait_for_answers(swarm)
            self.again(place)
        self.assert_whole(swarm)
        events = {tuple(each.events) for each in swarm.members}
        self.assertEqual(events, {("relay.parked", "relay.resumed") * 2})

    def test_killed_and_started_again_it_gets_what_waited(self):
        self.start(on_target_exit="park", park_time="20s",
                   park_redeliver="true")
        swarm = self.swarm(200, "/ws/first")
        self.apps[0].signal(signal.SIGKILL)
        self.apps[0].wait()
        wait_until(lambda: "peer lost" in self.relay.stderr, "it is lost")
        time.sleep(0.5)  # longer than any client is silent
        self.again(0)
        self.wait_for_answers(swarm)
        # At least once: what it answered may have been lost on the way back.
        swarm.rest()
        wait_until(lambda: swarm.closed or not swarm.missing, "all is answered")
        self.assertEqual((swarm.closed, swarm.missing), ([], 0))

    def test_without_redelivery_who_waits_for_an_answer_is_told(self):
        self.start(on_target_exit="park", park_time="20s")
        idle = self.swarm(20, "/ws/first")
        self.assert_whole(idle)
        self.apps[0].do("deaf deaf", "registered deaf .*")
        busy = Swarm(self.relay.port, "/ws/deaf", 20)
        self.addCleanup(busy.end)
        wait_until(lambda: busy.missing > 60, "they wait")
        self.apps[0].signal(signal.SIGKILL)
        wait_until(lambda: len(busy.closed) == 20, "they are closed")
        self.assertEqual(set(busy.closed), {1011})
        self.assertEqual(idle.closed, [])

    def test_a_time_that_is_over_closes_as_ever(self):
        self.start(on_target_exit="park", park_time="1s")
        swarm = self.swarm(20)
        for app in self.apps:
            app.do("serve", "serving")
            app.signal(signal.SIGTERM)
        wait_until(lambda: len(swarm.closed) == 20, "they are closed")
        self.assertEqual(set(swarm.closed), {1001})
        self.assertIn("connection parked:", self.relay.stderr)

    def test_a_target_is_emptied_into_another_one(self):
        self.start()
        clients = [WebSocket(self.relay.port, "/ws/near") for _ in range(100)]
        for client in clients:
            self.addCleanup(client.close)
        done = self.drain("--target", "echo", "--to", "room@app2", "--json")
        self.assertEqual((done.code, done.json),
                         (OK, {"moved": 100, "failed": 0}))
        self.assertEqual(self.joined(1), 100)

    def test_what_cannot_be_moved_is_listed(self):
        self.start()
        self.swarm(3)
        done = self.drain("--node", "app1", "--to", "app3")
        self.assertEqual((done.code, done.errors),
                         (4, "wsrelay: no such peer: app3\n"))
        done = self.drain("--target", "room", "--to", "nobody")
        self.assertEqual((done.code, done.errors),
                         (4, "wsrelay: nobody: no such target\n"))
        self.apps[0].do("deaf deaf", "registered deaf .*")
        for _ in range(3):
            self.addCleanup(WebSocket(self.relay.port, "/ws/deaf").close)
        done = self.drain("--node", "app1", "--to", "app2")
        self.assertEqual(done.code, 4)
        self.assertEqual(len([line for line in done.errors.splitlines()
                              if "to deaf@app2: no such target" in line]), 3,
                         done.errors)

    def test_who_goes_back_gets_the_new_clients_again(self):
        self.start()
        self.assertEqual(self.drain("--node", "app1", "--to", "app2").code, OK)
        self.assertEqual(self.drain("--node", "app2", "--to", "app1").code, OK)
        self.swarm(5)
        self.assertEqual((self.joined(0), self.joined(1)), (5, 0))

    def test_a_node_that_is_silent_holds_no_drain_for_long(self):
        self.start()
        swarm = self.swarm(200)
        place = self.owner()
        self.apps[1 - place].signal(signal.SIGSTOP)
        begin = time.monotonic()
        done = self.drain("--node", self.apps[place].name, "--to",
                          self.apps[1 - place].name)
        self.assertNotEqual(done.code, OK)
        self.assertLess(time.monotonic() - begin, 18)
        self.assertRegex(done.errors, "room@")
        self.apps[1 - place].signal(signal.SIGCONT)
        self.assert_whole(swarm)


if __name__ == "__main__":
    unittest.main()
