"""wsrelay watch: what it prints of a connection, and how it ends."""

import json
import re
import signal
import unittest

from operate_base import OK, OperateTest
from raw_client import BINARY
from support import wait_until


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
        watch.wait_for("transferred  to chat\n")
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
            {"time": "", "pid": pid, "event": "ended", "reason": "closed",
             "code": 4003, "text": "go", "missed": 0})

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


if __name__ == "__main__":
    unittest.main()
