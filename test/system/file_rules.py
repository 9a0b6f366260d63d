"""Static files by RFC 9110: folders, types, conditions, ranges, encodings."""

import gzip
import os
import tempfile
import unittest
from pathlib import Path

from raw_client import Connection
from support import RelayTest, service

TEXT = b"0123456789" * 100
LATER, EARLIER = ("Sat, 01 Jan 2050 00:00:00 GMT",
                  "Sat, 01 Jan 2000 00:00:00 GMT")

TYPES = {
    "htm": "text/html", "jpeg": "image/jpeg", "JPG": "image/jpeg",
    "pdf": "application/pdf", "mp4": "video/mp4", "woff": "font/woff",
    "woff2": "font/woff2", "avif": "image/avif", "webp": "image/webp",
    "webmanifest": "application/manifest+json", "csv": "text/csv",
    "xml": ("application/xml", "text/xml"), "wasm": "application/wasm",
    "mjs": "text/javascript", "Js": "text/javascript", "CSS": "text/css",
    "map": "application/json", "ico": ("image/x-icon",
                                       "image/vnd.microsoft.icon"),
    "nothing": "application/octet-stream",
}


class Files(RelayTest):
    @classmethod
    def config(cls):
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        cls.addClassCleanup(folder.cleanup)
        root = cls.root = Path(folder.name)
        for name, data in (
                ("index.html", b"root"), ("sub/index.html", b"sub"),
                ("sub/deeper/index.html", b"deeper"), ("bare/file.txt", b"x"),
                ("text.txt", TEXT), (".secret", b"SECRET"),
                (".git/config", b"SECRET"), ("sub/.htpasswd", b"SECRET"),
                (".well-known/x.txt", b"SECRET"),
                ("packed.js", b"let packed = true;"),
                ("packed.js.gz", gzip.compress(b"let packed = true;")),
                ("packed.js.br", b"as if it were brotli"),
                *((f"file.{end}", b"x") for end in TYPES)):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        os.utime(root / "text.txt", (1_700_000_000, 1_700_000_000))
        mount = ("- {{name: {}, kind: http.static, meta: {{server: gateway}}, "
                 "path: {}, root: \"{}\"}}\n")
        return (service() + mount.format("root", "/", root)
                + mount.format("app", "/app", root))

    def ask(self, path, *fields, method="GET"):
        with Connection(self.relay.port) as client:
            return client.request(method, path, fields)

    def status(self, path, *fields, **keys):
        return self.ask(path, *fields, **keys).status


class Folders(Files):
    def test_a_folder_without_its_slash_is_redirected(self):
        for path in ("/app", "/sub", "/sub/deeper", "/app/sub",
                     "/app/sub/deeper"):
            for query in ("", "?a=1&b=/"):
                response = self.ask(path + query)
                self.assertEqual(response.status, 308, path)
                self.assertEqual(response.get("Location"), f"{path}/{query}")

    def test_a_redirect_never_leaves_the_host(self):
        for path in ("//sub", "//evil.example/..", "/\\sub", "///app"):
            location = self.ask(path).get("Location", "/")
            self.assertFalse(location.startswith(("//", "/\\")), path)

    def test_a_folder_is_its_index(self):
        for path, body in (("/", b"root"), ("/app/", b"root"),
                           ("/sub/", b"sub"), ("/sub/deeper/", b"deeper")):
            response = self.ask(path)
            self.assertEqual((response.status, response.body), (200, body))

    def test_a_folder_without_an_index_is_404(self):
        self.assertIn(self.status("/bare"), (308, 404))
        self.assertEqual(self.status("/bare/"), 404)

    def test_what_begins_with_a_dot_is_not_served(self):
        for path in ("/.secret", "/.git/config", "/sub/.htpasswd", "/.git/",
                     "/.git", "/%2esecret", "/app/.secret"):
            self.assertIn(self.status(path), (400, 404), path)


class Types(Files):
    def test_types(self):
        for end, expected in TYPES.items():
            response = self.ask(f"/file.{end}")
            found = response.get("Content-Type").split(";")[0]
            self.assertIn(found, expected if isinstance(expected, tuple)
                          else (expected,), end)


class Conditions(Files):
    """RFC 9110 section 13."""

    def setUp(self):
        response = self.ask("/text.txt")
        self.tag = response.get("ETag")
        self.date = response.get("Last-Modified")

    def test_a_file_has_a_tag_and_a_date(self):
        self.assertRegex(self.tag, r'^(W/)?"[^"]+"$')
        self.assertEqual(self.date, "Tue, 14 Nov 2023 22:13:20 GMT")

    def test_conditions(self):
        tag, other = self.tag, '"other"'
        for fields, status in (
                ([("If-None-Match", tag)], 304),
                ([("If-None-Match", f"W/{tag}")], 304),
                ([("If-None-Match", f"{other}, {tag}")], 304),
                ([("If-None-Match", other), ("If-None-Match", tag)], 304),
                ([("If-None-Match", "*")], 304),
                ([("If-None-Match", other)], 200),
                ([("If-Match", tag)], 200), ([("If-Match", "*")], 200),
                ([("If-Match", other), ("If-Match", tag)], 200),
                ([("If-Match", other)], 412),
                ([("If-Modified-Since", self.date)], 304),
                ([("If-Modified-Since", LATER)], 304),
                ([("If-Modified-Since", EARLIER)], 200),
                ([("If-Modified-Since", "nonsense")], 200),
                ([("If-Unmodified-Since", self.date)], 200),
                ([("If-Unmodified-Since", EARLIER)], 412),
                ([("If-None-Match", other),
                  ("If-Modified-Since", LATER)], 200),
                ([("If-Match", tag), ("If-Unmodified-Since", EARLIER)], 200)):
            for method in ("GET", "HEAD"):
                with self.subTest(fields=fields, method=method):
                    self.assertEqual(self.status("/text.txt", *fields,
                                                 method=method), status)

    def test_another_content_is_another_tag(self):
        path = self.root / "changing.txt"
        tags = set()
        for i in range(3):
            path.write_bytes(b"x" * i)
            tags.add(self.ask("/changing.txt").get("ETag"))
        self.assertEqual(len(tags), 3)


class Ranges(Files):
    """RFC 9110 section 14."""

    def test_one_range(self):
        for asked, expected in (("0-9", (0, 9)), ("990-", (990, 999)),
                                ("-5", (995, 999)), ("0-", (0, 999)),
                                ("500-99999", (500, 999)),
                                ("-99999", (0, 999)), ("999-999", (999, 999))):
            response = self.ask("/text.txt", ("Range", f"bytes={asked}"))
            first, last = expected
            self.assertEqual(response.status, 206, asked)
            self.assertEqual(response.get("Content-Range"),
                             f"bytes {first}-{last}/1000")
            self.assertEqual(response.body, TEXT[first:last + 1])

    def test_a_range_that_cannot_be_is_416(self):
        for asked in ("1000-", "1000-1001", "-0"):
            response = self.ask("/text.txt", ("Range", f"bytes={asked}"))
            self.assertEqual(response.status, 416, asked)
            self.assertEqual(response.get("Content-Range"), "bytes */1000")

    def test_what_is_no_range_is_ignored(self):
        for asked in ("bytes=9-0", "bytes=", "bytes=a-b", "lines=0-1",
                      "bytes=0", "bytes=-", "bytes=0-1x",
                      "bytes=0-99999999999999999999999"):
            self.assertIn(self.status("/text.txt", ("Range", asked)),
                          (200, 206) if "999" in asked else (200,), asked)

    def test_many_ranges_cost_no_more_than_the_file(self):
        asked = "bytes=" + ",".join("0-999" for _ in range(1000))
        response = self.ask("/text.txt", ("Range", asked))
        self.assertIn(response.status, (200, 206, 416))
        self.assertLess(len(response.body), 3000)

    def test_if_range(self):
        tag = self.ask("/text.txt").get("ETag")
        for value, status in ((tag, 206), ('"other"', 200), (EARLIER, 200)):
            response = self.ask("/text.txt", ("Range", "bytes=0-9"),
                                ("If-Range", value))
            self.assertEqual(response.status, status, value)

    def test_head_ignores_a_range(self):
        response = self.ask("/text.txt", ("Range", "bytes=0-9"),
                            method="HEAD")
        self.assertEqual(response.status, 200)


class Encodings(Files):
    def test_what_is_packed_already_is_used(self):
        for accepted, expected in (
                ("gzip", "gzip"), ("br", "br"), ("gzip, br", "br"),
                ("gzip, br;q=0", "gzip"), ("gzip;q=0", None), ("", None),
                ("identity", None), ("GZIP", "gzip"), ("x-gzip", None),
                ("gzip;q=0.5, deflate", "gzip")):
            response = self.ask("/packed.js", ("Accept-Encoding", accepted))
            encoding = response.get("Content-Encoding")
            if accepted == "x-gzip" and encoding == "gzip":
                continue  # RFC 9110 section 8.4.1.3: may be the same
            self.assertEqual(encoding, expected, accepted)
            self.assertEqual(response.get("Content-Type").split(";")[0],
                             "text/javascript")
            self.assertIn("accept-encoding", response.get("Vary", "").lower())
            if encoding == "gzip":
                self.assertEqual(gzip.decompress(response.body),
                                 b"let packed = true;")

    def test_each_form_has_its_own_tag(self):
        tags = {self.ask("/packed.js", ("Accept-Encoding", each)).get("ETag")
                for each in ("gzip", "br", "identity")}
        self.assertEqual(len(tags), 3)


if __name__ == "__main__":
    unittest.main()
