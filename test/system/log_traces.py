"""The record of an end that nobody planned, and the trace of a request from
its client through the relay to an upstream."""

import unittest

from admin_base import quoted
from cluster_probe import Probe, node as cluster_node
from http_upstream import Upstream, relay_answer
from logs_base import entries
from reload_base import ReloadTest, base
from support import endpoint, wait_until

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Records(ReloadTest):
    def test_an_end_that_nobody_planned_has_its_record_once(self):
        app = Probe("app1")
        self.addCleanup(app.end)
        app.do("register room", "registered room .*")
        node = self.start(
            base() + endpoint("room", "/room", 'relay: {target_pid: "room@app1"'
                              "}")
            + cluster_node("relay1", peers=f'["127.0.0.1:{app.cluster_port}"]'),
            "--log-format", "json", "--log-level", "debug")
        app.wait_for_peer("relay1")
        planned = self.connect(node)
        planned.leave(4000)
        client = self.connect(node, "/ws/room")
        row = node.api.connections(endpoint="room")["connections"][0]
        trace = node.api.get(f"connections/{quoted(row['pid'])}").json["trace"]
        app.tell("end room kill")
        self.assertEqual(client.read_close().code, 1011)
        client.send_close(1011)
        client.close()
        ended = wait_until(lambda: [each for each in entries(node) if
                                    each.get("pid") == row["pid"]], "its end")
        self.assertEqual(len(ended), 1)
        line = ended[0]
        self.assertEqual((line["level"], line["cause"], line["trace"]),
                         ("warning", "target_crashed", trace))
        self.assertRegex(line["record"], r"\A\+0ms opened \d+ms; \+\d+ms asked "
                         r"\d+@[0-9A-F]+#\d+; \+\d+ms joined \d+@[0-9A-F]+#\d+")
        with_record = [each for each in entries(node) if "record" in each]
        self.assertEqual(with_record, [line])
        node.stop()
        app.quit()


class Traces(ReloadTest):
    def setUp(self):
        self.upstream = Upstream()
        self.addCleanup(self.upstream.close)
        self.upstream.answers["/ws/up"] = relay_answer({"target_pid": "echo"})
        self.upstream.answers["/ws/no"] = relay_answer({"target_pid": "no"})
        self.node = self.start(
            base() + endpoint("up", "/up", f"upstream: {self.upstream.url}")
            + endpoint("no", "/no", f"upstream: {self.upstream.url}"),
            "--log-format", "json", "--access-log", "--log-level", "debug")

    def asked(self, fields=(), path="/ws/up"):
        """Returns what the upstream was asked for a handshake."""
        self.status(self.node, path, fields)
        found = self.upstream.asked[-1]
        (parent,) = found.all("traceparent")
        self.assertRegex(parent,
                         r"\A00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")
        return found, *parent.split("-")[1:]

    def test_the_trace_of_a_request_goes_on(self):
        for flags in ("01", "00"):
            found, trace, parent, given = self.asked([
                ("traceparent", f"00-{TRACE}-{PARENT}-{flags}"),
                ("tracestate", "a=b"), ("tracestate", "c=d")])
            self.assertEqual((trace, given), (TRACE, flags))
            self.assertNotIn(parent, (PARENT, "0" * 16))
            self.assertEqual(found.all("tracestate"), ["a=b", "c=d"])
        found, trace, _, _ = self.asked([  # of a later version
            ("traceparent", f"cc-{TRACE}-{PARENT}-01-more")])
        self.assertEqual(trace, TRACE)
        self.node.stop()

    def test_where_there_is_none_one_begins(self):
        seen = set()
        good = f"00-{TRACE}-{PARENT}-01"
        for values in ([], [good.upper()], [good + "-x"], [good, good],
                       [f"ff-{TRACE}-{PARENT}-01"], [good[:-1]], ["x"],
                       [f"00-{'0' * 32}-{PARENT}-01"],
                       [f"00-{TRACE}-{'0' * 16}-01"], [""]):
            found, trace, _, _ = self.asked([
                *(("traceparent", value) for value in values),
                ("tracestate", "a=b")])
            self.assertNotIn(trace, (TRACE, "0" * 32), values)
            self.assertEqual(found.all("tracestate"), [], values)
            seen.add(trace)
        self.assertEqual(len(seen), 10)
        self.node.stop()

    def test_it_is_in_the_log_and_in_what_inspect_tells(self):
        field = ("traceparent", f"00-{TRACE}-{PARENT}-01")
        client = self.connect(self.node, "/ws/up", [field])
        pid = self.node.api.connections()["connections"][0]["pid"]
        self.assertEqual(self.node.api.get(
            f"connections/{quoted(pid)}").json["trace"], TRACE)
        self.assertRegex(self.node.wsrelay("inspect", pid).text,
                         rf"(?m)^trace +{TRACE}$")
        client.leave(4000)
        self.asked([field], "/ws/no")

        def lines(**members):
            return [each for each in entries(self.node)
                    if {**members, "trace": TRACE}.items() <= each.items()]
        for members in (dict(part="access", status=101),
                        dict(cause="client_closed"), dict(check="target")):
            wait_until(lambda: lines(**members), f"a line with {members}")
        self.assertEqual(self.node.api.get(
            f"connections/{quoted(pid)}").json["trace"], TRACE)
        self.node.stop()


if __name__ == "__main__":
    unittest.main()
