"""SIGTERM empties a relay before it stops: who is closed when, and how."""

import json
import re
import select
import signal
import socket
import time
import unittest

from raw_client import (CLOSE, Closed, Connection, WebSocket, request_bytes,
                        upgrade_fields)
from support import Relay, echo_config, wait_until

RETRY = re.compile(rb"retry=(\d+)\Z")


def config(lead="off", spread="1s", rate=100000, deadline="8s", **options):
    drain = (f"{{lead: {lead}, spread: {spread}, rate: {rate}, "
             f"deadline: {deadline}}}")
    return echo_config(dict(drain=drain), **options)


class Drain(unittest.TestCase):
    def start(self, **drain):
        relay = Relay(config(**drain), "--drain", "on")
        self.addCleanup(relay.end)
        return relay

    def connect(self, relay, count):
        clients = [WebSocket(relay.port) for _ in range(count)]
        for client in clients:
            self.addCleanup(client.close)
            self.assertEqual(client.echo("x"), "x")
        return clients

    def closes(self, clients, begin, deadline=10):
        """Answers each close frame; returns (seconds, code, reason) of all."""
        waiting = {client.socket: client for client in clients}
        seen = []
        while waiting and time.monotonic() < begin + deadline:
            ready, _, _ = select.select(list(waiting), [], [], 0.1)
            for each in ready:
                client = waiting.pop(each)
                frame = client.read_frame()
                self.assertEqual(frame.opcode, CLOSE)
                seen.append((time.monotonic() - begin,
                             int.from_bytes(frame.payload[:2], "big"),
                             frame.payload[2:]))
                client.send_close(1012)
                client.close()
        return seen

    # Known failure 26: all were closed at once, and came back at once.
    def test_all_are_closed_evenly_with_a_time_to_come_back(self):
        relay = self.start(spread="2s")
        clients = self.connect(relay, 400)
        begin = time.monotonic()
        relay.signal(signal.SIGTERM)
        seen = self.closes(clients, begin)
        self.assertEqual(len(seen), 400)
        self.assertEqual({code for _, code, _ in seen}, {1012})
        retries = [int(RETRY.match(reason)[1]) for _, _, reason in seen]
        self.assertGreater(len(set(retries)), 100)
        self.assertTrue(all(500 <= each <= 2500 for each in retries))
        parts = [0] * 4  # 0.5 s each
        for when, _, _ in seen:
            parts[min(int(when * 2), 3)] += 1
        self.assertLessEqual(max(parts), 1.3 * 100, parts)
        self.assertEqual(relay.wait(), 0)
        self.assertLess(time.monotonic() - begin, 5)
        relay.end()

    def test_it_accepts_during_the_lead_and_not_after(self):
        relay = self.start(lead="1s", spread="500ms")
        before = self.connect(relay, 1)
        begin = time.monotonic()
        relay.signal(signal.SIGTERM)
        wait_until(lambda: "draining" in relay.stderr, "it drains")
        during = self.connect(relay, 1)
        self.assertEqual(len(self.closes(before + during, begin)), 2)
        self.assertGreater(time.monotonic() - begin, 0.95)
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", relay.port), 5).recv(1)
        self.assertEqual(relay.wait(), 0)

    def test_what_waits_for_a_client_comes_before_the_close(self):
        relay = self.start(spread="10ms")
        client, = self.connect(relay, 1)
        text = "x" * 100_000
        for _ in range(20):
            client.send_text(text)
        self.assertEqual(client.read_text(), text)  # the others are coming
        relay.signal(signal.SIGTERM)
        answers = 1
        while (frame := client.read_frame()).opcode != CLOSE:
            self.assertEqual(len(frame.payload), len(text))
            answers += 1
        self.assertEqual(int.from_bytes(frame.payload[:2], "big"), 1012)
        self.assertEqual(answers, 20)
        client.send_close(1012)
        self.assertEqual(relay.wait(), 0)

    def test_idle_connections_of_http_close_and_answers_are_whole(self):
        relay = self.start(spread="500ms")
        client, = self.connect(relay, 1)
        idle = Connection(relay.port)
        self.addCleanup(idle.close)
        self.assertEqual(idle.request("GET", "/none").status, 404)
        relay.signal(signal.SIGTERM)
        with self.assertRaises(Closed):
            idle.read(1)
        self.assertEqual(len(self.closes([client], time.monotonic())), 1)
        self.assertEqual(relay.wait(), 0)

    def test_a_client_that_does_not_answer_its_close_is_awaited_in_bounds(self):
        relay = self.start(spread="10ms", deadline="1s")
        client, = self.connect(relay, 1)
        begin = time.monotonic()
        relay.signal(signal.SIGTERM)
        self.assertEqual(client.read_frame().opcode, CLOSE)
        self.assertEqual(relay.wait(), 0)
        self.assertLess(time.monotonic() - begin, 15)

    def test_a_second_signal_closes_the_rest_at_once(self):
        for second in (signal.SIGTERM, signal.SIGINT):
            relay = self.start(spread="7s")
            clients = self.connect(relay, 20)
            begin = time.monotonic()
            relay.signal(signal.SIGTERM)
            wait_until(lambda: "draining" in relay.stderr, "it drains")
            relay.signal(second)
            codes = {code for _, code, _ in self.closes(clients, begin)}
            self.assertIn(1001, codes)
            self.assertLessEqual(codes, {1001, 1012})
            self.assertEqual(relay.wait(), 0)
            self.assertLess(time.monotonic() - begin, 5)

    def test_an_interrupt_does_not_drain(self):
        relay = self.start(lead="5s")
        clients = self.connect(relay, 5)
        begin = time.monotonic()
        relay.signal(signal.SIGINT)
        self.assertEqual({code for _, code, _ in self.closes(clients, begin)},
                         {1001})
        self.assertEqual(relay.wait(), 0)

    def test_an_empty_relay_ends_after_its_lead(self):
        relay = self.start(lead="300ms", spread="9s", deadline="20s")
        begin = time.monotonic()
        relay.signal(signal.SIGTERM)
        self.assertEqual(relay.wait(), 0)
        self.assertTrue(0.29 < time.monotonic() - begin < 3)

    def test_an_upgrade_that_comes_late_is_refused(self):
        relay = self.start(spread="2s")
        client, = self.connect(relay, 1)
        late = Connection(relay.port)
        self.addCleanup(late.close)
        late.send(request_bytes("GET", "/ws/echo", upgrade_fields())[:-2])
        self.assertEqual(client.echo("y"), "y")  # it was read by now, maybe
        relay.signal(signal.SIGTERM)
        wait_until(lambda: "draining" in relay.stderr, "it drains")
        self.assertEqual(len(self.closes([client], time.monotonic())), 1)
        try:
            late.send(b"\r\n")
            response = late.response()
            self.assertEqual(response.status, 503)
            self.assertEqual(json.loads(response.body)["check"], "shutdown")
        except (Closed, OSError):
            pass  # it waited for nothing but a request
        self.assertEqual(relay.wait(), 0)


if __name__ == "__main__":
    unittest.main()
