"""What passes between a client and an upstream, and what must not."""

import threading
import time
import unittest

from http_base import ConnectionTest
from http_upstream import Upstream, answer, relay_answer
from raw_client import Connection, elapsed, request_bytes, upgrade_fields
from support import endpoint, router, service, wait_until

MIB = 1 << 20
ECHO = {"target_pid": "echo"}
CHUNKED_ANSWER = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class UpstreamTest(ConnectionTest):
    @classmethod
    def config(cls):
        cls.upstream = Upstream()
        cls.addClassCleanup(cls.upstream.close)
        keys = ('method: "*"\nresponse_timeout: 8s\n'
                "max_response_size: 64KiB")
        cls.config_text = (
            service(max_body_size="16MiB", shutdown_timeout="2s") + router()
            + endpoint("one", "/{what}",
                       f"upstream: {cls.upstream.url}\n{keys}")
            + router("based", "/b")
            + endpoint("based", "/{a}/{b}",
                       f"upstream: {cls.upstream.url}/base\n{keys}",
                       router="based"))
        return cls.config_text

    def setUp(self):
        self.upstream.answers.clear()
        self.upstream.asked.clear()

    def ask(self, path="/ws/x", method="GET", fields=(), body=b""):
        return self.connect().request(method, path, fields, body)

    def answer_with(self, data, **keys):
        """Returns the response to a request that the upstream answers so."""
        self.upstream.answers["/ws/x"] = data
        return self.ask(**keys)


def endless(first, more):
    """Returns an answer that goes on for 12 MiB, if somebody takes it."""
    def send(_, client):
        client.sendall(first)
        for _ in range(12 * 16):
            client.sendall(more * (65536 // len(more)))
        return b""
    return send


class LargeAnswers(UpstreamTest):
    SIZES = (65_533, 65_534, 65_535, 65_536, 65_537, 200_000)

    def test_a_field_of_64_kib_is_502(self):
        for size in self.SIZES:
            for fields in ([("X", "x" * size)], [("x" * size, "X")]):
                response = self.answer_with(answer(200, fields=fields))
                self.assertEqual(response.status, 502)

    def test_a_trailer_field_of_64_kib_is_502(self):
        for size in self.SIZES:
            for line in (b"X: " + b"x" * size, b"x" * size + b": X"):
                response = self.answer_with(
                    CHUNKED_ANSWER + b"1\r\nb\r\n0\r\n" + line + b"\r\n\r\n")
                self.assertEqual(response.status, 502)

    def test_an_endless_answer_is_502(self):
        before = self.relay.resident_bytes()
        for first, more in (
                (b"HTTP/1.1 200 ", b"x"), (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
                (b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
                (CHUNKED_ANSWER, b"0"), (CHUNKED_ANSWER + b"1;", b"x"),
                (CHUNKED_ANSWER, b"1;" + b"x" * 90 + b"\r\nb\r\n"),
                (CHUNKED_ANSWER + b"0\r\n", b"A: b\r\n"),
                (CHUNKED_ANSWER + b"0\r\nA:", b"x"),
                (CHUNKED_ANSWER, b"400\r\n" + b"b" * 1024 + b"\r\n"),
                (b"HTTP/1.1 200 OK\r\n\r\n", b"b"),
                (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
                (b"", b"\r\n")):
            with self.subTest(first=first, more=more[:20]):
                start = time.monotonic()
                self.upstream.answers["/ws/x"] = endless(first, more)
                self.assertEqual(self.ask().status, 502)
                self.assertLess(elapsed(start), 5)
        self.assert_grown_less(before, 4 * MIB)


class Trailers(UpstreamTest):
    def test_a_trailer_of_an_answer_is_dropped(self):
        response = self.answer_with(
            CHUNKED_ANSWER + b"4\r\nbody\r\n0\r\nX-WS-Relay: "
            b"{\"target_pid\":\"echo\"}\r\nSet-Cookie: a=1\r\n"
            b"Content-Length: 99\r\n\r\n", fields=upgrade_fields())
        self.assertEqual((response.status, response.body), (200, b"body"))
        for name in ("Set-Cookie", "X-WS-Relay"):
            self.assertEqual(response.all(name), [])

    def test_a_trailer_of_a_request_is_dropped(self):
        self.upstream.answers["/ws/x"] = answer(200)
        client = self.connect()
        client.send(request_bytes("POST", "/ws/x", [
            ("Transfer-Encoding", "chunked"), ("Cookie", "a=1")])
            + b"4\r\nbody\r\n0\r\nCookie: b=2\r\nAuthorization: x\r\n"
            b"X-WS-Relay: {}\r\nX-Forwarded-For: 6.6.6.6\r\nHost: evil\r\n"
            b"X-Mine: 1\r\n\r\n")
        self.assertEqual(client.response().status, 200)
        asked, = self.upstream.asked
        self.assertEqual(asked.body, b"body")
        self.assertEqual(asked.all("Cookie"), ["a=1"])
        self.assertEqual(asked.all("X-Forwarded-For"), ["127.0.0.1"])
        self.assertEqual(len(asked.all("Host")), 1)
        for name in ("Authorization", "X-WS-Relay", "X-Mine"):
            self.assertEqual(asked.all(name), [], name)


class Requests(UpstreamTest):
    def test_dot_segments_do_not_leave_the_base(self):
        for path in ("/b/../secret", "/b/%2e%2e/secret", "/b/.%2E/secret",
                     "/b/x/..", "/b/x/%2e%2E", "/b/..%2f..%2fsecret/x",
                     "/b/..%5csecret/x", "/b/./x", "/b/%2e/x",
                     "/b/x/../../../secret/x", "/b/..;/x",
                     "/ws/../secret", "/../ws/x", "/ws/.."):
            with self.subTest(path=path):
                self.assertIn(self.ask(path).status, (400, 404))
        for asked in self.upstream.asked:
            target = asked.target.lower().replace("%2e", ".").replace(
                "%2f", "/").replace("%5c", "/")
            self.assertNotIn("..", target.split("/"))

    def test_a_base_goes_before_the_path(self):
        self.upstream.answers["/base/b/x/y.z"] = answer(200, "based")
        self.assertEqual(self.ask("/b/x/y.z?../..").body, b"based")
        self.assertEqual(self.upstream.asked[0].target, "/base/b/x/y.z?../..")

    def test_an_empty_body_has_its_length(self):
        self.upstream.answers["/ws/x"] = answer(200)
        for method in ("POST", "PUT", "PATCH"):
            for fields in ([("Content-Length", "0")], []):
                self.ask(method=method, fields=fields)
                self.assertEqual(self.upstream.asked[-1].all("Content-Length"),
                                 ["0"], method)
        self.ask()
        self.assertEqual(self.upstream.asked[-1].all("Content-Length"), [])

    def test_a_coding_that_is_not_known_does_not_pass(self):
        client = self.connect()
        client.send(request_bytes("POST", "/ws/x", [
            ("Transfer-Encoding", "gzip, chunked")]) + b"1\r\nx\r\n0\r\n\r\n")
        self.assertEqual(client.response().status, 501)
        self.assertEqual(self.upstream.asked, [])

    def test_what_cannot_become_a_websocket_is_not_asked_for(self):
        self.upstream.answers["/ws/x"] = relay_answer(ECHO)
        for fields, statuses in (
                ([*upgrade_fields(), ("Origin", "https://evil.example")],
                 (403,)),
                (upgrade_fields(version="8"), (400, 426)),
                (upgrade_fields(key="short"), (400,)),
                (upgrade_fields()[:2], (400, 426))):
            with self.subTest(fields=fields):
                self.assertIn(self.ask(fields=fields).status, statuses)
        self.assertEqual(self.upstream.asked, [])


class Upgrades(UpstreamTest):
    def test_only_a_success_relays(self):
        for status in (200, 201, 202, 204, 301, 302, 400, 401, 403, 404, 500,
                       503):
            data = relay_answer(ECHO, [("Location", "/login")]).replace(
                b"HTTP/1.1 200", b"HTTP/1.1 %d" % status)
            with self.subTest(status=status):
                response = self.answer_with(data, fields=upgrade_fields())
                self.assertEqual(response.status,
                                 101 if status < 300 else status)
                self.assertEqual(response.all("X-WS-Relay"), [])

    def test_101_says_nothing_of_the_body_that_was_not_sent(self):
        response = self.answer_with(relay_answer(ECHO, [
            ("Server", "other"), ("Content-Encoding", "gzip"),
            ("Content-Type", "text/html"), ("Content-Language", "de"),
            ("ETag", '"x"'), ("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT"),
            ("Set-Cookie", "a=1")], body=b"gone"), fields=upgrade_fields())
        self.assertEqual(response.status, 101)
        self.assertEqual(len(response.all("Server")), 1)
        self.assertEqual(response.all("Set-Cookie"), ["a=1"])
        for name in ("Content-Encoding", "Content-Type", "Content-Length"):
            self.assertEqual(response.all(name), [], name)


class Ends(UpstreamTest):
    def test_a_stop_waits_for_an_upstream_as_long_as_it_may(self):
        release = threading.Event()
        self.addCleanup(release.set)
        self.upstream.answers["/ws/x"] = lambda *_: (
            b"" if release.wait(20) else b"")
        relay = self.start_relay(self.config_text)
        with Connection(relay.port) as client:
            client.send(request_bytes("GET", "/ws/x"))
            wait_until(lambda: self.upstream.asked, "the upstream is asked")
            start = time.monotonic()
            relay.stop()
            self.assertLess(elapsed(start), 5)

    def test_head_keeps_its_length(self):
        response = self.answer_with(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", method="HEAD")
        self.assertEqual(response.get("Content-Length"), "1234")


if __name__ == "__main__":
    unittest.main()
