"""The command line of wsrelay itself: usage, help, completion."""

import os
import re
import subprocess
import unittest

from authority import Authority
from cluster_probe import node
from operate_base import (OK, UNREACHABLE, USAGE, OperateTest, cluster_port,
                          run)
from support import BUILD, DEADLINE, Relay, free_port, service


class CommandLine(unittest.TestCase):
    def test_wrong_usage_ends_with_2(self):
        for arguments in ([], ["nonsense"], ["--node", "x", "ps"],
                          ["--node", "unix:x", "ps"], ["--node", "./x", "ps"],
                          ["--node", ":1", "ps"], ["--node", "h:0", "ps"],
                          ["--node", "h:1", "send", "1@x"],
                          ["--node", "h:1", "close", "1@x", "1005"],
                          ["--node", "h:1", "call", "x", "{"],
                          ["--node", "h:1", "inspect", "50"],
                          ["--node", "h:1", "inspect", "foo@app1"],
                          ["--node", "h:1", "drain", "--to", "x"],
                          ["--node", "h:1", "drain", "--node", "x"],
                          ["--node", "h:1", "ps", "--timeout", "5"],
                          ["--node", "h:1", "ps", "--tls-cert", "/dev/null"]):
            done = run(*arguments)
            self.assertEqual(done.code, USAGE, arguments)
            self.assertRegex(done.errors, "^wsrelay: .")
            done = run(*arguments, "--json")
            self.assertEqual(done.error["exit"], USAGE)

    def test_certificates_that_cannot_be_used_are_wrong_usage(self):
        authority = Authority(self.addCleanup)
        certificate, key = authority.sign("operator")
        other = authority.sign("other")[1]
        none = authority.path("none.pem")
        good = {"cert": certificate, "key": key, "ca": authority.file}
        for what, file, why in (("cert", none, "No such file"),
                                ("cert", key, "it holds no certificate"),
                                ("key", other, "it does not fit"),
                                ("ca", key, "it holds no certificate")):
            files = {**good, what: file}
            options = [text for name, path in files.items()
                       for text in (f"--tls-{name}", path)]
            variables = {f"WSRELAY_TLS_{name.upper()}": str(path)
                         for name, path in files.items()}
            for word, done in (
                    (f"--tls-{what}", run(*options, "ps", port=1)),
                    (f"WSRELAY_TLS_{what.upper()}",
                     run("ps", port=1, environment=variables))):
                self.assertEqual(done.code, USAGE, done.errors)
                self.assertRegex(done.errors,
                                 f"^wsrelay: {word}: cannot use {file}: {why}")

    def test_an_authority_that_does_not_fit_is_named_as_its_option(self):
        ours, theirs = (Authority(self.addCleanup) for _ in range(2))
        relay = Relay(service() + node("relay1", listen='"127.0.0.1:0"',
                                       tls=theirs.tls("relay1")))
        self.addCleanup(relay.end)
        certificate, key = ours.sign("operator")
        done = run("--tls-cert", certificate, "--tls-key", key, "--tls-ca",
                   ours.file, "ps", port=cluster_port(relay))
        self.assertEqual(done.code, UNREACHABLE, done.errors)
        self.assertIn("--tls-ca has not signed the other's tls.certificate",
                      done.errors)

    def test_the_node_comes_from_the_environment(self):
        port = free_port()
        done = run("ps", environment={"WSRELAY_NODE": f"127.0.0.1:{port}"})
        self.assertEqual(done.code, UNREACHABLE)
        self.assertIn(str(port), done.errors)

    def test_help_has_commands_and_exit_codes(self):
        text = run("--help").text
        for word in ("ps", "targets", "peers", "send", "close", "transfer",
                     "drain", "watch", "call", "completion", "WSRELAY_NODE",
                     "Exit codes: 0 ok, 1 refused, 2 usage"):
            self.assertIn(word, text)
        text = run("watch", "--help").text
        self.assertIn("--payload", text)
        self.assertIn("Usage: wsrelay watch [OPTIONS]", text)
        self.assertRegex(run("--version").text, r"^wsrelay \d")


class Completion(OperateTest):
    def complete(self, *words):
        """Returns what bash offers at the end of a line."""
        script = run("completion", "bash").text
        line = " ".join(["wsrelay", *words])
        # As readline splits it: "@" and ":" end words.
        split = [part for part in re.split(r"([@:=])| ", line) if part]
        if not words[-1]:
            split.append("")
        listed = " ".join(f"'{word}'" for word in split)
        done = subprocess.run(
            ["bash", "-c", f"""{script}
             PATH='{BUILD}':$PATH COMP_WORDS=({listed})
             COMP_CWORD={len(split) - 1} COMP_LINE='{line}'
             COMP_POINT={len(line)}; _wsrelay
             printf '%s\\n' "${{COMPREPLY[@]}}" """],
            capture_output=True, check=True, timeout=DEADLINE,
            env={**os.environ, "WSRELAY_NODE": f"127.0.0.1:{self.port}"})
        self.assertEqual(done.stderr, b"")
        return done.stdout.decode().split()

    def test_scripts_name_every_command_and_option(self):
        for shell in ("bash", "zsh", "fish"):
            done = run("completion", shell)
            self.assertEqual(done.code, OK)
            for word in ("transfer", "payload", "tls-cert", "binary"):
                self.assertIn(word, done.text)
        self.assertEqual(run("completion", "tcsh").code, USAGE)

    def test_the_script_for_bash_parses(self):
        subprocess.run(["bash", "-n"], input=run("completion", "bash").text,
                       text=True, check=True, timeout=DEADLINE)

    def test_bash_completes_commands_options_and_pids(self):
        self.assertEqual(self.complete("tra"), ["transfer"])
        self.assertIn("watch", self.complete(""))
        self.assertEqual(self.complete("watch", "--pay"), ["--payload"])
        self.assertEqual(self.complete("ps", "--ti"), ["--timeout"])
        self.assertEqual(self.complete("completion", "z"), ["zsh"])
        self.assertEqual(self.complete("ps", "--timeout", ""), [])
        _, pid = self.connect_known()
        self.assertEqual(self.complete("watch", ""), [pid])
        number, rest = pid.split("@")
        self.assertEqual(self.complete("close", number), [pid])
        # What stands before "@" is a word of its own for readline.
        self.assertEqual(self.complete("close", f"{number}@{rest[:3]}"), [rest])


if __name__ == "__main__":
    unittest.main()
