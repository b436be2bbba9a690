"""A client that never reads costs at most its bound, and the others do not notice."""
import json
import socket
import unittest

from live import Live
from server import Server
from wsclient import Closed, WebSocket

BOUND_KIB = 1024  # of one client, the default


class SlowClient(unittest.TestCase):
    def test_live_clients_that_never_read_leave_memory_flat_and_the_others_exact(self):
        """Every commit changes 500 rows; a sleeper's share of them would be 15 MiB, past its bound and the kernel's buffers."""
        server = Server("recipe-rows", "--log", "error", db="notes.db")
        try:
            connection = server.connection()
            for i in range(500):
                server.post("/api/notes/", {"title": "%03d" % i + "t" * 190, "done": False}, connection=connection)
            reader = Live(server, "/api/notes/")
            sleepers = [WebSocket(server.port, "/api/notes/", receive_buffer=4096) for _ in range(30)]
            for sleeper in sleepers:
                sleeper.take(1)  # the snapshot has begun, so the view is joined
            before = server.rss_kib()
            for _ in range(90):
                self.assertEqual(server.post("/turned", b"", connection=connection).status, 200)
                reader.next()    # who reads hears of every commit at once
            final = server.patch("/api/notes/1/", {"title": "the end"}, connection=connection)
            number = int(final.headers["freshet-at"].split(".")[0])
            while reader.place < number:
                reader.next()
            self.assertEqual(reader.rows, {row["id"]: row for row in server.get("/api/notes/").json})
            grown = server.rss_kib() - before
            self.assertLess(grown, len(sleepers) * BOUND_KIB + 16384, "%d KiB" % grown)
            for sleeper in sleepers[:5]:
                self.assertEqual(self.wake(server, sleeper, number), reader.rows)
            for sleeper in sleepers:
                sleeper.sock.close()
            connection.close()
            reader.sock.close()
        finally:
            server.finish()

    def wake(self, server, sleeper, number):
        """A sleeper that wakes up ends exact: caught up on the same socket, or told to come again. One byte of its first
        frame was taken already."""
        sleeper.have = b"\x81" + sleeper.have
        sleeper.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
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
        except (Closed, OSError) as end:
            self.assertNotEqual(getattr(end, "code", 1006), 1000)  # it was told that something is missing
            with Live(server, "/api/notes/") as again:
                return again.rows

    def test_members_of_a_group_that_never_read_are_cut_off_at_their_bound(self):
        server = Server("echo")
        try:
            with WebSocket(server.port, "/ws/topic/") as reader, WebSocket(server.port, "/ws/topic/") as sender:
                sleepers = [WebSocket(server.port, "/ws/topic/", receive_buffer=4096) for _ in range(30)]
                before = server.rss_kib()
                files = server.file_count()
                for i in range(400):  # 25 MiB for each member
                    text = "%04d" % i + "g" * 65536
                    sender.send_text(text)
                    self.assertEqual(reader.receive(), text)
                    self.assertEqual(sender.receive(), text)
                grown = server.rss_kib() - before
                self.assertLess(grown, len(sleepers) * BOUND_KIB + 16384, "%d KiB" % grown)
                server.wait_files(files - len(sleepers))  # told by a close or an end, not silently skipped
                for sleeper in sleepers:
                    sleeper.sock.close()
        finally:
            server.finish()

    def test_one_of_many_that_does_not_read_is_told_with_1013_and_costs_its_bound(self):
        server = Server("echo")
        try:
            readers = [WebSocket(server.port, "/ws/topic/") for _ in range(20)]
            sleeper = WebSocket(server.port, "/ws/topic/", receive_buffer=4096)
            before = server.rss_kib()
            for i in range(100):  # 6 MiB: what the kernel takes for it, its bound, and more
                text = "%04d" % i + "g" * 65536
                readers[0].send_text(text)
                for reader in readers:
                    self.assertEqual(reader.receive(), text)
            grown = server.rss_kib() - before
            self.assertLess(grown, BOUND_KIB + 8192, "%d KiB" % grown)
            sleeper.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            number = 0
            with self.assertRaises(Closed) as end:
                while number < 100:
                    self.assertEqual(sleeper.receive()[:4], "%04d" % number)  # until then nothing is missing
                    number += 1
            self.assertEqual(end.exception.code, 1013)
            self.assertGreater(number, 0)
            for ws in readers + [sleeper]:
                ws.sock.close()
        finally:
            server.finish()

    def test_one_that_does_not_read_ends_with_the_newest_of_each_key(self):
        keys, rounds = 10, 30
        server = Server("prices")
        try:
            sender, reader = WebSocket(server.port, "/ws/prices/"), WebSocket(server.port, "/ws/prices/")
            sleepers = [WebSocket(server.port, "/ws/prices/", receive_buffer=4096) for _ in range(10)]
            before = server.rss_kib()
            newest, heard = {}, {}
            for i in range(rounds * keys):  # 18 MiB for each member, if all were kept
                name = "key%d" % (i % keys)
                newest[name] = "%s %05d %s" % (name, i, "p" * 61440)
                sender.send_text(newest[name])
                while heard.get(name) != newest[name]:
                    self.hear(reader, heard)
                self.hear_all(sender, newest, {}, name)
            grown = server.rss_kib() - before
            self.assertLess(grown, len(sleepers) * BOUND_KIB + 16384, "%d KiB" % grown)
            for sleeper in sleepers:
                sleeper.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
                self.hear_all(sleeper, newest, {})
            sender.send_text("key0 the end")
            for ws in sleepers + [reader, sender]:
                self.assertEqual(ws.receive(), "key0 the end")
                ws.sock.close()
        finally:
            server.finish()

    def hear(self, ws, heard):
        text = ws.receive()
        name = text.split(" ", 1)[0]
        self.assertLess(heard.get(name, ""), text)  # no older one comes behind a newer one
        heard[name] = text

    def hear_all(self, ws, newest, heard, *names):
        """Until it has the newest of these names, or of all."""
        while any(heard.get(name) != newest[name] for name in names or newest):
            self.hear(ws, heard)

    def test_a_client_that_asks_and_does_not_read_the_answers_costs_its_bound(self):
        """It is not read from any more, or closed and what it still says thrown away: both are fine, waiting memory is not."""
        server = Server("echo")
        try:
            before = server.rss_kib()
            ws = WebSocket(server.port, "/ws/echo/", receive_buffer=4096, timeout=3)
            sent, most = 0, 0
            try:
                while sent < 64 << 20:
                    ws.send_bytes(b"e" * 65536)
                    sent += 65536
                    most = max(most, server.rss_kib() - before)
            except OSError:
                pass
            self.assertLess(most, 4 * BOUND_KIB + 8192)
            self.assertEqual(server.get("/json").status, 200)
            ws.reset()
        finally:
            server.finish()


if __name__ == "__main__":
    unittest.main()
