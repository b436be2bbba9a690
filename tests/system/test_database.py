"""The database's files are SQLite's alone: nobody else opens them, a second server is kept out by whatever name it comes,
and a file that goes away is noticed."""
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest

from live import Live
from server import PATIENCE, REPORT, Server, program, wait_until

NOTES = "/api/notes/"
TEXT_OF_LOSS = "The database is not there any more. Try again later."


def run(name, *options, folder):
    """Run a program that must end by itself."""
    return subprocess.run([program(name)] + list(options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE)


class Alone(unittest.TestCase):
    """A database in a folder that is served."""

    def setUp(self):
        self.server = Server("shelf", db="notes.db")

    def tearDown(self):
        self.server.remove()

    def create(self, title):
        self.assertEqual(self.server.post(NOTES, {"title": title}).status, 201)

    def test_its_files_are_not_served(self):
        self.create("first")
        with open(os.path.join(self.server.folder, "page.txt"), "w") as page:
            page.write("hello")
        for name in ("notes.db", "notes.db-wal", "notes.db-shm", "notes.db-freshet.lock"):
            path = os.path.join(self.server.folder, name)
            self.assertTrue(os.path.exists(path), name)
            os.link(path, os.path.join(self.server.folder, "link-" + name))
            self.assertEqual(self.server.get("/files/" + name).status, 404)
            self.assertEqual(self.server.get("/files/link-" + name).status, 404)
        self.assertEqual(self.server.get("/files/page.txt").body, b"hello")
        self.assertIn("a file of the database lies in this folder", self.server.output())
        self.server.finish()

    def test_a_stranger_finds_its_locks_after_somebody_has_asked_for_the_files(self):
        """With SQLite's locks gone he could change the journal mode, and what was answered then was in no file."""
        self.create("first")
        for name in ("notes.db", "notes.db-wal", "notes.db-shm"):
            self.server.get("/files/" + name)
        stranger = sqlite3.connect(self.server.db, timeout=0)
        with self.assertRaises(sqlite3.OperationalError):
            stranger.execute("pragma journal_mode=delete").fetchall()
        stranger.close()
        for i in range(6):
            self.create("later %d" % i)
        self.server.kill()
        found = sqlite3.connect(self.server.db)
        self.assertEqual(found.execute("select count(*) from note").fetchone()[0], 7)
        found.close()

    def test_the_access_log_is_never_the_database(self):
        done = run("shelf", "--listen", "127.0.0.1:0", "--db", "sqlite:n.db", "--access-log", "n.db", folder=self.server.folder)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(b'--access-log: "n.db" is a file of the database', done.stderr)
        self.server.finish()


class Names(unittest.TestCase):
    def setUp(self):
        self.server = Server("shelf", db="notes.db")

    def tearDown(self):
        self.server.remove()

    def refused(self, db):
        """By a second server, in one line, with code 5; the first one does not notice."""
        done = run("shelf", "--listen", "127.0.0.1:0", "--db", db, folder=self.server.folder)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertRegex(done.stderr.decode(), r"\A[^\n]* is in use by another freshet[^\n]*\n\Z")
        self.assertEqual(self.server.post(NOTES, {"title": "served"}).status, 201)

    def test_a_second_server_is_refused_by_any_name_of_the_file(self):
        at = self.server.folder
        os.symlink("notes.db", os.path.join(at, "soft.db"))
        os.link(self.server.db, os.path.join(at, "hard.db"))
        os.mkdir(os.path.join(at, "deep"))
        os.symlink("../notes.db", os.path.join(at, "deep", "soft.db"))
        os.symlink("..", os.path.join(at, "deep", "up"))
        for name in ("notes.db", "./notes.db", "soft.db", "hard.db", "deep/soft.db", "deep/up/notes.db", self.server.db):
            with self.subTest(name):
                self.refused("sqlite:" + name)
        self.assertFalse(os.path.exists(os.path.join(at, "hard.db-freshet.lock")))
        self.server.finish()

    def test_a_killed_server_leaves_no_lock(self):
        self.server.kill()
        self.server.start()
        self.assertEqual(self.server.post(NOTES, {"title": "again"}).status, 201)
        self.server.finish()

    def test_other_spellings_are_refused_with_the_right_one(self):
        folder = tempfile.mkdtemp(prefix="freshet-")
        try:
            for wrong, right in (("sqlite:file:x.db", "sqlite:x.db"), ("sqlite://x.db", "sqlite:x.db"),
                                 ("sqlite:///x.db", "sqlite:/x.db, or sqlite:x.db"), ("sqlite:x.db?mode=ro", "sqlite:x.db")):
                with self.subTest(wrong):
                    done = run("shelf", "--listen", "127.0.0.1:0", "--db", wrong, folder=folder)
                    self.assertEqual(done.returncode, 2, done.stderr)
                    self.assertIn('--db: cannot open database "%s": write %s' % (wrong, right), done.stderr.decode())
                    self.assertEqual(os.listdir(folder), [])
        finally:
            shutil.rmtree(folder)
        self.server.finish()


class Loss(unittest.TestCase):
    def lose(self, act, *options):
        """A file goes away under a server with watchers. Returns what it said, when it has ended."""
        server = Server("shelf", "--drain", "300ms", *options, db="notes.db")
        try:
            self.assertEqual(server.post(NOTES, {"title": "answered"}).status, 201)
            watchers = [Live(server, NOTES) for _ in range(4)] + [Live(server, NOTES + "1/") for _ in range(4)]
            act(server)
            answers = self.write_until_refused(server)
            for watcher in watchers:
                self.hear_of_loss(watcher)
            code = server.process.wait(PATIENCE)
            server.reader.join(PATIENCE)
            server.process.stdout.close()
            self.assertEqual(code, 5, server.output())
            self.assertIsNone(REPORT.search(server.output()), server.output())
            errors = [line for line in server.lines if " ERROR " in line]
            self.assertEqual(len(errors), 1, errors)
            self.assertIn(" ERROR db.gone path=", errors[0])
            self.check(server, answers)
        finally:
            server.remove()

    def write_until_refused(self, server):
        """The idle look may have been first; then the server may have ended by now."""
        try:
            answer = server.post(NOTES, {"title": "late"})
        except OSError:
            return []
        self.assertEqual((answer.status, answer.json["detail"]), (503, TEXT_OF_LOSS))
        try:
            self.assertEqual(server.get(NOTES).status, 503)
        except OSError:
            pass
        return [answer]

    def hear_of_loss(self, watcher):
        frame = json.loads(watcher.receive())
        self.assertEqual((frame["type"], frame["status"], frame["detail"]), ("error", 503, TEXT_OF_LOSS))
        self.assertEqual(watcher.wait_close().code, 1013)
        watcher.send_close(1013)
        watcher.sock.close()

    def check(self, server, answers):
        pass

    def test_a_file_that_is_deleted_ends_the_server(self):
        self.lose(lambda server: os.unlink(server.db))

    def test_files_that_are_all_deleted_end_the_server(self):
        self.lose(lambda server: [os.unlink(server.db + end) for end in ("", "-wal", "-shm")])

    def test_a_log_that_is_deleted_ends_the_server_and_nothing_is_lost(self):
        self.check = self.has_answered_rows
        self.lose(lambda server: os.unlink(server.db + "-wal"))

    def has_answered_rows(self, server, answers):
        found = sqlite3.connect(server.db)
        self.assertEqual(found.execute("pragma integrity_check").fetchall(), [("ok",)])
        self.assertEqual(found.execute("select title from note where title = 'answered'").fetchall(), [("answered",)])
        found.close()

    def test_a_file_that_is_replaced_ends_the_server_and_stays_whole(self):
        def replace(server):
            other = sqlite3.connect(server.db + ".new")
            other.execute("pragma journal_mode=wal")
            other.executescript("create table note(id integer primary key autoincrement, title varchar(200) not null);"
                                "with recursive n(i) as (select 1 union all select i + 1 from n limit 3000)"
                                "insert into note(title) select 'other ' || i from n")
            other.close()
            os.rename(server.db + ".new", server.db)

        def check(server, answers):
            found = sqlite3.connect(server.db)
            self.assertEqual(found.execute("pragma integrity_check").fetchall(), [("ok",)])
            self.assertEqual(found.execute("select count(*) from note where title like 'other %'").fetchone()[0], 3000)
            found.close()
            server.start()  # it is served as any other
            self.assertEqual(server.post(NOTES, {"title": "served"}).status, 201)
            self.assertEqual(server.stop(), 0)
        self.check = check
        self.lose(replace)

    def test_an_idle_server_notices_within_its_look(self):
        server = Server("shelf", "--drain", "100ms", db="notes.db")
        try:
            os.rename(server.db, server.db + ".old")
            self.assertEqual(server.process.wait(PATIENCE), 5)
        finally:
            server.reader.join(PATIENCE)
            server.process.stdout.close()
            server.remove()

    def test_a_signal_ends_it_before_and_the_code_is_5_all_the_same(self):
        server = Server("shelf", "--drain", "60s", db="notes.db")
        try:
            os.unlink(server.db)
            self.assertEqual(server.post(NOTES, {"title": "late"}).status, 503)
            self.assertEqual(server.stop(signal.SIGTERM), 5)
        finally:
            server.remove()

    def test_a_further_name_ends_nothing_and_is_warned_of(self):
        server = Server("shelf", db="notes.db")
        try:
            os.link(server.db, server.db + ".copy")
            wait_until(lambda: "WARN db.files" in server.output())
            self.assertEqual(server.post(NOTES, {"title": "served"}).status, 201)
            self.assertTrue(re.search(r"WARN db\.files path=\S+ names=2", server.output()), server.output())
            server.finish()
        finally:
            server.remove()


if __name__ == "__main__":
    unittest.main()
