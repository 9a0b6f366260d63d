"""Two nodes: targets on the other one, which dies, freezes and comes back."""

import re
import signal
import socket
import ssl
import subprocess
import time
import unittest

from authority import Authority, OverTls
from cluster_probe import node
from raw_client import CLOSE, WebSocket
from support import (BUILD, DEADLINE, Relay, RelayTest, endpoint, router,
                     service, wait_until)

# Of net/cluster/basp_acceptor.hpp; seconds.
MAX_HANDSHAKES, HANDSHAKE_TIMEOUT = 64, 5


def app_config(port=0, peers="[]", **keys):
    return service() + node("app1", listen=f'"127.0.0.1:{port}"', peers=peers,
                            **keys)


def relay_config(port, peers=None, **keys):
    peers = peers or f'["127.0.0.1:{port}"]'
    return (service() + router()
            + endpoint("far", "/far", 'relay: {target_pid: "echo@app1"}')
            + endpoint("near", "/near", "relay: {target_pid: echo}")
            + node("relay1", peers=peers, **keys))


def cluster_port(program):
    return int(re.search(r"listening on port (\d+)\n", program.stdout)[1])


class TwoNodes(unittest.TestCase):
    def setUp(self):
        self.clients = []

    def keys_of(self, name):
        """Returns what the cluster.node of this name has besides."""
        return {}

    def start(self, config):
        relay = Relay(config)
        self.addCleanup(relay.end)
        return relay

    def start_app(self, port=0):
        app = self.start(app_config(port, **self.keys_of("app1")))
        app.cluster_port = cluster_port(app)
        return app

    def start_relay(self, port):
        return self.start(relay_config(port, **self.keys_of("relay1")))

    def stop(self, *programs):
        for client in self.clients:
            client.close()  # it does not answer a close frame
        for program in programs:
            program.stop()

    def connect(self, relay, path="/ws/far"):
        client = WebSocket(relay.port, path)
        self.clients.append(client)
        self.addCleanup(client.close)
        return client

    def connect_soon(self, relay):
        """Returns a client of the other node, once that is connected."""
        def attempt():
            try:
                return self.connect(relay)
            except AssertionError:  # 503: not yet
                return None
        return wait_until(attempt, "the other node is there")

    def assert_closes(self, client, code):
        found = client.read_frame()
        while found.opcode != CLOSE:
            found = client.read_frame()
        self.assertEqual(found.code, code)

    def test_a_client_talks_to_a_target_on_another_node(self):
        app = self.start_app()
        relay = self.start_relay(app.cluster_port)
        client = self.connect_soon(relay)
        for i in range(200):
            self.assertEqual(client.echo(f"message {i}"), f"message {i}")
        big = "b" * 200_000
        self.assertEqual(client.echo(big), big)
        client.send_close(1000)
        self.stop(relay, app)

    def test_nodes_start_in_any_order(self):
        app = self.start_app()
        port = app.cluster_port
        app.stop()
        relay = self.start_relay(port)
        with self.assertRaisesRegex(AssertionError, "503"):
            self.connect(relay)
        app = self.start_app(port)
        self.assertEqual(self.connect_soon(relay).echo("late"), "late")
        self.stop(relay, app)

    def lose(self, number):
        app = self.start_app()
        relay = self.start_relay(app.cluster_port)
        far = [self.connect_soon(relay) for _ in range(3)]
        near = self.connect(relay, "/ws/near")
        app.signal(number)
        for client in far:
            self.assert_closes(client, 1011)
        self.assertEqual(near.echo("still here"), "still here")
        return app, relay

    def test_a_killed_node_closes_its_connections_with_1011(self):
        app, relay = self.lose(signal.SIGKILL)
        app.wait()
        again = self.start_app(app.cluster_port)
        self.assertEqual(self.connect_soon(relay).echo("again"), "again")
        self.assertEqual(relay.log().count("peer lost"), 1)
        self.stop(relay, again)

    def test_a_frozen_node_closes_its_connections_with_1011(self):
        app, relay = self.lose(signal.SIGSTOP)
        app.signal(signal.SIGCONT)
        self.assertEqual(self.connect_soon(relay).echo("thawed"), "thawed")
        self.stop(relay, app)


class TwoNodesOverTls(OverTls, TwoNodes):
    """Everything above once more, and who is kept out."""

    def assert_kept_out(self, app, **keys):
        """A node with other keys gets no connection, and says so once."""
        relay = self.start(relay_config(app.cluster_port, **keys))
        wait_until(lambda: "peer cannot be reached" in relay.stderr,
                   "the node has tried")
        with self.assertRaisesRegex(AssertionError, "503"):
            self.connect(relay)
        self.assertNotIn("peer connected", relay.log() + app.log())
        self.assertEqual(relay.log().count("cannot be reached"), 1)
        self.stop(relay)

    def test_a_node_without_a_certificate_is_kept_out(self):
        app = self.start_app()
        self.assert_kept_out(app)
        # Not a byte of what speaks behind TLS.
        with socket.create_connection(("127.0.0.1", app.cluster_port)) as raw:
            raw.settimeout(20)
            raw.sendall(b"x" * 100)
            self.assertNotIn(b"echo", raw.recv(4096))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", app.cluster_port)) as raw:
            with self.assertRaises(ssl.SSLError):
                with context.wrap_socket(raw) as stream:
                    stream.recv(1)
        self.stop(app)

    def test_a_node_with_a_strange_certificate_is_kept_out(self):
        app = self.start_app()
        self.assert_kept_out(app,
                             tls=Authority(self.addCleanup).tls("relay1"))
        self.assertRegex(app.log(), "node refused: address=127.0.0.1 reason=")
        self.stop(app)

    def test_a_node_does_not_talk_to_one_with_a_strange_certificate(self):
        strange = Authority(self.addCleanup)
        app = self.start(app_config(tls=strange.tls("app1")))
        app.cluster_port = cluster_port(app)
        self.assert_kept_out(app, **self.keys_of("relay1"))
        self.stop(app)

    def test_refusals_do_not_fill_the_log(self):
        app = self.start_app()
        for _ in range(20):
            with socket.create_connection(
                    ("127.0.0.1", app.cluster_port)) as raw:
                raw.settimeout(DEADLINE)
                raw.sendall(b"GET / HTTP/1.1\r\n\r\n")
                while raw.recv(4096):
                    pass
        lines = re.findall("node refused: .* reason=.*http request.*\n",
                           app.log())
        self.assertEqual(len(lines), 10, app.log())
        self.stop(app)

    def test_who_only_connects_keeps_no_node_out(self):
        app = self.start_app()
        address = "127.0.0.1", app.cluster_port
        silent = [socket.create_connection(address)
                  for _ in range(MAX_HANDSHAKES)]
        for each in silent:
            self.addCleanup(each.close)
        since = time.monotonic()
        relay = self.start_relay(app.cluster_port)
        self.assertEqual(self.connect_soon(relay).echo("in"), "in")
        self.assertLess(time.monotonic() - since, HANDSHAKE_TIMEOUT / 2)
        with self.subTest("only the oldest had to go"):
            silent[0].settimeout(DEADLINE)
            self.assertEqual(silent[0].recv(1), b"")
            silent[1].settimeout(0)
            with self.assertRaises(BlockingIOError):
                silent[1].recv(1)
        self.stop(relay, app)

    def test_keys_are_exchanged_over_curves(self):
        app = self.start_app()
        certificate, key = self.authority.sign("operator")
        for group, code in ("P-384", 0), ("ffdhe2048", 1):
            done = subprocess.run(
                ["openssl", "s_client", "-connect",
                 f"127.0.0.1:{app.cluster_port}", "-groups", group,
                 "-cert", certificate, "-key", key],
                stdin=subprocess.DEVNULL, capture_output=True,
                timeout=DEADLINE, check=False)
            self.assertEqual(done.returncode, code, (group, done.stderr))
        self.stop(app)

    def test_the_command_line_shows_its_certificate(self):
        app = self.start_app()
        certificate, key = self.authority.sign("operator")
        tls = ["--tls-cert", certificate, "--tls-key", key,
               "--tls-ca", self.authority.file]
        for extra, code in (tls, 0), ([], 3):
            done = subprocess.run(
                [BUILD / "wsrelay", "--node",
                 f"127.0.0.1:{app.cluster_port}", *extra, "targets"],
                capture_output=True, timeout=DEADLINE, check=False)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertEqual(b"echo" in done.stdout, code == 0)
            self.assertEqual(b"or it wants TLS (--tls-cert" in done.stderr,
                             code != 0, done.stderr)
        self.stop(app)


class Files(RelayTest):
    def start_with(self, tls):
        return Relay(app_config(tls=tls))

    def test_a_certificate_that_is_none_is_an_error(self):
        authority = Authority(self.addCleanup)
        bad = authority.path("bad.pem")
        bad.write_text("nothing")
        good = authority.tls("app1")
        with self.assertRaisesRegex(AssertionError, "cannot use .*bad.pem: "):
            self.start_with(good.replace("app1.pem", "bad.pem"))
        with self.assertRaisesRegex(AssertionError, "cannot use .*ca.key: "):
            self.start_with(good.replace("app1.key", "ca.key"))
        with self.assertRaisesRegex(AssertionError, "tls.ca: is not a file"):
            self.start_with(good.replace("ca.pem", "none.pem"))


class Strangers(RelayTest):
    """Who connects where nodes meet, and is none."""

    @classmethod
    def config(cls):
        return app_config()

    def test_a_silent_connection_is_let_go(self):
        with socket.create_connection(
                ("127.0.0.1", cluster_port(self.relay))) as raw:
            raw.settimeout(DEADLINE)
            while raw.recv(4096):  # what the node says of itself, then the end
                pass
        text = "node connection ended: address=127.0.0.1 reason=\"nothing came"
        wait_until(lambda: text in self.relay.stderr, "it is logged")

    def test_silent_connections_do_not_fill_the_log(self):
        relay = self.start_relay(app_config())
        port = cluster_port(relay)
        silent = [socket.create_connection(("127.0.0.1", port))
                  for _ in range(30)]
        for raw in silent:
            raw.settimeout(DEADLINE)
            while raw.recv(4096):
                pass
            raw.close()
        self.assertEqual(relay.log().count('reason="nothing came'), 10)
        relay.stop()


class Configuration(RelayTest):
    def test_an_address_in_use_is_an_error(self):
        app = Relay(app_config())
        self.addCleanup(app.end)
        port = cluster_port(app)
        with self.assertRaisesRegex(AssertionError,
                                    "cannot meet other nodes: "):
            Relay(app_config(port))
        app.stop()


if __name__ == "__main__":
    unittest.main()
