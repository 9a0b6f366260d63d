"""The tutorial, as it stands: its files in an empty folder, its commands in one shell,
with the package as it is installed. In a network of its own, so that its ports are
free; needs root. The build folder is WSRELAY_BUILD.

What a block is, is said in a way for readers: a file where the line before it ends with
the file's name and a colon; `sh` is run; lines of `text` were printed, in this order, by
the commands since the `text` before."""

import own_namespaces

if __name__ == "__main__":
    own_namespaces.enter("--net")  # before the others have begun anything

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/system"))

from raw_client import WebSocket  # noqa: E402
from support import BUILD, SANITIZED, wait_until  # noqa: E402

DOCS = ROOT / "tools/docs"
PREFIX = "/opt/wsrelay"  # the tutorial's
PATIENCE = 200  # seconds, of a block
MAX_LINES = 200
NEEDED = ("cmake", "curl", "ip", "make", "openssl")

BLOCK = re.compile(r"(?:^(?:[^\n]* )?`(?P<name>[\w.-]+)`:\n\n)?"
                   r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
NEXT = re.compile(r"^Next: \[[^\]]+\]\((tutorial_\w+\.md)\)\.$", re.M)


def chapters():
    """Returns the tutorial's documents in their order."""
    result = [DOCS / "tutorial.md"]
    while found := NEXT.search(result[-1].read_text()):
        result.append(DOCS / found[1])
    return result


class Block:
    def __init__(self, path, text, found):
        line = text.count("\n", 0, found.start("text")) + 1
        self.where = f"{path.name}:{line}"
        self.name, self.language = found["name"], found["language"]
        self.text = found["text"]


def blocks():
    for path in chapters():
        text = path.read_text()
        for found in BLOCK.finditer(text):
            yield Block(path, text, found)


class Shell:
    """A shell that stays open. All that it says, and what it starts, is in one file;
    all that it has started ends with it."""

    def __init__(self, folder, environment):
        self.folder = folder
        self.output = folder / "output"
        self.blocks = 0
        (folder / "work").mkdir()
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                ["bash", "-e"], cwd=folder / "work", stdin=subprocess.PIPE,
                stdout=output, stderr=output, env=environment,
                start_new_session=True)

    def said(self):
        return self.output.read_text(errors="replace")

    def run(self, text):
        """Runs commands, as typed. Returns whether all of them have succeeded."""
        self.blocks += 1
        script = self.folder / f"block{self.blocks}.sh"
        script.write_text(text)
        done = self.folder / f"done{self.blocks}"
        line = f"source {script} < /dev/null; touch {done}\n"
        self.process.stdin.write(line.encode())
        self.process.stdin.flush()
        wait_until(lambda: done.exists() or self.process.poll() is not None,
                   text, PATIENCE)
        return done.exists()

    def end(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.stdin.close()
        self.process.wait()


class Rivals:
    """Two more players, who play as fast as they can until they are stopped."""

    def __init__(self):
        self.players = []
        for _ in range(2):
            self.players.append(WebSocket(8080, "/play?token=c3"))
            if len(self.players) == 1:
                assert self.hear(self.players[0], "lobby") == "wait"
        for each in self.players:
            assert self.hear(each, "match") == "play"
        self.rounds = 0
        self.failure = None
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.play)
        self.thread.start()

    @staticmethod
    def hear(player, topic):
        event = json.loads(player.read_text())
        if event["topic"] != topic:
            raise AssertionError(f"{event}, and no {topic}")
        return event["data"]

    def play(self):
        winner, loser = self.players
        try:
            while not self.stopped.is_set():
                self.rounds += 1
                loser.send_text("paper")
                winner.send_text("scissors")
                for who, rival, points in ((winner, "paper", self.rounds),
                                           (loser, "scissors", 0)):
                    told = self.hear(who, "round")
                    assert told == {"round": self.rounds, "rival": rival,
                                    "points": points}, told
        except Exception as error:
            self.failure = f"round {self.rounds}: {error!r}"

    def stop(self):
        self.stopped.set()
        self.thread.join()
        for each in self.players:
            each.close()


class Tutorial(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        if SANITIZED:
            self.skipTest("the package is not made for sanitizers")
        if not own_namespaces.are_here():
            self.skipTest("needs root, and unshare")
        for each in NEEDED:
            if not shutil.which(each):
                self.skipTest(f"{each} is not here")
        # The shell's python3 is that of this test.
        if subprocess.run([sys.executable, "-c", "import websockets"],
                          stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("no python3-websockets")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-tutorial-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.install()
        self.shell = Shell(self.folder, self.environment())
        self.addCleanup(self.shell.end)
        self.checked = 0  # how far what was printed is

    def install(self):
        self.prefix = self.folder / "prefix"
        subprocess.run(["cmake", "--install", BUILD, "--prefix", self.prefix],
                       check=True, stdout=subprocess.DEVNULL)
        bin = self.folder / "bin"
        bin.mkdir()
        (bin / "python3").symlink_to(sys.executable)

    def environment(self):
        result = {name: value for name, value in os.environ.items()
                  if not name.startswith(("WSRELAY_", "CMAKE_"))}
        cache = (BUILD / "CMakeCache.txt").read_text(errors="replace")
        for variable, key in (("CXX", "CMAKE_CXX_COMPILER"),
                              ("CMAKE_CXX_COMPILER_LAUNCHER",) * 2):
            if found := re.search(rf"^{key}:\w+=(.+)$", cache, re.M):
                result[variable] = found[1]
        result.update(PATH=f"{self.folder / 'bin'}:{os.environ['PATH']}",
                      XDG_RUNTIME_DIR=str(self.folder), HOME=str(self.folder))
        return result

    def test_every_step(self):
        for block in blocks():
            if block.name:
                self.write(block)
            elif block.language == "sh":
                self.run_block(block)
            else:
                self.assert_printed(block)

    def write(self, block):
        file = self.folder / block.name
        file.write_text(block.text)
        self.assert_runs(block, f"cp {file} .")

    def run_block(self, block):
        text = block.text.replace(PREFIX, str(self.prefix))
        if "replace $app1" not in text:
            self.assert_runs(block, text)
            return
        rivals = Rivals()
        try:
            self.assert_runs(block, text)
        finally:
            rivals.stop()
        self.assertIsNone(rivals.failure, self.logs())
        self.assertGreater(rivals.rounds, 100)

    def assert_runs(self, block, text):
        self.assertTrue(self.shell.run(text),
                        f"{block.where}\n{text}\n{self.shell.said()[-4000:]}"
                        f"\n{self.logs()}")

    def assert_printed(self, block):
        said = self.shell.said()
        for line in block.text.splitlines():
            found = re.compile(rf"^{re.escape(line)}\s*$", re.M).search(
                said, self.checked)
            self.assertTrue(found, f"{block.where}: {line}\n"
                            f"{said[self.checked:]}\n{self.logs()}")
            self.checked = found.end()

    def logs(self):
        return "\n".join(f"== {path.name}\n{path.read_text()[-2000:]}" for path
                         in sorted(self.folder.glob("work/rps/*.log")))


class Documents(unittest.TestCase):
    def test_every_chapter_is_there_and_short(self):
        self.assertEqual(sorted(chapters()), sorted(DOCS.glob("tutorial*.md")))
        for path in chapters():
            self.assertLessEqual(path.read_text().count("\n"), MAX_LINES, path)

    def test_every_block_says_what_it_is(self):
        for block in blocks():
            if not block.name:
                self.assertIn(block.language, ("sh", "text"), block.where)

    def test_the_first_chapter_lists_the_others(self):
        first = chapters()[0].read_text()
        for path in chapters()[1:]:
            self.assertIn(f"]({path.name})", first)


if __name__ == "__main__":
    unittest.main()
