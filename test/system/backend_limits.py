"""What a backend.service bounds: backends that are slow, who may be one, and what
operators see of them."""

import os
import tempfile
import unittest

from admin_base import Api, admin, admin_port
from backend_base import BackendTest, backends, config
from raw_client import Connection, WebSocket
from support import Relay, service, wait_until

TOKEN = "a-token-of-a-backend"


class Flow(BackendTest):
    def test_what_is_not_taken_holds_one_client(self):
        relay = self.start(config(window="4"))
        game = self.backend(relay)
        game.offer("game", acks=True)
        (slow, pid), (quick, other) = (self.play(relay, game)
                                       for _ in range(2))
        sent = slow.send_until_held("x" * 60_000, 64 << 20)
        self.assertLess(sent, 32 << 20)
        for i in range(1, 20):
            quick.send_text("y")
            game.hear("message", pid=other)
            game.say("taken", to=other, seq=i)
        game.say("taken", to=pid, seq=1 << 40)
        relay_more = game.hear("message", pid=pid)
        self.assertEqual(relay_more["name"], "game")

    def test_one_that_does_not_read_costs_no_memory(self):
        relay = self.start()
        game = self.backend(relay, receive_buffer=4096)
        game.offer("game")
        clients = []
        for _ in range(20):
            client = WebSocket(relay.port, "/ws/play")
            self.addCleanup(client.close)
            game.accept("game")
            clients.append(client)
        before = relay.resident_bytes()
        for client in clients:
            client.socket.settimeout(0.2)
            try:
                for _ in range(1000):
                    client.send_text("x" * 16_000)
            except OSError:
                pass
        self.assertLess(relay.resident_bytes() - before, 200 << 20)
        # Its own orders are not taken for ever, either.
        game.socket.socket.settimeout(1)
        try:
            for i in range(1_000_000):
                game.say("send", to="nobody", data="x", id=i)
        except OSError:
            pass
        self.assertLess(relay.resident_bytes() - before, 250 << 20)
        self.assertLess(i, 900_000)


class Access(BackendTest):
    def setUp(self):
        folder = tempfile.mkdtemp()
        self.file = os.path.join(folder, "token")
        with open(self.file, "w", encoding="ascii") as out:
            out.write(TOKEN + "\n")
        self.addCleanup(os.rmdir, folder)
        self.addCleanup(os.remove, self.file)

    def test_a_token_is_wanted(self):
        relay = self.start(config().replace(
            'backend.service\n', f'backend.service\n  token_file: {self.file}\n'
        ))
        for token in (None, "another-token-of-one", TOKEN + "x"):
            with self.assertRaisesRegex(AssertionError, "401"):
                self.backend(relay, token=token)
        self.assertEqual(self.backend(relay, token=TOKEN).offer("game")["type"],
                         "ok")

    def test_who_speaks_another_subprotocol_is_refused(self):
        relay = self.start()
        port = self.port(relay)
        with self.assertRaisesRegex(AssertionError, "400"):
            WebSocket(port, "/")
        with Connection(port) as client:
            self.assertIn(client.request("GET", "/").status, (400, 426))
            self.assertEqual(client.request("GET", "/x").status, 404)

    def test_bad_entries_are_told(self):
        for text, word in (
                (backends(max_message_size="1"), "max_message_size"),
                (backends(token_file="/nowhere"), "token_file"),
                (backends().replace("127.0.0.1", "0.0.0.0"), "token_file"),
                (backends(threads=2), "threads"),
                (backends().replace("name: backends", "name: gateway"),
                 "gateway")):
            with self.assertRaisesRegex(AssertionError, word):
                Relay(service(threads=1) + text)


class Operators(BackendTest):
    def test_a_reload_keeps_what_is_connected(self):
        relay = self.start(config(admin()))
        game = self.backend(relay)
        game.offer("game")
        client, _ = self.play(relay, game)
        api = Api(admin_port(relay))
        done = api.post("reload")
        self.assertEqual((done.status, done.json["changed"]), (200, []))
        client.send_text("on")
        self.assertEqual(game.hear("message")["data"], "on")
        text = api.get("config").text
        self.assertIn("backend.service", text)
        self.assertNotIn("backends.backend", text)
        wait_until(lambda: len(api.connections()["connections"]) == 2, "both")
        self.stop(relay, game)


if __name__ == "__main__":
    unittest.main()
