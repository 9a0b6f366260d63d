"""A broadcast over real sockets, some of which nobody reads any more: the
others get all of it, at once, whatever the policy of the slow ones is."""

import json
import resource
import select
import time
import unittest

from raw_client import Closed, WebSocket, elapsed
from support import RelayTest, endpoint, router, service, wait_until

POLICIES = ("close", "drop_newest", "drop_oldest", "latest")
CLIENTS = 200  # who joins is told to all, with all names: not more
LINES, AT_ONCE = 2000, 20
TEXT = "x" * 300
LIMIT = "64KiB"  # a tenth of what each of them gets


def route(policy):
    return router(policy, f"/{policy}", overflow=policy, output_limit=LIMIT,
                  ping_interval="off") \
        + endpoint(policy, "", "relay: {target_pid: chat}", policy)


class Listener:
    """A member of the room that reads all the time."""

    def __init__(self, client):
        self.client = client
        self.lines = 0  # that came, each in its turn
        self.left = 0

    def take(self):
        """Reads what is there: lines count on, from 0."""
        try:
            self.client.input += self.client.socket.recv(1 << 16)
        except BlockingIOError:
            return
        data, at = self.client.input, 0
        while len(data) >= at + 4:
            size, head = data[at + 1], 2
            if size == 126:
                size, head = int.from_bytes(data[at + 2:at + 4], "big"), 4
            elif size > 126:
                raise AssertionError("a frame of 64 KiB")
            if len(data) < at + head + size:
                break
            self.hear(bytes(data[at + head:at + head + size]))
            at += head + size
        del data[:at]

    def hear(self, payload):
        if payload.startswith(b'{"topic":"chat.left"'):
            self.left += 1
        elif b'"text":"%d x' % self.lines in payload:
            self.lines += 1
        else:
            raise AssertionError(f"{payload[:80]} after {self.lines} lines")


class SlowBrowsers(RelayTest):
    CONFIG = service() + "".join(route(policy) for policy in POLICIES)

    @classmethod
    def setUpClass(cls):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        cls.addClassCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                            (soft, hard))
        super().setUpClass()

    def enter(self, i, **keys):
        """Returns a member; each has heard of all that came before it."""
        client = WebSocket(self.relay.port, f"/{POLICIES[i % 4]}", **keys)
        self.addCleanup(client.close)
        client.send_text(json.dumps({"type": "hello", "name": f"c{i}"}))
        while json.loads(client.read_text())["topic"] != "chat.welcome":
            pass
        return client

    def read_joins(self, clients):
        """Until each has heard of the last one."""
        for client in clients:
            while True:
                found = json.loads(client.read_text())
                self.assertEqual(found["topic"], "chat.joined")
                if found["data"]["name"] == f"c{CLIENTS - 1}":
                    break

    def test_one_of_each_policy_holds_up_nobody(self):
        slow = [self.enter(i, receive_buffer=4096) for i in range(4)]
        clients = [self.enter(i) for i in range(4, CLIENTS)]
        self.read_joins([*slow, *clients])
        listeners = {each.socket.fileno(): Listener(each) for each in clients}
        poller = select.epoll()
        self.addCleanup(poller.close)
        for number, each in listeners.items():
            each.client.socket.setblocking(False)
            poller.register(number, select.EPOLLIN)
        slowest = 0
        for first in range(0, LINES, AT_ONCE):
            start = time.monotonic()
            for i in range(first, first + AT_ONCE):
                clients[0].send_text(json.dumps(
                    {"type": "say", "text": f"{i} {TEXT}"}))
            waiting = set(listeners)
            while waiting:
                for number, _ in poller.poll(20):
                    listeners[number].take()
                    if listeners[number].lines == first + AT_ONCE:
                        waiting.discard(number)
                self.assertLess(elapsed(start), 20, f"{len(waiting)} wait")
            slowest = max(slowest, elapsed(start))
        for each in listeners.values():
            self.assertEqual(each.lines, LINES)
        print(f"slowest {AT_ONCE} lines to {len(clients)}: "
              f"{slowest * 1000:.0f} ms")
        self.assertLess(slowest, 5)
        self.check_slow(slow)

    def check_slow(self, slow):
        """Each gets what its policy leaves; one is closed, and that alone."""
        for policy, client in zip(POLICIES, slow):
            with self.subTest(policy=policy):
                heard = []
                try:
                    while not heard or heard[-1] != LINES:
                        if policy == "drop_newest" and client.is_silent(0.5):
                            break
                        found = json.loads(client.read_text())
                        if found["topic"] == "chat.message":
                            heard.append(int(found["data"]["text"]
                                             .split()[0]) + 1)
                    self.assertNotEqual(policy, "close")
                except Closed:  # or the end has cut its close frame off
                    self.assertEqual(policy, "close")
                    self.assertIn("slow_consumer", self.relay.stderr)
                self.assertEqual(heard, sorted(set(heard)))
                self.assertEqual(heard[0], 1)
                self.assertLess(len(heard), LINES)
        self.assertEqual(self.relay.stderr.count("cause=slow_consumer"), 1)
        self.assertEqual(wait_until(
            lambda: self.relay.stderr.count("output dropped"), "a line"), 3)


if __name__ == "__main__":
    unittest.main()
