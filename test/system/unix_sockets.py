"""Services that listen at several addresses, unix sockets among them: whose a
socket's file is, what stands in its way, and both families of a wildcard."""

import os
import re
import signal
import socket
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from http_upstream import Upstream, answer
from plain_http import DEMO
from raw_client import PING, PONG, Closed, WebSocket, upgrade_fields
from support import (BUILD, DEADLINE, Program, Relay, endpoint, router, service,
                     wait_until)

NOBODY = 65534
CONNECT = ["/usr/bin/python3", "-c", "import socket, sys; "
           "socket.socket(socket.AF_UNIX).connect(sys.argv[1])"]


def service_at(*addresses, **keys):
    """Returns the entry of an http.service that listens there."""
    listed = ", ".join(f'"{each}"' for each in addresses)
    return service(**keys).replace('"127.0.0.1:0"', f"[{listed}]")


def echo_at(*addresses, options=None, **keys):
    return (service_at(*addresses, **keys) + router(**(options or {}))
            + endpoint("echo", "/echo", "relay: {target_pid: echo}") + DEMO)


class Server(Relay):
    """A wsrelayd that listens where its configuration says: `urls`."""

    def __init__(self, config, addresses=1):
        self.folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        path = Path(self.folder.name, "relay.yaml")
        path.write_text(config)
        Program.__init__(self, "wsrelayd", "--config", path, "--threads", 2)
        try:
            self.wait_until_ready(addresses)
        except BaseException:
            self.end()
            raise

    def wait_until_ready(self, addresses=1):
        self.urls = wait_until(lambda: self._urls(addresses), "it listens")

    def _urls(self, addresses):
        if not self.alive():
            raise AssertionError(f"wsrelayd does not start: {self.stderr}")
        found = re.findall(r"listening on (\S+)\n", self.stdout)
        return len(found) >= addresses and found

    def port_at(self, place):
        return int(self.urls[place].rsplit(":", 1)[1])


class Client(WebSocket):
    """A client at (host, port), or of the unix socket of a path."""

    def __init__(self, where):
        self.port, self.input = 0, bytearray()
        if isinstance(where, tuple):
            self.socket = socket.create_connection(where, DEADLINE)
            return
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(str(where))

    def upgrade(self):
        return self.request("GET", "/ws/echo", upgrade_fields(),
                            host="relay").status


class UnixTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)  # who may connect, the socket says
        self.path = Path(folder.name, "relay.sock")
        self.address = f"unix:{self.path}"
        self.upstream = Upstream()
        self.addCleanup(self.upstream.close)
        self.upstream.answers["/ws/up"] = answer(200, "up")
        self.up = endpoint("up", "/up", f"upstream: {self.upstream.url}")

    def serve(self, config, addresses=1):
        server = Server(config, addresses)
        self.addCleanup(server.end)
        return server

    def connect(self, where=None):
        client = Client(where or self.path)
        self.addCleanup(client.close)
        return client

    def asked(self, where=None, fields=()):
        client = self.connect(where)
        client.request("GET", "/ws/up", fields, host="relay")
        return self.upstream.asked[-1]

    def assert_serves(self, where=None):
        client = self.connect(where)
        found = client.request("GET", "/index.html", host="relay")
        self.assertIn(b"<title>wsrelay", found.body)
        self.assertEqual(client.upgrade(), 101)
        self.assertEqual(client.echo("x" * 100_000), "x" * 100_000)
        return client

    def run_with(self, option, config):
        path = self.path.with_name("relay.yaml")
        path.write_text(config)
        return subprocess.run([BUILD / "wsrelayd", option, path], text=True,
                              capture_output=True, timeout=DEADLINE)

    def assert_fails(self, config, *parts):
        done = self.run_with("--config", config)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r"\Aerror: .*\n\Z")
        for part in parts:
            self.assertIn(part, done.stderr)


class Files(UnixTest):
    def test_a_unix_socket_is_served(self):
        server = self.serve(echo_at(self.address))
        self.assertEqual(server.urls, [self.address])
        self.assertEqual(self.assert_serves().leave().code, 1000)
        before = server.descriptors()
        for each in [self.assert_serves() for _ in range(50)]:
            each.close()
        wait_until(lambda: server.descriptors() <= before, "all are gone")
        client = self.assert_serves()
        server.signal(signal.SIGTERM)
        self.assertEqual(client.read_close().code, 1001)
        client.close()
        server.stop()
        self.assertFalse(self.path.exists())

    def test_the_mode(self):
        self.addCleanup(os.umask, os.umask(0o077))
        for keys, mode in (({}, 0o660), ({"socket_mode": '"0600"'}, 0o600),
                           ({"socket_mode": '"0666"'}, 0o666)):
            server = self.serve(echo_at(self.address, **keys))
            self.assertEqual(self.path.stat().st_mode, stat.S_IFSOCK | mode)
            server.stop()

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_the_owner(self):
        for owner, uid, gid, is_let_in in (
                ("nobody", NOBODY, 0, True), ("", 0, 0, False),
                (":nogroup", 0, NOBODY, True),
                ("nobody:nogroup", NOBODY, NOBODY, True)):
            server = self.serve(echo_at(self.address,
                                        socket_owner=f'"{owner}"'))
            found = self.path.stat()
            self.assertEqual((found.st_uid, found.st_gid, found.st_mode),
                             (uid, gid, stat.S_IFSOCK | 0o660), owner)
            done = subprocess.run([*CONNECT, self.path], user=NOBODY,
                                  group=NOBODY, extra_groups=[], text=True,
                                  stderr=subprocess.PIPE)
            self.assertEqual("PermissionError" not in done.stderr, is_let_in)
            server.stop()

    def test_an_owner_that_is_not_there(self):
        for owner in ("no-such-user", ":no-such-group", "root:no-such-group"):
            self.assert_fails(echo_at(self.address, socket_owner=f'"{owner}"'),
                              self.address, "socket_owner", "no-such")
            self.assertFalse(self.path.exists())

    def test_a_file_that_nobody_listens_on_is_replaced(self):
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(self.path))
        server = self.serve(echo_at(self.address))
        self.assert_serves()
        server.signal(signal.SIGKILL)
        server.wait()
        self.assertTrue(self.path.exists())
        self.serve(echo_at(self.address))
        self.assert_serves()

    def test_somebody_who_listens_there_stays(self):
        server = self.serve(echo_at(self.address))
        self.assert_fails(echo_at(f"{self.address}2", self.address),
                          f"cannot listen on {self.address}: "
                          "somebody else listens there")
        self.assertFalse(Path(f"{self.path}2").exists())
        self.assert_serves().leave()
        server.stop()

    def test_what_is_no_socket_stays(self):
        other = self.path.with_name("other")
        other.write_text("mine")
        for make in (self.path.touch, lambda: self.path.symlink_to(other),
                     lambda: self.path.symlink_to("nowhere"),
                     lambda: os.mkfifo(self.path)):
            make()
            before = self.path.lstat()
            self.assert_fails(echo_at(self.address),
                              f"cannot listen on {self.address}", "socket")
            self.assertEqual(self.path.lstat(), before)
            self.path.unlink()
        self.assertEqual(other.read_text(), "mine")
        self.assert_fails(echo_at(f"{self.address}/x"),
                          "its folder is not there")

    def test_what_others_put_there_meanwhile_stays(self):
        server = self.serve(echo_at(self.address))
        self.path.unlink()
        self.path.write_text("mine")
        server.stop()
        self.assertEqual(self.path.read_text(), "mine")

    def test_what_a_proxy_says_is_believed_where_unix_is_trusted(self):
        for keys, told in (({}, ["http", "relay"]),
                           ({"trusted_proxies": '["unix:"]'},
                            ["https", "a.example"])):
            server = self.serve(echo_at(self.address, **keys) + self.up)
            asked = self.asked(fields=[
                ("X-Forwarded-For", "192.0.2.1"),
                ("X-Forwarded-Proto", "https"),
                ("X-Forwarded-Host", "a.example")])
            self.assertEqual([*asked.all("X-Forwarded-Proto"),
                              *asked.all("X-Forwarded-Host")], told)
            self.assertEqual("192.0.2.1" in str(asked.fields), bool(keys))
            server.stop()


class Pings(UnixTest):
    OPTIONS = {"ping_interval": "1s", "pong_timeout": "1s"}

    def test_who_answers_lives(self):
        self.serve(echo_at(self.address, options=self.OPTIONS))
        client = self.connect()
        self.assertEqual(client.upgrade(), 101)
        client.socket.settimeout(4)
        for _ in range(3):
            found = client.read_frame()
            self.assertEqual(found.opcode, PING)
            client.send_frame(PONG, found.payload)
        self.assertEqual(client.echo("still here"), "still here")

    def test_who_never_answers_is_ended(self):
        server = self.serve(echo_at(self.address, options=self.OPTIONS))
        before = server.sockets()
        client = self.connect()
        self.assertEqual(client.upgrade(), 101)
        client.socket.settimeout(8)
        with self.assertRaises(Closed):
            while client.read_frame().opcode == PING:
                pass
            client.read_frame()
        wait_until(lambda: server.sockets() <= before, "it is gone")


class Several(UnixTest):
    def test_all_addresses_are_served(self):
        server = self.serve(
            echo_at("127.0.0.1:0", self.address, "[::1]:0", f"{self.address}2"),
            addresses=4)
        self.assertEqual(server.urls[1::2],
                         [self.address, f"{self.address}2"])
        for where in (("127.0.0.1", server.port_at(0)), self.path,
                      ("::1", server.port_at(2)), f"{self.path}2"):
            self.assert_serves(where).close()
        server.stop()
        self.assertEqual(list(self.path.parent.iterdir()), [])

    def test_a_wildcard_is_both_families(self):
        server = self.serve(echo_at(":0") + self.up)
        for host in ("127.0.0.1", "::1"):
            where = host, server.port_at(0)
            self.assert_serves(where).close()
            self.assertEqual(self.asked(where).all("X-Forwarded-For"), [host])
        server.stop()

    def test_what_cannot_be_is_found_by_check(self):
        for config, part in (
                (echo_at(f"unix:/{'x' * 106}"), None),
                (echo_at(f"unix:/{'x' * 107}"), "107"),
                (echo_at("unix:relative.sock"), "unix:/PATH"),
                (echo_at("127.0.0.1:0", "unix:x"), "addr[1]"),
                (echo_at(), "one or more"),
                (echo_at(self.address, socket_mode='"1777"'), "socket_mode"),
                (echo_at(self.address, self.address), "the address of"),
                (echo_at(self.address) + service_at(self.address).replace(
                    "gateway", "other"), "the address of gateway")):
            with self.subTest(config=config[:200]):
                done = self.run_with("--check", config)
                self.assertEqual(done.returncode == 0, not part, done.stderr)
                self.assertIn(part or "", done.stderr)


if __name__ == "__main__":
    unittest.main()
