"""What the clients of an address and of an endpoint may have: the last that is
let in, the first that is not, and who comes when there is a place again."""

import socket
import tempfile
import unittest

from http_upstream import Upstream, answer
from https_base import OverHttps
from limits_base import ENDS, LimitTest, echo_at, told
from plain_http import DEMO
from proxy_protocol import line
from raw_client import Connection, request_bytes
from support import echo_config, endpoint, router, service, wait_until
from unix_sockets import Client as UnixClient
from unix_sockets import Server
from unix_sockets import echo_at as echo_at_all

ASK = request_bytes("GET", "/none")


class Connections(LimitTest):
    """address_limits.connections, at the socket."""

    CONFIG = echo_config(dict(
        address_limits='{connections: 3, allow: ["127.0.0.9", "127.9.0.0/16"]}',
        trusted_proxies='["127.0.0.8"]')) + DEMO

    def fill(self, source=None, count=3):
        clients = [self.connect(source) for _ in range(count)]
        for client in clients:
            self.assertEqual(client.get().status, 404)
        return clients

    def assert_full(self, source=None):
        self.assert_turned_away(self.connect(source), ASK)

    def test_one_too_many_is_told_so_before_it_says_anything(self):
        clients = self.fill()
        for _ in range(3):
            self.assert_turned_away(self.connect())
        for client in clients:
            self.assertEqual(client.get().status, 404)

    def test_one_too_many_is_told_so_whatever_it_says(self):
        self.fill()
        for data in (ASK, ASK * 100, b"x" * 100_000, b"\x16\x03\x01"):
            self.assert_turned_away(self.connect(), data)

    def test_it_is_told_so_when_it_ends_its_half_at_once(self):
        self.fill()
        client = self.connect()
        client.send(ASK)
        client.socket.shutdown(socket.SHUT_WR)
        self.assert_turned_away(client)

    def test_the_log_tells_who_it_was(self):
        relay = self.start_relay(self.CONFIG)
        clients = [Connection(relay.port, source="127.0.0.2")
                   for _ in range(4)]
        self.assertEqual(clients[-1].response().status, 429)
        self.assertIn("request refused: check=address status=429 "
                      "address=127.0.0.2 ", relay.log())
        for client in clients:
            client.close()
        relay.stop()

    def test_addresses_count_apart(self):
        for source in ("127.0.0.1", "127.0.0.2"):
            self.fill(source)
        for source in ("127.0.0.1", "127.0.0.2"):
            self.assert_full(source)

    def test_a_place_is_free_when_its_connection_ends(self):
        clients = self.fill()
        for leave in (Connection.close, Connection.abort,
                      lambda client: client.socket.shutdown(socket.SHUT_WR)):
            leave(clients.pop(0))
            clients.append(self.newcomer())
            self.assert_full()

    def test_a_websocket_has_its_place_until_it_ends(self):
        clients = [self.open() for _ in range(3)]
        for leave in ENDS:
            self.assert_full()
            leave(clients.pop(0))
            clients.append(self.newcomer())
        for client in clients:
            self.assertEqual(client.echo("there"), "there")

    def test_who_is_turned_away_has_no_place(self):
        clients = self.fill()
        for _ in range(20):  # they stay
            self.assertEqual(self.connect().response().status, 429)
        clients.pop().close()
        self.newcomer()
        self.assert_full()

    def test_who_is_allowed_has_no_limit(self):
        for source in ("127.0.0.9", "127.9.0.0", "127.9.255.255"):
            self.fill(source, 10)
        for source in ("127.0.0.10", "127.10.0.0"):
            self.fill(source)
            self.assert_full(source)

    def test_a_trusted_proxy_has_no_limit(self):
        self.fill("127.0.0.8", 10)

    def test_a_unix_socket_has_no_limit(self):
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        self.addCleanup(folder.cleanup)
        relay = Server(echo_at_all(f"unix:{folder.name}/socket",
                                   address_limits="{connections: 1}"))
        self.addCleanup(relay.end)
        clients = [UnixClient(f"{folder.name}/socket") for _ in range(5)]
        for client in clients:
            self.addCleanup(client.close)
            self.assertEqual(client.upgrade(), 101)


class Told(LimitTest):
    """Addresses that a proxy tells which speaks HTTP."""

    CONFIG = echo_config(dict(
        address_limits="{connections: 2, allow: [192.0.2.99]}",
        trusted_proxies='["127.0.0.0/8"]')) + DEMO

    def test_websockets_of_one_client_are_counted(self):
        for address in ("192.0.2.1", "192.0.2.2"):
            for _ in range(2):
                self.open(fields=told(address))
            self.assert_limited(self.upgraded(fields=told(address)), 429,
                                "address")
        for _ in range(5):
            self.open(fields=told("192.0.2.99"))
            self.open()  # the proxy's own

    def test_the_proxys_connection_stays_open_for_others(self):
        for _ in range(2):
            self.open(fields=told("192.0.2.3"))
        proxy = self.connect()
        for _ in range(3):
            self.assert_limited(proxy.upgrade(fields=told("192.0.2.3")), 429,
                                "address")
            self.assertEqual(proxy.get("/", told("192.0.2.3")).status, 200)
        self.assertEqual(proxy.upgrade(fields=told("192.0.2.4")).status, 101)
        self.assertEqual(proxy.echo("in"), "in")

    def test_a_64_of_ipv6_is_one_client(self):
        for address in ("2001:db8::1", "2001:db8:0:0:ffff::1"):
            self.open(fields=told(address))
        for address, status in (("2001:db8::2", 429), ("2001:db8:0:1::2", 101),
                                ("2001:db8:1::2", 101)):
            self.assertEqual(self.upgraded(fields=told(address)).status,
                             status)

    def test_a_mapped_address_is_that_of_ipv4(self):
        for address in ("192.0.2.5", "::ffff:192.0.2.5"):
            self.open(fields=told(address))
        for address, status in (("192.0.2.5", 429), ("::ffff:192.0.2.5", 429),
                                ("::ffff:192.0.2.6", 101)):
            self.assertEqual(self.upgraded(fields=told(address)).status,
                             status)

    def test_the_place_is_given_back_when_the_websocket_ends(self):
        fields = told("192.0.2.7")
        clients = [self.open(fields=fields) for _ in range(2)]
        for leave in ENDS:
            self.assertEqual(self.upgraded(fields=fields).status, 429)
            leave(clients.pop(0))
            clients.append(self.newcomer(fields=fields))

    def test_a_websocket_that_is_refused_has_no_place(self):
        for _ in range(5):
            refused = self.upgraded(fields=[*told("192.0.2.8"), (
                "Origin", "https://evil.example")])
            self.assertEqual(refused.status, 403)
        for _ in range(2):
            self.open(fields=told("192.0.2.8"))


class ByProxyProtocol(LimitTest):
    CONFIG = echo_config(dict(
        address_limits="{connections: 2}", proxy_protocol="true",
        trusted_proxies='["127.0.0.8"]')) + DEMO

    def come(self, address):
        kind = ("TCP6", "::1") if ":" in address else ("TCP4", "192.0.2.99")
        return self.connect("127.0.0.8", line(address, *kind))

    def test_the_told_address_is_counted(self):
        for address in ("192.0.2.1", "192.0.2.2"):
            kept = [self.come(address) for _ in range(2)]
            for client in kept:
                self.assertEqual(client.get().status, 404)
            self.assert_turned_away(self.come(address))
            self.assert_turned_away(self.come(address), ASK)
            kept[0].close()
            wait_until(lambda: self.come(address).get().status == 404,
                       "there is a place")

    def test_a_websocket_is_counted_once(self):
        for _ in range(2):
            self.assertEqual(self.come("192.0.2.3").upgrade().status, 101)
        self.assert_turned_away(self.come("192.0.2.3"))

    def test_a_64_of_ipv6_is_one_client(self):
        for address in ("2001:db8::1", "2001:db8::2"):
            self.assertEqual(self.come(address).get().status, 404)
        self.assert_turned_away(self.come("2001:db8::3"))
        self.assertEqual(self.come("2001:db8:0:1::3").get().status, 404)

    def test_who_is_unknown_has_no_limit(self):
        for _ in range(5):
            client = self.connect("127.0.0.8", b"PROXY UNKNOWN\r\n")
            self.assertEqual(client.get().status, 404)

    def test_who_comes_without_a_proxy_is_counted(self):
        for _ in range(2):
            self.open()
        self.assert_turned_away(self.connect())


class Connects(LimitTest):
    """address_limits.connects: 2 a second, 4 at once."""

    CONFIG = echo_config(dict(
        address_limits="{connects: 2, burst: 2s}",
        trusted_proxies='["127.0.0.8"]')) + DEMO

    def test_new_connections_are_counted(self):
        refused = self.spend(lambda: self.connect().get(), 4, 2)
        self.assert_turned_away(self.connect(), ASK)
        self.assertEqual(self.connect("127.0.0.2").get().status, 404)
        wait_until(lambda: self.connect().get().status == 404,
                   "it is let in again",
                   self.assert_limited(refused, 429, "address"))

    def test_what_is_open_is_not_disturbed(self):
        client = self.open()
        self.spend(lambda: self.connect().get(), 3, 2)
        for i in range(20):
            self.assertEqual(client.echo(str(i)), str(i))

    def test_behind_a_proxy_it_is_the_websockets(self):
        refused = self.spend(lambda: self.upgraded(
            source="127.0.0.8", fields=told("192.0.2.1")), 4, 2)
        self.assert_limited(refused, 429, "address")
        for address in ("192.0.2.1", "192.0.2.2"):
            for _ in range(10):
                proxy = self.connect("127.0.0.8")
                self.assertEqual(proxy.get("/", told(address)).status, 200)
        self.assertEqual(proxy.upgrade(fields=told(address)).status, 101)


class Requests(LimitTest):
    """address_limits.requests: 2 a second, 4 at once."""

    @classmethod
    def config(cls):
        upstream = Upstream()
        cls.addClassCleanup(upstream.close)
        upstream.answers["/ws/up"] = answer(200, "up")
        return (echo_config(dict(address_limits="{requests: 2, burst: 2s}",
                                 trusted_proxies='["127.0.0.8"]'))
                + echo_at("page", refuse="accept_then_close")
                + endpoint("up", "/up", f"upstream: {upstream.url}") + DEMO)

    def test_those_of_one_connection_are_counted(self):
        client = self.connect()
        refused = self.spend(lambda: client.get("/ws/up"), 4, 2)
        self.assertEqual(self.connect().get("/ws/up").status, 429)
        self.assertEqual(self.connect("127.0.0.3").get("/ws/up").status, 200)
        wait_until(lambda: client.get("/ws/up").status == 200,
                   "it is served again",
                   self.assert_limited(refused, 429, "address"))

    def test_websockets_are_requests(self):
        self.assert_limited(self.spend(self.upgraded, 4, 2), 429, "address")
        self.assertEqual(self.connect().get("/ws/up").status, 429)
        self.open(source="127.0.0.4")

    def test_files_and_what_is_not_there_are_not_counted(self):
        client = self.connect()
        for path, status in [("/", 200), ("/none", 404)] * 10:
            self.assertEqual(client.get(path).status, status)
        self.spend(lambda: client.get("/ws/up"), 4, 2)
        self.assertEqual(client.get("/").status, 200)

    def test_those_that_are_refused_are_counted(self):
        client = self.connect("127.0.0.5")
        codes = [client.get("/ws/echo").status for _ in range(8)]  # no upgrade
        self.assertIn(429, codes)
        self.assertEqual(codes[:4], [426] * 4)

    def test_those_of_a_proxy_are_its_clients(self):
        proxy = self.connect("127.0.0.8")
        for address in ("192.0.2.1", "2001:db8::1"):
            self.assert_limited(
                self.spend(lambda: proxy.get("/ws/up", told(address)), 4, 2),
                429, "address")
        self.assertEqual(proxy.get("/ws/up", told("2001:db8::2")).status, 429)
        for _ in range(10):
            self.assertEqual(proxy.get("/ws/up").status, 200)

    def test_a_page_can_read_it(self):
        self.spend(self.upgraded, 4, 2)
        self.assert_closed_at_once(self.open("/page"), 429, "address")


class Endpoints(LimitTest):
    CONFIG = (
        service() + echo_at("two", "max_connections: 2")
        + echo_at("other", "max_connections: 1") + echo_at("free")
        + echo_at("page", "max_connections: 1", refuse="accept_then_close")
        + router("gone", "/gone") + endpoint(
            "gone", "", "max_connections: 1\nrelay: {target_pid: nobody}",
            "gone"))

    def test_one_too_many_is_told_so_and_others_are_not(self):
        clients = [self.open("/two") for _ in range(2)]
        client = self.connect("127.0.0.2")
        for _ in range(3):
            self.assert_limited(client.upgrade("/two"), 503, "endpoint")
        self.assertEqual(client.upgrade("/other").status, 101)
        for _ in range(5):
            self.open("/free")
        for leave in ENDS:
            self.assertEqual(self.upgraded("/two").status, 503)
            leave(clients.pop(0))
            clients.append(self.newcomer("/two"))

    def test_what_is_refused_has_no_place(self):
        for _ in range(5):
            self.assert_problem(self.upgraded("/gone"), 503, "target")
            self.assert_problem(self.connect().get("/gone"), 426, "upgrade")

    def test_a_page_can_read_it(self):
        self.open("/page")
        for _ in range(3):
            self.assert_closed_at_once(self.open("/page"), 503, "endpoint")


class Bare(Connection):
    """Without TLS."""

    tls = None


class OverTls(OverHttps, LimitTest):
    """A handshake costs more than all else: who is refused gets none."""

    CONFIG = echo_config(dict(max_connections=3))

    def test_one_too_many_is_closed_without_an_answer(self):
        clients = [self.open() for _ in range(3)]
        for leave in ENDS:
            with Bare(self.relay.port, source=self.address) as late:
                self.assertEqual(late.read_to_end(), b"")
            with self.assertRaises(OSError):
                self.connect()
            leave(clients.pop(0))
            clients.append(wait_until(self.let_in, "there is a place"))
        for client in clients:
            self.assertEqual(client.echo("there"), "there")

    def let_in(self):
        try:
            return self.open()
        except OSError:
            return None


class OfAnAddressOverTls(OverTls):
    CONFIG = echo_config(dict(address_limits="{connections: 3}"))

    def test_another_address_is_served(self):
        for _ in range(3):
            self.open()
        with self.assertRaises(OSError):
            self.connect()
        self.open(source="127.0.0.2")


if __name__ == "__main__":
    unittest.main()
