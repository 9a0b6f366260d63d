"""The kit with each test framework: what a failed expectation, a leak and a
failed assertion make of a test.

    python3 -B test/kit_test/frameworks.py FOLDER    where the programs are
"""

import os
import subprocess
import sys
import unittest

FOLDER = ""
CASES = "frameworks/cases.hpp"


def line_of(part):
    """Returns the number of the last line of the cases that has this in it."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), CASES)
    with open(path, encoding="utf-8") as file:
        return max(number for number, line in enumerate(file, 1)
                   if part in line)


EXPECTATION = line_of("expect_text(")
LAST_NODE = line_of("test_node node;")


def run(program, *arguments):
    """Returns the status of a program, and what it prints."""
    path = os.path.join(FOLDER, "kit_with_" + program)
    if not os.path.exists(path):
        raise unittest.SkipTest(f"{program} is not installed")
    done = subprocess.run([path, *arguments], text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, " ".join(done.stdout.split())  # Catch2 wraps


class FrameworkTest(unittest.TestCase):
    def assert_told(self, text, place, end_place=None):
        """Each failure is there, with its place, and no test went on. What is
        found at a node's end is told at `end_place`, the test's own."""
        self.assertRegex(text, place(EXPECTATION))
        self.assertRegex(text, r"ann \(\S+\): expected text \"hi\"")
        self.assertIn("nothing came", text)
        if end_place:
            self.assertRegex(text, end_place)
            self.assertRegex(text, rf"declared at \S*{CASES}:{LAST_NODE}\b")
        else:
            self.assertRegex(text, place(LAST_NODE))
        self.assertIn("actors are left at the end of the node:", text)
        self.assertRegex(text, r"nosy \(\S+\), a caf::stateful_actor<")
        self.assertNotIn("the test went on", text)
        self.assertIn("busy", text)
        self.assertIn("closing", text)
        self.assertIn("!busy: too many", text)

    def test_doctest(self):
        status, text = run("doctest")
        self.assertEqual(status, 1, text)
        self.assert_told(text, lambda line: rf"{CASES}:{line}: (FATAL )?ERROR: a",
                         r"frameworks/doctest\.cpp:\d+: ERROR: actors are left")
        self.assertRegex(text, r"test cases: 4 \| 1 passed \| 3 failed")

    def test_catch2(self):
        status, text = run("catch2")
        self.assertGreater(status, 0, text)
        self.assert_told(text, lambda line: rf"{CASES}:{line}: ")
        self.assertRegex(text, r"test cases: 4 \| 1 passed \| 3 failed")

    def test_gtest(self):
        status, text = run("gtest")
        self.assertEqual(status, 1, text)
        self.assert_told(text, lambda line: rf"{CASES}:{line}: Failure",
                         r"frameworks/gtest\.cpp:\d+: Failure Failed actors are left")
        self.assertRegex(text, r"\[ PASSED \] 1 test\. \[ FAILED \] 3 tests")

    def test_no_framework(self):
        self.assertEqual(run("plain"), (0, ""))
        status, text = run("plain", "misses")
        self.assertEqual(status, 1)
        self.assertRegex(text, rf"{CASES}:{EXPECTATION}: ann .*: expected text")
        status, text = run("plain", "leaves")
        self.assertLess(status, 0, "it did not abort")
        self.assertRegex(text, rf"{CASES}:{LAST_NODE}: actors are left")


if __name__ == "__main__":
    FOLDER = sys.argv.pop(1)
    unittest.main()
