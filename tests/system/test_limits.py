"""Caps: who comes when there is no room waits or is refused, the others are served, and it is told once."""
import os
import re
import resource
import select
import socket
import tempfile
import time
import unittest

from server import PATIENCE, Server, wait_until
from wsclient import PING, TEXT, frame, handshake

ASK = b"GET /json HTTP/1.1\r\nHost: a\r\n\r\n"
PAUSE = 0.1  # seconds: how long accepting pauses


def total(server, limit):
    """What the server said at its end of how often a limit was run into."""
    found = re.findall(r"limit\.total limit=%s count=(\d+)" % limit, server.output())
    return int(found[0]) if found else 0


class Limits(unittest.TestCase):
    def start(self, *options, **more):
        server = Server("echo", *options, **more)
        self.addCleanup(server.finish)
        return server

    def connect(self, server, count=1, address="127.0.0.1"):
        sockets = []
        for _ in range(count):
            sock = socket.create_connection(("127.0.0.1", server.port), PATIENCE, source_address=(address, 0))
            self.addCleanup(sock.close)
            sockets.append(sock)
        return sockets

    def served(self, sock):
        sock.sendall(ASK)
        return self.answered(sock)

    def answered(self, sock):
        return sock.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")

    def hear(self, server, text):
        wait_until(lambda: text in server.output(), text=lambda: "not said: %s\n%s" % (text, server.output()))

    def test_without_files_accepting_pauses_and_recovers(self):
        server = self.start("--connections", "100000")
        good, = self.connect(server)
        self.assertTrue(self.served(good))
        began = time.monotonic()
        ticks = self.cpu(server)
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (server.file_count() + 10, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        crowd = self.connect(server, 40)
        for sock in crowd:
            sock.sendall(ASK)  # who is let in is answered, and stays
        self.hear(server, "ERROR limit.hit limit=open-files count=1 detail=EMFILE")
        for _ in range(200):   # meanwhile
            self.assertTrue(self.served(good))
        waiting = list(crowd)
        while waiting:         # each that was served makes room for another
            ready = select.select(waiting, [], [], PATIENCE)[0]
            self.assertTrue(ready, "%d wait for ever" % len(waiting))
            for sock in ready:
                self.assertTrue(self.answered(sock))
                waiting.remove(sock)
                sock.close()
        self.assertTrue(self.served(self.connect(server)[0]))
        passed = time.monotonic() - began
        used = self.cpu(server) - ticks
        server.stop()
        pauses = total(server, "open-files")
        self.assertGreater(pauses, 0)
        # No spin: accepting is tried again once a pause, by each of the two workers; and once for each that came.
        self.assertLessEqual(pauses, 2 * (passed / PAUSE + 1) + len(crowd))
        self.assertLess(used, 0.5 * passed + 1)
        self.assertEqual(server.output().count("limit.hit"), 1)

    def cpu(self, server):
        with open("/proc/%d/stat" % server.pid) as text:
            fields = text.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_a_full_server_lets_them_wait(self):
        server = self.start("--connections", "10", workers=1)
        inside = self.connect(server, 10)
        for sock in inside:
            self.assertTrue(self.served(sock))
        outside = self.connect(server, 10)
        for sock in outside:
            sock.sendall(ASK)
        self.hear(server, "WARN limit.hit limit=connections count=1\n")
        for sock in inside:
            self.assertTrue(self.served(sock))
        outside[0].setblocking(False)
        self.assertRaises(BlockingIOError, outside[0].recv, 1)
        outside[0].settimeout(PATIENCE)
        for left, came in zip(inside, outside):
            left.close()
            self.assertTrue(self.answered(came))
        server.stop()
        self.assertGreater(total(server, "connections"), 0)

    def test_an_address_has_its_share(self):
        with tempfile.TemporaryDirectory(prefix="freshet-") as folder:
            path = os.path.join(folder, "app.sock")
            server = self.start("--connections-per-address", "5", "--listen", "unix:" + path, "--trust-proxy", "127.0.0.3")
            crowd = self.connect(server, 5)
            for sock in crowd:
                self.assertTrue(self.served(sock))
            more, = self.connect(server)
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += more.recv(1000)
            self.assertEqual(answer, b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 10\r\nConnection: close\r\n\r\n")
            self.assertEqual(more.recv(1), b"")
            self.hear(server, "limit.hit limit=connections-per-address count=1 detail=127.0.0.1\n")
            for _ in range(20):  # counted, and not told again
                self.assertTrue(self.connect(server)[0].recv(1000).startswith(b"HTTP/1.1 503 "))
            for sock in self.connect(server, 5, "127.0.0.2") + self.connect(server, 8, "127.0.0.3"):
                self.assertTrue(self.served(sock))
            for _ in range(8):
                local = socket.socket(socket.AF_UNIX)
                self.addCleanup(local.close)
                local.connect(path)
                self.assertTrue(self.served(local))
            crowd[0].close()  # once the server has seen it, there is room for one

            def is_let_in():
                sock, = self.connect(server)
                try:
                    return self.served(sock)
                except OSError:
                    return False
            wait_until(is_let_in)
            server.stop()
            self.assertEqual(server.output().count("limit.hit"), 1)
            self.assertGreaterEqual(total(server, "connections-per-address"), 21)

    def test_so_many_a_second(self):
        server = self.start("--accepts", "50")
        began = time.monotonic()
        crowd = self.connect(server, 60)
        for sock in crowd:
            self.assertTrue(self.served(sock))
        self.assertGreater(time.monotonic() - began, 0.9)  # 10 at once, the others at 50 a second
        server.stop()
        self.assertGreater(total(server, "accepts"), 0)
        self.assertEqual(server.output().count("limit.hit"), 1)

    def test_what_is_refused_is_counted_for_each_limit_and_told_once(self):
        server = self.start("--header-timeout", "1s", "--body-timeout", "1s", "--header-line", "200B", "--body", "100B", "--ws-message", "10B",
                            "--ws-pings", "3", "--ws-messages", "5")
        head = b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: "
        ways = {
            "bad-request": lambda: [b"GET / HTTP/1.1\r\n\r\n"],
            "header-bytes": lambda: [b"GET /" + b"a" * 300],
            "body": lambda: [head + b"101\r\n\r\n"],
            "header-timeout": lambda: [b"GET / HT"],
            "body-timeout": lambda: [head + b"10\r\n\r\nx"],
            "ws-message": lambda: self.upgraded(server) + [frame(TEXT, b"x" * 11)],
            "ws-protocol": lambda: self.upgraded(server) + [frame(TEXT, b"x", mask=False)],
            "ws-pings": lambda: self.upgraded(server) + [frame(PING, b"") * 10],
            "ws-messages": lambda: self.upgraded(server) + [frame(TEXT, b"x") * 20],
        }
        for _ in range(2):
            crowd = self.connect(server, len(ways))
            for sock, way in zip(crowd, ways.values()):
                sock.sendall(b"".join(way()))
            for sock in crowd:  # each is ended
                while sock.recv(65536):
                    pass
        server.stop()
        for limit in ways:
            self.assertEqual(len(re.findall(r"limit\.hit limit=%s count=1\b" % limit, server.output())), 1, limit)
            self.assertEqual(total(server, limit), 2, limit)
        self.assertEqual(server.output().count("limit.hit"), len(ways))

    def upgraded(self, server):
        return [handshake(server.port, "/ws/echo/")[0]]


if __name__ == "__main__":
    unittest.main()
