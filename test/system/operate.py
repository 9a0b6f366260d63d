"""The operator's command line, wsrelay, against real nodes and clients: what
it lists, does and calls."""

import re
import socket
import tempfile
import unittest

from cluster_probe import Probe
from operate_base import (NOT_FOUND, OK, REFUSED, TIMEOUT, OperateTest, Watch,
                          cluster_port, config, met_peers, run)
from raw_client import BINARY, WebSocket
from support import DEADLINE, Relay, wait_until

PID = r"[0-9]+@[0-9A-F]{40}#[0-9]+"


class Lists(OperateTest):
    def test_ps_lists_connections_with_their_numbers(self):
        client, pid = self.connect_known()
        self.assertEqual(client.echo("four"), "four")
        row = self.row(pid)
        self.assertEqual(row["target"], self.pid_of("echo"))
        self.assertEqual(row["address"], "127.0.0.1")
        self.assertEqual(row["endpoint"], "echo")
        self.assertEqual((row["messages_in"], row["bytes_in"]), (1, 4))
        self.assertEqual((row["messages_out"], row["bytes_out"]), (1, 4))
        self.assertEqual((row["queued_messages"], row["queued_bytes"]), (0, 0))
        self.assertLess(row["age_ms"], DEADLINE * 1000)
        cells = next(cells for cells in self.wsrelay("ps").rows
                     if cells[0] == pid)
        self.assertEqual(cells[1:4], ["echo", "127.0.0.1", "echo"])
        self.assertRegex(cells[4], r"^\d+(ms|s)$")
        self.assertEqual(cells[5:], ["1", "4", "1", "4", "0", "0"])
        header = re.split("  +", self.wsrelay("ps").text.splitlines()[0])
        self.assertEqual(len(header), len(set(header)), header)

    def test_ps_ends_with_the_connections(self):
        client, pid = self.connect_known()
        client.leave()
        wait_until(lambda: pid not in self.wsrelay("ps").text, "it is gone")

    def test_targets_hide_the_relays_own_names(self):
        rows = self.wsrelay("targets", "--json").json
        self.assertEqual([row["name"] for row in rows], ["chat", "echo"])
        self.assertRegex(rows[0]["pid"], f"^{PID}$")
        self.assertEqual(self.wsrelay("targets").rows,
                         [[row["name"], row["pid"]] for row in rows])
        self.assertIn("wsrelay.acceptor.gateway",
                      self.wsrelay("targets", "--all").text)

    def test_a_node_alone_has_no_peers(self):
        self.assertEqual(self.wsrelay("peers", "--json").json, [])
        self.assertEqual(self.wsrelay("peers").rows, [])


class Farewell(OperateTest):
    def test_commands_over_tcp_leave_no_line_in_the_log(self):
        for _ in range(200):
            self.assertEqual(self.wsrelay("ps", "--json").json, [])
        self.assertNotRegex(self.relay.log(), "warning|error")


class Actions(OperateTest):
    def test_a_text_reaches_the_client(self):
        client, pid = self.connect_known()
        self.assertEqual(self.wsrelay("send", pid, "grüße").text, "")
        self.assertEqual(client.read_text(), "grüße")
        for text in ("", "{}", "[1,2]", '{"a":1}', "%%"):
            done = self.wsrelay("send", "--json", pid, "--", text)
            self.assertEqual(done.json, {"ok": True})
            self.assertEqual(client.read_text(), text)

    def test_a_file_reaches_the_client_as_it_is(self):
        client, pid = self.connect_known()
        data = bytes(range(256)) * 300
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            self.wsrelay("send", pid, "--binary", file.name)
        self.assertEqual(client.read_message(), (BINARY, data))

    def expect_line(self, order):
        """One line of the log tells of it."""
        lines = re.findall(rf"operator: what={re.escape(order)} "
                           r"node=[0-9A-F]+#\d+\n", self.relay.log())
        self.assertEqual(len(lines), 1, self.relay.log())

    def test_an_order_is_a_line_of_the_log_without_what_is_sent(self):
        client, pid = self.connect_known()
        self.wsrelay("send", pid, "SECRET")
        self.assertEqual(client.read_text(), "SECRET")
        self.expect_line(f"send pid={pid}")
        self.assertNotIn("SECRET", self.relay.log())

    def test_a_close_says_its_code_and_reason(self):
        client, pid = self.connect_known()
        self.wsrelay("close", pid, 4001, "have a rest")
        found = client.read_close()
        self.assertEqual((found.code, found.payload[2:]),
                         (4001, b"have a rest"))
        self.expect_line(f"close pid={pid} code=4001")
        client, pid = self.connect_known()
        self.wsrelay("close", pid)
        self.assertEqual(client.read_close().code, 1000)
        self.assertNotIn("have a rest", self.relay.log())

    def test_a_transfer_has_happened_when_the_command_ends(self):
        client, pid = self.connect_known("/ws/chat")
        self.wsrelay("transfer", pid, "echo")
        self.expect_line(f"transfer pid={pid} target=echo")
        self.assertEqual(self.row(pid)["target"], self.pid_of("echo"))
        client.send_text("moved")
        while client.read_text() != "moved":
            pass  # what the chat said before
        self.wsrelay("transfer", pid, self.pid_of("chat"))
        self.assertEqual(self.row(pid)["target"], self.pid_of("chat"))

    def test_what_is_refused_ends_with_1(self):
        _, pid = self.connect_known()
        echo = self.pid_of("echo")
        done = self.wsrelay("close", echo, code=REFUSED)
        self.assertRegex(done.errors, "does not understand")
        with tempfile.NamedTemporaryFile() as file:
            file.truncate(5 << 20)
            done = self.wsrelay("send", "--json", pid, "--binary", file.name,
                                code=REFUSED)
        self.assertEqual(done.error["kind"], "message_too_big")
        self.assertEqual(done.error["exit"], REFUSED)
        self.assertEqual(done.text, "")

    def test_who_is_not_there_ends_with_4(self):
        client, pid = self.connect_known()
        nobody = re.sub("^[0-9]+", "999999", pid)
        elsewhere = "7@" + "0" * 40 + "#1"
        for command in (["send", nobody, "x"], ["close", nobody],
                        ["transfer", nobody, "echo"], ["watch", nobody],
                        ["send", elsewhere, "x"], ["send", "no one", "x"],
                        ["transfer", pid, "nobody"], ["call", "nobody"],
                        ["ps", "--peer", "nobody"]):
            done = self.wsrelay(*command, code=NOT_FOUND)
            self.assertRegex(done.errors, "^wsrelay: .*(no such|is not connected)")
            done = self.wsrelay(*command, "--json", code=NOT_FOUND)
            self.assertEqual(done.error["exit"], NOT_FOUND)
        client.leave()
        self.wsrelay("watch", pid, code=NOT_FOUND)

    def test_no_answer_in_time_ends_with_5(self):
        client, pid = self.connect_known()
        # More than the kernel takes for a client that reads nothing.
        with tempfile.NamedTemporaryFile() as file:
            file.truncate(3_900_000)
            for _ in range(3):
                done = run("send", pid, "--binary", file.name, "--timeout",
                           "300ms", port=self.port)
                if done.code != OK:
                    break
        self.assertEqual(done.code, TIMEOUT, done.errors)
        self.assertRegex(done.errors, "did not answer in time")
        client.close()


class Calls(OperateTest):
    def test_an_actor_that_is_no_handler_refuses(self):
        done = self.wsrelay("call", "echo", '{"a":1}', code=REFUSED)
        self.assertRegex(done.errors, "echo does not understand")

    def test_a_handler_answers(self):
        app = Probe("app1")
        self.addCleanup(app.end)
        app.register("far")
        app.do("handler front far", "registered front .*")
        done = run("call", "front", "--path", "/ws/x?y=1",
                   port=app.cluster_port)
        self.assertEqual((done.code, done.errors), (OK, ""))
        self.assertEqual(done.text,
                         '200\nX-WS-Relay: {"target_pid":"far"}\n')
        app.expect("request front /ws/x")
        done = run("--json", "call", "front", port=app.cluster_port)
        self.assertEqual(done.json["status"], 200)
        self.assertEqual(done.json["relay"], {"target_pid": "far"})
        app.quit()

    def test_a_target_that_was_made_for_a_call_ends(self):
        app = Probe("app1")
        self.addCleanup(app.end)
        app.do("spawner spawner", r"registered spawner (\S+)")

        def actors():
            return int(app.do("count", r"count (\d+)")[1])
        before = actors()
        for _ in range(5):
            done = run("call", "spawner", port=app.cluster_port)
            self.assertEqual((done.code, done.errors), (OK, ""))
            self.assertIn("X-WS-Relay: ", done.text)
        wait_until(lambda: actors() <= before, "no target is left")
        app.quit()


class Cluster(unittest.TestCase):
    """Two nodes; every command goes through the first."""

    @classmethod
    def setUpClass(cls):
        cls.far = Relay(config("far"))
        cls.addClassCleanup(cls.far.end)
        peers = f'["127.0.0.1:{cluster_port(cls.far)}"]'
        cls.near = Relay(config("near", peers))
        cls.addClassCleanup(cls.near.end)
        cls.port = cluster_port(cls.near)
        wait_until(lambda: met_peers(cls.port),
                   "the nodes know each other")

    def test_peers_are_shown_with_what_is_known_of_them(self):
        far = run("peers", "--json", port=self.port).json[0]
        self.assertEqual(far["name"], "far")
        self.assertEqual(far["address"], f"127.0.0.1:{cluster_port(self.far)}")
        self.assertEqual(far["protocol"], 2)
        self.assertRegex(far["version"], r"^\d+\.\d+\.\d+$")
        self.assertLess(far["heard_ms"], 5_000)
        self.assertGreaterEqual(far["connected_ms"], 0)
        self.assertLess(far["waiting_bytes"], 1_000_000)
        row = run("peers", port=self.port).rows[0]
        self.assertEqual(row[:5], [far["name"], far["address"], far["node"],
                                   far["version"], "2"])

    def test_a_configured_peer_that_is_not_there_is_shown_so(self):
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))  # and does not listen
            address = f"127.0.0.1:{nobody.getsockname()[1]}"
            relay = Relay(config("alone", f'["{address}"]'))
            self.addCleanup(relay.end)
            port = cluster_port(relay)
            found, = wait_until(
                lambda: [each for each in run("peers", "--json",
                                              port=port).json
                         if each.get("state") == "absent"], "it was tried")
            self.assertEqual((found["name"], found["address"]), ("", address))
            self.assertIn("refused", found["reason"])
            self.assertLess(found["since_ms"], 60_000)
            lines = run("peers", port=port).text.splitlines()
            self.assertEqual(len(lines), 3, lines)  # two headers
            self.assertRegex(lines[2], rf"^{re.escape(address)} +absent +.*"
                                       r"refused.* \S+$")
            self.assertEqual(met_peers(port), [])
            relay.stop()

    def test_connections_of_another_node_are_in_reach(self):
        self.assertEqual(run("peers", port=self.port).rows[0][0], "far")
        client = WebSocket(self.far.port, "/ws/echo")
        self.addCleanup(client.close)

        def list_far():
            return run("ps", "--json", "--peer", "far", port=self.port).json
        pid = wait_until(list_far, "it is listed")[0]["pid"]
        self.assertEqual(run("ps", "--json", port=self.port).json, [])
        self.assertEqual(run("send", pid, "hi", port=self.port).code, OK)
        self.assertEqual(client.read_text(), "hi")
        watch = Watch(self.port, pid, "--payload")
        self.addCleanup(watch.end)
        watch.wait_for_begin(lambda: client.echo("x"))
        done = run("transfer", pid, "chat", port=self.port)
        self.assertEqual(done.code, OK, done.errors)
        watch.wait_for("transferred  to ")
        done = run("transfer", pid, "echo@near", port=self.port)
        self.assertEqual(done.code, OK, done.errors)
        self.assertEqual(run("close", pid, 4000, port=self.port).code, OK)
        self.assertEqual(client.read_close().code, 4000)
        self.assertEqual(watch.wait(), OK)
        self.assertRegex(watch.lines()[-1], "ended  closed 4000$")

    def test_a_target_that_only_its_own_node_names_is_name_at_peer(self):
        client = WebSocket(self.near.port, "/ws/echo")
        self.addCleanup(client.close)
        client.echo("x")

        def row():
            return run("ps", port=self.port).rows[0]
        pid, target = row()[:2]
        self.assertEqual(target, "echo")
        done = run("transfer", pid, "echo@far", port=self.port)
        self.assertEqual(done.code, OK, done.errors)
        self.assertEqual(row()[1], "echo@far")
        target = run("ps", "--json", port=self.port).json[0]["target"]
        self.assertRegex(target, f"^{PID}$")
        client.leave()
        wait_until(lambda: not run("ps", port=self.port).rows, "it is gone")


if __name__ == "__main__":
    unittest.main()
