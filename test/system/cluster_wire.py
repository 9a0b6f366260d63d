"""The line between nodes: who says what no node says, lines that take their
time, and what the log says when nodes do not come together."""

import os
import signal
import socket
import struct
import subprocess
import time
import unittest

from authority import Authority
from line_test import LineTest
from slow_line import SlowLine
from support import BUILD, DEADLINE

# Of net/cluster/basp_stream.hpp; seconds.
GREETING_TIMEOUT = 5

SERVER_HANDSHAKE, CLIENT_HANDSHAKE = 0, 1


def header(what, size=0, data=0):
    return struct.pack(">BxxBIQQQ", what, 0, size, data, 0, 0)


class WireTest(LineTest):
    def open(self, relay, data=b""):
        raw = socket.create_connection(("127.0.0.1", relay.cluster_port))
        self.addCleanup(raw.close)
        raw.settimeout(DEADLINE)
        raw.sendall(data)
        return raw

    @staticmethod
    def read_to_end(raw):
        try:
            while raw.recv(4096):
                pass
        except ConnectionResetError:
            pass


class Strangers(WireTest):
    def test_a_handshake_without_a_payload_ends_its_connection_only(self):
        app = self.start("app1")
        for what in range(8):
            self.read_to_end(self.open(app, header(what, data=3)))
        self.expect_line(app, "node refused: address=127.0.0.1 reason=")
        relay = self.start("relay1", app.cluster_port)
        self.assertEqual(self.connect_soon(relay).echo("on"), "on")

    def test_a_part_of_a_greeting_is_not_waited_for_without_end(self):
        app = self.start("app1")
        since = time.monotonic()
        # All are there at once when it gets to them.
        app.signal(signal.SIGSTOP)
        parts = [self.open(app, header(CLIENT_HANDSHAKE, 32)[:1 + i % 31])
                 for i in range(90)]
        # The header whole, the payload not.
        parts += [self.open(app, header(CLIENT_HANDSHAKE, 32) + bytes(i))
                  for i in range(10)]
        app.signal(signal.SIGCONT)
        for raw in parts:
            self.read_to_end(raw)
        self.assertLess(time.monotonic() - since, GREETING_TIMEOUT + 3)
        self.expect_line(app, 'reason="its greeting was not whole within 5s')

    def test_a_node_of_another_version_is_named(self):
        app = self.start("app1")
        self.read_to_end(self.open(app, header(SERVER_HANDSHAKE, 90, 8)))
        self.expect_line(app, "it speaks version 8 (CAF 1) of BASP, this node "
                              "version 3 (CAF 0.17)")


class SlowLines(WireTest):
    def test_nodes_meet_over_a_line_of_nearly_a_second(self):
        app = self.start("app1", heartbeat_interval="50ms",
                         heartbeat_timeout="700ms")
        line = SlowLine(self.addCleanup, app.cluster_port, delay=0.9)
        with self.subTest("the command line"):
            done = subprocess.run(
                [BUILD / "wsrelay", "--node", f"127.0.0.1:{line.port}",
                 "targets"], capture_output=True, timeout=DEADLINE,
                check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"echo", done.stdout)
        with self.subTest("a peer with a short interval"):
            relay = self.start("relay1", line.port, heartbeat_interval="50ms",
                               heartbeat_timeout="700ms")
            self.assertEqual(self.connect_soon(relay).echo("far"), "far")
            self.assertNotIn("cannot be reached", relay.log())

    def test_a_node_that_sends_one_large_message_slowly_is_not_lost(self):
        app = self.start("app1")
        # 2 MB at 500 kB/s, there and back: far longer than the timeout.
        line = SlowLine(self.addCleanup, app.cluster_port, rate=500_000)
        relay = self.start("relay1", line.port)
        client = self.connect_soon(relay)
        since = time.monotonic()
        text = os.urandom(1_000_000).hex()
        client.socket.settimeout(4 * DEADLINE)
        self.assertEqual(client.echo(text), text)
        self.assertGreater(time.monotonic() - since, 4)
        for each in app, relay:
            self.assertNotIn(" lost", each.log())

    def test_a_part_of_a_record_is_a_sign_of_life_both_ways(self):
        authority = Authority(self.addCleanup)
        patience = {"heartbeat_interval": "300ms", "heartbeat_timeout": "1s"}
        app = self.start("app1", tls=authority.tls("app1"), **patience)
        # A record of TLS, 16 KiB, takes longer than the timeout.
        line = SlowLine(self.addCleanup, app.cluster_port, rate=8000,
                        piece=400, mss=536)
        relay = self.start("relay1", line.port, tls=authority.tls("relay1"),
                           **patience)
        client = self.connect_soon(relay)
        client.socket.settimeout(2 * DEADLINE)
        text = os.urandom(12_000).hex()
        since = time.monotonic()
        self.assertEqual(client.echo(text), text)
        self.assertGreater(time.monotonic() - since, 4)
        for each in app, relay:
            self.assertNotIn(" lost", each.log())


class Reasons(WireTest):
    """What both logs say."""

    def setUp(self):
        self.authority = Authority(self.addCleanup)

    def test_a_certificate_of_another_authority(self):
        app = self.start("app1", tls=self.authority.tls("app1"))
        strange = Authority(self.addCleanup)
        with self.subTest("of who connects"):
            certificate, key = strange.sign("relay1")
            relay = self.start("relay1", app.cluster_port, tls=(
                f"{{certificate: {certificate}, key: {key}, "
                f"ca: {self.authority.file}}}"))
            self.expect_line(app, "node refused", "certificate verify failed",
                             "tls.ca")
            self.expect_line(relay, "cannot be reached", "unknown ca",
                             "tls.ca")
        with self.subTest("of who is connected to"):
            relay = self.start("relay1", app.cluster_port,
                               tls=strange.tls("relay1"))
            self.expect_line(relay, "cannot be reached",
                             "certificate verify failed", "tls.ca")
            self.expect_line(app, "node refused", "alert", "tls.ca")

    def test_a_certificate_for_something_else(self):
        certificate, key = self.authority.path("s.pem"), \
            self.authority.path("s.key")
        self.authority.openssl(
            "req", "-x509", "-CA", self.authority.file, "-CAkey",
            self.authority.path("ca.key"), "-subj", "/CN=relay1", "-keyout",
            key, "-out", certificate, "-addext",
            "extendedKeyUsage=serverAuth")
        app = self.start("app1", tls=self.authority.tls("app1"))
        relay = self.start("relay1", app.cluster_port, tls=(
            f"{{certificate: {certificate}, key: {key}, "
            f"ca: {self.authority.file}}}"))
        self.expect_line(app, "node refused", "certificate purpose",
                         "extended key usage")
        self.expect_line(relay, "cannot be reached", "unsupported certificate",
                         "extended key usage")

    def test_plain_against_tls(self):
        plain, secret = {}, {"tls": self.authority.tls("node")}
        with self.subTest("plain connects"):
            app = self.start("app1", **secret)
            relay = self.start("relay1", app.cluster_port, **plain)
            self.expect_line(relay, "cannot be reached", "has tls")
            self.expect_line(app, "node refused", "TLS was not done", "no tls")
        with self.subTest("TLS connects"):
            app = self.start("app1", **plain)
            relay = self.start("relay1", app.cluster_port, **secret)
            self.expect_line(relay, "cannot be reached", "speaks no TLS")
            self.expect_line(app, "node refused", "it speaks TLS")
        for each in app, relay:
            self.assertNotIn("disconnect_during_handshake", each.log())

    def test_an_interval_that_does_not_fit_the_other_sides_timeout(self):
        hasty = {"heartbeat_interval": "100ms", "heartbeat_timeout": "600ms"}
        slow = {"heartbeat_interval": "5s", "heartbeat_timeout": "8s"}
        for listens, connects in (hasty, slow), (slow, hasty):
            app = self.start("app1", **listens)
            relay = self.start("relay1", app.cluster_port, **connects)
            silent, told = (app, relay) if listens == hasty else (relay, app)
            other = "relay1" if silent is app else "app1"
            self.expect_line(silent, f"node lost: address=127.0.0.1 name={other}"
                             ' reason="', "heartbeat_timeout (600ms)",
                             "its heartbeat_interval")
            self.expect_line(silent, f"peer lost: name={other} node=",
                             ' reason="the connection to it has ended"')
            self.expect_line(told, "node connection ended",
                             "its heartbeat_interval (5000ms)")


if __name__ == "__main__":
    unittest.main()
