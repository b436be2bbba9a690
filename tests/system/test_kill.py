"""kill -9 in the middle of a thousand writes: what was acknowledged is there, the change log agrees with the rows.

FR_SEED repeats a run's choices.
"""
import http.client
import os
import random
import shutil
import sqlite3
import threading
import unittest

import changelog
from server import Server

WRITES = 1000
CLIENTS = 8
ROUNDS = 8


class Writer(threading.Thread):
    """Writes until its connection ends, and keeps what it was promised: key → title, or None for deleted."""

    def __init__(self, server, seed, budget):
        super().__init__()
        self.server, self.chance, self.budget = server, random.Random(seed), budget
        self.promised = {}   # acknowledged
        self.open = {}       # sent without an answer yet: either state may be found
        self.failure = None

    def run(self):
        connection = self.server.connection()
        try:
            while self.budget.take():
                self.write(connection)
        except (OSError, http.client.HTTPException):
            pass  # killed
        except BaseException as problem:
            self.failure = problem
        finally:
            connection.close()

    def write(self, connection):
        live = [key for key, title in self.promised.items() if title is not None]
        dice = self.chance.random()
        title = "%x" % self.chance.getrandbits(128)
        if not live or dice < 0.6:
            reply = self.server.post("/api/notes/", {"title": title, "done": False}, connection=connection)
            assert reply.status == 201, reply
            self.promised[reply.json["id"]] = title
            return
        key = self.chance.choice(live)
        if dice < 0.85:
            self.open = {key: title}
            reply = self.server.patch("/api/notes/%d/" % key, {"title": title}, connection=connection)
            assert reply.status == 200, reply
            self.promised[key] = title
        else:
            self.open = {key: None}
            reply = self.server.delete("/api/notes/%d/" % key, connection=connection)
            assert reply.status == 204, reply
            self.promised[key] = None
        self.open = {}


class Budget:
    def __init__(self, count, at, act):
        self.left, self.at, self.act, self.lock = count, at, act, threading.Lock()

    def take(self):
        with self.lock:
            if self.left == 0:
                return False
            self.left -= 1
            now = self.left == self.at
        if now:
            self.act()
        return True


class Kill(unittest.TestCase):
    def test_acknowledged_writes_survive_kill_9(self):
        seed = int(os.environ.get("FR_SEED", "0")) or random.randrange(1 << 32)
        chance = random.Random(seed)
        server = Server("realtime-update", "--log", "error", db="notes.db")
        try:
            promised, unsure = {}, {}
            for _ in range(ROUNDS):
                budget = Budget(WRITES, chance.randrange(1, WRITES), server.process.kill)
                writers = [Writer(server, chance.getrandbits(32), budget) for _ in range(CLIENTS)]
                for writer in writers:
                    writer.start()
                for writer in writers:
                    writer.join(120)
                    self.assertFalse(writer.is_alive())
                    if writer.failure:
                        raise writer.failure
                    promised.update(writer.promised)
                    for key, title in writer.open.items():
                        unsure.setdefault(key, set()).update({promised[key], title})
                server.kill()
                self.check_file(server, promised, unsure)
                server.start()
                rows = {row["id"]: row["title"] for row in server.get("/api/notes/").json}
                self.check_rows(rows, promised, unsure)
                # From here on the truth is what is there now.
                promised, unsure = dict(rows), {}
            self.assertEqual(server.stop(), 0)
            self.check_file(server, promised, {})
        except BaseException:
            print("FR_SEED=%d" % seed)
            raise
        finally:
            if server.process.poll() is None:
                server.kill()
            server.remove()

    def check_rows(self, rows, promised, unsure):
        for key, title in promised.items():
            if key in unsure:
                self.assertIn(rows.get(key), unsure[key], "row %d" % key)
            else:
                self.assertEqual(rows.get(key), title, "row %d" % key)

    def check_file(self, server, promised, unsure):
        """Look at a copy, so that nothing is recovered on the server's behalf."""
        copy = os.path.join(server.folder, "copy")
        shutil.rmtree(copy, ignore_errors=True)
        os.mkdir(copy)
        for suffix in ("", "-wal"):
            if os.path.exists(server.db + suffix):
                shutil.copy(server.db + suffix, os.path.join(copy, "notes.db" + suffix))
        db = sqlite3.connect(os.path.join(copy, "notes.db"))
        try:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            self.check_rows(dict(db.execute("SELECT id, title FROM note")), promised, unsure)
            self.check_log(db)
        finally:
            db.close()

    def check_log(self, db):
        """The log from its first commit on leaves exactly the rows that are there."""
        rows = {row[0]: list(row) for row in db.execute("SELECT id, title, done, updated_at FROM note")}
        self.assertEqual(changelog.replay(db, "note"), rows)


if __name__ == "__main__":
    unittest.main()
