"""Targets that are HTTP servers: what they hear of connections, what their
answers do, and what happens when they fail."""

import base64
import hashlib
import hmac
import json
import re
import subprocess
import sys
import threading
import unittest
from collections import defaultdict

from admin_base import admin
from http_upstream import Upstream, answer
from raw_client import Connection, WebSocket, upgrade_fields
from reload_base import ReloadTest
from support import (DEADLINE, HERE, Relay, endpoint, free_port, router, service,
                     wait_until)

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
CONNECTED, MESSAGE, DISCONNECTED = (
    f"org.wsrelay.{kind}" for kind in ("connected", "message", "disconnected"))


def target(port, name="game", path="/hook", **keys):
    """Returns the entry of an http.target."""
    lines = "".join(f"  {key}: {value}\n" for key, value in keys.items())
    return (f"- name: {name}\n  kind: http.target\n"
            f"  url: http://127.0.0.1:{port}{path}\n{lines}")


def config(*targets, **options):
    """Returns /ws/play, for an http.target called game."""
    return (service(threads=1) + router(**options)
            + endpoint("play", "/play",
                       "relay: {target_pid: game, metadata: {user: ann}}")
            + "".join(targets))


class Backend(Upstream):
    """Its application is `hook`, a function of the event and the socket;
    without one it answers 200."""

    keeps = True

    def __init__(self, test, port=0, hook=lambda request, socket: answer(200)):
        super().__init__(port=port, answers={"/hook": hook})
        self.closed = False
        test.addCleanup(self.close)

    def close(self):
        if self.closed:
            return
        self.closed = True
        try:
            super().close()
        except OSError:
            pass  # a connection has ended meanwhile

    def events(self, kind=None):
        return [each for each in self.asked if each.method == "POST"
                and kind in (None, type_of(each))]

    def wait_for(self, kind, count=1):
        wait_until(lambda: len(self.events(kind)) >= count,
                   f"{count} of {kind}")
        return self.events(kind)


def field(request, name):
    values = request.all(name)
    return values[0] if values else None


def type_of(request):
    return field(request, "ce-type")


def echo(request, socket):
    if type_of(request) != MESSAGE:
        return answer(200)
    kind = field(request, "content-type")
    return answer(200, request.body, [("Content-Type", kind)])


class HookTest(unittest.TestCase):
    def start(self, text):
        relay = Relay(text)
        self.addCleanup(relay.end)
        return relay

    def play(self, relay):
        client = WebSocket(relay.port, "/ws/play")
        self.addCleanup(client.close)
        return client


class Life(HookTest):
    def setUp(self):
        self.backend = Backend(self)
        self.relay = self.start(config(target(
            self.backend.port, secrets=f"[{SECRET}]"), close_timeout="500ms"))

    def test_a_connection_is_told_from_its_begin_to_its_end(self):
        self.backend.answers["/hook"] = echo
        client = self.play(self.relay)
        self.assertEqual(client.echo("grüße"), "grüße")
        client.send_frame(2, b"\xff\0")
        self.assertEqual(client.read_message()[1], b"\xff\0")
        client.leave(4001)
        self.backend.wait_for(DISCONNECTED)
        events = self.backend.events()
        self.assertEqual([type_of(each) for each in events],
                         [CONNECTED, MESSAGE, MESSAGE, DISCONNECTED])
        self.assertEqual(json.loads(events[0].body), {"user": "ann"})
        self.assertEqual(json.loads(events[-1].body), {
            "reason": "client_closed", "code": 4001, "text": "",
            "last_seq": 2})
        self.assertEqual([field(each, "ce-seq") for each in events],
                         ["0", "1", "2", "2"])
        self.assertEqual(len({field(each, "ce-connectionid")
                              for each in events}), 1)
        self.assertEqual(len({field(each, "ce-id") for each in events}), 4)
        self.relay.stop()

    def test_what_comes_is_signed(self):
        self.play(self.relay).leave()
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        for event in self.backend.wait_for(DISCONNECTED):
            signed = ".".join(field(event, f"webhook-{name}")
                              for name in ("id", "timestamp")).encode()
            made = hmac.new(key, signed + b"." + event.body, hashlib.sha256)
            self.assertEqual(
                field(event, "webhook-signature"),
                "v1," + base64.b64encode(made.digest()).decode())
            self.assertEqual(field(event, "webhook-id"), field(event, "ce-id"))

    def test_a_megabyte_goes_both_ways(self):
        self.backend.answers["/hook"] = echo
        client = self.play(self.relay)
        text = "x" * (1 << 20)
        self.assertEqual(client.echo(text), text)
        self.backend.answers["/hook"] = lambda *_: answer(
            200, text + "y", [("Content-Type", "text/plain")])
        client.send_text("more than a megabyte comes back")
        self.assertEqual(client.read_close().code, 1011)

    def test_a_stopping_node_tells_every_end(self):
        clients = [self.play(self.relay) for _ in range(50)]
        self.relay.stop()
        events = self.backend.wait_for(DISCONNECTED, 50)
        self.assertEqual({json.loads(each.body)["code"] for each in events},
                         {1001})
        for client in clients:
            self.assertEqual(client.read_close().code, 1001)

    def test_lost_clients_are_told(self):
        self.play(self.relay).abort()
        [event] = self.backend.wait_for(DISCONNECTED)
        self.assertEqual(json.loads(event.body)["reason"], "connection_lost")


class Order(HookTest):
    CLIENTS, MESSAGES = 50, 40

    # An event is told again where its answer was lost: with its id.
    def test_a_server_that_dies_and_comes_back_loses_and_doubles_nothing(self):
        port = free_port()
        heard = defaultdict(list)

        def note(request, socket):
            heard[field(request, "ce-connectionid")].append(
                (type_of(request), field(request, "ce-id"), request.body))
            return echo(request, socket)
        backend = Backend(self, port, note)
        relay = self.start(config(target(port, at_least_once="true",
                                         timeout="30s", max_in_flight=8)))
        clients = [self.play(relay) for _ in range(self.CLIENTS)]

        def talk(client):
            for i in range(self.MESSAGES):
                client.send_text(str(i))
            client.answers = [client.read_text() for _ in
                              range(self.MESSAGES)]
        threads = [threading.Thread(target=talk, args=[each])
                   for each in clients]
        for each in threads:
            each.start()
        wait_until(lambda: sum(map(len, heard.values()))
                   > self.CLIENTS * self.MESSAGES / 3, "a third is told")
        backend.close()
        backend = Backend(self, port, note)
        for each in threads:
            each.join(DEADLINE * 3)
        for client in clients:
            self.assertEqual(client.answers,
                             [str(i) for i in range(self.MESSAGES)])
            client.leave()
        wait_until(lambda: sum(each[-1][0] == DISCONNECTED for each in
                               heard.values()) == self.CLIENTS, "all ends")
        for events in heard.values():
            once = list(dict.fromkeys(events))
            self.assertEqual([body for kind, _, body in once
                              if kind == MESSAGE],
                             [str(i).encode() for i in range(self.MESSAGES)])
            self.assertEqual([kind for kind, _, _ in once if kind != MESSAGE],
                             [CONNECTED, DISCONNECTED])
        relay.stop()


class Failure(HookTest):
    def ask(self, relay):
        with Connection(relay.port) as client:
            return client.request("GET", "/ws/play", upgrade_fields())

    def test_a_server_that_is_down_gets_no_connections_until_it_is_back(self):
        backend = Backend(self)
        relay = self.start(config(target(backend.port), close_timeout="500ms"))
        clients = [self.play(relay) for _ in range(6)]
        backend.wait_for(CONNECTED, 6)
        backend.close()
        for client in clients:
            client.send_text("into the void")
        wait_until(lambda: self.ask(relay).status == 503, "joins are refused")
        for client in clients:
            self.assertEqual(client.read_close().code, 1011)
        back = Backend(self, backend.port)
        wait_until(lambda: self.ask(relay).status == 101, "it is back")
        back.wait_for(CONNECTED)
        relay.stop()

    def test_a_slow_server_holds_no_other_one(self):
        slow, quick = Backend(self), Backend(self)
        held = threading.Event()
        self.addCleanup(held.set)

        def wait(request, socket):
            held.wait(DEADLINE)
            return answer(200)
        slow.answers["/hook"] = wait
        quick.answers["/hook"] = echo
        relay = self.start(
            config(target(quick.port), target(slow.port, "other"))
            + endpoint("other", "/other", "relay: {target_pid: other}"))
        waiting = [WebSocket(relay.port, "/ws/other") for _ in range(100)]
        client = self.play(relay)
        for _ in range(20):
            self.assertEqual(client.echo("quick"), "quick")
        held.set()
        slow.wait_for(CONNECTED, 100)
        for each in waiting:
            each.leave()
        relay.stop()

    def test_clients_of_a_slow_server_are_not_read_on(self):
        backend = Backend(self)
        held = threading.Event()
        self.addCleanup(held.set)

        def wait(request, socket):
            if type_of(request) == MESSAGE:
                held.wait(DEADLINE)
            return answer(200)
        backend.answers["/hook"] = wait
        relay = self.start(config(target(backend.port, timeout="60s"),
                                  window_bytes="64KiB"))
        client = self.play(relay)
        backend.wait_for(CONNECTED)
        before = relay.resident_bytes()
        sent = client.send_until_held("x" * 16_000, 64 << 20)
        self.assertLess(sent, 32 << 20)
        self.assertLess(relay.resident_bytes() - before, 24 << 20)
        relay.stop()

    def test_one_may_have_the_name_of_a_built_in_target(self):
        backend = Backend(self)
        text = config(target(backend.port, "echo"), target(backend.port,
                                                           "chat"))
        relay = self.start(text.replace("{target_pid: game,", "{target_pid: "
                           "echo, headers: [X-A], query: [name],"))
        WebSocket(relay.port, "/ws/play?name=a%22b&other=1", [
            ("X-A", "1"), ("Cookie", "secret")]).leave()
        event, = backend.wait_for(CONNECTED)
        self.assertEqual(json.loads(event.body), {
            "user": "ann", "headers": {"X-A": "1"}, "query": {"name": 'a"b'}})
        relay.stop()

    def test_bad_entries_are_told(self):
        port = free_port()
        for text, word in (
                (target(port).replace("http:", "ftp:"), "game.url"),
                (target(port, batch=0), "game.batch"),
                (target(port, secrets="[short]"), "game.secrets"),
                (target(port, on_error="shrug"), "game.on_error")):
            with self.assertRaisesRegex(AssertionError, word):
                Relay(config(text))
        own = config(target(port)).replace(
            '"127.0.0.1:0"', f'"127.0.0.1:{port}"')
        with self.assertRaisesRegex(AssertionError, "this relay's own gateway"):
            Relay(own)


class Document(HookTest):
    """The server and the configuration of WEBHOOKS.md, as they stand there but
    for the ports."""

    TEXT = (HERE.parents[1] / "net/hook/WEBHOOKS.md").read_text()

    def block(self, language):
        return re.search(rf"```{language}\n(.*?)```", self.TEXT, re.S)[1]

    def test_they_work(self):
        port = free_port()
        server = subprocess.Popen(
            [sys.executable, "-c", self.block("python").replace(
                "8000", str(port))], stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        relay = self.start(self.block("yaml").replace(
            "8000", str(port)).replace('":8080"', '"127.0.0.1:0"'))

        def connect():
            with Connection(relay.port) as client:
                return client.request("GET", "/ws/chat/hall",
                                      upgrade_fields()).status == 101
        wait_until(lambda: free_port() and connect(), "it answers")
        client = WebSocket(relay.port, "/ws/chat/hall")
        self.addCleanup(client.close)
        wait_until(lambda: client.echo("hi") == "you said hi", "its answer")
        client.leave()
        relay.stop()


class Reload(ReloadTest):
    def play(self, node):
        client = WebSocket(node.port, "/ws/play")
        self.addCleanup(client.close)
        return client

    def test_a_target_moves_comes_and_goes(self):
        one, other = Backend(self), Backend(self)
        one.answers["/hook"] = other.answers["/hook"] = echo
        node = self.start(config(target(one.port)) + admin())
        client = self.play(node)
        self.assertEqual(client.echo("a"), "a")
        told = node.reload(config(target(other.port)) + admin())
        self.assertEqual(told["changed"], ["http.target game: changed"])
        self.assertEqual(client.echo("b"), "b")
        self.assertEqual([each.body for each in other.events(MESSAGE)], [b"b"])
        node.reload(config() + admin())
        self.assertEqual(client.echo("c"), "c")
        with Connection(node.port) as asks:
            self.assertEqual(asks.request("GET", "/ws/play",
                                          upgrade_fields()).status, 503)
        node.reload(config(target(one.port)) + admin())
        again = self.play(node)
        self.assertEqual(again.echo("d"), "d")
        client.leave()
        other.wait_for(DISCONNECTED)
        again.leave()
        one.wait_for(DISCONNECTED)
        node.stop()


if __name__ == "__main__":
    unittest.main()
