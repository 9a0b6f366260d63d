"""What one request may cost: memory, places, time. Each limit ends what goes
beyond it, and nobody else notices."""

import tempfile
import time
import unittest
from pathlib import Path

from http_base import ConnectionTest
from raw_client import Closed, Connection, elapsed, request_bytes
from support import echo_config, endpoint, free_port, wait_until

MIB = 1 << 20
KIB64 = 1 << 16
CHUNKED = [("Transfer-Encoding", "chunked")]
FILES = '- {{name: files, kind: http.static, meta: {{server: gateway}}, ' \
        'path: /, root: "{}"}}\n'


def upload(fields=CHUNKED, path="/"):
    return request_bytes("POST", path, fields)


def unsent_bytes(port):
    """Returns what the kernel keeps of closed sockets of a port."""
    rows = [line.split() for line in
            Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(int(row[4].split(":")[0], 16) for row in rows
               if int(row[1].split(":")[1], 16) == port and row[9] == "0")


class LimitsTest(ConnectionTest):
    def send_all(self, client, data):
        """Sends what the relay takes."""
        try:
            client.send(data)
        except OSError:
            pass

    def status(self, data):
        """Returns the status of the answer, None when there is none."""
        client = self.connect()
        self.send_all(client, data)
        try:
            return client.response().status
        except Closed:
            return None
        finally:
            client.close()

    def assert_serves(self):
        self.assertEqual(self.status(request_bytes("GET", "/none")), 404)


class Fields64KiB(LimitsTest):
    """Around the size that 16 bits do not hold."""

    SIZES = (KIB64 - 2, KIB64 - 1, KIB64, KIB64 + 1, 3 * KIB64)

    def test_a_trailer_field(self):
        for size in self.SIZES:
            with self.subTest(size=size):
                status = self.status(upload() + b"1\r\nx\r\n0\r\nA: "
                                     + b"x" * size + b"\r\n\r\n")
                self.assertIn(status, range(400, 500))
                self.assert_serves()

    def test_the_name_of_a_trailer_field(self):
        for size in self.SIZES:
            with self.subTest(size=size):
                status = self.status(upload() + b"0\r\n" + b"x" * size
                                     + b": A\r\n\r\n")
                self.assertIn(status, range(400, 500))
                self.assert_serves()

    def test_a_trailer_field_over_many_lines(self):
        line = b"A: " + b"x" * 1000 + b"\r\n"
        for fold in (b"", b" "):
            with self.subTest(fold=fold):
                status = self.status(upload() + b"0\r\n" + line
                                     + (fold + line) * 100 + b"\r\n")
                self.assertIn(status, range(400, 500))
                self.assert_serves()


class LargeHeader(Fields64KiB):
    """The same where a header may be as large as it can be."""

    CONFIG = echo_config(dict(max_header_size="1MiB"))

    def test_a_field_of_the_header(self):
        for size in self.SIZES:
            with self.subTest(size=size):
                status = self.status(request_bytes(
                    "GET", "/none", [("X", "x" * size)]))
                self.assertIn(status, (404, 431))
                self.assert_serves()

    def test_the_name_of_a_field(self):
        for size in self.SIZES:
            with self.subTest(size=size):
                status = self.status(request_bytes(
                    "GET", "/none", [("x" * size, "x")]))
                self.assertIn(status, (400, 404, 431))
                self.assert_serves()

    def test_the_target(self):
        for size in self.SIZES:
            with self.subTest(size=size):
                status = self.status(request_bytes("GET", "/" + "x" * size))
                self.assertIn(status, (404, 414, 431))
                self.assert_serves()


class Endless(LimitsTest):
    CONFIG = echo_config(dict(max_header_size="4KiB", max_header_fields=20,
                              max_body_size="64KiB"))
    AMOUNT = 40 * MIB

    def check(self, data, more, *statuses):
        """`more` again and again behind `data` is refused with one of these
        before much of it was taken; some is read and thrown away, so that
        the answer is not lost in a reset."""
        before = self.relay.resident_bytes()
        client = self.connect()
        client.send(data)
        piece = more * (KIB64 // len(more))
        sent = 0
        try:
            while sent < self.AMOUNT:
                client.send(piece)
                sent += len(piece)
        except OSError:
            pass
        self.assertLess(sent, self.AMOUNT)
        # A reset may have overtaken the answer.
        try:
            self.assertIn(client.response().status, statuses)
        except Closed:
            pass
        self.assert_grown_less(before, 2 * MIB)

    def test_chunk_extension(self):
        self.check(upload() + b"1;", b"x", 400, 413, 431)

    def test_chunk_extensions(self):
        self.check(upload(), b"1;x=" + b"y" * 90 + b"\r\nb\r\n", 400, 413, 431)

    def test_zeros_of_a_chunk_size(self):
        self.check(upload(), b"0", 400, 413, 431)

    def test_zeros_before_each_chunk_size(self):
        self.check(upload(), b"0" * 999 + b"1\r\nb\r\n", 400, 413, 431)

    def test_trailer_field(self):
        self.check(upload() + b"0\r\nA: ", b"x", 400, 413, 431)

    def test_trailer_fields(self):
        self.check(upload() + b"0\r\n", b"A: b\r\n", 400, 413, 431)

    def test_body(self):
        self.check(upload(), b"400\r\n" + b"b" * 1024 + b"\r\n", 413)

    def test_target(self):
        self.check(b"GET /", b"x", 414)

    def test_method(self):
        self.check(b"G", b"E", 400, 414)

    def test_field(self):
        self.check(b"GET / HTTP/1.1\r\nA: ", b"x", 431)

    def test_fields(self):
        self.check(b"GET / HTTP/1.1\r\n", b"A: b\r\n", 431)

    def test_number_of_fields(self):
        # Host is one of them.
        for more, status in ((18, 404), (19, 404), (20, 431)):
            self.assertEqual(self.status(request_bytes(
                "GET", "/none", [("A", "b")] * more)), status)

    def test_the_answer_to_what_is_too_long_arrives(self):
        """It is not lost in a reset while the client still sends."""
        for data, status in (
                (b"GET / HTTP/1.1\r\nA: " + b"x" * 300_000, 431),
                (upload([("Content-Length", "300000")]) + b"b" * 300_000,
                 413)):
            with self.subTest(status=status):
                self.assertEqual(self.status(data), status)


class Deadlines(LimitsTest):
    CONFIG = echo_config(dict(request_timeout="700ms", idle_timeout="900ms"))

    def test_nothing_that_is_sent_around_the_deadline_escapes_it(self):
        before = self.relay.sockets()
        start = time.monotonic()
        clients = [self.connect() for _ in range(300)]
        for client in clients:
            client.send(b"GET / HTTP/1.1\r\nA: ")
        while elapsed(start) < 1:
            if elapsed(start) > 0.6:
                for client in clients:
                    self.send_all(client, b"b" * 40)
            time.sleep(0.002)
        wait_until(lambda: self.relay.sockets() <= before,
                   "every one of them has ended", deadline=6)

    def test_pipelined_requests_have_a_deadline_each(self):
        client = self.connect()
        for _ in range(4):
            client.send(request_bytes("GET", "/none")
                        + request_bytes("GET", "/none")[:20])
            time.sleep(0.4)
            client.send(request_bytes("GET", "/none")[20:])
            for _ in range(2):
                self.assertEqual(client.response().status, 404)

    def test_a_body_has_the_deadline_of_its_request(self):
        for fields, drip in (([("Content-Length", "9999")], b"b"),
                             (CHUNKED, b"1\r\nb\r\n")):
            with self.subTest(fields=fields):
                client, start = self.connect(), time.monotonic()
                client.send(upload(fields))
                while elapsed(start) < 5 and client.is_silent(0.05):
                    self.send_all(client, drip)
                self.assertEqual(client.response().status, 408)
                self.assertLess(elapsed(start), 3)

    def test_empty_lines_do_not_hold_a_connection(self):
        before = self.relay.sockets()
        client, start = self.connect(), time.monotonic()
        while elapsed(start) < 6 and self.relay.sockets() > before:
            self.send_all(client, b"\r\n")
            time.sleep(0.05)
        self.assertLess(elapsed(start), 5)


class Unread(LimitsTest):
    """Clients that ask and do not read."""

    SIZE = 16 * MIB  # more than the kernels' buffers hold

    @classmethod
    def config(cls):
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        cls.addClassCleanup(folder.cleanup)
        Path(folder.name, "large").write_bytes(b"l" * cls.SIZE)
        return echo_config(dict(write_timeout="700ms", shutdown_timeout="8s",
                                idle_timeout="20s")) \
            + FILES.format(folder.name)

    def ask(self, count=1):
        client = self.connect(receive_buffer=4096)
        client.send(request_bytes("GET", "/large") * count)
        return client

    def test_a_client_that_does_not_read_is_dropped(self):
        before, memory = self.relay.sockets(), self.relay.resident_bytes()
        start = time.monotonic()
        clients = [self.ask() for _ in range(20)]
        wait_until(lambda: self.relay.sockets() >= before + 20, "all are here")
        self.assert_grown_less(memory, 40 * MIB)
        wait_until(lambda: self.relay.sockets() <= before,
                   "all of them are dropped", deadline=6)
        self.assertGreater(elapsed(start), 0.6)
        self.assertEqual(unsent_bytes(self.relay.port), 0)
        for client in clients:
            self.assertLess(len(client.read_to_end()), self.SIZE)

    def test_refusals_that_are_not_read_are_bounded(self):
        before, memory = self.relay.sockets(), self.relay.resident_bytes()
        client = self.connect(receive_buffer=4096)
        client.socket.settimeout(0.3)
        flood = request_bytes("GET", "/none") * 1000
        try:
            while True:
                client.send(flood)
        except OSError:
            pass
        self.assert_grown_less(memory, 4 * MIB)
        wait_until(lambda: self.relay.sockets() <= before,
                   "it is dropped", deadline=6)

    def test_a_client_that_reads_slowly_is_served(self):
        client, start = self.ask(), time.monotonic()
        head = client.read_until(b"\r\n\r\n")
        self.assertIn(b"Content-Length: %d\r\n" % self.SIZE, head)
        got = 0
        while elapsed(start) < 3:
            got += len(client.read(100_000))
            time.sleep(0.1)
        self.assertEqual(len(client.read(self.SIZE - got)), self.SIZE - got)

    def test_a_stop_does_not_wait_for_them(self):
        relay = self.start_relay(self.config())
        with Connection(relay.port, receive_buffer=4096) as client:
            client.send(request_bytes("GET", "/large"))
            self.assertTrue(client.read(1))
            start = time.monotonic()
            relay.stop()
            self.assertLess(elapsed(start), 5)


class Gone(LimitsTest):
    CONFIG = echo_config() + endpoint(
        "up", "/up", f"upstream: http://127.0.0.1:{free_port()}")

    def test_halves_and_resets_leave_nothing(self):
        before = self.relay.sockets()
        whole = upload(path="/ws/up") + b"1;x\r\nb\r\n0\r\nA: b\r\n\r\n"
        for size in range(len(whole) + 1):
            for leave in (Connection.abort, Connection.close,
                          lambda client: client.socket.shutdown(1)):
                client = self.connect()
                client.send(whole[:size])
                leave(client)
        wait_until(lambda: self.relay.sockets() <= before,
                   "the sockets are given back")
        self.assert_serves()


if __name__ == "__main__":
    unittest.main()
