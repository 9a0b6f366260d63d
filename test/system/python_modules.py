"""The modules of tools/examples/python that are there to copy: what the examples do
not use of them."""

import asyncio
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
from unittest import mock

from admin_base import Api, admin, admin_port
from backend_base import backends
from language_examples import Scene
from raw_client import BINARY, Connection, WebSocket
from support import (HERE, Program, Relay, endpoint, free_port, router, service,
                     wait_until)

PYTHON = HERE.parents[1] / "tools/examples/python"
sys.path.append(str(PYTHON))
HAS_WEBSOCKETS = importlib.util.find_spec("websockets")

# Does what clients say, and answers requests; `all` is the group of every client.
PROGRAM = """
import asyncio, json, sys
from wsrelay_backend import Backend, Target
from wsrelay_link import RelayError
class Play(Target):
    async def join(self, heard):
        if heard["metadata"].get("who") == "eve":
            raise ValueError("not you")
    async def message(self, heard):
        pid, data = heard["pid"], heard["data"]
        if isinstance(data, bytes):
            return await relay.send(pid, data[::-1], wait=True)
        if data == "crash":
            raise RuntimeError("as asked")
        if data == "all":
            await relay.group_send("all", "others", **{"except": pid})
            return await relay.group_send("all", b"\\0all")
        if data == "end":
            return await relay.group_close("all", 4001)
        if data == "nowhere":
            try:
                await relay.control(pid, target="nowhere")
            except RelayError as why:
                return await relay.event(pid, "error", why.error)
        await relay.close(pid, 4000, "bye")
    async def http(self, heard):
        if heard["query"] == "crash":
            raise RuntimeError("as asked")
        who = heard["params"][0][1]
        if heard.get("websocket"):
            return {"relay": {"target_pid": "play", "metadata": {"who": who},
                              "groups": ["all"]}}
        return {"status": 200, "body": heard["body"][::-1]
                if isinstance(heard["body"], bytes) else "no bytes"}
relay = Backend(sys.argv[1])
relay.serve({"play": Play()})
"""


@unittest.skipUnless(HAS_WEBSOCKETS, "no python3-websockets")
class Backend(unittest.TestCase):
    def setUp(self):
        self.port = free_port()
        self.start_relay()
        self.start_program("ready\n")

    def start_program(self, says):
        self.program = Program(sys.executable, "-B", "-c", PROGRAM,
                               f"ws://127.0.0.1:{self.port}/",
                               environment={"PYTHONPATH": str(PYTHON)})
        self.addCleanup(self.program.end)
        wait_until(lambda: self.program.stdout == says, f"it says {says}")

    def start_relay(self):
        self.relay = Relay(
            service(threads=1) + router(close_timeout="500ms")
            + endpoint("play", "/{who}", 'func: play\nmethod: "*"')
            + backends().replace(":0", f":{self.port}"))
        self.addCleanup(self.relay.end)

    def connect(self, who):
        client = WebSocket(self.relay.port, f"/ws/{who}")
        self.addCleanup(client.close)
        return client

    def test_payloads_that_are_no_text_groups_and_closes(self):
        ann, ben = self.connect("ann"), self.connect("ben")
        for client in ann, ben:  # both have joined when they are answered
            client.send_frame(BINARY, b"\xff\0\1")
            self.assertEqual(client.read_message(), (BINARY, b"\1\0\xff"))
        ann.send_text("all")
        self.assertEqual(ben.read_text(), "others")
        for client in ann, ben:
            self.assertEqual(client.read_message(), (BINARY, b"\0all"))
        ann.send_text("nowhere")
        self.assertEqual(json.loads(ann.read_text()),
                         {"topic": "error", "data": "no_such_target"})
        ann.send_text("bye")
        self.assertEqual(ann.read_close().code, 4000)
        ben.send_text("end")
        self.assertEqual(ben.read_close().code, 4001)

    def test_what_raises_ends_that_alone(self):
        self.assertEqual(self.connect("eve").read_close().code, 1011)
        client, other = self.connect("ann"), self.connect("ben")
        client.send_text("crash")
        self.assertEqual(client.read_close().code, 1011)
        with Connection(self.relay.port) as asks:
            self.assertEqual(asks.request("GET", "/ws/x?crash").status, 500)
            answer = asks.request("POST", "/ws/x", [("Content-Length", "2")],
                                  b"\xff\0")
            self.assertEqual((answer.status, answer.body), (200, b"\0\xff"))
        other.send_frame(BINARY, b"ab")
        self.assertEqual(other.read_message(), (BINARY, b"ba"))

    def test_who_waits_for_a_name_is_handed_the_clients(self):
        client = self.connect("ann")
        client.send_frame(BINARY, b"ab")
        client.read_message()
        old = self.program
        self.start_program("waiting for play\n")
        old.signal(signal.SIGUSR1)
        self.assertEqual(old.wait(), 0)
        for each in client, self.connect("ben"):
            each.send_frame(BINARY, b"ab")
            self.assertEqual(each.read_message(), (BINARY, b"ba"))
        self.assertEqual(old.stderr, "")

    def test_it_comes_back_to_a_relay_that_was_started_again(self):
        self.relay.end()
        self.start_relay()
        wait_until(lambda: self.program.stdout == "ready\nready\n", "it is back")
        client = self.connect("ann")
        client.send_frame(BINARY, b"ab")
        self.assertEqual(client.read_message(), (BINARY, b"ba"))


@unittest.skipUnless(HAS_WEBSOCKETS, "no python3-websockets")
class Link(unittest.TestCase):
    def test_what_nobody_answers_is_not_waited_for(self):
        import wsrelay_link
        link = wsrelay_link.Link("ws://127.0.0.1:1/")
        with self.assertRaisesRegex(wsrelay_link.RelayError, "lost"):
            asyncio.run(link.ask("control", to="x"))

    def test_fields_have_the_name_that_websockets_takes(self):
        import wsrelay_link
        for name in "extra_headers", "additional_headers":
            scope = {}
            exec(f"def connect(url, *, {name}=None): given.append({name})\ngiven = []",
                 scope)
            with mock.patch.object(wsrelay_link.websockets, "connect",
                                   scope["connect"]):
                link = wsrelay_link.Link("ws://127.0.0.1:1/", "secret")
                wsrelay_link.websockets.connect("", **link._options)
            self.assertEqual(scope["given"], [{"Authorization": "Bearer secret"}])

    def test_a_frame_says_what_was_packed(self):
        from wsrelay_link import pack, unpack
        for said in ({"type": "send", "to": "x", "data": "grüße"},
                     {"type": "message", "data": b"\xff\0"}):
            self.assertEqual(unpack(pack(said)), said)


class Functions(unittest.TestCase):
    def test_each_function(self):
        from wsrelay_api import ApiError, ServerApi
        relay = Relay(service(threads=1) + router(close_timeout="500ms")
                      + endpoint("echo", "/echo", "relay: {target_pid: echo, "
                                 "groups: [all]}") + admin())
        self.addCleanup(relay.end)
        port = admin_port(relay)
        api = ServerApi(f"http://127.0.0.1:{port}")
        ann, ben = WebSocket(relay.port), WebSocket(relay.port)
        for each in ann, ben:
            self.addCleanup(each.close)
        pid = Api(port).connections()["connections"][0]["pid"]
        self.assertEqual(api.group_members("all"), 2)
        api.join("some", pid)
        self.assertEqual(api.group_members("some"), 1)
        api.leave("some", pid)
        self.assertEqual(api.group_members("some"), 0)
        api.group_send("all", b"\xff")
        api.group_send("all", "grüße", but=pid)
        for each in ann, ben:
            self.assertEqual(each.read_message(), (BINARY, b"\xff"))
        api.control(pid, metadata={"a": 1}, target="echo")
        api.send(pid, "one")
        self.assertEqual(sorted(each.read_text() for each in (ann, ben)),
                         ["grüße", "one"])
        api.close(pid, 4000, "bye & bye")
        api.group_close("all", 4001, but=pid)
        self.assertEqual(sorted(each.read_close().code for each in (ann, ben)),
                         [4000, 4001])
        for each in ann, ben:
            each.close()

        def status_of(call, *what):
            try:
                call(*what)
            except ApiError as error:
                return error.status
            return None
        wait_until(lambda: status_of(api.send, pid, "x") == 410, "it has ended")
        self.assertEqual(status_of(api.send, "1@" + "0" * 40 + "-1", "x"), 503)
        self.assertEqual(status_of(api.group_send, "a b", "x"), 422)
        nobody = ServerApi(f"http://127.0.0.1:{free_port()}")
        self.assertEqual(status_of(nobody.send, pid, "x"), 0)
        relay.stop()


# Answers with what it has read of an event, and with PATH of what is none.
HOOK = """
import sys
import wsrelay_http
from wsrelay_webhooks import Answer, serve
wsrelay_http.PATIENCE, wsrelay_http.MAX_CONNECTIONS = 1, 4
serve("127.0.0.1:0", lambda event: Answer(f"{event.id} {event.kind} {event.pid}"),
      sys.argv[1], lambda method, path, headers, body: (
          401, [("X-Said", method)], path.encode() + body) if "app" in sys.argv else None)
"""
KEY = bytes(range(32))


class Hook(unittest.TestCase):
    def setUp(self):
        self.program = Program(
            sys.executable, "-B", "-c", HOOK, base64.b64encode(KEY).decode(), "app",
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
