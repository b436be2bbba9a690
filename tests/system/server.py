"""A running program of ours for a test: started on a free port with a database of its own, ended by its own pid.

FR_BUILD names the build to take it from (build/dev unless set).
"""
import http.client
import json
import os
import queue
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FR_BUILD", os.path.join(ROOT, "build", "dev"))
PATIENCE = 30.0  # seconds until a thing that must happen is given up: sanitizers are slow, a hang is for ever
REPORT = re.compile(r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|UndefinedBehaviorSanitizer|runtime error:|Assertion `")
LISTENING = re.compile(r"listening on (https?)://(\[[^\]]+\]|[^:/\s]+):(\d+)")


def is_sanitized():
    return os.path.basename(BUILD) in ("asan", "tsan")


def end(process, sig=signal.SIGTERM, patience=PATIENCE):
    """Send a process the signal and wait for its end. Returns the exit code. ThreadSanitizer loses one signal in 500 (the process
    goes on as if nothing had come, and ends with the next), so its builds are told again."""
    process.send_signal(sig)
    if os.path.basename(BUILD) == "tsan":
        try:
            return process.wait(timeout=patience / 2)
        except subprocess.TimeoutExpired:
            process.send_signal(sig)
    return process.wait(timeout=patience)


def lasting_port():
    """A free port beneath those that outgoing connections are given: it is free again for a server that comes back."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as text:
        lowest = int(text.read().split()[0])
    while True:
        port = random.randrange(lowest // 2, lowest)
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def program(name):
    """An example, or a program of the tests or of the benchmarks."""
    for folder in ("examples", "tests", "bench"):
        found = os.path.join(BUILD, folder, name)
        if os.path.exists(found):
            return found
    raise FileNotFoundError("no program \"%s\" in %s: run it by ./dev test" % (name, BUILD))


class Reply:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {k.lower(): v for k, v in headers}
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return "%d %.300r" % (self.status, self.body)


class Server:
    def __init__(self, name, *options, db=None, workers=2, folder=None, env=None, start=True):
        """db: None for a program without database, else the file's name in the test's folder, or a whole path."""
        self.name = name
        self.owns_folder = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="freshet-")
        self.options = list(options)
        self.db = os.path.join(self.folder, db) if db else None
        self.workers = workers
        self.env = env
        self.process = None
        self.port = None
        self.lines = []
        if start:
            self.start()

    def command(self, listen):
        command = [program(self.name), "--listen", listen, "--workers", str(self.workers)]
        if self.db:
            command += ["--db", "sqlite:" + self.db]
        return command + self.options

    def start(self, listen="127.0.0.1:0"):
        ready = queue.Queue()
        environment = dict(os.environ, **(self.env or {}))
        self.process = subprocess.Popen(self.command(listen), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL, cwd=self.folder, env=environment)
        self.reader = threading.Thread(target=self.read, args=(self.process.stdout, ready), daemon=True)
        self.reader.start()
        try:
            self.port = ready.get(timeout=PATIENCE)
        except queue.Empty:
            self.port = None
        if self.port is None:
            self.kill()
            raise AssertionError("%s did not say where it listens:\n%s" % (self.name, self.output()))
        return self

    def read(self, stream, ready):
        for line in stream:
            text = line.decode("utf-8", "replace")
            self.lines.append(text)
            found = LISTENING.search(text)
            if found:
                ready.put(int(found.group(3)))
        ready.put(None)

    def output(self):
        return "".join(self.lines)

    def wait_lines(self, *words):
        """The lines of its output that have all these words, as soon as there is one: they come by a thread."""
        def found():
            return [line for line in self.lines if all(word in line for word in words)]
        wait_until(found, text=lambda: "no line with %s:\n%s" % (words, self.output()[-4000:]))
        return found()

    @property
    def pid(self):
        return self.process.pid

    def stop(self, sig=signal.SIGTERM, patience=PATIENCE):
        """Send a signal to it and wait for its end. Returns the exit code."""
        try:
            code = end(self.process, sig, patience)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("%s did not end in %d s after signal %d:\n%s" % (self.name, patience, sig, self.output()[-4000:]))
        self.reader.join(PATIENCE)
        self.process.stdout.close()
        return code

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join(PATIENCE)
        self.process.stdout.close()

    def finish(self):
        """End it in order: exit code 0 and no word of a sanitizer, or the test fails."""
        try:
            if self.process is not None and self.process.stdout and not self.process.stdout.closed:
                code = self.stop()
                found = REPORT.search(self.output())
                if code != 0 or found:
                    raise AssertionError("%s ended with %d:\n%s" % (self.name, code, self.output()[-20000:]))
        finally:
            self.remove()

    def remove(self):
        if self.owns_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- asking it ----

    def connection(self, timeout=PATIENCE):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, connection=None):
        """One exchange; a body that is not bytes is sent as JSON."""
        given = {"Host": "127.0.0.1:%d" % self.port}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            given["Content-Type"] = "application/json"
        given.update(headers or {})
        own = connection is None
        connection = connection or self.connection()
        try:
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            return Reply(answer.status, answer.getheaders(), answer.read())
        finally:
            if own:
                connection.close()

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body, **more):
        return self.request("POST", path, body, **more)

    def patch(self, path, body, **more):
        return self.request("PATCH", path, body, **more)

    def put(self, path, body, **more):
        return self.request("PUT", path, body, **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)

    # ---- looking at it ----

    def rss_kib(self):
        with open("/proc/%d/status" % self.pid) as text:
            return int(re.search(r"VmRSS:\s+(\d+)", text.read()).group(1))

    def file_count(self):
        """What clients make it open, sockets and files: not the loops' own, which come when they are wanted first."""
        count, folder = 0, "/proc/%d/fd" % self.pid
        for name in os.listdir(folder):
            try:
                count += not os.readlink(os.path.join(folder, name)).startswith("anon_inode:")
            except FileNotFoundError:  # closed meanwhile
                pass
        return count

    def wait_files(self, most, patience=PATIENCE):
        """Wait until it has let go of the connections that are gone."""
        return wait_until(lambda: self.file_count() <= most, patience,
                          lambda: "%d files open, expected at most %d" % (self.file_count(), most))


def wait_until(true, patience=PATIENCE, text=lambda: "it did not happen"):
    """For what cannot be awaited by an event: look again and again."""
    end = time.monotonic() + patience
    while not true():
        if time.monotonic() > end:
            raise AssertionError(text())
        time.sleep(0.01)


class ServerCase(unittest.TestCase):
    """Tests of one class share one server, which must end clean."""
    example = None
    options = ()
    db = None
    workers = 2

    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.example, *cls.options, db=cls.db, workers=cls.workers)

    @classmethod
    def tearDownClass(cls):
        cls.server.finish()
