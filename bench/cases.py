"""What is measured: one row a case. Aims are ratios to the epoll floor unless a unit stands with them."""
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile

from servers import BUILD, ROOT, TOOLS, pinned

EVERYBODY = ("lws", "ws", "uvicorn", "daphne")
REFERENCE_LIST = 131      # per second: Django REST framework's best of four servers
REFERENCE_CREATE = 205
ABBREVIATED = re.compile(r"--(port|pid) \S+")


class Case:
    def __init__(self, name, text, load, size=20, aims=None, peers=(), figure="cpu_us_per", unit="µs", most=None, least=None, floors=True,
                 alone=None, plus=None, app=None, db=None, prepare=None, fresh=False, rounds=None, peer_rounds=None, seconds=1.0):
        self.name, self.text, self.load, self.size = name, text, load.split(" "), size
        self.aims = aims or {}            # server -> most of the floor
        self.peers = peers                # who else offers this
        self.figure, self.unit = figure, unit
        self.most, self.least = most, least   # of the figure itself: server -> bound
        self.floors = floors
        self.alone, self.plus = alone, plus   # () -> µs: a floor that is no server; plus the floor of that case
        self.app, self.db, self.prepare = app, db, prepare  # not bench-server; prepare(folder) before, or prepare(server) after the start
        self.fresh = fresh                # a new server for each round
        self.rounds, self.peer_rounds = rounds, peer_rounds
        self.seconds = seconds            # times the given ones

    @property
    def connections(self):
        return int(self.load[self.load.index("--connections") + 1])


# ---- what comes before ----

def hundred_notes(server):
    connection = server.connection()
    for i in range(100):
        reply = server.post("/api/notes/", {"title": "note %d, as long as titles commonly are" % i, "done": i % 2 == 0}, connection=connection)
        assert reply.status == 201, reply
    connection.close()


def django_site(folder):
    db = sqlite3.connect(os.path.join(folder, "site.db"))
    for name in ("schema.sql", "fixture.sql"):
        with open(os.path.join(ROOT, "tests", "compat", name), encoding="utf-8") as text:
            db.executescript(text.read())
    db.close()


django_site.before_start = True


# ---- floors that are no servers ----

def storage(line):
    """µs of that line of floor_sqlite: what the database alone costs."""
    def measure():
        folder = tempfile.mkdtemp(prefix="bench-", dir=BUILD)
        try:
            text = subprocess.run(pinned("0,1", [os.path.join(TOOLS, "floor_sqlite"), folder, "0.2", "3", line]), stdout=subprocess.PIPE).stdout.decode()
            return float(re.search(r"^%s\s{2,}([\d.]+)" % re.escape(line), text, re.M).group(1))
        finally:
            shutil.rmtree(folder)
    return measure


def zlib_alone():
    """µs of zlib's own work for the message of the compressed echo."""
    text = subprocess.run(pinned(0, [os.path.join(TOOLS, "floor_zlib"), "1024"]), stdout=subprocess.PIPE).stdout.decode()
    return float(re.search(r"ns_per=(\d+)", text).group(1)) / 1000


# ---- the table ----

def echo(size, depth):
    return "echo --path /ws/echo/ --connections 100 --size %d --depth %d" % (size, depth)


def fanout(members, depth):
    return "fanout --path /ws/topic/ --connections %d --size 128 --depth %d%s" % (members, depth, " --sources 4" if members > 5000 else "")


def get(path, depth):
    return "http --path %s --connections 100 --depth %d" % (path, depth)


def both(epoll, uring):
    return {"freshet": epoll, "freshet-uring": uring}


CASES = [
    Case("echo-20-d1", "echo 20 B, one at a time", echo(20, 1), 20, {"freshet": 1.10}, EVERYBODY),
    Case("echo-20-d16", "echo 20 B, 16 in flight", echo(20, 16), 20, {"freshet": 1.20}, EVERYBODY),
    Case("echo-1k-d1", "echo 1 KB, one at a time", echo(1024, 1), 1024, {"freshet": 1.10}, EVERYBODY),
    Case("echo-1k-d16", "echo 1 KB, 16 in flight", echo(1024, 16), 1024, {"freshet": 1.20}, EVERYBODY),
    Case("echo-16k-d1", "echo 16 KB, one at a time", echo(16384, 1), 16384, {"freshet": 1.25}, EVERYBODY),
    Case("echo-16k-d16", "echo 16 KB, 16 in flight", echo(16384, 16), 16384, {"freshet": 1.30}, EVERYBODY),
    Case("echo-deflate-d1", "compressed echo, 1 KB of JSON, one at a time", echo(1024, 1) + " --json --deflate", 1024, {"freshet": 1.50},
         floors=False, alone=zlib_alone),
    Case("echo-deflate-d16", "compressed echo, 1 KB of JSON, 16 in flight", echo(1024, 16) + " --json --deflate", 1024, {"freshet": 1.50},
         floors=False, alone=zlib_alone),
    Case("fanout-1k-d1", "fan-out 128 B to 1,000", fanout(1000, 1), 128, both(1.10, 0.85), EVERYBODY + ("nginx",)),
    Case("fanout-1k-d16", "fan-out to 1,000, bursts of 16", fanout(1000, 16), 128, both(1.15, 0.80), EVERYBODY + ("nginx",)),
    Case("fanout-10k-d1", "fan-out 128 B to 10,000", fanout(10000, 1), 128, both(1.10, 1.00), EVERYBODY + ("nginx",), peer_rounds=1, seconds=1.5),
    Case("fanout-10k-d16", "fan-out to 10,000, bursts of 16", fanout(10000, 16), 128, {}, EVERYBODY + ("nginx",), peer_rounds=1, seconds=1.5),
    Case("handshake", "a WebSocket handshake", "connect --path /ws/echo/ --connections 20 --sources 8", 20, {"freshet": 1.30}, EVERYBODY),
    Case("json-d1", "GET /json, one at a time", get("/json", 1), 20, {"freshet": 1.20}, EVERYBODY + ("nginx",)),
    Case("json-d16", "GET /json, 16 in flight", get("/json", 16), 20, {"freshet": 1.60}, EVERYBODY + ("nginx",)),
    Case("file-1k", "GET a file of 1 KB", get("/files/1k.txt", 1), floors=False, peers=("nginx",)),
    Case("file-100k", "GET a file of 100 KB", get("/files/100k.txt", 1), floors=False, peers=("nginx",)),
    Case("idle", "RSS of an idle WebSocket, 15,000 in one group", "idle --path /ws/topic/ --connections 15000 --sources 4", 20,
         peers=EVERYBODY + ("nginx",), figure="rss_bytes_per", unit="B", most={"freshet": 256}, fresh=True, rounds=2, peer_rounds=1, seconds=3),
    Case("message", "the recipe: receive, query 100 rows, send", "echo --path /ws/realtime-update/ --connections 1 --size 20 --depth 1 --min-length 1000",
         floors=False, app="realtime-update", db="notes.db", most={"freshet": 110}, prepare=hundred_notes),
    Case("list-100", "GET a list of 100 rows", get("/recipe/mymodel/", 1), floors=False, app="realtime-update", db="site.db", figure="per_s", unit="/s",
         least={"freshet": 60 * REFERENCE_LIST}, prepare=django_site, alone=storage("list 100"), plus="json-d1"),
    Case("create", "POST with durable commit, 64 clients",
         'http --path /api/notes/ --connections 64 --depth 1 --method POST --size 60 --body {"title":"{pad}","done":false}',
         floors=False, app="realtime-update", db="notes.db", figure="per_s", unit="/s", least={"freshet": 50 * REFERENCE_CREATE},
         alone=storage("insert, 64 per commit, log rows"), plus="json-d1"),
]
