"""What the tests of documents share: the blocks of one, a folder in which its
commands run as they stand, and what accepts a configuration.

A comment before a block says what becomes of it:

    <!-- runs -->               sh: is run; a guide's blocks one after another,
                                in one shell and one folder, until one fails
    <!-- runs where COMMAND --> the same, left out where COMMAND fails: for what
                                is not installed
    <!-- runs in PLACE -->      the same, behind what the test sets up by that name
    <!-- checks -->             yaml: passes `wsrelayd --check`, no warning;
                                nginx, haproxy: their own check
    <!-- checks NAME -->        the same, and is the commands' file NAME
    <!-- checks in PLACE -->    the same; PLACE is what stands around it
    <!-- not run: WHY -->

Ports of 127.0.0.1 are replaced by free ones, and files of /etc and /run by such as
are there, so that a document can name those that a reader has."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest
from dataclasses import dataclass
from pathlib import Path

from authority import Authority
from proxy_programs import find_program
from support import BUILD, HERE, free_port

ROOT = HERE.parents[1]
PATIENCE = 50  # seconds, of all commands of a document

BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*) -->\n)?"
    r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
# Four blanks behind an empty line, or behind a mark.
INDENTED = re.compile(
    r"^(?:<!-- (?P<mark>[^\n]*) -->)?\n(?P<text>(?: {4}[^\n]*\n+)+)", re.M)
MARK = re.compile(r"(?P<what>runs|checks|not run)(?: in (?P<place>.+)"
                  r"| where (?P<where>.+)|: (?P<why>.+)| (?P<name>[\w./-]+))?")

# What nginx needs to check a configuration as anybody, in folders of its own.
NGINX_FOLDERS = "".join(
    f"  {kind}_temp_path {{folder}}/{kind};\n"
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))

# Prints which command of which line ends a guide.
SHELL = """\
set -eE
trap 'echo "failed: $BASH_COMMAND" >&2' ERR
"""


@dataclass
class Block:
    document: str  # from the root
    line: int
    language: str
    text: str
    what: str = ""  # without a mark
    place: str = ""
    where: str = ""
    name: str = ""

    def __str__(self):
        return f"{self.document}:{self.line}"


def _block(path, text, found, language, content):
    line = text.count("\n", 0, found.start("text")) + 1
    mark = MARK.fullmatch(found["mark"] or "")
    if found["mark"] and not mark:
        raise AssertionError(f"{path}:{line}: what is {found['mark']}?")
    keys = mark.groupdict("") if mark else {}
    keys.pop("why", None)
    return Block(os.path.relpath(path, ROOT), line, language, content, **keys)


def fenced_blocks(path):
    text = path.read_text()
    for found in BLOCK.finditer(text):
        yield _block(path, text, found, found["language"], found["text"])


def indented_blocks(path):
    """Returns those that are code by four blanks."""
    text = BLOCK.sub(lambda found: "-\n" * found[0].count("\n"), path.read_text())
    for found in INDENTED.finditer(text):
        content = re.sub(r"^ {4}", "", found["text"].rstrip(), flags=re.M)
        yield _block(path, text, found, "", f"{content}\n")


class Scratch:
    """A folder with what a document takes for granted, and names for it."""

    def __init__(self, clean_up):
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        clean_up(folder.cleanup)
        self.folder = Path(folder.name, "work")
        self.etc = Path(folder.name, "etc")
        self.run = Path(folder.name, "run")
        self.bin = Path(folder.name, "bin")
        for each in (self.folder, self.etc / "tls", self.etc / "ssl",
                     self.run / "wsrelay", self.bin):
            each.mkdir(parents=True)
        for program in ("wsrelayd", "wsrelay", "wsrelay-bench",
                        "examples/app_node"):
            if (BUILD / program).exists():
                (self.bin / Path(program).name).symlink_to(BUILD / program)
        self.ports = {}
        self._make_files(Authority(clean_up))

    def _make_files(self, authority):
        certificate, key = authority.sign(
            "relay", "DNS:relay.example.com,DNS:localhost,IP:127.0.0.1")
        for name, source in (("fullchain.pem", certificate),
                             ("privkey.pem", key), ("ca.pem", authority.file)):
            shutil.copy(source, self.etc / "tls" / name)
        shutil.copy(authority.file, self.etc / "ssl/clients.pem")
        # HAProxy wants both in one file.
        for name in ("tls/bundle", "ssl/relay", "ssl/relay.example.com"):
            Path(self.etc, f"{name}.pem").write_bytes(
                certificate.read_bytes() + key.read_bytes())
            shutil.copy(key, self.etc / f"{name}.key")
        for name in ("admin.token", "relay.secret"):
            Path(self.etc, name).write_text("0123456789abcdef0123456789abcdef")

    def replace_files(self, text):
        text = text.replace("/etc/wsrelay/", f"{self.etc}/")
        text = text.replace("/etc/ssl/", f"{self.etc}/ssl/")
        text = text.replace("/run/wsrelay/", f"{self.run}/wsrelay/")
        return text.replace("/run/secrets/admin_token",
                            f"{self.etc}/admin.token")

    def replace(self, text):
        """Returns a text with ports and files that are here."""
        return re.sub(r"(?:(?<=127\.0\.0\.1:)|(?<= port ))\d{4,5}\b",
                      lambda port: self._port(port[0]), self.replace_files(text))

    def _port(self, written):
        while written not in self.ports:
            port = str(free_port())
            if port not in self.ports.values():
                self.ports[written] = port
        return self.ports[written]

    def environment(self):
        result = {name: value for name, value in os.environ.items()
                  if not name.startswith("WSRELAY_")}
        result.update(PATH=f"{self.bin}:{os.environ['PATH']}",
                      XDG_RUNTIME_DIR=str(self.run), HOME=str(self.folder),
                      WSRELAY_DRAIN="off")
        return result

    def shell(self, text, patience=PATIENCE, prefix=()):
        """Runs a script; returns its status and all that it said. What it has
        left running ends with it: all of it is in one session. `prefix` is a
        command that becomes the shell."""
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                [*prefix, "bash", "-c", text], cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, env=self.environment(),
                start_new_session=True)
            try:
                status = process.wait(patience)
            except subprocess.TimeoutExpired:
                status = f"no end within {patience} s"
            finally:
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                process.wait()
            output.seek(0)
            return status, output.read().decode(errors="replace")


class DocumentTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.scratch = Scratch(self.addCleanup)
        self.checks = {"yaml": self.check_yaml, "nginx": self.check_nginx,
                       "haproxy": self.check_haproxy}

    def has(self, block):
        status, _ = self.scratch.shell(f"{block.where} > /dev/null 2>&1", 10)
        if status != 0:
            print(f"\n{block}: left out: {block.where}", flush=True)
        return status == 0

    def needs(self, *programs):
        for program in programs:
            if not (shutil.which(program)
                    or (self.scratch.bin / program).exists()):
                self.skipTest(f"{program} is not here")

    def write(self, name, text):
        path = self.scratch.folder / name
        path.write_text(text)
        return path

    def assert_accepts(self, block, *command):
        done = subprocess.run(command, stdin=subprocess.DEVNULL,
                              capture_output=True, check=False, timeout=20)
        said = (done.stdout + done.stderr).decode()
        self.assertEqual(done.returncode, 0, f"{block}\n{said}")
        return said

    # -- configurations: without the program the test is skipped ------------------

    def check_yaml(self, block, text):
        said = self.assert_accepts(block, BUILD / "wsrelayd", "--check",
                                   self.write("checked.yaml", text))
        self.assertRegex(said, r"\A\S+: ok\n\Z", block)

    def program(self, name):
        return find_program(name) or self.skipTest(f"{name} is not here")

    def check_nginx(self, block, text):
        folders = NGINX_FOLDERS.format(folder=self.scratch.folder)
        text = text.replace("http {\n", f"http {{\n{folders}")
        text = re.sub(r"listen (?:443|80)\b",
                      lambda _: f"listen 127.0.0.1:{free_port()}", text)
        self.assert_accepts(
            block, self.program("nginx"), "-t", "-c",
            self.write("nginx.conf", text), "-p", self.scratch.folder, "-e",
            "stderr")

    def check_haproxy(self, block, text):
        self.assert_accepts(block, self.program("haproxy"), "-c", "-f",
                            self.write("haproxy.cfg", text))
