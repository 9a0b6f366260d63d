"""Services that come and go while a relay runs, their certificates, and
clients to whom none of it happens."""

import signal
import ssl
import unittest

from admin_base import admin
from authority import Authority
from healthy_clients import HealthyClients
from https_base import client_context
from raw_client import Closed, Connection, request_bytes
from reload_base import CHAT, ECHO, ReloadTest, base
from support import endpoint, router, service, wait_until


def second(**keys):
    """Returns another service with /ws/echo."""
    return (service(threads=1, **keys).replace("gateway", "second")
            + router("ws2", close_timeout="500ms").replace("gateway", "second")
            + endpoint("echo2", "/echo", "relay: {target_pid: echo}", "ws2"))


class Services(ReloadTest):
    def test_a_service_comes_and_goes(self):
        node = self.start(base())
        told = node.reload(base() + second())
        self.assertIn("http.service second: added", told["changed"])
        port = node.service_port("second")
        for line in ('configuration changed: entry="http.endpoint echo2" '
                     "how=added\n", "listening: service=second "
                     f"url=http://127.0.0.1:{port}\n"):
            wait_until(lambda line=line: line in node.stderr, line)
        self.assertEqual(self.connect(node, port=port).echo("x"), "x")
        rest = [self.connect(node, port=port) for _ in range(20)]
        half = Connection(port)
        half.send(request_bytes("GET", "/ws/echo")[:20])
        self.addCleanup(half.close)
        told = node.reload(base())
        self.assertIn("http.service second: removed", told["changed"])
        with self.assertRaises((ConnectionError, Closed)):
            with Connection(port) as client:
                client.request("GET", "/ws/echo")
        for client in rest:
            self.assertEqual(client.echo("still"), "still")
        told = node.reload(base() + second())  # another one of that name
        new = node.service_port("second")
        self.assertEqual(self.connect(node, port=new).echo("x"), "x")
        for client in rest:
            self.assertEqual(client.echo("still"), "still")
            self.assertEqual(client.leave().code, 1000)
        node.stop()

    def test_what_is_left_of_a_service_ends_with_the_node(self):
        node = self.start(base() + second())
        client = self.connect(node, port=node.service_port("second"))
        node.reload(base())
        node.signal(signal.SIGTERM)
        self.assertEqual(client.read_close().code, 1001)
        client.close()
        self.assertEqual(node.wait(), 0)

    def test_what_is_left_of_a_service_is_drained(self):
        drain = "{lead: off, spread: 100ms, deadline: 5s}"
        node = self.start(base(dict(drain=drain)) + second(drain=drain),
                          "--drain", "on")
        client = self.connect(node, port=node.service_port("second"))
        node.reload(base(dict(drain=drain)))
        node.signal(signal.SIGTERM)
        self.assertEqual(client.read_close().code, 1012)
        client.close()
        self.assertEqual(node.wait(), 0)

    def test_operators_still_see_what_is_left_of_a_service(self):
        node = self.start(base() + second())
        client = self.connect(node, port=node.service_port("second"))
        pid = node.api.connections()["connections"][0]["pid"]
        node.reload(base())
        self.assertEqual([row["pid"] for row in
                          node.api.connections()["connections"]], [pid])
        told = node.api.get("node").json
        self.assertEqual([(each["name"], each["connections"])
                          for each in told["services"] if "retired" in each],
                         [("second", 1)])
        metrics = node.api.ask("GET", "/metrics").text
        self.assertIn('wsrelay_connections{service="second.retired",endpoint='
                      '"echo2",phase="relaying"} 1\n', metrics)
        self.assertIn('wsrelay_sockets{service="second.retired"} 1\n', metrics)
        self.assertEqual(node.wsrelay("send", pid, "hi").code, 0)
        self.assertEqual(client.read_text(), "hi")
        self.assertEqual(client.leave().code, 1000)
        wait_until(lambda: "retired" not in
                   node.api.ask("GET", "/metrics").text, "it is told no more")
        node.stop()

    # Its loop was the first of all: others may count on it.
    def test_the_first_service_goes(self):
        node = self.start(second() + base())
        descriptors = node.descriptors()
        for _ in range(3):
            node.reload(base())
            client = self.connect(node, port=node.service_port("gateway"))
            self.assertEqual(client.echo("x"), "x")
            node.reload(second() + base())
        for _ in range(3):
            node.reload(base())
        self.assertEqual(node.service_port("gateway"),
                         int(node.urls[1].rsplit(":", 1)[1]))
        wait_until(lambda: node.descriptors() <= descriptors, "all is closed")
        node.stop(deadline=5)

    def test_many_come_and_go_and_nothing_is_left(self):
        node = self.start(base())
        node.reload(base() + second())
        node.reload(base())
        node.reload(base())
        before = node.descriptors(), node.resident_bytes()
        for _ in range(15):
            node.reload(base() + second())
            self.connect(node, port=node.service_port("second")).leave()
            node.reload(base())
        node.reload(base())
        wait_until(lambda: node.descriptors() <= before[0] + 12, "all closed")
        node.stop()


class Certificates(ReloadTest):
    def names(self, port, authority):
        context = client_context(authority)
        context.check_hostname = False
        with Connection(port) as raw:
            with context.wrap_socket(raw.socket, server_hostname="x") as client:
                return [value for _, value in
                        client.getpeercert()["subjectAltName"]]

    def test_others_are_shown(self):
        authority = Authority(self.addCleanup)
        tls = {}
        for name in ("first", "second"):
            certificate, key = authority.sign(name, f"DNS:{name}.example")
            tls[name] = f"{{certificate: {certificate}, key: {key}}}"
        node = self.start(base(dict(tls=tls["first"])))
        self.assertEqual(self.names(node.port, authority), ["first.example"])
        told = node.reload(base(dict(tls=tls["second"])))
        self.assertEqual(told["changed"], ["http.service gateway: changed"])
        self.assertEqual(self.names(node.port, authority), ["second.example"])
        node.stop()

    def test_the_admin_listeners_are_taken_as_well(self):
        authority = Authority(self.addCleanup)
        certificate, key = authority.sign("first", "DNS:first.example")
        tls = f"{{certificate: {certificate}, key: {key}}}"
        text = service(threads=1) + router() + ECHO
        self.addCleanup(setattr, Connection, "tls", None)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        Connection.tls = context
        node = self.start(text + admin(tls=tls))
        Connection.tls = None
        port = node.api.port
        self.assertEqual(self.names(port, authority), ["first.example"])
        for made, old in zip(authority.sign("new", "DNS:new.example"),
                             (certificate, key)):
            made.rename(old)
        node.reload()
        wait_until(lambda: self.names(port, authority) == ["new.example"],
                   "the new one is shown", deadline=5)
        node.stop()


class Clients(ReloadTest):
    def test_no_answer_is_lost_in_20_reloads(self):
        node = self.start(base())
        clients = HealthyClients(node.port, count=200, pause=0.1)
        self.addCleanup(clients.end)
        for i in range(20):
            node.reload(base(dict(max_connections=1000 + i))
                        + (CHAT + second() if i % 2 else ""))
        self.assertEqual(clients.finish(), [])
        node.stop()


if __name__ == "__main__":
    unittest.main()
