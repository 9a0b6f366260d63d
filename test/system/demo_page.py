"""The demo page in a real browser: chat between tabs, echo, the end."""

import json
import shutil
import unittest

from support import HERE, Program, RelayTest, wait_until

NPM = HERE / "npm"
NODE = shutil.which("node")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def in_browser(test):
    """Skips what needs Chromium where something is missing."""
    for there, why in (
            (NODE, "node is not installed"),
            (CHROMIUM, "chromium is not installed"),
            ((NPM / "node_modules/playwright-core").is_dir(),
             "no node_modules: run `npm ci` in test/system/npm")):
        test = unittest.skipUnless(there, why)(test)
    return test


class BrowserTest:
    """Part of a unittest.TestCase that runs programs of npm/ in Chromium."""

    def start_browser(self, program, url):
        browser = Program(NODE, NPM / program, url, CHROMIUM)
        self.addCleanup(browser.end)
        return browser

    def read_line(self, browser, number):
        """Returns the line that the browser's program prints, as JSON."""
        def line():
            lines = browser.stdout.splitlines(keepends=True)
            if len(lines) > number and lines[number].endswith("\n"):
                return json.loads(lines[number])
            self.assertTrue(browser.alive(), browser.stderr)
            return None
        return wait_until(line, f"line {number} of the browser", deadline=90)

    def see_demo_page(self, relay):
        """Tabs chat and echo, and see that the relay is stopped."""
        browser = self.start_browser("demo.js", f"http://{relay.host}/")
        seen = self.read_line(browser, 0)
        self.assertEqual(sorted(seen["members"]), ["Ann", "Ben"])
        self.assertEqual(seen["otherMembers"], ["Cid"])
        self.assertNotIn("hello from Ann", seen["otherMessages"])
        self.assertIn("alone", seen["otherMessages"])
        self.assertEqual(seen["membersLeft"], ["Ann"])
        self.assertEqual(seen["badEchoes"], 0)
        self.assertEqual((seen["images"], seen["title"]), (0, "wsrelay demo"))
        self.assertEqual(seen["problems"], [])
        relay.stop()
        end = self.read_line(browser, 1)
        self.assertEqual((end["chat"], end["echo"]), ("1001", "1001"))
        self.assertEqual(browser.wait(30), 0, browser.stderr)


class DemoPage(unittest.TestCase, BrowserTest):
    start_relay = RelayTest.start_relay

    @in_browser
    def test_tabs_chat_echo_and_see_the_end(self):
        self.see_demo_page(self.start_relay())


if __name__ == "__main__":
    unittest.main()
