"""Users in a database that freshet made and Django goes on with: its tables, and what nobody is shown of them."""
import json
import os
import sqlite3
import subprocess
import threading
import unittest

from live import Live
from server import ROOT, Server, program, wait_until

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


def hashers_of(python):
    """So many it has at least: all six where tests/compat/drf/requirements.txt is installed."""
    return 2 if python == PYTHONS[0] else 6


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


class Logins(unittest.TestCase):
    """scrypt is the quickest of those that are made."""
    failed_logins = ""

    def setUp(self):
        self.server = Server("users", "--password-hash", "scrypt", db="users.db", env={"FAILED_LOGINS": self.failed_logins})

    def tearDown(self):
        self.server.finish()

    def command(self, *words, text="", code=0):
        """The program as a command, while the server runs."""
        run = subprocess.run([program("users"), "user", *words, "--db", "sqlite:" + self.server.db], input=text, capture_output=True, text=True)
        self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        self.assertNotIn("horse", run.stdout + run.stderr)
        return run.stdout + run.stderr

    def make(self, name, *options):
        return self.command("create", name, *options, text="horse battery 1\n")

    def ask(self, *query):
        db = sqlite3.connect(self.server.db, timeout=20)
        row = db.execute(*query).fetchone()
        db.commit()
        db.close()
        return row

    def obtain(self, name, password):
        return self.server.post("/token/", {"username": name, "password": password})

    def assert_refused(self, name, password):
        reply = self.obtain(name, password)
        self.assertEqual((reply.status, reply.json), (400, {"non_field_errors": ["Unable to log in with provided credentials."]}))


class Passwords(Logins):
    # ---- with Django ----

    def test_what_django_hashes_opens_here(self):
        for number, python in enumerate(PYTHONS):
            names = django(python, self.server.db, """
from django.contrib.auth import hashers
from django.contrib.auth.models import User
made = []
for name in ["PBKDF2", "PBKDF2SHA1", "Argon2", "Scrypt", "BCryptSHA256", "BCrypt"]:
    try:
        hasher = getattr(hashers, name + "PasswordHasher")()
        encoded = hasher.encode("h\\u00f6rse 1", hasher.salt())
    except (AttributeError, ValueError):  # this Django, or its Python, lacks it
        continue
    User.objects.create(username="%s%d" % (hasher.algorithm, {0}), password=encoded)
    made.append("%s%d" % (hasher.algorithm, {0}))
print(*made)
""".replace("{0}", str(number))).split()
            self.assertGreaterEqual(len(names), hashers_of(python))
            for name in names:
                self.assertEqual(self.obtain(name, "h\u00f6rse 1").status, 200, name)
                self.assert_refused(name, "h\u00f6rse 2")

    def test_what_is_hashed_here_opens_at_django(self):
        names = ["pbkdf2_sha256", "pbkdf2_sha1", "argon2", "scrypt", "bcrypt_sha256", "bcrypt"]
        for name in names:
            self.make(name, "--password-hash", name)
            self.assertTrue(self.ask("SELECT password FROM auth_user WHERE username = ?", [name])[0].startswith(name + "$"))
        for python in PYTHONS:
            said = django(python, self.server.db, """
from django.contrib.auth import hashers
from django.contrib.auth.models import User
for user in User.objects.all():
    hasher = {"pbkdf2_sha256": "PBKDF2", "pbkdf2_sha1": "PBKDF2SHA1", "argon2": "Argon2", "scrypt": "Scrypt", "bcrypt_sha256": "BCryptSHA256",
              "bcrypt": "BCrypt"}[user.username]
    try:
        hasher = getattr(hashers, hasher + "PasswordHasher")()
        print(user.username, hasher.verify("horse battery 1", user.password), hasher.verify("horse battery 2", user.password))
    except (AttributeError, ValueError):
        pass
""")
            self.assertGreaterEqual(len(said.splitlines()), hashers_of(python))
            for line in said.splitlines():
                self.assertEqual(line.split()[1:], ["True", "False"], line)

    # ---- after a login ----

    def test_an_old_hash_is_made_anew_in_the_background(self):
        self.make("anna", "--password-hash", "bcrypt")
        self.assert_refused("anna", "horse battery 2")
        self.assertTrue(self.ask("SELECT password FROM auth_user")[0].startswith("bcrypt$"))
        self.assertEqual(self.obtain("anna", "horse battery 1").status, 200)
        wait_until(lambda: self.ask("SELECT password FROM auth_user")[0].startswith("scrypt$"))
        self.assertEqual(self.obtain("anna", "horse battery 1").status, 200)

    def test_too_many_at_once_are_told_when_to_come_again(self):
        """Those behind a few slow hashes are quick themselves, but have to wait for them."""
        self.make("anna")
        slow, quick = "scrypt$131072$salt$8$5$" + "A" * 86 + "==", "pbkdf2_sha256$1$salt$" + "A" * 43 + "="
        for name, encoded in [("slow", slow), ("quick", quick)]:
            self.make(name)
            self.ask("UPDATE auth_user SET password = ? WHERE username = ?", [encoded, name])
        replies = []

        def log_in(name, path):
            connection = self.server.connection(timeout=300)
            replies.append(self.server.post(path, {"username": name, "password": "horse battery 2"}, connection=connection))
            connection.close()
        everybody = [("slow", "/token/")] * 4 + [("quick", "/token/"), ("quick", "/jwt/")] * 60
        threads = [threading.Thread(target=log_in, args=each) for each in everybody]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        busy = [reply for reply in replies if reply.status == 503]
        self.assertEqual({reply.status for reply in replies}, {400, 401, 503})
        self.assertEqual({reply.headers["retry-after"] for reply in busy}, {"5"})
        self.assertEqual(busy[0].json, {"detail": "Too many passwords are being checked, try again."})
        self.assertEqual(self.obtain("anna", "horse battery 1").status, 200)

    # ---- tokens ----

    def test_a_token_is_made_once(self):
        self.make("anna")
        one, other = self.obtain("anna", "horse battery 1"), self.obtain("anna", "horse battery 1")
        self.assertEqual((one.status, other.json), (200, one.json))
        self.assertRegex(one.json["token"], "^[0-9a-f]{40}$")
        self.assertEqual(self.ask("SELECT key FROM authtoken_token")[0], one.json["token"])

    def test_what_is_no_name_and_password_is_told_field_by_field(self):
        required, blank = "This field is required.", "This field may not be blank."
        for body, errors in [({}, {"username": [required], "password": [required]}),
                             ({"username": " ", "password": ""}, {"username": [blank], "password": [blank]}),
                             ({"username": None, "password": []}, {"username": ["This field may not be null."], "password": ["Not a valid string."]})]:
            reply = self.server.post("/token/", body)
            self.assertEqual((reply.status, reply.json), (400, errors))
        self.assert_refused("anna", "  ")  # a password of spaces is one
        self.assertEqual(self.server.get("/token/").status, 405)

    def test_white_space_of_a_password_counts(self):
        self.command("create", "anna", "--any-password", text=" horse \n")
        self.assert_refused("anna", "horse")
        self.assertEqual(self.obtain("anna", " horse ").status, 200)

    # ---- the command ----

    def test_users_are_made_while_the_server_runs(self):
        self.assertEqual(self.make("anna", "--email", "a@b.c", "--superuser"), "users: user anna has been made\n")
        self.assertEqual(self.ask("SELECT email, is_staff, is_superuser, is_active, first_name, last_login FROM auth_user"),
                         ("a@b.c", 1, 1, 1, "", None))
        self.assertEqual(self.obtain("anna", "horse battery 1").status, 200)
        self.assertIn("there is a user of this name already", self.command("create", "anna", text="horse battery 1\n", code=1))
        self.assertEqual(self.command("password", "anna", text="horse battery 2\n"), "users: user anna has another password\n")
        self.assert_refused("anna", "horse battery 1")
        self.assertEqual(self.obtain("anna", "horse battery 2").status, 200)
        self.assertIn("there is no user of this name", self.command("password", "bob", text="horse battery 1\n", code=1))

    def test_weak_passwords_are_refused_in_words(self):
        said = self.command("create", "anna", text="anna\n", code=1)
        for words in ("too similar to the username", "at least 8 characters", "too common", "--any-password"):
            self.assertIn(words, said)
        self.assertIsNone(self.ask("SELECT id FROM auth_user"))
        self.assertIn("no password was given", self.command("create", "anna", text="", code=1))

    def test_a_wrong_command_is_told(self):
        for words, said in [([], "user create NAME"), (["destroy", "anna"], "user create NAME"), (["create"], "one name is wanted"),
                            (["create", "a", "b"], "one name is wanted"), (["create", "anna", "--stuff"], "--staff"),
                            (["create", "anna", "--password-hash", "rot13"], "rot13")]:
            self.assertIn(said, self.command(*words, code=2))
        self.assertIn("usage: users user create NAME", self.command("--help"))

    def test_a_command_makes_no_database(self):
        self.server.db += ".other"
        self.assertIn("there is no ", self.command("create", "anna", text="horse battery 1\n", code=5))
        self.assertFalse(os.path.exists(self.server.db))
        sqlite3.connect(self.server.db).close()
        with open(self.server.db, "wb"):
            pass
        self.assertIn("no such table", self.command("create", "anna", text="horse battery 1\n", code=5))


class Attempts(Logins):
    failed_logins = "3/day"

    def test_who_has_failed_too_often_is_refused_unlooked_at(self):
        self.make("anna")
        for _ in range(3):
            self.assertEqual(self.obtain("anna", "horse battery 1").status, 200)  # what goes well is not counted
            self.assert_refused("anna", "horse battery 2")
        reply = self.obtain("anna", "horse battery 1")
        self.assertEqual(reply.status, 429)
        self.assertIn("Request was throttled.", reply.json["detail"])
        self.assertGreater(int(reply.headers["retry-after"]), 86000)


if __name__ == "__main__":
    unittest.main()
