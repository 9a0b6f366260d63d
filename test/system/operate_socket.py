"""The operator's socket: a node that has no cluster.node is operated through it,
whose it is, and what becomes of it."""

import os
import re
import signal
import socket
import stat
import tempfile
import unittest
from pathlib import Path

from operate_base import (OK, UNREACHABLE, USAGE, Watch, cluster_port, config,
                          run)
from raw_client import WebSocket
from support import REPORTS, Program, Relay, echo_config, wait_until

IS_ROOT = os.geteuid() == 0
NOBODY = 65534


class SocketTest(unittest.TestCase):
    """Each test has a folder for sockets of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-run-")
        self.addCleanup(folder.cleanup)
        before = os.environ["XDG_RUNTIME_DIR"]
        self.addCleanup(os.environ.__setitem__, "XDG_RUNTIME_DIR", before)
        os.environ["XDG_RUNTIME_DIR"] = folder.name
        self.runtime = Path(folder.name)
        self.folder = self.runtime / "wsrelay"

    def start(self, *arguments):
        relay = Relay(*arguments)
        self.addCleanup(relay.end)
        return relay

    def sockets(self):
        return sorted(os.listdir(self.folder)) if self.folder.exists() else []

    def connect(self, relay, path="/ws/echo"):
        client = WebSocket(relay.port, path)
        self.addCleanup(client.close)
        return client

    def listed(self, *where):
        return wait_until(lambda: run(*where, "ps", "--json").json,
                          "a connection is listed")

    def assert_serves(self, relay):
        client = self.connect(relay)
        self.assertEqual(client.echo("x"), "x")
        client.leave()

    def assert_not_talked_to(self, path, why):
        """Neither named nor as the only node; but in the folder of services a
        node of this machine may be found."""
        for where in ((), ("--node", path)):
            done = run(*where, "ps")
            if not where and Path("/run/wsrelay").exists():
                continue
            self.assertEqual(done.code, UNREACHABLE, done.errors)
            self.assertIn(why, done.errors)

    def assert_warned(self, relay, pattern):
        """It serves, and one line says why it has no socket."""
        self.assert_serves(relay)
        warnings = [line for line in relay.log().splitlines()
                    if "no operator socket" in line]
        self.assertEqual(len(warnings), 1, relay.stderr)
        self.assertRegex(warnings[0], r"\[warning\].*" + pattern)
        relay.stop()


class BuiltIn(SocketTest):
    def test_the_built_in_node_is_operated(self):
        relay = self.start()
        client = self.connect(relay)
        self.assertEqual(client.echo("x"), "x")
        pid = self.listed()[0]["pid"]
        self.assertEqual(run("ps").rows[0][:2], [pid, "echo"])
        self.assertEqual([row[0] for row in run("targets").rows],
                         ["chat", "demo_stage", "echo"])
        self.assertEqual(run("peers").rows, [])
        self.assertEqual(run("send", pid, "hello").code, OK)
        self.assertEqual(client.read_text(), "hello")
        watch = Watch(None, pid)
        self.addCleanup(watch.end)
        watch.wait_for_begin(lambda: client.echo("y"))
        self.assertEqual(run("transfer", pid, "chat").code, OK)
        watch.wait_for("transferred  to chat\n")
        self.assertEqual(run("close", pid, 4001).code, OK)
        self.assertEqual(watch.wait(), OK)
        client.close()
        relay.stop()
        self.assertEqual(self.sockets(), [])

    def test_operators_leave_no_line_in_the_log(self):
        relay = self.start()
        for _ in range(5):
            self.assertEqual(run("ps").code, OK)
        # As `wsrelay` and a node that starts look whether somebody listens.
        for _ in range(20):
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(self.folder / "gateway.sock"))
        self.assertEqual(run("ps").code, OK)
        self.assertNotRegex(relay.log(), "warning|error")
        relay.stop()

    def test_nobody_else_may_connect(self):
        relay = self.start()
        self.assertEqual(stat.S_IMODE(self.folder.stat().st_mode), 0o700)
        mode = (self.folder / "gateway.sock").stat().st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        relay.stop()

    def test_the_network_is_offered_nothing_more(self):
        relay = self.start()
        listening = 0
        for name in ("tcp", "tcp6"):
            inodes = {os.readlink(f"/proc/{relay.pid}/fd/{fd}")
                      for fd in os.listdir(f"/proc/{relay.pid}/fd")}
            for line in Path(f"/proc/{relay.pid}/net/{name}").read_text(
                    ).splitlines()[1:]:
                cells = line.split()
                listening += (cells[3] == "0A"
                              and f"socket:[{cells[9]}]" in inodes)
        self.assertEqual(listening, 1)
        relay.stop()

    @unittest.skipUnless(IS_ROOT, "needs root")
    def test_another_user_is_refused_whatever_the_modes_are(self):
        relay = self.start()
        os.chmod(self.runtime, 0o777)
        os.chmod(self.folder, 0o777)
        os.chmod(self.folder / "gateway.sock", 0o777)
        child = os.fork()
        if child == 0:
            os.setuid(NOBODY)
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(10)
                probe.connect(str(self.folder / "gateway.sock"))
                os._exit(0 if probe.recv(1) == b"" else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertRegex(relay.log(), f"node refused: address=unix:uid={NOBODY}"
                                      " reason=\"it is another user's\"")
        relay.stop()

    def test_a_node_stops_whose_operator_is_there(self):
        relay = self.start()
        client = self.connect(relay)
        client.echo("x")
        watch = Watch(None, self.listed()[0]["pid"])
        self.addCleanup(watch.end)
        watch.wait_for_begin(lambda: client.echo("y"))
        relay.signal(signal.SIGTERM)
        client.read_close()
        client.close()
        relay.wait(deadline=5)
        self.assertIn(watch.wait(), (OK, UNREACHABLE))


class Configured(SocketTest):
    def test_a_socket_has_the_name_of_the_node(self):
        near = self.start(config("relay1"))
        far = self.start(echo_config())
        self.assertEqual(self.sockets(), ["gateway.sock", "relay1.sock"])
        client = self.connect(near)
        client.echo("x")
        where = "unix:" + str(self.folder / "relay1.sock")
        row = self.listed("--node", where)[0]
        self.assertEqual(row, {**run("ps", "--json",
                                     port=cluster_port(near)).json[0],
                               "age_ms": row["age_ms"]})
        self.assertEqual(
            run("--node", self.folder / "gateway.sock", "ps").rows, [])
        far.stop()
        self.assertEqual(run("ps", "--json").json[0]["pid"], row["pid"])
        client.leave()
        near.stop()
        self.assertEqual(self.sockets(), [])

    def test_the_environment_names_a_socket(self):
        relay = self.start()
        done = run("ps", environment={
            "WSRELAY_NODE": str(self.folder / "gateway.sock"),
            "XDG_RUNTIME_DIR": "/nowhere"})
        self.assertEqual(done.code, OK, done.errors)
        relay.stop()

    def test_certificates_are_for_the_network(self):
        relay = self.start()
        done = run("ps", environment={
            f"WSRELAY_TLS_{name}": "/dev/null" for name in ("CERT", "KEY",
                                                            "CA")})
        self.assertEqual(done.code, OK, done.errors)
        relay.stop()

    def test_a_path_of_ones_own(self):
        path = self.runtime / "own" / "x"
        relay = self.start(None, "--operator-socket", path)
        self.assertEqual(self.sockets(), [])
        self.assertEqual(run("--node", path, "targets").code, OK)
        second = self.start(None, "--operator-socket", path)
        self.assert_warned(second, "another node listens there")
        self.assertEqual(run("--node", path, "targets").code, OK)
        relay.stop()
        self.assertFalse(path.exists())

    def test_off(self):
        relay = self.start(None, "--operator-socket", "off")
        self.assert_serves(relay)
        self.assertFalse(self.folder.exists())
        self.assertNotRegex(relay.log(), "operator socket")
        relay.stop()


class Several(SocketTest):
    def test_of_several_nodes_one_has_to_be_named(self):
        first, second = self.start(), self.start()
        self.assertEqual(self.sockets(), ["gateway-2.sock", "gateway.sock"])
        done = run("ps")
        self.assertEqual(done.code, USAGE)
        for name in self.sockets():
            self.assertIn(str(self.folder / name), done.errors)
        done = run("ps", "--json")
        self.assertEqual(done.error["kind"], "several_nodes")
        first.stop()
        self.assertEqual(self.sockets(), ["gateway-2.sock"])
        self.assertEqual(run("ps").code, OK)
        second.stop()

    def test_what_a_killed_node_left_is_replaced(self):
        first, second = self.start(), self.start()
        first.signal(signal.SIGKILL)
        first.wait()
        self.assertEqual(run("ps").code, OK)  # the one that lives
        done = run("ps", "--node", self.folder / "gateway.sock")
        self.assertEqual(done.code, UNREACHABLE)
        self.assertIn("Connection refused", done.errors)
        third = self.start()
        self.assertEqual(self.sockets(), ["gateway-2.sock", "gateway.sock"])
        for relay, name in ((second, "gateway-2"), (third, "gateway")):
            client = self.connect(relay)
            client.echo("x")
            self.assertEqual(
                len(self.listed("--node", self.folder / f"{name}.sock")), 1)
            client.leave()
            relay.stop()
        self.assertEqual(self.sockets(), [])

    def test_a_node_that_hangs_keeps_its_socket(self):
        first = self.start()
        first.signal(signal.SIGSTOP)
        second = self.start()
        self.assertEqual(self.sockets(), ["gateway-2.sock", "gateway.sock"])
        done = run("ps", "--node", self.folder / "gateway.sock", "--timeout",
                   "500ms")
        self.assertEqual(done.code, UNREACHABLE)
        second.stop()
        first.signal(signal.SIGCONT)
        self.assertEqual(run("ps").code, OK)
        first.stop()

    def test_nodes_that_start_at_once_take_nothing_from_each_other(self):
        stale = self.start()
        stale.signal(signal.SIGKILL)
        stale.wait()
        programs = [Program("wsrelayd", "--listen", "127.0.0.1:0", "--threads",
                            1) for _ in range(6)]
        for program in programs:
            self.addCleanup(program.end)
        for program in programs:
            wait_until(lambda: "listening on" in program.stdout, "it listens")
        said = "operator socket: path=(.*)\n"
        for program in programs:  # its log may come after what it prints
            wait_until(lambda: re.search(said, program.stderr), "its socket")
        paths = [re.search(said, program.stderr)[1] for program in programs]
        self.assertEqual(len(set(paths)), 6, paths)
        for path in paths:
            self.assertEqual(run("ps", "--node", path).code, OK)
        for program in programs:
            program.signal(signal.SIGTERM)
        for program in programs:
            self.assertEqual(program.wait(), 0)
            self.assertNotRegex(program.stderr, REPORTS)
        self.assertEqual(self.sockets(), [])


if __name__ == "__main__":
    unittest.main()
