"""The echo example: every kind of message, the topic, plain HTTP."""
import os
import socket
import unittest

from server import ServerCase
from wsclient import BINARY, PING, TEXT, Closed, Refused, WebSocket, frame


class Echo(ServerCase):
    example = "echo"

    def open(self, path="/ws/echo/", **more):
        return WebSocket(self.server.port, path, **more)

    def test_text_comes_back_as_text(self):
        with self.open() as ws:
            for text in ["hello", "", "Grüße 日本語 🎉", "x" * 125, "x" * 126, "x" * 65535, "x" * 65536, "y" * 1000000]:
                ws.send_text(text)
                self.assertEqual(ws.receive(), text)
            self.assertEqual(ws.close(), 1000)

    def test_bytes_come_back_as_bytes(self):
        with self.open() as ws:
            for n in (0, 1, 125, 126, 65535, 65536, 1000000):
                data = os.urandom(n)
                ws.send_bytes(data)
                self.assertEqual(ws.receive(), data)

    def test_many_at_once_come_back_in_order(self):
        with self.open() as ws:
            ws.sock.sendall(b"".join(frame(TEXT, b"%d" % i) for i in range(2000)))
            self.assertEqual([ws.receive() for _ in range(2000)], [str(i) for i in range(2000)])

    def test_a_message_in_pieces_with_a_ping_between_comes_back_whole(self):
        with self.open() as ws:
            ws.send(TEXT, b"one ", fin=False)
            ws.send(PING, b"still there?")
            ws.send(0, b"two ", fin=False)
            ws.send(0, b"three")
            self.assertEqual(ws.receive(), "one two three")
            self.assertEqual(ws.pongs, [b"still there?"])

    def test_bytes_that_trickle_in_one_by_one_are_a_message(self):
        with self.open() as ws:
            for byte in frame(BINARY, b"\x00\xff slow"):
                ws.sock.sendall(bytes([byte]))
            self.assertEqual(ws.receive(), b"\x00\xff slow")

    def test_a_ping_is_answered(self):
        with self.open() as ws:
            self.assertEqual(ws.ping(b"p" * 125), [])

    def test_a_close_is_answered_with_its_code(self):
        for code in (1000, 1001, 3000, 4999):
            with self.open() as ws:
                self.assertEqual(ws.close(code), code)

    def test_what_breaks_the_protocol_is_closed_with_its_code(self):
        for name, sent, code in [
            ("not masked", frame(TEXT, b"a", mask=False), 1002),
            ("reserved bit", frame(TEXT, b"a", rsv=4), 1002),
            ("reserved opcode", frame(3, b"a"), 1002),
            ("long ping", frame(PING, b"a" * 126), 1002),
            ("split ping", frame(PING, b"a", fin=False), 1002),
            ("continuation of nothing", frame(0, b"a"), 1002),
            ("text inside a message", frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), 1002),
            ("not UTF-8", frame(TEXT, b"\xff\xfe"), 1007),
            ("surrogate", frame(TEXT, b"\xed\xa0\x80"), 1007),
            ("over the limit", frame(TEXT, b"a" * (1 << 20) + b"a")[:1000], 1009),
        ]:
            with self.subTest(name), self.open() as ws:
                ws.sock.sendall(sent)
                self.assertEqual(ws.wait_close().code, code)
        with self.open() as ws:  # the next one is served
            ws.send_text("still here")
            self.assertEqual(ws.receive(), "still here")

    def test_the_topic_reaches_all_its_members_the_sender_too(self):
        sockets = [self.open("/ws/topic/") for _ in range(20)]
        sockets[0].send_text("to all")
        for ws in sockets:
            self.assertEqual(ws.receive(), "to all")
        self.assertEqual(sockets[1].close(), 1000)
        sockets[2].reset()
        sockets[3].send_text("to the rest")
        for ws in sockets[:1] + sockets[3:]:
            self.assertEqual(ws.receive(), "to the rest")
            ws.sock.close()

    def test_json_is_answered(self):
        reply = self.server.get("/json")
        self.assertEqual((reply.status, reply.body), (200, b'{"message":"Hello, World!"}'))
        self.assertEqual(reply.headers["content-type"], "application/json")

    def test_a_body_is_answered_as_it_was_read(self):
        for n in (0, 1, 1000, 100000, 2000000):
            body = os.urandom(n)
            reply = self.server.post("/body", body, headers={"Content-Type": "application/octet-stream"})
            self.assertEqual((reply.status, reply.body), (200, body))

    def test_a_body_over_the_limit_is_refused_and_the_next_request_served(self):
        with socket.create_connection(("127.0.0.1", self.server.port), 30) as sock:
            sock.sendall(b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n")
            self.assertIn(b" 413 ", sock.recv(65536))
        self.assertEqual(self.server.get("/json").status, 200)

    def test_requests_in_one_write_are_answered_in_order(self):
        with socket.create_connection(("127.0.0.1", self.server.port), 30) as sock:
            request = b"GET /json HTTP/1.1\r\nHost: a\r\n\r\n" + b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n%02d"
            sock.sendall(b"".join(request % i for i in range(50)) + b"GET /json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            got = b""
            while True:
                more = sock.recv(65536)
                if not more:
                    break
                got += more
        self.assertEqual(got.count(b"HTTP/1.1 200 OK\r\n"), 101)
        places = [got.index(b"\r\n\r\n%02d" % i) for i in range(50)]
        self.assertEqual(places, sorted(places))

    def test_a_plain_request_for_a_socket_is_refused(self):
        self.assertIn(self.server.get("/ws/echo/").status, (404, 426))

    def test_an_unknown_socket_path_is_404(self):
        with self.assertRaises(Refused) as refused:
            self.open("/ws/nothing/")
        self.assertEqual(refused.exception.status, 404)

    def test_a_client_that_resets_in_the_middle_of_a_burst_hurts_nobody(self):
        for _ in range(50):
            ws = self.open()
            ws.sock.sendall(b"".join(frame(BINARY, b"z" * 16384) for _ in range(16))[:-7])
            ws.reset()
        with self.open() as ws:
            ws.send_text("alive")
            self.assertEqual(ws.receive(), "alive")

    def test_nothing_comes_after_the_close(self):
        with self.open() as ws:
            ws.send_close(1000)
            ws.send_text("too late")
            self.assertEqual(ws.wait_close().code, 1000)
            with self.assertRaises(Closed):
                ws.receive()


if __name__ == "__main__":
    unittest.main()
