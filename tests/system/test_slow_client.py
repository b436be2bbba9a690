"""A client that never reads costs at most its bound, and the others do not notice."""
import json
import threading
import unittest

from live import Live
from server import Server
from wsclient import Closed, WebSocket

BOUND_KIB = 1024  # of one client, the default


class SlowClient(unittest.TestCase):
    def test_live_clients_that_never_read_leave_memory_flat_and_the_others_exact(self):
        """30 sleepers; the watched rows change by 100 MiB in all; the sleepers' share of it would be 3 GiB."""
        server = Server("realtime-update", db="notes.db")
        try:
            connection = server.connection()
            rows = [server.post("/api/notes/", {"title": "%03d" % i + "t" * 190, "done": False}, connection=connection).json
                    for i in range(50)]
            reader = Live(server, "/api/notes/")
            sleepers = [WebSocket(server.port, "/api/notes/", receive_buffer=4096) for _ in range(30)]
            for sleeper in sleepers:
                sleeper.take(1)  # the snapshot has begun, so the view is joined
            before = server.rss_kib()
            changes = 6000   # of about 290 bytes each: 1.7 MiB a sleeper, past its bound and the kernel's buffers
            done = threading.Event()

            def follow():
                while not (done.is_set() and reader.place >= last[0]):
                    reader.next()
            last = [1 << 62]
            follower = threading.Thread(target=follow)
            follower.start()
            for i in range(changes):
                reply = server.patch("/api/notes/%d/" % rows[i % 50]["id"], {"done": i // 50 % 2 == 0}, connection=connection)
                self.assertEqual(reply.status, 200)
            final = server.patch("/api/notes/%d/" % rows[0]["id"], {"title": "the end"}, connection=connection)
            last[0] = int(final.headers["freshet-at"].split(".")[0])
            done.set()
            follower.join(60)
            self.assertFalse(follower.is_alive(), "the reader did not hear of the last change")
            self.assertEqual(reader.rows, {row["id"]: row for row in server.get("/api/notes/").json})
            grown = server.rss_kib() - before
            self.assertLess(grown, len(sleepers) * BOUND_KIB + 16384, "%d KiB" % grown)
            # A sleeper that wakes up ends exact: caught up on the same socket, or by coming again.
            for sleeper in sleepers[:3]:
                self.assertEqual(self.wake(server, sleeper, last[0]), reader.rows)
            for sleeper in sleepers:
                sleeper.sock.close()
            connection.close()
            reader.sock.close()
        finally:
            server.finish()

    def wake(self, server, sleeper, number):
        """Read on from where the sleeper's reading stopped (one byte was taken from its first frame)."""
        sleeper.have = b"\x81" + sleeper.have
        rows, place = {}, 0
        try:
            while place < number:
                frame = json.loads(sleeper.receive())
                place = int(frame["at"].split(".")[0])
                if frame["type"] == "snapshot":
                    rows = {row["id"]: row for row in frame["results"]}
                for change in frame.get("changes", []):
                    if change["op"] == "delete":
                        del rows[change["id"]]
                    else:
                        rows[change["id"]] = change["data"]
            return rows
        except Closed as end:
            self.assertNotEqual(end.code, 1000)  # it was told that something is missing
            with Live(server, "/api/notes/") as again:
                return again.rows

    def test_members_of_a_group_that_never_read_are_cut_off_at_their_bound(self):
        server = Server("echo")
        try:
            with WebSocket(server.port, "/ws/topic/") as reader, WebSocket(server.port, "/ws/topic/") as sender:
                sleepers = [WebSocket(server.port, "/ws/topic/", receive_buffer=4096) for _ in range(30)]
                before = server.rss_kib()
                files = server.file_count()
                text = "g" * 65536
                seen = []

                def follow():
                    for _ in range(400):
                        seen.append(reader.receive())
                        sender.receive()
                follower = threading.Thread(target=follow)
                follower.start()
                for i in range(400):  # 25 MiB for each member
                    sender.send_text(text[:-4] + "%04d" % i)
                follower.join(60)
                self.assertEqual([int(message[-4:]) for message in seen], list(range(400)))
                grown = server.rss_kib() - before
                self.assertLess(grown, len(sleepers) * BOUND_KIB + 16384, "%d KiB" % grown)
                server.wait_files(files - len(sleepers))  # told by a close or an end, not silently skipped
                for sleeper in sleepers:
                    sleeper.sock.close()
        finally:
            server.finish()

    def test_a_client_that_asks_without_reading_is_not_read_from_without_end(self):
        """Echo to one that never reads: the server stops reading it, so the client cannot send without end either."""
        server = Server("echo")
        try:
            before = server.rss_kib()
            ws = WebSocket(server.port, "/ws/echo/", receive_buffer=4096, timeout=3)
            sent = 0
            try:
                while sent < 256 << 20:
                    ws.send_bytes(b"e" * 65536)
                    sent += 65536
            except OSError:
                pass
            self.assertLess(sent, 256 << 20)
            self.assertLess(server.rss_kib() - before, 4 * BOUND_KIB + 8192)
            ws.reset()
            self.assertEqual(server.get("/json").status, 200)
        finally:
            server.finish()


if __name__ == "__main__":
    unittest.main()
