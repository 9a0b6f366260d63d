"""Static files: from a folder and from the program itself."""

import gzip
import os
import tempfile
import unittest
from pathlib import Path

from raw_client import Connection
from support import RelayTest, service

FILES = {
    "index.html": b"<!DOCTYPE html><title>root</title>",
    "app/index.html": b"<!DOCTYPE html><title>app</title>",
    "app/code.js": b"let x = 1;\n", "style.css": b"a { }\n",
    "data.json": b"{}", "image.png": b"\x89PNG\0\xff", "notes.txt": b"notes",
    "picture.svg": b"<svg/>", "module.wasm": b"\0asm", "strange.xyz": b"?",
    "empty.txt": b"", "with space.txt": b"space", "größe.txt": b"utf-8",
    "large.bin": os.urandom(1 << 20), "code.css": b"a{}\n" * 1000,
    "code.css.gz": gzip.compress(b"a{}\n" * 1000), "PHOTO.JPEG": b"jpeg",
    ".well-known/security.txt": b"Contact: x",
}

HIDDEN = (".env", ".git/config", "app/.htpasswd")

TYPES = {
    "/index.html": "text/html; charset=utf-8",
    "/app/code.js": "text/javascript; charset=utf-8",
    "/style.css": "text/css; charset=utf-8", "/data.json": "application/json",
    "/image.png": "image/png", "/notes.txt": "text/plain; charset=utf-8",
    "/picture.svg": "image/svg+xml", "/module.wasm": "application/wasm",
    "/strange.xyz": "application/octet-stream", "/PHOTO.JPEG": "image/jpeg",
}

TRAVERSALS = (
    "/../secret.txt", "/app/../../secret.txt", "/%2e%2e/secret.txt",
    "/..%2fsecret.txt", "/%2e%2e%2fsecret.txt", "/app/%2e%2e/%2e%2e/secret.txt",
    "/..\\secret.txt", "/..%5csecret.txt", "//etc/passwd", "/%2fetc/passwd",
    "/./../secret.txt", "/....//secret.txt", "/%252e%252e/secret.txt",
    "/notes.txt%00.html", "/%c0%ae%c0%ae/secret.txt", "/outside.txt",
    "/outside/secret.txt", "/app//index.html", "/notes.txt/", "/%",
    "/%zz", "/../static/index.html",
)


class StaticFiles(RelayTest):
    @classmethod
    def config(cls):
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        cls.addClassCleanup(folder.cleanup)
        outside = Path(folder.name)
        (outside / "secret.txt").write_text("SECRET")
        root = outside / "static"
        for name, data in FILES.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        for name in HIDDEN:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("SECRET")
        (root / "outside.txt").symlink_to(outside / "secret.txt")
        (root / "outside").symlink_to(outside)
        (root / "inside.txt").symlink_to(root / "notes.txt")
        os.mkfifo(root / "pipe.txt")
        cls.root = root
        return service() + f"""\
- {{name: files, kind: http.static, meta: {{server: gateway}}, path: /,
   root: "{root}"}}
- {{name: demo, kind: http.static, meta: {{server: gateway}}, path: /demo,
   root: "builtin:demo"}}
- {{name: other, kind: http.static, meta: {{server: gateway}}, path: /other,
   root: "{root}/app", index: code.js}}
"""

    def get(self, path, *fields, method="GET"):
        with Connection(self.relay.port) as client:
            return client.request(method, path, fields)

    def test_every_file_comes_as_it_is(self):
        for name, data in FILES.items():
            path = "/" + name.replace(" ", "%20").replace("ö", "%C3%B6") \
                .replace("ß", "%C3%9F")
            with self.subTest(path=path):
                response = self.get(path)
                self.assertEqual(response.status, 200)
                self.assertTrue(response.body == data)

    def test_the_type_comes_from_the_name(self):
        for path, kind in TYPES.items():
            response = self.get(path)
            self.assertEqual(response.get("Content-Type"), kind)
            self.assertEqual(response.get("X-Content-Type-Options"), "nosniff")

    def test_a_folder_shows_its_index(self):
        self.assertEqual(self.get("/").body, FILES["index.html"])
        self.assertEqual(self.get("/app/").body, FILES["app/index.html"])
        self.assertEqual(self.get("/other/").body, FILES["app/code.js"])

    def test_a_folder_without_its_slash_leads_to_it(self):
        for path, location in (("/app", "/app/"), ("/app?a=b/", "/app/?a=b/"),
                               ("/demo", "/demo/"), ("/other?x", "/other/?x")):
            with self.subTest(path=path):
                response = self.get(path)
                self.assertEqual(response.status, 308)
                self.assertEqual(response.get("Location"), location)

    def test_names_that_begin_with_a_dot_are_not_served(self):
        for name in HIDDEN:
            self.assertEqual(self.get(f"/{name}").status, 404)

    def test_the_query_names_no_file(self):
        self.assertEqual(self.get("/notes.txt?x=/../y").body, b"notes")

    def test_nothing_outside_of_the_root_is_reached(self):
        for path in TRAVERSALS:
            with self.subTest(path=path):
                response = self.get(path)
                self.assertIn(response.status, (400, 404))
                self.assertNotIn(b"SECRET", response.body)
                self.assertNotIn(b"root:", response.body)

    def test_a_link_inside_of_the_root_works(self):
        self.assertEqual(self.get("/inside.txt").body, b"notes")

    def test_what_is_no_file_is_not_served(self):
        self.assertEqual(self.get("/pipe.txt").status, 404)

    def test_an_error_names_no_path_of_the_machine(self):
        response = self.get("/none")
        self.assertNotIn(str(self.root).encode(), response.body)

    def test_the_entity_tag_saves_the_body(self):
        for path in ("/notes.txt", "/demo/"):
            whole = self.get(path)
            tag = whole.get("ETag")
            self.assertRegex(tag, r'^(W/)?"[^"]+"$')
            for known in (tag, f'"other", {tag}', "*", f"W/{tag}"):
                with self.subTest(path=path, known=known):
                    response = self.get(path, ("If-None-Match", known))
                    self.assertEqual(response.status, 304)
                    self.assertEqual(response.get("ETag"), tag)
            response = self.get(path, ("If-None-Match", '"other"'))
            self.assertEqual(response.body, whole.body)

    def test_a_304_is_followed_by_the_next_answer(self):
        with Connection(self.relay.port) as client:
            tag = client.request("GET", "/notes.txt").get("ETag")
            known = [("If-None-Match", tag)]
            for method in ("GET", "HEAD"):
                response = client.request(method, "/notes.txt", known)
                self.assertEqual(response.status, 304)
                self.assertIn(response.get("Content-Length"), (None, "5"))
            self.assertEqual(client.request("GET", "/notes.txt").body, b"notes")

    def test_a_changed_file_has_another_tag(self):
        path = self.root / "changing.txt"
        path.write_text("one")
        first = self.get("/changing.txt")
        path.write_text("two")
        second = self.get("/changing.txt",
                          ("If-None-Match", first.get("ETag")))
        self.assertEqual(second.body, b"two")

    def test_the_longest_prefix_decides(self):
        self.assertIn(b"wsrelay", self.get("/demo/").body)
        self.assertEqual(self.get("/demo/demo.js").status, 200)
        self.assertEqual(self.get("/demo/notes.txt").status, 404)
        self.assertEqual(self.get("/demon").status, 404)

    def test_a_condition_that_fails_is_a_412(self):
        response = self.get("/notes.txt", ("If-Match", '"other"'))
        self.assertEqual(response.status, 412)

    def test_tags_on_several_lines_are_one_list(self):
        tag = self.get("/notes.txt").get("ETag")
        response = self.get("/notes.txt", ("If-None-Match", '"other"'),
                            ("If-None-Match", tag))
        self.assertEqual(response.status, 304)

    def test_a_date_saves_the_body(self):
        date = self.get("/notes.txt").get("Last-Modified")
        response = self.get("/notes.txt", ("If-Modified-Since", date))
        self.assertEqual(response.status, 304)

    def test_a_range_is_a_part_of_the_file(self):
        data = FILES["large.bin"]
        for value, first, last in (
                ("0-0", 0, 0), ("100000-899999", 100000, 899999),
                ("-5", len(data) - 5, len(data) - 1),
                (f"{len(data) - 1}-", len(data) - 1, len(data) - 1)):
            with self.subTest(value=value):
                response = self.get("/large.bin", ("Range", f"bytes={value}"))
                self.assertEqual(response.status, 206)
                self.assertEqual(response.get("Content-Range"),
                                 f"bytes {first}-{last}/{len(data)}")
                self.assertTrue(response.body == data[first:last + 1])
        response = self.get("/large.bin", ("Range", f"bytes={len(data)}-"))
        self.assertEqual(response.status, 416)
        self.assertEqual(response.get("Content-Range"), f"bytes */{len(data)}")

    def test_a_file_that_was_compressed_is_sent_so(self):
        response = self.get("/code.css", ("Accept-Encoding", "br, gzip"))
        self.assertEqual(response.get("Content-Encoding"), "gzip")
        self.assertEqual(response.get("Content-Type"),
                         "text/css; charset=utf-8")
        self.assertEqual(response.get("Vary"), "Accept-Encoding")
        self.assertEqual(gzip.decompress(response.body), FILES["code.css"])
        plain = self.get("/code.css")
        self.assertEqual(plain.get("Vary"), "Accept-Encoding")
        self.assertNotEqual(plain.get("ETag"), response.get("ETag"))

    def test_head_has_no_body(self):
        with Connection(self.relay.port) as client:
            head = client.request("HEAD", "/large.bin")
            self.assertEqual(head.get("Content-Length"), str(1 << 20))
            self.assertEqual(client.request("GET", "/notes.txt").body, b"notes")


if __name__ == "__main__":
    unittest.main()
