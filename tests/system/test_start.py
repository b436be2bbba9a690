"""What does not fit is found at the start, before anything is changed: what is said, the exit code, and that a start that
failed leaves no trace."""
import contextlib
import glob
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import threading
import unittest

from live import Live
from server import BUILD, PATIENCE, Server, program

NOBODY = 65534

# As Django 6.1 makes them.
DJANGO_USER = """CREATE TABLE "auth_user" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "password" varchar(128) NOT NULL,
 "last_login" datetime NULL, "is_superuser" bool NOT NULL, "username" varchar(150) NOT NULL UNIQUE,
 "last_name" varchar(150) NOT NULL, "email" varchar(254) NOT NULL, "is_staff" bool NOT NULL, "is_active" bool NOT NULL,
 "date_joined" datetime NOT NULL, "first_name" varchar(150) NOT NULL)"""
DJANGO_SAMPLE = """CREATE TABLE "app_sample" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
 "char" varchar(10) NOT NULL, "small" smallint NOT NULL, "positive" integer unsigned NOT NULL CHECK ("positive" >= 0),
 "big" bigint unsigned NOT NULL CHECK ("big" >= 0), "real" real NOT NULL, "decimal" decimal NOT NULL, "flag" bool NULL,
 "day" date NULL, "moment" datetime NULL, "clock" time NULL, "period" bigint NULL, "uid" char(32) NULL UNIQUE,
 "data" text NULL CHECK ((JSON_VALID("data") OR "data" IS NULL)), "email" varchar(254) NOT NULL, "ip" char(39) NULL,
 "total" integer GENERATED ALWAYS AS (("small" + "positive")) STORED,
 "user_id" integer NOT NULL REFERENCES "auth_user" ("id") DEFERRABLE INITIALLY DEFERRED)"""
NOTES = "CREATE TABLE note (id integer PRIMARY KEY, title varchar(20) NOT NULL, tag varchar(20) NOT NULL UNIQUE)"


class Start(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="freshet-")
        self.folder = self.temporary.name
        self.db = os.path.join(self.folder, "start.db")
        os.chmod(self.folder, 0o777)

    def tearDown(self):
        os.chmod(self.folder, 0o777)
        self.temporary.cleanup()

    def make(self, *statements):
        with contextlib.closing(sqlite3.connect(self.db)) as db:
            for statement in statements:
                db.execute(statement)
            db.commit()
        os.chmod(self.db, 0o666)

    def run_it(self, listen="127.0.0.1:0", url=None, **more):
        return subprocess.run([self.program(), "--listen", listen, "--workers", "1", "--db", url or "sqlite:" + self.db],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=PATIENCE,
                              cwd=self.folder, **more)

    def program(self):
        return program("start")

    def traces(self):
        """All that is in the folder: names, bytes, and when they were changed."""
        found = {}
        for name in os.listdir(self.folder):
            path = os.path.join(self.folder, name)
            with open(path, "rb") as file:
                found[name] = (os.stat(path).st_mtime_ns, file.read())
        return found

    def assert_refused(self, code, *words, **more):
        """One line, this code, and nothing in the folder is other than it was."""
        before = self.traces()
        done = self.run_it(**more)
        text = done.stderr.decode()
        self.assertEqual(done.returncode, code, text)
        lines = [line for line in text.splitlines() if line.startswith("start: ")]
        self.assertEqual(len(lines), 1, text)
        for word in words:
            self.assertIn(word, lines[0])
        self.assertEqual(self.traces(), before)
        return lines[0], text

    def serve(self):
        server = Server("start", "--log", "warn", db=self.db, folder=self.folder)
        self.addCleanup(server.finish)
        return server


class Refused(Start):
    def test_a_column_that_is_not_there(self):
        self.make("CREATE TABLE note (id integer PRIMARY KEY, tag varchar(20) NOT NULL UNIQUE)")
        line, _ = self.assert_refused(3, "table note", "has no column title", "field title of model note")
        self.mend(line)

    def mend(self, line):
        """Do what the line says, and start."""
        self.make(*re.search(r"((?:ALTER|CREATE) .*)$", line).group(1).split("; "))
        self.assertEqual(self.serve().get("/notes/").status, 200)

    def test_unique_in_the_model_and_not_in_the_table(self):
        self.make("CREATE TABLE note (id integer PRIMARY KEY, title varchar(20) NOT NULL, tag varchar(20) NOT NULL)")
        line, _ = self.assert_refused(3, "two rows may have the same tag", "CREATE UNIQUE INDEX")
        self.mend(line)

    def test_a_database_with_a_log_keeps_its_files(self):
        self.make("PRAGMA journal_mode = WAL", "CREATE TABLE note (id integer PRIMARY KEY)")
        self.assert_refused(3, "has no column title")

    def test_another_key(self):
        self.make("CREATE TABLE note (id integer, title varchar(20) NOT NULL, tag varchar(20) PRIMARY KEY)")
        self.assert_refused(3, "primary key is not id alone")

    def test_a_view(self):
        self.make("CREATE VIEW note AS SELECT 1 AS id, 'a' AS title, 'b' AS tag")
        self.assert_refused(3, "it is a view")

    def test_all_that_does_not_fit_is_told_at_once(self):
        self.make("CREATE TABLE note (id integer PRIMARY KEY, title integer, tag varchar(20) NOT NULL)")
        _, text = self.assert_refused(3, "two rows may have the same tag")
        self.assertIn("column title is INTEGER", text.upper().replace("COLUMN TITLE IS", "column title is"))
        self.assertIn("column title may be NULL", text)

    def test_a_file_that_is_no_database(self):
        with open(self.db, "w") as file:
            file.write("this is not a database\n" * 500)
        self.assert_refused(5, "is not a SQLite database")

    def test_a_url_that_names_no_database(self):
        self.make(NOTES)
        for url in ("mysql://somewhere", "sqlite::memory:", "sqlite:"):
            self.assert_refused(2, "--db: ", url=url)

    def test_a_port_in_use_changes_no_database(self):
        self.make(NOTES)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.assert_refused(4, "in use", listen="127.0.0.1:%d" % taken.getsockname()[1])

    def test_a_port_in_use_makes_no_database(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.assert_refused(4, "in use", listen="127.0.0.1:%d" % taken.getsockname()[1])

    def test_a_database_that_another_program_has_locked(self):
        self.make(NOTES)
        with contextlib.closing(sqlite3.connect(self.db, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            before = sorted(os.listdir(self.folder))
            done = self.run_it()
            self.assertEqual((done.returncode, sorted(os.listdir(self.folder))), (5, before), done.stderr)
            self.assertIn(b"locked by another program", done.stderr)
            other.execute("ROLLBACK")
            self.assertEqual(other.execute("PRAGMA journal_mode").fetchall(), [("delete",)])

    def test_a_database_that_another_program_writes(self):
        self.make(NOTES)
        with contextlib.closing(sqlite3.connect(self.db, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            names = sorted(os.listdir(self.folder))
            done = self.run_it()
            self.assertEqual((done.returncode, sorted(os.listdir(self.folder))), (5, names), done.stderr)
            other.execute("ROLLBACK")
            self.assertEqual(other.execute("PRAGMA journal_mode").fetchall(), [("delete",)])
            self.assertEqual(other.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'freshet%'").fetchall(), [])

    def test_a_second_server(self):
        self.make(NOTES)
        self.serve()
        done = self.run_it()
        self.assertEqual(done.returncode, 5)
        self.assertIn(b"in use by another freshet", done.stderr)


@unittest.skipUnless(os.getuid() == 0, "nobody else to become")
class MayNotWrite(Start):
    """As somebody who may not: what is said names the file and why, with code 5."""

    @classmethod
    def setUpClass(cls):
        """The program and its library where everybody may read them: the folder of the build may be closed to others."""
        cls.open = tempfile.TemporaryDirectory(prefix="freshet-")
        os.chmod(cls.open.name, 0o755)
        for path in [program("start")] + glob.glob(os.path.join(BUILD, "libfreshet.so*")):
            shutil.copy(path, cls.open.name, follow_symlinks=True)

    @classmethod
    def tearDownClass(cls):
        cls.open.cleanup()

    def program(self):
        return os.path.join(self.open.name, "start")

    def run_it(self, **more):
        return super().run_it(env=dict(os.environ, LD_LIBRARY_PATH=self.open.name), **more)

    def as_nobody(self, *words, wal=False, file=0o644, folder=0o777):
        self.make(NOTES)
        if wal:
            self.make("PRAGMA journal_mode = WAL")
        os.chmod(self.db, file)
        os.chmod(self.folder, folder)
        self.assert_refused(5, *words, user=NOBODY, group=NOBODY)

    def test_a_file(self):
        self.as_nobody("start.db may not be written: Permission denied")

    def test_a_file_with_a_log(self):
        self.as_nobody("start.db may not be written: Permission denied", wal=True)

    def test_a_file_that_may_not_be_read(self):
        self.as_nobody("start.db may not be written: Permission denied", file=0o600)

    def test_a_folder(self):
        self.as_nobody("may not be written: Permission denied", "folder", file=0o666, folder=0o755)

    def test_a_folder_that_a_link_leads_to(self):
        with tempfile.TemporaryDirectory(prefix="freshet-") as other:
            self.make(NOTES)
            os.rename(self.db, os.path.join(other, "real.db"))
            os.symlink(os.path.join(other, "real.db"), self.db)
            os.chmod(other, 0o755)
            self.assert_refused(5, "the folder %s may not be written" % other, user=NOBODY, group=NOBODY)

    def test_a_folder_where_it_would_be_made(self):
        os.chmod(self.folder, 0o755)
        self.assert_refused(5, "may not be written: Permission denied", "folder", user=NOBODY, group=NOBODY)

    def test_a_folder_that_is_not_there(self):
        self.db = os.path.join(self.folder, "no", "start.db")
        self.assert_refused(5, "no", "No such file or directory")


class Warned(Start):
    def test_columns_of_other_types_are_told_with_what_mends_them(self):
        self.make("CREATE TABLE note (id integer PRIMARY KEY, title integer NOT NULL, tag varchar(20) UNIQUE)")
        server = self.serve()
        self.assertEqual(server.get("/notes/").status, 200)
        said = [line for line in server.output().splitlines() if "db.schema" in line and "table=note" in line]
        self.assertEqual(len(said), 2, said)
        self.assertRegex(said[0].lower(), 'column title is integer.*alter table .*drop column')
        self.assertIn("column tag may be NULL", said[1])

    def test_tables_of_django_are_as_their_models_say(self):
        self.make(DJANGO_USER, DJANGO_SAMPLE, "CREATE INDEX s ON app_sample (user_id)",
                  "INSERT INTO auth_user VALUES (1, 'x', NULL, 0, 'ann', '', '', 0, 1, '2024-01-02 03:04:05', 'Ann')")
        server = self.serve()
        row = {"char_": "c", "small": 1, "positive": 2, "big": 3, "real": 1.5, "decimal": "1.50", "flag": None, "day": "2024-01-02",
               "moment": "2024-01-02T03:04:05Z", "clock": "03:04:05", "period": "00:00:01",
               "uid": "00000000-0000-0000-0000-000000000007", "data": {"a": [1]}, "email": "a@b.com", "ip": "::1", "user": 1}
        reply = server.post("/samples/", row)
        self.assertEqual((reply.status, reply.json), (201, dict(row, id=1, total=3)))
        self.assertNotIn("app_sample", server.output())
        self.assertEqual(server.post("/samples/", dict(row, uid=None, positive=-1)).status, 400)  # its CHECK


class OnlyCreates(Start):
    """A column that must be given, and that the model does not name, keeps rows from being added there; nothing else."""

    def test_only_creates_on_that_table_are_refused_in_words(self):
        self.make(DJANGO_USER, NOTES,
                  "INSERT INTO auth_user VALUES (1, 'x', NULL, 0, 'ann', '', '', 0, 1, '2024-01-02 03:04:05', 'Ann')")
        server = self.serve()
        users = Live(server, "/users/")
        self.assertEqual(server.get("/users/").json, [{"id": 1, "username": "ann"}])
        reply = server.post("/users/", {"username": "bob"})
        self.assertGreaterEqual(reply.status, 400)
        self.assertRegex(reply.json["detail"], "No user can be added")
        self.assertEqual(server.patch("/users/1/", {"username": "eve"}).json, {"id": 1, "username": "eve"})
        self.assertEqual(users.next()["changes"][0]["op"], "update")
        self.assertEqual(server.post("/notes/", {"title": "t", "tag": "a"}).status, 201)
        self.assertEqual(server.delete("/users/1/").status, 204)
        users.close()
        said = [line for line in server.output().splitlines() if "table=auth_user" in line]
        self.assertEqual(len(said), 1, said)  # one warning, however many columns there are

    def test_a_key_that_the_database_does_not_give_is_told_too(self):
        self.make("CREATE TABLE note (id int PRIMARY KEY, title varchar(20) NOT NULL, tag varchar(20) NOT NULL UNIQUE)",
                  "INSERT INTO note VALUES (1, 't', 'a')")
        server = self.serve()
        reply = server.post("/notes/", {"title": "t", "tag": "b"})
        self.assertEqual((reply.status, reply.json), (500, {"detail": "No note can be added: the database gives no numbers to its rows."}))
        self.assertEqual(server.patch("/notes/1/", {"title": "u"}).json, {"id": 1, "title": "u", "tag": "a"})
        self.assertRegex(server.output(), "db.schema table=note .*gives no numbers to column id")


if __name__ == "__main__":
    unittest.main()
