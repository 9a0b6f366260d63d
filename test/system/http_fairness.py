"""Nobody pays for others: bursts of connects, large files, many routes."""

import contextlib
import shutil
import statistics
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from raw_client import (TEXT, Connection, WebSocket, frame, request_bytes,
                        upgrade_fields)
from support import (SANITIZED, Relay, RelayTest, echo_config, endpoint,
                     router, service)

MIB = 1 << 20


def threads_time(relay):
    """Returns nanoseconds on a processor, by thread."""
    tasks = Path(f"/proc/{relay.pid}/task").iterdir()
    return {task.name: int((task / "schedstat").read_text().split()[0])
            for task in tasks}


class Burst(unittest.TestCase):
    LOOPS, CLIENTS, ECHOES = 4, 100, 150

    def test_connects_at_once_are_dealt_to_all_loops(self):
        """Each client asks for as much; so does each loop work as much."""
        for _ in range(2):
            relay = Relay(echo_config(), threads=self.LOOPS)
            self.addCleanup(relay.end)
            clients = self.connect(relay)
            before = threads_time(relay)
            self.let_work(clients)
            spent = sorted(now - before.get(task, 0) for task, now in
                           threads_time(relay).items())[-self.LOOPS:]
            # One client more is 4 %; the rest is noise. All on one loop, or
            # 3:1, is far from it.
            self.assertGreater(spent[0], 0.6 * spent[-1], spent)
            for client in clients:
                client.abort()
            relay.stop()

    def connect(self, relay):
        clients = [Connection(relay.port) for _ in range(self.CLIENTS)]
        for client in clients:
            client.send(request_bytes("GET", "/ws/echo", upgrade_fields()))
        for client in clients:
            self.assertEqual(client.response().status, 101)
        return clients

    def let_work(self, clients):
        one, echo = frame(TEXT, "x" * 100), frame(TEXT, "x" * 100, mask=None)
        for _ in range(self.ECHOES // 10):
            for client in clients:
                for _ in range(10):
                    client.send(one)
            for client in clients:
                self.assertEqual(client.read(10 * len(echo)), 10 * echo)


def sockets_of(port):
    """Returns what the kernel tells of the connections to a port."""
    tool = shutil.which("ss") or "/bin/true"
    return subprocess.run([tool, "-tinoem", f"sport = {port} or dport = {port}"],
                          stdout=subprocess.PIPE, text=True).stdout


class LargeFiles(RelayTest):
    @classmethod
    def config(cls):
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        cls.addClassCleanup(folder.cleanup)
        for name, size in (("large", 60 * MIB), ("larger", 300 * MIB)):
            with open(Path(folder.name, name), "wb") as file:
                file.truncate(size)
        return echo_config() + (
            f"- {{name: files, kind: http.static, meta: {{server: gateway}}, "
            f"path: /, root: \"{folder.name}\"}}\n")

    def slowest_echo_beside(self, step, seconds=1.5):
        """Returns the longest echo while `step` is called again and again."""
        sockets = [WebSocket(self.relay.port) for _ in range(4)]  # every loop
        slowest, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            step()
            for client in sockets:
                start = time.monotonic()
                self.assertEqual(client.echo("x"), "x")
                slowest = max(slowest, time.monotonic() - start)
        for client in sockets:
            client.leave()
        return slowest

    def test_files_of_any_size_are_served(self):
        for name, size in (("large", 60 * MIB), ("larger", 300 * MIB)):
            with Connection(self.relay.port) as client:
                head = client.request("HEAD", f"/{name}")
                self.assertEqual((head.status, head.get("Content-Length")),
                                 (200, str(size)))
        with Connection(self.relay.port) as client:
            response = client.request("GET", "/larger")
            self.assertEqual(len(response.body), 300 * MIB)

    def test_heads_of_large_files_hold_nobody_up(self):
        with Connection(self.relay.port) as client:
            def ask():
                client.send(request_bytes("HEAD", "/large") * 10)
                for _ in range(10):
                    client.response(head=True)
            self.assertLess(self.slowest_echo_beside(ask), 0.25)

    def test_large_files_hold_nobody_up(self):
        readers = [Connection(self.relay.port) for _ in range(4)]
        for reader in readers:
            self.addCleanup(reader.close)
            reader.send(request_bytes("GET", "/larger"))

        def read():
            for reader in readers:
                try:
                    reader.read(MIB)
                except AssertionError as error:  # whose fault is it?
                    self.fail(f"{error}\n{sockets_of(self.relay.port)}")
        self.assertLess(self.slowest_echo_beside(read), 0.25)


class Endless:
    """A body that is sent as far as the relay takes it, again and again."""

    BODY = b"1\r\nb\r\n" * 50_000  # more than one read takes

    def __init__(self, port):
        self.connection = Connection(port)
        self.connection.send(request_bytes(
            "POST", "/ws/echo", [("Transfer-Encoding", "chunked")]))
        self.connection.socket.setblocking(False)
        self.rest = b""

    def send(self):
        self.rest = self.rest or self.BODY
        with contextlib.suppress(BlockingIOError):
            self.rest = self.rest[self.connection.socket.send(self.rest):]


class TinyChunks(unittest.TestCase):
    """Each read of them takes long: whoever has little to read goes first."""

    CLIENTS, ECHOES = 100, 30

    def median_echo_beside(self, client, senders):
        times = []
        for _ in range(self.ECHOES):
            for sender in senders:
                sender.send()
            start = time.monotonic()
            self.assertEqual(client.echo("x"), "x")
            times.append(time.monotonic() - start)
        return statistics.median(times)

    def test_many_bodies_in_tiny_chunks_hold_nobody_up(self):
        relay = Relay(echo_config(dict(max_body_size="1GiB",
                                       request_timeout="60s")), threads=1)
        self.addCleanup(relay.end)
        with WebSocket(relay.port) as client:
            calm = self.median_echo_beside(client, [])
            senders = [Endless(relay.port) for _ in range(self.CLIENTS)]
            found = self.median_echo_beside(client, senders)
        for sender in senders:
            sender.send()  # none was cut off meanwhile
            sender.connection.close()
        # Reading twice from each takes more than 100 ms.
        self.assertLess(found, calm + 0.05 * (5 if SANITIZED else 1))
        relay.stop()


class Routes:
    """A relay with that many routes, and a client that asks for the last."""

    def __init__(self, test, count):
        config = service() + router() + "".join(
            endpoint(f"e{i}", f"/{{a}}/p{i}/{{b}}", "relay: {target_pid: echo}")
            for i in range(count))
        self.relay = Relay(config)
        test.addCleanup(self.relay.end)
        self.client = Connection(self.relay.port)
        test.addCleanup(self.client.close)
        self.requests = (request_bytes("GET", f"/ws/x/p{count - 1}/y")
                         + request_bytes("GET", "/ws/x/none/y"))

    def processor_time(self, requests=50):
        before = sum(threads_time(self.relay).values())
        self.client.send(self.requests * requests)
        found = [self.client.response().status for _ in range(2 * requests)]
        assert found == [426, 404] * requests, found
        return sum(threads_time(self.relay).values()) - before


class ManyRoutes(unittest.TestCase):
    ROUNDS = 60

    @unittest.skipIf(SANITIZED, "the configuration is read for too long")
    def test_a_request_does_not_pay_for_other_routes(self):
        """In turn, and most rounds count: what else the machine does, and
        what it has in its caches, hits both."""
        few, many = Routes(self, 10), Routes(self, 3000)
        rounds = [(few.processor_time(), many.processor_time())
                  for _ in range(self.ROUNDS)]
        few_time, many_time = map(statistics.median, zip(*rounds))
        # One route after the other is far from it.
        self.assertLess(many_time, 2 * few_time)
        for each in (few, many):
            each.client.close()
            each.relay.stop()


if __name__ == "__main__":
    unittest.main()
