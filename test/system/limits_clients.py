"""What a client may have: connections with its key, messages and bytes per
second, and time to say something."""

import time
import unittest

from http_upstream import Upstream, relay_answer
from limits_base import ENDS, LimitTest, echo_at
from plain_http import DEMO
from raw_client import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT,
                        elapsed, frame, request_bytes)
from support import (DEADLINE, echo_config, endpoint, router, service,
                     wait_until)


def keyed(name, limit_max="", **options):
    """Returns a route where the last part of the path is the key."""
    return router(name, f"/{name}", **options) + endpoint(
        name, "/{user}", 'relay: {target_pid: echo, limit_key: "{user}"'
        f"{limit_max}}}", name)


class Keys(LimitTest):
    """limit_key and limit_max of a relay command."""

    @classmethod
    def config(cls):
        cls.upstream = Upstream()
        cls.addClassCleanup(cls.upstream.close)
        return (service() + keyed("one") + keyed("two", ", limit_max: 2")
                + keyed("strict", ", limit_max: 2", limit_key="refuse_newest")
                + keyed("page", limit_key="refuse_newest",
                        refuse="accept_then_close")
                + router("up", "/up") + endpoint(
                    "up", "", f"upstream: {cls.upstream.url}", "up"))

    def command(self, key, **more):
        self.upstream.answers["/up"] = relay_answer(
            dict(target_pid="echo", limit_key=key, **more))

    def assert_replaced(self, client):
        found = client.read_close()
        self.assertEqual((found.code, found.payload[2:]),
                         (4409, b"replaced by a newer one: it goes on there"))
        client.send_close(4409)
        self.assertEqual(client.read_to_end(), b"")

    def assert_there(self, *clients):
        for client in clients:
            self.assertEqual(client.echo("there"), "there")

    def test_the_oldest_gives_way_one_after_the_other(self):
        clients = [self.open("/two/ann") for _ in range(2)]
        for _ in range(4):
            self.assert_there(*clients)
            clients.append(self.open("/two/ann"))
            self.assert_replaced(clients.pop(0))
        self.assert_there(*clients)

    def test_one_is_open_unless_more_are_allowed(self):
        first = self.open("/one/bob")
        second = self.open("/one/bob")
        self.assert_replaced(first)
        self.assert_there(second)

    def test_keys_count_apart(self):
        clients = [self.open(f"/two/{name}") for name in "aabbcc"]
        self.assert_there(*clients)
        self.open("/two/b")
        self.assert_replaced(clients.pop(2))
        self.assert_there(*clients)

    def test_routes_share_a_key(self):
        first = self.open("/two/carl")
        second = self.open("/one/carl")
        self.assert_replaced(first)
        self.assert_there(second)

    def test_who_has_left_is_not_counted(self):
        first, second = (self.open("/two/dora") for _ in range(2))
        before = self.relay.sockets()
        first.leave()
        wait_until(lambda: self.relay.sockets() < before, "it has left")
        self.assert_there(self.open("/two/dora"), second)

    def test_the_newest_is_refused_where_the_route_says_so(self):
        clients = [self.open("/strict/eva") for _ in range(2)]
        other = self.open("/strict/fred")
        for leave in ENDS:
            self.assert_limited(self.upgraded("/strict/eva"), 429, "key")
            self.assert_there(*clients, other)
            leave(clients.pop(0))
            clients.append(self.newcomer("/strict/eva"))

    def test_a_page_can_read_it(self):
        self.open("/page/gina")
        self.assert_closed_at_once(self.open("/page/gina"), 429, "key")

    def test_a_key_has_256_bytes_of_text(self):
        for key, status in (("k" * 255, 101), ("k" * 256, 101),
                            ("k" * 257, 400), ("%C3%A4" * 128, 101),
                            ("%C3%A4" * 129, 400)):
            with self.subTest(key=key[:9], status=status):
                self.assertEqual(self.upgraded(f"/one/{key}").status, status)
        for key in ("k" * 257, "a\1", "a\x7F"):
            with self.subTest(key=key[:9]):
                self.command(key)
                self.assert_problem(self.upgraded("/up"), 502, "command")

    def test_an_upstream_names_key_and_number(self):
        self.command("hans", limit_max=2)
        clients = [self.open("/up") for _ in range(3)]
        self.assert_replaced(clients.pop(0))
        self.assert_there(*clients)


class Rates(LimitTest):
    """wsrelay.rate.*: 100 messages a second, 10 at once, or 100 KiB."""

    BURST = dict(rate_burst="100ms")
    BRIEF = dict(rate_patience="1s", **BURST)
    CONFIG = (service()
              + echo_at("messages", rate_messages=100, **BURST)
              + echo_at("bytes", rate_bytes="100KiB", **BURST)
              + echo_at("both", rate_messages=100, rate_bytes="100KiB",
                        **BURST)
              + echo_at("brief", rate_messages=100, **BRIEF)
              + echo_at("brief_bytes", rate_bytes="100KiB", **BRIEF)
              + echo_at("brief_one", rate_messages=10, **BRIEF)
              + echo_at("endless", rate_messages=100, rate_patience="off",
                        **BURST))

    def assert_held_back(self, path, messages, least, pause=0.0):
        """Sends them, with a pause before each; all come back in their order,
        not before `least` seconds."""
        client = self.open(path)
        start = time.monotonic()
        for message in messages:
            time.sleep(pause)
            client.send(frame(BINARY, message))
        for message in messages:
            self.assertEqual(client.read_message(), (BINARY, message))
        # Timers may be a little early.
        self.assertGreater(elapsed(start), least - 0.02)
        self.assertLess(elapsed(start), 2 * least + 2)
        return client

    def test_three_times_the_messages_are_held_back_and_none_is_lost(self):
        client = self.assert_held_back(
            "/messages", [b"%d" % i for i in range(120)], 1.1, pause=1 / 300)
        self.assertEqual(client.leave().code, 1000)

    def test_all_of_them_at_once_too(self):
        self.assert_held_back("/both", [b"%d" % i for i in range(110)], 1)

    def test_three_times_the_bytes_are_held_back_and_none_is_lost(self):
        self.assert_held_back(
            "/bytes", [b"%05d" % i + bytes(1019) for i in range(120)], 1.08,
            pause=1 / 300)

    def test_large_ones_are_held_back_too(self):
        self.assert_held_back(
            "/both", [bytes([i]) * 50 * 1024 for i in range(3)], 0.88)

    def test_what_the_burst_allows_is_not_held_back(self):
        for path, size in (("/messages", 10), ("/bytes", 1024)):
            client = self.open(path)
            start = time.monotonic()
            client.send(frame(BINARY, bytes(size)) * 10)
            for _ in range(10):
                client.read_message()
            self.assertLess(elapsed(start), 0.5)

    def test_one_message_passes_whatever_its_size(self):
        client = self.open("/bytes")
        start = time.monotonic()
        client.echo("x" * 100 * 1024)
        self.assertLess(elapsed(start), 0.5)
        client.echo("x")  # it pays
        self.assertGreater(elapsed(start), 0.88)

    def test_a_message_in_many_frames_is_one(self):
        client = self.open("/messages")
        start = time.monotonic()
        client.send(frame(TEXT, "x", fin=False)
                    + frame(CONTINUATION, "x", fin=False) * 300
                    + frame(CONTINUATION, "x"))
        self.assertEqual(client.read_text(), "x" * 302)
        self.assertEqual(client.echo("next"), "next")
        self.assertLess(elapsed(start), 0.5)

    def test_pings_and_pongs_do_not_count(self):
        for path in ("/messages", "/bytes"):
            client = self.open(path)
            start = time.monotonic()
            for _ in range(20):
                client.send((frame(PING, "x" * 100) + frame(PONG)) * 50)
                for _ in range(50):
                    self.assertEqual(client.read_frame().opcode, PONG)
            self.assertEqual(client.echo("next"), "next")
            self.assertLess(elapsed(start), 0.9)

    def assert_too_fast(self, path, message, count):
        client = self.open(path)
        client.socket.settimeout(3)
        start = time.monotonic()
        client.send(message * count)
        found = client.read_close()
        self.assertEqual(found.code, 1008)
        self.assertEqual(found.payload[2:],
                         b"too fast: send less at a time, then connect again")
        self.assertGreater(elapsed(start), 0.98)
        self.assertLess(elapsed(start), 3)
        client.send_close(1008)
        self.assertEqual(client.read_to_end(), b"")

    def test_who_is_too_fast_for_too_long_is_closed(self):
        self.assert_too_fast("/brief", frame(TEXT, "x"), 400)
        self.assert_too_fast("/brief_bytes", frame(BINARY, bytes(1024)), 400)

    def test_where_the_burst_is_one_message_too(self):
        self.assert_too_fast("/brief_one", frame(TEXT, "x"), 20)

    def test_what_was_sent_before_the_end_arrives(self):
        client = self.open("/messages")
        client.send(frame(TEXT, "x") * 60)
        client.send_close(1000)
        for _ in range(60):
            self.assertEqual(client.read_text(), "x")
        self.assertEqual(client.read_close().code, 1000)
        self.assertEqual(client.read_to_end(), b"")

    def test_who_sends_on_all_the_time_is_closed(self):
        client = self.open("/brief")
        start = time.monotonic()
        while True:
            client.send(frame(TEXT, "x") * 3)  # one comes back meanwhile
            found = client.read_frame()
            if found.opcode == CLOSE:
                break
            self.assertEqual(found.payload, b"x")
        self.assertEqual(found.code, 1008)
        self.assertGreater(elapsed(start), 0.98)
        self.assertLess(elapsed(start), 3)

    def test_who_rests_between_bursts_stays(self):
        client = self.open("/brief")
        start = time.monotonic()
        while elapsed(start) < 1.7:
            for i in range(40):
                client.send_text(str(i))
            for i in range(40):
                self.assertEqual(client.read_text(), str(i))
            self.assertTrue(client.is_silent(0.3))  # longer than it is too fast

    def test_others_are_not_held_back(self):
        client, other = self.open("/endless"), self.open("/endless")
        client.send(frame(TEXT, "x") * 150)
        start = time.monotonic()
        for i in range(9):
            self.assertEqual(other.echo(str(i)), str(i))
        self.assertLess(elapsed(start), 0.5)
        for _ in range(150):  # its patience has no end
            self.assertEqual(client.read_text(), "x")


class Times(LimitTest):
    """The times of a request, each beside others that are long."""

    CONFIG = None
    LONG = dict(first_byte_timeout="30s", header_timeout="30s",
                request_timeout="30s")
    HEAD = request_bytes("POST", "/", [("Content-Length", "9999")])

    @classmethod
    def setUpClass(cls):
        pass  # each test has a relay of its own

    def tearDown(self):
        for client in self.clients:
            client.close()
        self.relay.stop()

    def start(self, **keys):
        self.clients = []
        self.relay = self.start_relay(echo_config({**self.LONG, **keys})
                                      + DEMO)

    def begin(self, data=b""):
        client = self.connect()
        self.clients.append(client)
        client.send(data)
        return client

    def drip(self, clients, byte=b"a"):
        """Sends each a byte every 20 ms; returns when each was answered."""
        start, ends = time.monotonic(), {}
        while len(ends) < len(clients) and elapsed(start) < DEADLINE:
            for client in clients:
                if client not in ends and client.is_silent(0.02):
                    client.send(byte)
                elif client not in ends:
                    ends[client] = elapsed(start)
        return list(ends.values())

    def assert_timeout(self, client):
        self.assert_problem(client.response(), 408, "timeout")
        self.assertEqual(client.read_to_end(), b"")

    def assert_about(self, seconds, expected):
        self.assertGreater(seconds, expected - 0.1)
        self.assertLess(seconds, expected + 1)

    def test_the_first_byte(self):
        self.start(first_byte_timeout="600ms")
        kept = self.begin()
        self.assertEqual(kept.get().status, 404)
        begun = [self.begin(b"G"), self.begin(self.HEAD)]
        start = time.monotonic()
        self.assertEqual(self.connect().read_to_end(), b"")
        self.assert_about(elapsed(start), 0.6)
        for client in (kept, *begun):
            self.assertTrue(client.is_silent(0.2))
        self.assertEqual(kept.get().status, 404)

    def test_the_header(self):
        self.start(header_timeout="600ms")
        silent, body = self.begin(), self.begin(self.HEAD)
        kept = self.begin()
        self.assertEqual(kept.get().status, 404)
        kept.send(b"G")
        slow = [self.begin(b"G"), self.begin(b"GET / HTTP/1.1\r\nA: "), kept]
        ends = self.drip(slow)
        for end in ends:
            self.assert_about(end, 0.6)
        for client in slow:
            self.assert_timeout(client)
        for client in (silent, body):
            self.assertTrue(client.is_silent(0.2))
        body.send(b"b" * 9999)
        self.assertEqual(body.response().status, 405)
        self.assertEqual(silent.get().status, 404)

    def test_the_request(self):
        self.start(request_timeout="900ms")
        slow = [self.begin(self.HEAD), self.begin(request_bytes(
            "GET", "/")[:-2] + b"A: ")]
        for end in self.drip(slow):
            self.assert_about(end, 0.9)
        for client in slow:
            self.assert_timeout(client)

    def test_the_body_has_what_the_header_has_left(self):
        self.start(header_timeout="600ms", request_timeout="900ms")
        client = self.begin(self.HEAD[:-2])
        start = time.monotonic()
        self.assertTrue(client.is_silent(0.5))
        client.send(b"\r\n")
        self.assertEqual(len(self.drip([client])), 1)
        self.assert_about(elapsed(start), 0.9)
        self.assert_timeout(client)


if __name__ == "__main__":
    unittest.main()
