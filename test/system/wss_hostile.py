"""Clients of wss that do not behave, beside some that do: handshakes that
never end, floods of tiny records, renegotiation, ends without a farewell."""

import contextlib
import fcntl
import hmac
import multiprocessing
import os
import socket
import ssl
import struct
import subprocess
import termios
import time
import unittest

from healthy_clients import HealthyClients
from https_base import OverHttps, client_context, plain_connection
from raw_client import BINARY, PONG, Connection, WebSocket, elapsed, frame
from support import DEADLINE, SANITIZED, RelayTest, echo_config, wait_until

P99 = 0.3 if SANITIZED else 0.06  # seconds, of clients that behave
TIMEOUT = 2
_fork = multiprocessing.get_context("fork")


def client_hello(context):
    """Returns the bytes with which a client of this context begins."""
    sent = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), sent,
                              server_hostname="127.0.0.1")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()


class HostileTest(OverHttps, RelayTest):
    CONFIG = echo_config(max_message_size="16MiB")
    TLS = f", handshake_timeout: {TIMEOUT}s, max_handshakes: 4000"

    def setUp(self):
        self.before = self.relay.descriptors()

    def tearDown(self):
        super().tearDown()
        self.doCleanups()
        wait_until(lambda: self.relay.descriptors() <= self.before,
                   "nothing is left")

    def healthy_clients(self):
        healthy = HealthyClients(self.relay.port, 20)
        self.addCleanup(healthy.end)
        return healthy

    def assert_bounded(self, healthy, phase):
        self.assertEqual(healthy.finish(), [])
        self.assertGreater(len(phase.times), 100)
        self.assertLess(phase.p99, P99)

    @staticmethod
    def shake_hands(context, client, send=Connection.send):
        """Returns what the server has said when a client's TLS is done."""
        sent, received, seen = ssl.MemoryBIO(), ssl.MemoryBIO(), b""
        tls = context.wrap_bio(received, sent, server_hostname="127.0.0.1")
        while True:
            try:
                tls.do_handshake()
                return seen
            except ssl.SSLWantReadError:
                send(client, sent.read())
                data = client.socket.recv(65536)
                received.write(data)
                seen += data

    def stranger(self, port=None, data=b""):
        """Returns a connection that has said this much, without TLS."""
        client = plain_connection(port or self.relay.port)
        self.addCleanup(client.close)
        client.send(data)
        return client


class Handshakes(HostileTest):
    def test_1200_that_never_end_cost_next_to_nothing(self):
        hello = client_hello(self.context)
        healthy = self.healthy_clients()
        start = time.monotonic()
        half = [self.stranger(data=hello[:len(hello) // 2])
                for _ in range(1000)]
        slow = [self.stranger(data=hello[:1]) for _ in range(200)]
        opened = elapsed(start)
        self.assertLess(opened, TIMEOUT / 2)
        wait_until(lambda: self.relay.descriptors() >= self.before + 1220,
                   "all are there", TIMEOUT - opened)
        healthy.next_phase()
        used, start = self.relay.cpu_seconds(), time.monotonic()
        for i in range(1, 10):
            for each in slow:
                each.send(hello[i:i + 1])
            time.sleep(max(0, start + i / 10 - time.monotonic()))
        used = (self.relay.cpu_seconds() - used) / elapsed(start)
        phase = healthy.next_phase()
        for each in half + slow:
            # What was sent may be unread: then it is a reset.
            self.assertEqual(each.read_to_end(), b"")
        self.assertLess(elapsed(start), TIMEOUT + 1)
        self.assert_bounded(healthy, phase)
        if not SANITIZED:
            self.assertLess(used, 0.1)

    def test_their_beginning_disturbs_nobody(self):
        hello = client_hello(self.context)
        healthy = self.healthy_clients()
        healthy.next_phase()
        for i in range(1000):
            self.stranger(data=hello[:-1])
            time.sleep(0.001)
        self.assert_bounded(healthy, healthy.next_phase())

    def test_one_that_is_slow_but_gets_there_is_served(self):
        # With TLS 1.2 it is the server that has the last word.
        context = client_context(self.authority, ssl.TLSVersion.TLSv1_2)
        self.shake_hands(context, self.stranger(), Connection.send_slowly)

    def test_one_more_than_max_handshakes_drops_the_oldest(self):
        relay = self.start_relay(
            self.config().replace("max_handshakes: 4000",
                                  "max_handshakes: 50"), threads=1)
        hello = client_hello(self.context)
        all_of_them = [self.stranger(relay.port, hello[:100])
                       for _ in range(60)]
        start = time.monotonic()
        for each in all_of_them[:10]:
            self.assertEqual(each.read_to_end(), b"")
        self.assertLess(elapsed(start), TIMEOUT / 2)
        for each in all_of_them[10:]:
            self.assertTrue(each.is_silent(0.001))
        self.assertIn("check=dropped", relay.log())
        with WebSocket(relay.port) as client:  # which drops one more
            self.assertEqual(client.echo("in"), "in")
        self.assertEqual(all_of_them[10].read_to_end(), b"")
        self.assertTrue(all_of_them[-1].is_silent(0.001))
        relay.stop()


# -- records ------------------------------------------------------------------

def chacha20_block(key, nonce):
    """Returns block 0: RFC 8439 section 2.3."""
    start = [*struct.unpack("<4I", b"expand 32-byte k"),
             *struct.unpack("<8I", key), 0, *struct.unpack("<3I", nonce)]
    x = start[:]

    def turn(a, b, c, d):
        for i, j, k, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8),
                              (c, d, b, 7)):
            x[i] = x[i] + x[j] & 0xFFFFFFFF
            mixed = x[k] ^ x[i]
            x[k] = (mixed << bits | mixed >> 32 - bits) & 0xFFFFFFFF

    for _ in range(10):
        for i in range(4):
            turn(i, i + 4, i + 8, i + 12)
        for i in range(4):
            turn(i, (i + 1) % 4 + 4, (i + 2) % 4 + 8, (i + 3) % 4 + 12)
    return struct.pack("<16I", *(a + b & 0xFFFFFFFF
                                 for a, b in zip(x, start)))


def poly1305(key, data):
    """Returns the tag of whole blocks: RFC 8439 section 2.5."""
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for i in range(0, len(data), 16):
        block = int.from_bytes(data[i:i + 16] + b"\1", "little")
        total = (total + block) * r % ((1 << 130) - 5)
    total += int.from_bytes(key[16:32], "little")
    return (total % (1 << 128)).to_bytes(16, "little")


class EmptyRecords:
    """A connection of TLS 1.2 (ECDHE-ECDSA-CHACHA20-POLY1305, RFC 7905) whose
    keys are known, so that it can send records without a byte in them."""

    def __init__(self, test, port):
        context = client_context(test.authority, ssl.TLSVersion.TLSv1_2)
        context.set_ciphers("ECDHE-ECDSA-CHACHA20-POLY1305")
        context.keylog_filename = test.authority.path("keys.log")
        self.raw = test.stranger(port)
        seen = test.shake_hands(context, self.raw)
        lines = context.keylog_filename.read_text().splitlines()
        _, client_random, master = lines[-1].split()
        keys = self.expand(bytes.fromhex(master), b"key expansion"
                           + seen[11:43] + bytes.fromhex(client_random))
        self.key, self.iv = keys[:32], keys[64:76]
        self.number = 1  # behind Finished

    @staticmethod
    def expand(secret, seed):
        """Returns the key block: RFC 5246 section 5."""
        a, out = seed, b""
        while len(out) < 88:
            a = hmac.digest(secret, a, "sha256")
            out += hmac.digest(secret, a + seed, "sha256")
        return out

    def send(self, count):
        for _ in range(count):
            number = self.number.to_bytes(8, "big")
            nonce = bytes(a ^ b for a, b in zip(self.iv, bytes(4) + number))
            head = b"\x17\x03\x03"
            extra = (number + head + b"\0\0").ljust(16, b"\0")
            self.raw.send(head + b"\0\x10" + poly1305(
                chacha20_block(self.key, nonce),
                extra + struct.pack("<QQ", 13, 0)))
            self.number += 1


def send_bytes(client, data, seconds):
    os.nice(15)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for i in range(len(data)):
            client.socket.send(data[i:i + 1])


class Records(HostileTest):
    def connect(self):
        client = WebSocket(self.relay.port)
        self.addCleanup(client.close)
        return client

    def test_a_flood_of_one_byte_records_disturbs_nobody(self):
        healthy = self.healthy_clients()
        floods = [_fork.Process(target=send_bytes, daemon=True, args=(
            self.connect(), frame(PONG, b"unasked"), 1.5)) for _ in range(2)]
        for each in floods:
            each.start()
            self.addCleanup(each.kill)
        time.sleep(0.2)
        healthy.next_phase()
        time.sleep(1)
        phase = healthy.next_phase()
        for each in floods:
            each.join(DEADLINE)
            self.assertEqual(each.exitcode, 0)  # nobody ended it
        self.assert_bounded(healthy, phase)

    def test_a_flood_of_empty_records_ends_its_connection(self):
        witness = self.connect()
        flood = EmptyRecords(self, self.relay.port)
        flood.send(10)
        self.assertTrue(flood.raw.is_silent(0.1))  # they are right
        with contextlib.suppress(ConnectionError):
            flood.send(100)
        flood.raw.read_to_end()
        self.assertEqual(witness.echo("still there"), "still there")

    def test_empty_records_of_a_handshake_end_it(self):
        client = self.stranger()
        with contextlib.suppress(ConnectionError):
            client.send(b"\x16\x03\x01\0\0" * 1000)
        self.assertIn(client.read_to_end()[:1], (b"", b"\x15"))

    def test_renegotiation_within_a_request_is_refused(self):
        # "R" does it where a read begins: the rest has to be taken before.
        reader, writer = os.pipe()
        with subprocess.Popen(
                ["openssl", "s_client", "-connect", self.relay.host, "-tls1_2",
                 "-CAfile", self.authority.file], stdin=reader,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
            self.addCleanup(client.kill)
            os.write(writer, b"GET /ws/echo HTTP/1.1\r\nHost: relay\r\n")
            wait_until(lambda: not any(fcntl.ioctl(
                reader, termios.FIONREAD, bytes(4))), "it has sent that")
            os.close(reader)
            os.write(writer, b"R\n")
            os.close(writer)
            out, _ = client.communicate(timeout=DEADLINE)
        self.assertIn(b"RENEGOTIATING", out)
        self.assertRegex(out, b"no renegotiation|handshake failure")

    def test_an_end_without_close_notify_within_a_message_is_an_end(self):
        witness = self.connect()
        message = frame(BINARY, b"x" * 100_000)
        for how in ("end", "reset", "half"):
            with self.subTest(how):
                client = self.connect()
                client.send(message[:60_000])
                with socket.socket(fileno=client.socket.detach()) as bare:
                    if how == "reset":
                        bare.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                        struct.pack("ii", 1, 0))
                    elif how == "half":  # of a record
                        bare.send(b"\x17\x03\x03\x10\0" + b"x" * 100)
        witness.close()
        wait_until(lambda: self.relay.descriptors() <= self.before,
                   "all are gone")


if __name__ == "__main__":
    unittest.main()
