"""What systemd does with a service, done by the test: sockets that it passes,
and the messages that it waits for."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from support import BUILD, DEADLINE, wait_until
from unix_sockets import Client, Server, echo_at, service_at

# Becomes a program as systemd starts it: NAME=DESCRIPTOR,... PROGRAM ARGUMENTS;
# the process itself is the one that the variables are for.
PASS = """
import fcntl, os, sys
pairs = [each.rsplit("=", 1) for each in sys.argv[1].split(",") if each]
high = [fcntl.fcntl(int(fd), fcntl.F_DUPFD_CLOEXEC, 100) for _, fd in pairs]
for place, fd in enumerate(high):
    os.dup2(fd, 3 + place)
os.closerange(3 + len(pairs), 100)
if pairs:
    os.environ["LISTEN_FDS"] = str(len(pairs))
    os.environ["LISTEN_FDNAMES"] = ":".join(name for name, _ in pairs)
os.environ.setdefault("LISTEN_PID", str(os.getpid()))
if "WATCHDOG_USEC" in os.environ:
    os.environ.setdefault("WATCHDOG_PID", str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


class Passed(Server):
    """A wsrelayd that gets these sockets, pairs of name and socket."""

    def __init__(self, config, *sockets, environment=None):
        self.folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        path = Path(self.folder.name, "relay.yaml")
        path.write_text(config)
        self.output = tempfile.TemporaryFile()
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [sys.executable, "-c", PASS,
             ",".join(f"{name}={each.fileno()}" for name, each in sockets),
             BUILD / "wsrelayd", "--config", path, "--threads", "2"],
            stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.errors,
            pass_fds=[each.fileno() for _, each in sockets],
            env={**os.environ, **(environment or {})})
        self.pid = self.process.pid


class Activation(unittest.TestCase):
    def listen(self, where=("127.0.0.1", 0)):
        if isinstance(where, tuple):
            made = socket.create_server(
                where, family=socket.AF_INET6 if ":" in where[0]
                else socket.AF_INET)
        else:
            made = socket.socket(socket.AF_UNIX)
            made.bind(str(where))
            made.listen()
        self.addCleanup(made.close)
        return made

    def start(self, config, *sockets, **keys):
        made = Passed(config, *sockets, **keys)
        self.addCleanup(made.end)
        return made

    def connect(self, where):
        client = Client(where)
        self.addCleanup(client.close)
        return client

    def assert_serves(self, where):
        client = self.connect(where)
        self.assertEqual(client.upgrade(), 101)
        self.assertEqual(client.echo("through"), "through")
        self.assertEqual(client.leave().code, 1000)

    def assert_fails(self, config, *sockets, says, **keys):
        made = self.start(config, *sockets, **keys)
        self.assertEqual(made.wait(), 1)
        self.assertRegex(made.stderr, r"\Aerror: .*\n\Z")
        for part in says:
            self.assertIn(part, made.stderr)

    def test_a_client_that_came_before_the_start_is_served(self):
        web = self.listen()
        early = self.connect(web.getsockname())
        server = self.start(echo_at("systemd:web"), ("web", web))
        self.assertEqual(early.upgrade(), 101)
        self.assertEqual(early.echo("early"), "early")
        self.assertEqual(early.leave().code, 1000)
        server.wait_until_ready()
        self.assertEqual(server.urls, ["systemd:web"])
        server.stop()

    def test_the_socket_outlives_the_node(self):
        web = self.listen()
        for _ in range(2):
            server = self.start(echo_at("systemd:web"), ("web", web))
            server.wait_until_ready()
            self.assert_serves(web.getsockname())
            server.stop()
            waiting = self.connect(web.getsockname())  # nobody accepts it yet
        server = self.start(echo_at("systemd:web"), ("web", web))
        self.assertEqual(waiting.upgrade(), 101)
        waiting.leave()
        server.stop()

    def test_sockets_of_every_kind_and_those_with_the_same_name(self):
        with tempfile.TemporaryDirectory(prefix="wsrelay-test-") as folder:
            path = Path(folder, "passed.sock")
            web, six = self.listen(), self.listen(("::1", 0))
            server = self.start(
                echo_at("systemd:web", "127.0.0.1:0", "systemd:local"),
                ("web", web), ("local", self.listen(path)), ("web", six))
            server.wait_until_ready(4)
            own = re.search(r"listening on http://127.0.0.1:(\d+)\n",
                            server.stdout)
            self.assertEqual(server.stdout.count("on systemd:web\n"), 2)
            mode = path.stat().st_mode
            for where in (web.getsockname(), six.getsockname()[:2], path,
                          ("127.0.0.1", int(own[1]))):
                self.assert_serves(where)
            server.stop()
            self.assertEqual(path.stat().st_mode, mode)  # it is systemd's

    def test_services_get_their_own(self):
        web, admin = self.listen(), self.listen()
        server = self.start(
            service_at("systemd:admin").replace("gateway", "other")
            + echo_at("systemd:web"), ("web", web), ("admin", admin))
        server.wait_until_ready(2)
        self.assert_serves(web.getsockname())
        found = self.connect(admin.getsockname()).request("GET", "/ws/echo")
        self.assertEqual(found.status, 404)
        server.stop()

    def test_a_socket_that_is_not_passed(self):
        web = self.listen()
        named = "cannot listen on systemd:other"
        config = echo_at("systemd:other")
        self.assert_fails(config, ("web", web), ("more", web),
                          says=[named, "web, more"])
        self.assert_fails(config, says=[named, "no socket"])
        self.assert_fails(config, ("other", web), says=[named, "no socket"],
                          environment={"LISTEN_PID": str(os.getpid())})

    def test_a_socket_that_nobody_takes_is_told(self):
        server = self.start(echo_at("systemd:web"), ("web", self.listen()),
                            ("admin", self.listen()))
        server.wait_until_ready()
        wait_until(lambda: "addr=systemd:admin hint=" in server.stderr,
                   "what it logs")
        self.assertEqual(server.stderr.count("nobody accepts"), 1)
        server.stop()

    def test_a_socket_that_does_not_listen(self):
        with socket.socket() as fresh, \
                socket.socket(type=socket.SOCK_DGRAM) as datagram, \
                socket.create_connection(self.listen().getsockname()) as made:
            for each in (fresh, datagram, made):
                self.assert_fails(echo_at("systemd:web"), ("web", each),
                                  says=["systemd:web", "not a stream socket"])


class Notified(unittest.TestCase):
    """The test is what systemd is: it reads NOTIFY_SOCKET."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        self.addCleanup(folder.cleanup)
        self.path = str(Path(folder.name, "notify"))
        self.manager = self.listen(self.path)

    def listen(self, name):
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(made.close)
        made.settimeout(DEADLINE)
        made.bind(name)
        return made

    def fill_queue(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.setblocking(False)
            with self.assertRaises(BlockingIOError):
                for _ in range(100_000):
                    other.sendto(b"STATUS=full", self.path)

    def told(self, manager=None):
        """Returns the next message as a dictionary."""
        text = (manager or self.manager).recv(4096).decode()
        return dict(part.split("=", 1) for part in text.strip().split("\n"))

    def start(self, **environment):
        environment.setdefault("NOTIFY_SOCKET", self.path)
        made = Passed(echo_at("127.0.0.1:0"), environment=environment)
        self.addCleanup(made.end)
        return made

    def test_the_life_of_a_node(self):
        server = self.start()
        ready = self.told()
        self.assertEqual(ready["READY"], "1")
        url = re.search(r"http://127\.0\.0\.1:(\d+)", ready["STATUS"])
        with contextlib.closing(Client(("127.0.0.1", int(url[1])))) as client:
            self.assertEqual(client.upgrade(), 101)
            for _ in range(2):
                before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
                server.signal(signal.SIGHUP)
                reloading = self.told()
                self.assertEqual(reloading["RELOADING"], "1")
                after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
                self.assertTrue(
                    before <= int(reloading["MONOTONIC_USEC"]) <= after)
                self.assertEqual(self.told()["READY"], "1")
            self.assertEqual(client.echo("x"), "x")
            server.signal(signal.SIGTERM)
            self.assertEqual(self.told(), {"STOPPING": "1"})
            # That came first: the client is still being told.
            self.assertEqual(client.read_close().code, 1001)
            client.send_close(1001)
        self.assertEqual(server.wait(), 0)
        self.manager.setblocking(False)
        with self.assertRaises(BlockingIOError):
            self.told()

    def test_an_abstract_socket(self):
        name = f"wsrelay-test-{os.getpid()}-{self.id()}"
        manager = self.listen(f"\0{name}")
        server = self.start(NOTIFY_SOCKET=f"@{name}")
        self.assertEqual(self.told(manager)["READY"], "1")
        server.signal(signal.SIGTERM)
        self.assertEqual(self.told(manager), {"STOPPING": "1"})
        self.assertEqual(server.wait(), 0)

    def test_a_manager_that_is_gone_is_no_reason_to_fail(self):
        for name in ("/nonexistent/notify", "relative", "", "@", "/" * 200):
            server = self.start(NOTIFY_SOCKET=name, WATCHDOG_USEC="100000")
            server.wait_until_ready()
            server.stop()
        self.manager.close()
        server = self.start()
        server.wait_until_ready()
        server.stop()

    def test_a_manager_that_reads_nothing_keeps_nobody_waiting(self):
        self.fill_queue()
        server = self.start(WATCHDOG_USEC="100000")
        server.wait_until_ready()
        for _ in range(3):
            server.signal(signal.SIGHUP)
        begin = time.monotonic()
        server.stop()
        self.assertLess(time.monotonic() - begin, 5)

    def test_a_manager_that_reads_late_hears_it_all(self):
        self.fill_queue()
        server = self.start()
        server.wait_until_ready()
        while "READY" not in (told := self.told()):
            self.assertEqual(told, {"STATUS": "full"})
        server.signal(signal.SIGTERM)
        self.assertEqual(self.told(), {"STOPPING": "1"})
        self.assertEqual(server.wait(), 0)

    def test_a_node_that_does_not_start_is_never_ready(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            made = Passed(echo_at(f"127.0.0.1:{taken.getsockname()[1]}"),
                          environment={"NOTIFY_SOCKET": self.path})
            self.addCleanup(made.end)
            self.assertEqual(made.wait(), 1)
        self.manager.setblocking(False)
        with self.assertRaises(BlockingIOError):
            self.told()

    # -- the watchdog ---------------------------------------------------------

    def test_the_watchdog_is_told_twice_within_its_time(self):
        server = self.start(WATCHDOG_USEC="400000")
        self.assertEqual(self.told()["READY"], "1")
        times = []
        while len(times) < 8:
            self.assertEqual(self.told(), {"WATCHDOG": "1"})
            times.append(time.monotonic())
        gaps = [late - early for early, late in zip(times, times[1:])]
        self.assertLess(max(gaps), 0.4)
        self.assertTrue(0.15 < sum(gaps) / len(gaps) < 0.3, gaps)
        server.signal(signal.SIGHUP)
        seen = set()
        while "RELOADING" not in seen or "READY" not in seen:
            seen |= set(self.told())
        self.assertEqual(self.told(), {"WATCHDOG": "1"})  # it goes on
        server.signal(signal.SIGTERM)
        while "STOPPING" not in self.told():
            pass
        self.assertEqual(server.wait(), 0)

    def test_a_watchdog_for_another_process_is_told_nothing(self):
        for environment in ({"WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"},
                            {"WATCHDOG_USEC": "0"}, {}):
            server = self.start(**environment)
            self.assertEqual(self.told()["READY"], "1")
            self.manager.settimeout(0.4)
            with self.assertRaises(TimeoutError):
                self.told()
            self.manager.settimeout(DEADLINE)
            server.signal(signal.SIGTERM)
            self.assertEqual(self.told(), {"STOPPING": "1"})
            self.assertEqual(server.wait(), 0)


if __name__ == "__main__":
    unittest.main()
