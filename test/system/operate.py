"""The operator's command line, wsrelay, against real nodes and clients."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from cluster_probe import Probe, node
from raw_client import BINARY, TEXT, WebSocket
from support import (BUILD, DEADLINE, Program, Relay, RelayTest, endpoint,
                     free_port, router, service, wait_until)

PID = r"[0-9]+@[0-9A-F]{40}#[0-9]+"
OK, REFUSED, USAGE, UNREACHABLE, NOT_FOUND, TIMEOUT = range(6)


def config(name="relay1", peers="[]"):
    return (service() + router()
            + endpoint("echo", "/echo", "relay: {target_pid: echo}")
            + endpoint("chat", "/chat", "relay: {target_pid: chat}")
            + node(name, listen='"127.0.0.1:0"', peers=peers))


def cluster_port(relay):
    found = wait_until(
        lambda: re.search(r"listening on port (\d+)\n", relay.stdout),
        "the node listens for nodes")
    return int(found.group(1))


class Outcome:
    def __init__(self, done):
        self.code = done.returncode
        self.text = done.stdout.decode()
        self.errors = done.stderr.decode()

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def error(self):
        return json.loads(self.errors)["error"]

    @property
    def rows(self):
        """The table's rows, without its header."""
        return [line.split() for line in self.text.splitlines()[1:]]


def run(*arguments, port=None, environment=None):
    """Runs the command line to its end."""
    where = ["--node", f"127.0.0.1:{port}"] if port else []
    return Outcome(subprocess.run(
        [BUILD / "wsrelay", *where, *map(str, arguments)],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE,
        env={**os.environ, **(environment or {})}, check=False))


class Watch(Program):
    """A `wsrelay watch` that runs."""

    def __init__(self, port, pid, *arguments):
        super().__init__("wsrelay", "--node", f"127.0.0.1:{port}", "watch",
                         pid, *arguments)

    def lines(self):
        return self.stdout.splitlines()

    def wait_for(self, pattern):
        return wait_until(lambda: re.search(pattern, self.stdout),
                          f"{pattern} in the output")


class OperateTest(RelayTest):
    CONFIG = config()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.port = cluster_port(cls.relay)

    def wsrelay(self, *arguments, code=OK):
        done = run(*arguments, port=self.port)
        self.assertEqual(done.code, code, done.errors)
        return done

    def connect(self, path="/ws/echo"):
        client = WebSocket(self.relay.port, path)
        self.addCleanup(client.close)
        return client

    def connect_known(self, path="/ws/echo"):
        """Returns a client and the PID of its connection."""
        before = {row["pid"] for row in self.wsrelay("ps", "--json").json}
        client = self.connect(path)

        def new():
            return {row["pid"] for row in
                    self.wsrelay("ps", "--json").json} - before
        return client, wait_until(new, "the connection is listed").pop()

    def row(self, pid):
        return next(row for row in self.wsrelay("ps", "--json").json
                    if row["pid"] == pid)

    def pid_of(self, name):
        return next(row["pid"] for row in
                    self.wsrelay("targets", "--json").json
                    if row["name"] == name)

    def watch(self, pid, *arguments):
        """Returns a watch that has begun: an event of its own proves it."""
        watch = Watch(self.port, pid, *arguments)
        self.addCleanup(watch.end)

        def begun():
            self.wsrelay("send", pid, "probe")
            return watch.stdout
        wait_until(begun, "the watch has begun")
        return watch


class Lists(OperateTest):
    def test_ps_lists_connections_with_their_numbers(self):
        client, pid = self.connect_known()
        self.assertEqual(client.echo("four"), "four")
        row = self.row(pid)
        self.assertEqual(row["target"], self.pid_of("echo"))
        self.assertEqual(row["address"], "127.0.0.1")
        self.assertEqual(row["endpoint"], "echo")
        self.assertEqual((row["messages_in"], row["bytes_in"]), (1, 4))
        self.assertEqual((row["messages_out"], row["bytes_out"]), (1, 4))
        self.assertEqual((row["queued_messages"], row["queued_bytes"]), (0, 0))
        self.assertLess(row["age_ms"], DEADLINE * 1000)
        cells = next(cells for cells in self.wsrelay("ps").rows
                     if cells[0] == pid)
        self.assertEqual(cells[1:4],
                         [self.pid_of("echo"), "127.0.0.1", "echo"])
        self.assertRegex(cells[4], r"^\d+(ms|s)$")
        self.assertEqual(cells[5:], ["1", "4", "1", "4", "0", "0"])

    def test_ps_ends_with_the_connections(self):
        client, pid = self.connect_known()
        client.leave()
        wait_until(lambda: pid not in self.wsrelay("ps").text, "it is gone")

    def test_targets_hide_the_relays_own_names(self):
        rows = self.wsrelay("targets", "--json").json
        self.assertEqual([row["name"] for row in rows], ["chat", "echo"])
        self.assertRegex(rows[0]["pid"], f"^{PID}$")
        self.assertEqual(self.wsrelay("targets").rows,
                         [[row["name"], row["pid"]] for row in rows])
        self.assertIn("wsrelay.acceptor.gateway",
                      self.wsrelay("targets", "--all").text)

    def test_a_node_alone_has_no_peers(self):
        self.assertEqual(self.wsrelay("peers", "--json").json, [])
        self.assertEqual(self.wsrelay("peers").rows, [])


class Actions(OperateTest):
    def test_a_text_reaches_the_client(self):
        client, pid = self.connect_known()
        self.assertEqual(self.wsrelay("send", pid, "grüße").text, "")
        self.assertEqual(client.read_text(), "grüße")
        for text in ("", "{}", "[1,2]", '{"a":1}', "%%"):
            done = self.wsrelay("send", "--json", pid, "--", text)
            self.assertEqual(done.json, {"ok": True})
            self.assertEqual(client.read_text(), text)

    def test_a_file_reaches_the_client_as_it_is(self):
        client, pid = self.connect_known()
        data = bytes(range(256)) * 300
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            self.wsrelay("send", pid, "--binary", file.name)
        self.assertEqual(client.read_message(), (BINARY, data))

    def test_a_close_says_its_code_and_reason(self):
        client, pid = self.connect_known()
        self.wsrelay("close", pid, 4001, "have a rest")
        found = client.read_close()
        self.assertEqual((found.code, found.payload[2:]),
                         (4001, b"have a rest"))
        client, pid = self.connect_known()
        self.wsrelay("close", pid)
        self.assertEqual(client.read_close().code, 1000)

    def test_a_transfer_has_happened_when_the_command_ends(self):
        client, pid = self.connect_known("/ws/chat")
        self.wsrelay("transfer", pid, "echo")
        self.assertEqual(self.row(pid)["target"], self.pid_of("echo"))
        client.send_text("moved")
        while client.read_text() != "moved":
            pass  # what the chat said before
        self.wsrelay("transfer", pid, self.pid_of("chat"))
        self.assertEqual(self.row(pid)["target"], self.pid_of("chat"))

    def test_what_is_refused_ends_with_1(self):
        _, pid = self.connect_known()
        echo = self.pid_of("echo")
        done = self.wsrelay("close", echo, code=REFUSED)
        self.assertRegex(done.errors, "does not understand")
        with tempfile.NamedTemporaryFile() as file:
            file.truncate(5 << 20)
            done = self.wsrelay("send", "--json", pid, "--binary", file.name,
                                code=REFUSED)
        self.assertEqual(done.error["kind"], "message_too_big")
        self.assertEqual(done.error["exit"], REFUSED)
        self.assertEqual(done.text, "")

    def test_who_is_not_there_ends_with_4(self):
        client, pid = self.connect_known()
        nobody = re.sub("^[0-9]+", "999999", pid)
        elsewhere = "7@" + "0" * 40 + "#1"
        for command in (["send", nobody, "x"], ["close", nobody],
                        ["transfer", nobody, "echo"], ["watch", nobody],
                        ["send", elsewhere, "x"], ["send", "no one", "x"],
                        ["transfer", pid, "nobody"], ["call", "nobody"],
                        ["ps", "--peer", "nobody"]):
            done = self.wsrelay(*command, code=NOT_FOUND)
            self.assertRegex(done.errors, "^wsrelay: .*no such")
            done = self.wsrelay(*command, "--json", code=NOT_FOUND)
            self.assertEqual(done.error["exit"], NOT_FOUND)
        client.leave()
        self.wsrelay("watch", pid, code=NOT_FOUND)

    def test_no_answer_in_time_ends_with_5(self):
        client, pid = self.connect_known()
        # More than the kernel takes for a client that reads nothing.
        with tempfile.NamedTemporaryFile() as file:
            file.truncate(3_900_000)
            for _ in range(3):
                done = run("send", pid, "--binary", file.name, "--timeout",
                           "300ms", port=self.port)
                if done.code != OK:
                    break
        self.assertEqual(done.code, TIMEOUT, done.errors)
        self.assertRegex(done.errors, "did not answer in time")
        client.close()


class Watching(OperateTest):
    def test_each_message_is_a_line_until_the_end(self):
        client, pid = self.connect_known()
        watch = self.watch(pid)
        client.send_text("hello")
        watch.wait_for(r"\S+Z  in     #1 text 5 B\n")
        watch.wait_for(r"\S+Z  out    #\d+ text 5 B\n")
        client.send_frame(BINARY, b"\0\1\2")
        watch.wait_for(r"in     #2 binary 3 B\n")
        self.wsrelay("transfer", pid, "chat")
        watch.wait_for(f"transferred  to {self.pid_of('chat')}\n")
        client.send_close(4002, "bye")
        self.assertEqual(watch.wait(), OK)
        self.assertRegex(watch.lines()[-1], "ended  client_closed 4002  bye$")
        self.assertNotIn("hello", watch.stdout)

    def test_with_payload_what_is_in_them_cannot_command_a_terminal(self):
        client, pid = self.connect_known()
        watch = self.watch(pid, "--payload")
        client.send_text("a\x1b[31mb\r\n\x7f\u009b\u202eü\\")
        watch.wait_for(r"in     #1 text")
        client.send_frame(BINARY, b"\x1b\xff")
        watch.wait_for(r"in     #2 binary")
        client.close()
        self.assertEqual(watch.wait(), OK)
        self.assertIn("  a\\x1b[31mb\\x0d\\n\\x7f\\xc2\\x9b\\u{202e}ü\\\\\n",
                      watch.stdout)
        self.assertIn("in     #2 binary 2 B  \\x1b\\xff\n", watch.stdout)
        self.assertRegex(watch.stdout, r"\A[^\x00-\x09\x0b-\x1f\x7f-\x9f]*\Z")
        self.assertRegex(watch.lines()[-1], "ended  connection_lost 1006")

    def test_as_json_each_line_is_an_object(self):
        client, pid = self.connect_known()
        watch = self.watch(pid, "--payload", "--json")
        client.send_text('say "x"\n')
        client.send_frame(BINARY, b"\xff\xfe")
        watch.wait_for('"event":"in".*"number":2')
        self.wsrelay("close", pid, 4003, "go")
        self.assertEqual(watch.wait(), OK)
        events = [json.loads(line) for line in watch.lines()]
        said, sent = (event for event in events if event["event"] == "in")
        self.assertEqual(
            {**said, "time": ""},
            {"time": "", "pid": pid, "event": "in", "number": 1,
             "type": "text", "size": 8, "data": 'say "x"\n', "missed": 0})
        self.assertEqual(sent["data_base64"], "//4=")
        self.assertEqual(
            {**events[-1], "time": ""},
            {"time": "", "pid": pid, "event": "ended", "cause": "closed",
             "code": 4003, "reason": "go", "missed": 0})

    def test_signals_end_a_watch_and_nothing_else(self):
        client, pid = self.connect_known()
        for number in (signal.SIGINT, signal.SIGTERM):
            watch = self.watch(pid)
            watch.signal(number)
            self.assertEqual(watch.wait(), OK)
        while client.echo("still here") != "still here":
            pass
        # A watch that ended makes room: there may be 16.
        for _ in range(20):
            watch = self.watch(pid)
            watch.signal(signal.SIGKILL)
            watch.wait()

    def test_a_watch_that_is_stopped_misses_events_and_says_so(self):
        client, pid = self.connect_known()
        watch = self.watch(pid)
        watch.signal(signal.SIGSTOP)
        for i in range(400):
            client.send_text(f"message {i}")
        for i in range(400):
            while client.read_text() != f"message {i}":
                pass
        watch.signal(signal.SIGCONT)
        wait_until(lambda: client.echo("after")
                   and re.search(r"missed \d+ events\n", watch.stdout),
                   "the watch says what it missed")
        client.leave()
        self.assertEqual(watch.wait(), OK)


class Calls(OperateTest):
    def test_an_actor_that_is_no_handler_refuses(self):
        done = self.wsrelay("call", "echo", '{"a":1}', code=REFUSED)
        self.assertRegex(done.errors, "echo does not understand")

    def test_a_handler_answers(self):
        app = Probe("app1")
        self.addCleanup(app.end)
        app.register("far")
        app.do("handler front far", "registered front .*")
        done = run("call", "front", "--path", "/ws/x?y=1",
                   port=app.cluster_port)
        self.assertEqual((done.code, done.errors), (OK, ""))
        self.assertEqual(done.text,
                         '200\nX-WS-Relay: {"target_pid":"far"}\n')
        app.expect("request front /ws/x")
        done = run("--json", "call", "front", port=app.cluster_port)
        self.assertEqual(done.json["status"], 200)
        self.assertEqual(done.json["relay"], {"target_pid": "far"})
        app.quit()


class Cluster(unittest.TestCase):
    """Two nodes; every command goes through the first."""

    @classmethod
    def setUpClass(cls):
        cls.far = Relay(config("far"))
        cls.addClassCleanup(cls.far.end)
        peers = f'["127.0.0.1:{cluster_port(cls.far)}"]'
        cls.near = Relay(config("near", peers))
        cls.addClassCleanup(cls.near.end)
        cls.port = cluster_port(cls.near)
        wait_until(lambda: run("peers", "--json", port=cls.port).json,
                   "the nodes know each other")

    def test_connections_of_another_node_are_in_reach(self):
        self.assertEqual(run("peers", port=self.port).rows[0][0], "far")
        client = WebSocket(self.far.port, "/ws/echo")
        self.addCleanup(client.close)

        def list_far():
            return run("ps", "--json", "--peer", "far", port=self.port).json
        pid = wait_until(list_far, "it is listed")[0]["pid"]
        self.assertEqual(run("ps", "--json", port=self.port).json, [])
        self.assertEqual(run("send", pid, "hi", port=self.port).code, OK)
        self.assertEqual(client.read_text(), "hi")
        watch = Watch(self.port, pid, "--payload")
        self.addCleanup(watch.end)

        def begun():
            client.echo("x")
            return watch.stdout
        wait_until(begun, "the watch has begun")
        done = run("transfer", pid, "chat", port=self.port)
        self.assertEqual(done.code, OK, done.errors)
        watch.wait_for("transferred  to ")
        done = run("transfer", pid, "echo@near", port=self.port)
        self.assertEqual(done.code, OK, done.errors)
        self.assertEqual(run("close", pid, 4000, port=self.port).code, OK)
        self.assertEqual(client.read_close().code, 4000)
        self.assertEqual(watch.wait(), OK)
        self.assertRegex(watch.lines()[-1], "ended  closed 4000$")


class Unreachable(unittest.TestCase):
    def assert_unreachable(self, port, *arguments):
        start = time.monotonic()
        done = run(*arguments, "--timeout", "1s", "--json", port=port)
        self.assertEqual(done.code, UNREACHABLE, done.errors)
        self.assertEqual(done.error["exit"], UNREACHABLE)
        self.assertLess(time.monotonic() - start, 1 + DEADLINE / 4)
        return done.error["text"]

    def test_nobody_listens(self):
        text = self.assert_unreachable(free_port(), "ps")
        self.assertRegex(text, "cannot connect")

    def test_no_such_host(self):
        done = run("ps", "--node", "no-such-host.invalid:1")
        self.assertEqual(done.code, UNREACHABLE, done.errors)

    def test_an_http_server(self):
        relay = Relay()
        self.addCleanup(relay.end)
        self.assert_unreachable(relay.port, "ps")
        relay.stop()

    def test_a_listener_that_says_nothing(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.assert_unreachable(listener.getsockname()[1], "ps")

    def test_a_listener_that_says_garbage(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                peer, _ = listener.accept()
                with peer:
                    peer.sendall(os.urandom(4096))
                    peer.settimeout(DEADLINE)
                    try:
                        while peer.recv(4096):
                            pass
                    except OSError:
                        pass
            server = threading.Thread(target=serve)
            server.start()
            self.assert_unreachable(listener.getsockname()[1], "ps")
            server.join()

    def start_with_watch(self):
        relay = Relay(config())
        self.addCleanup(relay.end)
        port = cluster_port(relay)
        client = WebSocket(relay.port, "/ws/echo")
        self.addCleanup(client.close)
        pid = wait_until(lambda: run("ps", "--json", port=port).json,
                         "it is listed")[0]["pid"]
        watch = Watch(port, pid, "--timeout", "1s")
        self.addCleanup(watch.end)

        def begun():
            client.echo("x")
            return watch.stdout
        wait_until(begun, "the watch has begun")
        return relay, watch

    def test_a_node_that_dies_ends_a_watch(self):
        relay, watch = self.start_with_watch()
        relay.signal(signal.SIGKILL)
        self.assertEqual(watch.wait(), UNREACHABLE)
        self.assertRegex(watch.stderr, "the node was lost")

    def test_a_node_that_hangs_ends_a_watch_and_a_command(self):
        relay, watch = self.start_with_watch()
        port = cluster_port(relay)
        relay.signal(signal.SIGSTOP)
        self.assert_unreachable(port, "ps")
        self.assertEqual(watch.wait(), UNREACHABLE)
        relay.signal(signal.SIGCONT)

    def test_a_node_that_stops_ends_its_connections(self):
        relay, watch = self.start_with_watch()
        relay.stop()
        self.assertIn(watch.wait(), (OK, UNREACHABLE))


class CommandLine(unittest.TestCase):
    def test_wrong_usage_ends_with_2(self):
        for arguments in ([], ["ps"], ["nonsense"], ["--node", "x", "ps"],
                          ["--node", ":1", "ps"], ["--node", "h:0", "ps"],
                          ["--node", "h:1", "send", "1@x"],
                          ["--node", "h:1", "close", "1@x", "1005"],
                          ["--node", "h:1", "call", "x", "{"],
                          ["--node", "h:1", "ps", "--timeout", "5"],
                          ["--node", "h:1", "ps", "--tls-cert", "/dev/null"]):
            done = run(*arguments)
            self.assertEqual(done.code, USAGE, arguments)
            self.assertRegex(done.errors, "^wsrelay: .")
            done = run(*arguments, "--json")
            self.assertEqual(done.error["exit"], USAGE)

    def test_the_node_comes_from_the_environment(self):
        port = free_port()
        done = run("ps", environment={"WSRELAY_NODE": f"127.0.0.1:{port}"})
        self.assertEqual(done.code, UNREACHABLE)
        self.assertIn(str(port), done.errors)

    def test_help_has_commands_and_exit_codes(self):
        text = run("--help").text
        for word in ("ps", "targets", "peers", "send", "close", "transfer",
                     "watch", "call", "completion", "WSRELAY_NODE",
                     "Exit codes: 0 ok, 1 refused, 2 usage"):
            self.assertIn(word, text)
        self.assertIn("--payload", run("watch", "--help").text)
        self.assertRegex(run("--version").text, r"^wsrelay \d")


class Completion(OperateTest):
    def complete(self, *words):
        """Returns what bash offers at the end of a line."""
        script = run("completion", "bash").text
        line = " ".join(["wsrelay", *words])
        # As readline splits it: "@" and ":" end words.
        split = [part for part in re.split(r"([@:=])| ", line) if part]
        if not words[-1]:
            split.append("")
        listed = " ".join(f"'{word}'" for word in split)
        done = subprocess.run(
            ["bash", "-c", f"""{script}
             PATH='{BUILD}':$PATH COMP_WORDS=({listed})
             COMP_CWORD={len(split) - 1} COMP_LINE='{line}'
             COMP_POINT={len(line)}; _wsrelay
             printf '%s\\n' "${{COMPREPLY[@]}}" """],
            capture_output=True, check=True, timeout=DEADLINE,
            env={**os.environ, "WSRELAY_NODE": f"127.0.0.1:{self.port}"})
        self.assertEqual(done.stderr, b"")
        return done.stdout.decode().split()

    def test_scripts_name_every_command_and_option(self):
        for shell in ("bash", "zsh", "fish"):
            done = run("completion", shell)
            self.assertEqual(done.code, OK)
            for word in ("transfer", "payload", "tls-cert", "binary"):
                self.assertIn(word, done.text)
        self.assertEqual(run("completion", "tcsh").code, USAGE)

    def test_the_script_for_bash_parses(self):
        subprocess.run(["bash", "-n"], input=run("completion", "bash").text,
                       text=True, check=True, timeout=DEADLINE)

    def test_bash_completes_commands_options_and_pids(self):
        self.assertEqual(self.complete("tra"), ["transfer"])
        self.assertIn("watch", self.complete(""))
        self.assertEqual(self.complete("watch", "--pay"), ["--payload"])
        self.assertEqual(self.complete("ps", "--ti"), ["--timeout"])
        self.assertEqual(self.complete("completion", "z"), ["zsh"])
        self.assertEqual(self.complete("ps", "--timeout", ""), [])
        _, pid = self.connect_known()
        self.assertEqual(self.complete("watch", ""), [pid])
        number, rest = pid.split("@")
        self.assertEqual(self.complete("close", number), [pid])
        # What stands before "@" is a word of its own for readline.
        self.assertEqual(self.complete("close", f"{number}@{rest[:3]}"), [rest])


if __name__ == "__main__":
    unittest.main()
