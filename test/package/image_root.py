"""The steps of the Dockerfile in a Debian root instead of an engine, and what is
then started there as compose.yaml says: each service with a network, a
/run/wsrelay and a configuration of its own, as the image's user, without
capabilities. The build's own steps are left out: its results are there."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile

from deb_files import BUILD, ROOT, packages, run
from images import stages
from support import DEADLINE

PATHS = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


class ImageRoot:
    """A DebianRoot in which the stages `relay` and `app` have run."""

    def __init__(self, root):
        self.root = root
        self.commands = {}  # of each stage: ENTRYPOINT and CMD
        self.user = "root"
        for name in ("relay", "app"):
            for word, rest in stages()[name]:
                getattr(self, f"_{word.lower()}", self._nothing)(rest, name)

    def _nothing(self, rest, name):
        pass

    def _run(self, rest, name):
        mount = re.match(r"--mount=type=bind,from=build,source=/src/build/release"
                         r",target=(\S+)\s+", rest)
        if not mount:
            raise AssertionError(f"a step that the test cannot run: {rest}")
        with self.root.mounted(packages()[0].parent, mount[1]):
            self.root.run("sh", "-c", rest[mount.end():])

    def _copy(self, rest, name):
        source, target = rest.split()[-2:]
        outside = (BUILD / source.removeprefix("/src/build/release/")
                   if rest.startswith("--from=build ") else ROOT / source)
        shutil.copy(outside, self.root.path / target.lstrip("/"))

    def _user(self, rest, name):
        self.user = rest

    def _entrypoint(self, rest, name):
        self.commands[name] = json.loads(rest)

    def _cmd(self, rest, name):
        self.commands[name] += json.loads(rest)

    def _healthcheck(self, rest, name):
        if rest != "NONE":
            self.health = json.loads(rest.split(" CMD ", 1)[1])

    def inside(self, *command):
        """Returns the command that runs one there as the image's user."""
        user, group = self.root.user(self.user)
        return ["chroot", self.root.path, "setpriv", f"--reuid={user}",
                f"--regid={group}", "--clear-groups", "--no-new-privs",
                "--bounding-set=-all", *command]


class Container:
    """A service of a stage on `host`; `config` is a file for the relay's, and
    `secrets` a folder with what compose.yaml calls so."""

    def __init__(self, image, stage, host, config=None, secrets=None):
        self.image = image
        self.host = host
        path = image.root.path
        # The mounts go with the namespace, the namespace with the process.
        script = f'mount -t tmpfs -o mode=1777 tmpfs "{path}/run/wsrelay"\n'
        if config:
            script += (f'mount --bind "{config}" '
                       f'"{path}/etc/wsrelay/relay.yaml"\n')
        if secrets:
            script += (f'mkdir -p "{path}/run/secrets"\n'
                       f'mount --bind "{secrets}" "{path}/run/secrets"\n')
        self.output = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*host.prefix, "unshare", "--mount", "--propagation", "private",
             "sh", "-ec", script + 'exec "$@"', "sh",
             *image.inside(*image.commands[stage])],
            stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output,
            env=PATHS)

    @property
    def log(self):
        size = os.fstat(self.output.fileno()).st_size
        return os.pread(self.output.fileno(), size, 0).decode()

    def run(self, *command):
        """Returns what a command prints in the container."""
        return run("nsenter", f"--target={self.process.pid}", "--mount",
                   "--net", *self.image.inside(*command), env=PATHS)

    def is_healthy(self):
        if self.process.poll() is not None:
            raise AssertionError(f"it ended: {self.log}")
        try:
            self.run(*self.image.health)
        except AssertionError:
            return False
        return True

    def stop(self, deadline=DEADLINE):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(deadline)
        if status != 0:
            raise AssertionError(f"exit status {status}\n{self.log}")

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.output.close()
