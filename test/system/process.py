"""A node and the process around it: standard streams that are closed, full or
not read, signals, few descriptors, what programs that it starts inherit."""

import os
import re
import resource
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from raw_client import WebSocket, elapsed
from support import (BUILD, DEADLINE, SANITIZED, RelayTest, echo_config,
                     free_port, wait_until)

WSRELAYD = BUILD / "wsrelayd"
WSRELAY = BUILD / "wsrelay"
FULL = "/dev/full"


def full_pipe():
    """Returns reader and writer of a pipe that has no room left."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while os.write(writer, b"#" * 4096):
            pass
    except BlockingIOError:
        pass
    os.set_blocking(writer, True)
    return reader, writer


class Node:
    """A wsrelayd with given standard streams, whose port is known before."""

    def __init__(self, test, config=None, *arguments, prefix=(), **streams):
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        test.addCleanup(folder.cleanup)
        path = Path(folder.name, "relay.yaml")
        path.write_text(config or echo_config())
        self.port = free_port()
        streams.setdefault("stdout", subprocess.DEVNULL)
        self.process = subprocess.Popen(
            [*prefix, WSRELAYD, "--config", path, "--listen",
             f"127.0.0.1:{self.port}", "--threads", "2", *arguments],
            stdin=subprocess.DEVNULL, **streams)
        test.addCleanup(self.end)
        wait_until(self.listens, "wsrelayd listens")

    def listens(self):
        if self.process.poll() is not None:
            raise AssertionError(f"ended: {self.process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        except ConnectionRefusedError:
            return False

    def stop(self, deadline=DEADLINE):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(deadline)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class StandardError(unittest.TestCase):
    def serves(self, node):
        client = WebSocket(node.port)
        self.addCleanup(client.close)
        self.assertEqual(client.echo("hello"), "hello")
        return client

    def leave_lines(self, node, count=50):
        for _ in range(count):
            client = WebSocket(node.port)
            client.abort()

    def test_a_reader_that_is_gone_is_no_end(self):
        reader, writer = os.pipe()
        os.close(reader)
        node = Node(self, None, "--log-level", "debug", stderr=writer)
        os.close(writer)
        self.leave_lines(node)
        self.serves(node)
        self.assertEqual(node.stop(), 0)

    def test_a_reader_that_leaves_later_is_no_end(self):
        reader, writer = os.pipe()
        node = Node(self, None, "--log-level", "debug", stderr=writer)
        os.close(writer)
        self.leave_lines(node, 5)
        os.close(reader)
        self.leave_lines(node)
        self.serves(node)
        self.assertEqual(node.stop(), 0)

    def test_a_reader_that_does_not_read_holds_nothing(self):
        reader, writer = full_pipe()
        self.addCleanup(os.close, reader)
        node = Node(self, None, "--log-level", "debug", stderr=writer)
        os.close(writer)
        self.leave_lines(node)
        self.serves(node)
        start = time.monotonic()
        self.assertEqual(node.stop(), 0)
        self.assertLess(elapsed(start), 10)

    def test_a_reader_that_reads_late_gets_the_lines(self):
        reader, writer = full_pipe()
        node = Node(self, None, "--log-level", "debug", stderr=writer)
        os.close(writer)
        self.leave_lines(node, 20)
        self.serves(node)
        node.process.send_signal(signal.SIGHUP)
        with os.fdopen(reader, "rb") as file:
            text = file.readline()
            while b"SIGHUP: " not in text:
                text = file.readline()
                self.assertTrue(text)
        self.assertEqual(node.stop(), 0)

    def test_a_full_disk_is_no_end(self):
        with open(FULL, "wb") as full:
            node = Node(self, None, "--log-level", "debug", stderr=full,
                        stdout=full)
        self.leave_lines(node)
        self.serves(node)
        self.assertEqual(node.stop(), 0)

    def test_a_socket_as_standard_error_is_written_to(self):
        mine, other = socket.socketpair()
        with mine, other:
            node = Node(self, stderr=other.fileno())
            other.close()
            node.process.send_signal(signal.SIGHUP)
            mine.settimeout(DEADLINE)
            text = b""
            while b"SIGHUP: " not in text:
                text += mine.recv(4096)
        self.serves(node)  # and the reader is gone
        node.process.send_signal(signal.SIGHUP)
        self.assertEqual(node.stop(), 0)

    def test_standard_output_that_is_not_read_holds_nothing(self):
        reader, writer = full_pipe()
        self.addCleanup(os.close, reader)
        node = Node(self, stdout=writer)
        os.close(writer)
        self.serves(node)
        self.assertEqual(node.stop(), 0)


class Hangup(RelayTest):
    CONFIG = echo_config()

    def test_sighup_closes_no_connection(self):
        relay = self.start_relay(self.CONFIG)
        with WebSocket(relay.port) as client:
            for i in range(3):
                relay.signal(signal.SIGHUP)
                wait_until(lambda: relay.stderr.count("SIGHUP: ") > i,
                           "SIGHUP is logged")
                self.assertEqual(client.echo("x"), "x")
            client.leave()
        relay.stop()

    def test_under_nohup_it_is_not_even_logged(self):
        node = Node(self, self.CONFIG, prefix=("nohup",),
                    stderr=subprocess.PIPE)
        node.process.send_signal(signal.SIGHUP)
        with WebSocket(node.port) as client:
            self.assertEqual(client.echo("x"), "x")
            client.leave()
        self.assertEqual(node.stop(), 0)
        self.assertNotIn(b"SIGHUP", node.process.stderr.read())
        node.process.stderr.close()

    def test_sighup_while_it_stops_changes_nothing(self):
        relay = self.start_relay(self.CONFIG)
        with WebSocket(relay.port) as client:
            self.assertEqual(client.echo("x"), "x")
            relay.signal(signal.SIGTERM)
            self.assertEqual(client.read_close().code, 1001)
            relay.signal(signal.SIGHUP)
            client.send_close(1001)
            self.assertEqual(relay.wait(), 0)


class ClosedStreams(unittest.TestCase):
    """Whatever of 0, 1 and 2 is closed becomes /dev/null."""

    def shell(self, command, **keys):
        return subprocess.Popen(["/bin/sh", "-c", "exec " + command], **keys)

    def test_nothing_is_printed_into_sockets(self):
        for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
            with self.subTest(closed):
                port = free_port()
                process = self.shell(
                    f"{WSRELAYD} --listen 127.0.0.1:{port} --threads 1 "
                    f"--log-level debug {closed}",
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                self.addCleanup(process.wait)
                self.addCleanup(process.kill)
                client = wait_until(lambda: self.connect(port), "it listens")
                self.assertEqual(client.echo("x"), "x")
                for fd in (0, 1, 2):
                    self.assertEqual(
                        os.readlink(f"/proc/{process.pid}/fd/{fd}"),
                        "/dev/null")
                client.close()
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(DEADLINE), 0)

    @staticmethod
    def connect(port):
        try:
            return WebSocket(port)
        except ConnectionRefusedError:
            return None

    def test_the_command_line_runs_without_streams(self):
        for closed in ("<&-", "2>&-", "<&- >&- 2>&-"):
            process = self.shell(f"{WSRELAY} --version {closed}",
                                 stdout=subprocess.DEVNULL)
            self.assertEqual(process.wait(DEADLINE), 0)


class FullOutput(unittest.TestCase):
    """Output that was asked for and cannot be written is a failure."""

    def assert_fails(self, *command):
        with self.subTest(" ".join(map(str, command[1:]))):
            with open(FULL, "wb") as full:
                run = subprocess.run(command, stdout=full,
                                     stderr=subprocess.PIPE, timeout=DEADLINE)
            self.assertEqual(run.returncode, 1)
            self.assertIn(b"cannot write to standard output", run.stderr)

    def test_what_is_asked_for_must_be_printed(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(echo_config())
            file.flush()
            self.assert_fails(WSRELAYD, "--check", file.name)
        for option in ("--print-config", "--help", "--version"):
            self.assert_fails(WSRELAYD, option)
        for option in ("--help", "--version"):
            self.assert_fails(WSRELAY, option)

    def test_errors_that_cannot_be_printed_keep_their_status(self):
        with open(FULL, "wb") as full:
            for command, status in (
                    ((WSRELAYD, "--bogus"), 2), ((WSRELAY, "bogus"), 2),
                    ((WSRELAYD, "--config", "/none"), 1),
                    ((WSRELAYD, "--print-config"), 1)):
                run = subprocess.run(command, stdout=full, stderr=full,
                                     timeout=DEADLINE)
                self.assertEqual(run.returncode, status, command)


class Resources(unittest.TestCase):
    """With too little the start fails with a sentence and status 1."""

    def run_with(self, *limits):
        """Runs a node until it listens or ends; returns status and errors."""
        def limit():
            for what, value in limits:
                resource.setrlimit(what, (value, value))
        with tempfile.TemporaryFile() as output, \
                tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                [WSRELAYD, "--listen", "127.0.0.1:0", "--threads", "2"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                preexec_fn=limit)
            try:
                wait_until(lambda: process.poll() is not None
                           or os.fstat(output.fileno()).st_size, "a result")
                started = process.poll() is None
                process.send_signal(signal.SIGTERM)
                status = process.wait(DEADLINE)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            size = os.fstat(errors.fileno()).st_size
            return started, status, os.pread(errors.fileno(), size, 0).decode()

    def test_every_number_of_descriptors_works_or_is_refused(self):
        starts = []
        # With less than 4 the program's libraries cannot be loaded.
        for count in [*range(4, 41), 64, 96]:
            with self.subTest(descriptors=count):
                started, status, errors = self.run_with(
                    (resource.RLIMIT_NOFILE, count))
                starts.append(started)
                self.assertEqual(status, 0 if started else 1, errors)
                if not started:
                    self.assertRegex(errors, r"^error: .*\(ulimit -n\)\n$")
        self.assertEqual(starts, sorted(starts))  # refused below, not above
        self.assertFalse(starts[0])
        self.assertTrue(starts[-1])

    @unittest.skipIf(SANITIZED, "sanitizers need terabytes of address space")
    def test_too_little_memory_for_threads_is_refused(self):
        for megabytes in (80, 100):
            with self.subTest(megabytes=megabytes):
                started, status, errors = self.run_with(
                    (resource.RLIMIT_AS, megabytes << 20))
                self.assertFalse(started)
                self.assertEqual(status, 1, errors)
                self.assertRegex(errors, r"^error: .*threads are needed")

    def test_the_soft_limit_of_descriptors_is_raised(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        soft = 256 if hard > 256 else hard
        node = Node(self, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (soft, hard)))
        text = Path(f"/proc/{node.process.pid}/limits").read_text()
        found = re.search(r"Max open files +(\w+) +(\w+)", text)
        self.assertEqual(found.group(1), found.group(2))
        self.assertEqual(node.stop(), 0)


class Inheritance(RelayTest):
    """A program that the node would start inherits nothing but 0, 1 and 2."""

    CONFIG = echo_config() + "\n".join([
        "- name: relay1", "  kind: cluster.node",
        '  listen: "127.0.0.1:0"', '  peers: ["127.0.0.1:PEER"]', ""])

    @classmethod
    def config(cls):
        cls.peer = socket.create_server(("127.0.0.1", 0))
        cls.peer.settimeout(DEADLINE)
        cls.addClassCleanup(cls.peer.close)
        return cls.CONFIG.replace("PEER", str(cls.peer.getsockname()[1]))

    def inherited(self):
        folder = Path(f"/proc/{self.relay.pid}")
        result = []
        for entry in (folder / "fdinfo").iterdir():
            flags = re.search(r"flags:\s+(\d+)", entry.read_text()).group(1)
            if int(entry.name) > 2 and not int(flags, 8) & os.O_CLOEXEC:
                result.append(os.readlink(folder / "fd" / entry.name))
        return result

    def test_every_descriptor_is_closed_on_exec(self):
        port = re.search(r"relay1 listening on port (\d+)", wait_until(
            lambda: "on port" in self.relay.stdout and self.relay.stdout,
            "nodes can connect")).group(1)
        peer, _ = self.peer.accept()  # a connection that it has made
        with peer, WebSocket(self.relay.port) as client, \
                socket.create_connection(("127.0.0.1", int(port))) as node:
            self.assertEqual(client.echo("x"), "x")
            node.settimeout(DEADLINE)
            node.recv(1)  # it is accepted: the node says who it is
            self.assertEqual(self.inherited(), [])
            client.leave()


if __name__ == "__main__":
    unittest.main()
