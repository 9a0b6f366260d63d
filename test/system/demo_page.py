"""The demo page in a real browser: chat between tabs, echo, the end."""

import json
import shutil
import unittest

from support import HERE, Program, RelayTest, wait_until

NPM = HERE / "npm"
NODE = shutil.which("node")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@unittest.skipUnless(NODE, "node is not installed")
@unittest.skipUnless(CHROMIUM, "chromium is not installed")
@unittest.skipUnless((NPM / "node_modules/playwright-core").is_dir(),
                     "no node_modules: run `npm ci` in test/system/npm")
class DemoPage(unittest.TestCase):
    start_relay = RelayTest.start_relay

    def read_line(self, browser, number):
        """Returns the line that the browser's program prints, as JSON."""
        def line():
            lines = browser.stdout.splitlines(keepends=True)
            if len(lines) > number and lines[number].endswith("\n"):
                return json.loads(lines[number])
            self.assertTrue(browser.alive(), browser.stderr)
            return None
        return wait_until(line, f"line {number} of the browser", deadline=90)

    def test_tabs_chat_echo_and_see_the_end(self):
        relay = self.start_relay()
        browser = Program(NODE, NPM / "demo.js", f"http://{relay.host}/",
                          CHROMIUM)
        self.addCleanup(browser.end)
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


if __name__ == "__main__":
    unittest.main()
