"""The document of the admin listener's API, held against what is answered and
against the table of the API."""

import json
import re
import unittest
import urllib.parse

import json_schema
from admin_base import JSON, AdminTest, Api, admin_port, config, quoted
from cluster_probe import Probe, node
from support import HERE, wait_until

ROOT = HERE.parents[1]
TEXT = (ROOT / "tools/web/admin/openapi.json").read_text()
DOCUMENT = json.loads(TEXT)
NOBODY = quoted("999999@" + "0" * 40 + "#1")

# The listener itself answers these; the rest is the table's.
OF_THE_LISTENER = {("get", "/healthz"), ("get", "/readyz"),
                   ("get", "/metrics"), ("get", "/events"),
                   ("get", "/api/v1/connections/{pid}/events"),
                   *((method, "/@connections/{pid}")
                     for method in ("get", "post", "delete")),
                   ("post", "/@connections/{pid}/control"),
                   ("post", "/@names/{name}"),
                   *((method, "/@groups/{group}")
                     for method in ("get", "post", "delete")),
                   *((method, "/@groups/{group}/{pid}")
                     for method in ("put", "delete"))}


def operations():
    """Returns the operations by method and path."""
    return {(method, path): operation
            for path, item in DOCUMENT["paths"].items()
            for method, operation in item.items() if method != "parameters"}


def parameters(path, operation):
    listed = DOCUMENT["paths"][path].get("parameters", [])
    return [json_schema.resolve(each["$ref"], DOCUMENT) if "$ref" in each
            else each for each in [*listed, *operation.get("parameters", [])]]


def references(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


class Document(unittest.TestCase):
    def test_each_path_of_the_table_is_in_it_and_no_other(self):
        source = (ROOT / "net/admin/api.cpp").read_text()
        table = {(method.lower(), f"/api/v1/{path.replace('*', '{pid}')}")
                 for method, path in re.findall(
                     r'^    \{"([A-Z]+)", "([^"]+)", \w+\},$', source, re.M)}
        self.assertGreater(len(table), 10)
        self.assertEqual(set(operations()), table | OF_THE_LISTENER)

    def test_its_form(self):
        self.assertEqual(DOCUMENT["openapi"], "3.1.0")
        self.assertTrue(DOCUMENT["info"]["title"])
        names = [each["operationId"] for each in operations().values()]
        self.assertEqual(len(set(names)), len(names))
        for (method, path), operation in operations().items():
            with self.subTest(path=path):
                self.assertTrue(operation["summary"])
                self.assertEqual("requestBody" in operation, method == "post")
                in_path = [each["name"] for each in
                           parameters(path, operation) if each["in"] == "path"]
                self.assertEqual(in_path, re.findall(r"\{(\w+)\}", path))
                for status in operation["responses"]:
                    self.assertRegex(status, r"\A[2-5]\d\d\Z")

    def test_references_lead_somewhere_and_all_schemas_are_used(self):
        used = set(references(DOCUMENT))
        for each in used:
            json_schema.resolve(each, DOCUMENT)
        for part in ("schemas", "responses", "parameters"):
            for name in DOCUMENT["components"][part]:
                self.assertIn(f"#/components/{part}/{name}", used)

    def test_schemas_have_only_keywords_that_are_checked(self):
        for schema in DOCUMENT["components"]["schemas"].values():
            for value in ({}, [], "", 0, True, None):
                json_schema.check(value, schema, DOCUMENT)

    def test_the_words_are_the_programs(self):
        def words(file, pattern):
            found = re.search(pattern, (ROOT / file).read_text(), re.S)
            return re.findall(r'"(\w+)"', found[1])
        schemas = DOCUMENT["components"]["schemas"]
        self.assertEqual(
            schemas["FlightEvent"]["properties"]["what"]["enum"],
            words("actors/flight_record.cpp", r"12> names\{(.*?)\};"))
        self.assertEqual(
            list(schemas["Phases"]["properties"]),
            words("actors/relay_counts.cpp",
                  r"connection_phase_count> names\{(.*?)\};"))


class Checker(unittest.TestCase):
    """What finds nothing has to be able to find something."""

    def test_it_finds_what_does_not_fit(self):
        row = {"count": 1}
        schemas = DOCUMENT["components"]["schemas"]
        for value, fits in ((row, True), ({}, False), ({"count": 0}, False),
                            ({"count": "1"}, False), ({"count": True}, False),
                            ({"count": 1, "x": 1}, False), ([], False)):
            found = json_schema.check(value, schemas["MissedEvent"], DOCUMENT)
            self.assertEqual(found == [], fits, value)
        for value, fits in (({"data": "x"}, True), ({}, False),
                            ({"data": "x", "data_base64": "eA=="}, False)):
            found = json_schema.check(value, schemas["Send"], DOCUMENT)
            self.assertEqual(found == [], fits, value)


class Answers(AdminTest):
    @classmethod
    def config(cls):
        cls.app = Probe("app1")
        cls.addClassCleanup(cls.app.end)
        return config() + node(
            "relay1", peers=f'["127.0.0.1:{cls.app.cluster_port}"]')

    def assert_fits(self, value, schema, what):
        self.assertEqual(json_schema.check(value, schema, DOCUMENT), [], what)

    def ask(self, method, path, body=None, query="", pid="", **keys):
        """Returns the answer, which is one of those that are written."""
        operation = operations()[method, path]
        if body is not None and not isinstance(body, bytes):
            schema = operation["requestBody"]["content"]["application/json"][
                "schema"]
            self.assert_fits(body, schema, "the request's body")
        found = self.api.ask(method.upper(), path.replace("{pid}", pid) + query,
                             body, **keys)
        self.check_answer(operation, found, (method, path, query, found.text))
        return found

    def check_answer(self, operation, found, what):
        response = operation["responses"].get(str(found.status))
        self.assertIsNotNone(response, what)
        if "$ref" in response:
            response = json_schema.resolve(response["$ref"], DOCUMENT)
        if "content" not in response:
            self.assertEqual(found.text, "", what)
            return
        kinds = {kind.split(";")[0]: each["schema"]
                 for kind, each in response["content"].items()}
        kind = found.type.split(";")[0]
        self.assertIn(kind, kinds, what)
        value = found.json if kind.endswith("json") else found.text
        self.assert_fits(value, kinds[kind], what)

    def check_query(self, path, query):
        known = {each["name"]: each["schema"] for each in
                 parameters(path, operations()["get", path])
                 if each["in"] == "query"}
        for name, value in urllib.parse.parse_qsl(query[1:]):
            value = int(value) if known[name]["type"] == "integer" else value
            self.assert_fits(value, known[name], query)

    def test_questions(self):
        client, pid = self.connect_known("/ws/chat")
        gone, gone_pid = self.connect_known()
        gone.echo("x")
        gone.leave(4000)
        wait_until(lambda: self.api.get("peers").json["peers"], "a peer")
        wait_until(lambda: len(self.api.get("history").json["points"]) > 1,
                   "points of the history")
        for path, query in (
                ("/healthz", ""), ("/readyz", ""), ("/metrics", ""),
                ("/api/v1/node", ""), ("/api/v1/connections", ""),
                ("/api/v1/connections", "?metadata=place&sort=-age_ms&limit=5"
                 "&offset=0&search=127&address=127.0.0.1&target=chat"
                 "&endpoint=chat"),
                ("/api/v1/ended", ""), ("/api/v1/ended", "?limit=1"),
                ("/api/v1/targets", ""), ("/api/v1/peers", ""),
                ("/api/v1/history", ""), ("/api/v1/config", ""),
                ("/api/v1/log", "")):
            with self.subTest(path=path + query):
                self.check_query(path, query)
                self.assertEqual(self.ask("get", path, query=query).status, 200)
        for each, phase in ((pid, "relaying"), (gone_pid, "ended")):
            found = self.ask("get", "/api/v1/connections/{pid}",
                             pid=quoted(each))
            self.assertEqual(found.json["phase"], phase)
        client.leave()

    def test_each_order_that_is_written_is_taken(self):
        schema = operations()["get", "/api/v1/connections"]["parameters"]
        pattern = next(each["schema"]["pattern"] for each in schema
                       if each["name"] == "sort")
        keys = re.search(r"\((.*)\)", pattern)[1].split("|")
        for key in keys:
            for mark in ("", "-"):
                self.assertEqual(self.ask("get", "/api/v1/connections",
                                          query=f"?sort={mark}{key}").status,
                                 200)

    def test_changes(self):
        client, pid = self.connect_known()
        base, pid = "/api/v1/connections/{pid}", quoted(pid)
        for path, body in (
                (f"{base}/send", {"data": "x"}),
                (f"{base}/send", {"type": "binary", "data_base64": "AA=="}),
                (f"{base}/transfer", {"target": "chat"}),
                (f"{base}/close", {"code": 4000, "reason": "done"}),
                ("/api/v1/log", {"level": "info"}),
                ("/api/v1/log", {"level": "off", "part": "access"}),
                ("/api/v1/reload", {})):
            with self.subTest(path=path):
                self.assertEqual(
                    self.ask("post", path, body, pid=pid).status, 200)
        client.close()

    def test_groups(self):
        client, pid = self.connect_known()
        fill = {"{group}": "room-7", "{pid}": quoted(pid)}
        for method, path, body, status in (
                ("put", "/@groups/{group}/{pid}", None, 204),
                ("get", "/@groups/{group}", None, 200),
                ("post", "/@groups/{group}", b"to all", 202),
                ("delete", "/@groups/{group}/{pid}", None, 204),
                ("delete", "/@groups/{group}", None, 202)):
            with self.subTest(method=method, path=path):
                found = self.api.ask(method.upper(), re.sub(
                    r"{\w+}", lambda each: fill[each[0]], path), body)
                self.assertEqual(found.status, status)
                self.check_answer(operations()[method, path], found, path)
        client.close()

    def test_a_drain(self):
        relay = self.start_relay(config())
        self.api = Api(admin_port(relay))
        wait_until(lambda: self.ask("get", "/readyz").status == 200, "ready")
        self.assertEqual(self.ask("post", "/api/v1/drain", {}).status, 202)
        self.assertEqual(relay.wait(), 0)

    def test_what_is_wrong(self):
        for (method, path), operation in operations().items():
            with self.subTest(method=method, path=path):
                found = self.ask(method, path, pid=NOBODY, host="evil.example",
                                 body=b"{}" if method == "post" else None)
                self.assertEqual(found.status, 403)
                if method == "post" and path.startswith("/api/"):
                    found = self.ask(method, path, b"{}", pid=NOBODY)
                    self.assertEqual(found.status, 415)
                    found = self.ask(method, path, b"{}x", pid=NOBODY,
                                     fields=[JSON])
                    self.assertEqual(found.status, 400)
                elif "422" in operation["responses"] and "groups" in path:
                    # `{group}` as it stands is no name of one.
                    self.assertEqual(self.ask(method, path, b"x" if method ==
                                              "post" else None).status, 422)
                elif "400" in operation["responses"] and "names" not in path:
                    found = self.ask(method, path, b"{}" if method == "post"
                                     else None, pid=NOBODY, query="?x=1")
                    self.assertEqual(found.status, 400)
        for what, body in (("send", {"data": "x"}), ("close", {}),
                           ("transfer", {"target": "echo"})):
            found = self.ask("post", "/api/v1/connections/{pid}/" + what, body,
                             pid=NOBODY)
            self.assertEqual(found.status, 404)
        _, pid = self.connect_known()
        found = self.ask("post", "/api/v1/connections/{pid}/close", {"code": 7},
                         pid=quoted(pid))
        self.assertEqual(found.status, 409)

    def events_of(self, path, pid=""):
        """Returns a stream, and a check of each event's data."""
        media = operations()["get", path]["responses"]["200"]["content"][
            "text/event-stream"]
        events = self.api.events(path.replace("{pid}", pid))
        self.addCleanup(events.close)

        def wait_for(name):
            self.assertIn(name, media["x-events"])
            data = events.wait_for(name)
            self.assert_fits(data, media["x-events"][name], data)
        return events, wait_for

    def test_events(self):
        events, wait_for = self.events_of("/events")
        client = self.connect()
        for name in ("state", "opened", "point"):
            wait_for(name)
        client.leave()
        wait_for("ended")

    def test_events_of_a_connection(self):
        path = "/api/v1/connections/{pid}/events"
        client, pid = self.connect_known()
        events, wait_for = self.events_of(path, quoted(pid))

        def begun():
            self.api.post(f"connections/{quoted(pid)}/send", {"data": "probe"})
            events.read_chunk()
            return events.seen
        wait_until(begun, "the feed has begun")
        client.send_text("x")
        for name in ("in", "out"):
            wait_for(name)
        self.api.post(f"connections/{quoted(pid)}/transfer",
                      {"target": "chat"})
        wait_for("transferred")
        client.leave()
        wait_for("ended")
        _, wait_for = self.events_of(path, NOBODY)
        wait_for("failed")

    def test_the_document_is_served_as_it_is(self):
        found = self.api.ask("GET", "/openapi.json")
        self.assertEqual((found.status, found.type),
                         (200, "application/json"))
        self.assertEqual(found.json, DOCUMENT)


if __name__ == "__main__":
    unittest.main()
