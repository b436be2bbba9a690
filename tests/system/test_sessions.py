"""Sessions that a Django and freshet have together on one file; CSRF, login pages and JSON Web Tokens as a client sees them."""
import base64
import datetime
import hashlib
import hmac
import json
import os
import re
import shutil
import tempfile
import time
import unittest
from urllib.parse import urlencode

import django
from django.conf import settings

from server import Reply, Server
from wsclient import Refused, WebSocket

FOLDER = tempfile.mkdtemp(prefix="freshet-sessions-")
SECRET = "a secret that both have"
PASSWORD = "correct horse"
NOBODY = {"username": ""}

settings.configure(
    SECRET_KEY=SECRET,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(FOLDER, "site.db"), "OPTIONS": {"timeout": 20}}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    PASSWORD_HASHERS=["test_sessions.FewRounds"], DEFAULT_AUTO_FIELD="django.db.models.AutoField", USE_TZ=True)
django.setup()
from django.contrib.auth import get_user, login, logout  # noqa: E402
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.utils import timezone  # noqa: E402


class FewRounds(PBKDF2PasswordHasher):
    """A login with it is hashed anew here, once."""
    iterations = 1000


def tearDownModule():
    connection.close()
    shutil.rmtree(FOLDER)


def request_of_django(key=None):
    request = HttpRequest()
    request.session = SessionStore(key)
    return request


def jwt_of(claims):
    """Signed by the secret, as another program would."""
    def text(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")
    signed = b".".join(text(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return (signed + b"." + text(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest())).decode()


def cookies_of(answer):
    """What the answer sets, of several lines."""
    return {name: value for name, value in answer.cookies if value}


class Site(unittest.TestCase):
    def setUp(self):
        self.server = Server("sessions", "--password-hash", "scrypt", folder=FOLDER, db="site.db", env={"FRESHET_SECRET_KEY": SECRET})
        self.addCleanup(self.end)
        self.ann = User.objects.create(username="ann", password=make_password(PASSWORD))
        self.bob = User.objects.create(username="bob", password=make_password(PASSWORD))

    def end(self):
        self.server.finish()
        self.assertNotIn(PASSWORD, self.server.output())
        connection.close()
        for name in os.listdir(FOLDER):
            os.unlink(os.path.join(FOLDER, name))

    def ask(self, method, path, body=None, cookies=None, **headers):
        if cookies:
            headers["Cookie"] = "; ".join("%s=%s" % pair for pair in cookies.items())
        if body is not None and not isinstance(body, bytes):
            body, headers["Content-Type"] = json.dumps(body), "application/json"
        connection = self.server.connection()
        try:
            connection.request(method, path, body, headers)
            got = connection.getresponse()
            answer = Reply(got.status, got.getheaders(), got.read())
            answer.cookies = [line.partition(";")[0].partition("=")[::2] for name, line in got.getheaders() if name.lower() == "set-cookie"]
            return answer
        finally:
            connection.close()

    def log_in(self, name="ann", cookies=None):
        answer = self.ask("POST", "/login/", {"username": name, "password": PASSWORD}, cookies)
        self.assertEqual((answer.status, answer.json), (200, {"username": name}))
        return cookies_of(answer)

    def who(self, cookies):
        return self.ask("GET", "/who/", cookies=cookies).json["username"]


class Shared(Site):
    def test_who_logs_in_here_is_logged_in_at_django(self):
        cookies = self.log_in()
        self.assertEqual(self.who(cookies), "ann")
        self.assertEqual(get_user(request_of_django(cookies["sessionid"])), self.ann)

    def test_who_logs_in_at_django_is_logged_in_here(self):
        request = request_of_django()
        request.session["box"] = [1, "ü", None]
        login(request, self.bob)
        request.session.save()
        cookies = {"sessionid": request.session.session_key}
        self.assertEqual(self.who(cookies), "bob")
        self.assertEqual(self.ask("GET", "/box/", cookies=cookies).json, {"box": [1, "ü", None]})

    def test_a_logout_at_one_ends_the_session_at_the_other(self):
        cookies = self.log_in()
        request = request_of_django(cookies["sessionid"])
        request.user = self.ann
        logout(request)
        answer = self.ask("GET", "/who/", cookies=cookies)
        self.assertEqual(answer.json, NOBODY)
        self.assertEqual(answer.cookies, [("sessionid", "")])
        cookies = self.log_in("bob")
        self.assertEqual(self.ask("POST", "/logout/", {}, cookies, **{"X-CSRFToken": cookies["csrftoken"]}).status, 204)
        self.assertTrue(get_user(request_of_django(cookies["sessionid"])).is_anonymous)
        self.assertEqual(Session.objects.count(), 0)

    def test_values_go_both_ways(self):
        cookies = self.log_in()
        token = {"X-CSRFToken": cookies["csrftoken"]}
        self.assertEqual(self.ask("POST", "/box/", {"a": [1.5, "ü", "🚀"]}, cookies, **token).status, 200)
        session = SessionStore(cookies["sessionid"])
        self.assertEqual(session["box"], {"a": [1.5, "ü", "🚀"]})
        session["box"] = "x" * 5000  # so long that it is compressed
        session.save()
        self.assertEqual(self.ask("GET", "/box/", cookies=cookies).json, {"box": "x" * 5000})

    def test_another_password_ends_other_sessions(self):
        cookies = self.log_in()
        self.ann.set_password("another")
        self.ann.save()
        self.assertEqual(self.who(cookies), "")
        self.assertEqual(Session.objects.count(), 0)

    def test_who_changes_his_password_stays_and_his_other_sessions_end(self):
        mine, other = self.log_in(), self.log_in()

        def change(old, new, cookies=mine):
            return self.ask("POST", "/password/", {"old_password": old, "new_password": new}, cookies, **{"X-CSRFToken": cookies.get("csrftoken", "")})

        self.assertEqual(change(PASSWORD, "violet-anvil-93", {}).status, 403)
        self.ask("POST", "/box/", [7], mine, **{"X-CSRFToken": mine["csrftoken"]})
        wrong, weak = change("wrong", "violet-anvil-93"), change(PASSWORD, "12345678")
        self.assertEqual((wrong.status, list(wrong.json), weak.status, list(weak.json)), (400, ["old_password"], 400, ["new_password"]))
        self.assertEqual(change(PASSWORD, "").status, 400)
        changed = change(PASSWORD, "violet-anvil-93")
        self.assertEqual(changed.status, 204)
        renewed = dict(mine, **cookies_of(changed))
        self.assertNotEqual(renewed["sessionid"], mine["sessionid"])
        self.assertEqual((self.who(renewed), self.who(mine), self.who(other)), ("ann", "", ""))
        self.assertEqual(self.ask("GET", "/box/", cookies=renewed).json, {"box": [7]})
        self.assertEqual([self.ask("POST", "/login/", {"username": "ann", "password": each}).status for each in (PASSWORD, "violet-anvil-93")], [400, 200])
        self.assertEqual(get_user(request_of_django(renewed["sessionid"])), self.ann)

    def test_an_inactive_user_is_nobody(self):
        cookies = self.log_in()
        User.objects.filter(pk=self.ann.pk).update(is_active=False)
        self.assertEqual(self.who(cookies), "")
        User.objects.filter(pk=self.ann.pk).update(is_active=True)
        self.assertEqual(self.who(cookies), "ann")


class Logins(Site):
    def test_a_login_fails_alike_whatever_is_wrong(self):
        User.objects.filter(pk=self.bob.pk).update(is_active=False)
        wrong = [("nobody", PASSWORD), ("ann", "wrong"), ("bob", PASSWORD), ("", ""), ("ann", "x" * 5000)]
        answers = [self.ask("POST", "/login/", {"username": name, "password": password}) for name, password in wrong]
        self.assertEqual({(one.status, one.body) for one in answers}, {(400, answers[0].body)})
        self.assertEqual([cookies_of(one) for one in answers], [{}] * len(wrong))

    def test_a_session_that_was_there_before_the_login_is_of_no_use(self):
        """Session fixation: whoever planted the cookie does not get in by it."""
        planted = cookies_of(self.ask("POST", "/box/", {"cart": 1}))
        cookies = self.log_in(cookies=planted)
        self.assertNotEqual(cookies["sessionid"], planted["sessionid"])
        self.assertEqual(self.who(planted), "")
        self.assertEqual(self.ask("GET", "/box/", cookies=cookies).json, {"box": {"cart": 1}})
        made_up = {"sessionid": "a" * 32}
        self.assertNotEqual(self.log_in(cookies=made_up)["sessionid"], "a" * 32)
        self.assertEqual(self.who(made_up), "")

    def test_another_user_s_session_is_left_behind(self):
        cookies = self.log_in()
        self.ask("POST", "/box/", {"of": "ann"}, cookies, **{"X-CSRFToken": cookies["csrftoken"]})
        other = self.log_in("bob", cookies={"sessionid": cookies["sessionid"], "csrftoken": cookies["csrftoken"]})
        self.assertEqual(self.ask("GET", "/box/", cookies=other).json, {"box": None})
        self.assertEqual(self.who(cookies), "")

    def test_the_csrf_secret_is_another_after_a_login(self):
        before = cookies_of(self.ask("GET", "/token/"))["csrftoken"]
        self.assertNotEqual(self.log_in(cookies={"csrftoken": before})["csrftoken"], before)


class OtherSites(Site):
    def test_a_write_with_a_session_needs_the_token(self):
        cookies = self.log_in()
        only = {"sessionid": cookies["sessionid"]}
        self.assertEqual(self.ask("POST", "/who/", {}, only).json, {"detail": "CSRF Failed: CSRF cookie not set."})
        self.assertEqual(self.ask("POST", "/who/", {}, cookies).json, {"detail": "CSRF Failed: CSRF token missing."})
        token = self.ask("GET", "/token/", cookies=cookies).json["token"]
        self.assertEqual(len(token), 64)
        self.assertEqual(self.ask("POST", "/who/", {}, cookies, **{"X-CSRFToken": token}).json, {"username": "ann"})

    def test_a_page_of_another_site_does_not_get_through(self):
        cookies = self.log_in()
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = self.ask("POST", "/who/", {}, cookies, **dict(headers, **{"X-CSRFToken": cookies["csrftoken"]}))
            self.assertEqual(answer.status, 403, headers)


class Pages(Site):
    def form(self, path, fields, cookies):
        return self.ask("POST", path, urlencode(fields).encode(), cookies, **{"Content-Type": "application/x-www-form-urlencoded"})

    def page(self, path="/page/login/"):
        answer = self.ask("GET", path)
        self.assertEqual(answer.status, 200)
        token = re.search(rb'name="csrfmiddlewaretoken" value="([A-Za-z0-9]{64})"', answer.body)
        return token.group(1).decode(), cookies_of(answer), answer

    def test_a_login_page_leads_on(self):
        token, cookies, page = self.page("/page/login/?next=/who/")
        self.assertIn(b'name="next" value="/who/"', page.body)
        self.assertIn("frame-ancestors 'none'", page.headers["content-security-policy"])
        self.assertIn("no-store", page.headers["cache-control"])
        answer = self.form("/page/login/", {"username": "ann", "password": PASSWORD, "next": "/who/", "csrfmiddlewaretoken": token}, cookies)
        self.assertEqual((answer.status, answer.headers["location"]), (302, "/who/"))
        cookies = cookies_of(answer)
        self.assertEqual(self.who(cookies), "ann")
        answer = self.form("/page/logout/", {"csrfmiddlewaretoken": cookies["csrftoken"]}, cookies)
        self.assertEqual((answer.status, answer.headers["location"]), (302, "/"))
        self.assertEqual(self.who(cookies), "")

    def test_it_leads_to_this_host_only(self):
        token, cookies, _ = self.page()
        for path in ("//evil.example/", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "/\t/evil.example", "///evil.example",
                     "http:///evil.example", " //evil.example", "\\\\evil.example"):
            answer = self.form("/page/login/", {"username": "ann", "password": PASSWORD, "next": path, "csrfmiddlewaretoken": token}, cookies)
            self.assertEqual((answer.status, answer.headers["location"]), (302, "/"), path)

    def test_a_page_says_what_is_wrong_and_no_more(self):
        token, cookies, _ = self.page()
        texts = set()
        for name in ("ann", "nobody"):
            answer = self.form("/page/login/", {"username": name, "password": "wrong", "csrfmiddlewaretoken": token}, cookies)
            self.assertEqual(answer.status, 200)
            self.assertNotIn("sessionid", cookies_of(answer))
            texts.add(re.search(rb'role="alert">([^<]*)<', answer.body).group(1))
        self.assertEqual(texts, {b"Please enter a correct username and password. Note that both fields may be case-sensitive."})
        answer = self.form("/page/login/", {"username": "\"><script>", "csrfmiddlewaretoken": token}, cookies)
        self.assertIn(b"This field is required.", answer.body)
        self.assertIn(b"&quot;&gt;&lt;script&gt;", answer.body)
        self.assertNotIn(b"<script>", answer.body)

    def test_a_login_that_another_site_sends_is_refused(self):
        answer = self.form("/page/login/", {"username": "ann", "password": PASSWORD}, {})
        self.assertEqual((answer.status, answer.json), (403, {"detail": "CSRF Failed: CSRF cookie not set."}))
        self.assertNotIn("sessionid", cookies_of(answer))


class Sockets(Site):
    """Sessions that sockets read and write, and what ends the sockets."""

    def open(self, cookies=None, query="", **headers):
        lines = list(headers.items()) + ([("Cookie", "; ".join("%s=%s" % pair for pair in cookies.items()))] if cookies else [])
        socket = WebSocket(self.server.port, "/ws/talk/" + query, headers=lines)
        self.addCleanup(socket.sock.close)
        return socket

    def say(self, socket, **what):
        socket.send_json(what)
        return json.loads(socket.receive())

    def assertEnds(self, *sockets):
        for socket in sockets:
            closed = socket.wait_close()
            self.assertEqual((closed.code, closed.reason), (4401, "Your login has ended."))

    def users_live(self, **headers):
        socket = WebSocket(self.server.port, "/users/", headers=headers.items())
        self.addCleanup(socket.sock.close)
        return socket

    def jwt(self, lasts_s):
        return jwt_of({"token_type": "access", "jti": "0" * 32, "user_id": str(self.ann.pk), "exp": int(time.time()) + lasts_s})

    def test_a_socket_has_the_session_that_requests_and_django_have(self):
        cookies = self.log_in()
        socket, other = self.open(cookies), self.open(cookies)
        self.assertEqual(self.say(socket, put=[1, "ü"]), {"user": "ann", "box": [1, "ü"]})
        self.assertEqual(self.say(other), {"user": "ann", "box": [1, "ü"]})
        self.assertEqual(SessionStore(cookies["sessionid"])["box"], [1, "ü"])
        self.assertEqual(self.ask("GET", "/box/", cookies=cookies).json, {"box": [1, "ü"]})

    def test_nobody_s_session_stays_with_the_socket(self):
        socket = self.open()
        self.assertEqual(self.say(socket), {"user": "", "box": None})
        self.assertEqual(Session.objects.count(), 0)
        self.assertEqual(self.say(socket, put=7), {"user": "", "box": 7})
        self.assertEqual(self.say(socket), {"user": "", "box": 7})
        anonymous = {"sessionid": Session.objects.get().session_key}
        self.assertEqual(self.say(self.open(anonymous)), {"user": "", "box": 7})

    def test_a_login_on_a_socket_is_the_socket_s(self):
        socket = self.open()
        self.assertEqual(self.say(socket, put=7, login="ann"), {"user": "ann", "box": 7})
        self.assertEqual(self.say(socket), {"user": "ann", "box": 7})
        self.assertEqual(get_user(request_of_django(Session.objects.get().session_key)), self.ann)
        self.assertEqual(self.say(socket, login="bob"), {"user": "bob", "box": None})
        self.assertEqual(self.say(socket, logout=True), {"user": "", "box": None})
        self.assertEqual(Session.objects.count(), 0)
        self.say(socket, login="bob")
        Session.objects.all().delete()
        self.assertEnds(socket)

    def test_a_login_within_connect_gives_the_browser_its_cookie(self):
        socket = self.open(query="?as=ann")
        cookie = re.search("sessionid=([^;]+);", "; ".join(socket.cookies)).group(1)
        self.assertEqual(self.say(socket), {"user": "ann", "box": None})
        self.assertEqual(self.who({"sessionid": cookie}), "ann")

    def test_a_logout_ends_the_sockets_of_its_session_and_no_others(self):
        cookies, others = self.log_in(), self.log_in()
        socket, own, other = self.open(cookies), self.open(cookies), self.open(others)
        live = self.users_live(Cookie="sessionid=" + cookies["sessionid"])
        ticket = self.ask("POST", "/ticket/", {}, cookies, **{"X-CSRFToken": cookies["csrftoken"]}).json["ticket"]
        late = self.ask("POST", "/ticket/", {}, cookies, **{"X-CSRFToken": cookies["csrftoken"]}).json["ticket"]
        by_ticket = self.open(query="?ticket=" + ticket)
        self.assertEqual(self.say(own, logout=True), {"user": "", "box": None})
        self.assertEnds(socket, by_ticket)
        self.assertEqual(live.wait_close().code, 4401)
        with self.assertRaises(Refused):
            self.open(query="?ticket=" + late)
        self.assertEqual((self.say(own)["user"], self.say(other)["user"]), ("", "ann"))

    def test_a_session_that_has_ended_by_its_age_ends_its_sockets(self):
        cookies, others = self.log_in(), self.log_in()
        soon = timezone.now() + datetime.timedelta(seconds=2)
        Session.objects.all().update(expire_date=soon)
        socket, other = self.open(cookies), self.open(others)
        Session.objects.filter(session_key=others["sessionid"]).update(expire_date=soon + datetime.timedelta(days=1))
        self.assertEnds(socket)
        self.assertGreater(timezone.now(), soon)
        self.assertEqual(self.say(other)["user"], "ann")

    def test_a_jwt_that_has_ended_ends_its_sockets(self):
        ends = int(time.time()) + 3
        token = self.jwt(3)
        bearer = {"Authorization": "Bearer " + token}
        ticket = self.ask("POST", "/ticket/", {}, **bearer).json["ticket"]
        sockets = [self.open(**bearer), self.open(query="?ticket=" + ticket)]
        live = self.users_live(**bearer)
        other = self.open(Authorization="Bearer " + self.jwt(300))
        self.assertEqual([self.say(socket)["user"] for socket in sockets], ["ann", "ann"])
        self.assertEnds(*sockets)
        self.assertEqual(live.wait_close().code, 4401)
        self.assertGreater(time.time(), ends)
        self.assertEqual(self.say(other)["user"], "ann")
        User.objects.filter(pk=self.ann.pk).update(is_active=False)
        self.assertEnds(other)


class Tokens(Site):
    def test_a_pair_opens_refreshes_and_is_given_up(self):
        pair = self.ask("POST", "/jwt/pair/", {"username": "ann", "password": PASSWORD}).json
        self.assertEqual(list(pair), ["refresh", "access"])
        by = {"Authorization": "Bearer " + pair["access"]}
        self.assertEqual(self.ask("GET", "/who/", **by).json, {"username": "ann"})
        claims = json.loads(base64.urlsafe_b64decode(pair["access"].split(".")[1] + "=="))
        self.assertEqual((claims["token_type"], claims["user_id"]), ("access", str(self.ann.pk)))
        access = self.ask("POST", "/jwt/refresh/", {"refresh": pair["refresh"]}).json["access"]
        self.assertEqual(self.ask("POST", "/who/", {}, Authorization="Bearer " + access).json, {"username": "ann"})
        self.assertEqual(self.ask("POST", "/jwt/blacklist/", {"refresh": pair["refresh"]}).json, {})
        answer = self.ask("POST", "/jwt/refresh/", {"refresh": pair["refresh"]})
        self.assertEqual((answer.status, answer.json), (401, {"detail": "Token is blacklisted", "code": "token_not_valid"}))
        self.assertEqual(answer.headers["www-authenticate"], 'Bearer realm="api"')
        self.assertNotIn(pair["access"], self.server.output())

    def test_what_is_no_token_is_refused_in_simple_jwt_s_words(self):
        answer = self.ask("GET", "/who/", Authorization="Bearer junk")
        self.assertEqual(answer.json, {"detail": "Given token not valid for any token type", "code": "token_not_valid", "messages": [
            {"token_class": "AccessToken", "token_type": "access", "message": "Token is invalid"}]})
        answer = self.ask("GET", "/who/", Authorization="Bearer a b")
        self.assertEqual(answer.json, {"detail": "Authorization header must contain two space-delimited values",
                                       "code": "bad_authorization_header"})
        self.assertEqual(self.ask("GET", "/who/", Authorization="bearer junk").json, NOBODY)

    def test_a_token_of_who_is_gone_or_inactive(self):
        by = {"Authorization": "Bearer " + self.ask("POST", "/jwt/pair/", {"username": "ann", "password": PASSWORD}).json["access"]}
        User.objects.filter(pk=self.ann.pk).update(is_active=False)
        self.assertEqual(self.ask("GET", "/who/", **by).json, {"detail": "User is inactive", "code": "user_inactive"})
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM token_blacklist_outstandingtoken")  # a table that this Django does not know
        User.objects.filter(pk=self.ann.pk).delete()
        self.assertEqual(self.ask("GET", "/who/", **by).json, {"detail": "User not found", "code": "user_not_found"})


if __name__ == "__main__":
    unittest.main()
