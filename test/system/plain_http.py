"""The HTTP side: connections, limits, timeouts, refusals."""

import json
import time
import unittest

from http_base import HttpTest
from raw_client import (Closed, Connection, elapsed, request_bytes,
                        upgrade_fields)
from support import DEADLINE, echo_config, wait_until

DEMO = """\
- name: demo
  kind: http.static
  meta: {server: gateway}
  path: /
  root: builtin:demo
"""


class PlainTest(HttpTest):
    CONFIG = echo_config() + DEMO

    def assert_problem(self, response, status, check):
        self.assertEqual(response.status, status)
        self.assertEqual(response.get("Content-Type"),
                         "application/problem+json")
        document = json.loads(response.body)
        self.assertEqual(set(document),
                         {"type", "title", "status", "detail", "check"})
        self.assertEqual(document["type"], "about:blank")
        self.assertEqual(document["status"], status)
        self.assertEqual(document["check"], check)
        self.assertTrue(document["title"] and document["detail"])


class Connections(PlainTest):
    def test_a_connection_serves_one_request_after_the_other(self):
        client = self.connect()
        for path, status in (("/", 200), ("/demo.js", 200), ("/none", 404),
                             ("/ws/echo", 426), ("/", 200)):
            self.assertEqual(client.request("GET", path).status, status)

    def test_pipelined_requests_are_answered_in_order(self):
        paths = ["/", "/none", "/demo.css", "/ws/echo", "/demo.js"] * 20
        client = self.connect()
        client.send(b"".join(request_bytes("GET", path) for path in paths))
        found = [client.response().status for _ in paths]
        self.assertEqual(found, [200, 404, 200, 426, 200] * 20)

    def test_an_upgrade_may_follow_pipelined_requests(self):
        client = self.connect()
        client.send(request_bytes("GET", "/none")
                    + request_bytes("GET", "/ws/echo", upgrade_fields()))
        self.assertEqual(client.response().status, 404)
        self.assertEqual(client.response().status, 101)

    def test_connection_close_is_obeyed(self):
        for path in ("/", "/none"):
            response, client = self.ask(request_bytes(
                "GET", path, [("Connection", "close")]))
            self.assertEqual(response.get("Connection").lower(), "close")
            self.assertEqual(client.read_to_end(), b"")

    def test_http_1_0_closes_after_the_answer(self):
        response, client = self.ask(b"GET / HTTP/1.0\r\n\r\n")
        self.assertEqual(response.status, 200)
        self.assertEqual(client.read_to_end(), b"")

    def test_a_client_that_closes_its_side_first_is_answered(self):
        client = self.connect()
        client.send(request_bytes("GET", "/", [("Connection", "close")]))
        client.socket.shutdown(1)
        self.assertEqual(client.response().status, 200)

    def test_every_answer_has_a_date_and_a_server(self):
        client = self.connect()
        for path in ("/", "/none", "/ws/echo"):
            response = client.request("GET", path)
            self.assertRegex(response.get("Date"), r"^\w{3}, \d\d .* GMT$")
            self.assertEqual(response.get("Server"), "wsrelay")

    def test_head_has_the_length_of_get_and_no_body(self):
        for path in ("/", "/demo.js", "/none", "/ws/echo"):
            client = self.connect()
            whole = client.request("GET", path)
            head = client.request("HEAD", path)
            self.assertEqual(head.status, whole.status)
            self.assertEqual(head.get("Content-Length"), str(len(whole.body)))
            self.assertEqual(head.get("Content-Type"),
                             whole.get("Content-Type"))
            # Nothing is left over that the next answer would begin with.
            self.assertEqual(client.request("GET", "/none").status, 404)

    def test_the_absolute_form_of_a_target_is_accepted(self):
        # RFC 9112 section 3.2.2: a server MUST accept it.
        response = self.connect().request(
            "GET", f"http://{self.relay.host}/demo.js")
        self.assertEqual(response.status, 200)

    def test_expect_100_continue_is_answered_before_the_body(self):
        client = self.connect()
        client.send(request_bytes("POST", "/", [
            ("Expect", "100-continue"), ("Content-Length", "4")]))
        self.assertEqual(client.response().status, 100)
        client.send("body")
        self.assertEqual(client.response().status, 405)
        self.assertEqual(client.request("GET", "/").status, 200)

    def test_a_chunked_body_is_read_whole(self):
        client = self.connect()
        client.send(request_bytes("POST", "/", [
            ("Transfer-Encoding", "chunked")]))
        client.send(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n")
        self.assertEqual(client.response().status, 405)
        self.assertEqual(client.request("GET", "/").status, 200)


class Refusals(PlainTest):
    def test_404(self):
        for path in ("/none", "/ws", "/ws/none", "/ws/echo/more", "/WS/echo"):
            self.assert_problem(self.connect().request("GET", path), 404,
                                "path")

    def test_405_names_what_is_allowed(self):
        for method in ("POST", "PUT", "DELETE", "PATCH", "STRANGE"):
            for path in ("/", "/ws/echo"):
                response = self.connect().request(method, path)
                self.assert_problem(response, 405, "method")
                self.assertEqual(response.get("Allow"),
                                 "GET, HEAD, OPTIONS")

    def test_426_names_the_protocol(self):
        response = self.connect().request("GET", "/ws/echo")
        self.assert_problem(response, 426, "upgrade")
        self.assertEqual(response.get("Upgrade"), "websocket")
        self.assertIn("upgrade", response.get("Connection").lower())

    def test_426_obeys_connection_close_as_well(self):
        response, client = self.ask(request_bytes(
            "GET", "/ws/echo", [("Connection", "close")]))
        self.assertEqual(response.get("Upgrade"), "websocket")
        self.assertEqual(client.read_to_end(), b"")

    def test_a_refusal_is_not_stored(self):
        response = self.connect().request("GET", "/none")
        self.assertEqual(response.get("Cache-Control"), "no-store")

    def test_505_for_another_version(self):
        response, _ = self.ask(b"GET / HTTP/2.0\r\n\r\n")
        self.assert_problem(response, 505, "request")

    def test_400_for_what_is_no_http(self):
        for data in (b"\r\n\r\n\r\nnonsense\r\n\r\n", b"GET\r\n\r\n",
                     b"GET / HTTP/1.1\r\n: x\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\nbad\0name: x\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\nA: x\0y\r\n\r\n",
                     b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"):
            with self.subTest(data=data):
                response, client = self.ask(data)
                self.assert_problem(response, 400, "request")
                self.assertEqual(response.get("Connection"), "close")
                self.assertEqual(client.read_to_end(), b"")

    def test_400_for_a_request_with_two_meanings(self):
        # RFC 9112 sections 3.2, 6.1 and 6.3: what smuggling is made of.
        for fields in ("Content-Length: 3\r\nContent-Length: 4\r\n",
                       "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
                       "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
                       "Content-Length: +3\r\n", "Content-Length: 3,4\r\n",
                       "Content-Length: -1\r\n", "Content-Length: 0x3\r\n",
                       "Transfer-Encoding: gzip\r\n", "Host: other\r\n"):
            with self.subTest(fields=fields):
                response, client = self.ask(
                    f"POST / HTTP/1.1\r\nHost: relay\r\n{fields}\r\n"
                    "0\r\n\r\n".encode())
                self.assertIn(response.status, (400, 501))
                self.assertEqual(client.read_to_end(), b"")

    def test_400_for_a_request_without_host(self):
        # RFC 9112 section 3.2.
        response, _ = self.ask(b"GET / HTTP/1.1\r\n\r\n")
        self.assertEqual(response.status, 400)


class Limits(PlainTest):
    CONFIG = echo_config(dict(max_header_size="4KiB", max_body_size="1KiB",
                              request_timeout="500ms", idle_timeout="700ms",
                              max_connections=6)) + DEMO

    def test_413_above_the_largest_body(self):
        for body in (1023, 1024, 1025):
            response = self.connect().request("POST", "/", body=b"b" * body)
            if body <= 1024:
                self.assertEqual(response.status, 405)
            else:
                self.assert_problem(response, 413, "size")

    def test_413_for_a_chunked_body(self):
        chunk = b"200\r\n" + b"b" * 512 + b"\r\n"
        for chunks in (2, 3):
            response, _ = self.ask(
                request_bytes("POST", "/", [("Transfer-Encoding", "chunked")])
                + chunk * chunks + b"0\r\n\r\n")
            self.assertEqual(response.status, 405 if chunks == 2 else 413)

    def test_413_instead_of_100(self):
        response, _ = self.ask(request_bytes("POST", "/", [
            ("Expect", "100-continue"), ("Content-Length", "99999")]))
        self.assertEqual(response.status, 413)

    def test_413_for_a_length_beyond_64_bits(self):
        response, _ = self.ask(request_bytes("POST", "/", [
            ("Content-Length", "9" * 30)]))
        self.assertIn(response.status, (400, 413))

    def test_431_above_the_largest_header(self):
        # The start line has a limit of its own, of the same size.
        empty = len(request_bytes("GET", "/", [("X", "")]))
        for size in (4095, 4096, 4300, 100_000):
            field = [("X", "x" * (size - empty))]
            response, client = self.ask(request_bytes("GET", "/", field))
            if size <= 4096:
                self.assertEqual(response.status, 200)
            else:
                self.assert_problem(response, 431, "size")
                self.assertEqual(client.read_to_end(), b"")

    def test_a_start_line_that_is_too_long_is_refused(self):
        response, _ = self.ask(request_bytes("GET", "/" + "x" * 5000))
        self.assertIn(response.status, (414, 431))

    def test_431_for_a_header_without_an_end(self):
        client = self.connect()
        client.send(b"GET / HTTP/1.1\r\nHost: relay\r\n")
        client.send(b"A: b\r\n" * 2000)
        self.assertEqual(client.response().status, 431)

    def test_408_for_a_request_that_does_not_end(self):
        for part in (b"G", b"GET / HTTP/1.1\r\nHost: relay\r\n",
                     request_bytes("POST", "/", [("Content-Length", "9")])
                     + b"half"):
            with self.subTest(part=part):
                start = time.monotonic()
                response, client = self.ask(part)
                self.assert_problem(response, 408, "timeout")
                self.assertGreater(elapsed(start), 0.4)
                self.assertEqual(client.read_to_end(), b"")

    def test_408_for_a_request_that_drips(self):
        client = self.connect()
        start = time.monotonic()
        try:
            while elapsed(start) < DEADLINE and client.is_silent(0.05):
                client.send(b"G")
        except ConnectionError:
            pass
        self.assertLess(elapsed(start), 5)

    def test_a_connection_without_a_request_ends_without_an_answer(self):
        start = time.monotonic()
        self.assertEqual(self.connect().read_to_end(), b"")
        self.assertLess(elapsed(start), 5)

    def test_an_idle_connection_ends_after_the_idle_timeout(self):
        client = self.connect()
        client.request("GET", "/none")
        start = time.monotonic()
        self.assertEqual(client.read_to_end(), b"")
        self.assertGreater(elapsed(start), 0.6)
        self.assertLess(elapsed(start), 5)

    def test_the_timeouts_do_not_touch_a_websocket(self):
        client = self.connect()
        client.request("GET", "/ws/echo", upgrade_fields())
        self.assertTrue(client.is_silent(1.2))

    def test_a_client_that_never_closes_is_cut_off(self):
        before = self.relay.sockets()
        client = self.connect()
        client.request("GET", "/", [("Connection", "close")])
        wait_until(lambda: self.relay.sockets() <= before,
                   "the socket is given back", deadline=8)
        client.close()


class ConnectionLimit(PlainTest):
    CONFIG = echo_config(dict(max_connections=3)) + DEMO

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.idle = cls.relay.sockets()

    def setUp(self):
        super().setUp()  # those of the test before are still closing
        wait_until(lambda: self.relay.sockets() == self.idle, "all have gone")

    def gets_in(self):
        with Connection(self.relay.port) as client:
            return client.request("GET", "/none").status == 404

    def assert_full(self):
        with Connection(self.relay.port) as late:
            response = late.request("GET", "/none")
            self.assert_problem(response, 503, "capacity")
            self.assertGreater(int(response.get("Retry-After")), 0)
            with self.assertRaises(Closed):
                late.read(1)

    def test_one_more_than_the_limit_is_told_so(self):
        clients = [self.connect() for _ in range(3)]
        for client in clients:
            self.assertEqual(client.request("GET", "/none").status, 404)
        for _ in range(3):
            self.assert_full()
        clients[1].close()
        wait_until(self.gets_in, "there is a place")

    def test_a_websocket_counts_until_it_has_closed(self):
        sockets = [self.connect() for _ in range(3)]
        for client in sockets:
            response = client.request("GET", "/ws/echo", upgrade_fields())
            self.assertEqual(response.status, 101)
        self.assert_full()
        sockets[0].abort()
        wait_until(self.gets_in, "there is a place")

    def test_more_than_can_be_told_are_cut_off_and_the_others_served(self):
        clients = [self.connect() for _ in range(3)]
        for client in clients:
            self.assertEqual(client.request("GET", "/none").status, 404)
        silent = [self.connect() for _ in range(300)]
        for client in clients:
            self.assertEqual(client.request("GET", "/none").status, 404)
        wait_until(lambda: self.relay.sockets() < 20, "they are closed")
        self.assertEqual(len(silent), 300)


if __name__ == "__main__":
    unittest.main()
