"""The guides of tools/docs: their commands run, their configurations are good. A
mark before each fenced block says what becomes of it: document_base.py."""

import shutil
import unittest
from pathlib import Path

from document_base import SHELL, DocumentTest, fenced_blocks
from support import HERE

DOCS = HERE.parents[1] / "tools" / "docs"
# The tutorial is followed by test/package/tutorial.py.
GUIDES = sorted(path for path in DOCS.glob("[A-Z]*.md")
                if path.name != "README.md")
MAX_LINES = 200


def blocks_of(path):
    for block in fenced_blocks(path):
        if not block.what:
            raise AssertionError(f"{block}: nothing says whether it runs")
        yield block


class Guides(DocumentTest):
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

    def check_all(self, language, least):
        count = 0
        for block, text in self.configurations(language):
            count += 1
            with self.subTest(str(block)):
                self.checks[language](block, text)
        self.assertGreaterEqual(count, least)

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
        self.check_all("yaml", 6)

    def test_nginx_accepts_its_configurations(self):
        self.check_all("nginx", 1)

    def test_haproxy_accepts_its_configurations(self):
        self.check_all("haproxy", 1)

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
