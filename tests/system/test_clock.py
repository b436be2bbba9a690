"""The clock of the wall jumps: timers do not. The process is stopped for long: what came meanwhile came in time."""
import email.utils
import os
import resource
import signal
import socket
import struct
import tempfile
import time
import unittest

from server import BUILD, Server, wait_until
from wsclient import PING, PONG, WebSocket

DAY = 86400
REQUEST = b"GET /json HTTP/1.1\r\nHost: a\r\n\r\n"


class Clock(unittest.TestCase):
    def serve(self, *options, workers=2):
        self.jumps = tempfile.NamedTemporaryFile(prefix="freshet-")
        self.addCleanup(self.jumps.close)
        self.jump()
        server = Server("echo", *options, workers=workers,
                        env={"LD_PRELOAD": os.path.join(BUILD, "tests", "libclock-jump.so"), "CLOCK_JUMP": self.jumps.name})
        self.addCleanup(server.finish)
        return server

    def jump(self, wall=0, machine=0):
        """To so many seconds after the real time."""
        self.jumps.seek(0)
        self.jumps.write(struct.pack("qq", wall, machine))
        self.jumps.flush()

    def test_a_clock_that_jumps_ends_nobody(self):
        server = self.serve()
        kept, ws = server.connection(), WebSocket(server.port, "/ws/echo/")
        self.assertEqual(server.get("/json", connection=kept).status, 200)
        address = kept.sock.getsockname()
        for seconds in (DAY, -DAY, 30 * DAY, 0):
            self.jump(wall=seconds)
            for _ in range(3):
                ws.send_text("still here")
                self.assertEqual(ws.receive(), "still here")
            answer = server.get("/json", connection=kept)
            self.assertEqual(answer.status, 200)
            self.assertEqual(kept.sock.getsockname(), address)  # the connection is the same
        # That the jumps were seen: the date of an answer, once its second is over.
        self.jump(wall=DAY)
        wait_until(lambda: abs(self.date_of(server.get("/json")) - time.time() - DAY) < 60)
        self.assertEqual(ws.close(), 1000)
        kept.close()

    def date_of(self, answer):
        return email.utils.parsedate_to_datetime(answer.headers["date"]).timestamp()

    def test_what_came_while_the_process_was_stopped_is_answered(self):
        for io in ("epoll", "auto"):
            with self.subTest(io):
                self.pause(io)

    def pause(self, io):
        """More than one wait of the server tells (1,024 sockets): an hour passes, and nobody was late."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        server = self.serve("--io", io, workers=1)
        try:
            sockets = [WebSocket(server.port, "/ws/echo/") for _ in range(50)]
            self.jump(machine=25)       # past the time of a ping
            self.assertEqual(server.get("/json").status, 200)  # wakes it
            for ws in sockets:
                self.assertEqual(ws.read_frame()[0], PING)
            kept = [self.connect(server) for _ in range(1500)]
            for sock in kept:
                sock.sendall(REQUEST)
            for sock in kept:
                self.expect_answer(sock)
            half = [self.connect(server) for _ in range(50)]
            for sock in half:
                sock.sendall(REQUEST[:-2])
            self.assertEqual(server.get("/json").status, 200)  # behind them: all were read
            os.kill(server.pid, signal.SIGSTOP)
            os.waitid(os.P_PID, server.pid, os.WSTOPPED)
            for ws in sockets:
                ws.send(PONG)
            for sock in kept:
                sock.sendall(REQUEST)
            for sock in half:
                sock.sendall(REQUEST[-2:])
            waiting = [self.connect(server) for _ in range(50)]  # at the listener
            for sock in waiting:
                sock.sendall(REQUEST)
            self.jump(machine=3600)
            os.kill(server.pid, signal.SIGCONT)
            for sock in kept + half + waiting:
                self.expect_answer(sock)
                sock.close()
            for ws in sockets:
                ws.send_text("still here")
                self.assertEqual(ws.receive(), "still here")
                ws.sock.close()
        finally:
            os.kill(server.pid, signal.SIGCONT)

    def connect(self, server):
        return socket.create_connection(("127.0.0.1", server.port), 30)

    def expect_answer(self, sock):
        self.assertTrue(sock.recv(4096).startswith(b"HTTP/1.1 200 "))


if __name__ == "__main__":
    unittest.main()
