"""https and wss: what is agreed to, clients that misbehave before they have
said anything, and the end."""

import json
import shutil
import socket
import ssl
import subprocess
import unittest

from foreign_clients import NPM
from https_base import OverHttps, client_context, plain_connection
from plain_http import DEMO
from raw_client import BINARY, Connection, WebSocket, frame, request_bytes
from support import (DEADLINE, HERE, SANITIZED, RelayTest, echo_config,
                     wait_until)

MAX_HANDSHAKES = 50


class Service(OverHttps, RelayTest):
    CONFIG = echo_config(max_message_size="16MiB",
                         output_limit="64MiB") + DEMO

    def connect(self, **keys):
        client = WebSocket(self.relay.port, **keys)
        self.addCleanup(client.close)
        return client

    def ask(self, *arguments, **keys):
        """Returns the response to a request of its own connection."""
        with Connection(self.relay.port) as client:
            client.send(request_bytes(*arguments, **keys))
            return client.response()

    def test_the_relay_says_its_address(self):
        self.assertIn(f"listening on https://{self.relay.host}\n",
                      self.relay.stdout)
        self.assertIn(f"open https://{self.relay.host}/", self.relay.stdout)

    def test_files(self):
        for path in ("/index.html", "/demo.js", "/demo.css"):
            found = self.ask("GET", path, host=self.relay.host)
            self.assertEqual(found.status, 200)
            self.assertEqual(found.body,
                             (HERE.parents[1] / "tools/web/demo"
                              / path[1:]).read_bytes())

    def test_messages_of_every_size_come_back(self):
        client = self.connect()
        for size in (0, 1, 125, 126, 16000, 16384, 65535, 65536, 1 << 20,
                     8 << 20):
            data = bytes(range(256)) * (size // 256 + 1)
            client.send(frame(BINARY, data[:size]))
            self.assertEqual(client.read_message(), (BINARY, data[:size]))

    def test_many_messages_of_one_read_come_back_in_order(self):
        client = self.connect()
        for _ in range(20):
            client.send(b"".join(frame(BINARY, b"%d" % i)
                                 for i in range(500)))
            for i in range(500):
                self.assertEqual(client.read_message()[1], b"%d" % i)

    def test_the_own_origin_is_that_of_https(self):
        client = self.connect(fields=[("Origin",
                                       f"https://{self.relay.host}")])
        self.assertEqual(client.echo("x"), "x")
        with self.assertRaisesRegex(AssertionError, "status=403"):
            self.connect(fields=[("Origin", f"http://{self.relay.host}")])

    def test_a_client_that_does_not_know_the_authority_says_so(self):
        with self.assertRaises(ssl.SSLCertVerificationError):
            with socket.create_connection(("127.0.0.1", self.relay.port)) as s:
                ssl.create_default_context().wrap_socket(
                    s, server_hostname="127.0.0.1")
        wait_until(lambda: "TLS handshake failed: check=tls" in
                   self.relay.log(), "the log says so")

    # -- what is agreed to ----------------------------------------------------

    def s_client(self, *arguments, text=""):
        """Returns status and output of `openssl s_client`."""
        done = subprocess.run(
            ["openssl", "s_client", "-connect", self.relay.host, "-CAfile",
             self.authority.file, *arguments], input=text, text=True,
            capture_output=True, timeout=DEADLINE)
        return done.returncode, done.stdout + done.stderr

    def test_no_old_version_and_no_weak_suite(self):
        for arguments in (["-tls1"], ["-tls1_1"],
                          ["-tls1_2", "-cipher", "AES128-SHA"],
                          ["-tls1_2", "-cipher", "AES256-GCM-SHA384"],
                          ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"],
                          ["-tls1_2", "-cipher", "DHE:!ECDHE"]):
            with self.subTest(arguments=arguments):
                weak = [*arguments]
                if "-cipher" in weak:
                    weak[-1] += ":@SECLEVEL=0"
                else:
                    weak += ["-cipher", "ALL:@SECLEVEL=0"]
                status, out = self.s_client(*weak)
                self.assertEqual(status, 1, out)
        for version in ("-tls1_2", "-tls1_3"):
            status, out = self.s_client(version)
            self.assertEqual(status, 0, out)
            self.assertIn("Verify return code: 0 (ok)", out)
            self.assertIn("Compression: NONE", out)

    def test_there_is_no_renegotiation(self):
        _, out = self.s_client("-tls1_2", text="R\n")
        self.assertRegex(out, "no renegotiation|handshake failure")

    def test_http_1_1_is_the_protocol(self):
        _, out = self.s_client("-alpn", "h2,http/1.1")
        self.assertIn("ALPN protocol: http/1.1", out)
        status, out = self.s_client("-alpn", "h2")
        self.assertEqual(status, 1, out)
        self.assertIn("no application protocol", out)

    def test_sessions_are_resumed(self):
        for newest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = client_context(self.authority, newest)
            sessions = []
            for _ in range(2):
                raw = socket.create_connection(("127.0.0.1", self.relay.port))
                with context.wrap_socket(
                        raw, server_hostname="127.0.0.1",
                        session=sessions[-1] if sessions else None) as client:
                    client.settimeout(DEADLINE)
                    client.sendall(request_bytes("GET", "/none",
                                                 host=self.relay.host))
                    self.assertIn(b"404", client.recv(100))
                    reused = client.session_reused
                    sessions.append(client.session)
            self.assertTrue(reused, newest)

    # -- what is no TLS -------------------------------------------------------

    def test_http_on_this_port_is_told_so(self):
        for method in ("GET", "OPTIONS", "POST", "PRI"):
            with plain_connection(self.relay.port) as client:
                client.send(request_bytes(method, "/", host=self.relay.host))
                found = client.response()
                self.assertEqual(found.status, 400)
                self.assertEqual(found.get("Content-Type"),
                                 "application/problem+json")
                self.assertEqual(json.loads(found.body)["check"], "tls")
                self.assertEqual(client.read_to_end(), b"")

    def test_http_with_its_end_right_behind_is_told_so(self):
        with plain_connection(self.relay.port) as client:
            client.send(b"GET / HTTP/1.0\r\n\r\n")
            client.socket.shutdown(socket.SHUT_WR)
            self.assertTrue(client.read_to_end().startswith(b"HTTP/1.1 400 "))

    def test_garbage_gets_an_alert_and_the_end(self):
        for garbage in (b"\0" * 100, b"\x80" * 3, b"\x16\x03\x01\xff\xff" * 9,
                        b"\x17\x03\x03\0\x05hello", b"hello"):
            with self.subTest(garbage=garbage):
                with plain_connection(self.relay.port) as client:
                    client.send(garbage)
                    if len(garbage) < 5:
                        client.socket.shutdown(socket.SHUT_WR)
                    self.assertIn(client.read_to_end()[:1], (b"", b"\x15"))

    def test_garbage_within_a_connection_ends_it(self):
        before = self.relay.sockets()
        client = self.connect()
        raw = client.socket.detach()
        with socket.socket(fileno=raw) as bare:
            bare.settimeout(DEADLINE)
            bare.sendall(b"\x17\x03\x03\0\x20" + b"x" * 32)
            while bare.recv(4096):
                pass
        wait_until(lambda: self.relay.sockets() <= before, "it is gone")

    # -- the end --------------------------------------------------------------

    def test_clients_that_leave_without_a_word_leave_nothing(self):
        before = self.relay.sockets()
        for _ in range(30):
            client = self.connect()
            self.assertEqual(client.echo("x"), "x")
            client.close()
        for _ in range(30):
            self.connect().abort()
        wait_until(lambda: self.relay.sockets() <= before, "all are gone")

    def test_a_farewell_of_tls_is_an_end(self):
        before = self.relay.sockets()
        client = self.connect()
        with self.assertRaises(ssl.SSLError):  # the close frame comes behind it
            client.socket.unwrap()
        wait_until(lambda: self.relay.sockets() <= before, "it is gone")

    def test_the_close_frame_and_the_farewell_of_tls_come(self):
        client = self.connect()
        found = client.leave()
        self.assertEqual(found.code, 1000)

    def test_a_node_that_stops_says_so(self):
        relay = self.start_relay(self.config())
        client = WebSocket(relay.port)
        self.addCleanup(client.close)
        relay.signal(15)
        found = client.read_close()
        self.assertEqual((found.code, found.payload[2:]),
                         (1001, b"server shutting down: connect again"))
        client.send_close(1001)
        self.assertEqual(client.read_to_end(), b"")
        self.assertEqual(relay.wait(), 0)

    @unittest.skipIf(SANITIZED, "sanitizers take memory of their own")
    def test_a_connection_at_rest_takes_20_kib_at_most(self):
        def open_many(count):
            clients = [self.connect() for _ in range(count)]
            for client in clients:
                self.assertEqual(client.echo("x" * 20_000), "x" * 20_000)

        open_many(100)
        before = self.relay.resident_bytes()
        open_many(500)
        self.assert_grown_less(before, 500 * 20 * 1024)

    # -- others' clients ------------------------------------------------------

    @unittest.skipUnless(shutil.which("node"), "node is not installed")
    @unittest.skipUnless((NPM / "node_modules/ws").is_dir(),
                         "no node_modules: run `npm ci` in test/system/npm")
    def test_npm_ws(self):
        done = subprocess.run(
            ["node", NPM / "ws_client.js", f"wss://{self.relay.host}/ws/echo"],
            capture_output=True, text=True, timeout=60,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin",
                 "NODE_EXTRA_CA_CERTS": str(self.authority.file)})
        self.assertEqual(done.returncode, 0, done.stderr)
        seen = json.loads(done.stdout)
        self.assertTrue(seen["text"] and seen["large"] and seen["binary"])

    @unittest.skipUnless(shutil.which("curl"), "curl is not installed")
    def test_curl(self):
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--max-time", "15",
             "--cacert", self.authority.file,
             f"https://{self.relay.host}/"], capture_output=True, text=True,
            timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("<title>wsrelay", done.stdout)


class Strangers(OverHttps, RelayTest):
    """Who does not get through a handshake."""

    CONFIG = echo_config()
    TLS = f", handshake_timeout: 1s, max_handshakes: {MAX_HANDSHAKES}"

    def test_a_handshake_that_takes_too_long_ends(self):
        with plain_connection(self.relay.port) as silent:
            with plain_connection(self.relay.port) as half:
                half.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
                self.assertEqual(half.read_to_end(), b"")
            self.assertEqual(silent.read_to_end(), b"")
        wait_until(lambda: "TLS handshake failed: check=timeout" in
                   self.relay.log(), "the log says so")

    def test_a_handshake_byte_by_byte_has_the_same_time(self):
        with plain_connection(self.relay.port) as slow:
            slow.send(b"\x16\x03\x01\x02\x00")
            with self.assertRaises(OSError):
                for _ in range(200):
                    slow.send(b"\x01")
                    if not slow.is_silent(0.1):
                        raise OSError("ended")

    def test_many_half_open_handshakes_keep_nobody_out(self):
        before = self.relay.sockets()
        witness = WebSocket(self.relay.port)
        self.addCleanup(witness.close)
        half_open = []
        for i in range(1000):
            stranger = plain_connection(self.relay.port)
            self.addCleanup(stranger.close)
            stranger.send(b"\x16\x03\x01\x02\x00\x01")
            half_open.append(stranger)
            if i % 100 == 0:
                self.assertEqual(witness.echo(str(i)), str(i))
                with WebSocket(self.relay.port) as other:
                    self.assertEqual(other.echo("in"), "in")
        wait_until(lambda: self.relay.sockets()
                   <= before + 2 + MAX_HANDSHAKES, "there are few")
        self.assertRegex(self.relay.log(),
                         r"TLS handshake failed: check=dropped address=127")
        wait_until(lambda: self.relay.sockets() <= before + 1,
                   "the rest has ended")


if __name__ == "__main__":
    unittest.main()
