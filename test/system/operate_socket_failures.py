"""Where there is no operator's socket, or one that is somebody else's."""

import fcntl
import os
import shutil
import signal
import socket
import unittest
from pathlib import Path

from operate_base import OK, UNREACHABLE, run
from operate_socket import IS_ROOT, NOBODY, SocketTest
from support import Program


class Failures(SocketTest):
    def test_no_node(self):
        done = run("ps", "--json")
        if Path("/run/wsrelay").exists():
            self.skipTest("a node of this machine may be there")
        self.assertEqual(done.code, UNREACHABLE)
        self.assertIn(f"{self.folder}: no node listens there",
                      done.error["text"])
        self.assertIn("/run/wsrelay: ", done.error["text"])

    def test_no_socket_there(self):
        done = run("ps", "--node", self.folder / "x.sock")
        self.assertEqual(done.code, UNREACHABLE)
        self.assertIn("No such file or directory", done.errors)

    def test_a_socket_that_says_nothing_or_garbage(self):
        path = self.runtime / "fake.sock"
        with socket.socket(socket.AF_UNIX) as fake:
            fake.bind(str(path))
            fake.listen()
            done = run("ps", "--node", path, "--timeout", "500ms")
            self.assertEqual(done.code, UNREACHABLE, done.errors)
            self.assertNotIn("TLS", done.errors)

    def test_a_folder_that_others_may_write_in(self):
        self.folder.mkdir()
        self.folder.chmod(0o777)
        self.assert_warned(self.start(), "others may write there")

    def test_no_node_is_looked_for_where_others_may_write(self):
        relay = self.start()
        path = self.folder / "gateway.sock"
        for mode in (0o777, 0o770):
            self.folder.chmod(mode)
            self.assert_not_talked_to(path, "others may write there")
        self.folder.chmod(0o1777)
        self.assertEqual(run("ps").code, OK)
        relay.stop()

    @unittest.skipUnless(IS_ROOT, "needs root")
    def test_a_socket_of_somebody_else_is_not_talked_to(self):
        self.folder.mkdir()
        self.folder.chmod(0o1777)
        path = self.folder / "gateway.sock"
        with socket.socket(socket.AF_UNIX) as fake:
            fake.bind(str(path))
            fake.listen()
            os.chown(path, NOBODY, NOBODY)
            self.assert_not_talked_to(path, "it belongs to somebody else")

    @unittest.skipUnless(IS_ROOT, "needs root")
    def test_a_lock_of_somebody_else_changes_nothing(self):
        self.runtime.chmod(0o755)
        self.folder.mkdir()
        self.folder.chmod(0o755)
        held, ready = os.pipe()
        child = os.fork()
        if child == 0:
            os.setuid(NOBODY)
            fcntl.flock(os.open(self.folder, os.O_RDONLY), fcntl.LOCK_EX)
            os.write(ready, b"x")
            signal.pause()
        self.addCleanup(os.waitpid, child, 0)
        self.addCleanup(os.kill, child, signal.SIGKILL)
        self.assertEqual(os.read(held, 1), b"x")
        relay = self.start()
        self.assertEqual(self.sockets(), ["gateway.sock"])
        self.assertNotIn("no operator socket", relay.log())
        relay.stop()

    def test_a_file_in_the_way(self):
        self.folder.mkdir(0o700)
        path = self.folder / "gateway.sock"
        path.write_text("precious")
        self.assert_warned(self.start(), "something else than a socket")
        self.assertEqual(path.read_text(), "precious")

    def test_a_folder_that_cannot_be_made(self):
        self.folder.write_text("")
        self.assert_warned(self.start(), "Not a directory")
        shutil.rmtree(self.runtime)
        self.assert_warned(self.start(), "No such file or directory")
        self.runtime.mkdir()

    def test_a_path_that_is_too_long(self):
        self.assert_warned(
            self.start(None, "--operator-socket", self.runtime / ("x" * 120)),
            "File name too long")

    def test_a_link_to_a_folder_is_not_followed(self):
        other = self.runtime / "other"
        other.mkdir(0o700)
        self.folder.symlink_to(other)
        self.assert_warned(self.start(), "Not a directory|symbolic links")
        self.assertEqual(os.listdir(other), [])

    @unittest.skipUnless(IS_ROOT, "needs root")
    def test_what_belongs_to_somebody_else_is_refused(self):
        self.folder.mkdir(0o700)
        os.chown(self.folder, NOBODY, NOBODY)
        self.assert_warned(self.start(), "it belongs to somebody else")
        os.chown(self.folder, 0, 0)
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(self.folder / "gateway.sock"))
        os.chown(self.folder / "gateway.sock", NOBODY, NOBODY)
        self.assert_warned(self.start(), "it belongs to somebody else")

    @unittest.skipUnless(IS_ROOT and shutil.which("setpriv"), "needs root")
    def test_an_operator_who_may_not(self):
        relay = self.start()
        os.chmod(self.runtime, 0o711)
        user = ("setpriv", f"--reuid={NOBODY}", "--clear-groups")
        program = Program("wsrelay", "ps", "--node",
                          self.folder / "gateway.sock", prefix=user)
        self.addCleanup(program.end)
        if program.wait() == 127 or "xec" in program.stderr:
            self.skipTest("the programs are in a folder of root's")
        self.assertEqual(program.wait(), UNREACHABLE)
        self.assertIn("Permission denied", program.stderr)
        relay.stop()


if __name__ == "__main__":
    unittest.main()
