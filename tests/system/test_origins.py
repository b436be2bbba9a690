"""Pages of other sites: what they may read (CORS), what they may not change, and what the log says of it."""
import json
import os
import subprocess
import tempfile
import unittest

from server import PATIENCE, Server, ServerCase, program
from wsclient import Refused, WebSocket

VITE = "http://localhost:5173"
NOTE = json.dumps({"title": "milk", "done": False}).encode()
JSON = {"Content-Type": "application/json"}
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}


def of_cors(reply):
    return {name[len("access-control-"):]: value for name, value in reply.headers.items() if name.startswith("access-control-")}


class Asking(ServerCase):
    def from_page(self, method, path, origin=None, site=None, body=None, **headers):
        given = dict(headers)
        if origin is not None:
            given["Origin"] = origin
        if site is not None:
            given["Sec-Fetch-Site"] = site
        return self.server.request(method, path, body, headers=given)

    def write(self, origin=None, site=None, path="/api/notes/"):
        return self.from_page("POST", path, origin, site, NOTE, **JSON)


class ByDefault(Asking):
    """Nothing is set: pages of this origin alone may write, and none of another may read."""
    example, db = "realtime-update", "test.db"

    def own(self):
        return "http://127.0.0.1:%d" % self.server.port

    def test_a_program_says_nothing_and_writes(self):
        self.assertEqual(self.write().status, 201)

    def test_our_own_page_writes(self):
        for origin, site in ((self.own(), "same-origin"), (self.own(), None), (None, "none"), (None, "same-origin"),
                             ("http://elsewhere.example", "same-origin")):  # a proxy may have changed Host
            self.assertEqual(self.write(origin, site).status, 201, (origin, site))

    def test_a_write_of_a_page_of_another_site_is_403_in_words(self):
        before = len(self.server.get("/api/notes/").json)
        for origin, site in ((VITE, None), (VITE, "same-site"), (VITE, "cross-site"), ("null", None), ("null", "cross-site"),
                             (None, "cross-site"), (None, "same-site"), (self.own(), "cross-site"), (self.own(), "odd"),
                             ("http://127.0.0.1", None), ("http://localhost:%d" % self.server.port, None), ("", None)):
            for method, path in (("POST", "/api/notes/"), ("PUT", "/api/notes/1/"), ("PATCH", "/api/notes/1/"),
                                 ("DELETE", "/api/notes/1/"), ("POST", "/"), ("POST", "/nowhere/"), ("BREW", "/api/notes/")):
                reply = self.from_page(method, path, origin, site, NOTE, **JSON)
                self.assertEqual(reply.status, 403, (method, path, origin, site))
                detail = reply.json["detail"]
                for word in (origin, site, "127.0.0.1:%d" % self.server.port, "--cors-origins"):
                    self.assertIn(word or "", detail)
        self.assertEqual(len(self.server.get("/api/notes/").json), before)

    def test_a_form_that_a_page_posts_makes_no_row(self):
        """What a browser sends of a no-cors fetch, and of a form: no preflight asks before."""
        before = len(self.server.get("/api/notes/").json)
        for kind in ("application/x-www-form-urlencoded", "text/plain"):
            reply = self.from_page("POST", "/api/notes/", VITE, "same-site", b"title=forged&done=on", **{"Content-Type": kind})
            self.assertEqual(reply.status, 403)
        self.assertEqual(len(self.server.get("/api/notes/").json), before)

    def test_reading_is_for_all_but_not_for_foreign_pages(self):
        for method in ("GET", "HEAD", "OPTIONS"):
            reply = self.from_page(method, "/api/notes/", VITE, "cross-site")
            self.assertEqual((reply.status, of_cors(reply)), (200, {}))
            self.assertNotIn("origin", reply.headers.get("vary", "").lower())

    def test_each_refused_origin_has_a_line_with_what_it_was_compared_with(self):
        for _ in range(3):
            self.write("http://told.example", "cross-site")
            self.from_page("OPTIONS", "/api/notes/", "http://asked.example", **PREFLIGHT)
        for event, origin in (("http.foreign", "http://told.example"), ("http.cors", "http://asked.example")):
            lines = self.server.wait_lines(" %s " % event, "origin=" + origin, "host=127.0.0.1:%d" % self.server.port, "--cors-origins")
            self.assertEqual(len(lines), 1, lines)


class Cors(Asking):
    """One option, as for a page that Vite serves on another port."""
    example, db = "realtime-update", "test.db"
    options = ("--cors-origins", VITE + ", https://*.b.example")

    def test_a_page_on_another_port_reads_and_writes(self):
        made = self.write(VITE, "same-site")
        self.assertEqual(made.status, 201)
        self.assertEqual(of_cors(made), {"allow-origin": VITE, "expose-headers": "Freshet-At, ETag, Location"})
        self.assertIn("freshet-at", made.headers)
        for origin in (VITE, "https://x.b.example"):
            reply = self.from_page("GET", "/api/notes/", origin, "cross-site")
            self.assertEqual((reply.status, of_cors(reply)["allow-origin"]), (200, origin))
            self.assertEqual(self.write(origin, "cross-site").status, 201)

    def test_other_pages_do_not(self):
        for origin in ("http://localhost:5174", "https://localhost:5173", "https://b.example", "http://x.b.example", "null"):
            reply = self.from_page("GET", "/api/notes/", origin)
            self.assertEqual((reply.status, of_cors(reply)), (200, {}), origin)
            self.assertEqual(self.write(origin).status, 403, origin)

    def test_every_answer_says_for_whom_it_is_errors_too(self):
        for method, path, status in (("GET", "/api/notes/", 200), ("GET", "/nowhere/", 404), ("GET", "/api/notes", 301),
                                     ("DELETE", "/api/notes/", 405), ("GET", "/api/notes/99999/", 404), ("GET", "/", 200),
                                     ("POST", "/api/notes/", 400), ("GET", "/%ff", 404), ("OPTIONS", "/api/notes/", 200)):
            reply = self.from_page(method, path, VITE, body=b"{" if method == "POST" else None, **JSON)
            self.assertEqual((reply.status, of_cors(reply).get("allow-origin")), (status, VITE), path)
            self.assertIn("origin", reply.headers["vary"].lower(), path)
            foreign = self.from_page(method, path, "http://b.example", "same-origin", body=b"{" if method == "POST" else None, **JSON)
            self.assertEqual((foreign.status, of_cors(foreign)), (status, {}), path)
            self.assertIn("origin", foreign.headers["vary"].lower(), path)
        too_large = self.from_page("POST", "/api/notes/", VITE, **{"Content-Length": "999999999"})
        self.assertEqual((too_large.status, of_cors(too_large).get("allow-origin")), (413, VITE))
        self.assertIn("origin", self.server.get("/api/notes/").headers["vary"].lower())

    def test_a_preflight_is_answered_before_anything_is_routed(self):
        for path in ("/api/notes/", "/nowhere/", "/api/notes"):
            reply = self.from_page("OPTIONS", path, VITE, **PREFLIGHT)
            self.assertEqual((reply.status, reply.body), (200, b""), path)
            cors = of_cors(reply)
            self.assertEqual(cors["allow-origin"], VITE)
            self.assertEqual({word.strip() for word in cors["allow-methods"].split(",")},
                             {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
            self.assertLessEqual({"authorization", "content-type", "idempotency-key", "if-match", "x-csrftoken"},
                                 {word.strip() for word in cors["allow-headers"].split(",")})
            self.assertEqual(cors["max-age"], "86400")
            self.assertNotIn("allow-credentials", cors)
        self.assertEqual(of_cors(self.from_page("OPTIONS", "/api/notes/", "http://b.example", **PREFLIGHT)), {})

    def test_options_without_a_question_is_the_viewsets_own(self):
        self.assertIn("renders", self.from_page("OPTIONS", "/api/notes/", VITE).json)

    def test_a_socket_opens_too(self):
        reply = self.from_page("GET", "/ws/realtime-update/", VITE, Host="api.example", Connection="Upgrade", Upgrade="websocket",
                               **{"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
        self.assertEqual(reply.status, 101)


class Star(Asking):
    example, db = "realtime-update", "test.db"
    options = ("--cors-origins", "*")

    def test_a_star_is_for_all_and_says_so(self):
        for origin in (VITE, "https://a.example", "null"):
            reply = self.write(origin, "cross-site")
            self.assertEqual((reply.status, of_cors(reply)["allow-origin"]), (201, "*"))


class InCode(Asking):
    """What an application says by itself: credentials, lists, routes that are let out."""
    example, db = "pages", "test.db"

    def test_credentials_name_the_origin(self):
        reply = self.from_page("OPTIONS", "/api/notes/", "https://x.b.example", **PREFLIGHT)
        cors = of_cors(reply)
        self.assertEqual((cors["allow-origin"], cors["allow-credentials"], cors["max-age"]), ("https://x.b.example", "true", "600"))
        self.assertIn("X-Mine", cors["allow-headers"])
        self.assertEqual(of_cors(self.from_page("GET", "/api/notes/", "https://a.example"))["expose-headers"],
                         "Freshet-At, ETag, Location, X-Total")

    def test_a_route_may_be_let_out(self):
        for path, status in (("/hook", 200), ("/api/open/", 201), ("/api/notes/", 403), ("/own", 403), ("/fails", 403)):
            self.assertEqual(self.write("https://c.example", "cross-site", path).status, status, path)
        self.assertEqual(of_cors(self.write("https://c.example", "cross-site", "/hook")), {})

    def test_what_is_no_list_and_no_row_cannot_be_watched_and_says_so(self):
        with self.assertRaisesRegex(Refused, "404"):  # nothing can be done there
            WebSocket(self.server.port, "/api/inbox/1/")
        for path in ("/api/notes/recent/", "/api/inbox/", "/hook"):
            with WebSocket(self.server.port, path) as ws:
                self.assertEqual(ws.receive_json()["status"], 405, path)
                self.assertEqual(ws.wait_close().code, 4405)

    def test_a_handler_may_say_it_by_itself(self):
        self.assertEqual(of_cors(self.from_page("GET", "/own", "https://a.example")), {"allow-origin": "https://own.example"})

    def test_an_error_of_a_handler_can_be_read(self):
        reply = self.from_page("GET", "/fails", "https://a.example")
        self.assertEqual((reply.status, of_cors(reply)["allow-origin"]), (409, "https://a.example"))


class Start(unittest.TestCase):
    def test_origins_that_no_page_can_have_end_the_start_with_2(self):
        with tempfile.TemporaryDirectory(prefix="freshet-") as folder:
            for option in ("--origins", "--cors-origins"):
                for value, word in (("https://a.example/", "slash"), ("https://a.example/app", "path"),
                                    ("https://a.example https://b.example", "commas"), ("https://a.*.example", "star"),
                                    ("https://a.example:port", "no origin"), ("http://ok.example,ws://a.example", "socket")):
                    done = subprocess.run([program("realtime-update"), "--listen", "127.0.0.1:0", option, value], cwd=folder,
                                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
                    text = done.stderr.decode()
                    self.assertEqual((done.returncode, done.stdout), (2, b""), text)
                    self.assertEqual(len(text.splitlines()), 1, text)
                    self.assertIn(option + ": \"", text)
                    self.assertIn(word, text)
            done = subprocess.run([program("realtime-update"), "--cors-origins", "localhost:5173"], cwd=folder, timeout=PATIENCE,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 2)
            self.assertIn("lacks its scheme", done.stderr.decode())
            self.assertEqual(os.listdir(folder), [])  # before a database is made

    def test_the_lists_of_the_environment_are_read_too(self):
        server = Server("echo", env={"FRESHET_CORS_ORIGINS": VITE, "FRESHET_CORS_CREDENTIALS": "1"})
        try:
            reply = server.request("GET", "/json", headers={"Origin": VITE})
            self.assertEqual((of_cors(reply)["allow-origin"], of_cors(reply)["allow-credentials"]), (VITE, "true"))
        finally:
            server.finish()


class Sockets(Asking):
    example = "echo"
    options = ("--origins", "https://*.b.example")

    def test_a_refused_socket_is_403_with_a_line_that_says_what_was_compared_with_what(self):
        headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                   "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        for _ in range(5):
            reply = self.from_page("GET", "/ws/echo/", "https://b.example", **headers)
            self.assertEqual(reply.status, 403)
        lines = self.server.wait_lines(" ws.origin ")
        self.assertEqual(len(lines), 1, lines)
        for word in ("origin=https://b.example", "host=127.0.0.1:%d" % self.server.port, "allowed=https://*.b.example",
                     "path=/ws/echo/", "--origins"):
            self.assertIn(word, lines[0])
        self.assertEqual(self.from_page("GET", "/ws/echo/", "https://x.b.example", **headers).status, 101)


if __name__ == "__main__":
    unittest.main()
