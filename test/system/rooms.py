"""Rooms of one actor each that come and go with their clients: nothing grows,
however many there were. The environment's WSRELAY_ROOMS says how many
(10,000)."""

import os
import unittest

from examples import Example
from raw_client import WebSocket
from support import SANITIZED, wait_until

COUNT = int(os.environ.get("WSRELAY_ROOMS", "10000"))
WARM_UP = 2000  # also fills what threads keep of freed memory
AT_ONCE = 50
MAX_GROWTH = 2 * 1024 * 1024


class Rooms(unittest.TestCase):
    def setUp(self):
        self.rooms = Example("rooms")
        self.addCleanup(self.rooms.end)
        self.made = 0

    def visit(self, count):
        """So many clients come, each to a room of its own, and leave; every
        other one without a word."""
        for _ in range(count // AT_ONCE):
            clients = []
            for _ in range(AT_ONCE):
                clients.append(WebSocket(self.rooms.port,
                                         f"/room/room{self.made}"))
                self.made += 1
            self.assertEqual(clients[0].echo("alone"), "alone")
            for client in clients[::2]:
                client.leave()
            for client in clients:
                client.close()

    def used(self):
        threads = len(os.listdir(f"/proc/{self.rooms.pid}/task"))
        return self.rooms.descriptors(), threads

    def test_nothing_grows_however_many_come_and_go(self):
        before = self.used()
        self.visit(WARM_UP)
        wait_until(lambda: self.used() == before, "the first are gone")
        resident = self.rooms.resident_bytes()
        self.visit(COUNT)
        wait_until(lambda: self.used() == before, "all are gone")
        if not SANITIZED:
            self.assertLess(self.rooms.resident_bytes() - resident, MAX_GROWTH)


if __name__ == "__main__":
    unittest.main()
