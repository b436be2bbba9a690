"""Where a server listens: several addresses, Unix sockets, sockets that somebody else has opened."""
import http.client
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import unittest

from server import PATIENCE, Server, end, program
from wsclient import WebSocket

# What systemd does for a unit with a socket: sockets at 3 and on, and whom they are for.
STARTER = """
import os, sys
count, program = int(sys.argv[1]), sys.argv[2:]
given = [int(n) for n in os.environ.pop("SOCKETS").split()]
moved = [os.dup(fd) for fd in given]
for at, fd in enumerate(moved):
    os.dup2(fd, 3 + at)
os.environ["LISTEN_FDS"] = str(count)
os.environ["LISTEN_PID"] = os.environ.get("FOR_PID") or str(os.getpid())
os.environ["LISTEN_FDNAMES"] = "web:local"
os.execv(program[0], program)
"""


def listening(lines):
    """The line that says where; others of the log may stand before it."""
    return next(line for line in lines if "listening on" in line)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self.path)


def ask(path, url="/json"):
    connection = UnixConnection(path)
    try:
        connection.request("GET", url)
        return connection.getresponse().status
    finally:
        connection.close()


class Listening(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="freshet-")
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "app.sock")

    def start(self, listen, *options, **more):
        """Ended clean at the end of the test."""
        server = Server("echo", *options, start=False, **more)
        server.start(listen)
        self.addCleanup(server.finish)
        return server

    def test_tcp_and_unix_at_once(self):
        server = self.start("127.0.0.1:0,unix:%s,127.0.0.2:0" % self.path)
        line = listening(server.lines)
        self.assertRegex(line, r"listening on http://127\.0\.0\.1:\d+/, unix:%s, http://127\.0\.0\.2:\d+/\n" % self.path)
        self.assertEqual(server.get("/json").status, 200)
        self.assertEqual(ask(self.path), 200)
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o660)
        curl = subprocess.run(["curl", "-sS", "--unix-socket", self.path, "http://localhost/json"], capture_output=True, timeout=PATIENCE)
        self.assertEqual((curl.returncode, curl.stderr), (0, b""))
        with WebSocket(server.port, "/ws/echo/", unix=self.path) as ws:
            ws.send_text("over a file")
            self.assertEqual(ws.receive(), "over a file")
        self.assertEqual(server.stop(), 0)
        self.assertFalse(os.path.exists(self.path))

    def test_a_killed_servers_socket_is_taken_over_and_a_living_ones_is_not(self):
        first = Server("echo", "--listen", "unix:" + self.path)  # beside the port that Server asks for
        first.kill()
        self.assertTrue(os.path.exists(self.path))
        second = self.start("127.0.0.1:0", "--listen", "unix:" + self.path, "--socket-mode", "600")
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        third = subprocess.run([program("echo"), "--listen", "unix:" + self.path], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(third.returncode, 4)
        self.assertEqual(third.stderr, "echo: cannot listen on unix:%s: another server listens there; stop it or choose another path\n" % self.path)
        self.assertEqual(ask(self.path), 200)  # still there, and still the second's
        self.assertEqual(second.stop(), 0)
        first.remove()

    def activate(self, count, sockets, **variables):
        """The program with these sockets, as systemd would start it."""
        env = dict(os.environ, SOCKETS=" ".join(str(sock.fileno()) for sock in sockets), **variables)
        process = subprocess.Popen([sys.executable, "-c", STARTER, str(count), program("echo"), "--workers", "2"], env=env,
                                   pass_fds=[sock.fileno() for sock in sockets], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.stdout.close)
        return process

    def end(self, process):
        self.assertEqual(end(process), 0)
        self.assertNotIn("Sanitizer", process.stdout.read())

    def test_sockets_of_systemd_are_served_and_stay(self):
        with socket.socket() as web, socket.socket(socket.AF_UNIX) as local:
            web.bind(("127.0.0.1", 0))
            web.listen()
            local.bind(self.path)
            local.listen()
            port = web.getsockname()[1]
            for _ in range(2):  # a restart: who comes meanwhile waits
                with socket.create_connection(("127.0.0.1", port), PATIENCE) as early:
                    early.sendall(b"GET /json HTTP/1.0\r\n\r\n")
                    process = self.activate(2, [web, local])
                    self.assertRegex(listening(process.stdout), r"listening on http://127\.0\.0\.1:%d/, unix:%s\n" % (port, self.path))
                    self.assertTrue(early.recv(100).startswith(b"HTTP/1.1 200 "))
                self.assertEqual(ask(self.path), 200)
                self.end(process)
                self.assertTrue(os.path.exists(self.path))  # it is not ours to remove

    def test_sockets_for_another_process_are_not_taken(self):
        with socket.socket() as web:
            web.bind(("127.0.0.1", 0))
            web.listen()
            process = self.activate(1, [web], FOR_PID="1", FRESHET_LISTEN="127.0.0.1:0")
            line = listening(process.stdout)
            self.assertNotIn(":%d/" % web.getsockname()[1], line)
            self.end(process)

    def test_what_is_no_listening_socket_is_said(self):
        with socket.socket() as plain:
            process = self.activate(1, [plain])
            self.assertEqual(process.stdout.readline(),
                             "echo: cannot listen on inherited descriptor 3: not a listening socket; check LISTEN_FDS\n")
            self.assertEqual(process.wait(PATIENCE), 4)

    def test_systemd_is_told_that_it_serves_and_that_it_stops(self):
        path = os.path.join(self.folder.name, "notify")
        for address, given in ((path, path), ("\0freshet-%d" % os.getpid(), "@freshet-%d" % os.getpid())):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
                told.bind(address)
                told.settimeout(PATIENCE)
                server = self.start("127.0.0.1:0", env={"NOTIFY_SOCKET": given})
                self.assertEqual(told.recv(100), b"READY=1")
                with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as begun:
                    begun.sendall(b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nhal")
                    self.assertEqual(server.get("/json").status, 200)
                    server.process.send_signal(signal.SIGTERM)
                    self.assertEqual(told.recv(100), b"STOPPING=1")  # while a request is still served
                    begun.sendall(b"f")
                    self.assertTrue(begun.recv(100).startswith(b"HTTP/1.1 200 "))
                self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
