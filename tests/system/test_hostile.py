"""Hostile peers of every kind at once, while others are answered right; afterwards nothing is left of them.

FR_SEED repeats a run's garbage.
"""
import os
import random
import resource
import socket
import struct
import threading
import unittest

from server import PATIENCE, Server, is_sanitized
from wsclient import CLOSE, PING, TEXT, WebSocket, frame, handshake

GROWTH_KIB = 4096  # from the second wave to the last, with what the allocator keeps; the first finds it empty
WAVES = 2 if is_sanitized() else 4
HALF_HEAD = b"GET /json HTTP/1.1\r\nHost: a\r\n"
HALF_BODY = b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
ASK = HALF_HEAD + b"\r\n"


class Gone(Exception):
    """The server has ended the connection, as it may."""


class Peer:
    """A connection of somebody who means no good. What the server does to it is its own affair, but it must do it."""

    def __init__(self, port, buffer=None):
        self.sock = socket.socket()
        if buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(("127.0.0.1", port))

    def send(self, data):
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            raise Gone from None

    def read_to_end(self):
        """All that comes until the server ends it; a hang is a failure."""
        got = b""
        try:
            while True:
                more = self.sock.recv(65536)
                if not more:
                    return got
                got += more
        except ConnectionResetError:
            return got

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self):
        self.sock.close()


class Good(threading.Thread):
    """Somebody who asks and is answered, right and every time."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.rounds, self.problem, self.is_over = server, 0, None, False

    def run(self):
        try:
            ws = WebSocket(self.server.port, "/ws/echo/")
            kept = self.server.connection()
            while not self.is_over:
                text = "round %d " % self.rounds + "x" * (self.rounds % 1000)
                ws.send_text(text)
                assert ws.receive() == text
                answer = self.server.request("POST", "/body", text.encode(), connection=kept)
                assert (answer.status, answer.body) == (200, text.encode()), answer
                assert self.server.get("/json").status == 200
                self.rounds += 1
            ws.close()
            kept.close()
        except BaseException as problem:  # whatever it is, it is told by the test's own thread
            self.problem = problem


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
        cls.addClassCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))

    def setUp(self):
        self.seed = int(os.environ.get("FR_SEED") or random.randrange(1 << 32))
        self.random = random.Random(self.seed)
        self.server = Server("echo", "--log", "warn", "--header-timeout", "2s", "--body-timeout", "2s", "--send-timeout", "2s",
                             "--min-rate", "4KiB", "--ws-fragments", "1000", "--ws-pings", "500", "--ws-pong", "4s", "--body", "10MiB")

    def tearDown(self):
        self.server.finish()

    def peers(self, count, buffer=None):
        made = [Peer(self.server.port, buffer) for _ in range(count)]
        for peer in made:
            self.addCleanup(peer.close)
        return made

    def sockets(self, count):
        """Peers behind a handshake that was answered."""
        made = self.peers(count)
        for peer in made:
            peer.send(handshake(self.server.port, "/ws/echo/")[0])
        for peer in made:
            head = b""
            while b"\r\n\r\n" not in head:
                head += peer.sock.recv(1)
            self.assertTrue(head.startswith(b"HTTP/1.1 101 "), head)
        return made

    # ---- the kinds ----

    def drip(self, peers, piece):
        """Bit by bit to all of them, until the server has had enough of each."""
        alive = list(peers)
        while alive:
            for peer in list(alive):
                try:
                    peer.send(piece)
                    peer.sock.settimeout(0.001)
                    if peer.sock.recv(1, socket.MSG_PEEK) is not None:
                        alive.remove(peer)
                except socket.timeout:
                    pass
                except (Gone, ConnectionResetError):
                    alive.remove(peer)
                finally:
                    peer.sock.settimeout(PATIENCE)
        return [peer.read_to_end() for peer in peers]

    def slow_heads(self):
        peers = self.peers(150)
        for peer in peers:
            peer.send(HALF_HEAD)
        answers = self.drip(peers, b"X: a\r\n")
        told = [answer for answer in answers if answer]  # else its own next drop has made the answer a reset
        self.assertTrue(told)
        for answer in told:
            self.assertTrue(answer.startswith(b"HTTP/1.1 408 ") or answer.startswith(b"HTTP/1.1 431 "), answer)

    def slow_bodies(self):
        peers = self.peers(100)
        for peer in peers:
            peer.send(HALF_BODY)
        for answer in self.drip(peers, b"x"):
            self.assertTrue(not answer or answer.startswith(b"HTTP/1.1 408 "), answer)

    def slow_sockets(self):
        """WebSockets that ask for much and read nothing."""
        peers = self.sockets(10)
        burst = frame(TEXT, b"x" * 60000)
        for peer in peers:
            peer.sock.settimeout(0.1)  # as soon as nothing more goes in
            try:
                while True:
                    peer.send(burst)
            except (socket.timeout, Gone):
                peer.sock.settimeout(PATIENCE)
        for peer in peers:
            peer.reset()

    def ping_floods(self):
        peers = self.sockets(10)
        for peer in peers:
            try:
                for _ in range(50):
                    peer.send(frame(PING, b"p" * 125) * 100)
            except Gone:
                pass
            got = peer.read_to_end()
            self.assertTrue(struct.pack("!BBH", 0x80 | CLOSE, 2 + len(b"too many pings"), 1008) in got or not got.endswith(b"\x8a"), got[-60:])

    def fragment_floods(self):
        peers = self.sockets(10)
        for peer in peers:
            try:
                peer.send(frame(TEXT, b"", fin=False) + frame(0, b"", fin=False) * 5000)
            except Gone:
                pass
            got = peer.read_to_end()
            self.assertTrue(not got or got[:4] == struct.pack("!BBH", 0x80 | CLOSE, 2 + len(b"too many fragments"), 1009), got)

    def handshake_floods(self):
        for _ in range(10):
            peers = self.peers(30)
            for peer in peers:
                peer.send(handshake(self.server.port, "/ws/echo/")[0])
            for peer in peers:
                peer.reset()

    def garbage(self):
        kinds = [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0" * 1000, b"SSH-2.0-x\r\n",
                 b"GET " + b"a" * 100000, b"\r\n" * 1000]
        for peer in self.peers(60):
            try:
                peer.send(self.random.choice(kinds + [self.random.randbytes(self.random.randrange(1, 5000))] * 6))
                peer.sock.shutdown(socket.SHUT_WR)
            except (Gone, OSError):
                pass
            got = peer.read_to_end()
            self.assertTrue(not got or got.startswith(b"HTTP/1.1 "), got)

    def bad_frames(self):
        for peer in self.sockets(30):
            try:
                peer.send(self.random.randbytes(3000))
                peer.sock.shutdown(socket.SHUT_WR)
            except (Gone, OSError):
                pass
            peer.read_to_end()

    def resets(self):
        """In the middle of what is asked, and of what is answered."""
        for peer in self.peers(60):
            try:
                peer.send(ASK * self.random.randrange(1, 400) + ASK[:self.random.randrange(len(ASK))])
            except Gone:
                pass
            peer.reset()
        for peer in self.sockets(30):
            try:
                peer.send(frame(TEXT, b"x" * 1000) * self.random.randrange(1, 200))
            except Gone:
                pass
            peer.reset()

    def half_closes(self):
        """These are within their rights: all that was asked is answered, then comes the end."""
        for peer in self.peers(30):
            count = self.random.randrange(1, 30)
            peer.send(ASK * count)
            peer.sock.shutdown(socket.SHUT_WR)
            self.assertEqual(peer.read_to_end().count(b"HTTP/1.1 200 OK\r\n"), count)

    KINDS = (slow_heads, slow_bodies, slow_sockets, ping_floods, fragment_floods, handshake_floods, garbage,
             bad_frames, resets, half_closes)

    # ---- all at once ----

    def wave(self):
        problems = []

        def attack(kind):
            try:
                kind(self)
            except BaseException as problem:
                problems.append((kind.__name__, problem))
        threads = [threading.Thread(target=attack, args=(kind,), daemon=True) for kind in self.KINDS]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(4 * PATIENCE)
            self.assertFalse(thread.is_alive(), "it hangs")
        if problems:
            raise AssertionError("FR_SEED=%d %s" % (self.seed, problems[0][0])) from problems[0][1]

    def test_who_does_not_read_his_answer_is_cut_off(self):
        """They ask for more than the kernel takes. (What it has taken it keeps for them, and then the end comes.)"""
        before, body = self.server.file_count(), b"x" * 8000000
        peers = self.peers(5, 4096)
        for peer in peers:
            peer.send(b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        self.server.wait_files(before)
        for peer in peers:
            self.assertLess(len(peer.read_to_end()), len(body))
        self.assertEqual(self.server.get("/json").status, 200)

    def test_the_good_are_served_and_nothing_is_left(self):
        before, sizes = self.server.file_count(), []
        for _ in range(WAVES):
            good = [Good(self.server) for _ in range(3)]
            for each in good:
                each.start()
            self.wave()
            for each in good:
                each.is_over = True
            for each in good:
                each.join(PATIENCE)
                if each.problem:
                    raise AssertionError("FR_SEED=%d: a good client" % self.seed) from each.problem
                self.assertFalse(each.is_alive(), "a good client waits for ever")
                self.assertGreater(each.rounds, 10)
            self.doCleanups()
            self.server.wait_files(before)
            sizes.append(self.server.rss_kib())
        if not is_sanitized():  # a sanitizer keeps what was freed
            self.assertLess(sizes[-1] - sizes[1], GROWTH_KIB, sizes)


if __name__ == "__main__":
    unittest.main()
