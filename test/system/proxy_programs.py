"""nginx and HAProxy in front of a relay, ending TLS, as config/LISTENING.md sets
them up."""

import re
import shutil
import socket
import ssl
import subprocess
import tempfile
from pathlib import Path

from raw_client import Connection
from support import DEADLINE, free_port, wait_until

LISTENING = Path(__file__).parents[2] / "config" / "LISTENING.md"

# What the configurations there leave to the reader.
NGINX = """\
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  {recipe}
}}
"""

HAPROXY = """\
global
  maxconn 100
{recipe}
"""

RELAY = "127.0.0.1:8080"


def recipe(language, replaced):
    """Returns the first block of LISTENING.md in this language, with each key of
    `replaced`, which stands there once, replaced by its value."""
    text = re.findall(rf"^```{language}\n(.*?)^```", LISTENING.read_text(),
                      re.DOTALL | re.MULTILINE)[0]
    for old, new in replaced.items():
        assert text.count(old) == 1, f"{old} in {text}"
        text = text.replace(old, str(new))
    return text


X_FORWARDED = """\
  option forwardfor
  http-request set-header X-Forwarded-Proto https
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request del-header X-Real-IP
  http-request del-header Forwarded
"""

# What `option forwarded proto host for` of version 2.8 writes.
OLD_FORWARDED = ("""http-request set-header Forwarded """
                 """'proto=https;host="%[req.hdr(host)]";for=%[src]'""")


def find_program(name):
    return shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:"
                                   "/usr/local/bin:/opt/local/bin")


def forwarded_lines():
    """Returns the lines that make this HAProxy send Forwarded."""
    text = subprocess.run([find_program("haproxy"), "-v"], check=True,
                          capture_output=True).stdout.decode()
    version = tuple(map(int, re.search(r"version (\d+)\.(\d+)", text).groups()))
    if version < (2, 8):
        return OLD_FORWARDED
    return "option forwarded proto host for"


class Proxy:
    """A proxy that ends TLS before `relay_port`. It cannot take port 0: one is
    chosen, and another one when somebody was faster."""

    def __init__(self, relay_port, authority):
        self.authority = authority
        self.relay_port = relay_port
        self.folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        self.output = tempfile.TemporaryFile()
        for _ in range(10):
            self.port = free_port()
            if self.start():
                return
        self.end()
        raise AssertionError(f"the proxy does not start: {self.log()}")

    def command(self, _keys):
        raise NotImplementedError

    def start(self):
        certificate, key = self.authority.sign("proxy")
        bundle = Path(self.folder.name, "bundle.pem")
        bundle.write_bytes(certificate.read_bytes() + key.read_bytes())
        command = self.command(dict(
            folder=self.folder.name, port=self.port, relay=self.relay_port,
            certificate=certificate, key=key, bundle=bundle))
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.output,
            stderr=self.output)
        wait_until(lambda: self.process.poll() is not None or self.listens(),
                   "the proxy listens or ends")
        return self.process.poll() is None

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def write(self, text):
        path = Path(self.folder.name, "config")
        path.write_text(text)
        return path

    def log(self):
        self.output.seek(0)
        return self.output.read().decode(errors="replace")

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.output.close()
        self.folder.cleanup()


class Nginx(Proxy):
    def command(self, keys):
        path = self.write(NGINX.format(
            folder=keys["folder"],
            recipe=recipe("nginx", {
                "listen 443": f"listen 127.0.0.1:{keys['port']}",
                "/etc/ssl/relay.pem": keys["certificate"],
                "/etc/ssl/relay.key": keys["key"],
                RELAY: f"127.0.0.1:{keys['relay']}"})))
        return [find_program("nginx"), "-c", path, "-p", self.folder.name,
                "-e", "stderr"]


class Haproxy(Proxy):
    def command(self, keys):
        path = self.write(HAPROXY.format(recipe=recipe("haproxy", {
            "bind :443": f"bind 127.0.0.1:{keys['port']}",
            "/etc/ssl/relay.pem": keys["bundle"],
            X_FORWARDED: self.lines(),
            RELAY: f"127.0.0.1:{keys['relay']}"})))
        return [find_program("haproxy"), "-f", path]

    def lines(self):
        return X_FORWARDED


class HaproxyForwarded(Haproxy):
    def lines(self):
        return f"  {forwarded_lines()}\n"


class FromAddress(Connection):
    """A client whose own address is `address`; over TLS with `authority`."""

    def __init__(self, port, address, authority=None):
        super().__init__(port, source=address)
        if authority:
            context = ssl.create_default_context(cafile=authority.file)
            context.check_hostname = False  # the certificate's name is "proxy"
            self.socket.settimeout(DEADLINE)
            self.socket = context.wrap_socket(self.socket)
