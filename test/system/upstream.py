"""Upstream handlers: an HTTP server decides what happens to a request."""

import json
import threading
import time
import unittest

from http_base import ConnectionTest
from http_upstream import Upstream, answer, relay_answer
from raw_client import (SAMPLE_KEY, Connection, WebSocket, elapsed,
                        upgrade_fields)
from support import endpoint, free_port, router, service, wait_until

ECHO = {"target_pid": "echo"}
HOP_BY_HOP = {"connection", "keep-alive", "te", "transfer-encoding", "upgrade",
              "proxy-connection"}


class UpstreamTest(ConnectionTest):
    @classmethod
    def config(cls):
        cls.upstream = Upstream()
        cls.addClassCleanup(cls.upstream.close)
        keys = (f"upstream: {cls.upstream.url}\nmethod: \"*\"\n"
                "response_timeout: 1s\nmax_response_size: 64KiB")
        refused = f"upstream: http://127.0.0.1:{free_port()}"
        return (service(max_body_size="2MiB")
                + router(max_metadata_size="256")
                + router("plain", "/plain", middleware="")
                + endpoint("any", "/{what}", keys)
                + endpoint("based", "/based/{what}",
                           f"upstream: {cls.upstream.url}/base")
                + endpoint("preflight", "/based/{what}",
                           f"upstream: {cls.upstream.url}\nmethod: OPTIONS")
                + endpoint("refused", "/gone/{what}", refused)
                + endpoint("plain", "/{what}", keys, router="plain"))

    def setUp(self):
        self.upstream.answers.clear()
        self.upstream.early.clear()
        self.upstream.asked.clear()

    def ask(self, path, method="GET", fields=(), body=b""):
        return self.connect().request(method, path, fields, body)

    def ask_for_upgrade(self, command, **keys):
        """Returns the response to a handshake that gets this command."""
        self.upstream.answers["/ws/x"] = relay_answer(command, **keys)
        return self.ask("/ws/x", fields=upgrade_fields())

    def assert_problem(self, response, status, check):
        self.assertEqual((response.status, response.get("Content-Type")),
                         (status, "application/problem+json"))
        self.assertEqual(json.loads(response.body)["check"], check)
        self.assertEqual(response.all("X-WS-Relay"), [])


class Upgrades(UpstreamTest):
    def test_the_relay_header_makes_the_upgrade(self):
        self.upstream.answers["/ws/x"] = relay_answer(ECHO)
        with WebSocket(self.relay.port, "/ws/x") as client:
            self.assertEqual(client.echo("hello"), "hello")

    # Known failure 13: what stood in front made the upgrade impossible.
    def test_fields_of_the_answer_go_into_the_101(self):
        response = self.ask_for_upgrade(ECHO, body=b"never seen", fields=[
            ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Extra", "x"),
            ("Content-Type", "text/plain"), ("Upgrade", "h2c"),
            ("Sec-WebSocket-Accept", "forged"), ("Connection", "close"),
            ("Server", "other")])
        self.assertEqual(response.status, 101)
        self.assertEqual(response.all("Set-Cookie"), ["a=1", "b=2"])
        self.assertEqual(response.get("X-Extra"), "x")
        self.assertEqual(response.all("Upgrade"), ["websocket"])
        self.assertEqual(len(response.all("Sec-WebSocket-Accept")), 1)
        self.assertNotIn("forged", str(response.fields))
        for name in ("Content-Type", "Content-Length", "X-WS-Relay",
                     "Sec-WebSocket-Protocol"):
            self.assertEqual(response.all(name), [], name)

    def test_metadata_and_topic_are_taken(self):
        response = self.ask_for_upgrade({
            **ECHO, "message_topic": "app.message", "metadata": {"user": "ä"},
            "heartbeat_interval": "30s"})
        self.assertEqual(response.status, 101)

    # Known failure 20: bad JSON in the relay header gave an empty 200.
    def test_what_is_wrong_with_the_command_is_502_never_101(self):
        for command in (
                "", "{", "[]", "null", '"echo"', "nonsense", "{} {}",
                '{"target_pid":"echo"', {}, {"target_pid": ""},
                {"target_pid": 7}, {**ECHO, "unknown": 1},
                '{"target_pid":"echo","target_pid":"echo"}',
                {**ECHO, "heartbeat_interval": "0s"},
                {**ECHO, "heartbeat_interval": "-1s"},
                {**ECHO, "heartbeat_interval": "soon"},
                {**ECHO, "heartbeat_interval": 5},
                {**ECHO, "message_topic": "ws.message2"},
                {**ECHO, "metadata": []}, {**ECHO, "metadata": "text"},
                {**ECHO, "metadata": {"k": "x" * 300}},
                '{"target_pid":"echo","metadata":{"a":}}'):
            with self.subTest(command=command):
                response = self.ask_for_upgrade(command)
                self.assert_problem(response, 502, "command")

    def test_two_commands_are_502(self):
        response = self.ask_for_upgrade(ECHO, fields=[
            ("X-WS-Relay", '{"target_pid":"chat"}')])
        self.assert_problem(response, 502, "command")

    def test_metadata_up_to_the_limit_is_taken(self):
        for size, status in ((255, 101), (256, 101), (257, 502)):
            value = "x" * (size - len('{"k":""}'))
            response = self.ask_for_upgrade({**ECHO, "metadata": {"k": value}})
            self.assertEqual(response.status, status)

    def test_a_target_that_does_not_exist_is_503(self):
        for target in ("nobody", "echo@nowhere"):
            response = self.ask_for_upgrade({"target_pid": target})
            self.assert_problem(response, 503, "target")

    def test_a_request_that_asks_for_no_upgrade_is_426(self):
        self.upstream.answers["/ws/x"] = relay_answer(ECHO)
        self.assert_problem(self.ask("/ws/x"), 426, "upgrade")

    def test_the_origin_is_checked(self):
        self.upstream.answers["/ws/x"] = relay_answer(ECHO)
        response = self.ask("/ws/x", fields=[
            *upgrade_fields(), ("Origin", "https://evil.example.com")])
        self.assert_problem(response, 403, "origin")

    # Known failure 18: the relay header was sent to the client.
    def test_a_router_without_the_middleware_drops_the_header(self):
        self.upstream.answers["/plain/x"] = relay_answer(ECHO, body=b"plain")
        response = self.ask("/plain/x", fields=upgrade_fields())
        self.assertEqual((response.status, response.body), (200, b"plain"))
        self.assertEqual(response.all("X-WS-Relay"), [])

    def test_a_refusal_says_nothing_of_the_inside(self):
        response = self.ask_for_upgrade({"target_pid": "secret-internal"})
        self.assertNotIn(b"secret-internal", response.body)


class Answers(UpstreamTest):
    def test_answers_without_the_header_pass_as_they_are(self):
        for status in (200, 201, 301, 302, 400, 401, 403, 404, 409, 418, 500,
                       503, 599):
            self.upstream.answers["/ws/x"] = answer(status, f"body {status}", [
                ("X-Custom", "1"), ("Content-Type", "text/strange"),
                ("Location", "/else"), ("WWW-Authenticate", "Basic"),
                ("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2")])
            for fields in ((), upgrade_fields()):
                with self.subTest(status=status, upgrade=bool(fields)):
                    response = self.ask("/ws/x", fields=fields)
                    self.assertEqual(response.status, status)
                    self.assertEqual(response.body, f"body {status}".encode())
                    self.assertEqual(response.get("Content-Type"),
                                     "text/strange")
                    self.assertEqual(response.get("Location"), "/else")
                    self.assertEqual(response.all("Set-Cookie"),
                                     ["a=1; Path=/", "b=2"])

    def test_answers_without_a_body_pass(self):
        client = self.connect()
        for status in (204, 304):
            self.upstream.answers["/ws/x"] = (
                f"HTTP/1.1 {status} X\r\nETag: \"e\"\r\n\r\n".encode())
            response = client.request("GET", "/ws/x")
            self.assertEqual(response.status, status)
            self.assertEqual(response.get("ETag"), '"e"')

    def test_a_chunked_answer_passes(self):
        self.upstream.answers["/ws/x"] = (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
        response = self.ask("/ws/x")
        self.assertEqual(response.body, b"hello world")
        self.assertEqual(response.all("Transfer-Encoding"), [])

    def test_an_answer_that_ends_with_the_connection_passes(self):
        self.upstream.answers["/ws/x"] = b"HTTP/1.0 200 OK\r\n\r\nuntil the end"
        self.assertEqual(self.ask("/ws/x").body, b"until the end")

    def test_interim_answers_are_skipped(self):
        # RFC 9110 section 15.2: a client MUST be able to parse them.
        self.upstream.answers["/ws/x"] = (
            b"HTTP/1.1 100 Continue\r\n\r\n"
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
            + answer(200, "final"))
        response = self.ask("/ws/x")
        self.assertEqual((response.status, response.body), (200, b"final"))

    def test_hop_by_hop_fields_do_not_pass(self):
        self.upstream.answers["/ws/x"] = answer(200, "x", [
            ("Connection", "X-Mine, close"), ("X-Mine", "1"),
            ("Keep-Alive", "timeout=1"), ("Upgrade", "h2c")])
        with Connection(self.relay.port) as client:
            response = client.request("GET", "/ws/x")
            for name in ("Connection", "X-Mine", "Keep-Alive", "Upgrade"):
                self.assertEqual(response.all(name), [], name)
            self.assertEqual(client.request("GET", "/ws/x").status, 200)

    def test_head_asks_for_head(self):
        self.upstream.answers["/ws/x"] = (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nX-A: b\r\n\r\n")
        client = self.connect()
        response = client.request("HEAD", "/ws/x")
        self.assertEqual(self.upstream.asked[0].method, "HEAD")
        self.assertEqual((response.status, response.get("X-A")), (200, "b"))
        # RFC 9110 section 8.6: a wrong Content-Length would be worse than none.
        self.assertIn(response.get("Content-Length"), (None, "1234"))

    def test_a_body_up_to_the_limit_passes(self):
        for size, status in ((65535, 200), (65536, 200), (65537, 502)):
            self.upstream.answers["/ws/x"] = answer(200, b"b" * size)
            self.assertEqual(self.ask("/ws/x").status, status)


class Requests(UpstreamTest):
    def asked(self, path, method="GET", fields=(), body=b""):
        """Returns what the upstream was asked."""
        self.upstream.answers[path.split("?")[0]] = answer(200)
        self.assertEqual(self.ask(path, method, fields, body).status, 200)
        return self.upstream.asked[-1]

    def test_method_path_and_query_pass(self):
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            found = self.asked("/ws/a%20b?q=1&r=%2F%3f&", method)
            self.assertEqual((found.method, found.target),
                             (method, "/ws/a%20b?q=1&r=%2F%3f&"))

    def test_an_endpoint_for_options_answers_a_preflight(self):
        allow = ("Access-Control-Allow-Origin", "https://app.example.com")
        self.upstream.answers["/ws/based/x"] = answer(204, fields=[allow])
        response = self.ask("/ws/based/x", "OPTIONS", [
            ("Origin", "https://app.example.com"),
            ("Access-Control-Request-Method", "GET")])
        self.assertEqual(response.status, 204)
        self.assertEqual(response.get(allow[0]), allow[1])
        self.assertEqual(response.all("Allow"), [])

    def test_the_path_of_the_upstream_goes_before(self):
        self.upstream.answers["/base/ws/based/x"] = answer(200, "based")
        self.assertEqual(self.ask("/ws/based/x?q").body, b"based")
        self.assertEqual(self.upstream.asked[0].target, "/base/ws/based/x?q")

    def test_bodies_pass(self):
        for body in (b"x", b"{\"a\": 1}", bytes(range(256)) * 4096):
            found = self.asked("/ws/x", "POST",
                               [("Content-Type", "x/y")], body)
            self.assertTrue(found.body == body)
            self.assertEqual(found.all("Content-Type"), ["x/y"])

    def test_fields_pass_but_those_of_the_hop(self):
        found = self.asked("/ws/x", fields=[
            ("Cookie", "session=1"), ("Authorization", "Bearer x"),
            ("X-Custom", "1"), ("X-Custom", "2"), ("Accept", "*/*"),
            ("Connection", "keep-alive, X-Secret"), ("X-Secret", "1"),
            ("Keep-Alive", "300"), ("TE", "trailers"), ("Upgrade", "h2c")])
        self.assertEqual(found.all("Cookie"), ["session=1"])
        self.assertEqual(found.all("Authorization"), ["Bearer x"])
        self.assertEqual(found.all("X-Custom"), ["1", "2"])
        self.assertEqual(found.all("X-Secret"), [])
        names = {name.lower() for name, _ in found.fields} - {"connection"}
        self.assertFalse(names & HOP_BY_HOP)

    def test_a_handshake_arrives_as_a_plain_request(self):
        found = self.asked("/ws/x", fields=upgrade_fields(SAMPLE_KEY))
        names = [name.lower() for name, _ in found.fields]
        self.assertFalse([name for name in names if name == "upgrade"
                          or name.startswith("sec-websocket")])

    def test_the_upstream_learns_who_asks(self):
        found = self.asked("/ws/x", fields=[
            ("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Host", "evil"), ("Forwarded", "for=6.6.6.6")])
        self.assertEqual(found.all("X-Forwarded-For"), ["127.0.0.1"])
        self.assertEqual(found.all("X-Forwarded-Proto"), ["http"])
        self.assertEqual(found.all("X-Forwarded-Host"), [self.relay.host])
        self.assertEqual(found.all("Forwarded"), [])
        self.assertEqual(found.all("Host"),
                         [f"127.0.0.1:{self.upstream.port}"])

    def test_a_clients_own_relay_header_is_stripped(self):
        found = self.asked("/ws/x", fields=[
            *upgrade_fields(), ("X-WS-Relay", '{"target_pid":"echo"}'),
            ("x-ws-relay-signature", "v1")])
        names = {name.lower() for name, _ in found.fields}
        self.assertFalse(names & {"x-ws-relay", "x-ws-relay-signature"})

    def test_nor_does_it_pass_as_the_same_variable(self):
        found = self.asked("/ws/x", fields=[
            ("X_WS_Relay", "{}"), ("X_WS_Relay_Upgrade", "websocket"),
            ("X_Forwarded_For", "6.6.6.6"), ("Content_Length", "9"),
            ("Transfer_Encoding", "chunked"), ("X_Other", "passes")])
        self.assertEqual([name for name, _ in found.fields if "_" in name],
                         ["X_Other"])

    def test_the_upstream_learns_whether_a_websocket_is_wanted(self):
        found = self.asked("/ws/x", fields=upgrade_fields())
        self.assertEqual(found.all("X-WS-Relay-Upgrade"), ["websocket"])
        found = self.asked("/ws/x", fields=[
            ("X-WS-Relay-Upgrade", "websocket")])
        self.assertEqual(found.all("X-WS-Relay-Upgrade"), [])

    def test_an_empty_body_has_a_length_where_it_matters(self):
        found = self.asked("/ws/x", "POST", [("Content-Length", "0")])
        self.assertEqual(found.all("Content-Length"), ["0"])
        self.assertEqual(self.asked("/ws/x").all("Content-Length"), [])

    def test_no_path_leaves_that_of_the_upstream(self):
        for path in ("/ws/based/..", "/ws/based/%2e%2e", "/ws/based/.",
                     "/ws/based/..%2fsecret", "/ws/based/..%5Csecret"):
            with self.subTest(path=path):
                self.assertIn(self.ask(path).status, (400, 404))
        self.assertEqual(self.upstream.asked, [])


class Failures(UpstreamTest):
    def test_an_upstream_that_is_not_there_is_502(self):
        self.assert_problem(self.ask("/ws/gone/x"), 502, "upstream")
        response = self.ask("/ws/gone/x", fields=upgrade_fields())
        self.assert_problem(response, 502, "upstream")

    def test_an_upstream_that_is_slow_is_504(self):
        release = threading.Event()
        self.addCleanup(release.set)
        for first in (b"", b"HTTP/1.1 200 OK\r\n",
                      b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"):
            def stall(_, client, first=first):
                client.sendall(first)
                release.wait(20)
                return b""
            self.upstream.answers["/ws/x"] = stall
            start = time.monotonic()
            self.assert_problem(self.ask("/ws/x"), 504, "upstream")
            self.assertGreater(elapsed(start), 0.9)
            self.assertLess(elapsed(start), 5)

    def test_an_answer_that_is_no_http_is_502(self):
        for data in (b"", b"\0\1\2\3" * 20, b"SSH-2.0-x\r\n",
                     b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nA b\r\n\r\n",
                     b"HTTP/1.1 200 OK\r\n: x\r\n\r\n",
                     b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort",
                     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx",
                     answer(101, fields=[("Upgrade", "websocket"),
                                         ("Connection", "upgrade")])):
            with self.subTest(data=data):
                self.upstream.answers["/ws/x"] = data
                response = self.ask("/ws/x", fields=upgrade_fields())
                self.assert_problem(response, 502, "upstream")

    def test_an_answer_with_an_oversized_header_is_502(self):
        self.upstream.answers["/ws/x"] = answer(
            200, fields=[("X", "x" * 200_000)])
        self.assert_problem(self.ask("/ws/x"), 502, "upstream")

    def test_a_client_that_gives_up_leaves_nothing_behind(self):
        before = self.relay.sockets()
        self.upstream.answers["/ws/x"] = (
            lambda *_: time.sleep(0.3) or answer(200, "late"))
        for i in range(20):
            client = self.connect()
            client.send(b"GET /ws/x HTTP/1.1\r\nHost: relay\r\n\r\n")
            client.abort() if i % 2 else client.close()
        wait_until(lambda: self.relay.sockets() <= before,
                   "the sockets are given back")

    def test_other_requests_are_served_while_one_waits(self):
        release = threading.Event()
        self.addCleanup(release.set)
        self.upstream.answers["/ws/slow"] = (
            lambda *_: release.wait(20) and answer(200, "slow"))
        self.upstream.answers["/ws/x"] = answer(200, "quick")
        slow = [self.connect() for _ in range(4)]  # on every loop
        for client in slow:
            client.send(b"GET /ws/slow HTTP/1.1\r\nHost: relay\r\n\r\n")
        for _ in range(10):
            self.assertEqual(self.ask("/ws/x").body, b"quick")
        release.set()
        for client in slow:
            self.assertEqual(client.response().body, b"slow")


if __name__ == "__main__":
    unittest.main()
