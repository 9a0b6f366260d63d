"""nginx and HAProxy in front of a relay, with the PROXY protocol, unix sockets,
health checks and HTTP/2, and their reloads while a WebSocket is open."""

import contextlib
import csv
import json
import os
import shutil
import signal
import socket
import subprocess
import unittest
from pathlib import Path

from authority import Authority
from http_upstream import Upstream, answer
from https_base import client_context
from plain_http import DEMO
from proxy_programs import NGINX, Proxy, find_program
from raw_client import Connection, WebSocket, upgrade_fields
from support import DEADLINE, HERE, endpoint, router, wait_until
from unix_sockets import Server, service_at

CLIENT, PROXY = "127.0.0.2", "127.0.0.1"
NODE = shutil.which("node")
STREAM = Path(os.environ.get("WSRELAY_NGINX_MODULES",
                             "/usr/lib/nginx/modules"), "ngx_stream_module.so")

HAPROXY = """\
global
  stats socket {folder}/stats level admin expose-fd listeners
defaults
  mode {mode}
  timeout connect 5s
{timeouts}
listen relay
  bind 127.0.0.1:{port} {bind}
  {line}
  server relay {relay} {server}
"""

TLS = "ssl crt BUNDLE"
TIMEOUTS = "  timeout client 1m\n  timeout server 1m\n  timeout tunnel 1m"

# The master waits for signals; the socket may be root's.
NGINX_HTTP = NGINX.replace(
    "master_process off;", "user root;" if os.geteuid() == 0 else "").replace(
    "{recipe}", """\
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    location / {{
      proxy_pass http://{relay};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $http_connection;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
    }}
  }}
""")
NGINX_STREAM = """\
load_module {module}; daemon off;
pid {folder}/pid;
error_log stderr;
events {{}}
stream {{ server {{
  listen 127.0.0.1:{port};
  proxy_pass {relay};
  proxy_protocol on;
}} }}
"""


class Front(Proxy):
    """One with workers, which a signal makes read its configuration again."""

    def workers(self):
        pid = self.process.pid
        listed = Path(f"/proc/{pid}/task/{pid}/children")
        text = listed.read_text() if listed.is_file() else ""
        return set(map(int, text.split()))

    is_ready = workers

    def reload(self, number):
        before = wait_until(self.is_ready, "a worker")
        self.process.send_signal(number)
        wait_until(lambda: self.workers() - before, "a new worker")

    def end(self):
        # Its workers end with it only if it is not killed.
        if self.process.poll() is None:
            left = self.workers()
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
            for pid in left & self.workers():
                os.kill(pid, signal.SIGKILL)
        super().end()


class Haproxy(Front):
    def __init__(self, relay, authority, mode="http", bind="", server="",
                 line="", timeouts=TIMEOUTS):
        self.keys = dict(mode=mode, server=server, line=line, bind=bind,
                         timeouts=timeouts)
        super().__init__(relay, authority)

    def command(self, keys):
        text = HAPROXY.format(**self.keys, **keys)
        path = self.write(text.replace("BUNDLE", str(keys["bundle"])))
        return [find_program("haproxy"), "-W", "-S",
                f"{self.folder.name}/master", "-f", path]

    def ask(self, name, question):
        """Returns what it answers; "" while it does not listen."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as s:
            s.settimeout(DEADLINE)
            s.connect(f"{self.folder.name}/{name}")
            s.sendall(question)
            s.shutdown(socket.SHUT_WR)
            return s.makefile().read()
        return ""

    def is_ready(self):
        # Its master starts itself anew, and until then signals get lost.
        return "worker" in self.ask("master", b"show proc\n") and self.workers()

    def verdict(self):
        """Returns what its checks say of the relay, once they have decided."""
        text = self.ask("stats", b"show stat relay 4 -1\n")
        for row in csv.DictReader(text.removeprefix("# ").splitlines()):
            return row["status"] in ("UP", "DOWN") and row


class Nginx(Front):
    TEXT = NGINX_HTTP

    def command(self, keys):
        path = self.write(self.TEXT.format(module=STREAM, **keys))
        return [find_program("nginx"), "-c", path, "-p", self.folder.name,
                "-e", "stderr"]


class NginxStream(Nginx):
    TEXT = NGINX_STREAM


class Client(WebSocket):
    """One that has its own address, and that `open` makes a WebSocket."""

    def __init__(self, port, authority=None):
        Connection.__init__(self, port, source=CLIENT)
        if authority:
            context = client_context(authority)
            context.check_hostname = False  # the certificate's is "proxy"
            self.socket = context.wrap_socket(self.socket)


class FrontTest(unittest.TestCase):
    """A relay with four services, two of them with the PROXY protocol."""

    @classmethod
    def setUpClass(cls):
        cls.authority = Authority(cls.addClassCleanup)
        certificate, key = cls.authority.sign("relay", "IP:127.0.0.1")
        cls.upstream = Upstream()
        cls.addClassCleanup(cls.upstream.close)
        cls.upstream.answers["/ws/up"] = answer(200, "up")
        cls.unix = f"unix:{cls.authority.path('relay.sock')}"
        bare = {"trusted_proxies": f'["{PROXY}"]'}
        trust = {**bare, "proxy_protocol": "true"}
        tls = f"{{certificate: {certificate}, key: {key}}}"
        cls.relay = Server(
            cls.serve("plain", "127.0.0.1:0", **trust)
            + cls.serve("secure", "127.0.0.1:0", tls=tls, **trust)
            + cls.serve("bare", "127.0.0.1:0", **bare)
            + cls.serve("local", cls.unix, trusted_proxies='["unix:"]'),
            addresses=4)
        cls.addClassCleanup(cls.relay.stop)
        cls.plain, cls.secure, cls.bare = (
            f"127.0.0.1:{cls.relay.port_at(place)}" for place in range(3))

    @classmethod
    def serve(cls, name, address, **keys):
        echo, up = "relay: {target_pid: echo}", f"upstream: {cls.upstream.url}"
        text = (service_at(address, **keys) + router(name)
                + endpoint(f"{name}-echo", "/echo", echo, name)
                + endpoint(f"{name}-up", "/up", up, name)
                + DEMO.replace(": demo", f": demo-{name}", 1))
        return text.replace("gateway", name)

    def front(self, kind, relay, *more, **keys):
        made = kind(relay, self.authority, *more, **keys)
        self.addCleanup(made.end)
        return made

    def connect(self, front, secure=True):
        client = Client(front.port, self.authority if secure else None)
        self.addCleanup(client.close)
        return client

    def open(self, front, secure=True):
        """Returns a WebSocket through it, of its own origin."""
        client = self.connect(front, secure)
        origin = f"http{'s' * secure}://127.0.0.1:{front.port}"
        found = client.request("GET", "/ws/echo",
                               [*upgrade_fields(), ("Origin", origin)])
        self.assertEqual(found.status, 101)
        return client

    def assert_passes(self, front, secure=True):
        """A client's address and scheme arrive, and its WebSocket works."""
        found = self.connect(front, secure).request("GET", "/ws/up")
        self.assertEqual(found.body, b"up", found)
        asked = self.upstream.asked[-1]
        self.assertIn(CLIENT, str(asked.all("X-Forwarded-For")))
        self.assertEqual("https" in asked.all("X-Forwarded-Proto"), secure)
        client = self.open(front, secure)
        self.assertEqual(client.echo("x" * 200_000), "x" * 200_000)
        self.assertEqual(client.leave().code, 1000)

    def assert_goes_on(self, front, number):
        """A WebSocket lives through reloads, and new clients are served."""
        self.assert_passes(front)
        client = self.open(front)
        for i in range(2):
            front.reload(number)
            self.assertEqual(client.echo(f"old {i}"), f"old {i}")
            self.assert_passes(front)
        self.assertEqual(client.leave().code, 1000)


@unittest.skipUnless(find_program("haproxy"), "no haproxy here")
class HaproxyTest(FrontTest):
    def test_header_of_each_version_before_http_and_before_tls(self):
        for server in ("send-proxy", "send-proxy-v2"):
            for relay in (self.plain, self.secure):
                front = self.front(Haproxy, relay, "tcp", server=server)
                self.assert_passes(front, relay == self.secure)

    def test_tls_that_ends_there_is_told_in_the_header(self):
        for more in ("", "-cn", " proxy-v2-options crc32c,authority,unique-id"):
            self.assert_passes(self.front(Haproxy, self.plain, "tcp", bind=TLS,
                                          server=f"send-proxy-v2-ssl{more}"))

    def test_health_checks(self):
        over_tls = "send-proxy-v2 check-send-proxy ssl verify none"
        for relay, check, server in (
                (self.plain, "httpchk OPTIONS /", "send-proxy"),
                (self.plain, "httpchk HEAD /", "send-proxy check-send-proxy"),
                (self.plain, "httpchk HEAD /", "send-proxy-v2"),
                (self.secure, "httpchk OPTIONS /", over_tls),
                (self.plain, "tcp-check", "send-proxy-v2")):
            with self.subTest(check=check, server=server):
                front = self.front(Haproxy, relay, line=f"option {check}",
                                   server=f"{server} check inter 100ms")
                row = wait_until(front.verdict, "it is checked")
                self.assertRegex(row["check_status"], "L[47]OK")
                self.assertEqual((row["status"], row["chkfail"]), ("UP", "0"))
        self.assertNotRegex(self.relay.log(), "header refused|TLS .* failed")

    @unittest.skipUnless(NODE, "node is not installed")
    def test_a_websocket_over_http_2(self):
        front = self.front(Haproxy, self.plain, server="send-proxy-v2-ssl",
                           bind=f"{TLS} alpn h2,http/1.1")
        own = f"https://127.0.0.1:{front.port}"
        for origin, told in (
                (own, {"status": 200, "echoes": [True, True], "close": 1000}),
                ("https://evil.example", {"status": 403, "echoes": []})):
            text = subprocess.check_output(
                [NODE, HERE / "npm/h2_echo.mjs", f"{own}/ws/echo",
                 self.authority.file, origin], timeout=DEADLINE)
            self.assertEqual(json.loads(text),
                             {"connect": True, "plain": 200, **told})

    def test_its_reload(self):
        for mode in ("tcp", "http"):
            front = self.front(Haproxy, self.plain, mode, bind=TLS,
                               server="send-proxy-v2-ssl")
            self.assert_goes_on(front, signal.SIGUSR2)


@unittest.skipUnless(find_program("nginx"), "no nginx here")
class NginxTest(FrontTest):
    def test_a_unix_socket_and_its_reload(self):
        self.assert_goes_on(self.front(Nginx, self.unix), signal.SIGHUP)

    @unittest.skipUnless(STREAM.is_file(), "nginx has no stream module")
    def test_the_header_of_its_streams(self):
        for relay in (self.plain, self.secure):
            front = self.front(NginxStream, relay)
            self.assert_passes(front, relay == self.secure)


if __name__ == "__main__":
    unittest.main()
