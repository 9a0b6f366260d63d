"""What a burst has used stays while there is traffic, and goes back after it;
what very many clients have used that came and went does. Of these there are
WSRELAY_CONNECTS (8000), of which a long run has 100000."""

import contextlib
import os
import socket
import struct
import time
import unittest

from raw_client import (BINARY, TEXT, WebSocket, close_payload, elapsed, frame,
                        request_bytes, upgrade_fields)
from support import SANITIZED, RelayTest, echo_config, wait_until

MIB = 1 << 20
CLIENTS = 20
MESSAGE = bytes(2 * MIB)  # of each at once

CONFIG = echo_config(output_limit="8MiB", max_message_size="4MiB")

CONNECTS = int(os.environ.get("WSRELAY_CONNECTS", "8000"))
_RESET = struct.pack("ii", 1, 0)
_BIND_ADDRESS_NO_PORT = 24  # IP_BIND_ADDRESS_NO_PORT of Linux


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


class ComingAndGoing(RelayTest):
    """Very many connections, one after the other, AT_ONCE open at a time; they
    end in every way there is."""

    CONFIG = echo_config(dict(request_timeout="2s"), close_timeout="1s")
    AT_ONCE = 50
    UPGRADE = request_bytes("GET", "/ws/echo", upgrade_fields())
    HELLO = frame(TEXT, "hello")
    CLOSE = frame(8, close_payload(1000))
    # What a client sends behind its upgrade, what it waits for from then on,
    # and whether it ends with a reset.
    ENDS = (
        (HELLO + CLOSE, b"closed by the client", False),  # as a browser does
        (HELLO, b"hello", False),                         # no close frame
        (HELLO, b"hello", True),
        (HELLO * 9 + frame(BINARY, b"x", claimed=MIB), b"hello", True),
        (b"\x83\x80\0\0\0\0", b"\x88", False),  # opcode 3 is reserved
        (b"", None, True),                       # gone meanwhile
    )

    def come(self, number):
        """One client, whose upgrade is on its way. Each block of them has an
        address of its own: it would run out of ports."""
        client = socket.socket()
        client.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        client.bind((f"127.0.1.{1 + number // 5000 % 250}", 0))
        client.settimeout(20)
        client.connect(("127.0.0.1", self.relay.port))
        data, _, is_reset = self.ENDS[number % len(self.ENDS)]
        client.sendall(self.UPGRADE + data)
        if is_reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        return client

    def go(self, number, client):
        _, awaited, _ = self.ENDS[number % len(self.ENDS)]
        data = b""
        while awaited is not None and awaited not in data:
            piece = client.recv(4096)
            self.assertTrue(piece, f"client {number}: an end behind {data!r}")
            data += piece
        client.close()

    def come_and_go(self, first, count):
        for begin in range(first, first + count, self.AT_ONCE):
            numbers = range(begin, min(begin + self.AT_ONCE, first + count))
            with contextlib.ExitStack() as block:
                clients = [block.enter_context(self.come(number))
                           for number in numbers]
                for number, client in zip(numbers, clients):
                    self.go(number, client)
        # The listener, the operator's, and the witness.
        wait_until(lambda: self.relay.sockets() == 3, "they are gone")

    def test_very_many_connects_leave_heap_and_descriptors_flat(self):
        with WebSocket(self.relay.port) as witness:
            self.assertEqual(witness.echo("first"), "first")
            # Then loops have what they open with their first connections.
            self.come_and_go(0, 2000)
            descriptors = self.relay.descriptors()
            before = self.relay.resident_bytes()
            start = time.monotonic()
            self.come_and_go(2000, CONNECTS)
            seconds = elapsed(start)
            if not SANITIZED:
                wait_until(lambda: self.relay.resident_bytes()
                           < before + 2 * MIB, "the heap is flat", deadline=12)
            grown = self.relay.resident_bytes() - before
            print(f"connects={CONNECTS} seconds={seconds:.1f} "
                  f"resident={before >> 10} KiB grown={grown >> 10} KiB "
                  f"descriptors={descriptors} "
                  f"after={self.relay.descriptors()}")
            self.assertEqual(self.relay.descriptors(), descriptors)
            self.assertEqual(witness.echo("last"), "last")
            witness.leave()


if __name__ == "__main__":
    unittest.main()
