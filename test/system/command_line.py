"""The command line of wsrelayd: help, checks, errors, exit statuses."""

import tempfile
import unittest
from pathlib import Path

from authority import Authority
from raw_client import Connection, WebSocket
from support import (REPORTS, Program, RelayTest, echo_config, endpoint,
                     router, service, wait_until)

BROKEN = """\
- name: gateway
  kind: http.service
  addr: "127.0.0.1:99999"
  request_timeout: soon
  no_such_key: 1
- name: ws
  kind: http.router
  meta: {server: nowhere}
  prefix: ws
  post_options: {wsrelay.max.message.size: "-1"}
- name: echo
  kind: http.endpoint
  meta: {router: ws}
  path: /echo
- name: what
  kind: http.nonsense
"""


class CommandLine(unittest.TestCase):
    start_relay = RelayTest.start_relay

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_program(self, *arguments):
        """Returns exit status, standard output and standard error."""
        program = Program("wsrelayd", *arguments)
        self.addCleanup(program.end)
        status = program.wait()
        self.assertNotRegex(program.stderr, REPORTS)
        return status, program.stdout, program.stderr

    def write(self, text, name="relay.yaml"):
        path = self.folder / name
        path.write_text(text)
        return path

    def test_help(self):
        status, out, _ = self.run_program("--help")
        self.assertEqual(status, 0)
        for option in ("--config", "--check", "--listen", "--threads",
                       "--tls-cert", "--tls-key", "--log-level",
                       "--operator-socket", "--print-config",
                       "--version"):
            self.assertIn(option, out)

    def test_version(self):
        status, out, _ = self.run_program("--version")
        self.assertEqual(status, 0)
        self.assertRegex(out, r"^wsrelayd \d+\.\d+\.\d+( \([0-9a-f]{12}\))?\n$")

    def test_an_option_that_is_wrong_is_status_2(self):
        for arguments in (("--nonsense",), ("extra",), ("--listen", "nowhere"),
                          ("--listen", "127.0.0.1:99999"), ("--threads", "x"),
                          ("--threads", "-1"), ("--log-level", "loud"),
                          ("--tls-cert", "/etc/hosts"),
                          ("--tls-key", "/etc/hosts"),
                          ("--tls-cert", "", "--tls-key", ""),
                          ("--tls-cert", "/etc/hosts", "--tls-key", ""),
                          ("--check", "/etc/hosts", "--tls-cert",
                           "/etc/hosts", "--tls-key", "/etc/hosts"),
                          ("--config",)):
            with self.subTest(arguments=arguments):
                status, out, errors = self.run_program(*arguments)
                self.assertEqual((status, out), (2, ""))
                self.assertTrue(errors.strip())

    def test_check_accepts_a_good_file(self):
        path = self.write(echo_config(max_message_size="16MiB",
                                      output_limit="16MiB"))
        status, out, errors = self.run_program("--check", path)
        self.assertEqual((status, out, errors), (0, f"{path}: ok\n", ""))

    def test_check_reports_every_error_with_file_line_and_key(self):
        path = self.write(BROKEN)
        status, _, errors = self.run_program("--check", path)
        self.assertEqual(status, 1)
        lines = errors.splitlines()
        for key, line in (("addr", 3), ("request_timeout", 4),
                          ("no_such_key", 5), ("meta.server", 8),
                          ("max.message.size", 10)):
            with self.subTest(key=key):
                found = [each for each in lines if key in each]
                self.assertTrue(found, errors)
                self.assertRegex(found[0], rf"^error: .*relay\.yaml:{line}\b")
        for line in lines:
            self.assertRegex(line, r"^error: .*relay\.yaml:\d+")
        self.assertTrue(any("http.nonsense" in each for each in lines), errors)

    def test_check_reports_what_is_no_yaml(self):
        for text in ("a: [", "\t- x", "- name: 'open", "\xff", "- [1, 2]", "7"):
            with self.subTest(text=text):
                status, _, errors = self.run_program(
                    "--check", self.write(text))
                self.assertEqual(status, 1)
                self.assertIn("error: ", errors)

    def test_yaml_errors_say_what_the_line_needs(self):
        for text, line, words in (
                ("- name: a: b\n", 1, 'needs quotes: "a: b"'),
                ('- name: "a: b\n  kind: http.service\n', 1,
                 "the quote that opens here is not closed"),
                ("- name: a\nkind: http.service\n", 2,
                 'each entry begins with "- "'),
                ("- name: a\n   kind: http.service\n", 2,
                 "is indented by 3 spaces")):
            with self.subTest(text=text):
                status, _, errors = self.run_program(
                    "--check", self.write(text))
                self.assertEqual(status, 1)
                self.assertRegex(
                    errors, rf"\Aerror: .*relay\.yaml:{line}: .*\n\Z")
                self.assertIn(words, errors)

    def test_a_node_of_a_cluster_opens_no_http(self):
        path = self.write("- name: relay1\n  kind: cluster.node\n"
                          '  listen: "127.0.0.1:0"\n')
        program = Program("wsrelayd", "--config", path, "--operator-socket",
                          "off")
        self.addCleanup(program.end)
        wait_until(lambda: "node relay1 listening" in program.stdout,
                   "the node listens")
        self.assertNotIn("http", program.stdout)
        program.signal(15)
        self.assertEqual(program.wait(), 0)

    def test_what_is_for_a_service_needs_one(self):
        path = self.write("- name: relay1\n  kind: cluster.node\n"
                          '  listen: "127.0.0.1:0"\n')
        for option in (("--listen", "127.0.0.1:0"),
                       ("--tls-cert", "c.pem", "--tls-key", "k.pem")):
            status, _, errors = self.run_program("--config", path, *option)
            self.assertEqual(status, 1)
            self.assertEqual(errors, f"error: {option[0]}: is for an "
                             "http.service, and the configuration has none\n")

    def test_a_file_without_a_name_is_none(self):
        for option in ("--config", "--check"):
            status, _, errors = self.run_program(option, "")
            self.assertEqual(status, 2)
            self.assertIn("the name of a file is needed", errors)

    def test_check_reports_a_file_that_is_not_there(self):
        for path in (self.folder / "none.yaml", self.folder):
            for option in ("--check", "--config"):
                status, _, errors = self.run_program(option, path)
                self.assertEqual(status, 1)
                self.assertIn(str(path), errors)

    def test_check_reads_the_certificates_of_nodes(self):
        authority = Authority(self.addCleanup)
        certificate, key = authority.sign("relay1")
        nothing = self.write("", "nothing.pem")

        def checked(certificate, key, ca):
            path = self.write(f"""\
- name: relay1
  kind: cluster.node
  listen: 127.0.0.1:0
  tls:
    certificate: {certificate}
    key: {key}
    ca: {ca}
""")
            check = self.run_program("--check", path)
            if check[0]:  # a start would fail, and says the same
                start = self.run_program("--config", path, "--listen",
                                         "127.0.0.1:0")
                self.assertEqual(start, check)
            return check[0], check[2]
        good = certificate, key, authority.file
        self.assertEqual(checked(*good), (0, ""))
        for place, (name, other, why) in enumerate((
                ("certificate", nothing, "it holds no certificate"),
                ("key", authority.sign("app1")[1],
                 "it does not fit the certificate"),
                ("ca", nothing, "it holds no certificate"))):
            files = list(good)
            files[place] = other
            status, errors = checked(*files)
            self.assertEqual(status, 1)
            self.assertRegex(errors, rf"\Aerror: .*relay\.yaml:{5 + place}: "
                             rf"relay1\.tls\.{name}: .*{other}: {why}.*\n\Z")

    def test_a_warning_is_no_error(self):
        node = "- name: relay1\n  kind: cluster.node\n"
        for text, key in (
                (service() + router(allowed_origins="*"), "allowed.origins"),
                (node, "relay1.listen: is missing"),
                (node + "  listen: 0.0.0.0:9000\n", "without tls everybody"),
                (service() + router() + endpoint(
                    "t", "/t", "trusted_header: true"), "trusted_header")):
            status, _, errors = self.run_program("--check", self.write(text))
            self.assertEqual(status, 0)
            self.assertRegex(errors, rf"^warning: .*relay\.yaml:\d+: .*{key}")

    def test_a_name_that_nobody_has_is_a_warning_of_check_and_start(self):
        text = service() + router() + endpoint(
            "play", "/play", "relay: {target_pid: ech}")
        path = self.write(text)
        status, out, errors = self.run_program("--check", path)
        self.assertEqual((status, out), (0, f"{path}: ok\n"))
        self.assertRegex(errors, r'\Awarning: \S+relay\.yaml:\d+: '
                         r'play\.relay\.target_pid: nobody has the name "ech": .*'
                         r'; did you mean "echo"\? .*\n\Z')
        relay = self.start_relay(text)
        self.assertEqual(relay.stderr.count("nobody has the name"), 1)
        relay.stop()

    def test_its_own_names_are_known(self):
        path = self.write(service() + router() + "".join(
            endpoint(name, f"/{name}", handler) for name, handler in (
                ("echo", "relay: {target_pid: echo}"),
                ("chat", "relay: {target_pid: chat}"),
                ("stage", "func: demo_stage"))))
        self.assertEqual(self.run_program("--check", path),
                         (0, f"{path}: ok\n", ""))

    def test_a_file_that_is_no_configuration_is_refused_at_once(self):
        for text in ("", "# nothing\n", "word\n", "a: b\n", "[" * 400_000,
                     "- " * 100_000, "x" * 64 * 1024 * 1024,
                     "- &a [*a]\n", "- {name: a, kind: x}\n" * 100_000,
                     "- name: a\n  kind: http.service\n" + "".join(
                         f"  a{i}: 1\n" for i in range(60_000))):
            with self.subTest(text[:20]):
                status, out, errors = self.run_program("--check",
                                                       self.write(text))
                self.assertEqual((status, out), (1, ""))
                self.assertRegex(errors, r"(?m)^error: \S+relay\.yaml\b")

    def test_a_broken_configuration_does_not_start(self):
        status, out, errors = self.run_program(
            "--config", self.write(BROKEN), "--listen", "127.0.0.1:0")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("error: ", errors)

    def test_the_example_of_the_design_is_good(self):
        # Its router needs the http.service it names, and nothing else.
        text = service() + """\
- name: ws_router
  kind: http.router
  meta:
    server: gateway
  prefix: /ws
  post_middleware:
    - websocket_relay
  post_options:
    wsrelay.allowed.origins: "https://app.example.com"
"""
        status, _, errors = self.run_program("--check", self.write(text))
        self.assertEqual((status, errors), (0, ""))

    def test_what_print_config_prints_can_be_loaded(self):
        rich = (service(threads=3, max_body_size="10MiB", idle_timeout="90s",
                        trusted_proxies='["10.0.0.0/8"]')
                + router(ping_interval="off", allowed_origins="https://*.a.b")
                + endpoint("e", "/e/{x}", "relay:\n  target_pid: echo\n"
                           "  metadata: {room: \"{x}\", n: 1.5, l: [1, null]}")
                + endpoint("u", "/u", "upstream: http://127.0.0.1:1/base\n"
                           "method: POST"))
        for arguments in ((), ("--config", self.write(rich))):
            status, first, _ = self.run_program(*arguments, "--print-config")
            self.assertEqual(status, 0)
            again = self.write(first, "again.yaml")
            self.assertEqual(self.run_program("--check", again)[0], 0)
            status, second, _ = self.run_program("--config", again,
                                                 "--print-config")
            self.assertEqual((status, second), (0, first))

    def test_the_built_in_configuration_serves_the_demo(self):
        relay = self.start_relay()
        with Connection(relay.port) as client:
            self.assertIn(b"<title>", client.request("GET", "/").body)
        with WebSocket(relay.port) as client:
            self.assertEqual(client.echo("x"), "x")
        relay.stop()

    def test_an_address_in_use_is_a_clear_error(self):
        relay = self.start_relay()
        status, out, errors = self.run_program("--listen", relay.host)
        self.assertEqual((status, out), (1, ""))
        self.assertIn("error: ", errors)
        self.assertIn(relay.host, errors)
        self.assertRegex(errors.lower(), "in use")
        relay.stop()

    def test_an_address_of_another_machine_is_a_clear_error(self):
        status, _, errors = self.run_program("--listen", "192.0.2.1:0")
        self.assertEqual(status, 1)
        self.assertIn("192.0.2.1", errors)

    def test_a_port_can_be_used_again_at_once(self):
        relay = self.start_relay()
        WebSocket(relay.port).leave()  # the relay's side closed first
        address = relay.host
        relay.stop()
        again = Program("wsrelayd", "--listen", address)
        self.addCleanup(again.end)

        def listens():
            self.assertTrue(again.alive(), again.stderr)
            return "listening on" in again.stdout
        wait_until(listens, "it listens again")
        again.signal(15)
        self.assertEqual(again.wait(), 0)

    def test_logs_go_to_standard_error_only(self):
        relay = self.start_relay(None, "--log-level", "debug")
        with WebSocket(relay.port) as client:
            client.echo("payload that is never logged")
            client.leave()
        relay.signal(15)
        self.assertEqual(relay.wait(), 0)
        for line in relay.stdout.splitlines():
            self.assertRegex(line, r"^(listening on|open) http://")
        self.assertNotIn("payload", relay.stderr)


if __name__ == "__main__":
    unittest.main()
