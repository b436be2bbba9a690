"""The people of the exactness test: writers, watchers, and the truth that both are held against.

    World     the server and its lives, how far the writers are, the bell at the end
    Writer    a keep-alive connection of requests at random, many at once
    Watcher   one who joins, leaves, stalls and vanishes; keeps what it was told, session by session
    Truth     all states that ever were, from the change log of the file

Nobody sleeps: who waits, waits for a number of writes, for the server's next life, or for the bell.
"""
import http.client
import json
import os
import random
import select
import socket
import sqlite3
import threading
import time

import changelog
from live import token
from server import PATIENCE, REPORT
from wsclient import Closed, WebSocket

ROWS = 60          # about as many are kept
BATCH = 12         # requests on their way on one connection
ALL = 1 << 62      # writes that never come: whoever waits for them waits for the bell


class Over(Exception):
    """The bell has rung."""


class World:
    def __init__(self, server, seconds):
        self.server = server
        self.until = time.monotonic() + seconds
        self.changed = threading.Condition()
        self.count = 0          # acknowledged writes
        self.newest = 0         # the greatest number that was acknowledged
        self.life = 1           # of the server
        self.dying = 0          # the life whose end has begun
        self.keys = [1]         # of rows that are there, as far as anybody knows
        self.newest_key = 0
        self.is_over = False    # for the writers
        self.failures = []
        self.bell, self.rope = os.pipe()  # readable at the end: for the watchers
        self.fresh = None       # the REST list at the end

    # ---- the server's lives ----

    def kill(self):
        assert self.server.process.poll() is None, "it died by itself"
        with self.changed:
            self.dying = self.life
        self.server.kill()
        assert not REPORT.search(self.server.output()), "a sanitizer has something to say"
        self.server.start("127.0.0.1:%d" % self.server.port)
        with self.changed:
            self.life += 1
            self.changed.notify_all()

    def lost(self, life):
        """A connection of that life has ended. That is all right if the server was killed; wait for the next life."""
        with self.changed:
            assert self.dying >= life or self.is_over, "the server ended a connection"
            self.changed.wait_for(lambda: self.life > life or self.failures, PATIENCE)
            assert self.life > life, "the server did not come back"

    # ---- how far the writers are ----

    def wrote(self, number):
        with self.changed:
            self.count += 1
            self.newest = max(self.newest, number)
            if time.monotonic() > self.until:
                self.is_over = True
            self.changed.notify_all()

    def wait_writes(self, count, until=None):
        """Until so many are acknowledged, it is over, or (the run's pace is nobody's promise) that time has come."""
        with self.changed:
            self.changed.wait_for(lambda: self.count >= count or self.is_over,
                                  PATIENCE * 2 if until is None else max(0, until - time.monotonic()))

    def knows(self, key):
        with self.changed:
            self.newest_key = max(self.newest_key, key)
            if key not in self.keys:
                self.keys.append(key)

    def forgets(self, key):
        with self.changed:
            if key in self.keys and len(self.keys) > 1:
                self.keys.remove(key)

    def some_key(self, chance):
        """One that is there; now and then one that is gone, or is yet to come."""
        with self.changed:
            if chance.random() < 0.1:
                return chance.randrange(1, self.newest_key + 3)
            return chance.choice(self.keys)

    # ---- the end ----

    def end_writing(self):
        with self.changed:
            self.is_over = True
            self.changed.notify_all()

    def ring(self):
        os.close(self.rope)

    def fail(self, problem):
        with self.changed:
            self.failures.append(problem)
            self.is_over = True
            self.changed.notify_all()


class Person(threading.Thread):
    def __init__(self, world, seed):
        super().__init__(daemon=True)
        self.world, self.chance = world, random.Random(seed)

    def run(self):
        try:
            self.live()
        except BaseException as problem:
            self.world.fail(problem)


# ---- writers ----

class Request:
    """One request, what it must lead to, and its answer."""

    def __init__(self, method, key=None, body=None, op=None, allowed=(200,), path=None):
        self.method, self.key, self.op, self.allowed = method, key, op, allowed
        self.path = path or ("/api/notes/" if key is None else "/api/notes/%d/" % key)
        self.given = body if isinstance(body, dict) else {}
        self.body = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.status = self.json = self.number = self.mark = None
        self.floor = 0  # a number that was acknowledged before it was sent

    def bytes(self):
        head = "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n" % (self.method, self.path)
        if self.body:
            head += "Content-Type: application/json\r\nContent-Length: %d\r\n" % len(self.body)
        return head.encode() + b"\r\n" + self.body

    def read_answer(self, stream):
        answer = http.client.HTTPResponse(stream, method=self.method)
        answer.begin()
        body = answer.read()
        self.status = answer.status
        assert self.status in self.allowed, "%s answered %d %.300r" % (self, self.status, body)
        place = answer.getheader("Freshet-At")
        assert (place is not None) == (self.op is not None and self.status < 300), "%s: Freshet-At %s" % (self, place)
        if place:
            number, self.mark = place.split(".")
            self.number = int(number)
        if body and answer.getheader("Content-Type") == "application/json":
            self.json = json.loads(body)

    def explains(self, change):
        """Whether this change may be this request's doing."""
        return (self.op == change.op and self.key in (None, change.key)
                and all(change.row[name] == value for name, value in self.given.items()))

    def __repr__(self):
        return "%s %s %.200r" % (self.method, self.path, self.body)


class Stream:
    """What http.client takes for a connection; it stays open for the next answer."""

    def __init__(self, file):
        self.read, self.readline, self.readinto = file.read, file.readline, file.readinto

    def makefile(self, _):
        return self

    def close(self):
        pass

    flush = close


class Writer(Person):
    def __init__(self, world, seed, extras=()):
        super().__init__(world, seed)
        self.extras = extras
        self.answered, self.open = [], []  # requests; open: sent, and the server was killed

    def live(self):
        while not self.world.is_over:
            life = self.world.life
            batch = []
            try:
                with socket.create_connection(("127.0.0.1", self.world.server.port), PATIENCE) as sock:
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    stream = Stream(sock.makefile("rb"))
                    while not self.world.is_over:
                        batch = self.batch()
                        self.exchange(sock, stream, batch)
            except (OSError, http.client.HTTPException):
                self.open += [request for request in batch if request.status is None]
                self.world.lost(life)

    def exchange(self, sock, stream, batch):
        floor = self.world.newest
        whole = b"".join(request.bytes() for request in batch)
        cut = self.chance.randrange(len(whole)) if self.chance.random() < 0.3 else len(whole)
        sock.sendall(whole[:cut])
        if cut < len(whole):
            sock.sendall(whole[cut:])
        for request in batch:
            request.floor = floor
            request.read_answer(stream)
            self.took(request)
            floor = max(floor, request.number or 0)
            self.answered.append(request)

    def took(self, request):
        if request.status >= 300:
            if request.status == 404:
                self.world.forgets(request.key)
            return
        if request.op == changelog.CREATE:
            self.world.knows(request.json["id"])
        elif request.op == changelog.DELETE:
            self.world.forgets(request.key)
        if request.op:
            self.world.wrote(request.number)

    def batch(self):
        return [self.request() for _ in range(self.chance.choice([1, 1, 2, 3, BATCH]))]

    def title(self):
        """No two are alike; some are long, and longer as JSON."""
        name = "%016x" % self.chance.getrandbits(64)
        fill = self.chance.choice(["", "", "\u00e9", "\U0001f600", "\x01", "\"\\"])
        return name + fill * (self.chance.randrange(1, 183 // len(fill)) if fill else 0) + "."

    def row(self):
        return {"title": self.title(), "done": self.chance.random() < 0.5}

    def request(self):
        chance, world = self.chance, self.world
        dice = chance.random()
        if dice < (0.35 if len(world.keys) < ROWS else 0.1):
            return Request("POST", body=self.row(), op=changelog.CREATE, allowed=(201,))
        if dice < 0.45:
            return Request("PUT", world.some_key(chance), self.row(), changelog.UPDATE, (200, 404))
        if dice < 0.65:
            some = chance.choice([{"done": chance.random() < 0.5}, {"title": self.title()}, self.row(), {}])
            return Request("PATCH", world.some_key(chance), some, changelog.UPDATE, (200, 404))
        if dice < 0.8:
            return Request("DELETE", world.some_key(chance), op=changelog.DELETE, allowed=(204, 404))
        if dice < 0.9:
            return self.invalid()
        if dice < 0.92:
            return Request("GET")
        if self.extras and dice < 0.94:
            return Request("POST", path=chance.choice(self.extras), allowed=(200, 201, 400, 408, 503, 504))
        return Request("GET", world.some_key(chance), allowed=(200, 404))

    def invalid(self):
        chance, key = self.chance, self.world.some_key(self.chance)
        return chance.choice([
            Request("POST", body=b'{"title": "half', allowed=(400,)),
            Request("POST", body=b'{"title": "", "done": false}', allowed=(400,)),
            Request("POST", body=json.dumps({"title": "x" * 201, "done": True}).encode(), allowed=(400,)),
            Request("POST", body=b'{"title": "x", "done": "perhaps"}', allowed=(400,)),
            Request("PUT", key, b'{"done": true}', allowed=(400, 404)),
            Request("PATCH", key, b'{"title": null}', allowed=(400, 404)),
            Request("PATCH", key, b'[]', allowed=(400, 404)),
            Request("DELETE", allowed=(405,)),
        ])


# ---- watchers ----

FILTERS = {
    "": lambda row: True,
    "done=true": lambda row: row["done"],
    "done=false&title__icontains=A": lambda row: not row["done"] and ("a" in row["title"] or "A" in row["title"]),
}


class Session:
    """What one socket was told."""

    def __init__(self, key, filter, floor, since, base=None):
        self.key, self.filter, self.floor, self.since = key, filter, floor, since  # since: a token, or None
        self.base = base  # the view that came back with a token of its own; None: it brought nothing
        self.frames = []
        self.stalls = 0
        self.is_complete = False  # followed to the end, and equal to what the REST API says there

    def has(self, key, row):
        return row is not None and self.key in (None, key) and FILTERS[self.filter](row)

    def of(self, rows):
        """Those that it watches."""
        return {key: row for key, row in rows.items() if self.has(key, row)}

    def begin(self):
        """The view before its first frame."""
        return View(self.base)


class Watcher(Person):
    """A resident stays as long as the server does; the others come and go."""

    def __init__(self, world, seed, key=0, filter="", is_resident=False):
        super().__init__(world, seed)
        self.key, self.filter, self.is_resident = key, filter, is_resident  # key None: the list; 0: now this, now that
        self.sessions = []
        self.joins = self.resets = 0

    def live(self):
        while not (self.sessions and self.sessions[-1].is_complete):
            life = self.world.life
            try:
                self.visit()
            except (OSError, Closed) as end:
                if getattr(end, "code", 1006) == 4404 and self.sessions[-1].frames[-1].get("status") == 404:
                    if self.world.fresh is not None and not self.session.of(self.world.fresh):
                        self.sessions[-1].is_complete = True
                    continue
                assert getattr(end, "code", 1006) == 1006, end
                self.world.lost(life)

    def visit(self):
        chance = self.chance
        key = self.key
        if key == 0:
            key = self.world.some_key(chance) if chance.random() < 0.4 else None
        base = self.last_view() if self.key != 0 and chance.random() < 0.7 else None
        since = base.token if base else "1.2.3" if chance.random() < 0.1 else None
        self.session = Session(key, self.filter, self.world.newest, since, base)
        self.sessions.append(self.session)
        path = "/api/notes/" if key is None else "/api/notes/%d/" % key
        ws = WebSocket(self.world.server.port, path + "?" + self.filter + ("&since=" + since if since else ""),
                       receive_buffer=chance.choice([None, 4096]))
        self.joins += 1
        try:
            self.stay(ws)
            self.leave(ws)
        except Over:
            self.finish(ws)
            ws.close()
        finally:
            ws.sock.close()

    def last_view(self):
        """What it had when its last socket ended; None: nothing."""
        if not self.sessions:
            return None
        view = self.sessions[-1].begin()
        for frame in self.sessions[-1].frames:
            view.apply(frame)
        return view if view.token else None

    def stay(self, ws):
        """Some frames, some pings, perhaps a while without reading."""
        chance = self.chance
        for _ in range(ALL if self.is_resident else chance.choice([0, 1, 5, 50, 200])):
            if chance.random() < 0.003:
                self.stall()
            if chance.random() < 0.05:
                ws.send_json({"type": "ping"})
            self.next(ws)

    def stall(self):
        self.session.stalls += 1
        self.world.wait_writes(self.world.count + self.chance.choice([50, 500, 5000]))

    def leave(self, ws):
        if self.chance.random() < 0.5:
            ws.reset()
        else:
            code = ws.close()
            if code == 1006:
                raise Closed(1006)  # killed meanwhile
            assert code == 1000 or (code == 4404 and self.session.key is not None), code

    def next(self, ws):
        if not ws.have:
            ready, _, _ = select.select([ws.sock, self.world.bell], [], [], PATIENCE * 2)
            if self.world.bell in ready:
                raise Over()
        return self.take(ws)

    def take(self, ws):
        frame = ws.receive_json()
        self.session.frames.append(frame)
        if frame.get("reset"):
            self.resets += 1
        return frame

    def finish(self, ws):
        """All has been written and the REST list is known: read to the end; then a ping is answered by nothing but its pong."""
        world, session = self.world, self.session
        expected = session.of(world.fresh)
        view = session.begin()
        for frame in session.frames:
            view.apply(frame)
        while view.rows != expected or (session.key is None and not session.filter and view.place < world.newest):
            view.apply(self.take(ws))
        ws.send_json({"type": "ping"})
        while True:
            frame = self.take(ws)
            view.apply(frame)
            if frame["type"] == "pong" and int(frame["at"].split(".")[0]) >= world.newest:
                break
        assert view.rows == expected, "something came after the end"
        session.is_complete = True


class View:
    """What a client has: rows by key, and its place. None before the first frame."""

    def __init__(self, base=None):
        self.rows, self.place, self.fingerprint, self.token = None, -1, None, None
        if base:
            self.rows, self.place, self.fingerprint, self.token = dict(base.rows), base.place, base.fingerprint, base.token

    def apply(self, frame):
        if frame["type"] not in ("snapshot", "changes", "resumed", "at"):
            return
        number, _, fingerprint = token(frame["at"])
        is_quiet = frame["type"] in ("resumed", "at")
        assert number >= self.place if is_quiet or frame.get("reset") else number > self.place, \
            "frame %d after %d" % (number, self.place)
        assert self.fingerprint in (None, fingerprint), "another fingerprint"
        self.place, self.fingerprint, self.token = number, fingerprint, frame["at"]
        if is_quiet:
            return
        if frame["type"] == "snapshot":
            rows = frame["results"] if "results" in frame else [frame["data"]] if frame["data"] else []
            self.rows = {row["id"]: row for row in rows}
            assert len(self.rows) == len(rows), "a row stands twice in the snapshot"
            return
        for change in frame["changes"]:
            if change["op"] == "delete":
                del self.rows[change["id"]]
            else:
                assert (change["id"] in self.rows) == (change["op"] == "update"), "%(op)s of %(id)r" % change
                self.rows[change["id"]] = change["data"]


# ---- the truth ----

class Change:
    def __init__(self, key, op, row):
        self.key, self.op, self.row = key, op, row  # row None: deleted
        self.before = None  # the row as it was; None: there was none


class Truth:
    EVERY = 64  # a state is kept of every so many commits; the ones between are made from it

    def __init__(self, path):
        db = sqlite3.connect(path)
        try:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            stored = {row[0]: list(row) for row in db.execute("SELECT id, title, done, updated_at FROM note")}
            assert changelog.replay(db, "note") == stored, "the log does not lead to the rows that are there"
            self.marks = {number: "%016x" % (mark & (1 << 64) - 1)
                          for number, mark in db.execute("SELECT number, mark FROM freshet_commit")}
            self.changes = {number: [] for number in self.marks}
            for number, key, op, new in db.execute(
                    'SELECT "commit", key, op, new FROM freshet_change WHERE model = \'note\' ORDER BY "commit", seq'):
                self.changes[number].append(Change(key, op, as_json(changelog.decode(new)) if new else None))
        finally:
            db.close()
        self.last = max(self.marks)
        self.has_large_commits = any(len(changes) > 5 for changes in self.changes.values())  # then anybody may be too slow
        self.kept = []
        self.numbers_of = {}  # key → numbers of the commits that changed it
        rows = {}
        for number in range(self.last + 1):
            self.advance(rows, number)
            for change in self.changes[number]:
                self.numbers_of.setdefault(change.key, []).append(number)
            if number % self.EVERY == 0:
                self.kept.append(dict(rows))
        self.end = rows

    def advance(self, rows, number):
        for change in self.changes[number]:
            change.before = rows.get(change.key)
            if change.row is None:
                del rows[change.key]
            else:
                rows[change.key] = change.row

    def at(self, number):
        rows = dict(self.kept[number // self.EVERY])
        for n in range(number // self.EVERY * self.EVERY + 1, number + 1):
            self.advance(rows, n)
        return rows

    # ---- what writers were told ----

    def check_writers(self, writers):
        told = set()
        for request in (r for writer in writers for r in writer.answered):
            if request.number is not None:
                self.check_write(request)
                assert request.number not in told, "number %d was told twice" % request.number
                told.add(request.number)
            elif request.method == "GET":
                self.check_read(request)
            elif request.status == 404:
                assert None in self.rows_since(request.key, request.floor), "404 for %r, which was there" % request.key
        self.check_rest(told, [r for writer in writers for r in writer.open],
                        [r for writer in writers for r in writer.answered + writer.open])

    def check_write(self, request):
        assert self.marks.get(request.number) == request.mark, "%s was acknowledged at %d and is missing" % (request, request.number)
        change, = self.changes[request.number]
        assert request.explains(change), "commit %d is not %s" % (request.number, request)
        if change.row is not None:
            assert request.json == change.row, "%s answered %r, stored %r" % (request, request.json, change.row)

    def check_read(self, request):
        """It saw a state at or after all that was acknowledged when it was asked for."""
        if request.key is None:
            seen = {row["id"]: row for row in request.json}
            rows = self.at(request.floor)
            for number in range(request.floor, self.last + 1):
                if number > request.floor:
                    self.advance(rows, number)
                if rows == seen:
                    return
            raise AssertionError("a list that was read after %d never was" % request.floor)
        seen = None if request.status == 404 else request.json
        assert seen in self.rows_since(request.key, request.floor), "%s after %d saw %r" % (request, request.floor, seen)

    def rows_since(self, key, number):
        """All that a row has been from that commit on; None: not there."""
        found = [self.at(number).get(key)]
        for n in self.numbers_of.get(key, []):
            if n > number:
                found += [change.row for change in self.changes[n] if change.key == key]
        return found

    def check_rest(self, told, unsure, sent):
        """Commits that no answer named are those of requests that a kill left without one. None is invented."""
        unsure, five = list(unsure), sum(r.path == "/five" for r in sent)
        turned = sum(r.path == "/turned" for r in sent)
        for number, changes in self.changes.items():
            if number in told or not changes:
                continue
            if len(changes) == 1:
                found = next((r for r in unsure if r.explains(changes[0])), None)
                if found:
                    unsure.remove(found)
                    continue
            if len(changes) == 5 and all(c.op == changelog.CREATE and c.row["title"] == "one of five" for c in changes):
                five -= 1
            else:
                before = self.at(number - 1)
                assert {c.key for c in changes} == set(before), "nobody asked for commit %d" % number
                assert all(c.row["done"] != before[c.key]["done"] for c in changes), "nobody asked for commit %d" % number
                turned -= 1
        assert five >= 0 and turned >= 0, "more commits than were asked for"

    # ---- what watchers were told ----

    def check_session(self, session):
        view, pongs = session.begin(), -1
        for i, frame in enumerate(session.frames):
            if frame["type"] == "error":
                assert frame["status"] == 404 and i == len(session.frames) - 1, frame
                assert not all(session.has(session.key, row) for row in self.rows_since(session.key, session.floor)), \
                    "404 for a row that was there"
                continue
            number = int(frame["at"].split(".")[0])
            assert frame["at"].split(".")[1] == self.marks.get(number), "no commit %s" % frame["at"]
            if frame["type"] == "pong":
                assert number >= max(pongs, view.place, session.floor), "pong %d" % number
                pongs = number
                continue
            before, is_first = view.place, i == 0
            view.apply(frame)
            if frame["type"] == "at":
                assert number >= before
            elif frame["type"] == "resumed":
                assert is_first and session.base, "resumed, and did not come back"
                assert number == before or number >= session.floor, "resumed at %d, behind an answer" % number
            elif frame["type"] == "snapshot":
                self.check_snapshot(session, view, frame, -1 if is_first else before)
            elif i == 1 and session.base and session.frames[0]["type"] == "resumed" and before == session.base.place:
                self.check_caught_up(session, frame, before, number)
            else:
                self.check_changes(session, view, frame, before)
            expected = session.of(self.at(number))
            assert view.rows == expected, "after %.200s the rows are not those of commit %d" % (frame, number)

    def check_snapshot(self, session, view, frame, before):
        assert set(frame) <= {"type", "at", "results", "data", "reset"}, set(frame)
        assert frame.get("reset", True) is True
        if before == -1:
            assert view.place >= session.floor, "the first frame is older than what had been answered"
            assert "reset" in frame or not session.since, "the first snapshot of one that wants to resume"
            assert not session.base, "a snapshot, where the log can tell what differs"
        else:
            assert "reset" in frame, "a later snapshot without reset"
        if "reset" in frame and not session.since and not self.has_large_commits:
            assert session.stalls, "a reset for one that never stalled: %.100s" % frame

    def check_caught_up(self, session, frame, before, number):
        """What differs, and nothing else."""
        assert number >= session.floor, "caught up to %d, behind an answer" % number
        old, new = session.of(self.at(before)), session.of(self.at(number))
        differs = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
        assert {change["id"] for change in frame["changes"]} == differs, "%.200s, and %r differ" % (frame, differs)
        assert len(frame["changes"]) == len(differs), "a row twice"

    def check_changes(self, session, view, frame, before):
        """Exactly one commit, and none between that mattered."""
        mine = self.mine(session, view.place)
        assert mine, "frame %d has nothing to do with this view" % view.place
        assert len(mine) == len(frame["changes"]), "frame %d has not the changes of its commit" % view.place
        by_key = {change["id"]: change for change in frame["changes"]}
        for key, op, row in mine:
            told = by_key[key]
            assert (told["op"], told.get("data")) == (op, row), "frame %d: %r" % (view.place, told)
        for number in range(before + 1, view.place):
            assert not self.mine(session, number), "commit %d was not told between %d and %d" % (number, before, view.place)

    def mine(self, session, number):
        """What a commit was to the session's rows: key, op and new row."""
        found = []
        for c in self.changes[number]:
            was, is_ = session.has(c.key, c.before), session.has(c.key, c.row)
            if was or is_:
                found.append((c.key, "create" if not was else "update" if is_ else "delete", c.row if is_ else None))
        return found


def as_json(values):
    key, title, done, updated_at = values
    return {"id": key, "title": title, "done": bool(done), "updated_at": updated_at.replace(" ", "T") + "Z"}
