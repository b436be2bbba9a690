"""Users in a database that freshet made and Django goes on with: its tables, and what nobody is shown of them."""
import json
import os
import sqlite3
import subprocess
import unittest

from live import Live
from server import ROOT, Server

# Debian's Django, and the newest where ./dev compat --drf has made its virtual environment.
PYTHONS = ["/usr/bin/python3"] + [path for path in [os.path.join(ROOT, "build", "compat-drf", "venv", "bin", "python")] if os.path.exists(path)]
SITE = """
import sys
import django
from django.conf import settings
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1], "OPTIONS": {"timeout": 20}}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "rest_framework",
                    "rest_framework.authtoken"],
    SECRET_KEY="k" * 50, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", USE_TZ=True, TIME_ZONE="UTC")
django.setup()
"""
HASH = "pbkdf2_sha256$1500000$salt$c2VjcmV0LWhhc2g="
SECRET = ["password", "last_login", "is_superuser", "is_active", "date_joined"]


def django(python, path, code):
    """What a Django on the database prints when it runs this."""
    run = subprocess.run([python, "-W", "ignore", "-c", SITE + code, path], capture_output=True, text=True)
    if run.returncode:
        raise AssertionError("%s: %s" % (python, run.stdout + run.stderr))
    return run.stdout.strip()


class Users(unittest.TestCase):
    def setUp(self):
        self.server = Server("users", "--log", "debug", db="users.db")

    def tearDown(self):
        self.server.finish()

    def run_sql(self, *statements):
        db = sqlite3.connect(self.server.db, timeout=20)
        for statement in statements:
            db.execute(statement)
        db.commit()
        db.close()

    def add_user(self, key, name):
        self.run_sql("INSERT INTO auth_user VALUES (%d, '%s', NULL, 0, '%s', '', 'a@b.c', 0, 1, '2026-01-02 03:04:05', '')" % (key, HASH, name))


class Tables(Users):
    def test_django_finds_nothing_to_check_or_to_migrate(self):
        for python in PYTHONS:
            code = "from django.core.management import call_command\n" \
                   "call_command('check')\ncall_command('migrate', '--check', verbosity=0)\ncall_command('makemigrations', '--check', '--dry-run')"
            said = django(python, self.server.db, code)
            self.assertEqual(said, "System check identified no issues (0 silenced).\nNo changes detected")

    def test_django_makes_users_and_finds_the_permissions_of_our_models(self):
        for number, python in enumerate(PYTHONS):
            self.run_sql("DELETE FROM work_errand")
            said = django(python, self.server.db, """
from django.contrib.auth.models import Group, Permission, User
from rest_framework.authtoken.models import Token
user = User.objects.create_user("anna%d", "a@b.c", "p")
group = Group.objects.create(name="helpers%d")
group.permissions.add(Permission.objects.get(content_type__app_label="work", codename="add_errand"))
user.groups.add(group)
user.user_permissions.add(Permission.objects.get(content_type__app_label="work", codename="view_errand"))
Token.objects.create(user=user)
print(user.pk, user.has_perms(["work.add_errand", "work.view_errand"]), user.has_perm("work.delete_errand"))
""" % (number, number))
            key, has, lacks = said.split()
            self.assertEqual((has, lacks), ("True", "False"))
            reply = self.server.post("/errands/", {"title": "milk", "owner": int(key)})
            self.assertEqual(reply.status, 201, reply)
            self.assertEqual(reply.json["by"], "anna%d" % number)

    def test_migrate_goes_through_and_the_server_starts_again(self):
        for python in PYTHONS:
            self.server.stop()
            django(python, self.server.db, "from django.core.management import call_command\ncall_command('migrate', verbosity=0)")
            self.server.start()
        self.assertNotIn("WARN", self.server.output())


class Secrets(Users):
    def setUp(self):
        super().setUp()
        self.add_user(1, "anna")
        self.run_sql("INSERT INTO work_errand (title, owner_id, helper_id) VALUES ('milk', 1, 1)")

    def assert_kept(self, text):
        for word in [HASH, "c2VjcmV0LWhhc2g", "pbkdf2"] + SECRET:
            self.assertNotIn(word, text)

    def test_no_answer_shows_them(self):
        for path in ("/users/", "/users/1/", "/errands/", "/errands/1/"):
            reply = self.server.get(path)
            self.assertEqual(reply.status, 200, reply)
            self.assertIn("anna", reply.body.decode())
            self.assert_kept(reply.body.decode())

    def test_no_filter_and_no_ordering_asks_them(self):
        self.add_user(2, "bob")
        self.run_sql("UPDATE auth_user SET password = 'zzz', is_superuser = 1 WHERE id = 2")
        everybody = self.server.get("/users/").json
        for name in SECRET:
            for path in ("/users/?%s=1", "/users/?%s__startswith=pbkdf2", "/users/?ordering=-%s"):
                reply = self.server.get(path % name)
                self.assertEqual((reply.status, reply.json), (200, everybody), path % name)
            errands = self.server.get("/errands/").json
            for path in ("/errands/?owner__%s=1", "/errands/?ordering=-owner__%s"):
                self.assertEqual(self.server.get(path % name).json, errands)

    def test_no_live_frame_and_no_row_of_the_change_log_has_them(self):
        watcher = Live(self.server, "/users/")
        self.addCleanup(watcher.close)
        self.assert_kept(json.dumps(watcher.rows))
        reply = self.server.patch("/users/1/", {"first_name": "Anna"})
        self.assertEqual(reply.status, 200, reply)
        frame = watcher.receive()
        self.assertIn("Anna", frame)
        self.assert_kept(frame)
        db = sqlite3.connect(self.server.db)
        logged = [bytes(part or b"") for row in db.execute("SELECT old, new FROM freshet_change") for part in row]
        self.assertTrue(any(b"Anna" in part for part in logged))
        self.assertFalse(any(b"pbkdf2" in part for part in logged))
        db.close()

    def test_no_log_line_has_them(self):
        self.server.patch("/users/1/", {"password": "hunter22"})
        self.server.post("/users/", {"username": "anna", "password": "hunter22"})
        self.server.post("/users/?password=hunter22", b"{broken hunter22")
        self.server.stop()
        self.assertNotIn("hunter22", self.server.output())
        self.assertNotIn("pbkdf2", self.server.output())


if __name__ == "__main__":
    unittest.main()
