"""The people of the chaos test: writers over REST, strangers with sqlite3, watchers, readers, and who kills the server.

Each row belongs to a slot, and each slot to one writer or stranger, who alone changes it and counts its version up, also
over deletes. So whoever is shown a row can tell whether the state was ever there, and whether time went backwards:

    World      the server and its lives, the slots, what was found wrong
    Slot       one row: whose it is, how far its version is, where it may be after a cut
    Writer     creates, changes and deletes over REST, sees whether an answered write is there
    Stranger   REPLACE, UPSERT, many rows at once, rollbacks, VACUUM, ALTER, indexes, checkpoints
    Watcher    lists and details, in other spellings of their keys too; stalls, leaves, comes back
    Reader     pages, whose count is that of their rows

An anomaly is a sentence in World.wrong. FR_SEED repeats the choices of a run.
"""
import http.client
import json
import os
import random
import select
import sqlite3
import threading
import time

from live import token
from server import PATIENCE, REPORT
from wsclient import Closed, Refused, WebSocket

SLOTS = 5       # of one owner in one table
PAIR = "pair"   # the owner of two rows that have one version

# Of each table: its SQL, and how the key of a new row is named (None: the database gives it).
TABLES = {
    "plain": ("chaos_plain (id integer PRIMARY KEY AUTOINCREMENT, owner varchar(40) NOT NULL, version integer NOT NULL,"
              " stamp integer NOT NULL)", None),
    "nocase": ("chaos_nocase (id varchar(40) COLLATE NOCASE NOT NULL PRIMARY KEY, owner varchar(40) NOT NULL,"
               " version integer NOT NULL, stamp integer NOT NULL)", "Key-%s"),
    "virtual": ("chaos_virtual (id integer PRIMARY KEY AUTOINCREMENT, owner varchar(40) NOT NULL,"
                " doubled integer GENERATED ALWAYS AS (version * 2) VIRTUAL, version integer NOT NULL, stamp integer NOT NULL)", None),
    "norowid": ("chaos_norowid (owner varchar(40) NOT NULL, version integer NOT NULL, stamp integer NOT NULL,"
                " id varchar(40) NOT NULL PRIMARY KEY) WITHOUT ROWID", "key-%s"),
    "real": ("chaos_real (id real NOT NULL PRIMARY KEY, owner varchar(40) NOT NULL, version integer NOT NULL,"
             " stamp integer NOT NULL)", int),
    "integer": ("chaos_integer (id integer PRIMARY KEY, owner varchar(40) NOT NULL, version integer NOT NULL,"
                " stamp integer NOT NULL)", str),
}

KINDS = os.environ.get("FR_CHAOS_KINDS", ",".join(TABLES)).split(",")  # those that anybody is at


def make_tables(path):
    db = sqlite3.connect(path, isolation_level=None)
    for sql, _ in TABLES.values():
        db.execute("CREATE TABLE " + sql)
    db.executemany("INSERT INTO chaos_plain (id, owner, version, stamp) VALUES (?, ?, 0, 0)", [(1, PAIR), (2, PAIR)])
    db.close()


class Wrong(Exception):
    """An anomaly."""


class Slot:
    """One row. version: the newest that was asked for; settled: what is there for certain (0: no row), None after a cut."""

    def __init__(self, kind, owner, number):
        self.kind, self.owner = kind, owner
        spelling = TABLES[kind][1]
        self.given = spelling and (spelling % owner if isinstance(spelling, str) else spelling(number))
        self.key = self.given
        self.version = self.settled = 0
        self.may_be = {0}

    def asks(self, there=True):
        """The version that the next statement is about to store; 0: it deletes."""
        self.version += 1
        self.settled = None
        self.may_be.add(self.version if there else 0)
        return self.version

    def settle(self, version):
        self.settled = version
        self.may_be = {version}


class World:
    def __init__(self, server, seconds):
        self.server = server
        self.until = time.monotonic() + seconds
        self.lock = threading.Condition()
        self.life, self.dying = 1, 0
        self.newest = 0            # the greatest number that was answered
        self.slots = {}            # (kind, owner) → Slot
        self.wrong = []
        self.counts = dict.fromkeys("writes strangers snapshots frames resets joins stalls reads kills".split(), 0)
        self.fresh = None          # at the end: kind → key → row

    def add(self, slot):
        self.slots[slot.kind, slot.owner] = slot
        return slot

    def counted(self, what, n=1):
        with self.lock:
            self.counts[what] += n

    @property
    def is_over(self):
        return time.monotonic() > self.until or bool(self.wrong)

    def fail(self, text):
        with self.lock:
            self.wrong.append(text)
            self.lock.notify_all()

    def answered(self, place):
        if place:
            with self.lock:
                self.newest = max(self.newest, int(place.split(".")[0]))

    # ---- the server's lives ----

    def end_life(self, in_order):
        with self.lock:
            self.dying = self.life
        if in_order:
            code = self.server.stop()
            if code != 0:
                self.fail("SIGTERM ended it with %d:\n%s" % (code, self.server.output()[-4000:]))
        else:
            self.server.kill()
        if REPORT.search(self.server.output()):
            self.fail("a sanitizer has something to say:\n" + self.server.output()[-8000:])
            return
        self.server.start("127.0.0.1:%d" % self.server.port)
        with self.lock:
            self.life += 1
            self.counts["kills"] += 1
            self.lock.notify_all()

    def lost(self, life, problem):
        """A connection of that life has ended. Right if the server was ended; wait for the next life."""
        with self.lock:
            if self.dying < life and not self.is_over:
                raise Wrong("the server ended a connection by itself: %r" % problem)
            self.lock.wait_for(lambda: self.life > life or self.wrong, PATIENCE)
            if self.life <= life and not self.wrong and self.dying >= life:
                raise Wrong("the server did not come back")


class Person(threading.Thread):
    def __init__(self, world, seed):
        super().__init__(daemon=True)
        self.world, self.chance = world, random.Random(seed)

    def run(self):
        try:
            self.live()
        except Exception as problem:
            self.world.fail("%s: %s: %s" % (type(self).__name__, type(problem).__name__, problem))

    def spelled(self, kind, key):
        """The key as a client may name it in a URL: as the column compares, another spelling is the same key."""
        text = str(key)
        if kind == "nocase":
            return self.chance.choice([text, text.upper(), text.lower()])
        if kind == "integer":
            return self.chance.choice([text, text, "0" + text])
        return text


# ---- REST ----

class Client(Person):
    """A keep-alive connection that outlives the server."""

    def ask(self, method, path, body=None):
        """(status, JSON, place); None if the server was ended meanwhile: nobody knows whether it was done."""
        life = self.world.life
        try:
            if getattr(self, "connection", None) is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.world.server.port, timeout=PATIENCE)
            given = {"Content-Type": "application/json"} if body is not None else {}
            self.connection.request(method, path, None if body is None else json.dumps(body), given)
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as problem:
            self.connection.close()
            self.connection = None
            self.world.lost(life, problem)
            return None
        if answer.getheader("Connection", "").lower() == "close":
            self.connection.close()
            self.connection = None
        return answer.status, json.loads(text) if text else None, answer.getheader("Freshet-At")


class Writer(Client):
    def __init__(self, world, seed, name):
        super().__init__(world, seed)
        number = 1000 * (1 + seed % 89)
        self.slots = [world.add(Slot(kind, "%s-%s-%d" % (name, kind, i), 100000 * int(name[1:]) + number + i))
                      for kind in KINDS for i in range(SLOTS)]

    def live(self):
        while not self.world.is_over:
            if self.chance.random() < 0.15:
                self.turn()
            else:
                self.write(self.chance.choice(self.slots))
        for slot in self.slots:
            self.learn(slot)

    def turn(self):
        got = self.ask("POST", "/turn/")
        if got and got[0] not in (200, 503):
            raise Wrong("POST /turn/ answered %d %r" % got[:2])

    def write(self, slot):
        if slot.settled is None:
            self.learn(slot)
            return
        if slot.settled == 0:
            self.create(slot)
        elif self.chance.random() < 0.2:
            self.delete(slot)
        else:
            self.change(slot)

    def row(self, slot, version):
        row = {"owner": slot.owner, "version": version, "stamp": self.chance.randrange(1000)}
        if slot.given is not None:
            row["id"] = slot.given
        return row

    def url(self, slot):
        return "/%s/%s/" % (slot.kind, self.spelled(slot.kind, slot.key))

    def done(self, slot, version, got, statuses, what):
        """What the answer says is so: an answered write is there, a refused one is not."""
        if got is None:
            return
        status, body, place = got
        if status == 503:
            slot.settled = None  # the database did not answer in time: look what became of it
            return
        if status not in statuses:
            raise Wrong("%s of %s answered %d %r" % (what, slot.owner, status, body))
        if not place:
            raise Wrong("%s of %s has no Freshet-At" % (what, slot.owner))
        slot.settle(version)
        self.world.answered(place)
        self.world.counted("writes")
        if self.chance.random() < 0.3:
            self.learn(slot)

    def create(self, slot):
        version = slot.asks()
        got = self.ask("POST", "/%s/" % slot.kind, self.row(slot, version))
        if got and got[0] == 201:
            slot.key = got[1]["id"]
        self.done(slot, version, got, (201,), "POST")

    def change(self, slot):
        version = slot.asks()
        method = self.chance.choice(["PATCH", "PUT"])
        body = self.row(slot, version)
        if method == "PATCH":
            body.pop("id", None)
        got = self.ask(method, self.url(slot), body)
        self.done(slot, version, got, (200,), method)
        if got and got[0] == 200 and got[1]["version"] != version:
            raise Wrong("%s of %s answered %r" % (method, slot.owner, got[1]))

    def delete(self, slot):
        slot.asks(there=False)
        self.done(slot, 0, self.ask("DELETE", self.url(slot)), (204,), "DELETE")

    def learn(self, slot):
        """What is there now must be what was answered, or, after a cut, one of what may be."""
        may_be = set(slot.may_be)
        got = self.ask("GET", "/%s/?owner=%s" % (slot.kind, slot.owner))
        if got is None or got[0] == 503:
            return
        if got[0] != 200 or len(got[1]) > 1:
            raise Wrong("GET of %s answered %r" % (slot.owner, got))
        version = got[1][0]["version"] if got[1] else 0
        if version not in may_be:
            raise Wrong("%s is at version %d; answered was %r" % (slot.owner, version, sorted(may_be)))
        if got[1]:
            slot.key = got[1][0]["id"]
        slot.settle(version)


class Reader(Client):
    def live(self):
        while not self.world.is_over:
            got = self.ask("GET", "/pages/?page_size=100")
            if got is None or got[0] == 503:
                continue
            self.world.counted("reads")
            if got[0] != 200:
                raise Wrong("GET of a page answered %r" % (got,))
            if got[1]["next"] is None and got[1]["count"] != len(got[1]["results"]):
                raise Wrong("a page says count %d and has %d rows" % (got[1]["count"], len(got[1]["results"])))
            check_pair({row["id"]: row for row in got[1]["results"]}, "a page")


def check_pair(rows, where):
    versions = [rows[key]["version"] for key in (1, 2) if key in rows]
    if len(versions) != 2 or versions[0] != versions[1]:
        raise Wrong("half a commit in %s: %r" % (where, versions))


# ---- strangers ----

class Stranger(Person):
    """Another program on the same file. It is in its own rows only, but its locks, schemas and checkpoints are everybody's."""

    def __init__(self, world, seed, name):
        super().__init__(world, seed)
        self.slots = [world.add(Slot(kind, "%s-%s-%d" % (name, kind, i), 50000000 + 100000 * int(name[1:]) + i))
                      for kind in KINDS for i in range(SLOTS)]
        self.columns = 0
        self.name = name

    def live(self):
        db = sqlite3.connect(self.world.server.db, timeout=PATIENCE, isolation_level=None)
        db.execute("PRAGMA foreign_keys = ON")
        try:
            while not self.world.is_over:
                try:
                    self.chance.choices([self.write, self.write_many, self.write_in_vain, self.upkeep], [8, 3, 1, 1])[0](db)
                    self.world.counted("strangers")
                except sqlite3.OperationalError as problem:
                    if db.in_transaction:
                        db.execute("ROLLBACK")
                    if "locked" not in str(problem) and "busy" not in str(problem):
                        raise
                self.pause()
        finally:
            db.close()

    def pause(self):
        with self.world.lock:
            self.world.lock.wait(self.chance.choice([0.001, 0.01, 0.05]))

    def statement(self, db, slot):
        """One statement on a slot; what it leads to is settled when it is committed."""
        version = slot.version = slot.version + 1
        stamp = self.chance.randrange(1000)
        if slot.settled and self.chance.random() < 0.2:
            slot.may_be.add(0)
            db.execute("DELETE FROM chaos_%s WHERE owner = ?" % slot.kind, (slot.owner,))
            return slot, 0
        slot.may_be.add(version)
        if slot.settled and self.chance.random() < 0.6:
            db.execute("UPDATE chaos_%s SET version = ?, stamp = ? WHERE owner = ?" % slot.kind, (version, stamp, slot.owner))
        elif slot.given is None and slot.settled:
            key, = db.execute("SELECT id FROM chaos_%s WHERE owner = ?" % slot.kind, (slot.owner,)).fetchone()
            db.execute("REPLACE INTO chaos_%s (id, owner, version, stamp) VALUES (?, ?, ?, ?)" % slot.kind, (key, slot.owner, version, stamp))
        elif slot.given is None:
            db.execute("INSERT INTO chaos_%s (owner, version, stamp) VALUES (?, ?, ?)" % slot.kind, (slot.owner, version, stamp))
        else:
            verb = self.chance.choice(["INSERT OR REPLACE INTO chaos_%s (id, owner, version, stamp) VALUES (?, ?, ?, ?)",
                                       "INSERT INTO chaos_%s (id, owner, version, stamp) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
                                       " SET version = excluded.version, stamp = excluded.stamp"])
            db.execute(verb % slot.kind, (slot.given, slot.owner, version, stamp))
        return slot, version

    def write(self, db):
        self.commit(db, [self.chance.choice(self.slots)])

    def write_many(self, db):
        self.commit(db, self.chance.sample(self.slots, self.chance.randrange(2, len(self.slots))))

    def commit(self, db, slots):
        db.execute("BEGIN IMMEDIATE")
        settled = [self.statement(db, slot) for slot in slots]
        db.execute("COMMIT")
        for slot, version in settled:
            slot.settle(version)

    def write_in_vain(self, db):
        db.execute("BEGIN IMMEDIATE")
        db.execute("DELETE FROM chaos_%s" % self.chance.choice(KINDS))
        db.execute("UPDATE chaos_plain SET version = -1")
        db.execute("ROLLBACK")

    def upkeep(self, db):
        kind = self.chance.choice(KINDS)
        self.columns += 1
        db.execute(self.chance.choice([
            "VACUUM",
            "PRAGMA wal_checkpoint(PASSIVE)",
            "PRAGMA wal_checkpoint(RESTART)",
            "PRAGMA wal_checkpoint(TRUNCATE)",
            "ANALYZE",
            "REINDEX",
            "CREATE TABLE IF NOT EXISTS other_%s (x)" % self.name,
            "DROP TABLE IF EXISTS other_%s" % self.name,
            "CREATE INDEX IF NOT EXISTS chaos_%s_stamp ON chaos_%s (stamp)" % (kind, kind),
            "DROP INDEX IF EXISTS chaos_%s_stamp" % kind,
        ] + (["ALTER TABLE chaos_%s ADD COLUMN more_%s_%d text NULL" % (kind, self.name, self.columns)] if self.columns < 100 else []))).fetchall()


# ---- watchers ----

class Watcher(Person):
    """Who watches one URL after the other; a resident stays at one as long as the server does."""

    def __init__(self, world, seed, kind=None, is_resident=False):
        super().__init__(world, seed)
        self.kind, self.is_resident = kind, is_resident
        self.is_settled = False

    def live(self):
        while not self.is_settled and not self.world.wrong:
            life = self.world.life
            try:
                self.visit()
            except Refused as refused:
                if refused.status not in (404, 503):
                    raise Wrong("%s was refused with %s" % (self.path, refused)) from refused
                self.is_settled = self.world.fresh is not None and refused.status == 404 and not self.expected()
            except Closed as closed:
                self.check_end(closed, life)
            except OSError as problem:
                self.world.lost(life, problem)

    def check_end(self, closed, life):
        if closed.code == 4404 and self.key is not None:
            self.is_settled = self.world.fresh is not None and not self.expected()
        elif closed.code in (1001, 1006, 1012):
            self.world.lost(life, closed)
        elif closed.code != 1013:
            raise Wrong("%s was closed: %s" % (self.path, closed))

    def visit(self):
        chance, world = self.chance, self.world
        kind = self.kind or chance.choice(KINDS)
        slot = chance.choice([slot for slot in list(world.slots.values()) if slot.kind == kind])
        self.key = slot.key if chance.random() < (0.3 if self.is_resident else 0.6) else None
        self.url_kind = kind
        self.path = "/%s/" % kind if self.key is None else "/%s/%s/" % (kind, self.spelled(kind, self.key))
        floor = world.newest
        ws = WebSocket(world.server.port, self.path, receive_buffer=chance.choice([None, None, 4096]))
        world.counted("joins")
        self.rows, self.place, self.seen, self.is_first = {}, -1, {}, True
        try:
            self.take(ws.receive_json(), floor)
            self.follow(ws)
            ws.close()
        finally:
            ws.sock.close()

    def follow(self, ws):
        left = (1 << 60) if self.is_resident else self.chance.choice([1, 5, 30, 100])
        while left > 0 and not self.world.wrong:
            left -= 1
            if self.chance.random() < 0.01:
                self.stall()
            if self.chance.random() < 0.05:
                ws.send_json({"type": "ping"})
            if self.world.fresh is not None:
                self.finish(ws)
                return
            self.hear(ws, 0.1)

    def stall(self):
        self.world.counted("stalls")
        with self.world.lock:
            self.world.lock.wait(self.chance.choice([0.05, 0.5, 2]))

    def hear(self, ws, patience):
        if ws.have or select.select([ws.sock], [], [], patience)[0]:
            self.take(ws.receive_json(), self.place)
            return True
        return False

    def finish(self, ws):
        """All is quiet: within a few seconds what is shown is what a GET shows."""
        end = time.monotonic() + PATIENCE
        while self.rows != self.expected():
            if time.monotonic() > end:
                raise Wrong("%s ends with %r, the REST API says %r" % (self.path, self.rows, self.expected()))
            self.hear(ws, 0.1)
        self.is_settled = True

    def expected(self):
        rows = self.world.fresh[self.url_kind]
        return rows if self.key is None else {key: row for key, row in rows.items() if str(key) == str(self.key)}

    def take(self, frame, floor):
        kind = frame["type"]
        if kind == "pong":
            return
        if kind == "error":
            if frame["status"] not in (404, 503):
                raise Wrong("%s: %r" % (self.path, frame))
            return
        number, _, _ = token(frame["at"])
        if number < floor or (kind == "changes" and number == self.place):
            raise Wrong("%s: %s %d after %d" % (self.path, kind, number, floor))
        if self.is_first and kind != "snapshot":
            raise Wrong("%s: the first frame is %r" % (self.path, frame))
        self.is_first = False
        self.place = number
        if kind == "at":
            return
        self.world.counted("frames" if kind == "changes" else "resets" if frame.get("reset") else "snapshots")
        if kind == "snapshot":
            self.rows = {row["id"]: row for row in ([frame["data"]] if frame.get("data") else frame.get("results", []))}
        else:
            for change in frame["changes"]:
                self.apply(change)
        self.check(frame)

    def apply(self, change):
        if change["op"] == "delete":
            if self.rows.pop(change["id"], None) is None:
                raise Wrong("%s: delete of %r, which was never told of" % (self.path, change["id"]))
            return
        if (change["op"] == "create") == (change["id"] in self.rows):
            raise Wrong("%s: %s of %r" % (self.path, change["op"], change["id"]))
        self.rows[change["id"]] = change["data"]

    def check(self, frame):
        """No row that was never written, none that is older than what was shown, no half commit."""
        for row in self.rows.values():
            if row["owner"] == PAIR:
                continue
            slot = self.world.slots.get((self.url_kind, row["owner"]))
            if slot is None or not 0 < row["version"] <= slot.version:
                raise Wrong("%s shows what nobody wrote: %r in %.500r" % (self.path, row, frame))
            if row["version"] < self.seen.get(row["owner"], 0):
                raise Wrong("%s goes back to %r after version %d, in %.500r" % (self.path, row, self.seen[row["owner"]], frame))
            self.seen[row["owner"]] = row["version"]
            if "doubled" in row and row["doubled"] != 2 * row["version"]:
                raise Wrong("%s shows a computed column as %r" % (self.path, row))
        if self.url_kind == "plain" and self.key is None:
            check_pair(self.rows, "%s: %.300r" % (self.path, frame))


def play(server, seed, seconds, kills):
    """A run; the World when all is over."""
    chance = random.Random(seed)
    world = World(server, seconds)
    writing = [Writer(world, chance.getrandbits(32), "w%d" % i) for i in range(1, 4)]
    writing += [Stranger(world, chance.getrandbits(32), "s%d" % i) for i in range(1, 3)]
    writing += [Reader(world, chance.getrandbits(32)) for _ in range(2)]
    watching = [Watcher(world, chance.getrandbits(32), kind, is_resident=True) for kind in KINDS]
    watching += [Watcher(world, chance.getrandbits(32)) for _ in range(6)]
    for person in writing + watching:
        person.start()
    for i in range(kills):
        with world.lock:
            at = world.until - seconds + seconds * (i + chance.uniform(0.3, 0.9)) / kills
            world.lock.wait_for(lambda at=at: world.wrong or time.monotonic() >= at, max(0, at - time.monotonic()))
        if not world.wrong:
            world.end_life(in_order=chance.random() < 0.3)
    join(world, writing, seconds + 2 * PATIENCE)
    if not world.wrong:
        settle(world)
    join(world, watching, 3 * PATIENCE)
    return world


def join(world, people, patience):
    end = time.monotonic() + patience
    for person in people:
        person.join(max(0.0, end - time.monotonic()))
        if person.is_alive():
            world.fail("%s waits for ever" % type(person).__name__)


def settle(world):
    """All writing is over: what the API shows is what was answered, and what stands in the file."""
    fresh = {}
    db = sqlite3.connect(world.server.db, timeout=PATIENCE)
    for kind in KINDS:
        fresh[kind] = {row["id"]: row for row in world.server.get("/%s/" % kind).json}
        stored = dict(db.execute("SELECT owner, version FROM chaos_%s WHERE owner <> ?" % kind, (PAIR,)))
        shown = {row["owner"]: row["version"] for row in fresh[kind].values() if row["owner"] != PAIR}
        answered = {slot.owner: slot.settled for slot in world.slots.values() if slot.kind == kind and slot.settled}
        if not stored == shown == answered:
            world.fail("%s: stored %r, shown %r, answered %r" % (kind, stored, shown, answered))
    numbers = [row[0] for row in db.execute("SELECT number FROM freshet_commit ORDER BY number")]
    if numbers and numbers != list(range(numbers[0], numbers[-1] + 1)):
        world.fail("the numbers of commits are not dense")
    # SQLite 3.40 sees NULLs in a table WITHOUT ROWID whose key stands last.
    damage = [row[0] for row in db.execute("PRAGMA integrity_check") if not row[0].startswith("NULL value in chaos_norowid.")]
    if damage not in ([], ["ok"]):
        world.fail("the file is malformed: %r" % damage)
    db.close()
    world.fresh = fresh

