"""A database that Django made: served, changed and watched by us, and read back by Django itself."""
import datetime
import os
import re
import shutil
import sqlite3
import sys
import tempfile
import unittest

import django
from django.apps import AppConfig
from django.conf import settings

from live import Live
from server import ROOT, Server
from wsclient import Closed

COMPAT = os.path.join(ROOT, "tests", "compat")
STORED = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?$")
FOLDER = tempfile.mkdtemp(prefix="freshet-django-")

sys.path.insert(0, os.path.join(COMPAT, "reference"))


class Realtime(AppConfig):
    """The app without its signals, which need Channels."""
    name = "realtime"


settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(FOLDER, "site.db"), "OPTIONS": {"timeout": 20}}},
    INSTALLED_APPS=[__name__ + ".Realtime"], DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", USE_TZ=True, TIME_ZONE="UTC")
django.setup()
from django.db import connection, models, transaction  # noqa: E402
from realtime.models import MyModel  # noqa: E402


def tearDownModule():
    connection.close()
    shutil.rmtree(FOLDER)


def iso(moment):
    """A datetime as Django REST framework prints it."""
    return moment.isoformat().replace("+00:00", "Z")


def printed(row):
    return {"id": row.pk, "name": row.name, "value": row.value, "created_at": iso(row.created_at), "updated_at": iso(row.updated_at)}


def printed_all():
    return [printed(row) for row in MyModel.objects.all()]


class Site(unittest.TestCase):
    def setUp(self):
        connection.close()
        for suffix in ("", "-wal", "-shm", "-journal"):
            if os.path.exists(os.path.join(FOLDER, "site.db") + suffix):
                os.remove(os.path.join(FOLDER, "site.db") + suffix)
        db = sqlite3.connect(os.path.join(FOLDER, "site.db"))
        for name in ("schema.sql", "fixture.sql"):
            with open(os.path.join(COMPAT, name), encoding="utf-8") as text:
                db.executescript(text.read())
        self.schema = self.tables(db)
        db.close()
        self.server = Server("realtime-update", "--log", "warn", db="site.db", folder=FOLDER)

    def tearDown(self):
        connection.close()
        self.server.finish()
        db = sqlite3.connect(os.path.join(FOLDER, "site.db"))
        self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        self.assertEqual(self.tables(db), self.schema)  # nothing of Django's was altered
        db.close()

    def tables(self, db):
        rows = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall()
        return [row for row in rows if not row[2].startswith("freshet_") and row[2] != "note"]

    def get(self):
        reply = self.server.get("/recipe/mymodel/")
        self.assertEqual(reply.status, 200, reply)
        return reply.json

    def raw(self, key):
        with connection.cursor() as cursor:
            cursor.execute("SELECT typeof(name), typeof(value), CAST(created_at AS TEXT), CAST(updated_at AS TEXT), "
                           "typeof(created_at) FROM realtime_mymodel WHERE id = %s", [key])
            return cursor.fetchone()

    def test_the_rows_are_served_as_the_reference_prints_them(self):
        rows = self.get()
        self.assertEqual(len(rows), 100)
        self.assertEqual(rows, printed_all())
        self.assertEqual(rows[0], {"id": 1, "name": "row 1", "value": 1, "created_at": "2024-03-01T13:00:00.001001Z",
                                   "updated_at": "2024-03-02T13:00:00Z"})
        self.assertEqual(self.server.get("/recipe/mymodel/7/").json, printed(MyModel.objects.get(pk=7)))

    def test_django_reads_what_was_created(self):
        before = datetime.datetime.now(datetime.timezone.utc)
        for name, value in [("plain", 3), ("Grüße 日本 🎉", -7), ("with ' and \" and %", 2147483647), ("x" * 100, 0)]:
            reply = self.server.post("/recipe/mymodel/", {"name": name, "value": value})
            self.assertEqual(reply.status, 201, reply)
            row = MyModel.objects.get(pk=reply.json["id"])
            self.assertEqual((row.name, row.value), (name, value))
            self.assertEqual(printed(row), reply.json)
            self.assertTrue(before <= row.created_at <= datetime.datetime.now(datetime.timezone.utc))
            kinds = self.raw(row.pk)
            self.assertEqual((kinds[0], kinds[1], kinds[4]), ("text", "integer", "text"))
            self.assertRegex(kinds[2], STORED)
            self.assertRegex(kinds[3], STORED)
            self.assertEqual(MyModel.objects.filter(created_at=row.created_at, name=name, value=value).count(), 1)
        self.assertEqual(self.server.post("/recipe/mymodel/", {"name": "without value"}).json["value"], 0)  # the model's default
        self.assertEqual(MyModel.objects.filter(created_at__gte=before).count(), 5)

    def test_django_reads_what_was_changed(self):
        old = MyModel.objects.get(pk=5)
        reply = self.server.patch("/recipe/mymodel/5/", {"value": 77})
        self.assertEqual((reply.status, reply.json["value"], reply.json["name"]), (200, 77, "row 5"))
        row = MyModel.objects.get(pk=5)
        self.assertEqual(printed(row), reply.json)
        self.assertEqual(row.created_at, old.created_at)
        self.assertGreater(row.updated_at, old.updated_at)
        reply = self.server.put("/recipe/mymodel/6/", {"name": "six", "value": 66})
        self.assertEqual(reply.status, 200, reply)
        self.assertEqual(printed(MyModel.objects.get(pk=6)), reply.json)
        self.assertEqual(MyModel.objects.count(), 100)

    def test_django_misses_what_was_deleted_and_keys_are_not_given_twice(self):
        last = self.server.post("/recipe/mymodel/", {"name": "last", "value": 1}).json["id"]
        self.assertEqual(last, 101)
        self.assertEqual(self.server.delete("/recipe/mymodel/%d/" % last).status, 204)
        self.assertFalse(MyModel.objects.filter(pk=last).exists())
        self.assertEqual(MyModel.objects.create(name="by django").pk, last + 1)
        self.assertEqual(self.server.post("/recipe/mymodel/", {"name": "next", "value": 1}).json["id"], last + 2)

    def test_what_django_writes_is_served(self):
        row = MyModel.objects.create(name="by Django", value=11)
        self.assertEqual(self.server.get("/recipe/mymodel/%d/" % row.pk).json, printed(row))
        MyModel.objects.filter(pk=1).update(name="changed by Django", created_at=datetime.datetime(2000, 1, 2, tzinfo=datetime.timezone.utc))
        self.assertEqual(self.server.get("/recipe/mymodel/1/").json["created_at"], "2000-01-02T00:00:00Z")
        MyModel.objects.filter(pk__in=[2, 3]).delete()
        MyModel.objects.bulk_create([MyModel(name="b%d" % i, value=i) for i in range(20)])
        self.assertEqual(self.get(), printed_all())
        self.assertEqual(self.server.get("/recipe/mymodel/2/").status, 404)

    def test_both_write_by_turns(self):
        for i in range(30):
            key = self.server.post("/recipe/mymodel/", {"name": "t%d" % i, "value": i}).json["id"]
            row = MyModel.objects.get(pk=key)
            row.value += 1000
            row.save()
            self.assertEqual(self.server.patch("/recipe/mymodel/%d/" % key, {"name": "u%d" % i}).json["value"], 1000 + i)
        self.assertEqual(self.get(), printed_all())

    def test_a_transaction_that_django_rolls_back_is_not_served(self):
        try:
            with transaction.atomic():
                MyModel.objects.create(name="ghost")
                raise RuntimeError
        except RuntimeError:
            pass
        self.assertFalse([row for row in self.get() if row["name"] == "ghost"])

    def test_what_is_not_valid_is_refused_in_the_reference_words(self):
        for body, wrong in [
            ({"value": 1}, {"name": ["This field is required."]}),
            ({"name": "", "value": 1}, {"name": ["This field may not be blank."]}),
            ({"name": "x" * 101}, {"name": ["Ensure this field has no more than 100 characters."]}),
            ({"name": "a", "value": "many"}, {"value": ["A valid integer is required."]}),
            ({"name": "a", "value": None}, {"value": ["This field may not be null."]}),
            ({"name": None, "value": 1.5}, {"name": ["This field may not be null."], "value": ["A valid integer is required."]}),
        ]:
            reply = self.server.post("/recipe/mymodel/", body)
            self.assertEqual((reply.status, reply.json), (400, wrong), body)
        self.assertEqual(MyModel.objects.count(), 100)

    def test_read_only_fields_are_ignored(self):
        reply = self.server.post("/recipe/mymodel/", {"id": 5, "name": "mine", "value": 1, "created_at": "2000-01-01T00:00:00Z"})
        self.assertEqual(reply.json["id"], 101)
        self.assertFalse(reply.json["created_at"].startswith("2000"))

    def test_the_table_can_be_watched(self):
        with Live(self.server, "/recipe/mymodel/") as ws:
            self.assertEqual(list(ws.rows.values()), printed_all())
            made = self.server.post("/recipe/mymodel/", {"name": "live", "value": 3}).json
            self.assertEqual(ws.next()["changes"], [{"op": "create", "id": 101, "data": made}])
            changed = self.server.patch("/recipe/mymodel/1/", {"value": 77}).json
            self.assertEqual(ws.next()["changes"], [{"op": "update", "id": 1, "data": changed}])
            self.assertEqual(self.server.post("/recipe/mymodel/", {"name": ""}).status, 400)
            self.server.delete("/recipe/mymodel/1/")
            self.assertEqual(ws.next()["changes"], [{"op": "delete", "id": 1}])
            self.assertEqual(sorted(ws.rows), [row["id"] for row in printed_all()])

    # What is told here stands in docs/operations.md, "Beside Django's migrations".

    def migrate(self, alter, *fields):
        """As a migration does it while the server runs; fields of the model's table, which freshet's model may not name."""
        connection.close()
        with connection.schema_editor() as editor:
            getattr(editor, alter)(MyModel, *fields)
        db = sqlite3.connect(os.path.join(FOLDER, "site.db"))
        self.schema = self.tables(db)
        db.close()

    def field(self, name, kind, **options):
        field = kind(**options)
        field.set_attributes_from_name(name)
        field.model = MyModel
        return field

    def test_a_migration_of_what_the_model_does_not_name_is_not_noticed(self):
        more = self.field("more", models.TextField, null=True)
        old, new = MyModel._meta.get_field("name"), self.field("name", models.CharField, max_length=120)
        with Live(self.server, "/recipe/mymodel/") as ws:
            for alter, fields in (("add_field", [more]), ("alter_field", [old, new])):  # the latter makes the table anew
                self.migrate(alter, *fields)
                changed = self.server.patch("/recipe/mymodel/1/", {"name": alter}).json
                ws.until(lambda rows, changed=changed: rows.get(1) == changed)
                self.assertEqual(sorted(ws.rows), [row["id"] for row in self.get()])
                self.assertEqual(self.server.post("/recipe/mymodel/", {"name": alter, "value": 1}).status, 201)

    def test_a_column_that_must_be_given_keeps_rows_from_being_added_and_nothing_else(self):
        self.migrate("add_field", self.field("must", models.IntegerField, default=5))
        refused = self.server.post("/recipe/mymodel/", {"name": "new", "value": 1})
        self.assertEqual(refused.status, 500)
        self.assertIn("must", refused.json["detail"])
        self.assertEqual(self.server.patch("/recipe/mymodel/1/", {"name": "still"}).json["name"], "still")
        self.assertEqual(self.server.delete("/recipe/mymodel/2/").status, 204)
        self.assertEqual(self.server.post("/api/notes/", {"title": "another table", "done": False}).status, 201)

    def test_a_column_of_the_model_that_a_migration_drops_ends_that_table_alone_until_it_is_back(self):
        value = MyModel._meta.get_field("value")
        with Live(self.server, "/recipe/mymodel/") as gone, Live(self.server, "/api/notes/") as notes:
            self.migrate("remove_field", value)
            self.assertEqual(self.server.post("/api/notes/", {"title": "goes on", "done": False}).status, 201)
            notes.until(lambda rows: len(rows) == 1)
            frames = []
            with self.assertRaises(Closed) as closed:
                while True:
                    frames.append(gone.receive_json())
            self.assertEqual((closed.exception.code, frames[-1]["type"], frames[-1]["status"]), (1011, "error", 500))
            self.assertEqual(self.server.get("/recipe/mymodel/").status, 500)
        self.migrate("add_field", value)
        self.assertEqual(self.server.patch("/recipe/mymodel/1/", {"value": 3}).json["value"], 3)
        with Live(self.server, "/recipe/mymodel/") as again:
            self.assertEqual(again.rows[1]["value"], 3)


class Elsewhere(unittest.TestCase):
    def test_without_the_table_there_is_no_route(self):
        server = Server("realtime-update", db="notes.db")
        try:
            self.assertEqual(server.get("/recipe/mymodel/").status, 404)
            self.assertEqual(server.get("/api/notes/").status, 200)
        finally:
            server.finish()


if __name__ == "__main__":
    unittest.main()
