"""Backends over one WebSocket: names, connections, requests, what they may say
to whom, and what becomes of all that when they go."""

import json
import re
import subprocess
import threading
import unittest

from backend_base import BackendTest, config
from raw_client import Connection, WebSocket, upgrade_fields
from support import HERE, wait_until


class Life(BackendTest):
    def setUp(self):
        self.relay = self.start()
        self.game = self.backend(self.relay)
        self.assertEqual(self.game.offer("game"), {"type": "ok", "id": 1})

    def test_a_connection_from_its_begin_to_its_end(self):
        client, pid = self.play(self.relay, self.game)
        client.send_text("grüße")
        self.assertEqual(self.game.hear("message"), {
            "type": "message", "name": "game", "pid": pid, "seq": 1,
            "data": "grüße"})
        client.send_frame(2, b"\xff\0")
        found = self.game.hear("message")
        self.assertEqual((found["seq"], found["bytes"]), (2, b"\xff\0"))
        self.game.say("send", to=pid, data="hallo")
        self.game.say("send", b"\0\xff", to=pid)
        self.game.say("event", to=pid, topic="news", data={"a": [1, None]})
        self.assertEqual(client.read_text(), "hallo")
        self.assertEqual(client.read_message()[1], b"\0\xff")
        self.assertEqual(json.loads(client.read_text()),
                         {"topic": "news", "data": {"a": [1, None]}})
        client.send_close(4001, "bye")
        left = self.game.hear("leave")
        self.assertEqual((left["reason"], left["code"], left["text"],
                          left["last_seq"]),
                         ("client_closed", 4001, "bye", 2))
        self.game.say("send", to=pid, data="last word")
        self.game.say("ok", ref=left["ref"])
        self.assertEqual(client.read_text(), "last word")
        self.assertEqual(client.read_close().code, 4001)
        self.stop(self.relay, self.game)

    def test_what_a_join_tells(self):
        client = WebSocket(self.relay.port, "/ws/play")
        self.addCleanup(client.close)
        joined = self.game.hear("join")
        self.assertEqual((joined["name"], joined["metadata"],
                          joined["state"]), ("game", {"user": "ann"}, "s"))
        self.assertRegex(joined["traceparent"], "^00-")

    def test_a_join_may_be_refused(self):
        client = WebSocket(self.relay.port, "/ws/play")
        self.game.say("error", ref=self.game.hear("join")["ref"], text="no")
        self.assertEqual(client.read_close().code, 1011)
        client.close()

    def test_it_answers_requests(self):
        with Connection(self.relay.port) as client:
            got = []
            thread = threading.Thread(target=lambda: got.append(
                client.request("GET", "/ws/ask/x?y=1")))
            thread.start()
            asked = self.game.hear("http", path="/ws/ask/x")
            self.assertEqual((asked["method"], asked["query"],
                              asked["params"]),
                             ("GET", "y=1", [["what", "x"]]))
            self.game.say("response", ref=asked["ref"], status=418,
                          headers=[["X-A", "b"]], body="short")
            thread.join()
            self.assertEqual((got[0].status, got[0].get("X-A"), got[0].body),
                             (418, "b", b"short"))

    def test_an_answer_that_is_none_is_told_to_both(self):
        with Connection(self.relay.port) as client:
            got = []
            thread = threading.Thread(target=lambda: got.append(
                client.request("GET", "/ws/ask/x")))
            thread.start()
            asked = self.game.hear("http")
            self.game.say("response", ref=asked["ref"], relay="text")
            self.assertEqual(self.game.hear("error")["ref"], asked["ref"])
            thread.join()
            self.assertGreaterEqual(got[0].status, 500)

    def test_its_response_may_open_a_websocket(self):
        got = []
        thread = threading.Thread(target=lambda: got.append(
            WebSocket(self.relay.port, "/ws/ask/room")))
        thread.start()
        asked = self.game.hear("http", websocket=True)
        self.game.say("response", ref=asked["ref"], relay={
            "target_pid": "game", "metadata": {"room": 7}})
        joined = self.game.accept("game")
        thread.join()
        self.assertEqual(joined["metadata"], {"room": 7})
        got[0].close()

    def test_errors_name_what_they_are_of(self):
        for what, members, error in (
                ("send", {"to": "nobody", "data": "x"}, "no_such_target"),
                ("send", {"to": "wsrelay.node", "data": "x"},
                 "no_such_target"),
                ("send", {"to": "x"}, "invalid_message"),
                ("send", {"to": "x", "data": "y", "colour": 1},
                 "invalid_message"),
                ("dance", {}, "invalid_message"),
                ("offer", {"names": ["wsrelay.mine"]}, "invalid_message"),
                ("group_send", {"group": "a b", "data": "x"},
                 "invalid_message")):
            with self.subTest(what, **members):
                found = self.game.ask(what, **members)
                self.assertEqual((found["type"], found["error"]),
                                 ("error", error))
        self.game.say("send", to="nobody", data="x")
        self.assertEqual(self.game.hear("error"), {
            "type": "error", "of": "send", "to": "nobody",
            "error": "no_such_target", "text": "no such target"})
        self.game.socket.send_text("{")
        self.assertEqual(self.game.hear("error")["error"], "invalid_message")
        self.game.socket.send_frame(2, b"\0\0\1\0{}")
        self.assertEqual(self.game.hear("error")["error"], "invalid_message")
        client, pid = self.play(self.relay, self.game)
        self.assertEqual(self.game.ask("close", to=pid, code=1006)["error"],
                         "invalid_close")
        self.assertEqual(self.game.ask("close", to=pid, code=4000)["type"],
                         "ok")
        self.assertEqual(client.read_close().code, 4000)

    def test_a_connection_moves_from_name_to_name(self):
        self.game.offer("lobby")
        client, pid = self.play(self.relay, self.game)
        client.send_text("a")
        self.game.hear("message", seq=1)
        self.game.say("control", id=77, to=pid, target="lobby",
                      metadata={"level": 2})
        joined = self.game.accept("lobby")
        self.assertEqual(joined["metadata"], {"level": 2})
        left = self.game.hear("leave", name="game")
        self.assertEqual(left["reason"], "transferred")
        self.game.say("ok", ref=left["ref"])
        self.game.hear("ok", id=77)
        client.send_text("b")
        self.assertEqual(self.game.hear("message", seq=2)["name"], "lobby")

    def test_groups_and_others(self):
        (ann, pid), (bob, _) = (self.play(self.relay, self.game)
                                for _ in range(2))
        self.assertEqual(self.game.ask("group_send", group="all", data="a",
                                       **{"except": pid})["type"], "ok")
        self.game.ask("control", to=pid, leave_groups=["all"],
                      join_groups=["some"])
        self.game.ask("group_event", group="some", topic="t", data=1)
        self.assertEqual(bob.read_text(), "a")
        self.assertEqual(ann.read_text(), '{"topic":"t","data":1}')
        self.game.say("group_close", group="all", code=4002)
        self.assertEqual(bob.read_close().code, 4002)

    def test_ends_are_told(self):
        client, pid = self.play(self.relay, self.game)
        self.assertEqual(self.game.ask("monitor", to=pid)["type"], "ok")
        self.assertEqual(self.game.ask("link", to=pid)["type"], "ok")
        client.abort()
        down = self.game.hear("down")
        self.assertEqual((down["to"], down["reason"], down["code"]),
                         (pid, "connection_lost", 1006))
        self.assertEqual(self.game.hear("exit")["to"], pid)

    def test_its_end_is_that_of_its_names(self):
        for end, code in ((lambda: self.game.socket.abort(), 1011),
                          (lambda: self.game.socket.send_close(1000), 1001)):
            client, _ = self.play(self.relay, self.game)
            end()
            self.assertEqual(client.read_close().code, code)
            with Connection(self.relay.port) as other:
                self.assertEqual(other.request(
                    "GET", "/ws/play", upgrade_fields()).status, 503)
            self.game = self.backend(self.relay)
            self.game.offer("game")

    def test_a_node_that_stops_says_1001_to_clients_before_backends(self):
        client, _ = self.play(self.relay, self.game)
        self.relay.signal(2)
        self.assertEqual(client.read_close().code, 1001)
        left = self.game.hear("leave")
        self.assertEqual(left["reason"], "shutdown")
        self.assertEqual(self.game.socket.read_close().code, 1001)


class Restart(BackendTest):
    def test_another_one_waits_for_the_name(self):
        relay = self.start()
        old, new = self.backend(relay), self.backend(relay)
        self.assertNotIn("waiting", old.offer("game"))
        self.assertEqual(new.offer("game")["waiting"], ["game"])
        client, _ = self.play(relay, old)
        self.assertEqual(old.ask("withdraw", names=["game"])["type"], "ok")
        other, pid = self.play(relay, new)
        client.send_text("still with the old one")
        self.assertEqual(old.hear("message")["data"], "still with the old one")
        new.say("send", to=pid, data="new")
        self.assertEqual(other.read_text(), "new")
        self.stop(relay, old, new)

    def test_connections_wait_for_the_next_one(self):
        relay = self.start(config(on_target_exit="park"))
        old, new = self.backend(relay), self.backend(relay)
        old.offer("game")
        new.offer("game")
        client, pid = self.play(relay, old)
        old.socket.abort()
        self.assertEqual(new.accept("game")["pid"], pid)
        client.send_text("on")
        self.assertEqual(new.hear("message")["data"], "on")
        self.stop(relay, new)


class Document(BackendTest):
    """The program of BACKEND.md, as it stands there but for the port."""

    TEXT = (HERE.parents[1] / "actors/BACKEND.md").read_text()

    def test_it_works(self):
        relay = self.start(config().replace("target_pid: game",
                                            "target_pid: greeter"))
        program = re.search(r"```python\n(.*?)```", self.TEXT, re.S)[1]
        running = subprocess.Popen(
            ["/usr/bin/python3", "-c",
             program.replace("9191", str(self.port(relay)))])
        self.addCleanup(running.wait)
        self.addCleanup(running.kill)

        def connect():
            try:
                return WebSocket(relay.port, "/ws/play")
            except AssertionError:  # 503: not yet
                return None
        client = wait_until(connect, "it has its name")
        self.addCleanup(client.close)
        self.assertEqual(client.echo("hi"), "you said hi")
        client.leave()

    def test_clients_move_to_the_next_one(self):
        relay = self.start()
        old, new = self.backend(relay), self.backend(relay)
        old.offer("game")
        new.offer("game")
        client, pid = self.play(relay, old)
        old.ask("withdraw", names=["game"])
        old.say("control", to=pid, target="game", id=99)
        self.assertEqual(new.accept("game")["pid"], pid)
        left = old.hear("leave")
        self.assertEqual(left["reason"], "transferred")
        old.say("ok", ref=left["ref"])
        old.hear("ok", id=99)
        old.close()
        client.send_text("on")
        self.assertEqual(new.hear("message")["data"], "on")
        self.stop(relay, new)


if __name__ == "__main__":
    unittest.main()
