"""Kinds of fields and what models say: tables, answers and stored rows are what Django makes of the same models."""
import os
import re
import shutil
import sqlite3
import sys
import tempfile
import types
import unittest
import uuid

import django
from django.apps import AppConfig
from django.conf import settings

from server import Server

FOLDER = tempfile.mkdtemp(prefix="freshet-kinds-")
app = types.ModuleType("app", "The models of tests/unit/model/kinds.h.")
app.__path__ = [FOLDER]
app.__file__ = os.path.join(FOLDER, "__init__.py")
sys.modules["app"] = app

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(FOLDER, "django.db")}},
    INSTALLED_APPS=["app"], DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", USE_TZ=True, TIME_ZONE="UTC")
django.setup()
from django.db import connection, models  # noqa: E402

INTEGERS = {"integer": models.IntegerField, "small": models.SmallIntegerField, "big": models.BigIntegerField,
            "positive": models.PositiveIntegerField, "positive_small": models.PositiveSmallIntegerField,
            "positive_big": models.PositiveBigIntegerField}


class Base(models.Model):
    class Meta:
        abstract = True
        app_label = "app"


class Numbers(Base):
    for _name, _field in INTEGERS.items():
        locals()[_name] = _field(null=_name == "positive_big", default=0)
    bounded = models.IntegerField(default=5)
    char = models.CharField(max_length=10, default="x")


class Strict(Base):
    for _name, _field in INTEGERS.items():
        locals()[_name] = _field(default=0)


class Project(Base):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=20)


    partners = models.ManyToManyField("self", blank=True, symmetrical=False, related_name="partner_of")


class Label(Base):
    slug = models.SlugField(primary_key=True, max_length=20)


class Team(Base):
    projects = models.ManyToManyField(Project, through="Membership", related_name="teams")


class Membership(Base):
    team = models.ForeignKey(Team, models.CASCADE)
    project = models.ForeignKey(Project, models.CASCADE)
    role = models.CharField(max_length=20)

    class Meta(Base.Meta):
        abstract = False
        unique_together = [("team", "project")]


class Country(Base):
    code = models.CharField(primary_key=True, max_length=2)
    name = models.CharField(max_length=20)


class City(Base):
    number = models.PositiveIntegerField(primary_key=True)
    country = models.ForeignKey(Country, models.CASCADE, related_name="cities")


class Task(Base):
    project = models.ForeignKey(Project, models.CASCADE, related_name="tasks")
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")
    city = models.ForeignKey(City, models.CASCADE, null=True)
    labels = models.ManyToManyField(Label, blank=True, related_name="tasks")


class Upload(Base):
    bytes = models.BinaryField(null=True)
    file = models.FileField(upload_to="files", max_length=60)
    image = models.FileField(upload_to="images/%Y", blank=True)  # ImageField has the same column, and asks for Pillow


class Sprint(Base):
    team = models.ForeignKey(Team, models.CASCADE, null=True)
    name = models.CharField(max_length=20)
    starts = models.DateField()
    ends = models.DateField()
    size = models.IntegerField(default=0)
    active = models.BooleanField(default=False)

    class Meta(Base.Meta):
        abstract = False
        unique_together = [("team", "name"), ("starts", "ends")]
        indexes = [models.Index(fields=["starts", "-ends"]), models.Index(fields=["-size"], name="by_size", condition=models.Q(active=True))]
        constraints = [
            models.UniqueConstraint(fields=["team"], condition=models.Q(active=True), name="one_active"),
            models.UniqueConstraint(fields=["name", "starts"], condition=models.Q(size__gt=0, team__isnull=False), name="measured"),
            models.UniqueConstraint(fields=["size", "name"], name="named_once"),
            models.CheckConstraint(check=models.Q(ends__gte=models.F("starts")), name="ends_late")]


class Post(Base):
    posted_on = models.DateField()
    slug = models.CharField(max_length=20)
    title = models.CharField(max_length=20, blank=True, default="")
    code = models.CharField(max_length=8, null=True)


class Event(Base):
    at = models.DateTimeField()


class Badge(Base):
    task = models.OneToOneField(Task, models.CASCADE, primary_key=True)
    text = models.CharField(max_length=20)


class Profile(Base):
    project = models.OneToOneField(Project, models.CASCADE)
    badge = models.ForeignKey(Badge, models.CASCADE, null=True)


ALL = [Post, Event, Upload, Numbers, Strict, Project, Label, Team, Membership, Sprint, Country, City, Task, Badge, Profile]
HIGHEST, LOWEST = 2 ** 63 - 1, -2 ** 63


def tearDownModule():
    connection.close()
    shutil.rmtree(FOLDER)


def definitions(path):
    """What a file's tables and indexes are, by name; the log's own left out."""
    db = sqlite3.connect(path)
    found = db.execute("SELECT name, sql FROM sqlite_master WHERE tbl_name LIKE 'app\\_%' ESCAPE '\\' AND sql IS NOT NULL").fetchall()
    db.close()
    return {name: re.sub("IF NOT EXISTS ", "", sql) for name, sql in found}


class Kinds(unittest.TestCase):
    def setUp(self):
        self.server = Server("kinds", "--log", "warn", db="kinds.db")

    def tearDown(self):
        self.server.finish()

    def made(self, path, body):
        answer = self.server.post(path, body)
        self.assertEqual(answer.status, 201, answer)
        return answer.json

    def refused(self, path, body, errors):
        answer = self.server.post(path, body)
        self.assertEqual((answer.status, answer.json), (400, errors))

    def test_tables_and_indexes_are_those_that_django_makes(self):
        with connection.schema_editor() as editor:
            for model in ALL:
                editor.create_model(model)
        connection.close()
        ours, theirs = definitions(self.server.db), definitions(os.path.join(FOLDER, "django.db"))
        self.assertEqual(sorted(ours), sorted(theirs))
        for name in theirs:
            with self.subTest(name):
                self.assertEqual(ours[name], theirs[name])

    def test_integers_have_64_bits_and_positive_ones_begin_at_0(self):
        ends = {name: (0 if name.startswith("positive") else LOWEST, HIGHEST) for name in INTEGERS}
        self.made("/numbers/", {name: low for name, (low, _) in ends.items()})
        row = self.made("/numbers/", {name: high for name, (_, high) in ends.items()})
        self.assertEqual({name: row[name] for name in ends}, {name: high for name, (_, high) in ends.items()})
        self.assertEqual(self.server.get("/numbers/%d/" % row["id"]).json, row)
        self.refused("/numbers/", {name: high + 1 for name, (_, high) in ends.items()},
                     {name: ["Ensure this value is less than or equal to %d." % HIGHEST] for name in ends})
        self.refused("/numbers/", {name: low - 1 for name, (low, _) in ends.items()},
                     {name: ["Ensure this value is greater than or equal to %d." % low] for name, (low, _) in ends.items()})
        self.refused("/numbers/", {"bounded": 11}, {"bounded": ["Ensure this value is less than or equal to 10."]})

    def test_a_strict_model_keeps_integers_to_32_and_16_bits(self):
        ends = {"integer": (-2 ** 31, 2 ** 31 - 1), "small": (-2 ** 15, 2 ** 15 - 1), "positive": (0, 2 ** 31 - 1),
                "positive_small": (0, 2 ** 15 - 1), "big": (LOWEST, HIGHEST), "positive_big": (0, HIGHEST)}
        self.made("/strict/", {name: low for name, (low, _) in ends.items()})
        self.made("/strict/", {name: high for name, (_, high) in ends.items()})
        self.refused("/strict/", {name: high + 1 for name, (_, high) in ends.items()},
                     {name: ["Ensure this value is less than or equal to %d." % high] for name, (_, high) in ends.items()})
        self.refused("/strict/", {name: low - 1 for name, (low, _) in ends.items()},
                     {name: ["Ensure this value is greater than or equal to %d." % low] for name, (low, _) in ends.items()})

    def test_a_field_whose_name_is_a_word_of_c_has_it_in_json_and_in_the_table(self):
        self.assertEqual(self.made("/numbers/", {"char": "y"})["char"], "y")
        db = sqlite3.connect(self.server.db)
        self.assertEqual(db.execute('SELECT "char" FROM app_numbers').fetchall(), [("y",)])
        db.close()

    def test_references_to_uuid_and_text_keys_are_written_read_and_filtered_by(self):
        project = self.made("/projects/", {"name": "a"})["id"]
        self.made("/projects/", {"name": "b"})
        self.made("/countries/", {"code": "kr", "name": "Korea"})
        self.assertEqual(self.made("/cities/", {"number": 7, "country": "kr"}), {"number": 7, "country": "kr"})
        task = self.made("/tasks/", {"project": project, "city": 7})
        self.assertEqual(task, {"id": 1, "project": project, "parent": None, "city": 7, "labels": []})
        child = self.made("/tasks/", {"project": project, "parent": 1})
        self.assertEqual(self.server.post("/tasks/1/touch/", {}).json, task)
        self.assertEqual(self.server.get("/tasks/?project=" + project).json, [task, child])
        self.assertEqual(self.server.get("/tasks/?city=7").json, [task])
        self.assertEqual(self.server.get("/cities/?country=kr").json, [{"number": 7, "country": "kr"}])
        other = str(uuid.uuid4())
        self.refused("/tasks/", {"project": other}, {"project": ['Invalid pk "%s" - object does not exist.' % other]})
        self.refused("/cities/", {"number": 8, "country": "xx"}, {"country": ['Invalid pk "xx" - object does not exist.']})

    def test_of_a_one_to_one_field_no_two_rows_refer_to_one(self):
        project = self.made("/projects/", {"name": "a"})["id"]
        task = self.made("/tasks/", {"project": project})["id"]
        self.assertEqual(self.made("/badges/", {"task": task, "text": "x"}), {"task": task, "text": "x"})
        self.assertEqual(self.made("/profiles/", {"project": project, "badge": task}), {"id": 1, "project": project, "badge": task})
        self.refused("/profiles/", {"project": project}, {"project": ["profile with this project already exists."]})
        self.refused("/badges/", {"task": task, "text": "y"}, {"task": ["badge with this task already exists."]})
        self.assertEqual(self.server.get("/badges/%d/" % task).json["text"], "x")
        self.assertEqual(self.server.request("PATCH", "/profiles/1/", {"project": project}).status, 200)
        self.assertEqual(self.server.get("/profiles/?project=" + project).json[0]["id"], 1)

    def test_bytes_are_base64_and_files_are_their_path_or_null(self):
        db = sqlite3.connect(self.server.db, isolation_level=None)
        db.execute("INSERT INTO app_upload (bytes, file, image) VALUES (x'00ff10', 'files/a.txt', '')")
        db.close()
        row = self.server.get("/uploads/1/").json
        self.assertEqual(row["bytes"], "AP8Q")
        self.assertTrue(row["file"].endswith("files/a.txt"))
        self.assertIsNone(row["image"])
        answer = self.server.post("/uploads/", {"bytes": "AAAA", "image": 5})
        self.assertEqual(answer.json["image"], ["The submitted data was not a file. Check the encoding type on the form."])
        self.assertNotIn("bytes", answer.json)
        told = self.server.request("OPTIONS", "/uploads/").json["actions"]["POST"]
        self.assertEqual([told[name]["type"] for name in ("bytes", "file", "image")], ["field", "file upload", "image upload"])
        self.assertTrue(told["bytes"]["read_only"])

    def test_sets_of_fields_are_unique_and_checks_hold_in_the_words_of_the_model(self):
        team = self.made("/teams/", {})["id"]
        sprint = {"team": team, "name": "a", "starts": "2020-01-01", "ends": "2020-01-14"}
        first = self.made("/sprints/", sprint)
        self.refused("/sprints/", dict(sprint, ends="2020-01-15", size=1), {"non_field_errors": ["The fields team, name must make a unique set."]})
        self.refused("/sprints/", dict(sprint, name="b", size=1), {"non_field_errors": ["The fields starts, ends must make a unique set."]})
        self.refused("/sprints/", dict(sprint, team=None, ends="2020-01-16"), {"non_field_errors": ["The fields size, name must make a unique set."]})
        self.refused("/sprints/", dict(sprint, name="c", ends="2019-01-01"), {"non_field_errors": ["A sprint can't end before it starts."]})
        active = {"team": team, "name": "d", "starts": "2021-01-01", "ends": "2021-01-02", "active": True}
        second = self.made("/sprints/", active)
        self.refused("/sprints/", dict(active, name="e", ends="2021-01-03"), {"non_field_errors": ["This team has an active sprint already."]})
        self.made("/sprints/", dict(active, name="e", ends="2021-01-04", active=False))
        answer = self.server.request("PATCH", "/sprints/%d/" % second["id"], {"name": "a"})
        self.assertEqual((answer.status, answer.json), (400, {"non_field_errors": ["The fields team, name must make a unique set."]}))
        self.assertEqual(self.server.request("PATCH", "/sprints/%d/" % first["id"], {"name": "a"}).status, 200)
        null = {"team": None, "name": "n", "starts": "2022-01-01"}
        self.made("/sprints/", dict(null, ends="2022-01-02", size=5))  # null is unlike null, and the condition asks for a team
        self.made("/sprints/", dict(null, ends="2022-01-03", size=6))

    def test_values_are_unique_for_a_day_a_month_or_a_year(self):
        first = {"posted_on": "2024-03-01", "slug": "a", "title": "t", "code": "c"}
        key = self.made("/posts/", first)["id"]
        taken = 'This field must be unique for the "posted_on" %s.'
        self.refused("/posts/", dict(first), {"slug": [taken % "date"]})
        self.refused("/posts/", dict(first, slug="b"), {"title": [taken % "month"]})
        self.refused("/posts/", dict(first, slug="b", title="u"), {"code": [taken % "year"]})
        self.refused("/posts/", dict(first, posted_on="2025-03-09", code="d"), {"title": [taken % "month"]})
        self.made("/posts/", dict(first, posted_on="2025-04-01"))
        self.made("/posts/", dict(first, posted_on="2026-05-01", code=None))
        self.refused("/posts/", dict(first, posted_on="2026-06-01", code=None), {"code": [taken % "year"]})
        required = ["This field is required."]
        answer = self.server.request("PATCH", "/posts/%d/" % key, {})
        # DRF ends at the first of these validators that lacks something.
        self.assertEqual((answer.status, answer.json), (400, {"slug": required, "posted_on": required}))
        self.assertEqual(self.server.request("PATCH", "/posts/%d/" % key, first).status, 200)

    def test_rows_between_go_with_either_side(self):
        project = self.made("/projects/", {"name": "a"})["id"]
        for _ in range(2):
            self.made("/tasks/", {"project": project})
        for slug in ("red", "blue"):
            self.made("/labels/", {"slug": slug})
        db = sqlite3.connect(self.server.db, isolation_level=None)
        db.executemany("INSERT INTO app_task_labels (task_id, label_id) VALUES (?, ?)", [(1, "red"), (1, "blue"), (2, "red")])
        with self.assertRaises(sqlite3.IntegrityError):
            db.execute("INSERT INTO app_task_labels (task_id, label_id) VALUES (1, 'red')")
        self.assertEqual(self.server.request("DELETE", "/tasks/1/").status, 204)
        self.assertEqual(db.execute("SELECT task_id, label_id FROM app_task_labels").fetchall(), [(2, "red")])
        self.assertEqual(self.server.get("/tasks/2/").json["labels"], ["red"])
        changed = self.server.request("PATCH", "/tasks/2/", {"labels": ["blue", "red"]})
        self.assertEqual((changed.status, sorted(changed.json["labels"])), (200, ["blue", "red"]))
        self.assertEqual(self.server.request("PATCH", "/tasks/2/", {"labels": ["red"]}).json["labels"], ["red"])
        self.assertEqual(self.server.request("DELETE", "/labels/red/").status, 204)
        self.assertEqual(db.execute("SELECT task_id, label_id FROM app_task_labels").fetchall(), [])
        db.close()


class Zone(unittest.TestCase):
    """Moments in the zone of --time-zone: input without an offset, output, days and parts; rows keep UTC."""

    def setUp(self):
        self.server = Server("kinds", "--log", "warn", "--time-zone", "Europe/Berlin", db="kinds.db")

    def tearDown(self):
        self.server.finish()

    def stored(self):
        db = sqlite3.connect(self.server.db)
        rows = [row[0] for row in db.execute("SELECT at FROM app_event ORDER BY id")]
        db.close()
        return rows

    def test_moments_are_understood_and_shown_in_the_zone_and_stored_in_utc(self):
        for given, shown, utc in [
                ("2024-01-05T10:11:12Z", "2024-01-05T11:11:12+01:00", "2024-01-05 10:11:12"),
                ("2024-07-05T10:11:12", "2024-07-05T10:11:12+02:00", "2024-07-05 08:11:12"),
                ("2024-03-31T02:30:00", "2024-03-31T03:30:00+02:00", "2024-03-31 01:30:00"),  # a gap
                ("2024-10-27T02:30:00", "2024-10-27T02:30:00+02:00", "2024-10-27 00:30:00"),  # a fold
                ("2024-10-27T02:30:00+01:00", "2024-10-27T02:30:00+01:00", "2024-10-27 01:30:00"),
                ("0001-01-01T00:00:00Z", "0001-01-01T00:53:28+00:53:28", "0001-01-01 00:00:00"),
                ("2024-01-05", "2024-01-05T00:00:00+01:00", "2024-01-04 23:00:00")]:
            with self.subTest(given):
                answer = self.server.post("/events/", {"at": given})
                self.assertEqual((answer.status, answer.json.get("at")), (201, shown), answer)
                self.assertEqual(self.server.get("/events/%d/" % answer.json["id"]).json["at"], shown)
                self.assertEqual(self.stored()[-1].split(".")[0], utc)
        answer = self.server.post("/events/", {"at": "9999-12-31T23:30:00Z"})
        self.assertEqual((answer.status, answer.json), (400, {"at": ["Datetime value out of range."]}))

    def test_days_and_parts_are_those_of_the_zone(self):
        for at in ("2023-12-31T23:30:00Z", "2024-06-30T22:30:00Z", "2024-12-31T22:30:00Z", "2024-12-31T23:30:00Z"):
            self.assertEqual(self.server.post("/events/", {"at": at}).status, 201)

        def found(query):
            answer = self.server.get("/events/?" + query)
            self.assertEqual(answer.status, 200, answer)
            return [row["id"] for row in answer.json]
        self.assertEqual(found("at__date=2024-01-01"), [1])
        self.assertEqual(found("at__year=2024"), [1, 2, 3])
        self.assertEqual(found("at__hour=0"), [1, 2, 4])
        self.assertEqual(found("at__gte=2025-01-01T00:00:00"), [4])
        self.assertEqual(found("at=2024-07-01T00:30:00"), [2])

    def test_a_request_may_use_a_zone_of_its_own(self):
        paris, kolkata = {"X-Time-Zone": "Europe/Paris"}, {"X-Time-Zone": "Asia/Kolkata"}
        answer = self.server.post("/events/", {"at": "2024-06-01T08:00:00"}, headers=kolkata)
        self.assertEqual((answer.status, answer.json["at"]), (201, "2024-06-01T08:00:00+05:30"))
        self.assertEqual(self.stored(), ["2024-06-01 02:30:00"])
        self.assertEqual(self.server.get("/events/1/", headers=paris).json["at"], "2024-06-01T04:30:00+02:00")
        self.assertEqual(self.server.get("/events/1/", headers={"X-Time-Zone": "UTC"}).json["at"], "2024-06-01T02:30:00Z")
        self.assertEqual(self.server.get("/events/1/").json["at"], "2024-06-01T04:30:00+02:00")
        for headers, hour in ((kolkata, 8), (paris, 4), ({}, 4)):
            self.assertEqual(len(self.server.get("/events/?at__hour=%d" % hour, headers=headers).json), 1)
            self.assertEqual(len(self.server.get("/events/?at__hour=7", headers=headers).json), 0)
        answer = self.server.get("/events/1/", headers={"X-Time-Zone": "Mars/Olympus"})
        self.assertEqual(answer.status, 400, answer)
        self.assertIn("there is no time zone \"Mars/Olympus\"", answer.json["detail"])

    def test_an_unknown_zone_is_told_before_anything_listens(self):
        for name, words in (("Europe/Nowhere", "there is no time zone \"Europe/Nowhere\""), ("../etc", "\"../etc\" is no name of a time zone")):
            other = Server("kinds", "--time-zone", name, db="other.db", start=False)
            with self.assertRaises(AssertionError) as told:
                other.start()
            self.assertIn(words, str(told.exception))
            other.remove()


if __name__ == "__main__":
    unittest.main()
