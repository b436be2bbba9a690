"""The end of a server: SIGTERM and SIGINT alike finish what was begun, close sockets with 1001 and exit 0 in time."""
import signal
import socket
import time
import unittest

from live import Live
from server import Server
from wsclient import WebSocket

LIMIT = 10.0  # seconds, as promised


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
        server = Server("echo")
        try:
            sockets = [WebSocket(server.port, "/ws/echo/") for _ in range(10)]
            half = socket.create_connection(("127.0.0.1", server.port), 30)
            half.sendall(b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
            self.assertEqual(server.get("/json").status, 200)
            began = time.monotonic()
            self.assertEqual(server.stop(signal.SIGTERM, LIMIT + 5), 0)
            self.assertLess(time.monotonic() - began, LIMIT)
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


if __name__ == "__main__":
    unittest.main()
