"""Connections to upstreams: kept, dropped, ended early, over TLS."""

import os
import shutil
import threading
import time
import unittest

from authority import Authority
from http_upstream import Upstream, answer
from raw_client import elapsed
from support import endpoint, wait_until
from upstream import UpstreamTest


class Connections(UpstreamTest):
    @classmethod
    def config(cls):
        keys = "max_idle_connections: 0"
        return super().config() + endpoint(
            "once", "/once/{what}", f"upstream: {cls.upstream.url}\n{keys}")

    def count(self, ask):
        before = self.upstream.connections
        ask()
        return self.upstream.connections - before

    def test_one_connection_serves_many_requests(self):
        self.upstream.answers["/ws/x"] = answer(200, "x")
        client = self.connect()  # one loop

        def ask():
            for _ in range(20):
                self.assertEqual(client.request("GET", "/ws/x").body, b"x")
        self.assertLessEqual(self.count(ask), 1)

    def test_none_is_kept_when_the_configuration_says_so(self):
        self.upstream.answers["/ws/once/x"] = answer(200, "x")
        client = self.connect()

        def ask():
            for _ in range(3):
                client.request("GET", "/ws/once/x")
        self.assertEqual(self.count(ask), 3)
        self.assertEqual(self.upstream.asked[0].all("Connection"), ["close"])

    def test_one_that_the_upstream_has_closed_is_not_used(self):
        data = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
        self.upstream.answers["/ws/x"] = lambda *_: data  # then it closes
        client = self.connect()
        for _ in range(50):
            self.assertEqual(client.request("GET", "/ws/x").status, 200)

    def test_an_early_refusal_of_a_large_body_reaches_the_client(self):
        self.upstream.early["/ws/x"] = answer(413, "no")
        response = self.ask("/ws/x", "POST", body=b"b" * (2 << 20))
        self.assertEqual((response.status, response.body), (413, b"no"))

    def test_a_client_that_leaves_ends_the_call(self):
        ended = threading.Event()

        def wait(_, peer):
            Upstream.wait_for_end(peer)
            ended.set()
            return b""
        self.upstream.answers["/ws/x"] = wait
        client = self.connect()
        client.send(b"GET /ws/x HTTP/1.1\r\nHost: relay\r\n\r\n")
        wait_until(lambda: self.upstream.asked, "the upstream is asked")
        start = time.monotonic()
        client.abort()
        self.assertTrue(ended.wait(20))
        self.assertLess(elapsed(start), 0.9)  # not by the timeout


class Endless(UpstreamTest):
    def test_an_answer_without_an_end_is_502_and_leaves_no_memory(self):
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        field = b"X-A: " + b"a" * 1000 + b"\r\n"
        before = self.relay.resident_bytes()
        for start, piece in (
                (b"HTTP/1.1 200 OK\r\n", field),
                (b"HTTP/1.1 200 OK\r\nX-A: ", b"a" * 1000),
                (chunked + b"0\r\n", field),
                (chunked + b"0\r\nX-A: ", b"a" * 1000),
                (chunked + b"1;", b"a" * 1000),
                (chunked, b"0" * 1000),
                (b"", b"HTTP/1.1 100 Continue\r\n\r\n")):
            def endless(_, client, start=start, piece=piece):
                client.sendall(start)
                for _ in range(1000):
                    client.sendall(piece * 64)
                return b""
            with self.subTest(start=start, piece=piece[:10]):
                self.upstream.answers["/ws/x"] = endless
                self.assert_problem(self.ask("/ws/x"), 502, "upstream")
        self.assert_grown_less(before, 8 << 20)


class OverTls(UpstreamTest):
    @classmethod
    def config(cls):
        authority = Authority(cls.addClassCleanup)
        plain = super().config()
        cls.secure = Upstream(authority.server_context("IP:127.0.0.1"))
        cls.addClassCleanup(cls.secure.close)
        cls.late = shutil.copy(authority.file, authority.path("late.pem"))
        url, ca = cls.secure.url, f'\nmethod: "*"\nca: {authority.file}'
        other = url.replace("127.0.0.1", "localhost")
        return (plain + endpoint("good", "/good/{what}", f"upstream: {url}{ca}")
                + endpoint("name", "/name/{what}", f"upstream: {other}{ca}")
                + endpoint("ca", "/ca/{what}", f"upstream: {url}")
                + endpoint("late", "/late/{what}",
                           f"upstream: {url}\nca: {cls.late}"))

    def test_requests_pass(self):
        self.secure.answers["/ws/good/x"] = answer(200, b"x" * 100_000)
        client = self.connect()
        before = self.secure.connections
        for _ in range(5):
            response = client.request("POST", "/ws/good/x",
                                      body=b"y" * 100_000)
            self.assertEqual(response.body, b"x" * 100_000)
        self.assertLessEqual(self.secure.connections - before, 1)
        self.assertEqual(self.secure.asked[-1].body, b"y" * 100_000)
        self.assertEqual(self.secure.asked[-1].all("Host"),
                         [f"127.0.0.1:{self.secure.port}"])

    def test_authorities_are_read_at_the_start(self):
        self.secure.answers["/ws/late/x"] = answer(200, b"late")
        os.unlink(self.late)
        os.mkfifo(self.late)  # who opens it waits
        self.assertEqual(self.ask("/ws/late/x").body, b"late")

    def test_a_wrong_name_or_authority_is_502_and_the_log_says_why(self):
        for path, why in (("/ws/name/x", "hostname mismatch"),
                          ("/ws/ca/x", "unable to get local issuer")):
            response = self.ask(path)
            self.assert_problem(response, 502, "upstream")
            self.assertNotIn(b"certificate", response.body)
            wait_until(lambda: why in self.relay.stderr, why)
        self.assertEqual([each for each in self.secure.asked
                          if not each.target.startswith(
                              ("/ws/good/", "/ws/late/"))], [])


if __name__ == "__main__":
    unittest.main()
