"""The relay behind real proxies that end TLS: who the client is, and how it
asked, is what they tell; from anybody else it is not believed."""

import json
import re
import subprocess
import unittest

from authority import Authority
from cluster_probe import Probe, node
from http_upstream import Upstream, answer
from proxy_programs import (FromAddress, Haproxy, HaproxyForwarded, Nginx,
                            find_program)
from raw_client import TEXT, frame, upgrade_fields
from support import (BUILD, DEADLINE, RelayTest, endpoint, router, service,
                     wait_until)

CLIENT, STRANGER, PROXY = "127.0.0.2", "127.0.0.3", "127.0.0.1"


class ProxyTest(RelayTest):
    """The proxies have the address 127.0.0.1, their clients another one."""

    make_proxy = None
    program = ""

    @classmethod
    def setUpClass(cls):
        if cls.program and not find_program(cls.program):
            raise unittest.SkipTest(f"no {cls.program} here")
        cls.app = Probe("app1")
        cls.addClassCleanup(cls.app.end)
        cls.app.do("seer seer", r"registered seer (\S+)")
        super().setUpClass()
        cls.app.wait_for_peer("relay1")
        if cls.make_proxy:
            cls.authority = Authority(cls.addClassCleanup)
            cls.proxy = cls.make_proxy(cls.relay.port, cls.authority)
            cls.addClassCleanup(cls.proxy.end)

    @classmethod
    def config(cls):
        cls.upstream = Upstream()
        cls.addClassCleanup(cls.upstream.close)
        cls.upstream.answers["/ws/up"] = answer(200, "up")
        return (service(trusted_proxies=f'["{PROXY}"]') + router()
                + endpoint("echo", "/echo", "relay: {target_pid: echo}")
                + endpoint("seen", "/seen", "func: seer@app1")
                + endpoint("up", "/up", f"upstream: {cls.upstream.url}")
                + node("relay1", listen='"127.0.0.1:0"',
                       peers=f'["127.0.0.1:{cls.app.cluster_port}"]'))

    def connect(self):
        client = FromAddress(self.proxy.port, CLIENT, self.authority)
        self.addCleanup(client.close)
        return client

    def upgrade(self, origin, host=None, fields=()):
        client = self.connect()
        response = client.request("GET", "/ws/echo", [
            *upgrade_fields(), ("Origin", origin), *fields], host=host)
        return response.status, client

    def seen(self, client, fields=(), **keys):
        """Returns what a handler sees: address, scheme, host, whether it could
        become a WebSocket."""
        response = client.request("GET", "/ws/seen", fields, **keys)
        self.assertEqual(response.status, 200, response)
        return response.body.decode().split()

    def asked(self, client, fields=()):
        """Returns what an upstream is asked."""
        self.assertEqual(client.request("GET", "/ws/up", fields).body, b"up")
        return self.upstream.asked[-1]

    def addresses(self):
        """Returns those that `wsrelay ps` lists."""
        port = re.search(r"node relay1 listening on port (\d+)",
                         self.relay.stdout)[1]
        done = subprocess.run(
            [BUILD / "wsrelay", "--node", f"127.0.0.1:{port}", "ps", "--json"],
            check=True, capture_output=True, timeout=DEADLINE)
        return [row["address"] for row in json.loads(done.stdout)]


class BehindProxy:
    """What holds behind each of them. No origin is listed anywhere."""

    def test_the_same_origin_is_let_in(self):
        for origin, host in (
                (f"https://127.0.0.1:{self.proxy.port}", None),
                ("https://app.example", "app.example"),
                ("https://app.example:443", "app.example"),
                ("https://app.example:8443", "app.example:8443")):
            with self.subTest(origin=origin):
                status, client = self.upgrade(origin, host)
                self.assertEqual(status, 101)
                client.send(frame(TEXT, "through"))
                self.assertEqual(client.read(9), frame(TEXT, "through",
                                                       mask=None))

    def test_another_origin_is_refused(self):
        port = self.proxy.port
        for origin in ("https://evil.example", f"http://127.0.0.1:{port}",
                       f"https://127.0.0.1:{port + 1}", "https://127.0.0.1",
                       f"https://127.0.0.1:{self.relay.port}",
                       f"http://127.0.0.1:{self.relay.port}", "null"):
            with self.subTest(origin=origin):
                self.assertEqual(self.upgrade(origin)[0], 403)

    def test_the_clients_address_is_listed(self):
        status, client = self.upgrade(f"https://127.0.0.1:{self.proxy.port}")
        self.assertEqual(status, 101)
        wait_until(lambda: self.addresses() == [CLIENT],
                   "ps lists the client")
        client.close()
        wait_until(lambda: not self.addresses(), "ps lists nobody")

    def test_a_handler_sees_the_client(self):
        self.assertEqual(self.seen(self.connect()), [
            CLIENT, "https", f"127.0.0.1:{self.proxy.port}", "plain"])
        self.assertEqual(
            self.seen(self.connect(), host="app.example"),
            [CLIENT, "https", "app.example", "plain"])
        self.assertEqual(
            self.seen(self.connect(), upgrade_fields(), host="app.example"),
            [CLIENT, "https", "app.example", "websocket"])

    def test_a_client_that_claims_to_be_another_is_not_believed(self):
        for fields in ([("X-Forwarded-For", "6.6.6.6")],
                       [("X-Forwarded-For", "6.6.6.6, 127.0.0.1")],
                       [("X-Forwarded-For", "6.6.6.6"),
                        ("X-Forwarded-For", "7.7.7.7")],
                       [("Forwarded", "for=6.6.6.6")],
                       [("Forwarded", "for=6.6.6.6, for=127.0.0.1")],
                       [("X-Real-IP", "6.6.6.6")],
                       [("Forwarded", "for=6.6.6.6;proto=http"),
                        ("X-Forwarded-For", "6.6.6.6"),
                        ("X-Forwarded-Proto", "http")]):
            with self.subTest(fields=fields):
                self.assertIn(self.seen(self.connect(), fields)[0],
                              (CLIENT, PROXY))

    def test_an_upstream_sees_no_real_address_but_the_clients(self):
        for claim in ([("X-Real-IP", "6.6.6.6")], [("X_Real_IP", "6.6.6.6")]):
            asked = self.asked(self.connect(), claim)
            self.assertLessEqual(set(asked.all("X-Real-IP")), {CLIENT})
            self.assertEqual(asked.all("X_Real_IP"), [])

    def test_an_upstream_is_told_the_whole_way(self):
        asked = self.asked(self.connect(), [("X-Forwarded-For", "6.6.6.6")])
        self.assertEqual(asked.all("X-Forwarded-Proto"), ["https"])
        self.assertEqual(asked.all("X-Forwarded-Host"),
                         [f"127.0.0.1:{self.proxy.port}"])
        way = [each.strip() for line in asked.all("X-Forwarded-For")
               for each in line.split(",")]
        self.check_way(asked, way)

    def check_way(self, _asked, way):
        self.assertEqual(way, ["6.6.6.6", CLIENT, PROXY])


class NginxTest(BehindProxy, ProxyTest):
    make_proxy, program = Nginx, "nginx"


class HaproxyTest(BehindProxy, ProxyTest):
    make_proxy, program = Haproxy, "haproxy"


class HaproxyForwardedTest(BehindProxy, ProxyTest):
    make_proxy, program = HaproxyForwarded, "haproxy"

    def check_way(self, asked, way):
        self.assertEqual(way[-1], PROXY)
        told, = asked.all("Forwarded")
        first, last = (part.strip() for part in told.rsplit(",", 1))
        self.assertIn(f"for={CLIENT}", first.split(";"))
        self.assertIn("proto=https", first.split(";"))
        self.assertIn(f"for={PROXY}", last.split(";"))


class Strangers(ProxyTest):
    """Without a proxy in between."""

    CLAIMS = [("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-Proto", "https"),
              ("X-Forwarded-Host", "app.example"), ("X-Real-IP", "6.6.6.6"),
              ("Forwarded", 'for=6.6.6.6;proto=https;host="app.example"')]

    def connect(self, address=STRANGER):
        client = FromAddress(self.relay.port, address)
        self.addCleanup(client.close)
        return client

    def test_what_a_stranger_claims_is_not_believed(self):
        self.assertEqual(self.seen(self.connect(), self.CLAIMS), [
            STRANGER, "http", self.relay.host, "plain"])
        for origin in ("https://app.example", f"https://{self.relay.host}"):
            self.assertEqual(
                self.upgrade(origin, fields=self.CLAIMS)[0], 403)
        status, _ = self.upgrade(f"http://{self.relay.host}",
                                 fields=self.CLAIMS)
        self.assertEqual(status, 101)
        wait_until(lambda: self.addresses() == [STRANGER],
                   "ps lists the stranger")

    def test_an_upstream_is_not_told_what_a_stranger_claims(self):
        asked = self.asked(self.connect(), self.CLAIMS)
        self.assertEqual(asked.all("X-Forwarded-For"), [STRANGER])
        self.assertEqual(asked.all("X-Forwarded-Proto"), ["http"])
        self.assertEqual(asked.all("X-Forwarded-Host"), [self.relay.host])
        self.assertNotIn("6.6.6.6", str(asked.fields))

    def test_a_trusted_proxy_is_believed(self):
        proxy = self.connect(PROXY)
        for fields, address, scheme in (
                ([("X-Forwarded-For", "192.0.2.1:4711")], "192.0.2.1", "http"),
                ([("X-Forwarded-For", "[2001:DB8::1]:80"),
                  ("X-Forwarded-Proto", "https")], "2001:db8::1", "https"),
                ([("X-Forwarded-For", "6.6.6.6, 192.0.2.1, 127.0.0.1")],
                 "192.0.2.1", "http"),
                ([("Forwarded", 'for="[2001:db8::1]:80";proto=https')],
                 "2001:db8::1", "https"),
                ([("Forwarded", "for=6.6.6.6"),
                  ("Forwarded", "for=192.0.2.1, for=127.0.0.1")],
                 "192.0.2.1", "http"),
                ([("Forwarded", "for=unknown")], PROXY, "http"),
                ([("X-Forwarded-For", "nonsense")], PROXY, "http"),
                ([("X-Forwarded-Proto", "gopher")], PROXY, "http"),
                (self.CLAIMS[:3], "6.6.6.6", "https")):
            with self.subTest(fields=fields):
                self.assertEqual(self.seen(proxy, fields)[:2],
                                 [address, scheme])


if __name__ == "__main__":
    unittest.main()
