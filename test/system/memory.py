"""What a burst has used stays while there is traffic, and goes back after it."""

import unittest

from raw_client import BINARY, WebSocket, frame
from support import SANITIZED, RelayTest, echo_config, wait_until

MIB = 1 << 20
CLIENTS = 20
MESSAGE = bytes(2 * MIB)  # of each at once

CONFIG = echo_config(output_limit="8MiB", max_message_size="4MiB")


@unittest.skipIf(SANITIZED, "sanitizers keep freed memory")
class Memory(RelayTest):
    def connect(self, relay):
        clients = [WebSocket(relay.port) for _ in range(CLIENTS)]
        for client in clients:
            self.addCleanup(client.close)
        return clients

    def burst(self, relay, clients):
        """Has all messages in the relay at once; returns what it holds then."""
        message = frame(BINARY, MESSAGE)
        for client in clients:
            client.send(message[:-1])
        held = wait_until(lambda: self.held(relay), "the relay has them all")
        for client in clients:
            client.send(message[-1:])
        for client in clients:
            self.assertEqual(client.read_message(), (BINARY, MESSAGE))
        return held

    @staticmethod
    def held(relay):
        resident = relay.resident_bytes()
        return resident if resident > CLIENTS * len(MESSAGE) else 0

    def test_it_goes_back_within_ten_seconds(self):
        relay = self.start_relay(CONFIG)
        clients = self.connect(relay)
        before = relay.resident_bytes()
        held = self.burst(relay, clients)
        self.assertGreater(relay.resident_bytes(), held // 2)  # not at once
        wait_until(lambda: relay.resident_bytes() < before + 8 * MIB,
                   "memory is back", deadline=12)
        self.assertEqual(clients[0].echo("still there"), "still there")


if __name__ == "__main__":
    unittest.main()
