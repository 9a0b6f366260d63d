"""The guides of tools/docs: their commands run, their configurations are good.

A comment before each fenced block says what becomes of it:

    <!-- runs -->               sh: is run; a guide's blocks one after another,
                                in one shell and one folder, until one fails
    <!-- runs where COMMAND --> the same, left out where COMMAND fails: for what
                                is not installed
    <!-- checks -->             yaml: passes `wsrelayd --check`, no warning;
                                nginx, haproxy: their own check
    <!-- checks NAME -->        the same, and is the commands' file NAME
    <!-- not run: WHY -->

Ports of 127.0.0.1 are replaced by free ones, and files of /etc and /run by such as
are there, so that a guide can name those that a reader has."""

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

DOCS = HERE.parents[1] / "tools" / "docs"
# The tutorial is followed by test/package/tutorial.py.
GUIDES = sorted(path for path in DOCS.glob("[A-Z]*.md")
                if path.name != "README.md")
PATIENCE = 50  # seconds, of all commands of a guide
MAX_LINES = 200

BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*) -->\n)?"
    r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
MARK = re.compile(r"(?P<what>runs|checks|not run)(?: where (?P<where>.*)"
                  r"|: (?P<why>.+)| (?P<name>[\w./-]+))?")

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
    guide: str
    line: int
    language: str
    text: str
    what: str
    where: str
    name: str

    def __str__(self):
        return f"{self.guide}:{self.line}"


def blocks_of(path):
    text = path.read_text()
    for found in BLOCK.finditer(text):
        line = text.count("\n", 0, found.start("text")) + 1
        mark = MARK.fullmatch(found["mark"] or "")
        if not mark:
            raise AssertionError(
                f"{path.name}:{line}: nothing says whether it runs")
        yield Block(path.name, line, found["language"], found["text"],
                    mark["what"], mark["where"], mark["name"])


class Scratch:
    """A folder with what a guide takes for granted, and names for it."""

    def __init__(self, clean_up):
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        clean_up(folder.cleanup)
        self.folder = Path(folder.name, "work")
        self.etc = Path(folder.name, "etc")
        self.run = Path(folder.name, "run")
        self.bin = Path(folder.name, "bin")
        for each in (self.folder, self.etc / "tls", self.run / "wsrelay",
                     self.bin):
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
        Path(self.etc, "tls", "bundle.pem").write_bytes(
            certificate.read_bytes() + key.read_bytes())
        for name in ("admin.token", "relay.secret"):
            Path(self.etc, name).write_text("0123456789abcdef0123456789abcdef")

    def replace(self, text):
        """Returns a text with ports and files that are here."""
        text = text.replace("/etc/wsrelay/", f"{self.etc}/")
        text = text.replace("/run/wsrelay/", f"{self.run}/wsrelay/")
        text = text.replace("/run/secrets/admin_token", f"{self.etc}/admin.token")
        return re.sub(r"(?:(?<=127\.0\.0\.1:)|(?<= port ))\d{4,5}\b",
                      lambda port: self._port(port[0]), text)

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

    def shell(self, text, patience=PATIENCE):
        """Runs a script; returns its status and all that it said. What it has
        left running ends with it: all of it is in one session."""
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                ["bash", "-c", text], cwd=self.folder, stdin=subprocess.DEVNULL,
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


class Guides(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.scratch = Scratch(self.addCleanup)

    def run_guide(self, name):
        """Writes a guide's files, and runs its commands as they stand."""
        blocks = list(blocks_of(DOCS / name))
        script = [SHELL]
        for block in blocks:
            text = self.scratch.replace(block.text)
            if block.name:
                path = self.scratch.folder / block.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            if block.what == "runs":
                self.assertEqual(block.language, "sh", block)
                if not block.where or self.has(block):
                    script.append(f"echo '== {block}' >&2\n{text}")
        self.assertGreater(len(script), 1, "nothing to run")
        status, said = self.scratch.shell("".join(script))
        self.assertEqual(status, 0, f"{name}\n{said}")

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

    # -- commands --------------------------------------------------------------

    def test_monitoring(self):
        self.needs("curl")
        self.run_guide("MONITORING.md")

    def test_tls(self):
        self.needs("curl", "openssl")
        self.run_guide("TLS.md")

    def test_cluster(self):
        self.needs("curl", "wsrelay-bench")
        self.run_guide("CLUSTER.md")

    def test_deploys(self):
        self.needs("curl", "wsrelay-bench")
        self.run_guide("DEPLOYS.md")

    def test_sizing(self):
        self.needs("curl", "wsrelay-bench")
        self.run_guide("SIZING.md")

    def test_upgrading(self):
        self.needs("curl")
        self.run_guide("UPGRADING.md")

    def test_security(self):
        self.run_guide("SECURITY.md")

    def test_proxies(self):
        self.needs("curl")
        self.run_guide("PROXIES.md")

    # -- configurations --------------------------------------------------------

    def configurations(self, language):
        for path in GUIDES:
            for block in blocks_of(path):
                if block.language == language and block.what == "checks":
                    yield block, self.scratch.replace(block.text)

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

    def test_configurations_are_good(self):
        # A guide's own certificates are made by its commands.
        for name in ("relay.pem", "nodes/relay1.pem"):
            path = self.scratch.folder / name
            path.parent.mkdir(exist_ok=True)
            shutil.copy(self.scratch.etc / "tls/fullchain.pem", path)
            shutil.copy(self.scratch.etc / "tls/privkey.pem",
                        path.with_suffix(".key"))
        shutil.copy(self.scratch.etc / "tls/ca.pem",
                    self.scratch.folder / "nodes/ca.pem")
        count = 0
        for block, text in self.configurations("yaml"):
            with self.subTest(str(block)):
                said = self.assert_accepts(block, BUILD / "wsrelayd", "--check",
                                           self.write("checked.yaml", text))
                self.assertRegex(said, r"\A\S+: ok\n\Z", block)
                count += 1
        self.assertGreater(count, 5)

    def test_nginx_accepts_its_configurations(self):
        nginx = find_program("nginx")
        if not nginx:
            self.skipTest("nginx is not here")
        folders = NGINX_FOLDERS.format(folder=self.scratch.folder)
        count = 0
        for block, text in self.configurations("nginx"):
            text = text.replace("http {\n", f"http {{\n{folders}")
            text = re.sub(r"listen (?:443|80)\b",
                          lambda _: f"listen 127.0.0.1:{free_port()}", text)
            file = self.write("nginx.conf", text)
            self.assert_accepts(
                block, nginx, "-t", "-c", file, "-p", self.scratch.folder, "-e",
                "stderr")
            count += 1
        self.assertGreater(count, 0)

    def test_haproxy_accepts_its_configurations(self):
        haproxy = find_program("haproxy")
        if not haproxy:
            self.skipTest("haproxy is not here")
        count = 0
        for block, text in self.configurations("haproxy"):
            self.assert_accepts(block, haproxy, "-c", "-f",
                                self.write("haproxy.cfg", text))
            count += 1
        self.assertGreater(count, 0)

    # -- the documents ---------------------------------------------------------

    def test_every_block_says_what_becomes_of_it(self):
        for path in GUIDES:
            for block in blocks_of(path):
                wanted = {"sh": ("runs", "not run"),
                          "yaml": ("checks", "not run"),
                          "nginx": ("checks",), "haproxy": ("checks",)}
                self.assertIn(block.what,
                              wanted.get(block.language, ["not run"]), block)

    def test_every_guide_is_short_and_listed(self):
        contents = (DOCS / "README.md").read_text()
        self.assertLessEqual(contents.count("\n"), 15)
        for path in DOCS.iterdir():
            if path.name != "README.md":
                self.assertIn(f"({path.name})", contents)
            if path in GUIDES:
                self.assertLessEqual(path.read_text().count("\n"), MAX_LINES,
                                     path.name)

    def test_every_guide_with_commands_is_run(self):
        source = Path(__file__).read_text()
        for path in GUIDES:
            if any(block.what == "runs" for block in blocks_of(path)):
                self.assertIn(f'run_guide("{path.name}")', source)


if __name__ == "__main__":
    unittest.main()
