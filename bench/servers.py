"""The servers of a series: the floors, freshet, and the peers. Each runs on core 0 in a folder of its own, which holds the
files that are served too, listens on a free port of 127.0.0.1, and is ended by its own process id.

A server that cannot run here raises Missing, with the reason: its column is left out. One that runs may still not offer
what a case asks for; cases.py says who takes part.
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "system"))
os.environ.setdefault("FR_BUILD", os.path.join(ROOT, "build", "release"))
BUILD = os.environ["FR_BUILD"]
from server import Server, program  # noqa: E402  (reads FR_BUILD)

TOOLS = os.path.join(BUILD, "bench")
PEERS = os.path.join(ROOT, "bench", "peers")
PYTHON = "/usr/bin/python3"  # Debian's own: the one that has Debian's packages
PATIENCE = 20.0
SECRET = "of the benchmarks alone, and in no other use"  # sessions and tokens of cases.py are signed with it
FILES_MOST = 20000           # what the idle case needs, with a margin


class Missing(Exception):
    """The server cannot run here, and why."""


def pinned(core, command):
    return ["taskset", "-c", str(core)] + command if (os.cpu_count() or 1) > 1 and shutil.which("taskset") else command


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def make_files(folder):
    """What the file cases ask for: text, of the length that the name says."""
    os.mkdir(os.path.join(folder, "files"))
    for name, size in (("1k.txt", 1024), ("100k.txt", 100 * 1024)):
        with open(os.path.join(folder, "files", name), "w", encoding="ascii") as text:
            text.write(("The quick brown fox jumps over the lazy dog, again and again.\n" * (size // 60 + 1))[:size])
        os.utime(text.name, (1e9, 1e9))


class Folder:
    """Beside the build: on the same disk as everything else. Readable by a worker of another user."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="bench-", dir=BUILD)
        os.chmod(self.path, 0o755)
        make_files(self.path)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Process:
    """One that is given its port."""
    workers = False  # its children do the work

    def __init__(self, case):
        self.port = free_port()
        self.folder = Folder()
        self.process = None
        prepare = case.prepare_of(self.name)
        if prepare and getattr(prepare, "before_start", False):
            prepare(self.folder.path)
        self.words = [os.path.relpath(word, ROOT) if word.startswith(ROOT) else word for word in self.command(case)]
        with open(os.path.join(self.folder.path, "output"), "wb") as output:
            self.process = subprocess.Popen(pinned(0, self.command(case)), cwd=self.folder.path, env=dict(os.environ, **self.environment()),
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            self.wait()
        except BaseException:
            self.end()
            raise

    def command(self, case):
        raise NotImplementedError

    def environment(self):
        return {}

    def wait(self):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    with open(os.path.join(self.folder.path, "output"), errors="replace") as output:
                        raise Missing("did not start: " + (output.read().strip()[-300:] or "exit code %s" % self.process.poll()))
                time.sleep(0.02)
        self.pids = self.children() if self.workers else [self.process.pid]

    def children(self):
        with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)) as text:
            return [int(word) for word in text.read().split()]

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.folder.remove()


class FloorEpoll(Process):
    name, title, kind = "floor-epoll", "floor: epoll", "floor"

    def command(self, case):
        return [os.path.join(TOOLS, "floor_epoll"), str(self.port), str(case.size)]

    @staticmethod
    def version():
        return "bench/floor_epoll.c"


class FloorSized(FloorEpoll):
    """Whose answer is as long as the case's."""
    name, title = "floor-sized", "floor: epoll, with answers as long"

    def command(self, case):
        return super().command(case) + [str(case.answer_bytes)]


class FloorUring(Process):
    name, title, kind = "floor-uring", "floor: io_uring", "floor"

    def command(self, case):
        return [os.path.join(TOOLS, "floor_uring"), str(self.port), str(case.size), "plain", "wait", "256"]

    @staticmethod
    def version():
        return "bench/floor_uring.c"


class Figures:
    """A program that measures itself, and is no server."""
    kind, pids = "freshet", []

    def __init__(self, case):
        self.words = [self.name, "SECONDS"]

    def measure(self, seconds):
        text = subprocess.run(pinned(0, [os.path.join(TOOLS, self.name), "%g" % seconds]), stdout=subprocess.PIPE, check=True).stdout.decode()
        figures = {key: float(value) for key, value in re.findall(r"(\w+)=([\d.]+)", text)}
        return dict(figures, stolen_share=0.0, others_share=0.0)

    def end(self):
        pass

    @staticmethod
    def version():
        return Freshet.version()


class ThrottleKeys(Figures):
    name, title = "throttle_keys", "bench/throttle_keys.c"


class FloorSqlite:
    """What the database alone costs, in process: a line of floor_sqlite. No server: it measures itself."""
    name, title, kind, line = "floor-sqlite", "floor: SQLite", "floor", "storage"

    def __init__(self, case):
        self.case = getattr(case, self.line)
        self.folder, self.pids = Folder(), []
        self.words = ["floor_sqlite", self.folder.path, "SECONDS", "1", self.case]

    def measure(self, seconds):
        command = pinned("0,1", [os.path.join(TOOLS, "floor_sqlite"), self.folder.path, "%g" % seconds, "1", self.case])
        text = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode(errors="replace")
        found = re.search(r"^%s\s{2,}([\d.]+) +[\d.]+ +(\d+)" % re.escape(self.case), text, re.M)
        if not found:
            raise Missing("floor_sqlite: " + text.strip()[-200:])
        stolen = re.search(r"stolen ([\d.]+) %", text)
        return {"cpu_us_per": float(found.group(1)), "per_s": float(found.group(2)), "stolen_share": float(stolen.group(1)), "others_share": 0.0}

    def end(self):
        self.folder.remove()

    @staticmethod
    def version():
        return "bench/floor_sqlite.c"


class FloorSqliteSingle(FloorSqlite):
    name, title, line = "floor-sqlite-single", "floor: SQLite, a commit each", "storage_single"


class Freshet:
    """The application under test: what the case serves, else bench/server.c."""
    name, title, kind, io = "freshet", "freshet, epoll", "freshet", "epoll"

    def __init__(self, case):
        self.folder = Folder()
        prepare = case.prepare_of(self.name)
        early = getattr(prepare, "before_start", False)
        if early:
            prepare(self.folder.path)
        self.server = Server(case.app or "bench-server", "--log", "error", *self.io_options(case), db=case.db, workers=1, folder=self.folder.path,
                             env={"FRESHET_SECRET_KEY": SECRET}, start=False)
        plain = self.server.command
        self.server.command = lambda listen: pinned(0, plain(listen))
        self.words = [os.path.basename(plain("")[0])] + plain("127.0.0.1:0")[1:]
        try:
            self.server.start()
            if prepare and not early:
                prepare(self.server)
        except AssertionError as error:
            self.folder.remove()
            raise Missing(str(error)[-300:])
        self.port, self.pids = self.server.port, [self.server.pid]

    def io_options(self, case):
        return ["--io", self.io] if self.io in io_kinds(case) else []

    def end(self):
        try:
            self.server.finish()
        finally:
            self.folder.remove()

    @staticmethod
    def version():
        words = subprocess.run([program("bench-server"), "--version"], stdout=subprocess.PIPE, check=True).stdout.decode().split()
        commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode().strip()
        return words[-1] + (" (%s)" % commit if commit else "")


class FreshetUring(Freshet):
    name, title, io = "freshet-uring", "freshet, io_uring", "io_uring"

    def __init__(self, case):
        if self.io not in io_kinds(case):
            raise Missing("this build has no --io io_uring")
        super().__init__(case)


class FreshetTwin(Freshet):
    """The same program, asked for what the case is held against."""
    name, title = "freshet-twin", "freshet, asked otherwise"


class FreshetMillion(Freshet):
    """The same program beside more rows."""
    name, title = "freshet-million", "freshet, 1,000,000 rows"


_io_kinds = {}


def io_kinds(case):
    """The ways of input and output that the program's --help names; none, if there is no choice."""
    app = case.app or "bench-server"
    if app not in _io_kinds:
        text = subprocess.run([program(app), "--help"], stdout=subprocess.PIPE, check=True).stdout.decode()
        found = re.search(r"^\s*--io\b.*?(?=^\s*--|\Z)", text, re.M | re.S)
        _io_kinds[app] = re.findall(r"epoll|io_uring", found.group(0)) if found else []
    return _io_kinds[app]


# ---- the peers: the leanest settings that each documents, one process, no TLS, no compression, no log ----

def debian(package):
    """The version of an installed package, without epoch and revision."""
    found = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
    if not found:
        raise Missing("%s is not installed" % package)
    return re.sub(r"^\d+:|[-+].*$", "", found)


class Lws(Process):
    name, title, kind = "lws", "libwebsockets", "peer"

    def command(self, case):
        found = os.path.join(TOOLS, "peer_lws")
        if not os.path.exists(found):
            raise Missing("built without libwebsockets-dev")
        return [found, str(self.port)]

    @staticmethod
    def version():
        return debian("libwebsockets17")


class Nginx(Process):
    name, title, kind, workers = "nginx", "nginx + nchan", "peer", True

    def command(self, case):
        found = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
        if not found or not os.path.exists("/usr/lib/nginx/modules/ngx_nchan_module.so"):
            raise Missing("nginx-light and libnginx-mod-nchan are not installed")
        conf = os.path.join(self.folder.path, "nginx.conf")
        words = {"PORT": self.port, "FOLDER": self.folder.path, "FILES": FILES_MOST - 500, "USER": "user root;" if os.geteuid() == 0 else ""}
        with open(os.path.join(PEERS, "nginx.conf"), encoding="utf-8") as text:
            filled = re.sub(r"@([A-Z]+)@", lambda m: str(words[m.group(1)]), text.read())
        with open(conf, "w", encoding="utf-8") as text:
            text.write(filled)
        return [found, "-p", "/usr/share/nginx", "-e", "stderr", "-c", conf]

    def wait(self):
        super().wait()
        end = time.monotonic() + PATIENCE
        while not self.pids and time.monotonic() < end:
            self.pids = self.children()

    @staticmethod
    def version():
        return "%s, nchan %s" % (debian("nginx"), debian("libnginx-mod-nchan"))


class NodeWs(Process):
    name, title, kind = "ws", "ws (Node)", "peer"

    def command(self, case):
        self.version()
        return [shutil.which("node"), os.path.join(PEERS, "ws.mjs"), str(self.port)]

    @staticmethod
    def version():
        package = os.path.join(ROOT, "tests", "browser", "node_modules", "ws", "package.json")
        if not shutil.which("node") or not os.path.exists(package):
            raise Missing("Node or its package ws is not installed")
        with open(package, encoding="utf-8") as text:
            number = re.search(r'"version":\s*"([^"]+)"', text.read()).group(1)
        return "%s, Node %s" % (number, subprocess.run(["node", "--version"], stdout=subprocess.PIPE).stdout.decode().strip())


class Asgi(Process):
    def environment(self):
        return {"PYTHONPATH": PEERS, "PYTHONDONTWRITEBYTECODE": "1"}


class Uvicorn(Asgi):
    name, title, kind = "uvicorn", "uvicorn", "peer"

    def command(self, case):
        self.version()
        return [PYTHON, "-m", "uvicorn", "asgi:app", "--port", str(self.port), "--loop", "uvloop", "--http", "httptools", "--ws", "websockets",
                "--ws-per-message-deflate", "false", "--ws-ping-interval", "3600", "--ws-ping-timeout", "3600", "--no-access-log", "--log-level", "error",
                "--lifespan", "off", "--interface", "asgi3", "--timeout-keep-alive", "3600", "--backlog", "4096"]

    @staticmethod
    def version():
        return "%s, websockets %s, uvloop %s" % (debian("python3-uvicorn"), debian("python3-websockets"), debian("python3-uvloop"))


class Daphne(Asgi):
    name, title, kind = "daphne", "daphne", "peer"

    def command(self, case):
        self.version()
        return [PYTHON, "-m", "daphne", "-b", "127.0.0.1", "-p", str(self.port), "-v", "0", "--ping-interval", "3600", "--no-server-name", "asgi:app"]

    @staticmethod
    def version():
        return "%s, Twisted %s" % (debian("python3-daphne"), debian("python3-twisted"))


class Drf(Asgi):
    """Django REST framework (peers/drf.py), with the settings of a new project."""
    kind, settings, is_usual = "peer", "usual", True

    def environment(self):
        return dict(super().environment(), DRF_SETTINGS=self.settings)


class Gunicorn(Drf):
    """Of its workers the one that keeps connections open."""
    name, title, workers = "drf-gunicorn", "DRF, gunicorn", True

    def command(self, case):
        self.version()
        return [PYTHON, "-m", "gunicorn", "drf:wsgi", "--bind", "127.0.0.1:%d" % self.port, "--workers", "1", "--worker-class", "gthread", "--threads", "1",
                "--keep-alive", "3600", "--worker-connections", "1000", "--backlog", "2048", "--log-level", "error", "--timeout", "3600"]

    def wait(self):
        super().wait()
        end = time.monotonic() + PATIENCE
        while not self.pids and time.monotonic() < end:
            self.pids = self.children()

    @staticmethod
    def version():
        return "%s, Django %s, DRF %s" % (debian("gunicorn"), debian("python3-django"), debian("python3-djangorestframework"))


class GunicornLean(Gunicorn):
    name, title, settings, is_usual = "drf-lean", "DRF, gunicorn, tuned", "lean", False


class GunicornPrefetched(Gunicorn):
    """The same program, asked for what reads related rows by the page; cases.py says where."""
    name, title, is_usual = "drf-prefetched", "DRF, gunicorn, prefetching", False


class UvicornDrf(Drf):
    name, title = "drf-uvicorn", "DRF, uvicorn"

    def command(self, case):
        self.version()
        return [PYTHON, "-m", "uvicorn", "drf:asgi", "--port", str(self.port), "--workers", "1", "--loop", "uvloop", "--http", "httptools", "--no-access-log",
                "--log-level", "error", "--lifespan", "off", "--interface", "asgi3", "--timeout-keep-alive", "3600", "--backlog", "4096"]

    @staticmethod
    def version():
        return "%s, Django %s, DRF %s" % (debian("python3-uvicorn"), debian("python3-django"), debian("python3-djangorestframework"))


OURS = [FloorEpoll, Freshet, FloorUring, FreshetUring]
PEER_KINDS = [Lws, Nginx, NodeWs, Uvicorn, Daphne]
BY_CASE = [FreshetTwin, ThrottleKeys, FloorSized, FloorSqlite, FloorSqliteSingle, FreshetMillion, Gunicorn, UvicornDrf, GunicornLean, GunicornPrefetched]  # those that a case names: the table of bars
BY_NAME = {each.name: each for each in OURS + PEER_KINDS + BY_CASE}
