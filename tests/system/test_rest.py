"""The REST API of the recipe as two ordinary clients see it: Python's http.client and curl."""
import json
import os
import re
import subprocess
import unittest

from server import ServerCase, Server

DATETIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$")


class Rest(ServerCase):
    example = "realtime-update"
    db = "notes.db"

    def make(self, title="a", done=False):
        reply = self.server.post("/api/notes/", {"title": title, "done": done})
        self.assertEqual(reply.status, 201, reply)
        return reply.json

    def test_a_created_note_is_answered_and_can_be_read_back(self):
        reply = self.server.post("/api/notes/", {"title": "milk", "done": False})
        self.assertEqual(reply.status, 201, reply)
        self.assertEqual(list(reply.json), ["id", "title", "done", "updated_at"])
        self.assertEqual((reply.json["title"], reply.json["done"]), ("milk", False))
        self.assertRegex(reply.json["updated_at"], DATETIME)
        self.assertEqual(self.server.get("/api/notes/%d/" % reply.json["id"]).json, reply.json)

    def test_the_list_is_a_bare_array_in_the_viewsets_order(self):
        ids = [self.make("n%d" % i)["id"] for i in range(3)]
        listed = self.server.get("/api/notes/")
        self.assertEqual(listed.status, 200)
        self.assertEqual(listed.headers["content-type"], "application/json")
        self.assertEqual([row["id"] for row in listed.json][:3], ids[::-1])  # the newest first
        times = [row["updated_at"] for row in listed.json]
        self.assertEqual(times, sorted(times, reverse=True))

    def test_put_replaces_patch_changes_what_it_names(self):
        note = self.make("old")
        path = "/api/notes/%d/" % note["id"]
        reply = self.server.put(path, {"title": "new", "done": True})
        self.assertEqual((reply.status, reply.json["title"], reply.json["done"]), (200, "new", True))
        reply = self.server.patch(path, {"done": False})
        self.assertEqual((reply.status, reply.json["title"], reply.json["done"]), (200, "new", False))
        self.assertGreater(reply.json["updated_at"], note["updated_at"])
        self.assertEqual(self.server.get(path).json, reply.json)

    def test_a_deleted_note_is_gone(self):
        path = "/api/notes/%d/" % self.make()["id"]
        reply = self.server.delete(path)
        self.assertEqual((reply.status, reply.body), (204, b""))
        for method in ("GET", "DELETE", "PATCH"):
            reply = self.server.request(method, path, {} if method == "PATCH" else None)
            self.assertEqual((reply.status, reply.json), (404, {"detail": "No Note matches the given query."}))

    def test_what_is_not_valid_is_told_field_by_field_and_nothing_is_stored(self):
        before = self.server.get("/api/notes/").json
        for body, wrong in [
            ({"done": False}, {"title": ["This field is required."]}),
            ({"title": "", "done": False}, {"title": ["This field may not be blank."]}),
            ({"title": None, "done": False}, {"title": ["This field may not be null."]}),
            ({"title": "x" * 201, "done": False}, {"title": ["Ensure this field has no more than 200 characters."]}),
            ({"title": "a", "done": "perhaps"}, {"done": ["Must be a valid boolean."]}),
            ({"title": ["a"], "done": False}, {"title": ["Not a valid string."]}),
            ([1], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
        ]:
            with self.subTest(body=str(body)[:60]):
                reply = self.server.post("/api/notes/", body)
                self.assertEqual((reply.status, reply.json), (400, wrong))
        reply = self.server.post("/api/notes/", b'{"title": ', headers={"Content-Type": "application/json"})
        self.assertEqual(reply.status, 400)
        self.assertTrue(reply.json["detail"].startswith("JSON parse error - "), reply)
        reply = self.server.post("/api/notes/", b"hello", headers={"Content-Type": "text/plain"})
        self.assertEqual((reply.status, reply.json), (415, {"detail": 'Unsupported media type "text/plain" in request.'}))
        self.assertEqual(self.server.get("/api/notes/").json, before)

    def test_text_comes_back_as_it_was_sent(self):
        for title in ["Grüße", "日本語", "🎉 é", 'quotes " and \\ and /', "tab\tline", "<script>alert(1)</script>", "x" * 200]:
            note = self.make(title)
            self.assertEqual(self.server.get("/api/notes/%d/" % note["id"]).json["title"], title.strip())

    def test_filter_and_ordering_of_the_url(self):
        ids = {self.make("f%d" % i, done=i % 2 == 0)["id"]: i % 2 == 0 for i in range(6)}
        done = self.server.get("/api/notes/?done=true").json
        self.assertTrue(all(row["done"] for row in done))
        self.assertEqual({row["id"] for row in done if row["id"] in ids}, {key for key, value in ids.items() if value})
        ordered = [row["id"] for row in self.server.get("/api/notes/?ordering=id").json]
        self.assertEqual(ordered, sorted(ordered))
        ordered = [row["id"] for row in self.server.get("/api/notes/?ordering=-id").json]
        self.assertEqual(ordered, sorted(ordered, reverse=True))

    def test_a_method_that_is_not_there_is_405_and_says_which_are(self):
        reply = self.server.delete("/api/notes/")
        self.assertEqual((reply.status, reply.json), (405, {"detail": 'Method "DELETE" not allowed.'}))
        self.assertEqual({word.strip() for word in reply.headers["allow"].split(",")}, {"GET", "POST", "HEAD", "OPTIONS"})
        reply = self.server.post("/api/notes/1/", {})
        self.assertEqual(reply.status, 405)

    def test_head_is_get_without_a_body(self):
        reply = self.server.request("HEAD", "/api/notes/")
        whole = self.server.get("/api/notes/")
        self.assertEqual((reply.status, reply.body), (200, b""))
        self.assertEqual(reply.headers["content-length"], str(len(whole.body)))

    def test_what_no_route_has_is_404(self):
        for path in ("/nothing/", "/api/nothing/", "/api/notes/x/", "/api/notes/99999999999999999999/"):
            self.assertEqual(self.server.get(path).status, 404, path)

    def test_a_missing_slash_is_redirected(self):
        reply = self.server.get("/api/notes")
        self.assertEqual(reply.status, 301)
        self.assertTrue(reply.headers["location"].endswith("/api/notes/"), reply.headers)

    def test_an_accept_of_several_lines_is_one_list(self):
        connection = self.server.connection()
        for lines, status in ((["text/html", "application/json"], 200), (["text/html", "image/png"], 406)):
            connection.putrequest("GET", "/api/notes/")
            for line in lines:
                connection.putheader("Accept", line)
            connection.endheaders()
            reply = connection.getresponse()
            self.assertEqual((reply.status, bool(reply.read())), (status, True), lines)
        connection.close()

    def test_a_connection_serves_many_requests(self):
        connection = self.server.connection()
        for i in range(50):
            reply = self.server.post("/api/notes/", {"title": "k%d" % i, "done": True}, connection=connection)
            self.assertEqual((reply.status, reply.json["title"]), (201, "k%d" % i))
            self.assertEqual(self.server.get("/api/notes/%d/" % reply.json["id"], connection=connection).json, reply.json)
        connection.close()

    def test_the_page_is_served(self):
        reply = self.server.get("/")
        self.assertEqual(reply.status, 200)
        self.assertTrue(reply.headers["content-type"].startswith("text/html"))
        self.assertIn(b"<!doctype html>", reply.body[:200].lower())

    def test_an_answer_to_a_write_names_its_commit(self):
        places = [self.server.post("/api/notes/", {"title": "at", "done": False}).headers["freshet-at"] for _ in range(3)]
        numbers = []
        for place in places:
            number, mark = place.split(".")
            self.assertTrue(mark)
            numbers.append(int(number))
        self.assertEqual(numbers, [numbers[0], numbers[0] + 1, numbers[0] + 2])  # dense: nobody else writes

    # ---- curl ----

    def curl(self, *arguments):
        done = subprocess.run(["curl", "-sS", "-m", "30", "-w", "\n%{http_code} %{content_type}", *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
        body, _, last = done.stdout.decode().rpartition("\n")
        return int(last.split()[0]), body

    def test_a_write_that_lacks_its_slash_is_told_where_it_is(self):
        """301 as Django's: who follows it reads the list, and nothing is written."""
        base = "http://127.0.0.1:%d/api/notes" % self.server.port
        write = ["-H", "Content-Type: application/json", "-d", '{"title":"no slash","done":false}', base]
        self.assertEqual(self.curl(*write)[0], 301)
        status, body = self.curl("-L", *write)
        self.assertEqual(status, 200)
        self.assertNotIn("no slash", body)

    def test_curl_creates_reads_changes_and_deletes(self):
        base = "http://127.0.0.1:%d/api/notes/" % self.server.port
        json_type = ["-H", "Content-Type: application/json"]
        status, body = self.curl(*json_type, "-d", '{"title":"by curl","done":false}', base)
        self.assertEqual(status, 201, body)
        url = base + "%d/" % json.loads(body)["id"]
        status, body = self.curl(*json_type, "-X", "PATCH", "-d", '{"done":true}', url)
        self.assertEqual((status, json.loads(body)["done"]), (200, True))
        self.assertEqual(self.curl(url)[0], 200)
        self.assertEqual(self.curl("-X", "DELETE", url), (204, ""))
        self.assertEqual(self.curl(url), (404, '{"detail":"No Note matches the given query."}'))

    def test_curl_sends_a_body_in_chunks_and_waits_for_100_continue(self):
        base = "http://127.0.0.1:%d/api/notes/" % self.server.port
        status, body = self.curl("-H", "Content-Type: application/json", "-H", "Transfer-Encoding: chunked",
                                 "-H", "Expect: 100-continue", "-d", '{"title":"chunked","done":false}', base)
        self.assertEqual((status, json.loads(body)["title"]), (201, "chunked"))


class Durable(unittest.TestCase):
    def test_what_was_written_is_there_after_a_restart(self):
        server = Server("realtime-update", db="notes.db")
        try:
            note = server.post("/api/notes/", {"title": "kept", "done": True}).json
            self.assertEqual(server.stop(), 0)
            server.start()
            self.assertEqual(server.get("/api/notes/").json, [note])
            self.assertTrue(os.path.getsize(server.db) > 0)
        finally:
            server.finish()


if __name__ == "__main__":
    unittest.main()
