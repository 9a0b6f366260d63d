"""wsrelay and a node that is not there, is none, or ends meanwhile."""

import os
import signal
import socket
import threading
import time
import unittest

from cluster_probe import Probe, node
from operate_base import (OK, TIMEOUT, UNREACHABLE, Watch, cluster_port,
                          config, run)
from raw_client import WebSocket
from support import (DEADLINE, Relay, endpoint, free_port, router, service,
                     wait_until)


class Unreachable(unittest.TestCase):
    def assert_unreachable(self, port, *arguments):
        start = time.monotonic()
        done = run(*arguments, "--timeout", "1s", "--json", port=port)
        self.assertEqual(done.code, UNREACHABLE, done.errors)
        self.assertEqual(done.error["exit"], UNREACHABLE)
        self.assertLess(time.monotonic() - start, 1 + DEADLINE / 4)
        return done.error["text"]

    def test_nobody_listens(self):
        text = self.assert_unreachable(free_port(), "ps")
        self.assertRegex(text, "cannot connect")

    def test_no_such_host(self):
        done = run("ps", "--node", "no-such-host.invalid:1")
        self.assertEqual(done.code, UNREACHABLE, done.errors)

    def test_an_http_server(self):
        relay = Relay()
        self.addCleanup(relay.end)
        self.assert_unreachable(relay.port, "ps")
        relay.stop()

    def test_a_listener_that_says_nothing(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.assert_unreachable(listener.getsockname()[1], "ps")

    def test_a_listener_that_says_garbage(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                peer, _ = listener.accept()
                with peer:
                    peer.sendall(os.urandom(4096))
                    peer.settimeout(DEADLINE)
                    try:
                        while peer.recv(4096):
                            pass
                    except OSError:
                        pass
            server = threading.Thread(target=serve)
            server.start()
            self.assert_unreachable(listener.getsockname()[1], "ps")
            server.join()

    def start_with_watch(self):
        relay = Relay(config())
        self.addCleanup(relay.end)
        port = cluster_port(relay)
        client = WebSocket(relay.port, "/ws/echo")
        self.addCleanup(client.close)
        pid = wait_until(lambda: run("ps", "--json", port=port).json,
                         "it is listed")[0]["pid"]
        watch = Watch(port, pid, "--timeout", "1s")
        self.addCleanup(watch.end)
        watch.wait_for_begin(lambda: client.echo("x"))
        return relay, watch

    def test_a_node_that_dies_ends_a_watch(self):
        relay, watch = self.start_with_watch()
        relay.signal(signal.SIGKILL)
        self.assertEqual(watch.wait(), UNREACHABLE)
        self.assertRegex(watch.stderr, "the node was lost")

    def test_a_node_that_hangs_ends_a_watch_and_a_command(self):
        relay, watch = self.start_with_watch()
        port = cluster_port(relay)
        relay.signal(signal.SIGSTOP)
        self.assert_unreachable(port, "ps")
        self.assertEqual(watch.wait(), UNREACHABLE)
        relay.signal(signal.SIGCONT)

    def test_a_node_that_stops_ends_its_connections(self):
        relay, watch = self.start_with_watch()
        relay.stop()
        self.assertIn(watch.wait(), (OK, UNREACHABLE))


class FrozenPeer(unittest.TestCase):
    """A peer of the node that is asked is silent, and not lost yet."""

    def setUp(self):
        self.relay = Relay(
            service() + router()
            + endpoint("echo", "/echo", "relay: {target_pid: echo}")
            + node("relay1", listen='"127.0.0.1:0"', heartbeat_timeout="60s"))
        self.addCleanup(self.relay.end)
        self.port = cluster_port(self.relay)
        self.app = Probe("app1", peers=[f"127.0.0.1:{self.port}"],
                         heartbeat_timeout="60s")
        self.addCleanup(self.app.end)
        self.app.wait_for_peer("relay1")
        self.client = WebSocket(self.relay.port, "/ws/echo")
        self.addCleanup(self.client.close)
        self.pid = wait_until(lambda: run("ps", "--json", port=self.port).json,
                              "it is listed")[0]["pid"]

    def assert_times_out(self, *arguments):
        done = run(*arguments, "--json", port=self.port)
        self.assertEqual(done.code, TIMEOUT, done.errors)
        return done.error["text"]

    def test_what_it_was_asked_times_out(self):
        self.app.signal(signal.SIGSTOP)
        text = self.assert_times_out("transfer", self.pid, "x@app1",
                                     "--timeout", "8s")
        self.assertEqual(text, f"{self.pid} to x@app1: the peer does not "
                               "answer in time")
        self.assert_times_out("--peer", "app1", "targets", "--timeout", "1s")
        self.app.signal(signal.SIGCONT)
        self.assertEqual(self.client.echo("x"), "x")


if __name__ == "__main__":
    unittest.main()
