"""The process around the server: what children of handlers inherit, the locale that a program has set."""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from server import Server
from wsclient import WebSocket

MEGABYTE = 1 << 20
UPLOAD = (b"POST /upload/ HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n"
          b"--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a\"\r\n\r\n" + bytes(100000))
# As systemd does it.
HANDS_OVER = """
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
own = os.dup2(listener.fileno(), 100, inheritable=False)
for fd in range(3, 13):
    os.dup2(own, fd)
os.environ.update(LISTEN_FDS="10", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], sys.argv[1:])
"""
DOWNLOAD = b"GET /files/big.bin HTTP/1.1\r\nHost: a\r\n\r\n"


def mask_of(text, name):
    return int(re.search(r"^%s:\s*([0-9a-f]+)$" % name, text, re.M).group(1), 16)


def own_mask(name):
    with open("/proc/self/status", encoding="ascii") as status:
        return mask_of(status.read(), name)


class Children(unittest.TestCase):
    """Started by handlers, on each worker and on a thread of fr_blocking, while everything that the server can open is open."""

    def serve(self, *options, **more):
        folder = tempfile.mkdtemp(prefix="freshet-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        with open(os.path.join(folder, "big.bin"), "wb") as big:
            big.truncate(64 * MEGABYTE)
        server = Server("process", "--access-log", "access.log", "--upload-memory", "1KiB", *options, db="site.db", folder=folder, **more)
        self.addCleanup(server.finish)
        return server

    def occupy(self, server):
        """A watched list and a quiet consumer, an upload that has begun to lie on the disk, a download that is not read."""
        for path in ("/prices/", "/ws/"):
            self.addCleanup(WebSocket(server.port, path).sock.close)
        for request in (UPLOAD, DOWNLOAD) * 4:
            sock = socket.create_connection(("127.0.0.1", server.port), 30)
            self.addCleanup(sock.close)
            sock.sendall(request)
        self.assertEqual(server.post("/prices/", {"amount": "1.00", "weight": 1}).status, 201)

    def check_child(self, text):
        self.assertFalse(mask_of(text, "SigIgn") & (1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1), text)
        self.assertEqual(mask_of(text, "SigBlk"), own_mask("SigBlk"), text)
        files = dict(re.findall(r"(\d+) -> (.*)", text))
        self.assertLessEqual({"0", "1", "2"}, set(files))
        more = {number: name for number, name in files.items() if number not in "012" and not name.startswith("/proc/")}
        self.assertEqual(more, {}, text)  # ls has its own folder open

    def test_a_child_inherits_no_descriptor_and_no_signal_that_is_ignored_or_blocked(self):
        server = self.serve()
        self.occupy(server)
        for path in ("/child/", "/child/blocking/"):
            for _ in range(10):  # a connection each: both workers have some
                answer = server.get(path)
                self.assertEqual(answer.status, 200, answer)
                self.check_child(answer.body.decode())

    def test_a_child_inherits_no_socket_that_was_handed_to_us(self):
        server = self.serve(start=False)
        plain = server.command
        server.command = lambda listen: ["/usr/bin/python3", "-c", HANDS_OVER] + plain(listen)
        server.start()
        for _ in range(4):
            self.check_child(server.get("/child/").body.decode())

    def test_a_pipeline_ends_when_its_reader_has_gone(self):
        server = self.serve()
        for _ in range(4):
            self.assertEqual(server.get("/endless/").body, b"y\n")


class Locales(unittest.TestCase):
    """Numbers are the same in any locale: one whose point has two bytes, one where it is a comma."""

    def ask(self, environment):
        """What is answered, and the program's own point."""
        server = Server("process", db="site.db", env=environment)
        try:
            for amount, weight in (("12.50", 0.1), (7, 1e-7), ("-0.99", 123456.789), (1234567890.12, 1.7976931348623157e308)):
                answer = server.post("/prices/", {"amount": amount, "weight": weight})
                self.assertEqual(answer.status, 201, answer)
            bodies = [server.get(path).body for path in ("/prices/", "/prices/1/", "/prices/4/")]
            bodies.append(server.post("/prices/", {"amount": "1,50", "weight": "0,1"}).body)
            ws = WebSocket(server.port, "/prices/")
            bodies.append(re.sub(r'"at":"[^"]*"', "", ws.receive()))
            server.patch("/prices/1/", {"amount": "0.10", "weight": 2.5})
            bodies.append(re.sub(r'"at":"[^"]*"', "", ws.receive()))
            ws.sock.close()
            return bodies, server.get("/point/").body.decode()
        finally:
            server.finish()

    def test_numbers_are_the_same_in_any_locale(self):
        expected, own = self.ask({"LC_ALL": "C"})
        self.assertEqual(own, "1.5")
        self.assertIn(b'"amount":"12.50","weight":0.1', expected[1])
        with tempfile.TemporaryDirectory(prefix="freshet-") as folder:
            for name, charset, point in (("ps_AF", "UTF-8", "1\u066b5"), ("de_DE", "UTF-8", "1,5"), ("tr_TR", "ISO-8859-9", "1,5")):
                locale = "%s.%s" % (name, charset)
                with self.subTest(locale):
                    made = subprocess.run(["localedef", "-i", name, "-f", charset, "--no-archive", os.path.join(folder, locale)],
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    if made.returncode:
                        self.skipTest("no sources of that locale (package locales)")
                    got, own = self.ask({"LC_ALL": locale, "LOCPATH": folder})
                    self.assertEqual(own, point)  # it was on
                    self.assertEqual(got, expected)


if __name__ == "__main__":
    unittest.main()
