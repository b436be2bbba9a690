"""The end of a server: SIGTERM and SIGINT alike finish what was begun, close sockets with 1001 and exit 0 in time."""
import resource
import signal
import socket
import sqlite3
import time
import unittest

from live import Live
from server import PATIENCE, REPORT, Server, wait_until
from wsclient import WebSocket

LIMIT = 10.0  # seconds, as promised


def processor_s():
    """What programs that have ended took of the processors."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Signals(unittest.TestCase):
    def check(self, sig):
        server = Server("realtime-update", db="notes.db")
        try:
            sockets = [WebSocket(server.port, "/ws/realtime-update/") for _ in range(20)]
            sockets += [Live(server, "/api/notes/") for _ in range(20)]
            idle = server.connection()
            self.assertEqual(server.get("/api/notes/", connection=idle).status, 200)
            # A request that has begun: its body is under way when the signal comes.
            body = b'{"title": "in time", "done": false}'
            begun = socket.create_connection(("127.0.0.1", server.port), 30)
            begun.sendall(b"POST /api/notes/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                          b"Content-Length: %d\r\n\r\n" % len(body) + body[:10])
            self.assertEqual(server.get("/api/notes/").status, 200)  # by now the server has read the part
            began = time.monotonic()
            server.process.send_signal(sig)
            self.assertEqual(sockets[0].wait_close().code, 1001)     # the drain has begun
            begun.sendall(body[10:])
            answer = b""
            while True:
                more = begun.recv(65536)
                if not more:
                    break
                answer += more
            self.assertTrue(answer.startswith(b"HTTP/1.1 201 "), answer)
            for ws in sockets[1:]:
                self.assertEqual(ws.wait_close().code, 1001)
                ws.send_close(1001)
                ws.sock.close()
            with self.assertRaises(OSError):  # and nobody new is let in
                socket.create_connection(("127.0.0.1", server.port), 5).close()
                server.get("/api/notes/")
            self.assertEqual(server.stop(sig), 0)
            self.assertLess(time.monotonic() - began, LIMIT)
            server.start()
            self.assertEqual([row["title"] for row in server.get("/api/notes/").json], ["in time"])
        finally:
            server.finish()

    def test_sigterm_drains(self):
        self.check(signal.SIGTERM)

    def test_sigint_drains(self):
        self.check(signal.SIGINT)

    def test_clients_that_do_not_answer_the_close_do_not_hold_it_up(self):
        used = processor_s()
        server = Server("echo")
        try:
            sockets = [WebSocket(server.port, "/ws/echo/") for _ in range(10)]
            half = socket.create_connection(("127.0.0.1", server.port), 30)
            half.sendall(b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
            self.assertEqual(server.get("/json").status, 200)
            began = time.monotonic()
            self.assertEqual(server.stop(signal.SIGTERM, LIMIT + 5), 0)
            self.assertLess(time.monotonic() - began, LIMIT)
            self.assertLess(processor_s() - used, 2)  # 8 s have passed on each of its workers, which slept
            half.close()
            for ws in sockets:
                ws.sock.close()
        finally:
            server.finish()

    def test_a_second_signal_ends_it_at_once(self):
        server = Server("echo", "--drain", "60s")
        try:
            half = socket.create_connection(("127.0.0.1", server.port), 30)
            half.sendall(b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
            self.assertEqual(server.get("/json").status, 200)
            with WebSocket(server.port, "/ws/echo/") as ws:
                server.process.send_signal(signal.SIGTERM)
                self.assertEqual(ws.wait_close().code, 1001)
            server.stop(signal.SIGTERM, LIMIT)
            half.close()
        finally:
            server.remove()

    def test_a_server_without_clients_ends_at_once(self):
        for sig in (signal.SIGTERM, signal.SIGINT):
            server = Server("realtime-update", db="notes.db")
            began = time.monotonic()
            self.assertEqual(server.stop(sig), 0)
            self.assertLess(time.monotonic() - began, LIMIT)
            server.remove()

    def test_thousands_of_live_sockets_are_told_and_end_in_time(self):
        """5,000 where as many files are allowed; a third of them do not answer the close."""
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = hard if hard > 0 else 16384
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        server = Server("realtime-update", db="notes.db")
        try:
            count = min(5000, most - 500)
            sockets = [WebSocket(server.port, "/api/notes/" if i % 2 else "/ws/realtime-update/") for i in range(count)]
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            for i, ws in enumerate(sockets):
                if i % 3:
                    self.assertEqual(ws.wait_close().code, 1001)
                    ws.send_close(1001)
                    ws.sock.close()
            server.finish()
            self.assertLess(time.monotonic() - began, LIMIT + PATIENCE)  # these 5,000 are as slow as we are
            for ws in sockets:
                ws.sock.close()
        finally:
            server.remove()
            resource.setrlimit(resource.RLIMIT_NOFILE, before)

    def held_up(self, drain, signals, hold, request):
        """A request that the database holds up for longer than the drain: the end does not wait for it, and no thread of
        the database touches what has ended."""
        server = Server("realtime-update", "--drain", drain, db="notes.db", workers=1)
        try:
            other = sqlite3.connect(server.db, isolation_level=None)
            hold(other)
            held = socket.create_connection(("127.0.0.1", server.port), 30)
            held.sendall(request)
            server.get("/api/notes/1/")  # the one worker has read the request by now
            began = time.monotonic()
            for _ in range(signals - 1):
                server.process.send_signal(signal.SIGTERM)
                wait_until(lambda: not self.listens(server))
            code = server.stop(signal.SIGTERM)
            took = time.monotonic() - began
            held.close()
            other.close()
            self.assertEqual(code, 0, server.output())
            self.assertIsNone(REPORT.search(server.output()), server.output())
            self.assertNotIn("net.handlers_left", server.output())
            self.assertLess(took, LIMIT)
        finally:
            server.remove()

    @staticmethod
    def listens(server):
        try:
            socket.create_connection(("127.0.0.1", server.port), 5).close()
            return True
        except OSError:
            return False

    @staticmethod
    def lock(other):
        other.execute("begin immediate")

    @staticmethod
    def fill(other):
        """In each row LIKE compares 50,000 bytes: in all far more than the 5 s that a read may last."""
        other.execute("begin")
        other.executemany("insert into note(title, done, updated_at) values(?, 0, '2024-01-01 00:00:00')",
                          [("a" * 600,)] * 60000)
        other.execute("commit")

    slow_read = b"GET /api/notes/?title__icontains=%sb HTTP/1.1\r\nHost: a\r\n\r\n" % (b"a" * 300)
    write = (b"POST /api/notes/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 29\r\n\r\n"
             b'{"title":"late","done":false}')

    def test_a_slow_read_past_the_drain_is_broken_off(self):
        self.held_up("100ms", 1, self.fill, self.slow_read)

    def test_a_write_past_the_drain_does_not_wait_for_a_lock(self):
        self.held_up("100ms", 1, self.lock, self.write)

    def test_a_second_signal_ends_it_with_a_slow_read(self):
        self.held_up("60s", 2, self.fill, self.slow_read)

    def test_a_second_signal_ends_it_with_a_locked_database(self):
        self.held_up("60s", 2, self.lock, self.write)


if __name__ == "__main__":
    unittest.main()
