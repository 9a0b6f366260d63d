"""The chat of the built-in configuration, over raw frames."""

import json
import unittest
from urllib.parse import quote

from raw_client import BINARY, PING, PONG, Connection, WebSocket
from support import RelayTest, wait_until


class Chat(RelayTest):
    def join(self, room, name=None, **keys):
        """Returns a client in the room, welcomed when it has a name."""
        client = WebSocket(self.relay.port,
                           f"/ws/chat/{quote(room, safe='')}", **keys)
        self.addCleanup(client.close)
        if name is not None:
            self.say(client, {"type": "hello", "name": name})
            client.welcome = self.hear(client, "chat.welcome")
            self.hear(client, "chat.joined")
        return client

    @staticmethod
    def say(client, message):
        client.send_text(message if isinstance(message, str)
                         else json.dumps(message))

    def hear(self, client, topic):
        """Returns the data of the next message, which has this topic."""
        message = json.loads(client.read_text())
        self.assertEqual(set(message), {"topic", "data"})
        self.assertEqual(message["topic"], topic, message)
        return message["data"]

    def assert_hears_nothing(self, client):
        """What was sent before is there: a ping is answered after it."""
        client.send_frame(PING, b"anything?")
        self.assertEqual(client.read_frame().opcode, PONG)
        self.assertTrue(client.is_silent(0.05))

    def test_hello_is_answered_with_a_welcome(self):
        client = self.join("welcome", "Ann")
        self.assertEqual(client.welcome["room"], "welcome")
        self.assertEqual(client.welcome["members"], ["Ann"])
        self.assertEqual(client.welcome["history"], [])
        self.assertRegex(client.welcome["you"], r"^\d+@.+")

    def test_what_one_says_everybody_in_the_room_hears(self):
        ann, ben = self.join("talk", "Ann"), self.join("talk", "Ben")
        joined = self.hear(ann, "chat.joined")
        self.assertEqual(joined["name"], "Ben")
        self.assertEqual(sorted(joined["members"]), ["Ann", "Ben"])
        for who, name, text in ((ann, "Ann", "hello"),
                                (ben, "Ben", "größe \U0001f600"),
                                (ann, "Ann", '"quoted" \\ <b>')):
            self.say(who, {"type": "say", "text": text})
            for client in (ann, ben):
                self.assertEqual(self.hear(client, "chat.message"),
                                 {"from": name, "text": text})

    def test_another_room_hears_nothing(self):
        ann, other = self.join("one", "Ann"), self.join("two", "Other")
        self.say(ann, {"type": "say", "text": "secret"})
        self.hear(ann, "chat.message")
        self.assert_hears_nothing(other)

    def test_the_history_waits_for_who_comes_later(self):
        ann = self.join("history", "Ann")
        for i in range(3):
            self.say(ann, {"type": "say", "text": f"line {i}"})
            self.hear(ann, "chat.message")
        late = self.join("history", "Late")
        self.assertEqual(late.welcome["history"], [
            {"from": "Ann", "text": f"line {i}"} for i in range(3)])

    def test_an_empty_room_is_forgotten(self):
        ann = self.join("forgotten", "Ann")
        watcher = self.join("forgotten", "Watcher")
        self.hear(ann, "chat.joined")
        self.say(ann, {"type": "say", "text": "secret"})
        self.hear(ann, "chat.message")
        ann.leave()
        self.hear(watcher, "chat.message")
        self.hear(watcher, "chat.left")
        watcher.leave()

        def visit():
            visitor = self.join("forgotten", "Visitor")
            visitor.leave()
            return visitor.welcome["history"] == []
        wait_until(visit, "the room has no history")

    def test_a_name_that_leaves_is_told(self):
        ann, ben = self.join("leave", "Ann"), self.join("leave", "Ben")
        self.hear(ann, "chat.joined")
        ben.leave()
        self.assertEqual(self.hear(ann, "chat.left"),
                         {"name": "Ben", "members": ["Ann"]})
        ben = self.join("leave", "Ben")
        self.hear(ann, "chat.joined")
        ben.abort()
        self.assertEqual(self.hear(ann, "chat.left")["name"], "Ben")

    def test_a_close_frame_is_enough_to_have_left(self):
        ann, ben = self.join("close", "Ann"), self.join("close", "Ben")
        self.hear(ann, "chat.joined")
        ben.send_close(1000)  # its socket stays open
        self.assertEqual(self.hear(ann, "chat.left")["name"], "Ben")

    def test_room_names_are_percent_decoded(self):
        for room in ("with space", "größe", "a/b", "100%", "日本", "a+b?c#d",
                     '"quoted"', "{room}", "back\\slash"):
            with self.subTest(room=room):
                client = self.join(room, "Ann")
                self.assertEqual(client.welcome["room"], room)
                client.leave()

    def test_two_spellings_are_one_room(self):
        ann = self.join("room", "Ann")
        client = WebSocket(self.relay.port, "/ws/chat/%72oo%6D")
        self.addCleanup(client.close)
        self.say(client, {"type": "hello", "name": "Ben"})
        self.assertEqual(self.hear(client, "chat.welcome")["room"], "room")
        self.assertEqual(self.hear(ann, "chat.joined")["name"], "Ben")

    def test_a_room_that_is_no_text_is_refused(self):
        for path in ("/ws/chat/%ff", "/ws/chat/%00", "/ws/chat/%zz",
                     "/ws/chat/", "/ws/chat/a/b", "/ws/chat/%"):
            with self.subTest(path=path):
                with Connection(self.relay.port) as client:
                    response = client.request("GET", path)
                self.assertIn(response.status, (400, 404))

    def test_without_a_name_one_neither_speaks_nor_hears(self):
        silent = self.join("silent")
        self.say(silent, {"type": "say", "text": "x"})
        self.hear(silent, "chat.error")
        ann = self.join("silent", "Ann")
        self.assertEqual(ann.welcome["members"], ["Ann"])
        self.say(ann, {"type": "say", "text": "x"})
        self.hear(ann, "chat.message")
        self.assert_hears_nothing(silent)

    # Known failure 25: one bad value ended the process.
    def test_what_makes_no_sense_is_an_error_to_its_sender_alone(self):
        ann, ben = self.join("errors", "Ann"), self.join("errors", "Ben")
        self.hear(ann, "chat.joined")
        for text in ("", "{", "[]", "null", "{}", '{"type":1}', "x" * 100_000,
                     '{"type":"shout"}', '{"type":"say"}',
                     '{"type":"say","text":""}', '{"type":"say","text":7}',
                     json.dumps({"type": "say", "text": "x" * 4097}),
                     '{"type":"hello","name":"Twice"}',
                     '{"type":"say","text":"\\ud800"}', "[" * 50_000):
            with self.subTest(text=text[:50]):
                self.say(ann, text)
                self.hear(ann, "chat.error")
        ann.send_frame(BINARY, b"\xff\xfe")
        self.hear(ann, "chat.error")
        self.assert_hears_nothing(ben)

    def test_a_full_room_hears_everything_in_order(self):
        clients = [self.join("full", f"user {i}") for i in range(20)]
        for i in range(50):
            self.say(clients[i % 20], {"type": "say", "text": str(i)})
            for client in clients:
                message = json.loads(client.read_text())
                while message["topic"] == "chat.joined":
                    message = json.loads(client.read_text())
                self.assertEqual(message["data"]["text"], str(i))

    def test_one_who_stops_reading_delays_nobody(self):
        self.join("stalled", "Stalled", receive_buffer=4096)
        ann, ben = self.join("stalled", "Ann"), self.join("stalled", "Ben")
        self.hear(ann, "chat.joined")
        text, left = "x" * 4000, []
        for _ in range(60):
            for _ in range(50):
                self.say(ann, {"type": "say", "text": text})
            for client in (ann, ben):
                for _ in range(50):
                    message = json.loads(client.read_text())
                    if message["topic"] == "chat.left":
                        left.append(message["data"]["name"])
                        message = json.loads(client.read_text())
                    self.assertEqual(message["data"]["text"], text)
        # 12 MB do not fit into its queue: it was closed, and that was told.
        self.assertEqual(left, ["Stalled", "Stalled"])


if __name__ == "__main__":
    unittest.main()
