"""How a node ends: signals, close frames, exit status, in bounded time."""

import resource
import signal
import socket
import tempfile
import time
import unittest
from pathlib import Path

from operate_base import run
from raw_client import BINARY, TEXT, Connection, WebSocket, elapsed, request_bytes
from support import RelayTest, echo_config, endpoint, free_port, wait_until

MIB = 1 << 20

CONFIG = echo_config(dict(shutdown_timeout="2s", request_timeout="20s"),
                     close_timeout="300ms", output_limit="64MiB",
                     max_message_size="16MiB")


PATIENT = echo_config(dict(shutdown_timeout="2s"), close_timeout="10s",
                      output_limit="64MiB", max_message_size="16MiB")


def cpu_of_ended():
    """Returns the processor time of all programs that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def is_open(port):
    with socket.socket() as probe:
        probe.bind(("127.0.0.2", 0))  # it must not find itself
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Stopping(unittest.TestCase):
    start_relay = RelayTest.start_relay

    def connect(self, relay, count=1, **keys):
        clients = [WebSocket(relay.port, **keys) for _ in range(count)]
        for client in clients:
            self.addCleanup(client.close)
        return clients

    def assert_goes_away(self, client):
        found = client.read_close()
        self.assertEqual(found.code, 1001)
        self.assertEqual(found.payload[2:],
                         b"server shutting down: connect again")

    def test_every_client_gets_1001_and_the_exit_status_is_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            relay = self.start_relay(CONFIG)
            clients = self.connect(relay, 50)
            for client in clients:
                self.assertEqual(client.echo("hello"), "hello")
            relay.signal(number)
            for client in clients:
                self.assert_goes_away(client)
                client.send_close(1001)
                self.assertEqual(client.read_to_end(), b"")
            self.assertEqual(relay.wait(5), 0)

    def test_a_node_without_clients_ends_at_once(self):
        relay = self.start_relay(CONFIG)
        start = time.monotonic()
        relay.stop()
        self.assertLess(elapsed(start), 2)

    def test_a_node_on_its_built_in_configuration_ends_cleanly(self):
        relay = self.start_relay()
        client, = self.connect(relay)
        self.assertEqual(client.echo("x"), "x")
        client.leave()
        relay.stop()

    def test_a_client_that_never_answers_does_not_hold_the_node(self):
        relay = self.start_relay(CONFIG)
        client, = self.connect(relay)
        start = time.monotonic()
        relay.signal(signal.SIGTERM)
        self.assert_goes_away(client)
        self.assertEqual(relay.wait(10), 0)
        self.assertLess(elapsed(start), 1.8)  # below the shutdown timeout

    def test_a_client_that_only_keeps_its_socket_does_not_hold_the_node(self):
        relay = self.start_relay(CONFIG)
        client, = self.connect(relay)
        start = time.monotonic()
        relay.signal(signal.SIGTERM)
        self.assert_goes_away(client)
        client.send_close(1001)  # and leaves the connection open
        self.assertEqual(relay.wait(10), 0)
        self.assertLess(elapsed(start), 1.8)

    def start_services(self, *timeouts):
        """One service for each, with a client that stalls; returns the relay,
        the ports and the clients."""
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        self.addCleanup(folder.cleanup)
        with open(Path(folder.name, "large"), "wb") as file:
            file.truncate(64 << 20)
        ports = [free_port() for _ in timeouts]
        relay = self.start_relay("".join(
            f"- {{name: s{i}, kind: http.service, addr: '127.0.0.1:{port}', "
            f"shutdown_timeout: {timeout}}}\n"
            f"- {{name: f{i}, kind: http.static, meta: {{server: s{i}}}, "
            f"path: /, root: \"{folder.name}\"}}\n"
            for i, (port, timeout) in enumerate(zip(ports, timeouts))))
        ports[0] = relay.port  # a Relay listens where it likes
        clients = [Connection(port, receive_buffer=4096) for port in ports]
        for client in clients:
            self.addCleanup(client.close)
            client.send(request_bytes("GET", "/large"))
            client.read(1)
        return relay, ports, clients

    def test_services_stop_together(self):
        """One after the other, the last would go on serving meanwhile."""
        relay, ports, _ = self.start_services("2s", "2s", "2s")
        start = time.monotonic()
        relay.signal(signal.SIGTERM)
        for port in ports:
            wait_until(lambda: not is_open(port), "nothing accepts", 1.5)
        self.assertEqual(relay.wait(10), 0)
        self.assertLess(elapsed(start), 3.9)

    def test_each_service_stops_within_its_own_time(self):
        relay, _, _ = self.start_services("6s", "1s")
        relay.signal(signal.SIGTERM)
        wait_until(lambda: "service=s1 sockets=1" in relay.stderr,
                   "what is left of it is cut off", 4)
        self.assertTrue(relay.alive())  # for the other service's client
        self.assertNotIn("service=s0", relay.stderr)
        self.assertEqual(relay.wait(12), 0)

    def test_a_client_with_a_backlog_does_not_hold_the_node(self):
        relay = self.start_relay(CONFIG)
        client, = self.connect(relay, receive_buffer=4096)
        other, = self.connect(relay)
        for _ in range(3):
            client.send_frame(2, b"b" * (8 << 20))
        self.assertEqual(other.echo("x"), "x")
        start = time.monotonic()
        relay.stop(deadline=10)
        self.assertLess(elapsed(start), 5)

    # Known failure 24: it hung, at 100 % of a processor.
    def test_a_node_waits_for_queued_messages_in_bounds_and_asleep(self):
        relay = self.start_relay(PATIENT)
        clients = self.connect(relay, 8, receive_buffer=4096)
        for client in clients:  # none of them reads
            for _ in range(8):
                client.send_frame(BINARY, b"b" * MIB)
        self.assertEqual(self.connect(relay)[0].echo("x"), "x")
        wait_until(lambda: relay.resident_bytes() > 50 * MIB,
                   "the answers are queued")
        before = cpu_of_ended() + relay.cpu_seconds()
        start = time.monotonic()
        relay.signal(signal.SIGTERM)
        self.assertEqual(relay.wait(10), 0)
        self.assertGreater(elapsed(start), 1.5)  # somebody might have read
        self.assertLess(elapsed(start), 4)
        self.assertLess(cpu_of_ended() - before, 0.5)

    def test_queued_replies_come_before_the_close_frame(self):
        relay = self.start_relay(CONFIG)
        client, = self.connect(relay)
        texts = [f"message {i} " + "x" * 1000 for i in range(1000)]
        for text in texts:
            client.send_text(text)
        self.assertEqual(client.read_text(), texts[0])
        relay.signal(signal.SIGTERM)
        # What the echo had answered comes first, in order and whole.
        found = client.read_frame()
        for text in texts[1:]:
            if found.opcode != TEXT:
                break
            self.assertEqual(found.payload.decode(), text)
            found = client.read_frame()
        self.assertEqual(found.code, 1001)
        self.assertEqual(relay.wait(10), 0)

    # Known failure 22: they were not flushed, and the code was 1000.
    def test_each_reply_that_waits_comes_before_1001(self):
        relay = self.start_relay(PATIENT)
        client, = self.connect(relay, receive_buffer=4096)
        messages = [bytes([i]) * (MIB // 16) for i in range(64)]
        for message in messages:  # and reads none of the answers
            client.send_frame(BINARY, message)
        row = wait_until(lambda: next(
            (row for row in run("ps", "--json").json
             if row["messages_out"] == len(messages)), None), "all are answered")
        self.assertGreater(row["queued_messages"], 10)
        relay.signal(signal.SIGTERM)
        wait_until(lambda: not is_open(relay.port), "it stops")
        for message in messages:
            self.assertEqual(client.read_message(), (BINARY, message))
        self.assert_goes_away(client)
        client.send_close(1001)
        self.assertEqual(client.read_to_end(), b"")
        self.assertEqual(relay.wait(10), 0)

    def test_idle_http_connections_end_at_once(self):
        relay = self.start_relay(CONFIG)
        with Connection(relay.port) as client:
            client.request("GET", "/none")
            start = time.monotonic()
            relay.stop()
            self.assertLess(elapsed(start), 2)
            self.assertEqual(client.read_to_end(), b"")

    def test_half_a_request_does_not_hold_the_node_past_its_timeout(self):
        relay = self.start_relay(CONFIG)
        with Connection(relay.port) as client:
            client.send(b"GET / HTTP/1.1\r\nHost:")
            self.assertEqual(self.connect(relay)[0].echo("x"), "x")
            start = time.monotonic()
            relay.stop(deadline=10)
            self.assertLess(elapsed(start), 6)

    def test_who_waits_for_an_upstream_at_the_end_of_the_time_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as upstream:
            port = upstream.getsockname()[1]  # it takes calls and is silent
            relay = self.start_relay(echo_config(dict(shutdown_timeout="1s"))
                                     + endpoint("up", "/up", "upstream: "
                                                f"http://127.0.0.1:{port}"))
            with Connection(relay.port) as client:
                client.send(request_bytes("GET", "/ws/up"))
                call, _ = upstream.accept()
                self.addCleanup(call.close)
                start = time.monotonic()
                relay.signal(signal.SIGTERM)
                found = client.response()
                self.assertEqual(found.status, 503)
                self.assertEqual(found.get("Connection"), "close")
                self.assertGreater(elapsed(start), 0.9)
                self.assertEqual(client.read_to_end(), b"")
            self.assertEqual(relay.wait(5), 0)
            self.assertLess(elapsed(start), 3)

    def test_nobody_is_accepted_any_more(self):
        relay = self.start_relay(CONFIG)
        client, = self.connect(relay)
        relay.signal(signal.SIGTERM)
        self.assert_goes_away(client)
        with self.assertRaises(ConnectionRefusedError):
            Connection(relay.port)
        client.send_close(1001)
        self.assertEqual(relay.wait(5), 0)

    def test_a_second_signal_changes_nothing(self):
        relay = self.start_relay(CONFIG)
        client, = self.connect(relay)
        relay.signal(signal.SIGTERM)
        self.assert_goes_away(client)
        relay.signal(signal.SIGTERM)
        relay.signal(signal.SIGINT)
        self.assertEqual(relay.wait(5), 0)

    def test_clients_that_leave_at_the_same_moment_are_no_problem(self):
        relay = self.start_relay(CONFIG)
        clients = self.connect(relay, 60)
        relay.signal(signal.SIGTERM)
        for i, client in enumerate(clients):
            try:
                if i % 3 == 0:
                    client.abort()
                elif i % 3 == 1:
                    client.send_close(1000)
                else:
                    client.send_text("x")
            except OSError:
                pass
        self.assertEqual(relay.wait(5), 0)
        self.assertNotRegex(relay.stderr, "Sanitizer|runtime error")


if __name__ == "__main__":
    unittest.main()
