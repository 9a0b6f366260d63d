"""The scene of the tests of failures: two relays, two nodes with targets, and
clients in every relation that the other node can have to a connection.

    relay1 --- app1      each relay connects to each app
          \\ /
          / \\
    relay2 --- app2
"""

import contextlib
import re
import time
import unittest

from cluster_probe import DETECTION, Probe, node
from raw_client import CLOSE, WebSocket
from support import Relay, endpoint, router, service, wait_until

ECHO = "echo"  # the relay's own target

LOST = "remote_link_unreachable"  # what CAF says of an actor on a lost node


class Host:
    """Where a node runs: the address of its cluster.node, the command that
    starts programs there, and how this process gets there."""

    def __init__(self, address="127.0.0.1", prefix=()):
        self.address = address
        self.prefix = prefix

    def inside(self):
        return contextlib.nullcontext()


def relay_config(name, peers, keys):
    quoted = ", ".join(f'"{peer}"' for peer in peers)
    return (service() + router(close_timeout="1s")
            + endpoint("far", "/far", 'relay: {target_pid: "far@app1"}')
            + endpoint("other", "/other", 'relay: {target_pid: "far@app2"}')
            + endpoint("near", "/near", f"relay: {{target_pid: {ECHO}}}")
            + endpoint("asked", "/asked", 'func: "front@app1"')
            + endpoint("given", "/given", 'func: "giver@app1"')
            + node(name, listen='"127.0.0.1:0"', peers=f"[{quoted}]", **keys))


class Scene:
    """The four nodes; `test` cleans up what it starts and says what the
    cluster.node of each name has besides."""

    def __init__(self, test, hosts=None):
        self.test = test
        self.hosts = hosts or {}
        self.clients = []
        self.app1 = self.start_app("app1")
        self.app2 = self.start_app("app2")
        self.relay1 = self.start_relay("relay1")
        self.relay2 = self.start_relay("relay2")
        for app in (self.app1, self.app2):
            for name in ("relay1", "relay2"):
                app.wait_for_peer(name)

    def host(self, name):
        return self.hosts.get(name, Host())

    def start_app(self, name, port=0):
        host = self.host(name)
        app = Probe(name, f"{host.address}:{port}", prefix=host.prefix,
                    **self.test.keys_of(name))
        self.test.addCleanup(app.end)
        app.register("far")
        return app

    def start_relay(self, name):
        peers = [f"{self.host(app.name).address}:{app.cluster_port}"
                 for app in (self.app1, self.app2)]
        host = self.host(name)
        relay = Relay(relay_config(name, peers, self.test.keys_of(name)),
                      prefix=host.prefix)
        relay.name = name
        self.test.addCleanup(relay.end)
        return relay

    def connect(self, relay, path):
        with self.host(relay.name).inside():
            client = WebSocket(relay.port, path)
        self.test.addCleanup(client.close)
        self.clients.append(client)
        return client

    def connect_soon(self, relay, path):
        """Returns a client as soon as the path's target can be reached."""
        def attempt():
            try:
                return self.connect(relay, path)
            except AssertionError as error:
                if "status=503" not in str(error):
                    raise
                return None
        return wait_until(attempt, f"{path} of {relay.name} works")

    def connect_far(self, relay, app=None):
        """Returns a client whose target is on `app`, app1 by default; `pid` is
        the connection's."""
        app = app or self.app1
        count = len(app.find(r"join far (\S+)"))
        path = "/ws/far" if app.name == "app1" else "/ws/other"
        client = self.connect_soon(relay, path)
        client.pid = app.expect(r"join far (\S+)", count + 1)[1]
        # From now on the app has its handle and asks nobody for it.
        self.test.assertEqual(app.resolve(client.pid), client.pid)
        return client

    def connect_near(self, relay):
        """Returns a client of the relay's own target whose connection app1
        knows."""
        client = self.connect_far(relay)
        self.test.assertEqual(
            self.app1.answer(f"control {client.pid} {ECHO}", client.pid), "ok")
        return client

    # -- what must hold ------------------------------------------------------

    def assert_works(self, client, text="works"):
        """A message goes to the client's target and comes back."""
        answer = client.echo(text)
        self.test.assertTrue(answer.endswith(text), answer)

    def assert_closes(self, client, code, within=DETECTION, since=None):
        """The client gets a close frame with this code; nothing before it."""
        since = since or time.monotonic()
        frame = client.read_frame()
        self.test.assertEqual((frame.opcode, frame.code), (CLOSE, code))
        self.test.assertLess(time.monotonic() - since, within)
        client.close()

    def assert_down(self, app, pid, reason, within=DETECTION):
        """The monitor of `app` fires, with this reason."""
        app.expect(rf"down {re.escape(pid)} {reason}", deadline=within)

    def assert_unlinked(self, app, pid, reason, within=DETECTION):
        app.expect(rf"unlinked {re.escape(pid)} {reason}", deadline=within)

    def assert_once(self, app, *pids):
        """No monitor and no link has fired twice."""
        for pid in pids:
            for what in ("down", "unlinked"):
                self.test.assertLessEqual(
                    len(app.find(rf"{what} {re.escape(pid)} .*")), 1,
                    app.stdout)

    def broadcast(self, app, text, *clients):
        """Sends one message to the connections of these clients."""
        pids = " ".join(client.pid for client in clients)
        app.do(f"broadcast {text} {pids}", rf"broadcast {len(clients)}")

    def stop(self):
        """Ends what still runs, cleanly and without waiting for clients."""
        for client in self.clients:
            client.close()
        for program in (self.relay1, self.relay2):
            if program.alive():
                program.stop()
        for program in (self.app1, self.app2):
            if program.alive():
                program.quit()


class SceneTest(unittest.TestCase):
    """Tests with a scene: `start` sets it. `times` are keys of each
    cluster.node."""

    def start(self, hosts=None, **times):
        self.times = times
        self.scene = Scene(self, hosts)
        self.app1, self.app2 = self.scene.app1, self.scene.app2
        self.relay1, self.relay2 = self.scene.relay1, self.scene.relay2

    def keys_of(self, _name):
        return self.times


class RelationsTest(SceneTest):
    """Tests of what becomes of each relation that app1 can have to a
    connection: `bound` has its target there, `seen` is monitored from there,
    `tied` is linked to an actor there, `plain` is only known there, and so is
    `asked`, for the request that is under way when a node is lost. The others
    are bystanders of what happens between app1 and relay1."""

    def relate(self):
        self.bound = self.scene.connect_far(self.relay1)
        self.seen = self.scene.connect_near(self.relay1)
        self.tied = self.scene.connect_near(self.relay1)
        self.plain = self.scene.connect_near(self.relay1)
        self.asked = self.scene.connect_near(self.relay1)
        self.other_app = self.scene.connect_far(self.relay1, self.app2)
        self.other_relay = self.scene.connect_far(self.relay2)
        self.watch()

    def watch(self):
        self.app1.do(f"monitor {self.seen.pid}", "monitoring .*")
        self.app1.do(f"link {self.tied.pid}", "linking .*")
        # The same way: what was sent before it has arrived.
        self.check_request(self.seen)
        self.check_request(self.tied)

    def check_works(self, *clients):
        for client in clients:
            self.scene.assert_works(client)

    def check_request(self, client):
        answer = self.app1.answer(f"request {client.pid} 0 x", client.pid)
        self.assertEqual(answer, "ok")
        self.assertEqual(client.read_text(), "x")

    def check_broadcast(self, *clients):
        self.scene.broadcast(self.app1, "b", *clients)
        for client in clients:
            self.assertEqual(client.read_text(), "b")

    def check_refused(self, client):
        """A request to an actor of a lost node fails at once, also without a
        timeout. A node that stops may still have the actor, closing."""
        def failure():
            answer = self.app1.answer(f"request {client.pid} 0 x", client.pid)
            return answer if answer != "error closing" else None

        self.assertEqual(wait_until(failure, "the request fails for good"),
                         "error request_receiver_down")

    def check_failed(self, client, within=DETECTION):
        """The request that was under way to this client fails. One other was
        answered before: the move to the relay's own target."""
        answer = rf"answer {re.escape(client.pid)} (.*)"
        self.assertEqual(self.app1.expect(answer, 2, within)[1],
                         "error request_receiver_down")

    def check_relations(self):
        """All of them work; `seen` and `tied` end."""
        with self.subTest("connection, afterwards"):
            self.check_works(self.bound)
        with self.subTest("request, afterwards"):
            self.check_request(self.plain)
        with self.subTest("broadcast, afterwards"):
            self.check_broadcast(self.plain, self.bound)
        with self.subTest("monitor, afterwards"):
            self.seen.leave()
            self.scene.assert_down(self.app1, self.seen.pid, "normal")
        with self.subTest("link, afterwards"):
            self.tied.abort()
            self.scene.assert_unlinked(self.app1, self.tied.pid,
                                       "connection_lost 1006 .*")

    def check_same_again(self, node_id):
        """relay1, known by this id, is back in sight of app1. `seen` and
        `plain` never ended; the handles of before are those of lost actors,
        but the same PIDs give new ones."""
        self.assertEqual(self.app1.wait_for_peer("relay1"), node_id)
        self.scene.assert_once(self.app1, self.seen.pid, self.tied.pid)
        for client in (self.seen, self.plain):
            self.assertEqual(self.app1.resolve(client.pid), client.pid)
        self.bound = self.scene.connect_far(self.relay1)
        self.tied = self.scene.connect_near(self.relay1)
        self.watch()
        self.check_relations()

    def check_anew(self):
        """app1 or relay1 was started again: nothing is left of what was."""
        self.bound = self.scene.connect_far(self.relay1)
        self.seen = self.scene.connect_near(self.relay1)
        self.tied = self.scene.connect_near(self.relay1)
        self.plain = self.scene.connect_near(self.relay1)
        self.watch()
        self.check_relations()
        self.scene.assert_once(self.app1, self.seen.pid, self.tied.pid)
