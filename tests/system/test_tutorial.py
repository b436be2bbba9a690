"""The programs of docs/tutorial.md: the C blocks of each part (a heading of the first level) are one program, which compiles
without a warning and does what the text says."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import server as ours
from live import Live
from server import BUILD, ROOT, Server
from wsclient import WebSocket

PROGRAMS = ("recipe", "shop", "names")
STRICT = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-Wno-variadic-macros", "-Wno-missing-field-initializers"]
MULTIPART = ("--cut\r\nContent-Disposition: form-data; name=\"cover\"; filename=\"../a.png\"\r\n"
             "Content-Type: image/png\r\n\r\n%s\r\n--cut--\r\n")


def parts():
    """Of each part its heading and its C text."""
    with open(os.path.join(ROOT, "docs", "tutorial.md"), encoding="utf-8") as text:
        for part in re.split(r"^# ", text.read(), flags=re.M)[1:]:
            yield part.splitlines()[0], "\n".join(re.findall(r"^```c\n(.*?)^```", part, re.S | re.M))


class Tutorial(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="freshet-tutorial-")
        os.makedirs(os.path.join(cls.folder, "examples"))
        cls.programs = dict(zip(PROGRAMS, parts()))
        for name, (_, text) in cls.programs.items():
            source = os.path.join(cls.folder, name + ".c")
            with open(source, "w", encoding="utf-8") as file:
                file.write(text)
            done = subprocess.run(["gcc", *STRICT, "-I", os.path.join(ROOT, "include"), source, "-L", BUILD, "-lfreshet",
                                   "-Wl,-rpath," + BUILD, "-o", os.path.join(cls.folder, "examples", name)],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            assert done.returncode == 0, "%s\n%s" % (name, done.stdout.decode())
        cls.before, ours.BUILD = ours.BUILD, cls.folder

    @classmethod
    def tearDownClass(cls):
        ours.BUILD = cls.before
        shutil.rmtree(cls.folder)

    def serve(self, name, *folders):
        server = Server(name, db="test.db", start=False)
        for folder in folders:
            os.mkdir(os.path.join(server.folder, folder))
        server.start()
        self.addCleanup(server.finish)
        return server

    def test_each_part_is_a_program_that_compiles(self):
        self.assertEqual([heading for heading, _ in parts()], ["The recipe, step by step", "A larger program: a shop", "Work beside requests: names and their addresses"])
        for name in PROGRAMS:
            self.assertTrue(os.access(os.path.join(self.folder, "examples", name), os.X_OK))

    def test_the_recipe_serves_and_is_live(self):
        server = self.serve("recipe")
        with Live(server, "/api/notes/") as ws:
            note = server.post("/api/notes/", {"title": "milk", "done": False}).json
            self.assertEqual(ws.next()["changes"][0]["data"], note)

    def test_the_shop_does_what_is_said_of_it(self):
        server = self.serve("shop", "covers")
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        made = server.request("POST", "/add-author/", b"name=Tove", form)
        self.assertEqual((made.status, made.json), (201, {"id": 1}))
        self.assertEqual(server.request("POST", "/add-author/", b"name=", form).json, {"detail": "Send a name."})
        wrong = server.post("/api/books/", {"title": "x", "author": 99, "format": "scroll", "stock": -1})
        self.assertEqual((wrong.status, wrong.json), (400, {
            "format": ['"scroll" is not a valid choice.'],
            "stock": ["Ensure this value is greater than or equal to 0."],
            "author": ['Invalid pk "99" - object does not exist.']}))
        with Live(server, "/api/authors/") as ws:
            server.request("POST", "/add-author/", b"name=Astrid", form)
            self.assertEqual(ws.next()["changes"][0]["data"], {"id": 2, "name": "Astrid"})
        self.assertEqual(server.post("/api/books/", {"title": "Winter", "author": 1, "stock": 2}).status, 201)
        self.assertEqual([server.request("POST", "/api/books/1/sell/").status for _ in range(3)], [200, 200, 409])
        self.assertEqual(server.get("/api/books/1/").json["stock"], 0)
        self.assertEqual(server.get("/figures/").json, {"orders": 2})
        for query, count in (("author__name__icontains=tove", 1), ("any_format=hard&any_format=paper", 1), ("stock_min=1", 0),
                             ("sold_out=true&search=tove+wint", 1), ("search=astrid", 0), ("ordering=-author__name&page_size=1", 1)):
            self.assertEqual((query, server.get("/api/books/?" + query).json["count"]), (query, count))
        self.assertEqual(server.get("/api/books/?sold_out=maybe").json, {"sold_out": ["Say true, or nothing."]})
        self.assertEqual(server.request("DELETE", "/api/books/1/?stock_min=1").status, 404)
        self.assertEqual(server.request("DELETE", "/api/authors/1/").status, 409)
        kept = server.request("POST", "/api/books/1/cover/", (MULTIPART % "pixels").encode(),
                              {"Content-Type": "multipart/form-data; boundary=cut"})
        self.assertEqual(kept.status, 201)
        cover = server.get("/api/books/1/").json["cover"]
        self.assertEqual(os.listdir(os.path.join(server.folder, "covers")), [os.path.basename(cover)])
        self.assertEqual(server.get("/" + cover).body, b"pixels")
        both = [{"method": "POST", "path": "/api/authors/", "body": {"name": "Selma"}, "id": "author"},
                {"method": "POST", "path": "/api/books/", "body": {"title": "Nils", "author": {"$ref": "author/id"}, "stock": 2}}]
        answers = [server.post("/api/batch/", both, headers={"Idempotency-Key": "5d1f"}) for _ in range(2)]
        self.assertEqual([answer.status for answer in answers], [200, 200], answers)
        self.assertEqual(answers[0].body, answers[1].body)
        author, book = (each["body"] for each in answers[0].json)
        self.assertEqual(book["author"], author["id"])
        tag = server.get("/api/books/%d/" % book["id"]).headers["etag"]
        self.assertEqual([server.patch("/api/books/%d/" % book["id"], {"stock": n}, headers={"If-Match": tag}).status
                          for n in (5, 6)], [200, 412])

    def test_a_library_that_blocks_is_asked_on_a_thread(self):
        server = self.serve("names")
        self.assertEqual(server.get("/known/localhost/").body, b"yes\n")
        self.assertIn(server.get("/known/no-such-host.invalid/").status, (200, 503))  # whether there is a name service

    def test_a_channel_answers_a_group_which_is_told_of_the_end(self):
        server = self.serve("names")
        with WebSocket(server.port, "/ws/answers/") as ws:
            for ask, answer in ((None, "0 answers so far"), ("localhost", "localhost: known"), (None, "1 answers so far")):
                if ask:
                    self.assertEqual(server.request("POST", "/ask/%s/" % ask).status, 202)
                while ws.receive() != answer:
                    pass
            server.process.terminate()
            while ws.receive() != "back in a minute":
                pass


if __name__ == "__main__":
    unittest.main()
