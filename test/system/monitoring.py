"""What tools/docs gives to whoever monitors nodes, held against one that runs:
the table of metrics, the alerts, and the dashboard, whose every expression a
Prometheus evaluates that scrapes a relay with traffic."""

import json
import re
import shutil
import subprocess
import tempfile
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from authority import Authority
from cluster_probe import Probe, node
from http_upstream import Upstream, relay_answer
from raw_client import Connection, WebSocket
from support import (DEADLINE, HERE, Relay, endpoint, free_port, router,
                     service, wait_until)

DOCS = HERE.parents[1] / "tools" / "docs"
PROMTOOL = shutil.which("promtool")
PROMETHEUS = shutil.which("prometheus")
NAME = re.compile(r"\b(?:wsrelay|process)_[a-z]+(?:_[a-z]+)*\b")

# What a dashboard's variables stand for here; two scrapes fit the interval.
VARIABLES = {"$__rate_interval": "5s", "$job": ".*", "$instance": ".*",
             "$service": ".*"}

# Functions of what has happened make no sense in the first seconds.
SCRAPES = 12

PROMETHEUS_CONFIG = """\
global: {{scrape_interval: 500ms, evaluation_interval: 1s}}
rule_files: ["{rules}"]
scrape_configs:
  - job_name: wsrelay
    static_configs: [{{targets: ["{target}"]}}]
"""

# A row of the table: | `name` | type | `label`, `label` | meaning |
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \|([^|]*)\| [^|]+ \|$", re.M)


def get(url, deadline=DEADLINE):
    """Returns the status and the text of an answer."""
    try:
        with urllib.request.urlopen(url, timeout=deadline) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def families(text):
    """Returns type and names of labels of each family of a scrape."""
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    labels = {name: set() for name in types}
    for name, listed in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", text, re.M):
        if name not in types:
            name = re.sub(r"_(bucket|count|sum)$", "", name)
        labels[name] |= set(re.findall(r'(\w+)="', listed)) - {"le"}
    return {name: (types[name], labels[name]) for name in types}


def documented():
    rows = ROW.findall((DOCS / "MONITORING.md").read_text())
    return {name: (kind, set(re.findall(r"`(\w+)`", labels)))
            for name, kind, labels in rows}


class Traffic:
    """A relay of which every metric has something to tell: clients that talk,
    handlers, refusals, targets that crash, a peer."""

    def __init__(self, clean_up):
        authority = Authority(clean_up)
        self.upstream = Upstream()
        clean_up(self.upstream.close)
        self.upstream.answers["/ws/up"] = relay_answer({"target_pid": "echo"})
        self.app = Probe("app1")
        clean_up(self.app.end)
        self.app.do("offer room", "registered room .*")
        self.app.do("handler door room", "registered door .*")
        certificate, key = authority.sign("relay", "IP:127.0.0.1")
        secure = service(tls=f"{{certificate: {certificate}, key: {key}}}")
        self.relay = Relay(
            service() + secure.replace("gateway", "secure") + router()
            + endpoint("echo", "/echo", "relay: {target_pid: echo}")
            + endpoint("up", "/up", f"upstream: {self.upstream.url}")
            + endpoint("door", "/door", 'func: "door@app1"')
            + endpoint("room", "/room", "relay: {target_pid: room}")
            + node("relay1", peers=f'["127.0.0.1:{self.app.cluster_port}"]')
            + "- name: admin\n  kind: admin.service\n"
              '  addr: "127.0.0.1:0"\n  required_peers: [app1]\n')
        clean_up(self.relay.end)
        self.app.wait_for_peer("relay1")
        self.admin = wait_until(
            lambda: re.search(r"admin on (http://(\S+))", self.relay.stdout),
            "the admin listener's address")
        self.url, self.host = self.admin[1], self.admin[2]
        wait_until(lambda: get(f"{self.url}/readyz")[0] == 200, "it is ready")
        self.stopping = threading.Event()
        self.failure = None
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.round()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()
        if self.failure:
            raise self.failure

    def _run(self):
        try:
            while not self.stopping.wait(0.1):
                self.round()
        except Exception as error:  # for the test's thread
            self.failure = error

    def round(self):
        """Everything once; messages enough for what is sampled."""
        for path in ("/ws/echo", "/ws/up", "/ws/door"):
            client = WebSocket(self.relay.port, path)
            for number in range(80):
                client.echo(f"message {number}")
            client.leave()
        with Connection(self.relay.port) as stranger:
            stranger.request("GET", "/ws/nowhere")
        lost = WebSocket(self.relay.port, "/ws/echo")
        lost.abort()


class Documents(unittest.TestCase):
    """What needs no node."""

    def test_alerts_are_explained_and_tested(self):
        rules = (DOCS / "alerts.rules.yaml").read_text()
        alerts = re.findall(r"alert: (\w+)", rules)
        text = (DOCS / "ALERTS.md").read_text()
        headings = {each.lower() for each in re.findall(r"^## (\w+)$", text,
                                                        re.M)}
        runbooks = re.findall(r'runbook: "ALERTS.md#(\w+)"', rules)
        self.assertEqual(len(runbooks), len(alerts))
        self.assertEqual(set(runbooks), headings)
        for key in ("summary", "description"):
            self.assertEqual(len(re.findall(rf"{key}: \"", rules)), len(alerts))
        tested = (DOCS / "alerts.test.yaml").read_text()
        fires = re.findall(r"alertname: (\w+)\n +exp_alerts", tested)
        self.assertEqual(set(fires), set(alerts))
        rests = re.findall(r"alertname: (\w+)\}", tested)
        self.assertEqual(set(rests), set(alerts))

    def test_only_documented_metrics_are_used(self):
        known = set(documented())
        known |= {f"{name}_{end}" for name, (kind, _) in documented().items()
                  if kind == "histogram" for end in ("bucket", "count", "sum")}
        for file in ("alerts.rules.yaml", "alerts.test.yaml", "grafana.json",
                     "ALERTS.md", "DEPLOYS.md", "SIZING.md", "UPGRADING.md",
                     "SECURITY.md", "TLS.md", "PROXIES.md", "CLUSTER.md"):
            used = set(NAME.findall((DOCS / file).read_text()))
            self.assertEqual(used - known, set(), file)

    def test_the_dashboard_shows_every_metric(self):
        used = set(NAME.findall((DOCS / "grafana.json").read_text()))
        for name in documented():
            self.assertTrue(any(each.startswith(name) for each in used), name)

    def test_panels_are_whole(self):
        board = json.loads((DOCS / "grafana.json").read_text())
        panels = board["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken = set()
        for panel in panels:
            place = panel["gridPos"]
            cells = {(place["x"] + x, place["y"] + y)
                     for x in range(place["w"]) for y in range(place["h"])}
            self.assertFalse(cells & taken, panel["title"])
            self.assertLessEqual(place["x"] + place["w"], 24)
            taken |= cells
            if panel["type"] != "row":
                self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])
                self.assertTrue(panel["targets"])

    @unittest.skipUnless(PROMTOOL, "promtool is not installed (prometheus)")
    def test_promtool_accepts_and_tests_the_alerts(self):
        for kind, file in (("check", "alerts.rules.yaml"),
                           ("test", "alerts.test.yaml")):
            done = subprocess.run([PROMTOOL, kind, "rules", file], cwd=DOCS,
                                  capture_output=True, check=False)
            self.assertEqual(done.returncode, 0,
                             (done.stdout + done.stderr).decode())


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.traffic = Traffic(cls.addClassCleanup)
        with cls.traffic:
            pass
        # The room's target crashes with a client.
        client = WebSocket(cls.traffic.relay.port, "/ws/room")
        client.echo("x")
        cls.traffic.app.do("end room error", "ended room")
        assert client.read_close().code == 1011
        client.close()
        cls.text = wait_until(cls.sampled, "the loops' lag is known")

    @classmethod
    def sampled(cls):
        """Returns a scrape that has what is asked for once a second."""
        text = get(f"{cls.traffic.url}/metrics")[1]
        return "wsrelay_loop_lag_seconds{" in text and text

    def test_the_table_has_what_a_scrape_has(self):
        told, found = documented(), families(self.text)
        for name in sorted(told | found):
            with self.subTest(name):
                self.assertEqual(told.get(name), found.get(name))

    def test_ends_are_counted_by_the_words_of_the_alerts(self):
        rules = (DOCS / "alerts.rules.yaml").read_text()
        causes = set(re.findall(r"[a-z_]+", re.search(
            r'cause=~"([^"]+)"', rules)[1])) | {"slow_consumer"}
        endings = (HERE.parents[1] / "actors" / "ENDINGS.md").read_text()
        known = set(re.findall(r"^\| [^|]+ \| `(\w+)`", endings, re.M))
        self.assertEqual(causes - known, set())
        self.assertRegex(self.text, r'endpoint="room",cause="target_crashed",'
                                    r'code="1011"} 1\n')

    @unittest.skipUnless(PROMTOOL, "promtool is not installed (prometheus)")
    def test_promtool_finds_nothing_to_complain_of(self):
        done = subprocess.run([PROMTOOL, "check", "metrics"],
                              input=self.text.encode(), capture_output=True,
                              check=False)
        said = (done.stdout + done.stderr).decode()
        self.assertEqual((done.returncode, said), (0, ""))

    def test_each_limit_and_check_is_one_that_the_alerts_mean(self):
        rules = (DOCS / "alerts.rules.yaml").read_text()
        limits = {name for text in re.findall(r'limit=~"([^"]+)"', rules)
                  for name in text.split("|")}
        seen = set(re.findall(r'limit="(\w+)"', self.text))
        self.assertEqual(limits - seen, set())


@unittest.skipUnless(PROMETHEUS, "prometheus is not installed")
class Scraped(unittest.TestCase):
    """A Prometheus that scrapes a relay with traffic, and has the alerts."""

    @classmethod
    def setUpClass(cls):
        cls.traffic = Traffic(cls.addClassCleanup)
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        cls.addClassCleanup(folder.cleanup)
        config = Path(folder.name, "prometheus.yml")
        config.write_text(PROMETHEUS_CONFIG.format(
            rules=DOCS / "alerts.rules.yaml", target=cls.traffic.host))
        output = cls.enterClassContext(tempfile.TemporaryFile())
        port = free_port()
        cls.url = f"http://127.0.0.1:{port}"
        process = subprocess.Popen(
            [PROMETHEUS, f"--config.file={config}", "--log.level=warn",
             f"--storage.tsdb.path={folder.name}/data",
             f"--web.listen-address=127.0.0.1:{port}"],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.kill)

        def scraped():
            if process.poll() is not None:
                output.seek(0)
                raise AssertionError(output.read().decode(errors="replace"))
            try:
                found = cls.query("count_over_time(wsrelay_ready[1m])")
            except OSError:
                return False
            return found and float(found[0]["value"][1]) >= SCRAPES
        with cls.traffic:
            wait_until(scraped, "Prometheus has scraped", 40)
            cls.answers = {expression: cls.ask(expression)
                           for expression in cls.expressions()}

    @staticmethod
    def expressions():
        board = json.loads((DOCS / "grafana.json").read_text())
        return [target["expr"] for panel in board["panels"]
                for target in panel.get("targets", [])]

    @classmethod
    def ask(cls, expression):
        for name, value in VARIABLES.items():
            expression = expression.replace(name, value)
        query = urllib.parse.urlencode({"query": expression})
        return get(f"{cls.url}/api/v1/query?{query}")

    @classmethod
    def query(cls, expression):
        status, text = cls.ask(expression)
        return json.loads(text)["data"]["result"] if status == 200 else []

    def test_every_expression_of_the_dashboard_has_an_answer(self):
        self.assertGreater(len(self.answers), 30)
        for expression, (status, text) in self.answers.items():
            with self.subTest(expression):
                self.assertEqual(status, 200, text)
                self.assertTrue(json.loads(text)["data"]["result"], "empty")

    def test_traffic_is_more_than_nothing(self):
        busy = [each for each in self.answers if re.search(
            r"messages_total|bytes_total|opened_total|closed_total"
            r"|requests_total|accepts_total|refusals_total|turn_seconds"
            r"|answer_seconds|upstream_seconds|handler_seconds", each)]
        self.assertGreater(len(busy), 10)
        for expression in busy:
            with self.subTest(expression):
                rows = json.loads(self.answers[expression][1])["data"]["result"]
                self.assertTrue(any(float(row["value"][1]) > 0 for row in rows),
                                rows)

    def test_every_alert_can_be_evaluated(self):
        def rules():
            groups = json.loads(get(f"{self.url}/api/v1/rules")[1])
            found = [rule for group in groups["data"]["groups"]
                     for rule in group["rules"]]
            return all(rule["health"] != "unknown" for rule in found) and found
        found = wait_until(rules, "all were evaluated")
        for rule in found:
            self.assertEqual(rule["health"], "ok", rule)
        # The test's certificate has two days.
        self.assertEqual([rule["name"] for rule in found
                          if rule["state"] == "firing"],
                         ["WsrelayCertificateExpiresNow"])


if __name__ == "__main__":
    unittest.main()
