"""The admin listener: health, who may ask, the API's questions and changes as
clients see them."""

import os
import re
import unittest
from pathlib import Path

from admin_base import JSON, AdminTest, quoted, wait_for
from operate_base import run
from raw_client import BINARY, TEXT, WebSocket
from support import wait_until

PID = r"\A[0-9]+@[0-9A-F]{40}#[0-9]+\Z"


class Answers(AdminTest):
    def test_health_and_readiness(self):
        self.assertEqual((self.api.ask("GET", "/healthz").status,
                          self.api.ask("GET", "/healthz").text), (200, "ok\n"))
        self.assertEqual(self.api.ready().text, "ready\n")

    def test_metrics_are_prometheus_text(self):
        found = self.api.ask("GET", "/metrics")
        self.assertEqual((found.status, found.type),
                         (200, "text/plain; version=0.0.4; charset=utf-8"))
        for line in found.text.splitlines():
            self.assertRegex(line, r'\A(# (HELP|TYPE) .+|\w+(\{.*\})? \S+)\Z')

    def test_the_page_has_its_rules(self):
        found = self.api.ask("GET", "/")
        self.assertEqual(found.status, 200)
        self.assertIn("<!doctype html>", found.text.lower())
        self.assertIn("default-src 'none'",
                      found.get("Content-Security-Policy"))
        self.assertEqual(self.api.ask("GET", "/nothing").status, 404)

    def test_nothing_here_is_a_websocket(self):
        found = self.api.ask("GET", "/ws/echo", fields=[
            ("Upgrade", "websocket"), ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-WebSocket-Version", "13")])
        self.assertEqual(found.status, 404)

    def test_what_is_not_there_is_404(self):
        for path in ("nothing", "", "connections/", "connections/1/else",
                     "connections/%zz/send", "node/", "connections//send"):
            self.assert_problem(self.api.get(path), 404)
        self.assert_problem(self.api.ask("GET", "/api"), 404)
        self.assert_problem(self.api.get("connections/" + quoted(
            "999999@" + "0" * 40 + "#1")), 404)
        for what, body in (("send", {"data": "x"}), ("close", {}),
                           ("transfer", {"target": "echo"})):
            self.assert_problem(
                self.api.post(f"connections/nobody/{what}", body), 404)

    def test_a_change_has_no_parameters(self):
        for what in ("reload", "drain", "log", "connections/1/close"):
            self.assert_problem(self.api.post(what + "?x=1"), 400)

    def test_other_methods_are_405(self):
        for method, path, allow in (
                ("POST", "/api/v1/node", "GET, HEAD"),
                ("DELETE", "/api/v1/connections", "GET, HEAD"),
                ("GET", "/api/v1/reload", "POST"),
                ("PUT", "/api/v1/log", "GET, HEAD, POST")):
            found = self.api.ask(method, path, None if method == "GET" else {})
            self.assert_problem(found, 405, "method")
            self.assertEqual(found.get("Allow"), allow)

    def test_405_names_what_is_allowed(self):
        # RFC 9110 section 15.5.6: MUST generate an Allow field.
        for path in ("/", "/healthz", "/metrics", "/events",
                     "/api/v1/connections/1/events"):
            found = self.api.ask("POST", path, {})
            self.assert_problem(found, 405, "method")
            self.assertIn("GET", found.get("Allow", ""), path)

    def test_head_has_no_body(self):
        for path in ("/healthz", "/metrics", "/api/v1/node", "/events", "/"):
            found = self.api.ask("HEAD", path)
            self.assertEqual((found.status, found.text), (200, ""), path)

    def test_bad_queries_are_400(self):
        for query in ("unknown=1", "sort=nothing", "sort=-", "limit=1001",
                      "limit=x", "limit=-1", "offset=1e3", "metadata==x",
                      "limit=1&limit=2", "search=%ff", "search=%zz"):
            self.assert_problem(self.api.get(f"connections?{query}"), 400)
        for path in ("node?x", "peers?x=1", "ended?limit=10001", "log?x",
                     "history?x", "config?x", "targets?x"):
            self.assert_problem(self.api.get(path), 400)

    def test_bad_bodies_are_400(self):
        _, pid = self.connect_known()
        at = f"connections/{quoted(pid)}"
        for path, bodies in {
                f"{at}/send": (b"", b"{", b"[]", b'"x"', b"{} {}", b"\xff",
                               b"{}", b'{"data":1}', b'{"data":"x","y":1}',
                               b'{"data":"x","data_base64":""}',
                               b'{"data_base64":"?"}',
                               b'{"type":"other","data":"x"}'),
                f"{at}/close": (b'{"code":"1000"}', b'{"code":5000}',
                                b'{"code":-1}', b'{"reason":1}'),
                f"{at}/transfer": (b"{}", b'{"target":""}', b'{"target":1}'),
                "log": (b"{}", b'{"level":1}', b'{"level":"info","x":1}'),
                "reload": (b"[]", b'{"x":1}'),
                "drain": (b'{"force":true}', b"")}.items():
            for body in bodies:
                with self.subTest(path=path, body=body):
                    self.assert_problem(
                        self.api.ask("POST", f"/api/v1/{path}", body, [JSON]),
                        400)
        self.assertTrue(self.relay.alive())

    def test_a_change_has_to_be_json(self):
        for fields in ((), [("Content-Type", "text/plain")],
                       [("Content-Type", "application/x-www-form-urlencoded")]):
            found = self.api.ask("POST", "/api/v1/drain", b"{}", fields)
            self.assert_problem(found, 415, "type")
        self.assertEqual(self.api.ready().status, 200)

    def test_another_site_may_change_nothing(self):
        host = f"127.0.0.1:{self.api.port}"
        for origin, status in (("https://evil.example", 403), ("null", 403),
                               (f"http://{host}.evil.example", 403),
                               (f"http://{host}", 200)):
            found = self.api.post("log", {"level": "info"},
                                  fields=[("Origin", origin)])
            self.assertEqual(found.status, status, origin)

    def test_another_name_is_refused_without_a_token(self):
        for host, status in (("evil.example", 403), ("localhost", 200),
                             ("127.0.0.1.evil.example:1", 403),
                             ("[::1]:9090", 200), ("10.0.0.1", 200),
                             ("localhost.evil.example", 403)):
            for path in ("/", "/metrics", "/api/v1/node", "/healthz"):
                found = self.api.ask("GET", path, host=host)
                self.assertEqual(found.status, status, (host, path))


class Changes(AdminTest):
    def test_a_message_reaches_the_client(self):
        client, pid = self.connect_known()
        send = f"connections/{quoted(pid)}/send"
        for body, message in (
                ({"data": "grüße"}, (TEXT, "grüße".encode())),
                ({"data": ""}, (TEXT, b"")),
                ({"type": "text", "data": "{}"}, (TEXT, b"{}")),
                ({"type": "binary", "data_base64": "AP8="},
                 (BINARY, b"\0\xff")),
                ({"type": "binary", "data_base64": ""}, (BINARY, b""))):
            found = self.api.post(send, body)
            self.assertEqual((found.status, found.json), (200, {"ok": True}))
            self.assertEqual(client.read_message(), message)

    def test_text_that_is_none_is_refused(self):
        client, pid = self.connect_known()
        found = self.api.post(f"connections/{quoted(pid)}/send",
                              {"type": "text", "data_base64": "/w=="})
        self.assert_problem(found, 409)
        self.assertEqual(client.echo("alive"), "alive")

    def test_a_close_says_code_and_reason(self):
        client, pid = self.connect_known()
        close = f"connections/{quoted(pid)}/close"
        for code in (0, 999, 1005, 1006):
            self.assert_problem(self.api.post(close, {"code": code}), 409)
        found = self.api.post(close, {"code": 4001, "reason": "a rest"})
        self.assertEqual(found.status, 200)
        frame = client.read_close()
        self.assertEqual((frame.code, frame.payload[2:]), (4001, b"a rest"))
        client.close()
        wait_until(lambda: self.api.get(
            f"connections/{quoted(pid)}").json["phase"] == "ended", "it ends")
        self.assert_problem(self.api.post(close), 404)

    def test_a_transfer_moves_the_client(self):
        client, pid = self.connect_known("/ws/chat")
        path = f"connections/{quoted(pid)}"
        before = self.api.get(path).json["target"]
        found = self.api.post(f"{path}/transfer", {"target": "echo"})
        self.assertEqual(found.status, 200, found.text)
        self.assertNotEqual(self.api.get(path).json["target"], before)
        client.send_text("moved")
        while client.read_text() != "moved":
            pass  # what the chat said before
        self.assert_problem(
            self.api.post(f"{path}/transfer", {"target": "nobody"}), 404)
        self.assertEqual(client.echo("still"), "still")

    def test_inspect_tells_of_living_and_ended(self):
        client, pid = self.connect_known("/ws/chat")
        path = f"connections/{quoted(pid)}"
        found = self.api.get(path).json
        self.assertEqual((found["pid"], found["phase"], found["endpoint"]),
                         (pid, "relaying", "chat"))
        self.assertEqual(found["metadata"]["place"], "hall")
        self.assertEqual([each["what"] for each in found["events"]],
                         ["opened", "asked", "joined"])
        self.assertRegex(found["trace"], r"\A[0-9a-f]{32}\Z")
        client.leave(4000)

        def ended():
            report = self.api.get(path).json
            return report if report["phase"] == "ended" else None
        gone = wait_until(ended, "it has ended")
        self.assertEqual((gone["cause"], gone["code"]),
                         ("client_closed", 4000))
        self.assertEqual(gone["trace"], found["trace"])
        self.assertEqual(gone["events"][-1]["what"], "closed")
        self.assertIn(pid, [each["pid"] for each in
                            self.api.get("ended").json["ended"]])
        self.assertEqual(len(self.api.get("ended?limit=1").json["ended"]), 1)
        self.assertEqual(self.api.get("ended?limit=0").json["ended"], [])

    def test_the_command_line_tells_the_same(self):
        client, pid = self.connect_known()
        path = Path(os.environ["XDG_RUNTIME_DIR"], "wsrelay", "gateway.sock")
        self.assertEqual(client.echo("x"), "x")
        told = run("--node", path, "inspect", pid, "--json").json
        asked = self.api.get(f"connections/{quoted(pid)}").json
        for each in (told, asked):
            each.pop("age_ms")
        self.assertEqual(told, asked)
        lines = run("--node", path, "inspect", pid).text
        self.assertRegex(lines, r"(?m)^phase +relaying$")
        client.leave(4000)
        wait_until(lambda: "client_closed" in run(
            "--node", path, "inspect", pid).text, "it has ended")

    def test_the_answers_of_the_node(self):
        self.connect().echo("x")
        found = self.api.get("node").json
        self.assertEqual((found["state"], found["not_ready"]), ("ready", []))
        self.assertEqual([each["name"] for each in found["services"]],
                         ["gateway"])
        names = [each["name"] for each in
                 self.api.get("targets").json["targets"]]
        self.assertEqual(names[:2], ["chat", "echo"])
        self.assertEqual(self.api.get("peers").json, {"peers": []})
        self.assertIn("kind: admin.service", self.api.get("config").text)
        points = wait_until(lambda: self.api.get("history").json["points"],
                            "a point of the history")
        self.assertGreater(points[0]["t"], 1e12)


class Listing(AdminTest):
    """Some hundred WebSockets."""

    COUNT = 150  # on each endpoint

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clients = []
        for i in range(cls.COUNT):
            cls.clients += [WebSocket(cls.relay.port),
                            WebSocket(cls.relay.port, "/ws/chat")]
            for _ in range(i % 5):
                cls.clients[-2].echo("x" * (i + 1))
        for client in cls.clients:
            cls.addClassCleanup(client.close)
        wait_for(1.05)

    def get(self, query="", status=200):
        found = self.api.get(f"connections?{query}")
        self.assertEqual(found.status, status, found.text)
        return found.json

    def test_all_are_there_page_by_page(self):
        seen = []
        for offset in range(0, 400, 64):
            found = self.get(f"offset={offset}&limit=64")
            self.assertEqual((found["total"], found["matched"],
                              found["missing"]), (300, 300, []))
            seen += [row["pid"] for row in found["connections"]]
        self.assertEqual((len(seen), len(set(seen))), (300, 300))
        for pid in seen:
            self.assertRegex(pid, PID)
        self.assertEqual(len(self.get()["connections"]), 100)
        self.assertEqual(len(self.get("limit=1000")["connections"]), 300)
        self.assertEqual(self.get("limit=0")["connections"], [])

    def test_filters(self):
        row = self.get("sort=-pid&limit=1")["connections"][0]
        for query, matched in (
                ("endpoint=echo", 150), ("endpoint=nobody", 0),
                ("target=chat", 150), (f"target={quoted(row['target'])}", 150),
                ("address=127.0.0.1", 300), ("address=127.0.0.2", 0),
                ("search=cha", 150), ("search=127.0", 300),
                (f"search={quoted(row['pid'])}", 1),
                ("metadata=place", 150), ("metadata=place%3Dhall", 150),
                ("metadata=place%3Dcellar", 0), ("metadata=floor%3D3", 150),
                ("metadata=open%3Dtrue", 150), ("metadata=nothing", 0),
                ("endpoint=echo&target=chat", 0)):
            self.assertEqual(self.get(query)["matched"], matched, query)
        found = self.get("metadata=place&limit=1")["connections"][0]
        self.assertEqual(found["metadata"],
                         {"place": "hall", "floor": 3, "open": True})

    def test_orders(self):
        for key in ("age_ms", "messages_in", "bytes_in", "messages_out",
                    "bytes_out", "queued_messages", "queued_bytes", "address",
                    "endpoint"):
            for mark in ("", "-"):
                rows = self.get(f"sort={mark}{key}&limit=1000")["connections"]
                values = [row[key] for row in rows]
                self.assertEqual(values, sorted(values, reverse=mark == "-"))
        pids = [int(re.match(r"\d+", row["pid"])[0]) for row in
                self.get("sort=-pid&limit=1000")["connections"]]
        self.assertEqual(pids, sorted(pids, reverse=True))
        names = [row["target_name"] for row in
                 self.get("sort=target&limit=1000")["connections"]]
        self.assertEqual(names, ["chat"] * 150 + ["echo"] * 150)

    def test_targets_count_their_connections(self):
        rows = self.api.get("targets").json["targets"]
        self.assertEqual({row["name"]: row["connections"] for row in rows},
                         {"echo": 150, "chat": 150})


if __name__ == "__main__":
    unittest.main()
