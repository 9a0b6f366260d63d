"""The examples in other languages: the chat behind the demo page and the game with a
page of its own, each by webhooks and over one WebSocket, as a user would try them."""

import importlib.util
import json
import os
import re
import shutil
import signal
import sys
import unittest

from demo_page import BrowserTest, in_browser
from raw_client import BINARY, Connection, WebSocket
from support import HERE, Program, Relay, free_port, wait_until

EXAMPLES = HERE.parents[1] / "tools/examples"
WEB = EXAMPLES / "web"
SECRET = re.search(r"whsec_\w+", (WEB / "chat_webhooks.yaml").read_text())[0]

# By language: what runs a program, and where it stands.
LANGUAGES = {"python": ([sys.executable, "-B"], EXAMPLES / "python", ".py"),
             "node": ([shutil.which("node")], EXAMPLES / "node", ".mjs")}
# A browser costs ten seconds: with WSRELAY_LONG all are seen in one.
LONG = "WSRELAY_LONG" in os.environ
IN_BROWSERS = ("python", "webhooks"), ("node", "backend")
# What cannot be a message; a game or a chat answers each with an error.
HOSTILE = ["", "{", "[]", "null", "7", "{}", '{"type":1}', '{"type":["hello"]}',
           "x" * 100_000, "[" * 50_000, '{"type":"shout"}', '{"type":"__proto__"}',
           '{"type":"constructor"}', '{"type":"hello"}', '{"type":"hello","name":7}',
           '{"type":"hello","name":""}', '{"type":"hello","name":null}',
           '{"type":"hello","name":"\\ud800"}',
           json.dumps({"type": "hello", "name": "x" * 65})]


class Scene:
    """A relay and a program behind it, of one language, way and application."""

    def __init__(self, test, application):
        self.test = test
        self.clients = []
        command, folder, ending = LANGUAGES[test.LANGUAGE]
        self.command = [*command, folder / f"{application}_{test.WAY}{ending}"]
        self.config = (WEB / f"{application}_{test.WAY}.yaml").read_text()
        for path in ("game", "../../web/client"):
            self.config = self.config.replace(f"root: {path}",
                                              f"root: {(WEB / path).resolve()}")
        if test.WAY == "webhooks":
            api, self.listen = free_port(), "127.0.0.1:0"
            self.arguments = ["--api", f"http://127.0.0.1:{api}",
                              "--secret", SECRET]
            self.start_program()
            self.start_relay({9090: api, 8000: self.listen.rpartition(":")[2]})
        else:
            self.start_relay({9191: 0})
            port = re.search(r"backends on http://[\d.]+:(\d+)\n",
                             self.relay.stdout)[1]
            self.arguments = ["--relay", f"ws://127.0.0.1:{port}/"]
            self.start_program()

    def start_relay(self, ports):
        for old, new in {8080: 0, **ports}.items():
            self.config = self.config.replace(f"127.0.0.1:{old}",
                                              f"127.0.0.1:{new}")
        self.relay = Relay(self.config)
        self.test.addCleanup(self.relay.end)

    def start_program(self):
        """Returns when it is ready."""
        arguments = list(self.arguments)
        if self.test.WAY == "webhooks":
            arguments += ["--listen", self.listen]
        self.program = Program(*self.command, *arguments, environment={
            "NODE_PATH": str(HERE / "npm/node_modules")})
        self.test.addCleanup(self.program.end)
        word = (r"listening on http://([\d.]+:\d+)\n"
                if self.test.WAY == "webhooks" else r"(ready)\n")

        def is_ready():
            self.test.assertTrue(self.program.alive(), self.program.stderr)
            return re.search(word, self.program.stdout)
        found = wait_until(is_ready, f"{self.command[-1].name} is ready")[1]
        if self.test.WAY == "webhooks":
            self.listen = found

    def connect(self, path):
        client = Client(self.relay.port, path)
        self.test.addCleanup(client.close)
        self.clients.append(client)
        return client

    def stop(self):
        """Both end, and neither has met what it did not expect."""
        self.test.assertTrue(self.program.alive(), self.program.stderr)
        self.test.assertNotRegex(self.program.stderr, "Traceback|    at ")
        for client in self.clients:
            client.close()
        self.relay.stop()  # first, so that it need not tell ends in vain
        self.program.signal(signal.SIGTERM)
        self.test.assertEqual(self.program.wait(), 0)


class Client(WebSocket):
    def say(self, kind, **members):
        self.send_text(json.dumps({"type": kind, **members}))

    def hear(self, topic):
        """Returns the data of the next message, which has this topic."""
        found = json.loads(self.read_text())
        if set(found) != {"topic", "data"} or found["topic"] != topic:
            raise AssertionError(f"no {topic}: {found}")
        return found["data"]


class ChatTest(BrowserTest):
    def setUp(self):
        self.scene = Scene(self, "chat")

    def join(self, room, name):
        """Returns a client that was welcomed, and has heard that it came."""
        client = self.scene.connect(f"/ws/chat/{room}")
        client.say("hello", name=name)
        client.welcome = client.hear("chat.welcome")
        client.hear("chat.joined")
        return client

    @in_browser
    def test_the_demo_page(self):
        self.see_demo_page(self.scene.relay)

    def test_rooms_are_apart_and_remember(self):
        ann, cid = self.join("a%20room", "Ann"), self.join("other", "Cid")
        self.assertEqual(ann.welcome["room"], "a room")
        self.assertEqual((ann.welcome["members"], ann.welcome["history"]),
                         (["Ann"], []))
        line = {"from": "Ann", "text": 'größe "\U0001f600" <b>'}
        ann.say("say", text=line["text"])
        self.assertEqual(ann.hear("chat.message"), line)
        ben = self.join("a%20room", "Ben")
        self.assertEqual(ben.welcome["history"], [line])
        self.assertEqual(ann.hear("chat.joined"),
                         {"name": "Ben", "members": ["Ann", "Ben"]})
        ben.say("say", text="hi")
        for each in ann, ben:
            self.assertEqual(each.hear("chat.message")["text"], "hi")
        ben.abort()
        self.assertEqual(ann.hear("chat.left"),
                         {"name": "Ben", "members": ["Ann"]})
        cid.say("say", text="alone")
        self.assertEqual(cid.hear("chat.message")["text"], "alone")
        self.scene.stop()

    def test_what_is_said_comes_in_one_order(self):
        clients = [self.join("order", "Ann"), self.join("order", "Ben")]
        clients[0].hear("chat.joined")
        for i in range(20):
            for each in clients:
                each.say("say", text=str(i))
        heard = [[each.hear("chat.message") for _ in range(40)]
                 for each in clients]
        self.assertEqual(*heard)
        self.assertEqual(self.join("order", "Cid").welcome["history"], heard[0])
        self.scene.stop()

    def test_bad_messages_are_errors_of_their_senders(self):
        client = self.scene.connect("/ws/chat/bad")
        for text in [*HOSTILE, '{"type":"say","text":"too early"}']:
            with self.subTest(text=text[:40]):
                client.send_text(text)
                client.hear("chat.error")
        client.send_frame(BINARY, b'{"type":"hello","name":"Ann"}')
        client.hear("chat.error")
        ben = self.join("bad", "Ben")
        client.say("hello", name="Ann")
        self.assertEqual(client.hear("chat.welcome")["members"], ["Ben", "Ann"])
        client.hear("chat.joined")
        for text in ("", "x" * 4097, 7, None):
            client.say("say", text=text)
            client.hear("chat.error")
        client.say("hello", name="Twice")
        client.hear("chat.error")
        self.assertEqual(ben.hear("chat.joined")["name"], "Ann")
        client.leave()
        self.assertEqual(ben.hear("chat.left")["members"], ["Ben"])
        if self.WAY == "webhooks":
            self.check_strangers()
        self.scene.stop()

    # actors/BACKEND.md: its end is that of its names. A webhook's is not: what it
    # has set as state comes to the next one.
    def test_the_program_is_started_again(self):
        client = self.join("again", "Ann")
        client.send_text("?")
        client.hear("chat.error")  # so the answer to hello has come, too
        self.scene.program.signal(signal.SIGKILL)
        self.scene.program.wait()
        if self.WAY == "backend":
            self.assertEqual(client.read_close().code, 1011)
            with self.assertRaisesRegex(AssertionError, "status=503"):
                self.join("again", "Ann")
            self.scene.start_program()
            client = self.join("again", "Ann")
        else:
            self.scene.start_program()
        client.say("say", text="on")
        self.assertEqual(client.hear("chat.message"),
                         {"from": "Ann", "text": "on"})
        if self.WAY == "backend":
            self.scene.program.signal(signal.SIGTERM)
            self.assertEqual(client.read_close().code, 1001)
            self.assertEqual(self.scene.program.wait(), 0)
        else:
            self.scene.stop()

    def check_strangers(self):
        for time in "", "9" * 5000:
            with Connection(int(self.scene.listen.rpartition(":")[2])) as stranger:
                fields = [("webhook-id", "1"), ("webhook-timestamp", time)]
                self.assertEqual(stranger.request(
                    "POST", "/events", fields, b"{}").status, 403)


class GameTest(BrowserTest):
    def setUp(self):
        self.scene = Scene(self, "game")

    def connect(self, waiting=()):
        client = self.scene.connect("/ws/game")
        self.assertEqual(client.hear("lobby"), {"waiting": list(waiting)})
        return client

    def begin(self, ann, ben):
        """Ann is X."""
        ann.say("hello", name="Ann")
        self.assertEqual(ann.hear("lobby"), {"waiting": ["Ann"]})
        ben.say("hello", name=" Ben ")
        for client, mark in (ann, "X"), (ben, "O"):
            self.assertEqual(client.hear("board"), {
                "cells": ".........", "you": mark, "turn": "X",
                "players": {"X": "Ann", "O": "Ben"}})

    def play(self, cells, *clients):
        """Plays in turn; returns what all have heard last of the board."""
        for i, cell in enumerate(cells):
            clients[i % 2].say("move", cell=cell)
            mine, other = [clients[j % 2].hear("board") for j in (i, i + 1)]
            self.assertEqual(mine["cells"], other["cells"])
            self.assertEqual({mine["turn"], other["turn"]}, {other["you"]})
        return mine["cells"]

    def end(self, winner, cells, *clients, left=False):
        for each in clients:
            self.assertEqual(each.hear("over"), {
                "winner": winner, "cells": cells, "left": left})
            self.assertEqual(each.hear("lobby"), {"waiting": []})

    @in_browser
    def test_two_pages_play(self):
        browser = self.start_browser("game.js", f"http://{self.scene.relay.host}/")
        seen = self.read_line(browser, 0)
        self.assertEqual(seen["problems"], [])
        self.assertEqual(seen["first"], {
            "begin": ["You are X, against Ben. It is your turn.",
                      "You are O, against Ann, whose turn it is."],
            "cells": "XXXOO....", "label": "center: O",
            "results": ["You have won!", "Ann has won."],
            "button": "Play again"})
        self.assertEqual(seen["second"], {
            "begin": ["You are O, against Ben, whose turn it is.",
                      "You are X, against Ann. It is your turn."],
            "result": "The other player has left."})
        self.assertEqual(browser.wait(30), 0, browser.stderr)
        self.scene.stop()

    def test_games_are_won_drawn_and_played_again(self):
        ann, ben = self.connect(), self.connect()
        self.begin(ann, ben)
        self.end("X", self.play([0, 3, 1, 4, 2], ann, ben), ann, ben)
        self.begin(ann, ben)
        self.end("O", self.play([0, 2, 1, 4, 8, 6], ann, ben), ann, ben)
        self.begin(ann, ben)
        self.end("", self.play([0, 1, 2, 4, 3, 5, 7, 6, 8], ann, ben), ann, ben)
        self.begin(ann, ben)
        full = self.play([0, 1, 2, 4, 3, 5, 8, 6, 7], ann, ben)
        self.end("", full, ann, ben)
        self.scene.stop()

    def test_who_stays_goes_back_to_the_lobby(self):
        for leave in (WebSocket.leave, WebSocket.abort):
            ann, ben = self.connect(), self.connect()
            self.begin(ann, ben)
            cells = self.play([4], ann, ben)
            leave(ann)
            self.end("", cells, ben, left=True)
            cid = self.connect()
            self.begin(cid, ben)
            ben.leave()
            self.end("", "." * 9, cid, left=True)
            cid.leave()
        self.scene.stop()

    def test_who_waits_may_leave(self):
        ann = self.connect()
        ann.say("hello", name="Ann")
        ann.hear("lobby")
        self.connect(waiting=["Ann"]).leave()
        ann.leave()

        def is_empty():
            client = self.scene.connect("/ws/game")
            return client.hear("lobby")["waiting"] == []
        wait_until(is_empty, "nobody waits")
        self.begin(self.connect(), self.connect())
        self.scene.stop()

    def test_many_games_at_a_time(self):
        pairs = []
        for _ in range(5):
            pairs.append((self.connect(), self.connect()))
            self.begin(*pairs[-1])
        for cell in range(2):
            for ann, ben in pairs:
                self.play([cell, cell + 3], ann, ben)
        for ann, ben in pairs:
            ann.say("move", cell=2)
        for pair in pairs:
            for each in pair:
                self.assertEqual(each.hear("board")["cells"], "XXXOO....")
                self.assertEqual(each.hear("over")["winner"], "X")
                each.hear("lobby")
        self.scene.stop()

    def test_bad_messages_are_errors_of_their_senders(self):
        ann, ben = self.connect(), self.connect()
        cells = [f'{{"type":"move","cell":{each}}}' for each in (
            99, 9, -1, 0.5, "true", "null", '"0"', "[0]", "NaN", "1" * 5000,
            '"__proto__"')]
        names = [json.dumps({"type": "hello", "name": "x" * 33}),
                 '{"type":"hello","name":"  "}']

        def check(client, *texts):
            for text in texts:
                with self.subTest(text=text[:40]):
                    client.send_text(text)
                    self.assertIsInstance(client.hear("error")["text"], str)
            client.send_frame(BINARY, b'{"type":"hello","name":"Ann"}')
            client.hear("error")
        move, hello = '{"type":"move","cell":0}', '{"type":"hello","name":"x"}'
        check(ann, *HOSTILE, *names, *cells, move)
        self.begin(ann, ben)
        check(ben, *HOSTILE, *cells, move, hello)
        self.play([0], ann, ben)
        check(ben, move)
        check(ann, move, hello)
        self.play([3, 1, 4], ben, ann)
        ann.say("move", cell=2)
        for each in ann, ben:
            self.assertEqual(each.hear("board")["cells"], "XXXOO....")
        self.end("X", "XXXOO....", ann, ben)
        self.scene.stop()


def add_tests(scope):
    """Adds a class for each language, way and application that is there."""
    for language, (_, folder, ending) in LANGUAGES.items():
        for way in "webhooks", "backend":
            for base in ChatTest, GameTest:
                application = base.__name__.removesuffix("Test").lower()
                if not (folder / f"{application}_{way}{ending}").is_file():
                    continue
                name = f"{language}_{way}_{application}"
                members = {"LANGUAGE": language, "WAY": way,
                           "__module__": __name__}
                if not LONG and (language, way) not in IN_BROWSERS:
                    members |= {"test_the_demo_page": None, "test_two_pages_play": None}
                found = type(name, (base, unittest.TestCase), members)
                if language == "python" and way == "backend":
                    found = unittest.skipUnless(
                        importlib.util.find_spec("websockets"),
                        "no python3-websockets")(found)
                scope[name] = found


add_tests(globals())

if __name__ == "__main__":
    unittest.main()
