"""What is measured: one row a case. Aims are ratios to the epoll floor unless a unit stands with them."""
import atexit
import base64
import datetime
import functools
import hashlib
import hmac
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import urllib.parse

from servers import BUILD, BY_NAME, ROOT, SECRET, TOOLS, pinned

EVERYBODY = ("lws", "ws", "uvicorn", "daphne")
REFERENCE_LIST = 131      # per second: Django REST framework's best of four servers
REFERENCE_CREATE = 205
ABBREVIATED = re.compile(r"--(port|pid) \S+")


def words(load):
    """Of a text, or of one and a header, which has a blank in it."""
    text, header = load if isinstance(load, tuple) else (load, None)
    return text.split(" ") + (["--header", header] if header else [])


class Case:
    def __init__(self, name, text, load, size=20, aims=None, peers=(), figure="cpu_us_per", unit="µs", most=None, least=None, floors=True,
                 alone=None, plus=None, app=None, db=None, prepare=None, fresh=False, rounds=None, peer_rounds=None, seconds=1.0,
                 servers=(), bars=(), loads=None, storage=None, storage_single=None, answer_bytes=0,
                 peer_times=1.0):
        self.name, self.text, self.load, self.size = name, text, words(load), size
        self.aims = aims or {}            # server -> most of the floor
        self.peers = peers                # who else offers this
        self.figure, self.unit = figure, unit
        self.most, self.least = most, least   # of the figure itself: server -> bound
        self.floors = floors
        self.alone, self.plus = alone, plus   # () -> µs: a floor that is no server; plus the floor of that case
        self.app, self.db = app, db        # not bench-server
        self.prepare = prepare            # prepare(folder) before, or prepare(server) after the start; or one for each server's name
        self.servers, self.bars = servers, bars  # who takes part, if not everybody; what is held against what, in a table of its own
        self.loads = loads or {}          # server -> another load than the others'
        self.answer_bytes = answer_bytes
        self.storage, self.storage_single = storage, storage_single  # lines of floor_sqlite
        self.fresh = fresh                # a new server for each round
        self.rounds, self.peer_rounds = rounds, peer_rounds
        self.seconds = seconds            # times the given ones; a peer's, that is so slow that it would answer nothing, as often again
        self.peer_times = peer_times

    @property
    def connections(self):
        return int(self.load[self.load.index("--connections") + 1])

    def seconds_of(self, kind):
        return self.seconds * (self.peer_times if kind.kind == "peer" else 1)

    def load_of(self, name):
        return words(self.loads[name]) if name in self.loads else self.load

    def prepare_of(self, name):
        return self.prepare.get(name) if isinstance(self.prepare, dict) else self.prepare


class Bar:
    """A figure of freshet beside the sum of others', each of this case or (case, server) of another: a cost is at most so many times
    theirs, a rate at least. Beside none it is at most so many µs."""

    def __init__(self, text, *beside, figure="cpu_us_per", most=None, least=None, server="freshet"):
        self.text, self.beside, self.figure, self.most, self.least, self.server = text, beside, figure, most, least, server


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


@functools.lru_cache(maxsize=None)
def database(name, rows=0):
    """A database with what stands in that file of SQL, made once; the copies are the servers'."""
    handle, path = tempfile.mkstemp(prefix="bench-", suffix=".db", dir=BUILD)
    os.close(handle)
    atexit.register(os.unlink, path)
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous = OFF")
    for part in name.split(" "):
        with open(os.path.join(ROOT, "bench", part), encoding="utf-8") as text:
            db.executescript(text.read().replace("@ROWS@", str(rows)))
    db.close()
    return path


def copied(name, rows=0):
    def prepare(folder):
        shutil.copy(database(name, rows), os.path.join(folder, "rest.db"))
    prepare.before_start = True
    return prepare


# ---- who asks ----

TOKEN, KEY = "Authorization: Token " + "1".zfill(40), "a" * 32  # of the first user of bench/auth.sql


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signature(salt, text):
    """As Django signs: with a key of its own for each use."""
    return hmac.new(hashlib.sha256((salt + SECRET).encode()).digest(), text.encode(), hashlib.sha256)


def jwt():
    text = ".".join(url64(json.dumps(part).encode()) for part in (
        {"alg": "HS256", "typ": "JWT"}, {"token_type": "access", "exp": 4102444800, "iat": 1767225600, "jti": "1" * 32, "user_id": "1"}))
    return text + "." + url64(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest())


def session():
    password = signature("django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash", "pbkdf2_sha256$1$a$b").hexdigest()
    values = {"_auth_user_id": "1", "_auth_user_backend": "django.contrib.auth.backends.ModelBackend", "_auth_user_hash": password}
    text = url64(json.dumps(values).encode()) + ":1tAAAA"
    return text + ":" + url64(signature("django.contrib.sessions.SessionStoresigner", text).digest())


def with_users(folder):
    copied("rest.sql auth.sql")(folder)
    db = sqlite3.connect(os.path.join(folder, "rest.db"))
    db.execute("INSERT INTO django_session VALUES (?, ?, '2999-01-01 00:00:00')", (KEY, session()))
    db.commit()
    db.close()


with_users.before_start = True


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


REST_PEERS = ("drf-gunicorn", "drf-uvicorn", "drf-lean")
AUTH_PEERS = ("drf-gunicorn",)
RICH_PEERS = ("drf-gunicorn", "drf-uvicorn", "drf-prefetched")
ORDER = json.dumps({"customer": "somebody", "lines": [{"sku": "SKU-%d" % i, "quantity": i, "price": "%d.50" % i} for i in range(1, 11)]}, separators=(",", ":"))
CLIENTS = 64
HTTP_FLOOR = "http --path /json --connections %d --depth 1" % CLIENTS
HTTP_FLOORS = ("floor-epoll", "floor-sized")


def http(path, method=None, body=None, ids=0, clients=CLIENTS):
    """One request after the other, of 64 clients; {id}: a row by chance."""
    return "http --path %s --connections %d --depth 1%s%s%s" % (path, clients, " --ids %d" % ids if ids else "", " --method " + method if method else "",
                                                               " --size 60 --body " + body if body else "")


def beside(peers, times):
    """What the rate is to be of each peer's. One that was made quicker than people have it is shown beside them."""
    return [Bar(BY_NAME[peer].title, peer, figure="per_s", least=times if BY_NAME[peer].is_usual else None) for peer in peers]


def rest_case(name, text, load, servers, bars, loads=None, **more):
    return Case("rest-" + name, text, load, servers=servers, bars=bars, loads=dict(loads or {}, **dict.fromkeys(HTTP_FLOORS, HTTP_FLOOR)), app="bench-rest", db="rest.db",
                prepare=copied("rest.sql"), peer_rounds=2, **dict({"seconds": 2.0, "peer_times": 4.0}, **more))


def reads(name, text, load, most, times, line, answer_bytes):
    """most: of the floors of HTTP and storage together; times: of the peers' rate, None: without them."""
    peers = REST_PEERS if times else ()
    floors = [Bar("F + H", "floor-sqlite", "floor-epoll", most=most), Bar("F + H, answers as long", "floor-sqlite", "floor-sized")]
    return rest_case(name, text, load, HTTP_FLOORS + ("floor-sqlite", "freshet") + peers, floors + beside(peers, times), storage=line, answer_bytes=answer_bytes)


def writes(name, text, load, most, times, line):
    bars = [Bar("F + H", "floor-sqlite", "floor-epoll", most=most),
            Bar("F, groups of 64", "floor-sqlite", figure="per_s", least=0.6), Bar("F, a commit each", "floor-sqlite-single", figure="per_s", least=8)]
    return rest_case(name, text, load, ("floor-epoll", "floor-sqlite", "floor-sqlite-single", "freshet") + REST_PEERS, bars + beside(REST_PEERS, times),
                     storage=line + ", 64 per commit, log rows", storage_single=line + ", 1 per commit, FULL, log rows")


def cursor_at(row):
    """The cursor that leads behind this row of bench/rows.sql, the newest first."""
    at = datetime.datetime.fromtimestamp(1767225600 + row, datetime.timezone.utc).replace(microsecond=1)
    return urllib.parse.quote(base64.b64encode(urllib.parse.urlencode({"p": str(at)}).encode()).decode())


def auth_case(name, text, path, header, bars, twin=None, peers=(), **more):
    """twin: what the case is held against, asked of the same program: path and header."""
    def load(path, header):
        return (http(path, ids=SOME if "{id}" in path else 0), header)
    servers = ("freshet",) + (("freshet-twin",) if twin else ()) + peers
    return Case("auth-" + name, text, load(path, header), servers=servers, bars=bars, loads={"freshet-twin": load(*twin)} if twin else None, app="bench-auth",
                db="rest.db", prepare=with_users, peer_rounds=2, seconds=2.0, peer_times=4.0, **more)


def shown(name, text, header, most):
    """A retrieve of who shows something beside the open one."""
    return auth_case(name, "GET of one note, " + text, "/api/%s/notes/{id}/" % name, header, [Bar("the open retrieve", "freshet-twin", most=most)],
                     twin=("/api/open/notes/{id}/", None))


def rows(name, text, path):
    """path(rows): what is asked where there are so many."""
    return Case("rows-" + name, text, http(path(SOME)), servers=("freshet", "freshet-million"), loads={"freshet-million": http(path(MILLION))}, app="bench-rest",
                db="rest.db", prepare={"freshet": copied("rows.sql", SOME), "freshet-million": copied("rows.sql", MILLION)},
                bars=[Bar("10,000 rows", "freshet", server="freshet-million", most=1.5)])


SOME, MILLION = 10000, 1000000


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

    reads("retrieve", "GET of one note of 10,000", http("/api/notes/{id}/", ids=SOME), 1.3, 150, "retrieve", 126),
    reads("list-20", "GET of a page of 20 of 10,000 notes, with their count", http("/api/notes/"), 1.3, None, "list 20", 2598),
    reads("list-100", "GET of a page of 100", http("/api/notes/?page_size=100"), 1.2, 80, "list 100", 12730),
    writes("create", "POST of a note", http("/api/notes/", "POST", '{"title":"{pad}","done":false}'), 1.5, 80, "insert"),
    writes("patch", "PATCH of a note's title", http("/api/notes/{id}/", "PATCH", '{"title":"{pad}"}', ids=SOME), 1.4, 80, "update"),

    rest_case("rich", "GET of a page of 50 tickets, each with project, assignee, labels and comments", http("/api/rich/", clients=8),
              ("floor-sqlite", "freshet") + RICH_PEERS, [Bar("F", "floor-sqlite", most=2.0)] + beside(RICH_PEERS, 300),
              loads={"drf-prefetched": http("/api/prefetched/", clients=8)}, storage="rich page of 50", seconds=3.0),  # a peer takes 150 ms
    rest_case("order", "POST of an order with 10 lines", http("/api/orders/", "POST", ORDER), ("freshet", "drf-gunicorn"),
              [Bar("a POST of a note", ("rest-create", "freshet"), most=4.0)] + beside(("drf-gunicorn",), None)),

    shown("token", "with a token", TOKEN, 1.5),
    shown("session", "with a session", "Cookie: sessionid=" + KEY, 1.7),
    shown("jwt", "with a JWT that was seen before", "Authorization: Bearer " + jwt(), 1.15),
    auth_case("rule", "GET of a list of 100, by a rule of rows with an index", "/api/mine/", TOKEN, [Bar("the same by ?owner=1", "freshet-twin", most=1.1)],
              twin=("/api/all/?owner=1", TOKEN)),
    Case("auth-throttle", "a throttle's question beside 1,000,000 keys", "in process --connections 1", servers=("throttle_keys",),
         bars=[Bar("", server="throttle_keys", most=0.3)]),
    auth_case("token-drf", "GET of one note, with a token", "/api/token/notes/{id}/", TOKEN, beside(AUTH_PEERS, 150), peers=AUTH_PEERS),
    auth_case("model-drf", "GET of one note, for whoever may view notes", "/api/model/notes/{id}/", TOKEN, beside(AUTH_PEERS, 100), peers=AUTH_PEERS),

    rows("first", "the first page, with the count of all rows", lambda count: "/api/entries/"),
    rows("deep", "a page by cursor, in the middle", lambda count: "/api/feed/?cursor=" + cursor_at(count // 2)),
    rows("filtered", "the first page of one room, with the count of its rows", lambda count: "/api/entries/?room=room7"),
    rows("count", "a page of one row, with the count of all", lambda count: "/api/entries/?page_size=1"),
]
