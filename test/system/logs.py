"""What a relay logs: the formats of lines, whatever strangers send; what is
logged of which part; never what passes through."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import unittest

from admin_base import quoted
from http_upstream import Upstream, answer, relay_answer
from logs_base import PARTS, entries
from process import Node as Streams
from raw_client import Connection, WebSocket, upgrade_fields
from reload_base import CHAT, ReloadTest, base
from support import BUILD, DEADLINE, endpoint, wait_until

# What may look like the end of a value, of a line, or like other text.
HOSTILE = ['"', "\\", "\\\"", "\\u0000", "%00", "%0a", "{", "}", "'", "a=b",
           ' level="x" ', "\x7f", "\x80\xff", "\xe2\x80\xae", "\xe2\x80\xa8",
           "\xed\xa0\x80", "\xc2\x80\xc2\x9b31m", "\xf0\x9f\x98\x80",
           "\x1b[31m", "time=1", ": ", "x" * 3000, "\xc3\xbc" * 1500, "\t",
           "\x0b"]


class Json(ReloadTest):
    def start_json(self, config, *arguments):
        return self.start(config, "--log-format", "json", *arguments)

    def test_each_line_is_an_object(self):
        node = self.start_json(base(), "--log-level", "debug", "--access-log")
        self.connect(node).leave(4000)
        self.connect(node).abort()
        self.assertEqual(self.status(node, "/ws/none"), 404)
        node.reload(base())
        wait_until(lambda: any(each["message"] == "configuration reloaded"
                               for each in entries(node)), "it is told")

        def found(**members):
            return [each for each in entries(node)
                    if members.items() <= each.items()]
        refused = wait_until(lambda: found(check="path"), "the refusal")[0]
        self.assertEqual(refused["message"], "request refused")
        self.assertEqual((refused["part"], refused["status"], refused["path"],
                          refused["reason"]),
                         ("http", 404, "/ws/none", "there is nothing here"))
        ended = wait_until(lambda: found(cause="client_closed"), "the end")[0]
        self.assertEqual((ended["part"], ended["code"], ended["client"]),
                         ("connection", 4000, "127.0.0.1"))
        asked = wait_until(lambda: found(part="access", status=101), "a line")
        self.assertEqual((asked[0]["message"], asked[0]["endpoint"]),
                         ("request", "echo"))
        self.assertRegex(asked[0]["trace"], r"\A[0-9a-f]{32}\Z")
        node.stop()

    # Few for each relay: of one check it logs ten lines, and counts the rest.
    def test_what_strangers_send_stays_one_line_and_json(self):
        for begin in range(0, len(HOSTILE), 3):
            node = self.start_json(base(), "--log-level", "debug",
                                   "--access-log")
            for text in HOSTILE[begin:begin + 3]:
                self.send_hostile(node, text)
            self.connect(node).leave(4000)
            wait_until(lambda: [each for each in entries(node)
                                if each.get("code") == 4000], "the last line")
            lines = entries(node)
            self.assertTrue([each for each in lines if "check" in each])
            self.assertEqual([each for each in lines if "suppressed" in each],
                             [])
            node.stop()

    @staticmethod
    def send_hostile(node, text):
        upgrade = "".join(f"{name}: {value}\r\n"
                          for name, value in upgrade_fields())
        for data in (f"GET /{text} HTTP/1.1\r\nHost: x\r\n\r\n",
                     f"GET /ws/echo?{text} HTTP/1.1\r\nHost: x\r\n\r\n",
                     f"{text} /x HTTP/1.1\r\nHost: x\r\n\r\n",
                     f"GET /ws/echo HTTP/1.1\r\nHost: x\r\n{upgrade}"
                     f"Origin: http://a{text}\r\n\r\n",
                     f"GET /ws/echo HTTP/1.1\r\nHost: {text}\r\n{upgrade}"
                     "Origin: http://x\r\n\r\n"):
            with Connection(node.port) as client:
                client.send(data.encode("latin-1"))
                client.socket.shutdown(socket.SHUT_WR)
                client.read_to_end()

    def test_a_close_reason_stays_one_line(self):
        node = self.start_json(base(), "--log-level", "debug")
        for text in ("\"\\\n\u2028\u202e\x7f", "ü" * 60, "a=b: c=\"d\""):
            client = self.connect(node)
            client.send_close(4000, text)
            client.read_close()
        wait_until(lambda: len([each for each in entries(node)
                                if each.get("code") == 4000]) == 3, "all")
        node.stop()

    def test_a_configuration_that_is_refused_stays_one_line(self):
        node = self.start_json(base())
        for text in HOSTILE:
            node.write(base()
                       + f"  {json.dumps(text)}: 1\n")
            node.wsrelay("reload")
        refused = [each for each in entries(node)
                   if each["message"] == "configuration refused"]
        self.assertGreater(len(refused), len(HOSTILE) // 2)
        for each in refused:
            self.assertRegex(each["reason"], r"relay\.yaml:\d+: ")
        node.stop()

    def test_what_an_operator_does_has_members(self):
        node = self.start_json(base())
        client = self.connect(node)
        pid = node.api.connections()["connections"][-1]["pid"]
        node.api.post(f"connections/{quoted(pid)}/close", {"code": 4000})
        client.read_close()
        node.wsrelay("log", "info", "caf")
        node.reload(base().replace("threads: 2", "threads: 3") + CHAT)

        def found(**members):
            return [each for each in entries(node)
                    if members.items() <= each.items()]
        wait_until(lambda: found(message="configuration reloaded in part"),
                   "the last line")
        self.assertTrue(found(message="operator", what="close", pid=pid,
                              code=4000, address="127.0.0.1", part="node"))
        self.assertTrue(found(message="operator", what="log", level_="info",
                              part_="caf"))
        self.assertTrue(found(message="operator", what="reload"))
        self.assertTrue(found(message="configuration changed", how="added",
                              entry="http.endpoint chat"))
        self.assertTrue(found(key="gateway.threads",
                              reason="needs a restart"))
        node.stop()

    def test_a_line_that_is_too_long_is_cut_and_json(self):
        node = self.start_json(base())
        for text in ("k" * 10_000, "ü" * 5_000, '"' * 5_000, "\\" * 3_000,
                     "\x01" * 2_000, "\u202e" * 2_000, "😀" * 2_000):
            node.write(base() + f"  {json.dumps(text)}: 1\n")
            count = len(entries(node))
            self.assertEqual(node.wsrelay("reload").code, 1)
            wait_until(lambda: len(entries(node)) > count, "it is told")
        node.stop()

    def test_numbers_are_numbers_and_other_things_text(self):
        node = self.start_json(base(), "--access-log")
        with Connection(node.port) as client:
            client.request("GET", "/12345678901234567890")
            client.request("GET", "/007")
        lines = wait_until(lambda: [
            each for each in entries(node) if each["part"] == "access"][1:],
            "the lines")
        self.assertEqual(lines[0]["path"], "/007")
        self.assertIs(type(lines[0]["status"]), int)
        self.assertIs(type(lines[0]["took_us"]), int)
        self.assertEqual(lines[0]["endpoint"], "-")
        node.stop()


class FailedStarts(unittest.TestCase):
    """Who reads JSON gets nothing else, also of what never ran."""

    def errors(self, config, *arguments):
        with tempfile.TemporaryDirectory(prefix="wsrelay-test-") as folder:
            file = os.path.join(folder, "relay.yaml")
            with open(file, "w", encoding="utf-8") as output:
                output.write(config)
            where = arguments[-1:] if arguments[-1:] == ("--check",) else (
                "--config",)
            done = subprocess.run(
                [BUILD / "wsrelayd", "--log-format", "json", *where, file],
                stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=DEADLINE, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        for each in lines:
            self.assertRegex(each["time"], r"T.*[+-]\d\d:\d\d\Z")
            self.assertEqual(each["part"], "node")
        return lines

    def test_each_error_of_a_configuration_is_an_object(self):
        bad = (base() + "  none\"such: 1\n"
               + "- name: x\n  kind: http.nothing\n")
        for arguments in ((), ("--check",)):
            lines = self.errors(bad, *arguments)
            self.assertGreaterEqual(len(lines), 2)
            for each in lines:
                self.assertEqual((each["level"], each["message"]),
                                 ("error", "configuration refused"))
                self.assertRegex(each["reason"], r"relay\.yaml:\d+: ")

    def test_a_file_that_is_no_yaml_is_one(self):
        line, = self.errors("a: [\n\"")
        self.assertEqual(line["message"], "configuration refused")

    def test_so_is_a_warning(self):
        warned = base({"socket_mode": '"600"'})
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            lines = self.errors(re.sub(r'"127\.0\.0\.1:0"',
                                       f'"127.0.0.1:{port}"', warned, count=1))
        told = [(each["level"], each["message"]) for each in lines]
        self.assertIn(("warning", "configuration warning"), told)
        self.assertEqual(told[-1], ("error", "wsrelayd failed"))
        self.assertIn(str(port), lines[-1]["reason"])


class OtherFormats(unittest.TestCase):
    LINE = {"journal": r"\A<[3467]>\[(node|http|connection|access)\] [^\n]+\Z",
            "text": r"\A\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}"
                    r"[+-]\d\d:\d\d\] "
                    r"\[(node|http|connection|access)\] \[\w+\] [^\n]+\Z"}

    def lines(self, arguments=(), environment=None):
        """Returns the log of a node that is told of in it."""
        with tempfile.TemporaryFile() as file:
            about = os.fstat(file.fileno())
            told = {"auto": f"{about.st_dev}:{about.st_ino}",
                    "other": f"{about.st_dev}:{about.st_ino + 1}",
                    "none": "nonsense"}.get(environment)
            node = Streams(self, None, "--log-level", "debug", "--access-log",
                           *arguments, stderr=file, env={
                               **os.environ,
                               **({"JOURNAL_STREAM": told} if told else {})})
            with WebSocket(node.port) as client:
                client.leave(4000)
            with Connection(node.port) as client:
                client.request("GET", "/\xe2\x80\xae%0a<3>x")
            self.assertEqual(node.stop(), 0)
            file.seek(0)
            return file.read().decode().splitlines()

    def test_each_line_has_the_format(self):
        for arguments, environment, name in (
                ((), None, "text"), ((), "auto", "journal"),
                ((), "other", "text"), ((), "none", "text"),
                (("--log-format", "auto"), "auto", "journal"),
                (("--log-format", "text"), "auto", "text"),
                (("--log-format", "journal"), None, "journal")):
            with self.subTest(arguments=arguments, environment=environment):
                lines = self.lines(arguments, environment)
                self.assertGreater(len(lines), 4)
                for line in lines:
                    self.assertRegex(line, self.LINE[name])


class Levels(ReloadTest):
    def count(self, node, pattern):
        """Returns how many lines fit, once all that was done is told: the
        configuration is read again, which leaves a line."""
        before = len(node.lines("configuration reloaded"))
        node.signal(signal.SIGHUP)
        wait_until(lambda: len(node.lines("configuration reloaded")) > before,
                   "a line")
        return len(node.lines(pattern))

    def test_the_access_log_is_turned_on_and_off(self):
        node = self.start(base())

        def ask():
            with Connection(node.port) as client:
                client.request("GET", "/ws/echo?token=x")
            return self.count(node, r"\[access\] .*request: address=127.0.0.1 "
                              'method=GET path="/ws/echo" status=426 bytes='
                              r"\d+ endpoint=echo took_us=\d+ "
                              r"trace=[0-9a-f]{32}\n")
        self.assertEqual(ask(), 0)
        done = node.wsrelay("log", "info", "access", "--json")
        self.assertEqual(done.json["access"], "info")
        self.assertEqual(ask(), 1)
        self.assertEqual(node.api.post("log", {
            "level": "off", "part": "access"}).json["access"], "off")
        self.assertEqual(ask(), 1)
        node.wsrelay("log", "debug")  # all but access
        self.assertEqual(ask(), 1)
        node.stop()

    def test_each_part_has_a_level(self):
        node = self.start(base())
        levels = node.wsrelay("log", "--json").json
        self.assertEqual(levels, {part: "off" if part == "access" else "info"
                                  for part in levels})
        self.assertEqual(set(levels), PARTS)
        self.assertEqual(node.api.get("log").json, levels)
        self.assertEqual(node.wsrelay("log").rows, [
            list(each) for each in levels.items()])

        def leave():
            self.connect(node).leave(4000)
            return self.count(node, "cause=client_closed")

        def refuse():
            self.status(node, "/none")
            return self.count(node, "check=path")
        self.assertEqual((leave(), refuse()), (0, 1))
        node.wsrelay("log", "debug", "connection")
        node.wsrelay("log", "error", "http")
        self.assertEqual((leave(), refuse()), (1, 1))
        node.api.post("log", {"level": "off", "part": "connection"})
        node.api.post("log", {"level": "info", "part": "http"})
        self.assertEqual((leave(), refuse()), (1, 2))
        self.assertEqual(node.wsrelay("log", "loud").code, 2)
        self.assertEqual(node.wsrelay("log", "info", "nothing").code, 2)
        for body in ({"level": "loud"}, {"level": "info", "part": "nothing"}):
            self.assertIn(node.api.post("log", body).status, (400, 409))
        node.stop()


class Secrets(ReloadTest):
    def test_what_passes_through_is_never_logged(self):
        upstream = Upstream()
        self.addCleanup(upstream.close)
        upstream.answers["/ws/up"] = relay_answer(
            {"target_pid": "echo", "metadata": {"user": "MARKER"}})
        upstream.answers["/ws/bad"] = relay_answer(
            {"target_pid": "nobody", "metadata": {"user": "MARKER"}})
        upstream.answers["/ws/plain"] = answer(500, "MARKER")
        node = self.start(
            base() + endpoint("up", "/{what}", f"upstream: {upstream.url}")
            + endpoint("own", "/own", "relay: {target_pid: chat, "
                       "metadata: {user: MARKER}}"),
            "--log-level", "debug", "--access-log")
        secret = [("Cookie", "MARKER"), ("Authorization", "Bearer MARKER"),
                  ("X-Custom", "MARKER")]
        for path in ("/ws/up", "/ws/own", "/ws/echo"):
            client = self.connect(node, f"{path}?token=MARKER", secret)
            client.send_text("MARKER")
            client.leave(4000)
            self.connect(node, path).abort()
        for path in ("/ws/bad", "/ws/plain", "/none", "/ws/echo"):
            with Connection(node.port) as client:
                client.request("GET", f"{path}?token=MARKER", secret)
                client.request("POST", f"{path}?token=MARKER", secret,
                               b"MARKER")
            self.status(node, f"{path}?token=MARKER",
                        [*secret, ("Sec-WebSocket-Protocol", "other")])
        client = self.connect(node)
        pid = node.api.connections()["connections"][-1]["pid"]
        for path, body in (("send", {"data": "MARKER"}),
                           ("close", {"code": 4000, "reason": "MARKER"})):
            node.api.post(f"connections/{quoted(pid)}/{path}", body)
        client.read_close()
        node.api.get("connections?metadata=user%3DMARKER")
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)  # until the last line is there
        self.assertIn("connection ended", node.stderr)
        self.assertNotIn("MARKER", node.stderr)


if __name__ == "__main__":
    unittest.main()
