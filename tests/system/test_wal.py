"""The write-ahead log stays small under constant reads and writes, and is small again when a stranger who held it has gone.
The short form; ./dev soak takes longer.

    FR_SOAK_SECONDS=N      how long is read and written
"""
import http.client
import os
import sqlite3
import threading
import time
import unittest

from server import PATIENCE, Server, is_sanitized, wait_until

SECONDS = int(os.environ.get("FR_SOAK_SECONDS", "4"))
MIB = 1 << 20
NOTES = "/api/notes/"
SCAN = NOTES + "?title__icontains=" + "a" * 300 + "b"  # 50,000 comparisons in each of LONG_ROWS: a tenth of a second
LONG_ROWS = 500
READERS, SCANNERS, WRITERS = 6, 3, 8


class Load:
    """Clients that ask without a pause until they are stopped. There is always a scanner in the midst of his read."""

    def __init__(self, server):
        self.server = server
        self.over = threading.Event()
        self.counts = {"reads": 0, "scans": 0, "writes": 0}
        self.wrong = []
        body = {"title": "t" * 190}
        acts = ([("reads", lambda c: server.get(NOTES + "1/", connection=c), 200)] * READERS
                + [("scans", lambda c: server.get(SCAN, connection=c), 200)] * SCANNERS
                + [("writes", lambda c: server.post(NOTES, body, connection=c), 201)] * WRITERS)
        self.threads = [threading.Thread(target=self.ask, args=act, daemon=True) for act in acts]
        for thread in self.threads:
            thread.start()

    def ask(self, name, act, status):
        connection = self.server.connection()
        try:
            while not self.over.is_set():
                answer = act(connection)
                if answer.status != status:
                    self.wrong.append((name, answer))
                self.counts[name] += 1
        except (OSError, http.client.HTTPException) as problem:
            self.wrong.append((name, problem))
        connection.close()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(PATIENCE)


class Wal(unittest.TestCase):
    def setUp(self):
        self.server = Server("shelf", "--log", "info", db="notes.db")
        self.assertEqual(self.server.post(NOTES, {"title": "first"}).status, 201)
        filler = sqlite3.connect(self.server.db)
        filler.executemany("insert into note(title) values(?)", [("a" * 600,)] * LONG_ROWS)
        filler.commit()
        filler.close()
        self.load = Load(self.server)

    def tearDown(self):
        self.load.stop()
        self.server.remove()

    def size(self):
        return os.path.getsize(self.server.db + "-wal")

    def salts(self):
        """Of the log's head: others when it has begun anew."""
        with open(self.server.db + "-wal", "rb") as log:
            return log.read(32)[16:24]

    def watch(self, seconds, until):
        """(peak, how often it began anew) of what is seen of it meanwhile."""
        peak, anew, salts, end = 0, 0, self.salts(), time.monotonic() + seconds
        while time.monotonic() < end and not until(peak, anew):
            time.sleep(0.005)
            peak = max(peak, self.size())
            before, salts = salts, self.salts()
            anew += salts != before
        return peak, anew

    def watch_anew(self, seconds, times):
        """It begins anew so often under load. How large it becomes meanwhile is a question of how long a scan takes."""
        end = time.monotonic() + seconds
        peak, anew = self.watch(PATIENCE, lambda peak, anew: anew >= times and time.monotonic() >= end)
        self.assertGreaterEqual(anew, times)
        if not is_sanitized():
            self.assertLessEqual(peak, 16 * MIB)
        return peak

    def tell(self, what, **figures):
        print("wal %s: %s" % (what, " ".join("%s=%s" % each for each in dict(figures, **self.load.counts).items())), flush=True)

    def finish(self):
        self.load.stop()
        self.assertEqual(self.load.wrong, [])
        self.server.finish()

    def test_it_begins_anew_under_constant_reads_and_writes(self):
        peak = self.watch_anew(SECONDS, 2)
        self.tell("under load", peak_mib="%.1f" % (peak / MIB))
        self.assertNotIn("db.wal", self.server.output())
        self.load.stop()
        wait_until(lambda: self.size() <= 4 * MIB)
        self.finish()

    def test_it_is_small_again_when_a_stranger_has_let_go_of_it(self):
        stranger = sqlite3.connect(self.server.db, isolation_level=None)
        stranger.execute("begin")
        stranger.execute("select count(*) from note").fetchall()
        peak, _ = self.watch(max(SECONDS, PATIENCE), lambda peak, anew: peak > 20 * MIB)
        self.assertGreater(peak, 20 * MIB)
        wait_until(lambda: "WARN db.wal" in self.server.output())
        stranger.execute("commit")
        stranger.close()
        began = time.monotonic()
        wait_until(lambda: self.size() <= 4 * MIB, PATIENCE if is_sanitized() else 10)
        self.tell("after a stranger", peak_mib="%.1f" % (peak / MIB), seconds="%.2f" % (time.monotonic() - began))
        self.watch_anew(SECONDS / 2, 1)
        told = [line for line in self.server.lines if "db.wal" in line]
        self.assertEqual(len([line for line in told if " WARN " in line]), 1, told)
        self.assertIn("held_by=\"another program's transaction\"", told[0])
        wait_until(lambda: "it has begun anew" in self.server.output())
        self.finish()


if __name__ == "__main__":
    unittest.main()
