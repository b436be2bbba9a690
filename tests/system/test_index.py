"""What stands at "/" where an application has nothing there: the list of its routes, for this machine."""
import unittest
from html.parser import HTMLParser

from server import Server, ServerCase

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


class Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self.found.append(dict(attributes)["href"])

    def handle_data(self, data):
        self.text += data


class Index(ServerCase):
    example, db = "pages", "test.db"

    def test_the_routes_are_listed(self):
        reply = self.server.get("/")
        self.assertEqual((reply.status, reply.headers["content-type"]), (200, "application/json"))
        self.assertEqual((reply.json["name"], reply.json["version"].count(".")), ("pages", 2))
        routes = {route["path"]: route for route in reply.json["routes"]}
        origin = "127.0.0.1:%d" % self.server.port
        self.assertEqual(routes["/api/notes/"], {"path": "/api/notes/", "kind": "list", "methods": "GET, POST, HEAD, OPTIONS",
                                                 "url": "http://%s/api/notes/" % origin, "live": True})
        self.assertEqual(routes["/api/notes/<str:pk>/"], {"path": "/api/notes/<str:pk>/", "kind": "object", "live": True,
                                                          "methods": "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"})
        self.assertEqual(routes["/api/notes/recent/"]["kind"], "action")
        self.assertNotIn("live", routes["/api/inbox/"])
        self.assertNotIn("/api/inbox/<str:pk>/", routes)
        self.assertEqual(routes["/hook"], {"path": "/hook", "kind": "handler", "url": "http://%s/hook" % origin})
        self.assertEqual(routes["/ws/<slug:room>/"], {"path": "/ws/<slug:room>/", "kind": "consumer"})
        for route in routes.values():  # what is listed is there
            if "GET" in route.get("methods", "") and "url" in route:
                self.assertEqual(self.server.get(route["path"]).status, 200, route)

    def test_a_browser_gets_a_page(self):
        reply = self.server.get("/", headers=BROWSER)
        self.assertEqual((reply.status, reply.headers["content-type"]), (200, "text/html; charset=utf-8"))
        self.assertIn("accept", reply.headers["vary"].lower())
        self.assertIn("default-src 'none'", reply.headers["content-security-policy"])
        page = Links(reply.body.decode())
        self.assertIn("/api/notes/", page.found)
        self.assertNotIn("/api/inbox/", page.found)  # nothing to read there
        self.assertIn("/api/notes/<str:pk>/", page.text)
        for href in page.found:
            self.assertLess(self.server.get(href).status, 500)

    def test_head_and_other_methods(self):
        self.assertEqual(self.server.request("HEAD", "/").status, 200)
        reply = self.server.post("/", {})
        self.assertEqual((reply.status, reply.headers["allow"]), (405, "GET, HEAD"))

    def test_to_whom_a_proxy_speaks_for_it_is_404(self):
        missing = self.server.get("/nowhere/")
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
            for method in ("GET", "POST"):
                reply = self.server.request(method, "/", headers={name: "for=127.0.0.1"})
                self.assertEqual((reply.status, reply.body), (404, missing.body), name)


class Others(unittest.TestCase):
    def test_the_option_says_who_may_see_it(self):
        for who, client, status in (("local", "203.0.113.9", 404), ("all", "203.0.113.9", 200), ("none", None, 404)):
            server = Server("echo", "--index", who, "--trust-proxy", "loopback")
            try:
                headers = {"X-Forwarded-For": client} if client else {}
                self.assertEqual(server.get("/", headers=headers).status, status, who)
            finally:
                server.finish()

    def test_a_page_of_its_own_takes_its_place(self):
        server = Server("realtime-update", db="test.db")
        try:
            self.assertIn(b"<title>", server.get("/").body)
            self.assertNotIn(b"--index", server.get("/", headers=BROWSER).body)
        finally:
            server.finish()


if __name__ == "__main__":
    unittest.main()
