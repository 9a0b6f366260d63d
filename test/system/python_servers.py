"""The server of tools/examples/python/wsrelay_webhooks.py against strangers, and what
the examples in Python do not lose when they are started again."""

import base64
import hmac
import importlib.util
import json
import re
import signal
import socket
import sys
import threading
import time
import unittest

from language_examples import Scene
from raw_client import Connection, WebSocket
from support import HERE, Program, Relay, endpoint, router, service, wait_until

PYTHON = HERE.parents[1] / "tools/examples/python"
HAS_WEBSOCKETS = importlib.util.find_spec("websockets")

# Answers with what it has read of an event, and with PATH of what is none.
HOOK = """
import sys
import wsrelay_http
from wsrelay_webhooks import Answer, serve
wsrelay_http.PATIENCE, wsrelay_http.MAX_CONNECTIONS = 1, 4
serve("127.0.0.1:0", lambda event: Answer(f"{event.id} {event.kind} {event.pid}"),
      sys.argv[1], lambda method, path, headers, body: (
          200, [("X-WS-Relay", '{"target_pid":"hook"}')], b"")
          if headers["X-WS-Relay-Upgrade"] else (
          401, [("X-Said", method)], path.encode() + body))
"""
KEY = bytes(range(32))


class Hook(unittest.TestCase):
    def setUp(self):
        self.program = Program(
            sys.executable, "-B", "-c", HOOK, base64.b64encode(KEY).decode(),
            environment={"PYTHONPATH": str(PYTHON)})
        self.addCleanup(self.program.end)
        self.port = int(wait_until(lambda: re.search(r":(\d+)\n", self.program.stdout),
                                   "it listens")[1])

    def connect(self):
        result = Connection(self.port)
        self.addCleanup(result.close)
        return result

    def post(self, connection, ce_id, webhook_id, **changed):
        second, body = str(int(time.time())), b"x"
        mac = hmac.digest(KEY, f"{webhook_id}.{second}.".encode() + body, "sha256")
        fields = {"ce-id": ce_id, "ce-type": "org.wsrelay.message",
                  "ce-source": "/nodes/n/targets/hook", "webhook-id": webhook_id,
                  "webhook-timestamp": second,
                  "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
                  **changed}
        answer = connection.request("POST", "/", [*fields.items()], body)
        return answer.status, answer.body.decode()

    def test_the_signed_id_tells_who_it_is(self):
        connection = self.connect()
        for name, said in (("1@A-2/17", "message 1@A-2"),
                           ("1@A-2/connected/3", "connected 1@A-2"),
                           ("1@A-2/disconnected/3", "disconnected 1@A-2")):
            lie = {"ce-connectionid": "9@B-9", "ce-type": "org.wsrelay.heartbeat"}
            self.assertEqual(self.post(connection, name, name, **lie),
                             (200, f"{name} {said}"))
        self.assertEqual(self.post(connection, "9@B-9/17", "1@A-2/17")[0], 403)
        for name in "1@A-2", "/17", "1@A-2/other/3", "1@A-2/17/3", "1@A-2/connected":
            self.assertEqual(self.post(connection, name, name)[0], 400)

    def test_what_is_no_event_is_for_the_application(self):
        answer = self.connect().request("GET", "/room/7?a=b")
        self.assertEqual((answer.status, answer.body), (401, b"/room/7?a=b"))
        self.assertEqual(dict(answer.fields)["X-Said"], "GET")

    def test_an_upstream_and_a_target_may_be_one_server(self):
        url = f"http://127.0.0.1:{self.port}"
        relay = Relay(service(threads=1) + router() + endpoint(
            "up", "/{room}", f'upstream: {url}\nmethod: "*"') + "\n".join((
                "- name: hook", "  kind: http.target", f"  url: {url}/events",
                f"  secrets: [whsec_{base64.b64encode(KEY).decode()}]", "")))
        self.addCleanup(relay.end)
        client = WebSocket(relay.port, "/ws/7")
        self.addCleanup(client.close)
        self.assertRegex(client.read_text(), r"^(\S+)/connected/\d+ connected \1$")
        client.send_text("x")
        self.assertRegex(client.read_text(), r"^(\S+)/1 message \1$")
        with Connection(relay.port) as asks:
            lie = [("ce-id", "1@A-2/17"), ("webhook-id", "1@A-2/17")]
            self.assertEqual(asks.request("GET", "/ws/7").status, 401)
            self.assertEqual(asks.request("POST", "/ws/7", lie, b"x").status, 403)

    def test_where_the_next_request_begins_is_not_guessed(self):
        two = [("Content-Length", "1"), ("Content-Length", "2")]
        both = [("Content-Length", "1"), ("Transfer-Encoding", "chunked")]
        for fields in (two, both, both[1:], [("Content-Length", "-1")],
                       [("Content-Length ", "1")]):
            with self.subTest(fields):
                answer = self.connect().request("POST", "/", fields)
                self.assertEqual(answer.status, 400)
                self.assertEqual(dict(answer.fields)["Connection"], "close")
        much = [("Content-Length", str(1 << 21))]
        self.assertEqual(self.connect().request("POST", "/", much).status, 413)

    def test_strangers_hold_up_neither_it_nor_its_end(self):
        drips = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(5)]
        for each in drips:
            self.addCleanup(each.close)
            each.settimeout(10)
        self.assertEqual(drips[4].recv(1), b"")  # one too many
        ends = time.monotonic() + 5

        def drip(each):
            try:
                while time.monotonic() < ends:
                    each.sendall(b"P")
                    time.sleep(0.1)
            except OSError:
                pass
        threads = [threading.Thread(target=drip, args=(each,)) for each in drips[:4]]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.assertLess(time.monotonic(), ends)
        name = "1@A-2/17"
        self.assertEqual(self.post(self.connect(), name, name)[0], 200)
        last = socket.create_connection(("127.0.0.1", self.port))
        self.addCleanup(last.close)
        last.sendall(b"POST /")
        self.program.signal(signal.SIGTERM)
        self.assertEqual(self.program.wait(), 0)
        self.assertEqual(self.program.stderr, "")


class ParkingScene(Scene):
    def start_relay(self, ports):
        middleware = "  post_middleware: [websocket_relay]\n"
        self.config = self.config.replace(
            middleware,
            middleware + "  post_options: {wsrelay.on_target_exit: park}\n")
        super().start_relay(ports)


class StartedAgain(unittest.TestCase):
    LANGUAGE = "python"

    def start(self, application, way, scene=Scene):
        self.WAY = way
        self.scene = scene(self, application)

    def start_again(self):
        self.scene.program.signal(signal.SIGKILL)
        self.scene.program.wait()
        self.scene.start_program()

    def hello(self, name):
        client = self.scene.connect("/ws/chat/a")
        client.say("hello", name=name)
        return client, client.hear("chat.welcome")

    @unittest.skipUnless(HAS_WEBSOCKETS, "no python3-websockets")
    def test_who_is_parked_keeps_its_name_in_the_chat(self):
        self.start("chat", "backend", ParkingScene)
        client, _ = self.hello("Ann")
        client.hear("chat.joined")
        time.sleep(0.3)  # behind it comes `taken`, which nobody tells us
        self.start_again()
        client.say("say", text="on")
        self.assertEqual(client.hear("chat.message"), {"from": "Ann", "text": "on"})
        self.scene.stop()

    @unittest.skipUnless(HAS_WEBSOCKETS, "no python3-websockets")
    def test_who_comes_while_others_talk_hears_each_line_once(self):
        self.start("chat", "backend")
        ann, _ = self.hello("Ann")
        ends = threading.Event()

        def talk():
            number = 0
            while not ends.is_set():
                ann.say("say", text=str(number))
                number += 1
                time.sleep(0.001)
        thread = threading.Thread(target=talk)
        thread.start()
        try:
            for i in range(20):
                client, welcome = self.hello(f"x{i}")
                heard = [int(each["text"]) for each in welcome["history"]]
                while len(heard) < 60:
                    found = json.loads(client.read_text())
                    if found["topic"] == "chat.message":
                        heard.append(int(found["data"]["text"]))
                self.assertEqual(heard, [*range(heard[0], heard[0] + len(heard))])
                client.close()
        finally:
            ends.set()
            thread.join()

    def play(self):
        """Returns two clients in a game, X first."""
        found = []
        for name in "Ann", "Ben":
            found.append(self.scene.connect("/ws/game"))
            found[-1].hear("lobby")
            found[-1].say("hello", name=name)
            if name == "Ann":
                found[-1].hear("lobby")
        for each in found:
            each.hear("board")
            each.say("hello", name="x")
            each.hear("error")  # so its `connected` has been answered, too
        return found

    def test_who_plays_by_webhooks_gets_back_to_the_lobby(self):
        for end in (lambda who: who.say("move", cell=0),
                    lambda who: who.say("hello", name="x"), WebSocket.abort):
            self.start("game", "webhooks")
            first, second = self.play()
            self.start_again()
            end(second)
            for each in [first] if end is WebSocket.abort else [first, second]:
                self.assertTrue(each.hear("over")["left"])
                each.hear("lobby")
                each.say("hello", name="x")
                each.hear("board" if each is second else "lobby")
            self.scene.stop()


if __name__ == "__main__":
    unittest.main()
