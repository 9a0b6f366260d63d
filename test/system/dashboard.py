"""The admin page in a real browser, with 5,000 connections on the node: what it
shows, what its buttons do, how it is to use. The environment's
WSRELAY_DASHBOARD says how many (5000), WSRELAY_SCREENSHOTS a folder for pictures
of it."""

import json
import os
import re
import resource
import shutil
import tempfile
import threading
import unittest

from raw_client import WebSocket
from support import (HERE, Program, RelayTest, endpoint, router, service,
                     wait_until)
from swarm import Member, Swarm

NPM = HERE / "npm"
NODE = shutil.which("node")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
COUNT = int(os.environ.get("WSRELAY_DASHBOARD", "5000"))
SCREENSHOTS = os.environ.get("WSRELAY_SCREENSHOTS")
TOKEN = "a-token-of-the-tests-0123456789abcdef"
PERIOD = 20  # seconds between two messages of a client

CONFIG = (service() + "  drain: {lead: \"off\", spread: 1s}\n" + router()
          + endpoint("echo", "/echo", "relay: {target_pid: echo}")
          + endpoint("other", "/other",
                     'relay: {target_pid: echo, metadata: {room: "7"}}'))


def admin(**keys):
    """Returns the entry of the admin listener."""
    lines = [f"  {key}: \"{value}\"" for key, value in keys.items()]
    return "\n".join(["- name: admin", "  kind: admin.service",
                      "  addr: 127.0.0.1:0", *lines, ""])


def admin_url(relay):
    found = wait_until(
        lambda: re.search(r"admin on (http://127\.0\.0\.1:\d+)\n",
                          relay.stdout), "the admin listens")
    return found[1] + "/"


class Guest(Member):
    """A client that is content with whatever comes."""

    def note(self, text):
        self.missing.discard(int(text) if text.isdigit() else 0)


class Crowd(Swarm):
    """Guests, three of four at /ws/echo."""

    def __init__(self, port, count):
        self.members = [
            Guest(WebSocket(port, "/ws/echo" if i % 4 else "/ws/other"))
            for i in range(count)]
        self.period = PERIOD
        self.counts, self.stopped = True, False
        self.thread = threading.Thread(target=self._run)
        self.thread.start()


@unittest.skipUnless(NODE, "node is not installed")
@unittest.skipUnless(CHROMIUM, "chromium is not installed")
@unittest.skipUnless((NPM / "node_modules/axe-core").is_dir(),
                     "no node_modules: run `npm ci` in test/system/npm")
class Dashboard(unittest.TestCase):
    start_relay = RelayTest.start_relay

    def crowd(self, port, count):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                        (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        crowd = Crowd(port, count)
        self.addCleanup(crowd.end)
        return crowd

    def see(self, relay, *arguments):
        """Runs the browser's program; returns what it has seen."""
        browser = Program(NODE, NPM / "dashboard.js", admin_url(relay),
                          *arguments, environment={"CHROMIUM": CHROMIUM})
        self.addCleanup(browser.end)
        status = browser.wait(170)
        self.assertTrue(browser.stdout, browser.stderr)
        seen = json.loads(browser.stdout)
        self.assertEqual(seen["problems"], [], browser.stderr)
        self.assertEqual(status, 0, browser.stderr)
        return seen

    def test_it_shows_a_busy_node_and_drains_it(self):
        file = tempfile.NamedTemporaryFile("w", suffix=".token")
        self.addCleanup(file.close)  # a reload reads it again
        file.write(TOKEN + "\n")
        file.flush()
        relay = self.start_relay(CONFIG + admin(token_file=file.name))
        crowd = self.crowd(relay.port, COUNT)
        seen = self.see(relay, TOKEN, *([SCREENSHOTS] if SCREENSHOTS else []))
        self.assertEqual(seen["rows"], COUNT)
        self.assertEqual(seen["plots"], 6)
        self.assertEqual(seen["images"], 0)
        self.assertLess(seen["scrolling"]["longestFrame"], 200)
        self.assertEqual(relay.wait(60), 0)  # it was told to drain
        wait_until(lambda: len(crowd.closed) == COUNT, "every client is closed")
        codes = set(crowd.closed)
        self.assertIn(4001, codes)  # of the one that was closed by hand


if __name__ == "__main__":
    unittest.main()
