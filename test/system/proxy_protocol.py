"""The PROXY protocol in front of HTTP and TLS: what a header tells,
headers that are wrong, cut or slow, and who may send one."""

import contextlib
import re
import socket
import ssl
import struct
import time
import unittest

from authority import Authority
from http_upstream import Upstream, answer
from https_base import client_context
from raw_client import (Connection, WebSocket, elapsed, request_bytes,
                        upgrade_fields)
from support import RelayTest, echo_config, endpoint, wait_until

PROXY, STRANGER = "127.0.0.1", "127.0.0.3"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
UNKNOWN = "unknown"
LOCAL, REMOTE = 0x20, 0x21  # version 2 and the command
CLIENT = ("192.0.2.1", "http")  # as an upstream is told
TRUST = {"proxy_protocol": "true", "trusted_proxies": f'["{PROXY}"]'}


def line(client, kind="TCP4", other="198.51.100.1"):
    """Returns a header of version 1."""
    return f"PROXY {kind} {client} {other} 40000 443\r\n".encode()


def binary(client="192.0.2.1", command=REMOTE, fields=b"", *, family=None,
           block=None):
    """Returns a header of version 2; `fields` are its TLVs."""
    kind = socket.AF_INET6 if ":" in client else socket.AF_INET
    if block is None:
        address = socket.inet_pton(kind, client)
        block = address + address + struct.pack("!HH", 40000, 443)
    if family is None:
        family = 0x21 if kind == socket.AF_INET6 else 0x11
    return (SIGNATURE + bytes([command, family])
            + struct.pack("!H", len(block) + len(fields)) + block + fields)


def field(kind, value):
    return struct.pack("!BH", kind, len(value)) + value


def tls_field(client):
    """Returns PP2_TYPE_SSL with PP2_SUBTYPE_SSL_VERSION in it."""
    return field(0x20, bytes([client, 0, 0, 0, 0]) + field(0x21, b"TLSv1.3"))


class Sender(WebSocket):
    """A client that begins with `start`; one that connects from PROXY is
    trusted. With a context in `secure` TLS comes behind it."""

    def __init__(self, port, start=b"", source=PROXY, *, secure=None,
                 slowly=False):
        Connection.__init__(self, port, source=source)
        (self.send_slowly if slowly else self.send)(start)
        if secure:
            self.socket = secure.wrap_socket(self.socket,
                                             server_hostname="127.0.0.1")

    def upgrade(self, fields=(), **keys):
        return self.request("GET", "/ws/echo",
                            [*upgrade_fields(), *fields], **keys).status


class ProxyProtocol(RelayTest):
    KEYS = TRUST

    @classmethod
    def config(cls):
        cls.upstream = Upstream()
        cls.addClassCleanup(cls.upstream.close)
        cls.upstream.answers["/ws/up"] = answer(200, "up")
        cls.text = (echo_config(cls.KEYS)
                    + endpoint("up", "/up", f"upstream: {cls.upstream.url}"))
        return cls.text

    def connect(self, *arguments, relay=None, **keys):
        client = Sender((relay or self.relay).port, *arguments, **keys)
        self.addCleanup(client.close)
        return client

    def seen(self, client, fields=(), is_asked=False):
        """Returns address and scheme that the upstream is told."""
        if not is_asked:
            client.send(request_bytes("GET", "/ws/up", fields))
        self.assertEqual(client.response().body, b"up")
        asked = self.upstream.asked[-1]
        return (*asked.all("X-Forwarded-For"), *asked.all("X-Forwarded-Proto"))

    def assert_refused(self, client):
        self.assertEqual(client.read_to_end(), b"")

    def refusal(self, relay):
        """Returns the one line of its log that tells of a refusal."""
        found, = re.findall(r"PROXY header refused: (.*)", relay.log())
        return found


class Headers(ProxyProtocol):
    def test_the_header_tells_the_address(self):
        more = field(5, b"unique") + field(0xEA, b"\1vpce") + field(4, b"")
        for start, address in (
                (line("192.0.2.1"), "192.0.2.1"),
                (line("2001:DB8::1", "TCP6", "::2"), "2001:db8::1"),
                (line("::ffff:192.0.2.1", "TCP6", "::1"), "192.0.2.1"),
                (binary("192.0.2.1"), "192.0.2.1"),
                (binary("2001:db8::1"), "2001:db8::1"),
                (binary("::ffff:192.0.2.1"), "192.0.2.1"),
                (binary(fields=more), "192.0.2.1"),
                (binary(fields=field(4, bytes(3000))), "192.0.2.1"),
                # Nobody speaks for the proxy:
                (b"PROXY UNKNOWN\r\n", UNKNOWN),
                (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", UNKNOWN),
                (binary(command=LOCAL), UNKNOWN),
                (binary(command=LOCAL, block=b"", family=0), UNKNOWN),
                (binary(block=b"", family=0), UNKNOWN),
                (binary(command=LOCAL, fields=tls_field(1)), UNKNOWN)):
            with self.subTest(start=start[:40]):
                self.assertEqual(self.seen(self.connect(start)),
                                 (address, "http"))

    def test_byte_by_byte(self):
        for start in (line("192.0.2.1"), binary("2001:db8::1")):
            self.assertEqual(self.connect(start, slowly=True).upgrade(), 101)

    def test_it_counts_for_all_that_follows_in_the_same_segment(self):
        ask = request_bytes("GET", "/ws/up")
        for start in (line("192.0.2.1"), binary("192.0.2.1")):
            client = self.connect(start + ask * 3)
            for _ in range(3):
                self.assertEqual(self.seen(client, is_asked=True), CLIENT)
            self.assertEqual(client.upgrade(), 101)
            self.assertEqual(client.echo("x" * 100_000), "x" * 100_000)
            self.assertEqual(client.leave().code, 1000)

    # Known failure 30: X-Forwarded-For was trusted from anyone.
    def test_what_the_client_claims_behind_it_is_not_believed(self):
        claims = [("X-Forwarded-For", "6.6.6.6"), ("Forwarded", "for=6.6.6.6"),
                  ("X-Forwarded-Proto", "https")]
        client = self.connect(line("192.0.2.1"))
        self.assertEqual(self.seen(client, claims), CLIENT)

    def test_the_clients_tls_is_the_scheme(self):
        client = self.connect(binary(fields=tls_field(1)))
        self.assertEqual(self.seen(client), ("192.0.2.1", "https"))
        for fields, good, bad in ((tls_field(7), "https", "http"),
                                  (tls_field(0), "http", "https"),
                                  (b"", "http", "https")):
            for origin, status in ((good, 101), (bad, 403)):
                client = self.connect(binary(fields=fields))
                self.assertEqual(client.upgrade(
                    [("Origin", f"{origin}://a.example")], host="a.example"),
                    status)

    def test_a_stranger_is_served_without_one(self):
        self.assertEqual(self.seen(self.connect(source=STRANGER)),
                         (STRANGER, "http"))

    def test_a_strangers_header_and_a_second_one_are_bad_requests(self):
        for start, source in ((line("192.0.2.1"), STRANGER),
                              (binary("192.0.2.1"), STRANGER),
                              (line("192.0.2.1") + line("6.6.6.6"), PROXY)):
            client = self.connect(start, source)
            self.assertEqual(client.response().status, 400)

    def test_what_is_no_header_gets_no_answer(self):
        for start in (request_bytes("GET", "/ws/up"), b"\x16\x03\x01\2\0",
                      b"PROXY TCP4 192.0.2.1 198.51.100.1 1 65536\r\n",
                      line("::1"), line("192.0.2.1", "TCP6"),
                      b"PROXY TCP4 " + b"1" * 100, b"PROXY UDP4 ", b"\n",
                      binary(command=0x11), binary(command=0x22),
                      binary(block=b"\1" * 11, family=0x11),
                      binary(fields=b"\x04\0\5abc"), b"\r\n\r\nG",
                      binary(fields=field(4, bytes(9000)))):
            with self.subTest(start=start[:40]):
                self.assert_refused(self.connect(start))
        self.assertEqual(self.seen(self.connect(line("192.0.2.1"))), CLIENT)

    def test_a_half_one_and_the_end_gets_no_answer(self):
        for start in (line("192.0.2.1"), binary("192.0.2.1")):
            for size in (1, 6, len(start) - 1):
                client = self.connect(start[:size])
                client.socket.shutdown(socket.SHUT_WR)
                self.assert_refused(client)

    def test_each_refused_one_leaves_one_line(self):
        for start, reason in ((b"GET ", "no PROXY header came"), (b"PROXY", "it ended")):
            relay = self.start_relay(self.text)
            client = self.connect(start, relay=relay)
            with contextlib.suppress(OSError):  # it may have ended
                client.socket.shutdown(socket.SHUT_WR)
            self.assert_refused(client)
            self.assertRegex(
                self.refusal(relay), r'^address=127\.0\.0\.1 service=gateway '
                                     rf'reason=".*{reason}.*" hint="have')
            relay.stop()

    def test_many_half_ones_keep_nobody_out(self):
        relay = self.start_relay(self.text)
        before = relay.descriptors()
        held = [Sender(relay.port, start[:1 + i % (len(start) - 1)])
                for i in range(250)
                for start in (line("192.0.2.1"), binary("192.0.2.1"))]
        wait_until(lambda: relay.descriptors() >= before + 500, "all are in")
        spent = relay.cpu_seconds()
        self.assertTrue(held[0].is_silent(1))
        for start, source in ((line("192.0.2.1"), PROXY), (b"", STRANGER)) * 9:
            client = self.connect(start, source, relay=relay)
            self.assertEqual(client.upgrade(), 101)
            self.assertEqual(client.echo("in"), "in")
            client.leave()
        self.assertLess(relay.cpu_seconds() - spent, 0.5)  # nothing spins
        for each in held:
            each.close()
        wait_until(lambda: relay.descriptors() <= before, "all are gone")
        relay.stop()

    def test_a_half_one_does_not_hold_up_the_end(self):
        relay = self.start_relay(self.text)
        before = relay.sockets()
        client = self.connect(b"PROXY", relay=relay)
        wait_until(lambda: relay.sockets() > before, "it is in")
        relay.stop(deadline=3)
        self.assert_refused(client)


class Slow(ProxyProtocol):
    KEYS = {**TRUST, "proxy_protocol_timeout": "300ms"}

    def test_a_slow_one_gets_no_answer(self):
        for start in (b"", line("192.0.2.1")[:-1], binary()[:20]):
            relay = self.start_relay(self.text)
            began = time.monotonic()
            self.assert_refused(self.connect(start, relay=relay))
            self.assertTrue(0.25 < elapsed(began) < 3)
            self.assertIn("in time", self.refusal(relay))
            relay.stop()

    def test_byte_by_byte_has_the_same_time(self):
        client = self.connect()
        began = time.monotonic()
        for byte in line("2001:db8:1111:2222:3333:4444:5555:6666", "TCP6"):
            client.send(bytes([byte]))
            if not client.is_silent(0.05):
                break
        self.assertLess(elapsed(began), 1.5)

    def test_the_time_ends_with_the_header(self):
        client = self.connect(line("192.0.2.1"))
        self.assertTrue(client.is_silent(0.6))
        self.assertEqual(self.seen(client), CLIENT)


class BeforeTls(ProxyProtocol):
    @classmethod
    def config(cls):
        authority = Authority(cls.addClassCleanup)
        cls.secure = client_context(authority)
        certificate, key = authority.sign("relay", "IP:127.0.0.1")
        cls.KEYS = {**TRUST, "tls": f"{{certificate: {certificate}, "
                                    f"key: {key}}}"}
        return super().config()

    def test_tls_comes_behind_the_header(self):
        for start in (line("192.0.2.1"), binary(fields=tls_field(0))):
            client = self.connect(start, secure=self.secure, slowly=True)
            self.assertEqual(self.seen(client), ("192.0.2.1", "https"))
            self.assertEqual(client.upgrade(
                [("Origin", "https://a.example")], host="a.example"), 101)
            self.assertEqual(client.echo("x" * 50_000), "x" * 50_000)

    def test_tls_in_the_same_segment(self):
        read, write = ssl.MemoryBIO(), ssl.MemoryBIO()
        engine = self.secure.wrap_bio(read, write, server_hostname="127.0.0.1")
        with self.assertRaises(ssl.SSLWantReadError):
            engine.do_handshake()
        client = self.connect(line("192.0.2.1") + write.read())
        while not engine.version() or not engine.getpeercert():
            read.write(client.socket.recv(65536))
            with contextlib.suppress(ssl.SSLWantReadError):
                engine.do_handshake()

    def test_only_a_stranger_speaks_tls_at_once(self):
        with self.assertRaises((ssl.SSLError, OSError)):
            self.connect(secure=self.secure)
        client = self.connect(source=STRANGER, secure=self.secure)
        self.assertEqual(self.seen(client), (STRANGER, "https"))

    def test_a_header_within_tls_is_a_bad_request(self):
        client = self.connect(line("192.0.2.1"), secure=self.secure)
        client.send(line("192.0.2.2"))
        self.assertEqual(client.response().status, 400)


if __name__ == "__main__":
    unittest.main()
