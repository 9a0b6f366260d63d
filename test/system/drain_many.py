"""A drain of very many connections: WSRELAY_CLIENTS (10000), of which this
process has as many sockets as the relay. Not in ctest: `tools/test --long`."""

import os
import select
import signal
import socket
import time
import unittest

from raw_client import request_bytes, upgrade_fields
from support import Relay, echo_config

CLIENTS = int(os.environ.get("WSRELAY_CLIENTS", "10000"))
RATE = 1000
DEADLINE = 60


class DrainMany(unittest.TestCase):
    def connect(self, port):
        """Returns sockets whose upgrade was answered."""
        request = request_bytes("GET", "/ws/echo", upgrade_fields(),
                                host=f"127.0.0.1:{port}")
        sockets = []
        for _ in range(CLIENTS):
            client = socket.create_connection(("127.0.0.1", port), DEADLINE)
            self.addCleanup(client.close)
            client.sendall(request)
            sockets.append(client)
        for client in sockets:
            self.assertIn(b" 101 ", client.recv(4096).split(b"\r\n")[0])
        return sockets

    def closes(self, sockets, begin):
        """Answers each close frame; returns (seconds, code) of all, and how
        many ended without one."""
        poller = select.epoll()
        by_number = {each.fileno(): each for each in sockets}
        for number in by_number:
            poller.register(number, select.EPOLLIN)
        seen, abnormal = [], 0
        while by_number and time.monotonic() < begin + DEADLINE:
            for number, _ in poller.poll(0.1):
                client = by_number.pop(number)
                poller.unregister(number)
                data = client.recv(4096)
                if len(data) < 4 or data[0] != 0x88:
                    abnormal += 1
                    continue
                seen.append((time.monotonic() - begin,
                             int.from_bytes(data[2:4], "big")))
                client.sendall(b"\x88\x82\0\0\0\0\x03\xf4")  # 1012
                client.close()
        return seen, abnormal + len(by_number)

    def test_nobody_ends_abnormally_and_no_moment_gets_many(self):
        span = CLIENTS / RATE
        relay = Relay(echo_config(dict(
            drain=f"{{lead: off, spread: 1s, rate: {RATE}, deadline: 60s}}")),
            "--drain", "on")
        self.addCleanup(relay.end)
        sockets = self.connect(relay.port)
        begin = time.monotonic()
        relay.signal(signal.SIGTERM)
        seen, abnormal = self.closes(sockets, begin)
        parts = [0] * (int(span * 10) + 2)
        for when, _ in seen:
            parts[min(int(when * 10), len(parts) - 1)] += 1
        mean = CLIENTS / (span * 10)
        print(f"clients={CLIENTS} abnormal={abnormal} mean={mean:.0f} "
              f"peak={max(parts)} last={seen[-1][0]:.1f}s")
        self.assertEqual(abnormal, 0)
        self.assertEqual({code for _, code in seen}, {1012})
        self.assertLessEqual(max(parts), 1.3 * mean, parts)
        self.assertEqual(relay.wait(), 0)


if __name__ == "__main__":
    unittest.main()
