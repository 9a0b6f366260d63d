"""What a request means, by RFC 9110 and 9112: versions, hosts, framing,
trailers, and what an answer has to say."""

import re
import signal
import socket
import unittest

from http_base import HttpTest
from raw_client import request_bytes, upgrade_fields
from support import (DEADLINE, Program, echo_config, endpoint, router,
                     service, wait_until)

CHUNKED = ("Transfer-Encoding", "chunked")

BAD_HOSTS = (
    "a b", "http://a/", "a/", "a/b", "a@b", "user:password@a", "[::1", "::1]",
    "::1", "[::1]x", "[::1]:x", "[]", "[1]", "[::1%25eth0]", "[:::1]",
    "[1:2:3:4:5:6:7:8:9]", "a:99999", "a:65536", "a:-1", "a:80:80", "a:x",
    "a\\b", "a?b", "a#b", "<script>", "a\"b", "a'b<", "%zz",
    "a%", "a^b", "a`b", "a{b}", "a|b", "ä", "a\x7fb", "a\tb")

GOOD_HOSTS = (
    "a", "A", "a:80", "a:0080", "a:65535", "a.example", "a.example.",
    "a.example.:80", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:80",
    "[2001:DB8::1]:443", "[::ffff:192.0.2.1]", "xn--bcher-kva.example", "a_b",
    "a-b.c", "localhost:8080")


class RulesTest(HttpTest):
    CONFIG = (echo_config()
              + endpoint("form", "/form", "func: form\nmethod: POST")
              + endpoint("room", "/room/{room}",
                         'relay: {target_pid: "{room}"}')
              + "- {name: demo, kind: http.static, meta: {server: gateway}, "
                "path: /, root: \"builtin:demo\"}\n")

    def status(self, data):
        response, client = self.ask(data)
        client.close()
        return response.status

    def upgrade(self, path="/ws/echo", fields=(), **keys):
        return self.connect().request(
            "GET", path, [*upgrade_fields(), *fields], **keys)


class Versions(RulesTest):
    def test_a_later_minor_version_is_1_1(self):
        # RFC 9110 section 2.5.
        for version in ("HTTP/1.2", "HTTP/1.9"):
            response, client = self.ask(request_bytes("GET", "/none",
                                                      version=version))
            self.assertEqual((response.status, response.version),
                             (404, "HTTP/1.1"))
            self.assertEqual(client.request("GET", "/none").status, 404)

    def test_another_major_version_is_refused(self):
        for version in ("HTTP/2.0", "HTTP/0.9", "HTTP/3.1"):
            self.assertIn(self.status(request_bytes("GET", "/none",
                                                    version=version)),
                          (400, 505))

    def test_what_is_no_version_is_400(self):
        for version in ("HTTP/1", "HTTP/1.", "HTTP/1.10", "HTTP/11", "http/1.1",
                        "HTTP/ 1.1", "HTTP/1.1x", "HTTPS/1.1", "1.1"):
            with self.subTest(version=version):
                self.assertEqual(self.status(request_bytes(
                    "GET", "/none", version=version)), 400)

    def test_http_1_0_needs_no_host(self):
        self.assertEqual(self.status(b"GET /none HTTP/1.0\r\n\r\n"), 404)

    def test_http_1_0_does_not_upgrade(self):
        # RFC 9110 section 7.8: ignore it.
        data = request_bytes("GET", "/ws/echo", upgrade_fields(),
                             version="HTTP/1.0")
        self.assertIn(self.status(data), (400, 426))

    def test_expect_of_http_1_0_is_ignored(self):
        # RFC 9110 section 10.1.1.
        client = self.connect()
        client.send(request_bytes("POST", "/", [
            ("Expect", "100-continue"), ("Content-Length", "4")],
            version="HTTP/1.0"))
        self.assertTrue(client.is_silent(0.3))
        client.send("body")
        self.assertEqual(client.response().status, 405)

    def test_another_expectation_is_417_or_ignored(self):
        self.assertIn(self.status(request_bytes(
            "GET", "/none", [("Expect", "miracles")])), (404, 417))


class Lines(RulesTest):
    def test_empty_lines_before_a_request_are_ignored(self):
        # RFC 9112 section 2.2.
        whole = request_bytes("GET", "/none")
        for before in (b"\r\n", b"\r\n\r\n"):
            response, client = self.ask(before + whole)
            self.assertEqual(response.status, 404)
            client.send(before + whole + before + whole)
            for _ in range(2):
                self.assertEqual(client.response().status, 404)

    def test_an_empty_line_that_comes_alone_is_ignored(self):
        client = self.connect()
        for piece in (b"\r", b"\n"):
            client.send(piece)
            self.assertTrue(client.is_silent(0.1))
        self.assertEqual(client.request("GET", "/none").status, 404)

    def test_a_request_in_single_bytes_is_one(self):
        client = self.connect()
        client.send_slowly(request_bytes("POST", "/", [CHUNKED]) + b"3;a=b\r\n"
                           b"abc\r\n0\r\nA: b\r\n\r\n")
        self.assertEqual(client.response().status, 405)
        self.assertEqual(client.request("GET", "/none").status, 404)

    def test_a_folded_field_is_400(self):
        # RFC 9112 section 5.2.
        self.assertEqual(self.status(
            b"GET / HTTP/1.1\r\nHost: relay\r\nA: b\r\n c\r\n\r\n"), 400)

    def test_a_space_around_a_name_is_400(self):
        # RFC 9112 section 5.1.
        for line in (b"A : b", b" A: b", b"A\t: b", b"A b: c"):
            with self.subTest(line=line):
                self.assertEqual(self.status(
                    b"GET / HTTP/1.1\r\nHost: relay\r\n" + line
                    + b"\r\n\r\n"), 400)


class Hosts(RulesTest):
    def test_a_host_that_is_none_is_400(self):
        # RFC 9112 section 3.2.
        for host in BAD_HOSTS:
            with self.subTest(host=host):
                self.assertEqual(self.status(
                    b"GET /none HTTP/1.1\r\nHost: " + host.encode()
                    + b"\r\n\r\n"), 400)

    def test_a_host_that_is_one_is_served(self):
        for host in GOOD_HOSTS:
            with self.subTest(host=host):
                self.assertEqual(self.status(request_bytes(
                    "GET", "/none", host=host)), 404)

    def test_two_hosts_are_400(self):
        for other in ("relay", "other"):
            self.assertEqual(self.status(request_bytes(
                "GET", "/none", [("Host", other)])), 400)

    def test_the_host_of_an_absolute_target_is_checked_too(self):
        for host in BAD_HOSTS:
            if host.isprintable() and not set(host) & set(" /?#ä"):
                with self.subTest(host=host):
                    self.assertEqual(self.status(request_bytes(
                        "GET", f"http://{host}/none")), 400)

    def test_a_dot_at_the_end_of_a_host_is_the_same_origin(self):
        for host in ("a.example.", "a.example.:81"):
            response = self.upgrade(fields=[("Origin", f"http://{host}")],
                                    host=host)
            self.assertEqual(response.status, 101, host)


class Framing(RulesTest):
    def test_a_coding_that_is_not_chunked_is_501(self):
        # RFC 9112 section 6.1.
        for coding in ("gzip, chunked", "gzip", "identity", "compress",
                       "x, chunked"):
            with self.subTest(coding=coding):
                self.assertEqual(self.status(request_bytes(
                    "POST", "/", [("Transfer-Encoding", coding)])
                    + b"0\r\n\r\n"), 501)

    def test_a_coding_that_is_malformed_is_400(self):
        for coding in ("chunked;q=1", "chunked, gzip", "chunked, chunked",
                       "chun ked", ""):
            with self.subTest(coding=coding):
                self.assertIn(self.status(request_bytes(
                    "POST", "/", [("Transfer-Encoding", coding)])
                    + b"0\r\n\r\n"), (400, 501))
        self.assertEqual(self.status(request_bytes("POST", "/", [
            ("Transfer-Encoding", "chunked;q=1")]) + b"0\r\n\r\n"), 400)

    def test_chunked_from_http_1_0_is_refused(self):
        # RFC 9112 section 6.1: its framing is faulty.
        response, client = self.ask(request_bytes(
            "POST", "/", [CHUNKED, ("Connection", "keep-alive")],
            version="HTTP/1.0") + b"0\r\n\r\n" + request_bytes("GET", "/none"))
        self.assertIn(response.status, (400, 405, 411))
        self.assertEqual(client.read_to_end(), b"")

    def test_a_chunk_that_is_malformed_is_400(self):
        for chunks in (b"x\r\n", b"-1\r\n", b"+1\r\nb\r\n", b"0x1\r\nb\r\n",
                       b"1 1\r\nb\r\n", b";\r\n", b"\r\n", b"1\nb\n0\n\n",
                       b"1\r\nbb\r\n0\r\n\r\n", b"ffffffffffffffffff\r\n",
                       b"10000000000000000\r\n", b"1\r\nb0\r\n\r\n"):
            with self.subTest(chunks=chunks):
                response, client = self.ask(
                    request_bytes("POST", "/", [CHUNKED]) + chunks)
                self.assertIn(response.status, (400, 413))
                self.assertEqual(client.read_to_end(), b"")


class TrailerTest(RulesTest):
    def ask_with_trailer(self, fields, before=()):
        """A request for an echo that has these fields before its body and
        those behind it."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
        return self.ask(request_bytes("GET", "/ws/echo", [CHUNKED, *before])
                        + b"1\r\nx\r\n0\r\n" + lines.encode() + b"\r\n")


class Trailers(TrailerTest):
    """RFC 9110 section 6.5.1: what stands in a trailer changes nothing."""

    def test_it_makes_no_upgrade(self):
        response, client = self.ask_with_trailer(upgrade_fields())
        self.assertEqual(response.status, 426)
        self.assertEqual(client.request("GET", "/none").status, 404)

    def test_it_completes_no_upgrade(self):
        fields = upgrade_fields()
        for i, field in enumerate(fields):
            response, _ = self.ask_with_trailer(
                [field], before=fields[:i] + fields[i + 1:])
            self.assertIn(response.status, (400, 426), field)

    def test_it_brings_no_host_and_no_origin_and_frames_nothing(self):
        for field in (("Host", "a b"), ("Host", "other"),
                      ("Origin", "https://evil.example"),
                      ("Content-Length", "100"), CHUNKED,
                      ("Connection", "close"), ("Expect", "100-continue")):
            response, client = self.ask_with_trailer([field])
            self.assertEqual(response.status, 426, field)
            self.assertEqual(client.request("GET", "/none").status, 404)


class TrustedTrailers(TrailerTest):
    CONFIG = (service(trusted_proxies='["127.0.0.1"]') + router()
              + endpoint("echo", "/echo", "trusted_header: true"))
    COMMAND = ("X-WS-Relay", '{"target_pid":"echo"}')

    def test_it_brings_no_relay_command(self):
        response, _ = self.ask_with_trailer([self.COMMAND],
                                            before=upgrade_fields())
        self.assertEqual(response.status, 400)

    def test_it_brings_no_host_of_a_proxy(self):
        response, _ = self.ask_with_trailer(
            [("X-Forwarded-Host", "evil.example")],
            before=[*upgrade_fields(), ("Origin", "http://evil.example"),
                    self.COMMAND])
        self.assertIn(response.status, (400, 403))


class Answers(RulesTest):
    def test_426_says_upgrade_in_connection_also_where_it_closes(self):
        # RFC 9110 section 7.8.
        for fields in ((), [("Connection", "close")]):
            response, client = self.ask(
                request_bytes("GET", "/ws/echo", fields))
            options = ",".join(response.all("Connection")).lower()
            options = {option.strip() for option in options.split(",")}
            self.assertEqual(options, {"upgrade", "close"} if fields
                             else {"upgrade"})
            self.assertEqual(response.all("Upgrade"), ["websocket"])
        self.assertEqual(client.read_to_end(), b"")

    def test_101_has_one_server_and_no_body(self):
        response = self.upgrade()
        self.assertEqual(response.status, 101)
        self.assertEqual(response.all("Server"), ["wsrelay"])
        for name in ("Content-Length", "Content-Type", "Transfer-Encoding"):
            self.assertEqual(response.all(name), [], name)

    def test_options_is_answered(self):
        # What a proxy asks to see whether somebody is there.
        for target, allow in (("*", None), ("/", {"GET", "HEAD", "OPTIONS"}),
                              ("/none", None)):
            with self.subTest(target=target):
                response = self.connect().request("OPTIONS", target)
                self.assertIn(response.status,
                              (200, 204) if target != "/none"
                              else (200, 204, 404))
                if allow:
                    found = response.get("Allow").split(",")
                    self.assertLessEqual({"GET", "HEAD"},
                                         {each.strip() for each in found})


class Handshakes(RulesTest):
    def test_a_second_version_is_refused(self):
        for other in ("8", "13, 8", ""):
            response = self.upgrade(
                fields=[("Sec-WebSocket-Version", other)])
            self.assertIn(response.status, (400, 426), other)

    def test_a_second_key_is_400(self):
        response = self.upgrade(fields=[
            ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")])
        self.assertEqual(response.status, 400)

    def test_a_parameter_does_not_reach_the_relays_own_actors(self):
        for name in ("wsrelay.acceptor.gateway", "wsrelay.acceptor.gateway.0",
                     "wsrelay.directory", "wsrelay.nodes"):
            with self.subTest(name=name):
                response = self.upgrade(f"/ws/room/{name}")
                self.assertIn(response.status, (403, 404, 502, 503))
        self.assertEqual(self.upgrade("/ws/room/echo").status, 101)

    def test_a_parameter_does_not_name_a_node(self):
        for name in ("echo@other", "echo%40other", "@", "echo@"):
            response = self.upgrade(f"/ws/room/{name}")
            self.assertIn(response.status, (400, 403, 404, 502, 503))


class EveryAddress(unittest.TestCase):
    def test_without_a_host_both_families_are_listened_on(self):
        relay = Program("wsrelayd", "--listen", ":0")
        self.addCleanup(relay.end)
        port = int(wait_until(lambda: re.search(
            r"listening on http://\S+:(\d+)\n", relay.stdout),
            "wsrelayd listens")[1])
        for address in ("127.0.0.1", "::1"):
            with socket.create_connection((address, port), DEADLINE) as client:
                client.sendall(request_bytes("GET", "/none"))
                self.assertIn(b" 404 ", client.recv(100))
        relay.signal(signal.SIGTERM)
        self.assertEqual(relay.wait(), 0)


if __name__ == "__main__":
    unittest.main()
