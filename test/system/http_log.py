"""What an operator reads about refusals: a line that says who, where and why,
and not one for each of a flood."""

import re
import tempfile
import time
import unittest
from pathlib import Path

from raw_client import (Connection, WebSocket, request_bytes,
                        upgrade_fields)
from support import RelayTest, echo_config, endpoint, wait_until

EVIL = ("Origin", "https://evil.example")


class Refusals(RelayTest):
    CONFIG = echo_config() + endpoint(
        "nobody", "/nobody", "relay: {target_pid: nobody}") + (
        "- {name: api, kind: http.router, meta: {server: gateway}, "
        "prefix: /api}\n") + endpoint("api", "/x", "func: nobody",
                                     router="api")

    def setUp(self):
        self.relay = self.start_relay(self.CONFIG)

    def tearDown(self):
        self.relay.stop()

    @classmethod
    def setUpClass(cls):
        pass  # each test has a relay of its own

    def refuse(self, path, fields=(), count=1):
        with Connection(self.relay.port) as client:
            for _ in range(count):
                status = client.request("GET", path, fields).status
        return status

    def lines(self, pattern):
        return [line for line in self.relay.stderr.splitlines()
                if re.search(pattern, line)]

    def wait_for(self, *words):
        pattern = "".join(f"(?=.*{word})" for word in words)
        return wait_until(lambda: self.lines(pattern), f"a line with {words}")

    def test_each_reason_has_a_line_with_address_and_endpoint(self):
        for path, fields, status, words in (
                ("/ws/echo", [*upgrade_fields(), EVIL], 403,
                 ("check=origin", "endpoint=echo",
                  'reason="the origin is not allowed here"',
                  'origin="https://evil.example"',
                  f'own="http://127.0.0.1:{self.relay.port}"')),
                ("/ws/nobody", upgrade_fields(), 503,
                 ("check=target", "endpoint=nobody", 'target="nobody"')),
                ("/ws/echo", (), 426, ("upgrade", "echo")),
                ("/none?token=x", (), 404,
                 ("check=path", "endpoint=-", "method=GET", 'path="/none"',
                  'reason="there is nothing here"'))):
            with self.subTest(path=path, status=status):
                self.assertEqual(self.refuse(path, fields), status)
                self.wait_for("127\\.0\\.0\\.1", *words)

    def test_a_bad_request_has_a_line(self):
        with Connection(self.relay.port) as client:
            client.send("nonsense\r\n\r\n")
            self.assertEqual(client.response().status, 400)
        self.wait_for("127\\.0\\.0\\.1", "request")

    def test_a_line_tells_nothing_that_is_secret(self):
        self.refuse("/ws/echo?token=SECRET1", [
            *upgrade_fields(), EVIL, ("Cookie", "SECRET2"),
            ("Authorization", "SECRET3")])
        self.wait_for("origin", "echo")
        self.assertNotIn("SECRET", self.relay.stderr)

    def test_a_line_break_in_a_request_makes_no_line(self):
        with Connection(self.relay.port) as client:
            client.send(b"GET /none%0aINJECTED\x0bX HTTP/1.1\r\nHost: x\r\n"
                        b"\r\n")
            client.read_to_end()
        self.refuse("/a%0d%0aINJECTED")
        self.wait_for("path|request")
        for line in self.lines("INJECTED"):
            self.assertFalse(line.startswith("INJECTED"))

    def test_a_websocket_without_a_relay_has_a_line(self):
        self.assertEqual(self.refuse("/api/x", upgrade_fields()), 503)
        self.wait_for("a WebSocket was asked for", "endpoint=api",
                      "router=api")

    def test_a_flood_of_lost_connections_does_not_fill_the_log(self):
        before = self.relay.descriptors()
        for _ in range(40):
            client = WebSocket(self.relay.port)
            client.abort()
        wait_until(lambda: self.relay.descriptors() <= before, "all are gone")
        self.relay.log()
        lines = self.lines("connection ended")
        self.assertEqual(len(lines), 10)
        for line in lines:
            self.assertIn(" [info] ", line)
            self.assertIn(" client=127.0.0.1 cause=connection_lost ", line)

    def test_a_flood_of_refusals_does_not_fill_the_log(self):
        for path, fields in (("/none", ()), ("/ws/echo", ()),
                             ("/ws/echo", [*upgrade_fields(), EVIL])):
            for _ in range(10):
                self.refuse(path, fields, count=40)
        for _ in range(200):
            with Connection(self.relay.port) as client:
                client.send(b"nonsense\r\n\r\n")
                client.response()
        self.assertLess(len(self.relay.stderr.splitlines()), 60)


class CutOff(RelayTest):
    SIZE = 16 * 1024 * 1024  # more than the kernels' buffers hold

    @classmethod
    def config(cls):
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        cls.addClassCleanup(folder.cleanup)
        Path(folder.name, "large").write_bytes(b"l" * cls.SIZE)
        return echo_config(dict(write_timeout="400ms")) + (
            "- {name: files, kind: http.static, path: /, "
            f'meta: {{server: gateway}}, root: "{folder.name}"}}\n')

    def test_a_client_that_takes_nothing_has_a_line(self):
        start = time.monotonic()
        with Connection(self.relay.port, receive_buffer=4096) as client:
            client.send(request_bytes("GET", "/large"))
            wait_until(lambda: "check=write_timeout" in self.relay.stderr,
                       "a line says so")
        self.assertGreater(time.monotonic() - start, 0.39)
        self.assertRegex(
            self.relay.stderr,
            r"answer cut off: check=write_timeout address=127\.0\.0\.1\n")


class ConnectionLimit(RelayTest):
    CONFIG = echo_config(dict(max_connections=2, request_timeout="500ms"))

    def test_a_limit_that_is_reached_all_the_time_is_said_rarely(self):
        end = time.monotonic() + 2
        while time.monotonic() < end:
            clients = [Connection(self.relay.port) for _ in range(6)]
            for client in clients:
                client.send(request_bytes("GET", "/none"))
                client.abort()
        lines = [line for line in self.relay.stderr.splitlines()
                 if "limit" in line]
        self.assertLess(len(lines), 10)


if __name__ == "__main__":
    unittest.main()
