"""The packaged service in a Debian root: started as its unit says, in a network of
its own, by a test that does what systemd does: it makes the folder of the socket,
and hears what the service tells."""

import os
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from deb_files import run
from namespaces import Namespace
from support import DEADLINE, wait_until
from unit_file import UnitFile
from unix_sockets import Client

UNIT = "lib/systemd/system/wsrelay.service"
CONFIG = "etc/wsrelay/relay.yaml"
PATHS = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


class PackagedService:
    def __init__(self, root, groups=(), trace=None):
        self.root = root
        unit = UnitFile(root.path / UNIT)
        self.runtime = root.path / "run" / unit["RuntimeDirectory"]
        self.runtime.mkdir(exist_ok=True)
        self.runtime.chmod(int(unit["RuntimeDirectoryMode"], 8))
        os.chown(self.runtime, *root.user(unit["User"]))
        self.told = self._notify_socket(root.path / "run/notify")
        self.space = Namespace()
        self.space.run("ip link set lo up")
        # -D: the program stays our child, its tracer is not.
        tracer = ["strace", "-D", "-f", "-qq", "-o", trace] if trace else []
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*self.space.prefix, *tracer, "chroot", root.path,
             *unit.prefix(groups), *unit.command()],
            stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors,
            env={**PATHS, "NOTIFY_SOCKET": "/run/notify",
                 "WATCHDOG_USEC": "1000000"})

    @staticmethod
    def _notify_socket(path):
        path.unlink(missing_ok=True)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        made.bind(str(path))
        path.chmod(0o666)
        made.setblocking(False)
        return made

    @property
    def log(self):
        size = os.fstat(self.errors.fileno()).st_size
        return os.pread(self.errors.fileno(), size, 0).decode()

    def _hears(self, word):
        if self.process.poll() is not None:
            raise AssertionError(f"the service ended: {self.log}")
        try:
            return word in self.told.recv(4096).decode().split("\n")
        except BlockingIOError:
            return False

    def wait_for(self, word):
        """Waits until systemd would have been told this."""
        wait_until(lambda: self._hears(word), f"{word}: {self.log}")

    def status(self):
        """Returns the fields of the process's status."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text()
        return dict(line.split(":\t", 1) for line in lines.splitlines()
                    if ":\t" in line)

    def connect(self, where=("127.0.0.1", 8080)):
        with self.space.inside():
            return Client(where)

    def operate(self, *arguments):
        """Returns what the package's wsrelay prints, for root."""
        return run(*self.space.prefix, "chroot", self.root.path, "wsrelay",
                   *arguments, env=PATHS)

    def stop(self, number=signal.SIGINT, deadline=DEADLINE):
        """Ends it, cleanly: status 0, and nothing left in its folder."""
        self.process.send_signal(number)
        if number == signal.SIGTERM:
            self.wait_for("STOPPING=1")
        status = self.process.wait(deadline)
        if status != 0:
            raise AssertionError(f"exit status {status}\n{self.log}")
        left = [each.name for each in self.runtime.iterdir()
                if not each.name.endswith(".lock")]
        if left:
            raise AssertionError(f"left in {self.runtime}: {left}")

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.told.close()
        self.errors.close()
        self.space.close()
