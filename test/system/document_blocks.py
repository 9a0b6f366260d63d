"""What documents show as code, but for the guides (guides.py) and the tutorial
(test/package/tutorial.py): commands run, configurations are good. The language of a
fence says what becomes of it; a mark (document_base.py) says otherwise, and what
stands around a fragment. A block of four blanks that holds commands or YAML has a
mark in any case. C++ is compiled by test/package/headers.py.

Commands run as they stand, in a network of their own, in which every port is free:
that needs root, or a kernel that lets users have one."""

import ast
import json
import os
import re
import subprocess
import unittest
from pathlib import Path

from document_base import (ROOT, SHELL, DocumentTest, Scratch, fenced_blocks,
                           indented_blocks)
from proxy_programs import find_program
from support import BUILD
from trusted_header import sign

DOCS = ROOT / "tools" / "docs"
OPERATING = ROOT / "tools/wsrelay/OPERATING.md"
SKIPPED = {".git", "build", "node_modules"}
CHECKED = {"yaml", "json", "nginx", "haproxy", "ini", "js", "python"}
# Whole programs, which these run with a relay beside them.
PROGRAMS = {"actors/BACKEND.md": "backend_service.py",
            "net/hook/WEBHOOKS.md": "http_target.py"}

# How an indented block begins that is no output and no picture.
COMMAND = re.compile(
    r"[A-Z_]+=\S|[a-z]+=\S|[\w/]*/python3 |(?:build|tools|test|\.ci)/\S|"
    r"(?:apt|cmake|ctest|curl|docker|export|git|journalctl|kubectl|node|npm|openssl|"
    r"pip|podman|python3|sed|ssh|sudo|systemctl|wsrelay|wsrelayd|wsrelay-bench) "
    r"|- name:|- \{name")
FIELD = re.compile(r"^ *X-WS-Relay[\w-]*: (\{.*)$", re.M)

# -- what stands around a fragment ----------------------------------------------------

SERVICE = """\
- name: gateway
  kind: http.service
  addr: 127.0.0.1:8080
"""
ROUTER = """\
- name: ws
  kind: http.router
  meta: {server: gateway}
  post_middleware: [websocket_relay]
"""
BACKENDS = "- {name: backends, kind: backend.service}\n"
HTTPS_SERVICE = """\
- name: gateway
  kind: http.service
  addr: 127.0.0.1:8443
  tls: {certificate: /etc/ssl/relay.pem, key: /etc/ssl/relay.key}
"""
BALANCER = """\
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend clients
  bind 127.0.0.1:8443
  default_backend relay
"""
HTTP = """\
events {}
http {
FRAGMENT
}
"""
SERVER = HTTP.replace("FRAGMENT", "server { listen 443; FRAGMENT }")
LOCATION = SERVER.replace(
    "FRAGMENT", "location / { proxy_pass http://127.0.0.1:8080; FRAGMENT }"
                "location /sign { return 204; }")
AROUND = {
    "a service": SERVICE + "FRAGMENT",
    "a router": SERVICE + BACKENDS + ROUTER + "FRAGMENT",
    "a configuration with https": HTTPS_SERVICE + "FRAGMENT",
    "a load balancer": BALANCER + "FRAGMENT",
    "http": HTTP,
    "a server": SERVER,
    "a location": LOCATION,
}

# -- what is there before commands -----------------------------------------------------

# `start` waits until a program has printed a line, which says that it works.
NETWORK = SHELL + """\
ip link set lo up
echo 127.0.0.1 localhost relay1.example.com > hosts
mount --bind hosts /etc/hosts
start() {
  local file=output.$((++started))
  "$@" > $file &
  until [ -s $file ]; do kill -0 $!; sleep 0.05; done
}
curl() { command curl -sS --fail-with-body "$@"; }
journalctl() { :; }
"""
CLUSTER = """\
start wsrelayd --config tools/examples/app_node.yaml --admin 127.0.0.1:9090
start app_node 127.0.0.1:9000 app1 lobby
start app_node 127.0.0.1:9000 app2 lobby2
until wsrelay targets | grep -qw lobby && wsrelay targets | grep -qw lobby2
do sleep 0.05; done
"""
# It sends its handshake, and nothing more; its PID is $PID.
CLIENT = CLUSTER + """\
start app_node 127.0.0.1:9000 app3
until wsrelay targets | grep -qw greeter; do sleep 0.05; done
exec 9<> /dev/tcp/127.0.0.1/8080
printf '%s\\r\\n' 'GET /greet HTTP/1.1' 'Host: 127.0.0.1:8080' \\
  'Connection: Upgrade' 'Upgrade: websocket' 'Sec-WebSocket-Version: 13' \\
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' '' >&9
head -n 1 <&9 | grep -q ' 101 '
PID=$(wsrelay ps | awk 'NR == 2 { sub("#", "-", $1); print $1 }')
"""
HTTPS = """\
mkdir -p build/tls
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \\
  -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \\
  -keyout build/tls/key.pem -out build/tls/certificate.pem
start wsrelayd --tls-cert build/tls/certificate.pem --tls-key build/tls/key.pem
echo 'require("https").get("https://127.0.0.1:8080/", (all) => all.resume())' \\
  > client.js
"""
BEFORE = {"": "", "terminals": "", "a cluster": CLUSTER,
          "a cluster with a client": CLIENT, "https": HTTPS,
          "a node": "start wsrelayd --config relay1.yaml\n"}


def documents():
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in SKIPPED]
        for name in names:
            if name.endswith(".md") and not name.startswith("tutorial"):
                yield Path(folder, name)


def options_of(text):
    return set(re.findall(r"--[a-z]+(?:-[a-z]+)*", text)) - {"--help", "--version"}


def help_of(program):
    return subprocess.run([BUILD / program, "--help"], check=True,
                          capture_output=True).stdout.decode()


def blocks_of(path):
    """Returns what is checked here of a document, with what becomes of it."""
    if path.parent != DOCS:
        for block in fenced_blocks(path):
            if not block.what:
                block.what = ("runs" if block.language == "sh" else
                              "checks" if block.language in CHECKED else "")
            yield block
    for block in indented_blocks(path):
        if COMMAND.match(block.text):
            if block.what in ("runs", "not run"):
                block.language = "sh"
            elif block.what == "checks":
                block.language = "yaml"
            yield block
        elif block.text.startswith("{"):
            block.what, block.language = "checks", "json"
            yield block
        elif block.text.startswith("find_package("):
            block.what, block.language = "checks", "cmake"
            yield block


def with_parents(text):
    """Adds the service and the router that entries name and that are not there, and
    where the targets of a fragment come from."""
    if "router: ws" in text and "name: ws," not in text and "name: ws\n" not in text:
        text = BACKENDS + ROUTER + text
    if "server: gateway" in text and "name: gateway" not in text:
        text = SERVICE + text
    return text


def indented(text):
    """Returns keys of an entry as they stand in one."""
    blanks = re.match(" *", text)[0]
    return re.sub(f"^{blanks}(?=.)", "  ", text, flags=re.M)


class Documents(DocumentTest):
    def setUp(self):
        super().setUp()
        self.checks.update({
            "ini": self.check_units, "json": self.check_json,
            "js": self.check_script, "python": self.check_python,
            "cmake": self.check_cmake})

    def make_scratch(self):
        self.scratch = Scratch(self.addCleanup)
        folder = self.scratch.folder
        (folder / "build").mkdir()
        (folder / "build/release").symlink_to(BUILD.resolve())
        (folder / "tools").symlink_to(ROOT / "tools")
        (folder / "backend.token").write_text("0123456789abcdef0123456789abcdef")

    # -- commands --------------------------------------------------------------

    def network(self):
        """Returns the command that gives others a network of their own."""
        prefix = ["unshare", "--net", "--mount"]
        if os.geteuid() != 0:
            prefix.append("--map-root-user")
        try:
            subprocess.run([*prefix, "ip", "link", "set", "lo", "up"], check=True,
                           capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            self.skipTest(f"no network of its own: {error}")
        return prefix

    def run_block(self, block):
        text = self.scratch.replace_files(block.text)
        before = BEFORE[block.place]
        self.needs(*(name for name in ("app_node", "curl", "node", "openssl")
                     if re.search(rf"\b{name}\b", before + text)))
        if before == CLIENT:
            text = re.sub(r"\bPID\b|\b\d+@\w+\.\.\.\w+-\d+", '"$PID"', text)
        if block.place == "terminals":
            text = "".join(f"start {line}\n" for line in text.splitlines())
        status, said = self.scratch.shell(f"{NETWORK}{before}{text}",
                                          prefix=self.network())
        self.assertEqual(status, 0, f"{block}\n{said}")

    # -- languages -------------------------------------------------------------

    def check(self, block):
        text = block.text
        if block.place:
            if block.language == "yaml" and not text.startswith("-"):
                text = indented(text)
            text = AROUND[block.place].replace("FRAGMENT", text)
        elif block.language == "yaml":
            text = with_parents(text)
        text = self.scratch.replace_files(text)
        if block.name:
            self.write(block.name, text)
        self.checks[block.language](block, text)

    def check_json(self, block, text):
        """One value or several."""
        while text.strip():
            _, end = json.JSONDecoder().raw_decode(text := text.strip())
            text = text[end:]

    def check_units(self, block, text):
        """A comment names the file of what follows."""
        files = []
        for name, unit in re.findall(r"^# (\S+)\n((?:[^#\n].*\n|\n)+)", text, re.M):
            files.append(self.write(name, unit.replace(
                "/usr/bin/wsrelayd", str(BUILD / "wsrelayd"))))
        self.assertGreater(len(files), 0, block)
        program = find_program("systemd-analyze")
        if not program:
            self.skipTest("systemd-analyze is not here")
        said = self.assert_accepts(block, program, "verify", "--man=no", *files)
        self.assertEqual(said, "", block)

    def check_script(self, block, text):
        self.needs("node")
        self.assert_accepts(block, "node", "--check",
                            self.write("script.mjs", text))

    def check_python(self, block, text):
        ast.parse(text)
        if block.document == "config/SIGNATURES.md":
            return self.check_signature(text)
        self.assertIn(block.document, PROGRAMS)
        test = (ROOT / "test/system" / PROGRAMS[block.document]).read_text()
        self.assertIn(f'"{block.document}"', test)

    def check_signature(self, text):
        mine = sign("{}", secret="secret", path="/path", host="app.example")
        values = dict(re.findall(r"(\w+)=(\w[\w-]*)", mine))
        names = dict(values, secret=b"secret", method="GET", host="app.example",
                     target="/path", command="{}")
        exec(f"import hashlib, hmac\n{text}", names)
        self.assertEqual(names["signature"], values["hmac"])

    def check_cmake(self, block, text):
        """The program of the package's test says the same."""
        built = (ROOT / "test/package/app/CMakeLists.txt").read_text()
        for line in text.split("\n"):
            self.assertIn(line, built, block)

    # -- the documents ---------------------------------------------------------

    def test_every_block_runs_or_is_good(self):
        count = 0
        for path in documents():
            blocks = list(blocks_of(path))
            if blocks:
                self.make_scratch()
            for block in blocks:
                count += 1
                with self.subTest(str(block)):
                    self.assert_is_good(block)
        self.assertGreater(count, 60)

    def assert_is_good(self, block):
        if block.what == "checks":
            self.check(block)
        elif block.what == "runs":
            if not block.where or self.has(block):
                self.run_block(block)
        elif block.language == "cpp":
            headers = (ROOT / "test/package/headers.py").read_text()
            self.assertIn(f'"{block.document}"', headers, block)
        else:
            self.assertEqual(block.what, "not run",
                             "nothing says what becomes of it")
            self.assert_names_are_there(block)

    def assert_names_are_there(self, block):
        """What commands that are not run here name of the source tree."""
        for name in re.findall(r"(?<![\w/.])(?:tools|test|\.ci)/[\w./-]*\w",
                               block.text):
            self.assertTrue((ROOT / name).exists(), f"{block}: {name}")
        presets = (ROOT / "CMakePresets.json").read_text()
        for name in re.findall(r"--preset (\w+)", block.text):
            self.assertIn(f'"name": "{name}"', presets, block)

    def test_a_block_that_nobody_checks_is_a_failure(self):
        self.make_scratch()
        for text in ("```text\nanything\n```\n", "```cpp\nint x;\n```\n",
                     "```python\nprint()\n```\n", "```json\n{\n```\n",
                     "```yaml\n- name: x\n  kind: y\n```\n",
                     "<!-- looks good -->\n```sh\ntrue\n```\n",
                     "As this says:\n\n    wsrelay ps\n",
                     "<!-- not run: it takes long -->\n    tools/none\n"):
            with self.subTest(text), self.assertRaises(
                    (AssertionError, ValueError)):
                for block in blocks_of(self.write("document.md", text)):
                    self.assert_is_good(block)

    def test_fields_of_commands_are_json(self):
        count = 0
        for path in documents():
            for command in FIELD.findall(path.read_text()):
                with self.subTest(str(path)):
                    json.loads(command)
                    count += 1
        self.assertGreater(count, 2)

    def test_the_options_of_wsrelayd_are_those_of_its_help(self):
        text = next(block.text for block in indented_blocks(OPERATING)
                    if block.text.startswith("wsrelayd --config"))
        self.assertEqual(options_of(text), options_of(help_of("wsrelayd")))

    def test_the_commands_of_wsrelay_are_those_of_its_help(self):
        tables = OPERATING.read_text().partition("\n## wsrelay\n")[2]
        rows = "\n".join(re.findall(r"^\| (`.*?) \|", tables, re.M))
        said = help_of("wsrelay")
        own = said[:said.index("Subcommands:")]
        commands = re.findall(r"^  (\w+) ", said[len(own):], re.M)
        self.assertEqual(set(re.findall(r"^`(\w+)", rows, re.M)), set(commands))
        self.assertLessEqual(options_of(own), options_of(rows))


if __name__ == "__main__":
    unittest.main()
