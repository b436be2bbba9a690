"""Live sockets at the URLs of the API: a snapshot, then one frame for each commit that touches it."""
import json
import threading
import unittest

from live import Live, as_rows, token
from server import ServerCase, is_sanitized
from wsclient import Refused, WebSocket


class LiveNotes(ServerCase):
    example = "realtime-update"
    db = "notes.db"

    def make(self, title="a", done=False):
        reply = self.server.post("/api/notes/", {"title": title, "done": done})
        self.assertEqual(reply.status, 201, reply)
        return reply.json

    def test_a_list_starts_with_its_rows_in_the_order_of_the_rest_list(self):
        for i in range(3):
            self.make("s%d" % i)
        with WebSocket(self.server.port, "/api/notes/") as ws:
            first = ws.receive_json()
        self.assertEqual(first["type"], "snapshot")
        self.assertEqual(first["results"], self.server.get("/api/notes/").json)
        token(first["at"])

    def test_create_update_and_delete_are_told_with_what_they_made(self):
        with Live(self.server, "/api/notes/") as ws:
            note = self.make("told")
            self.assertEqual(ws.next()["changes"], [{"op": "create", "id": note["id"], "data": note}])
            changed = self.server.patch("/api/notes/%d/" % note["id"], {"done": True}).json
            self.assertEqual(ws.next()["changes"], [{"op": "update", "id": note["id"], "data": changed}])
            self.server.delete("/api/notes/%d/" % note["id"])
            self.assertEqual(ws.next()["changes"], [{"op": "delete", "id": note["id"]}])

    def test_a_frame_carries_the_place_that_the_writes_answer_named(self):
        with Live(self.server, "/api/notes/") as ws:
            for _ in range(3):
                number, mark = self.server.post("/api/notes/", {"title": "p", "done": False}).headers["freshet-at"].split(".")
                self.assertEqual(token(ws.next()["at"])[:2], (int(number), mark))

    def test_one_row_is_watched_at_its_own_url(self):
        note, other = self.make("mine"), self.make("other")
        path = "/api/notes/%d/" % note["id"]
        with WebSocket(self.server.port, path) as ws:
            first = ws.receive_json()
            self.assertEqual((first["type"], first["data"]), ("snapshot", note))
            self.server.patch("/api/notes/%d/" % other["id"], {"done": True})
            changed = self.server.put(path, {"title": "mine, changed", "done": True}).json
            frame = ws.receive_json()
            self.assertEqual(frame["changes"], [{"op": "update", "id": note["id"], "data": changed}])
            self.server.delete(path)
            frame = ws.receive_json()
            self.assertEqual(frame["changes"], [{"op": "delete", "id": note["id"]}])

    def test_a_filtered_list_has_the_rows_of_its_get_whatever_is_written(self):
        path = "/api/notes/?done=false&title__icontains=A"
        for title in ("a", "b", "bab"):
            self.make(title)
        with Live(self.server, path) as ws:
            self.assertEqual(ws.rows, as_rows(self.server.get(path)))
            first, second = self.make("told: a"), self.make("nOt")
            self.assertEqual(ws.next()["changes"], [{"op": "create", "id": first["id"], "data": first}])
            entered = self.server.patch("/api/notes/%d/" % second["id"], {"title": "Ah"}).json
            self.assertEqual(ws.next()["changes"], [{"op": "create", "id": second["id"], "data": entered}])
            self.server.patch("/api/notes/%d/" % first["id"], {"done": True})
            self.assertEqual(ws.next()["changes"], [{"op": "delete", "id": first["id"]}])
            self.server.delete("/api/notes/%d/" % second["id"])
            ws.next()
            self.assertEqual(ws.rows, as_rows(self.server.get(path)))

    def test_a_row_that_is_not_there_is_an_error_and_close_4404(self):
        for key in ("99999999", "x", "99999999999999999999"):
            with WebSocket(self.server.port, "/api/notes/%s/" % key) as ws:
                self.assertEqual(ws.receive_json(), {"type": "error", "status": 404, "detail": "Not found."})
                self.assertEqual(ws.wait_close().code, 4404)

    def assert_told(self, path, status, code, word):
        with WebSocket(self.server.port, path) as ws:
            frame = ws.receive_json()
            self.assertEqual((frame["type"], frame["status"]), ("error", status), frame)
            self.assertIn(word, frame["detail"])
            self.assertEqual(ws.wait_close().code, code)

    def test_what_cannot_be_watched_is_told_where_a_page_can_read_it(self):
        for _ in range(3):
            self.assert_told("/api/notes/?doen=true", 501, 1011, "doen")
            self.assert_told("/api/notes/?ordering=title", 501, 1011, "ordering")
            self.assert_told("/api/notes/7/?x=1", 501, 1011, "x")
            self.assert_told("/", 405, 4405, "cannot be watched")  # a route, but of a page
            self.assert_told("/api/notes/abc/", 404, 4404, "Not found.")
        for words in (("status=501", "of=/api/notes/ ", "doen"), ("status=501", "of=/api/notes/ ", "order"), ("status=501", "of=/api/notes/7/ "), ("status=405", "of=/ ")):
            self.assertEqual(len(self.server.wait_lines(" ws.refused ", *words)), 1)  # once a minute

    def test_a_path_that_no_route_has_is_404_and_the_log_names_the_nearest(self):
        for path, nearest in (("/api/note/", "/api/notes/"), ("/api/notes", "/api/notes/"), ("/api/notes/7", "/api/notes/<key:pk>/"),
                              ("/ws/realtime_update/", "/ws/realtime-update/"), ("/realtime-update", "/ws/realtime-update/")):
            for _ in range(2):
                with self.assertRaises(Refused) as refused:
                    WebSocket(self.server.port, path)
                self.assertEqual(refused.exception.status, 404)
            lines = self.server.wait_lines(" ws.noroute path=%s " % path)
            self.assertEqual(len(lines), 1)
            self.assertIn("nearest=%s " % nearest, lines[0])

    def test_a_client_that_wants_to_resume_gets_a_marked_snapshot(self):
        with WebSocket(self.server.port, "/api/notes/?since=1.2.3") as ws:
            frame = ws.receive_json()
            self.assertEqual((frame["type"], frame["reset"]), ("snapshot", True))

    def test_a_client_may_ask_how_far_the_server_is(self):
        with Live(self.server, "/api/notes/") as ws:
            place = self.server.post("/api/notes/", {"title": "p", "done": False}).headers["freshet-at"]
            ws.next()
            ws.send_json({"type": "ping"})
            self.assertEqual(ws.receive_json(), {"type": "pong", "at": place})
            ws.send_text("nonsense")
            self.assertEqual(ws.receive_json()["status"], 400)
            self.make("and goes on")
            ws.next()

    def test_a_refused_write_is_not_told(self):
        with Live(self.server, "/api/notes/") as ws:
            self.assertEqual(self.server.post("/api/notes/", {"title": "", "done": False}).status, 400)
            self.assertEqual(self.server.delete("/api/notes/99999999/").status, 404)
            note = self.make("the next")
            self.assertEqual(ws.next()["changes"][0]["data"], note)

    def test_a_web_page_of_another_site_may_not_watch(self):
        with self.assertRaises(Refused) as refused:
            WebSocket(self.server.port, "/api/notes/", origin="https://evil.example")
        self.assertEqual(refused.exception.status, 403)

    def test_who_comes_while_others_write_misses_nothing_and_hears_nothing_twice(self):
        """Watchers that join at any time end with the same rows as the REST list, and their frames follow the commits."""
        rounds, joins = (8, 4) if is_sanitized() else (20, 6)
        stop = threading.Event()

        def write():
            connection = self.server.connection()
            mine = []
            while not stop.is_set():
                reply = self.server.post("/api/notes/", {"title": "w", "done": False}, connection=connection)
                mine.append(reply.json["id"])
                self.server.patch("/api/notes/%d/" % mine[-1], {"done": True}, connection=connection)
                if len(mine) > 5:
                    self.server.delete("/api/notes/%d/" % mine.pop(0), connection=connection)
            connection.close()
        writers = [threading.Thread(target=write) for _ in range(3)]
        for writer in writers:
            writer.start()
        watchers = []
        try:
            for _ in range(rounds):
                for _ in range(joins):
                    watchers.append(Live(self.server, "/api/notes/"))
                for watcher in watchers:
                    watcher.next()
        finally:
            stop.set()
            for writer in writers:
                writer.join()
        last = self.server.post("/api/notes/", {"title": "the last", "done": True})
        number = int(last.headers["freshet-at"].split(".")[0])
        expected = as_rows(self.server.get("/api/notes/"))
        for watcher in watchers:
            while watcher.place < number:
                watcher.next()
            self.assertEqual(watcher.rows, expected)
            watcher.sock.close()

    def test_all_who_watch_get_the_same_bytes(self):
        sockets = [WebSocket(self.server.port, "/api/notes/") for _ in range(10)]
        for ws in sockets:
            ws.receive()
        self.make("same")
        frames = {ws.receive() for ws in sockets}
        self.assertEqual(len(frames), 1)
        self.assertEqual(json.loads(frames.pop())["type"], "changes")
        for ws in sockets:
            ws.sock.close()

    def test_a_big_snapshot_arrives_whole(self):
        connection = self.server.connection()
        for i in range(300):
            self.server.post("/api/notes/", {"title": "%03d" % i + "b" * 190, "done": False}, connection=connection)
        connection.close()
        with Live(self.server, "/api/notes/") as ws:
            self.assertEqual(ws.rows, as_rows(self.server.get("/api/notes/")))


if __name__ == "__main__":
    unittest.main()
