"""What a browser shows of its own closes, with the relay alone and behind a
proxy that speaks HTTP/2 (RFC 8441) with it."""

import json
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from authority import Authority
from proxy_programs import Haproxy, find_program
from support import HERE, RelayTest, echo_config

NPM = HERE / "npm"
NODE = shutil.which("node")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CLOSES = 40


class HaproxyHttp2(Haproxy):
    def write(self, text):
        bundle = Path(self.folder.name, "bundle.pem")
        return super().write(text.replace(
            f"ssl crt {bundle}", f"ssl crt {bundle} alpn h2,http/1.1"))


@unittest.skipUnless(NODE, "node is not installed")
@unittest.skipUnless(CHROMIUM, "chromium is not installed")
@unittest.skipUnless((NPM / "node_modules/playwright-core").is_dir(),
                     "no node_modules: run `npm ci` in test/system/npm")
class BrowserClose(RelayTest):
    @classmethod
    def config(cls):
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        cls.addClassCleanup(folder.cleanup)
        Path(folder.name, "index.html").write_text("<title>closes</title>")
        return (echo_config(dict(trusted_proxies='["127.0.0.1"]'))
                + f"- {{name: files, kind: http.static, meta: {{server: gateway}}, "
                  f"path: /, root: \"{folder.name}\"}}\n")

    def closes(self, url):
        done = subprocess.run(
            [NODE, NPM / "close.js", url, "/ws/echo", str(CLOSES), CHROMIUM],
            capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return json.loads(done.stdout)

    def check(self, found):
        self.assertEqual(
            [(each["code"], each["reason"], each["clean"])
             for each in found["closes"]],
            [(4000 + i, f"reason {i}", True) for i in range(CLOSES)])

    def test_a_browser_gets_its_own_code_and_reason_back(self):
        self.check(self.closes(f"http://{self.relay.host}"))

    @unittest.skipUnless(find_program("haproxy"), "no haproxy here")
    def test_so_it_does_behind_a_proxy_that_speaks_http2(self):
        authority = Authority(self.addClassCleanup)
        proxy = HaproxyHttp2(self.relay.port, authority)
        self.addCleanup(proxy.end)
        found = self.closes(f"https://127.0.0.1:{proxy.port}")
        self.assertEqual(found["protocol"], "h2")
        self.check(found)


if __name__ == "__main__":
    unittest.main()
