"""Every allocation of the worker fails once, in each of these lives of a connection.

What may come of it: the answer as if nothing had been, 500 or 503, a close (1011, 1013), or the end of the connection. What
may not: a wrong answer, silence, a crash, a leak, or a server that is worse off afterwards.
"""
import gzip
import http.client
import json
import os
import socket
import unittest

from server import Server
from wsclient import Closed, Refused, WebSocket, frame, TEXT

MOST = 2000      # allocations of one life: far more than there are
CODES = (1006, 1011, 1013)
LOST = (OSError, http.client.HTTPException, Closed, Refused)


class Lives(unittest.TestCase):
    """What a client does; each checks its answers as far as there are any."""
    server = None

    def start(self):
        self.server = Server("torture", "--log", "error", "--upload-memory", "64KiB", "--trust-proxy", "loopback", "--access-log", "access.log",
                             "--access-log-format", "json", db="notes.db", workers=1, start=False)
        os.mkdir(os.path.join(self.server.folder, "files"))
        with open(os.path.join(self.server.folder, "files", "page.html"), "w") as page:
            page.write("<p>hello</p>\n" * 2000)
        self.server.start()

    def fail_at(self, n):
        self.assertEqual(self.server.get("/fail/%d" % n).status, 200)

    def left(self):
        """How many allocations are left until the one that fails; none fails any more."""
        while True:
            try:
                answer = self.server.get("/left")
                if answer.status == 200:
                    return int(answer.body)
                self.assertIn(answer.status, (500, 503))
            except (OSError, http.client.HTTPException):
                pass  # the failure was saved for this very question

    def attempt(self, life, *given):
        """Live, or end as one may whose server has no memory."""
        try:
            life(*given)
        except LOST as end:
            self.check_end(end)

    def check_end(self, end):
        if isinstance(end, Closed):
            self.assertIn(end.code, CODES)
        elif isinstance(end, Refused):
            self.assertIn(end.status, (500, 503))
        elif isinstance(end, socket.timeout):
            raise end  # silence

    def ask(self, method, path, body=None, headers=None):
        """An answer, or None where memory was out."""
        answer = self.server.request(method, path, body, headers)
        if answer.status in (500, 503):
            return None
        return answer

    def life_request_with_a_body(self):
        data = os.urandom(100000)
        answer = self.ask("POST", "/body", data, {"X-Long": "x" * 5000})
        if answer:
            self.assertEqual(answer.body, data)

    def life_upload(self):
        data = os.urandom(200000)
        body = b'--not-in-random-bytes\r\nContent-Disposition: form-data; name="t"\r\n\r\nhello\r\n' \
               b'--not-in-random-bytes\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n' + data + b"\r\n--not-in-random-bytes--\r\n"
        answer = self.ask("POST", "/upload", body, {"Content-Type": "multipart/form-data; boundary=not-in-random-bytes"})
        if answer:
            self.assertEqual(answer.status, 200)
            self.assertTrue(answer.body.startswith(b"field t=hello\nfile f x application/octet-stream 200000 "), answer.body)

    def life_body_in_chunks(self):
        pieces = [os.urandom(9000) for _ in range(5)]
        connection = self.server.connection()
        try:
            connection.request("POST", "/body", iter(pieces), {"Transfer-Encoding": "chunked"}, encode_chunked=True)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status not in (500, 503):
                self.assertEqual((answer.status, body), (200, b"".join(pieces)))
        finally:
            connection.close()

    def life_requests_in_one_piece(self):
        with socket.create_connection(("127.0.0.1", self.server.port), 30) as sock:
            sock.sendall(b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" * 20
                         + b"GET /left-over HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            text = b""
            while True:
                more = sock.recv(65536)
                if not more:
                    break
                text += more
            good = text.count(b"\r\n\r\nabc")
            self.assertLessEqual(good, 20)
            if b" 500 " not in text and b" 503 " not in text and text.endswith(b"}"):
                self.assertEqual(good, 20)

    def life_an_answer_in_pieces(self):
        answer = self.ask("GET", "/stream")
        if answer:
            self.assertEqual(answer.body, bytes(8192 * 25))

    def life_compressed_answers(self):
        asks = {"Accept-Encoding": "gzip"}
        stream = self.ask("GET", "/stream?type=text/plain", headers=asks)
        if stream:
            coded = stream.headers.get("content-encoding") == "gzip"
            self.assertEqual(gzip.decompress(stream.body) if coded else stream.body, bytes(8192 * 25))
        page = self.ask("GET", "/files/page.html", headers=asks)
        if page:
            coded = page.headers.get("content-encoding") == "gzip"
            self.assertEqual(gzip.decompress(page.body) if coded else page.body, b"<p>hello</p>\n" * 2000)

    def life_parts_of_a_file(self):
        whole = b"<p>hello</p>\n" * 2000
        one = self.ask("GET", "/files/page.html", headers={"Range": "bytes=5-20000"})
        if one:
            self.assertEqual((one.status, one.body), (206, whole[5:20001]))
        two = self.ask("GET", "/files/page.html", headers={"Range": "bytes=0-3,10000-10009"})
        if two:
            self.assertEqual(two.status, 206)
            self.assertIn(b"\r\n\r\n" + whole[10000:10010] + b"\r\n--", two.body)
        same = self.ask("GET", "/files/page.html", headers={"If-None-Match": "*"})
        if same:
            self.assertEqual((same.status, same.body), (304, b""))

    def life_file(self):
        answer = self.ask("GET", "/files/page.html")
        if answer:
            self.assertEqual(answer.body, b"<p>hello</p>\n" * 2000)

    def life_rows_over_rest(self):
        made = self.ask("POST", "/api/notes/", {"title": "a note", "done": False})
        if not made:
            return
        self.assertEqual(made.status, 201)
        path = "/api/notes/%d/" % made.json["id"]
        changed = self.ask("PATCH", path, {"done": True})
        if changed:
            self.assertEqual((changed.status, changed.json["done"]), (200, True))
        rows = self.ask("GET", "/api/notes/?done=true")
        if rows:
            self.assertEqual(rows.status, 200)
        gone = self.ask("DELETE", path)
        if gone:
            self.assertEqual(gone.status, 204)

    def life_forms_over_rest(self):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        made = self.ask("POST", "/api/notes/", b"title=a+%26+b&done=on&title=c+%26+d", form)
        if not made:
            return
        self.assertEqual((made.status, made.json["title"], made.json["done"]), (201, "c & d", True))
        path = "/api/notes/%d/" % made.json["id"]
        parts = b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\n' + b"t" * 150 + b"\r\n--b--"
        whole = self.ask("PUT", path, parts, {"Content-Type": "multipart/form-data; boundary=b"})
        if whole:
            self.assertEqual((whole.status, whole.json["title"], whole.json["done"]), (200, "t" * 150, False))
        refused = self.ask("PATCH", path, parts.replace(b'"title"', b'"title"; filename="f"'), {"Content-Type": "multipart/form-data; boundary=b"})
        if refused:
            self.assertEqual((refused.status, refused.json), (400, {"title": ["Not a valid string."]}))
        self.ask("DELETE", path)

    def life_behind_a_proxy(self):
        made = [self.ask("POST", "/api/notes/", {"title": "a note", "done": False}) for _ in range(2)]
        page = self.ask("GET", "/api/pages/", headers={"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https",
                                                       "X-Forwarded-Host": "example.org", "X-Forwarded-Port": "8443"})
        if page and all(made):
            self.assertEqual((page.status, page.json["next"]), (200, "https://example.org:8443/api/pages/?page=2"))
        for each in made:
            if each:
                self.ask("DELETE", "/api/notes/%d/" % each.json["id"])

    def life_socket(self):
        long = "longer than one read " * 20000
        with WebSocket(self.server.port, "/ws/echo/") as ws:
            ws.send_text("hello")
            self.assertEqual(ws.receive(), "hello")
            ws.send_text(long)
            self.assertEqual(ws.receive(), long)
            ws.sock.sendall(frame(TEXT, b"in ", fin=False) + frame(0, b"parts"))
            self.assertEqual(ws.receive(), "in parts")
            ws.ping()
            self.assertIn(ws.close(), (1000,) + CODES)

    def life_socket_whose_handler_waits(self):
        with WebSocket(self.server.port, "/ws/later/me/", headers=[("X-Kept", "y" * 500)]) as ws:
            ws.sock.sendall(b"".join(frame(TEXT, b"%d" % i) for i in range(20)))
            for i in range(20):
                self.assertEqual(ws.receive(), str(i))
            self.assertIn(ws.close(), (1000,) + CODES)

    def hear(self, members):
        """Each member hears the text, or is closed: nobody misses it silently."""
        for member in members:
            try:
                self.assertEqual(member.receive(), "news")
            except (OSError, Closed) as end:
                self.check_end(end)

    def members(self, path):
        return [WebSocket(self.server.port, path) for _ in range(3)]

    def tell_or_refuse(self, members):
        """If the sender's own call failed it is closed, and then nobody needs to hear."""
        members[0].send_text("news")
        is_sent = True
        try:
            self.assertEqual(members[0].receive(), "news")
        except (OSError, Closed) as end:
            self.check_end(end)
            is_sent = False
        try:
            if is_sent:
                self.hear(members[1:])
        finally:
            for member in members:
                member.sock.close()

    def life_group(self):
        self.tell_or_refuse(self.members("/ws/room/"))

    def life_listening_group(self):
        self.tell_or_refuse(self.members("/ws/listening/"))

    def told(self, ws, *types):
        """A frame of these types; False: that the view has failed, after which the socket ends."""
        frame = ws.receive_json()
        if frame["type"] != "error":
            self.assertIn(frame["type"], types)
            return True
        self.assertIn(frame["status"], (500, 503), frame)
        with self.assertRaises(Closed) as end:
            ws.receive()
        self.check_end(end.exception)
        return False

    def life_live_list(self):
        with WebSocket(self.server.port, "/api/notes/") as ws:
            if not self.told(ws, "snapshot"):
                return
            made = self.ask("POST", "/api/notes/", {"title": "watched", "done": False})
            if made:
                self.assertEqual(made.status, 201)
                if not self.told(ws, "changes", "snapshot"):
                    return
                self.ask("DELETE", "/api/notes/%d/" % made.json["id"])


LIVES = sorted(name for name in dir(Lives) if name.startswith("life_"))


class Warm(Lives):
    """One server all the while: what it keeps for the next one is there already."""

    def setUp(self):
        self.start()

    def tearDown(self):
        self.server.finish()

    def torture(self, life, prepare=lambda: ()):
        """`life` runs with the first allocation failing, then with the second, … until none is left to fail."""
        for n in range(1, MOST):
            given = prepare()
            self.fail_at(n)
            self.attempt(life, *given)
            left = self.left()
            life(*prepare())  # and now that there is memory, all is well
            if left > 0:
                return print("%d allocations" % (n - 1))
        self.fail("it allocates without end")

    def test_each_life(self):
        for name in LIVES:
            with self.subTest(name):
                print(name, end=" ", flush=True)
                self.torture(getattr(self, name))
        with open(os.path.join(self.server.folder, "access.log"), "rb") as log:
            self.assertGreater(len([json.loads(line) for line in log]), 100)  # whole lines, whatever failed

    def test_a_message_to_members_that_are_there_already(self):
        for path in ("/ws/room/", "/ws/listening/"):
            with self.subTest(path):
                self.torture(self.tell_or_refuse, lambda path=path: (self.members(path),))


class Cold(Lives):
    """A new server each time: its first connection, its first group, its first everything."""

    def live_all(self):
        for name in LIVES:
            self.attempt(getattr(self, name))

    def test_each_allocation_of_a_new_server(self):
        for n in range(1, MOST):
            self.start()
            try:
                self.fail_at(n)
                self.live_all()
                left = self.left()
            finally:
                self.server.finish()
            if left > 0:
                return print("%d allocations" % (n - 1))
        self.fail("it allocates without end")


if __name__ == "__main__":
    unittest.main()
