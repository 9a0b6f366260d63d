"""The example programs, each as a user would try it."""

import json
import re
import signal
import subprocess
import unittest
from pathlib import Path

from raw_client import Connection, WebSocket
from support import HERE, Program, Relay, wait_until


class Example(Program):
    """An example that listens."""

    def __init__(self, name, **keys):
        super().__init__(f"examples/{name}", "127.0.0.1:0", **keys)
        try:
            self.port = wait_until(self._port, f"{name} listens")
        except BaseException:
            self.end()
            raise

    def _port(self):
        found = re.search(r"listening on http://127\.0\.0\.1:(\d+)\n",
                          self.stdout)
        return found and int(found.group(1))


class ExampleTest(unittest.TestCase):
    def setUp(self):
        self.clients = []

    def start(self, name, **keys):
        example = Example(name, **keys)
        self.addCleanup(example.end)
        return example

    def connect(self, example, path):
        client = WebSocket(example.port, path)
        self.addCleanup(client.close)
        self.clients.append(client)
        return client

    def read_event(self, client):
        envelope = json.loads(client.read_text())
        return envelope["topic"], envelope["data"]

    def stop(self, example):
        for client in self.clients:
            client.leave()
        example.signal(signal.SIGTERM)
        self.assertEqual(example.wait(), 0)

    def test_a_hub_tells_all_of_its_clients(self):
        hub = self.start("hub")
        ann, bob = (self.connect(hub, "/hub") for _ in range(2))
        # Bob hears himself only once the hub knows him.
        bob.send_text("here")
        self.assertEqual(bob.read_text(), "here")
        ann.send_text("hi")
        self.assertEqual(bob.read_text(), "hi")
        hub.signal(signal.SIGTERM)
        for client in (ann, bob):
            self.assertEqual(client.read_close().code, 1001)
            client.close()
        self.assertEqual(hub.wait(), 0)

    def test_each_client_has_a_session_of_its_own(self):
        sessions = self.start("session_per_client")
        ann = self.connect(sessions, "/session/ann")
        self.assertEqual(self.read_event(ann), ("welcome", "ann"))
        for count in (1, 2):
            ann.send_text("x")
            self.assertEqual(self.read_event(ann), ("count", count))
        bob = self.connect(sessions, "/session/bob")
        self.assertEqual(self.read_event(bob), ("welcome", "bob"))
        bob.send_text("x")
        self.assertEqual(self.read_event(bob), ("count", 1))
        self.stop(sessions)

    def test_a_handler_turns_a_client_away_with_plain_http(self):
        sessions = self.start("session_per_client")
        with Connection(sessions.port) as client:
            response = client.request("GET", "/session/nobody")
            self.assertEqual(response.status, 401)
            self.assertEqual(response.body, b"who are you?")
        self.stop(sessions)

    def test_rooms_are_apart(self):
        rooms = self.start("rooms")
        blue, red = (self.connect(rooms, f"/room/{name}")
                     for name in ("blue", "red"))
        for client, text in ((blue, "sky"), (red, "rose")):
            client.send_text(text)
        self.assertEqual(blue.read_text(), "sky")
        self.assertEqual(red.read_text(), "rose")
        self.stop(rooms)

    def test_presence_prints_who_came_and_how_they_went(self):
        presence = self.start("presence")
        client = self.connect(presence, "/presence")
        wait_until(lambda: "here " in presence.stdout, "somebody is here")
        client.abort()
        self.clients.clear()
        wait_until(lambda: "1006 connection lost" in presence.stdout,
                   "somebody is gone")
        self.stop(presence)

    def test_a_client_moves_to_the_game_and_back(self):
        lobby = self.start("game_lobby")
        client = self.connect(lobby, "/lobby")
        self.assertEqual(self.read_event(client), ("lobby", "welcome"))
        client.send_text("play")
        self.assertEqual(self.read_event(client), ("game", "started"))
        client.send_text("e2e4")
        self.assertEqual(self.read_event(client), ("game.move", 2))
        client.send_text("back")
        self.assertEqual(self.read_event(client), ("lobby", "welcome"))
        self.stop(lobby)

    def test_a_failed_worker_closes_its_client(self):
        work = self.start("linked_worker")
        client = self.connect(work, "/work")
        client.send_text("12")
        self.assertEqual(self.read_event(client), ("square", 144))
        client.send_text("twelve")
        self.assertEqual(client.read_close().code, 1011)
        client.close()
        self.clients.clear()
        self.stop(work)

    def test_a_message_type_of_ones_own_reaches_clients(self):
        ticker = self.start("ticker", stdin=subprocess.PIPE)
        with ticker.process.stdin as quotes:
            client = self.connect(ticker, "/ticker")
            # It hears quotes once the ticker knows it.
            def attempt():
                quotes.write(b"ABC 1250\n")
                quotes.flush()
                return not client.is_silent(0.05)
            wait_until(attempt, "a quote")
            self.assertEqual(self.read_event(client),
                             ("quote", {"symbol": "ABC", "cents": 1250}))
            client.abort()
        self.clients.clear()
        self.assertEqual(ticker.wait(), 0)

    # -- a node of its own ------------------------------------------------------

    def start_relay(self, cluster_port=0):
        config = Path(HERE.parents[1], "tools/examples/app_node.yaml")
        text = config.read_text().replace(":8080", ":0")
        relay = Relay(text.replace(":9000", f":{cluster_port}"))
        self.addCleanup(relay.end)
        relay.cluster_port = re.search(r"node relay1 listening on port (\d+)",
                                       relay.stdout)[1]
        return relay

    def start_app(self, relay, *names):
        app = Program("examples/app_node", f"127.0.0.1:{relay.cluster_port}",
                      *names)
        self.addCleanup(app.end)
        return app

    def greet(self, relay, path):
        """Returns the greeting, once what greets is there."""
        def attempt():
            try:
                return self.connect(relay, path)
            except AssertionError:  # 503: not yet
                return None
        client = wait_until(attempt, "the application has offered itself")
        return client.echo("ann")

    def test_an_application_node_offers_itself_after_every_restart(self):
        relay = self.start_relay()
        app = self.start_app(relay)
        self.assertEqual(self.greet(relay, "/greet"), "hello ann")
        with Connection(relay.port) as client:
            self.assertEqual(client.request("GET", "/knock").status, 401)
        self.assertEqual(self.greet(relay, "/knock?word=friend"), "hello ann")
        app.signal(signal.SIGKILL)
        for client in self.clients:
            self.assertEqual(client.read_close().code, 1011)
        app.wait()
        app = self.start_app(relay)
        self.assertEqual(self.greet(relay, "/greet"), "hello ann")
        relay.signal(signal.SIGKILL)
        relay.wait()
        self.clients.clear()
        relay = self.start_relay(relay.cluster_port)
        self.assertEqual(self.greet(relay, "/greet"), "hello ann")
        app.signal(signal.SIGTERM)
        self.assertEqual(app.wait(), 0)
        self.clients.clear()
        relay.end()

    def test_an_application_is_replaced_by_a_node_of_another_name(self):
        relay = self.start_relay()
        old = self.start_app(relay)
        self.assertEqual(self.greet(relay, "/greet"), "hello ann")
        new = self.start_app(relay, "app2")
        wait_until(lambda: "offer waits: peer=relay1 name=greeter"
                   in new.stderr, "the offer waits")
        old.signal(signal.SIGTERM)
        self.assertEqual(old.wait(), 0)
        self.assertEqual(self.greet(relay, "/greet"), "hello ann")
        other = self.start_app(relay, "app3", "another")
        wait_until(lambda: "offer waits: peer=relay1 name=door"
                   in other.stderr, "the door waits")
        self.assertIn("offering another and door", other.stdout)
        self.assertNotIn("name=another", other.stderr)
        for app in (new, other):
            app.signal(signal.SIGTERM)
            self.assertEqual(app.wait(), 0)
        self.clients.clear()
        relay.end()


if __name__ == "__main__":
    unittest.main()
