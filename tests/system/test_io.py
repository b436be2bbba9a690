"""How output leaves: which way a server takes, what it says of it, and that a group of many hears all of it each way."""
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

from server import PATIENCE, Server, program
from wsclient import WebSocket

FORBID = os.path.join(os.path.dirname(os.path.abspath(__file__)), "forbid.py")
MANY = 100  # more than go out one by one


def forbidden(calls, command):
    return [sys.executable, FORBID, calls] + command


def serve(*options, forbid=None):
    server = Server("chat", *options, workers=1, start=False)
    if forbid:
        plain = server.command
        server.command = lambda listen: forbidden(forbid, plain(listen))
    return server.start()


def refused(*options, forbid):
    with tempfile.TemporaryDirectory(prefix="freshet-") as folder:
        done = subprocess.run(forbidden(forbid, [program("chat"), "--listen", "127.0.0.1:0", *options]), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=PATIENCE, cwd=folder)
    return done.returncode, done.stderr.decode()


def way_of(server):
    return re.search(r" net\.io send=(\S+)(?: why=(.*))?", server.output()).groups()


def has_ring(server):
    folder = "/proc/%d/fd" % server.pid
    return any("io_uring" in os.readlink(os.path.join(folder, name)) for name in os.listdir(folder))


def has_io_uring():
    server = serve()
    try:
        return way_of(server)[0] == "io_uring"
    finally:
        server.finish()


class Io(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.has_io_uring = has_io_uring()

    def assert_a_crowd_hears_all(self, server):
        """Also when some of it is reset in the middle."""
        def open_one(number):
            return WebSocket(server.port, "/ws/chat/crowd/?name=n%d" % number)
        speaker = open_one(0)
        crowd = []
        for number in range(1, MANY):
            crowd.append(open_one(number))
            self.assertEqual(crowd[-1].receive_json(), {"from": "n%d" % number, "joined": True})
        for text in range(3):
            for lost in crowd[text::20]:
                lost.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                lost.sock.close()
            del crowd[text::20]
            speaker.send_json({"text": "number %d" % text})
        speaker.send_json({"text": "over"})
        for ws in [speaker] + crowd:
            said = []
            while not said or said[-1] != "over":
                said.append(ws.receive_json().get("text"))
            self.assertEqual([text for text in said if text], ["number 0", "number 1", "number 2", "over"])
        for ws in [speaker] + crowd:
            ws.close()

    def test_auto_takes_what_there_is(self):
        server = serve()
        try:
            self.assertEqual(way_of(server)[0], "io_uring" if self.has_io_uring else "epoll")
            self.assertFalse(has_ring(server))  # before it has sent to many
            self.assert_a_crowd_hears_all(server)
            self.assertEqual(has_ring(server), self.has_io_uring)
        finally:
            server.finish()

    def test_epoll_is_taken_when_it_is_asked_for(self):
        server = serve("--io", "epoll")
        try:
            self.assertEqual(way_of(server), ("epoll", None))
            self.assert_a_crowd_hears_all(server)
            self.assertFalse(has_ring(server))
        finally:
            server.finish()

    def test_all_leaves_by_io_uring_when_it_is_asked_for(self):
        if not self.has_io_uring:
            self.skipTest("no io_uring here")
        server = serve("--io", "io_uring")
        try:
            self.assertEqual(way_of(server), ("io_uring", None))
            with WebSocket(server.port, "/ws/chat/alone/?name=n") as ws:
                ws.receive_json()
                self.assertTrue(has_ring(server))
            self.assert_a_crowd_hears_all(server)
        finally:
            server.finish()

    def test_auto_does_without_where_it_is_forbidden(self):
        for calls in ("io_uring_setup", "io_uring_enter"):
            server = serve(forbid=calls)
            try:
                way, why = way_of(server)
                self.assertEqual(way, "epoll")
                self.assertIn("forbidden" if self.has_io_uring else "io_uring", why)
                self.assert_a_crowd_hears_all(server)
            finally:
                server.finish()

    def test_io_uring_is_insisted_on_or_nothing_starts(self):
        for calls in ("io_uring_setup", "io_uring_enter"):
            code, text = refused("--io", "io_uring", forbid=calls)
            self.assertEqual(code, 1, text)
            self.assertEqual(len(text.splitlines()), 1, text)
            self.assertIn("forbidden" if self.has_io_uring else "io_uring", text)
            self.assertIn("--io auto", text)


if __name__ == "__main__":
    unittest.main()
