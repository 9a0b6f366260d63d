"""What every system test needs: programs that are started on port 0 and ended
for sure, waiting with deadlines, configurations.

The folder with the programs comes from the environment: WSRELAY_BUILD.
"""

import os
import random
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("WSRELAY_BUILD", HERE.parents[1] / "build/release"))

# Sanitizers keep freed memory: its growth means nothing then.
_CACHE = BUILD / "CMakeCache.txt"
SANITIZED = _CACHE.is_file() and bool(re.search(
    r"^WSRELAY_SANITIZE:\w+=\S", _CACHE.read_text(errors="replace"), re.M))

# Nodes leave the sockets for their operators here: neither tests that run beside
# this one nor a node that somebody else runs on the machine are met.
_RUNTIME = tempfile.TemporaryDirectory(prefix="wsrelay-run-")
os.environ["XDG_RUNTIME_DIR"] = _RUNTIME.name
for name in ("WSRELAY_NODE", "WSRELAY_ADMIN", "WSRELAY_TOKEN_FILE"):
    os.environ.pop(name, None)
os.environ["WSRELAY_DRAIN"] = "off"  # who tests it says so

DEADLINE = 20  # seconds; nothing that works takes nearly as long

# What a sanitizer or the C++ runtime prints before the end.
REPORTS = re.compile(
    r"(Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer"
    r"|runtime error:|terminate called|Assertion .* failed")


def wait_until(condition, what, deadline=DEADLINE):
    """Returns the first true value of condition(); fails after `deadline`."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError(f"not within {deadline} s: {what}")
        time.sleep(0.01)


class Program:
    """One of the project's programs. Output goes to files, so that it never
    blocks; the process is ended by `end`, whatever happened. `prefix` is a
    command that becomes the program, such as ("ip", "netns", "exec", "x")."""

    def __init__(self, name, *arguments, environment=None, prefix=(),
                 stdin=subprocess.DEVNULL):
        self.output = tempfile.TemporaryFile()
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*prefix, BUILD / name, *map(str, arguments)], stdin=stdin,
            stdout=self.output, stderr=self.errors,
            env={**os.environ, **(environment or {})})
        self.pid = self.process.pid

    @staticmethod
    def _read(file):
        # The child shares the file's offset: pread leaves it alone.
        size = os.fstat(file.fileno()).st_size
        return os.pread(file.fileno(), size, 0).decode(errors="replace")

    @property
    def stdout(self):
        return self._read(self.output)

    @property
    def stderr(self):
        return self._read(self.errors)

    def alive(self):
        return self.process.poll() is None

    def signal(self, number):
        """Sends a signal. After SIGSTOP no thread runs any more."""
        self.process.send_signal(number)
        if number == signal.SIGSTOP:
            wait_until(self._is_stopped, "all threads have stopped")

    def _is_stopped(self):
        threads = Path(f"/proc/{self.pid}/task").glob("*/stat")
        return all(stat.read_text().rsplit(")", 1)[1].split()[0] == "T"
                   for stat in threads)

    def wait(self, deadline=DEADLINE):
        """Returns the exit status; fails when the program does not end."""
        try:
            return self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"no end within {deadline} s") from None

    def end(self):
        """Ends the program if it still runs, and forgets its output."""
        if self.alive():
            self.process.kill()
            self.process.wait()
        if not self.output.closed:
            self.output.close()
            self.errors.close()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def sockets(self):
        """Returns how many of its descriptors are sockets."""
        count = 0
        for name in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                target = os.readlink(f"/proc/{self.pid}/fd/{name}")
            except FileNotFoundError:
                continue  # closed meanwhile
            count += target.startswith("socket:")
        return count

    def resident_bytes(self):
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def cpu_seconds(self):
        """Returns the processor time that it has used."""
        stat = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1]
        return sum(map(int, stat.split()[11:13])) / os.sysconf("SC_CLK_TCK")


class Relay(Program):
    """A wsrelayd that listens. `config` is YAML text; without one the
    built-in configuration runs."""

    def __init__(self, config=None, *arguments, prefix=(), threads=2):
        self.folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        if config is not None:
            path = Path(self.folder.name, "relay.yaml")
            path.write_text(config)
            arguments = ("--config", path, *arguments)
        super().__init__("wsrelayd", "--listen", "127.0.0.1:0",
                         "--threads", threads, *arguments, prefix=prefix)
        try:
            self.port = wait_until(self._port, "wsrelayd listens")
        except BaseException:
            self.end()
            raise

    def _port(self):
        if not self.alive():
            raise AssertionError(f"wsrelayd does not start: {self.stderr}")
        found = re.search(r"listening on https?://127\.0\.0\.1:(\d+)\n",
                          self.stdout)
        return found and int(found.group(1))

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def log(self):
        """Returns its log, with every line of what has happened so far: they
        come in order, and SIGHUP leaves one."""
        fence = "SIGHUP"
        before = self.stderr.count(fence)
        self.signal(signal.SIGHUP)
        wait_until(lambda: self.stderr.count(fence) > before, "log is written")
        return self.stderr

    def stop(self, number=signal.SIGTERM, deadline=DEADLINE):
        """Ends it as an operator does; fails unless that was clean."""
        try:
            early = self.process.poll()
            self.signal(number)
            status = self.wait(deadline)
            errors = self.stderr
        finally:
            self.end()
        if early is not None:
            raise AssertionError(f"ended before it was told: {early}\n{errors}")
        if status != 0:
            raise AssertionError(f"exit status {status}\n{errors}")
        if REPORTS.search(errors):
            raise AssertionError(errors)

    def end(self):
        super().end()
        self.folder.cleanup()


class RelayTest(unittest.TestCase):
    """Tests against one relay per class, which must survive them all and end
    cleanly. CONFIG is YAML, or None for the built-in configuration."""

    CONFIG = None
    relay: Relay

    @classmethod
    def config(cls):
        """Returns the configuration; for those that are only known late."""
        return cls.CONFIG

    @classmethod
    def setUpClass(cls):
        cls.relay = Relay(cls.config())
        cls.addClassCleanup(cls.relay.stop)

    def tearDown(self):
        self.assertTrue(self.relay.alive(), "wsrelayd is gone")

    def assert_grown_less(self, before, limit):
        """The relay's resident memory, in bytes, since it was `before`."""
        if not SANITIZED:
            self.assertLess(self.relay.resident_bytes() - before, limit)

    def start_relay(self, *arguments, **keys):
        """Returns a relay of this test's own, ended with the test; the test
        itself calls `stop`, to see that the end is clean."""
        relay = Relay(*arguments, **keys)
        self.addCleanup(relay.end)
        return relay


def service(**keys):
    """Returns the entry of an http.service called gateway."""
    lines = [f"  {key}: {value}" for key, value in keys.items()]
    return "\n".join(["- name: gateway", "  kind: http.service",
                      '  addr: "127.0.0.1:0"', *lines, ""])


def router(name="ws", prefix="/ws", middleware="websocket_relay", **options):
    """Returns the entry of a router. Options are those of the relay, with "_"
    for "." and without their "wsrelay.": max_message_size="16MiB"; but for
    on_target_exit, which is one word."""
    names = {key: key.replace("_", ".") for key in options}
    names["on_target_exit"] = "on_target_exit"
    lines = [f"    wsrelay.{names[key]}: \"{value}\""
             for key, value in options.items()]
    return "\n".join([
        f"- name: {name}", "  kind: http.router", "  meta: {server: gateway}",
        f"  prefix: {prefix}", f"  post_middleware: [{middleware}]",
        *(["  post_options:", *lines] if lines else []), ""])


def endpoint(name, path, handler, router="ws"):
    """Returns the entry of an endpoint; `handler` is YAML in one line or
    more, such as "relay: {target_pid: echo}"."""
    lines = [f"  {line}" for line in handler.splitlines()]
    return "\n".join([
        f"- name: {name}", "  kind: http.endpoint",
        f"  meta: {{router: {router}}}", f'  path: "{path}"', *lines, ""])


def echo_config(service_keys=None, **options):
    """Returns a configuration with /ws/echo."""
    return (service(**(service_keys or {})) + router(**options)
            + endpoint("echo", "/echo", "relay: {target_pid: echo}"))


def free_port():
    """Returns a port that nobody listens on at the moment, below those that
    the kernel gives to others."""
    while True:
        port = random.randrange(10_000, 32_000)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            pass
