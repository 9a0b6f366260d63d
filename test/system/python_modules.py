"""The modules of tools/examples/python that are there to copy: what the examples do
not use of them."""

import ast
import asyncio
import importlib.util
import json
import re
import signal
import sys
import unittest
from unittest import mock

from admin_base import Api, admin, admin_port
from backend_base import backends
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


class Files(unittest.TestCase):
    """Of both languages."""

    def test_they_are_short_and_say_what_they_are(self):
        for path in [*PYTHON.glob("*.py"), *PYTHON.parent.glob("node/*.mjs")]:
            with self.subTest(path.name):
                text = path.read_text()
                is_program = re.match("(chat|game)_(webhooks|backend)", path.name)
                self.assertLess(text.count("\n"), 120 if is_program else 150)
                if path.suffix == ".py":
                    self.assertTrue(ast.get_docstring(ast.parse(text)))
                else:
                    self.assertRegex(text, r"\A(#!.*\n)?(//|/\*)")


if __name__ == "__main__":
    unittest.main()
