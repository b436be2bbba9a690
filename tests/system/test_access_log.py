"""The access log: its formats as other programs read them, what clients cannot do to it, rotation, disks and pipes that are
full. And who asks, where a proxy is trusted."""
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

from server import PATIENCE, Server, wait_until
from wsclient import WebSocket

COMMON = re.compile(r'(?P<client>\S+) - - \[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000)\] '
                    r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) (?P<bytes>\d+|-)')
COMBINED = re.compile(COMMON.pattern + r' "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)"')


class Logged(Server):
    """The program in a folder of its own, its log beside it."""

    def __init__(self, *options, log=None, **more):
        folder = tempfile.mkdtemp(prefix="freshet-log-")
        os.mkdir(os.path.join(folder, "files"))
        self.log = log or os.path.join(folder, "access.log")
        options = ["--trust-proxy", "loopback"] + (["--access-log", self.log] if self.log != "none" else []) + list(options)
        super().__init__("torture", *options, db="notes.db", folder=folder, **more)
        self.owns_folder = True

    def read_log(self, path=None):
        with open(path or self.log, "rb") as file:
            return file.read().decode("utf-8").splitlines()

    def wait_lines(self, count, path=None):
        wait_until(lambda: os.path.exists(path or self.log) and len(self.read_log(path)) >= count,
                   text=lambda: "%d lines expected of:\n%s" % (count, "\n".join(self.read_log(path))))
        return self.read_log(path)

    def curl(self, *options, path="/body"):
        done = subprocess.run(["curl", "-sS", "-o", "/dev/null", "--path-as-is", "--max-time", "60", "-w", "%{http_code} %{size_download}", *options,
                               "http://127.0.0.1:%d%s" % (self.port, path)], stdout=subprocess.PIPE, check=True)
        return done.stdout.decode().split()

    def raw(self, data):
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass


class AccessLog(unittest.TestCase):
    def test_each_request_has_a_line_that_agrees_with_the_client(self):
        server = Logged("--access-log-format", "combined", workers=1)
        try:
            seen = [server.curl("-A", "tests/1", "-e", "http://a/", path=path)
                    for path in ("/api/notes/", "/nowhere?x=%22", "/stream", "/body", "/api/notes/17/")]
            seen.append(server.curl("-X", "POST", "-d", "x" * 70000))
            lines = [COMBINED.fullmatch(line) for line in server.wait_lines(6)]
            self.assertEqual([(m["status"], m["bytes"].replace("-", "0")) for m in lines], [tuple(each) for each in seen])
            self.assertEqual(lines[0]["request"], "GET /api/notes/ HTTP/1.1")
            self.assertEqual(lines[1]["request"], "GET /nowhere?x=%22 HTTP/1.1")
            self.assertEqual((lines[0]["client"], lines[0]["referer"], lines[0]["agent"]), ("127.0.0.1", "http://a/", "tests/1"))
        finally:
            server.finish()

    def test_json_and_sockets_and_forwarded_clients(self):
        server = Logged("--access-log-format", "json", workers=1)
        try:
            server.curl("-H", "X-Forwarded-For: 203.0.113.9", "-H", "X-Forwarded-Proto: https", "-H", "X-Forwarded-Host: example.org",
                        path="/api/notes/?page_size=1")
            WebSocket(server.port, "/ws/echo/").sock.close()
            with self.assertRaises(Exception):
                WebSocket(server.port, "/nowhere")
            lines = [json.loads(line) for line in server.wait_lines(3)]
            self.assertEqual((lines[0]["client"], lines[0]["peer"], lines[0]["host"]), ("203.0.113.9", "127.0.0.1", "example.org"))
            self.assertEqual((lines[0]["method"], lines[0]["target"], lines[0]["version"], lines[0]["status"]),
                             ("GET", "/api/notes/?page_size=1", "1.1", 200))
            self.assertRegex(lines[0]["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$")
            self.assertGreater(lines[0]["us"], 0)
            self.assertNotIn("referer", lines[0])
            self.assertEqual([(line["target"], line["status"]) for line in lines[1:]], [("/ws/echo/", 101), ("/nowhere", 404)])
            self.assertNotIn("peer", lines[1])
        finally:
            server.finish()

    def test_a_client_cannot_write_lines_of_its_own(self):
        for name, pattern in (("common", COMMON), ("combined", COMBINED), ("json", None)):
            server = Logged("--access-log-format", name)
            try:
                server.raw(b'GET /"%0a\\\xc3\xa9 HTTP/1.1\r\nHost: a\r\nUser-Agent: \xff" 200 0\t"\r\nReferer: {"a":1}\r\nConnection: close\r\n\r\n')
                server.raw(b"GET /\n6.6.6.6 - - [] HTTP/1.1\r\n\r\n")
                server.raw(b"\x1b[2J\r\n\r\n")
                server.raw(b"GET /" + b"\xff" * 8000 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                lines = server.wait_lines(4)
                self.assertEqual(len(lines), 4)
                for line in lines:
                    self.assertTrue(line.isprintable() and len(line) < 4096, line)
                    self.assertTrue(pattern.fullmatch(line) if pattern else json.loads(line)["status"] >= 400, line)
            finally:
                server.finish()

    def test_after_hangup_lines_go_to_a_new_file(self):
        server = Logged("--access-log-format", "common", workers=2)
        try:
            moved = server.log + ".1"
            for round in range(3):
                for _ in range(20):
                    server.curl(path="/body?%d" % round)
                server.wait_lines(20)
                os.rename(server.log, moved)
                server.process.send_signal(signal.SIGHUP)
                wait_until(lambda: os.path.exists(server.log))
                # Both workers have a new file: none holds the old one.
                folder = "/proc/%d/fd" % server.pid
                wait_until(lambda: moved not in [os.readlink(os.path.join(folder, fd)) for fd in os.listdir(folder)])
                lines = server.read_log(moved)
                self.assertEqual([line.count("GET /body?%d " % round) for line in lines], [1] * 20)
        finally:
            server.finish()

    def test_without_a_log_hangup_ends_the_server_as_ever(self):
        before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # it would be ignored under nohup, and by the server then
        self.addCleanup(signal.signal, signal.SIGHUP, before)
        server = Logged(log="none")
        try:
            self.assertEqual(server.stop(signal.SIGHUP), -signal.SIGHUP)
        finally:
            server.remove()

    def test_a_full_disk_costs_lines_only(self):
        server = Logged(log="/dev/full", workers=1)
        try:
            connection = server.connection()
            for _ in range(1000):
                self.assertEqual(server.get("/body", connection=connection, headers={"User-Agent": "x" * 500}).status, 200)
            wait_until(lambda: "lines_lost" in server.output())
            connection.close()
        finally:
            server.finish()
        self.assertEqual(server.output().count("lines_lost"), 2)  # when it began, and at the end
        self.assertIn("cause=ENOSPC", server.output())

    def test_a_pipe_that_nobody_reads_costs_lines_only(self):
        folder = tempfile.mkdtemp(prefix="freshet-log-")
        pipe = os.path.join(folder, "pipe")
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        server = Logged("--access-log-format", "common", log=pipe, workers=1)
        try:
            connection = server.connection()
            for _ in range(5000):
                self.assertEqual(server.get("/body", connection=connection).status, 200)
            wait_until(lambda: "cause=EAGAIN" in server.output())
            connection.close()
        finally:
            server.finish()
        data = b""
        while True:
            more = os.read(reader, 1 << 20)
            if not more:
                break
            data += more
        os.close(reader)
        for line in data.decode().splitlines():
            self.assertTrue(COMMON.fullmatch(line), line)

    def test_standard_output(self):
        server = Logged("--access-log-format", "common", log="-")
        try:
            self.assertEqual(server.get("/body?1").status, 200)
            wait_until(lambda: any(COMMON.fullmatch(line.rstrip("\n")) for line in server.lines))
        finally:
            server.finish()

    def test_standard_output_that_is_a_socket(self):
        ours, theirs = socket.socketpair()
        server = Logged("--access-log-format", "json", log="-", start=False)
        process = subprocess.Popen(server.command("127.0.0.1:0"), stdout=theirs, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                   cwd=server.folder)
        theirs.close()
        guard = threading.Timer(PATIENCE, process.kill)
        guard.start()
        try:
            lines = ours.makefile("r")
            port = int(re.search(r":(\d+)/", lines.readline()).group(1))
            subprocess.run(["curl", "-sS", "-o", "/dev/null", "http://127.0.0.1:%d/body" % port], check=True)
            self.assertEqual(json.loads(lines.readline())["target"], "/body")
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(PATIENCE), 0)
        finally:
            guard.cancel()
            process.kill()
            process.wait()
            lines.close()
            ours.close()
            server.remove()

    def test_a_path_that_cannot_be_written_is_told_before_it_serves(self):
        for path, word in (("/nonexistent/log", "No such file or directory"), ("/", "Is a directory")):
            self.check_refused(Logged(log=path, start=False), word)

    def check_refused(self, server, word):
        done = subprocess.run(server.command("127.0.0.1:0"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE, cwd=server.folder)
        server.remove()
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(word, done.stderr.decode())

    def test_a_list_of_proxies_that_makes_no_sense_too(self):
        self.check_refused(Logged("--trust-proxy", "10.0.0.1/8", start=False), '--trust-proxy: "10.0.0.1/8"')


class Proxies(unittest.TestCase):
    def test_links_are_those_of_the_clients_host(self):
        server = Logged()
        try:
            for title in "ab":
                self.assertEqual(server.post("/api/notes/", {"title": title, "done": False}).status, 201)
            told = server.get("/api/pages/", headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "example.org"}).json
            self.assertEqual(told["next"], "https://example.org/api/pages/?page=2")
            told = server.get("/api/pages/", headers={"X-Forwarded-Proto": "https", "Forwarded": "proto=http"}).json
            self.assertTrue(told["next"].startswith("http://127.0.0.1:"), told)
        finally:
            server.finish()

    def test_a_proxy_that_comes_by_a_unix_socket(self):
        server = Logged("--access-log-format", "json", "--trust-proxy", "unix", "--listen", "unix:listen.sock", workers=1)
        try:
            path = os.path.join(server.folder, "listen.sock")
            for header in ("X-Forwarded-For: 203.0.113.9", "X-Other: 1"):
                server.curl("--unix-socket", path, "-H", header)
            server.curl("-H", "X-Forwarded-For: 203.0.113.9")  # by TCP: not trusted now
            clients = [(line["client"], line.get("peer")) for line in map(json.loads, server.wait_lines(3))]
            self.assertEqual(clients, [("203.0.113.9", "unix:"), ("unix:", None), ("127.0.0.1", None)])
        finally:
            server.finish()


if __name__ == "__main__":
    unittest.main()
