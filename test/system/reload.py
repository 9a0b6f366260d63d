"""Another configuration for a relay that runs: each kind of change has its
effect, those who are connected keep what they began with, and what cannot
change is said."""

import re
import signal
import tempfile
import threading
import unittest
from pathlib import Path

from admin_base import admin, wait_for
from authority import Authority
from cluster_probe import node as cluster_node
from http_upstream import Upstream, answer, relay_answer
from raw_client import BINARY, Connection, frame
from reload_base import CHAT, ReloadTest, base
from support import endpoint, wait_until

ORIGIN = [("Origin", "https://app.example")]


class Changes(ReloadTest):
    def test_routes_come_and_go(self):
        node = self.start(base())
        before = self.connect(node)
        self.assertEqual(self.status(node, "/ws/chat"), 404)
        told = node.reload(base() + CHAT)
        self.assertEqual(told, {"changed": ["http.endpoint chat: added"],
                                "kept": []})
        self.connect(node, "/ws/chat")
        told = node.reload(base().replace("/echo", "/other"))
        self.assertEqual(sorted(told["changed"]), [
            "http.endpoint chat: removed", "http.endpoint echo: changed"])
        self.assertEqual(self.status(node), 404)
        self.assertEqual(self.connect(node, "/ws/other").echo("x"), "x")
        self.assertEqual(before.echo("still"), "still")
        self.assertEqual(node.reload(), {"changed": [], "kept": []})
        node.stop()

    def test_requests_on_an_open_connection_find_what_is_new(self):
        node = self.start(base())
        with Connection(node.port) as client:
            self.assertEqual(client.request("GET", "/ws/chat").status, 404)
            node.reload(base() + CHAT)
            self.assertEqual(client.request("GET", "/ws/chat").status, 426)
        node.stop()

    def test_handlers_change(self):
        upstreams = [Upstream(), Upstream()]
        for i, each in enumerate(upstreams):
            self.addCleanup(each.close)
            each.answers["/ws/up"] = answer(200, f"number {i}")

        def config(i):
            return base() + endpoint("up", "/up",
                                     f"upstream: {upstreams[i].url}")
        node = self.start(config(0))
        with Connection(node.port) as client:
            for i in (0, 1, 0):
                node.reload(config(i))
                self.assertEqual(client.request("GET", "/ws/up").body,
                                 f"number {i}".encode())
        node.reload(base() + endpoint("up", "/up", "relay: {target_pid: echo}"))
        self.assertEqual(self.connect(node, "/ws/up").echo("x"), "x")
        node.stop()

    def test_who_waits_for_an_upstream_gets_its_answer(self):
        upstream = Upstream()
        self.addCleanup(upstream.close)
        go_on = threading.Event()
        self.addCleanup(go_on.set)
        upstream.answers["/ws/up"] = (
            lambda *_: go_on.wait(20) and relay_answer({"target_pid": "echo"}))
        node = self.start(base() + endpoint("up", "/up",
                                            f"upstream: {upstream.url}"))
        found = []
        asking = threading.Thread(
            target=lambda: found.append(self.connect(node, "/ws/up").echo("x")))
        asking.start()
        wait_until(lambda: upstream.asked, "it is asked")
        node.reload(base())  # its endpoint has gone
        go_on.set()
        asking.join()
        self.assertEqual(found, ["x"])
        node.stop()

    def test_origins_change(self):
        node = self.start(base(allowed_origins="https://app.example"))
        before = self.connect(node, fields=ORIGIN)
        node.reload(base(allowed_origins="https://other.example"))
        self.assertEqual(self.status(node, fields=ORIGIN), 403)
        self.assertEqual(self.status(
            node, fields=[("Origin", "https://other.example")]), 101)
        self.assertEqual(before.echo("x"), "x")
        node.stop()

    def test_options_of_a_router_are_for_those_who_come(self):
        node = self.start(base(max_message_size="64KiB"))
        before = self.connect(node)
        node.reload(base(max_message_size="1KiB"))
        self.assertEqual(before.echo("x" * 60_000), "x" * 60_000)
        after = self.connect(node)
        after.send(frame(BINARY, b"x" * 1025))
        self.assertEqual(after.read_close().code, 1009)
        node.stop()

    def test_limits_of_a_service(self):
        node = self.start(base())
        clients = [self.connect(node) for _ in range(5)]
        told = node.reload(base(dict(max_connections=5)))
        self.assertEqual(told["kept"], [])
        self.assertEqual(self.status(node), 503)
        for client in clients:
            self.assertEqual(client.echo("x"), "x")
        node.reload(base(dict(max_connections=3)))
        self.assertEqual(self.status(node), 503)
        clients.pop().leave()
        wait_for(0.1)
        self.assertEqual(self.status(node), 503)
        node.reload(base(dict(max_connections=6)))
        self.connect(node)
        node.reload(base(dict(max_header_size="256")))
        with Connection(node.port) as client:
            self.assertEqual(client.request(
                "GET", "/none", [("X", "x" * 300)]).status, 431)
        node.stop()

    def test_limits_of_addresses(self):
        node = self.start(base())
        clients = [self.connect(node) for _ in range(4)]
        node.reload(base(dict(address_limits="{connections: 2}")))
        self.connect(node), self.connect(node)  # counted anew
        self.assertIn(self.status(node), (429, 503))
        for client in clients:
            self.assertEqual(client.echo("x"), "x")
        node.reload(base())
        self.connect(node)
        node.stop()

    def test_files(self):
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        self.addCleanup(folder.cleanup)
        for name in ("a", "b"):
            Path(folder.name, name).mkdir()
            Path(folder.name, name, "x.txt").write_text(f"file of {name}")

        def config(name):
            return base() + (
                "- {name: files, kind: http.static, path: /f, "
                f'meta: {{server: gateway}}, root: "{folder.name}/{name}"}}\n')
        node = self.start(config("a"))
        with Connection(node.port) as client:
            for name in ("a", "b"):
                node.reload(config(name))
                self.assertEqual(client.request("GET", "/f/x.txt").body,
                                 f"file of {name}".encode())
            node.reload(base())
            self.assertEqual(client.request("GET", "/f/x.txt").status, 404)
        node.stop()

    def test_the_drain_that_is_used_is_the_last_one(self):
        node = self.start(base(dict(drain="{lead: 60s, deadline: 90s}")),
                          "--drain", "on")
        node.reload(base(dict(drain="{lead: off, spread: 100ms, "
                              "deadline: 5s}")))
        client = self.connect(node)
        node.signal(signal.SIGTERM)
        self.assertEqual(client.read_close().code, 1012)
        client.close()
        self.assertEqual(node.wait(), 0)


class Token(ReloadTest):
    def test_another_one_ends_streams_that_the_first_has_opened(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        file = Path(folder.name, "token")
        file.write_text("0123456789abcdef\n")
        text = base() + f"  token_file: {file}\n"
        node = self.start(text)
        node.api.token = "0123456789abcdef"
        stream = node.api.events()
        self.addCleanup(stream.close)
        client = self.connect(node)
        stream.wait_for("opened")
        file.write_text("another-0123456789\n")
        node.reload(text)
        stream.read_to_end()
        self.assertEqual(node.api.get("node").status, 401)
        node.api.token = "another-0123456789"
        self.assertEqual(node.api.get("node").status, 200)
        client.leave()
        node.stop()


class Kept(ReloadTest):
    def test_what_cannot_change_is_said_and_stays(self):
        text = base() + cluster_node("relay1", listen='"127.0.0.1:0"')
        node = self.start(text)
        for changed, told in (
                (text.replace("threads: 2", "threads: 3"), "gateway.threads"),
                (text.replace('addr: "127.0.0.1:0"', 'addr: "127.0.0.1:1"', 1),
                 "gateway.addr"),
                (text.replace("threads: 2", "threads: 2\n  parking: "
                              "{max_connections: 5}"), "gateway.parking"),
                (text.replace("threads: 2", "threads: 2\n  trusted_proxies: "
                              "[127.0.0.1]\n  proxy_protocol: true"),
                 "gateway.proxy_protocol"),
                (text.replace("name: relay1", "name: relay2"), "relay1.name"),
                (base(), "relay1"),
                (re.sub(r"(?s)- name: admin\n.*?(?=- )", "", text), "admin"),
                (text.replace(admin(), admin(addr="127.0.0.1:1")),
                 "admin.addr"),
                (text.replace(admin(), admin(max_connections=7)),
                 "admin.max_connections")):
            with self.subTest(told=told):
                self.assertEqual(node.reload(changed)["kept"],
                                 [f"{told}: needs a restart"])
                self.assertIn(f"configuration reloaded in part: key={told} "
                              'reason="needs a restart"\n', node.stderr)
                self.assertEqual(self.connect(node).echo("x"), "x")
                self.assertEqual(node.api.get("node").status, 200)
        self.assertEqual(node.reload(text)["kept"], [])
        node.stop()

    def test_tls_is_neither_turned_on_nor_off(self):
        authority = Authority(self.addCleanup)
        certificate, key = authority.sign("a", "IP:127.0.0.1")
        tls = f"{{certificate: {certificate}, key: {key}}}"
        node = self.start(base())
        self.assertEqual(node.reload(base(dict(tls=tls)))["kept"],
                         ["gateway.tls: needs a restart"])
        self.assertEqual(self.connect(node).echo("x"), "x")
        node.stop()


if __name__ == "__main__":
    unittest.main()
