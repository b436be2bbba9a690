"""Who may come in: requests, live URLs and consumers' sockets are asked alike, in DRF's order."""
import base64
import contextlib
import hashlib
import json
import socket
import sqlite3
import unittest

from live import Live
from server import Server, ServerCase
from wsclient import Closed, Refused, WebSocket

NOT_TOLD = {"detail": "Authentication credentials were not provided."}
DENIED = {"detail": "You do not have permission to perform this action."}
CHALLENGE = 'X-User realm="doors"'


def by(name):
    return {"X-User": name}


def status_of(port, path, lines):
    """Of a request with these lines, as they are."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall("\r\n".join(["GET %s HTTP/1.1" % path, "Host: here", "Connection: close"] + lines + ["", ""]).encode("latin-1"))
        return int(connection.makefile("rb").readline().split()[1])


class Doors(ServerCase):
    example = "doors"
    db = "doors.db"

    def make(self, owner="ann", **more):
        answer = self.server.post("/api/open/", dict({"text": "a", "owner": owner}, **more))
        self.assertEqual(answer.status, 201, answer)
        return answer.json["id"]

    def ask(self, method, path, body=None, user=None, **headers):
        return self.server.request(method, path, body, dict(headers, **(by(user) if user else {})))

    def assert_refused(self, answer, status, body, challenge=None):
        self.assertEqual((answer.status, answer.json), (status, body))
        self.assertEqual(answer.headers.get("www-authenticate"), challenge)


class Requests(Doors):
    def test_who_is_not_known_is_asked_to_say_it(self):
        self.assert_refused(self.ask("GET", "/api/private/"), 401, NOT_TOLD, CHALLENGE)
        self.assertEqual(self.ask("GET", "/api/private/", user="bob").status, 200)
        self.assert_refused(self.ask("GET", "/api/staff/", user="bob"), 403, DENIED)
        self.assertEqual(self.ask("GET", "/api/staff/", user="ann").status, 200)

    def test_what_is_wrong_is_refused_where_everybody_may(self):
        self.assert_refused(self.ask("GET", "/api/open/", user="liar"), 401, {"detail": "Nobody believes you."}, CHALLENGE)
        self.assertEqual(self.ask("GET", "/api/open/", user="nobody-we-know").status, 200)

    def test_without_a_challenge_it_is_403(self):
        self.assert_refused(self.ask("GET", "/api/others/"), 403, NOT_TOLD)
        self.assert_refused(self.ask("GET", "/api/others/", user="liar"), 403, {"detail": "Nobody believes you."})
        self.assertEqual(self.ask("GET", "/api/others/", **{"X-Other": "bob"}).status, 200)
        self.assert_refused(self.ask("GET", "/api/nobody/", user="ann"), 403, DENIED)

    def test_refusals_come_in_the_order_of_drf(self):
        self.assertEqual(self.ask("GET", "/api/private/", Accept="text/html").status, 406)
        self.assertEqual(self.ask("PUT", "/api/private/").status, 401)
        self.assertEqual(self.ask("PUT", "/api/private/", user="bob").status, 405)
        self.assertEqual(self.ask("PATCH", "/api/staff/99999/", {"text": ""}, user="bob").status, 403)
        self.assertEqual(self.ask("PATCH", "/api/writers/99999/", {"text": ""}, user="bob").status, 404)
        self.assertEqual(self.ask("OPTIONS", "/api/private/").status, 401)
        self.assertEqual(self.ask("HEAD", "/api/private/").status, 401)

    def test_options_tell_what_the_asker_may(self):
        key = self.make()
        self.assertNotIn("actions", self.ask("OPTIONS", "/api/writers/").json)
        self.assertEqual(list(self.ask("OPTIONS", "/api/writers/", user="bob").json["actions"]), ["POST"])
        self.assertNotIn("actions", self.ask("OPTIONS", "/api/owned/%d/" % key, user="bob").json)
        self.assertEqual(list(self.ask("OPTIONS", "/api/owned/%d/" % key, user="ann").json["actions"]), ["PUT"])
        self.assertNotIn("actions", self.ask("OPTIONS", "/api/owned/99999/", user="ann").json)
        self.assertNotIn("actions", self.ask("OPTIONS", "/api/writers/%d/pin/" % key).json)
        self.assertEqual(list(self.ask("OPTIONS", "/api/writers/%d/pin/" % key, user="bob").json["actions"]), ["POST"])

    def test_an_object_is_asked_for_when_it_was_found(self):
        key, path = self.make(), "/api/owned/%d/" % self.make()
        for method, body in (("PUT", {"text": "b"}), ("PATCH", {"text": ""}), ("DELETE", None)):
            self.assert_refused(self.ask(method, path, body), 401, NOT_TOLD, CHALLENGE)
            self.assert_refused(self.ask(method, path, body, user="bob"), 403, {"detail": "It is not yours."})
            self.assertEqual(self.ask(method, "/api/owned/99999/", body, user="bob").status, 404)
        self.assertEqual(self.ask("GET", path).json["text"], "a")
        self.assertEqual(self.ask("PATCH", path, {"text": "b"}, user="ann").json["text"], "b")
        self.assertEqual(self.ask("PATCH", path, {"text": ""}, user="ann").status, 400)
        self.assertEqual(self.ask("DELETE", path, user="ann").status, 204)
        self.assert_refused(self.ask("POST", "/api/owned/%d/pin/" % key, user="bob"), 403, {"detail": "It is not yours."})
        self.assertEqual(self.ask("POST", "/api/owned/%d/pin/" % key, user="ann").json["text"], "pinned")

    def test_an_object_that_is_hidden_is_not_there(self):
        shown, hidden = self.make(done=True), self.make()
        self.assert_refused(self.ask("GET", "/api/hidden/%d/" % hidden, user="bob"), 404, {"detail": "Not found."})
        self.assert_refused(self.ask("DELETE", "/api/hidden/%d/" % hidden, user="bob"), 404, {"detail": "Not found."})
        self.assertEqual(self.ask("GET", "/api/hidden/%d/" % shown, user="bob").status, 200)
        self.assert_refused(self.ask("DELETE", "/api/hidden/%d/" % shown, user="bob"), 403, DENIED)
        self.assertEqual(self.ask("DELETE", "/api/hidden/%d/" % hidden, user="ann").status, 204)

    def test_a_write_is_asked_again_within_its_transaction(self):
        path = "/api/twice/%d/" % self.make()
        self.assertEqual(self.ask("GET", path).status, 200)
        for method, body in (("PUT", {"text": "b"}), ("PATCH", {"text": "b"}), ("DELETE", None)):
            self.assert_refused(self.ask(method, path, body, user="ann"), 403, {"detail": "Asked again."})
        self.assertEqual(self.ask("GET", path).json["text"], "a")

    def test_actions_have_permissions_of_their_own(self):
        key = self.make()
        self.assert_refused(self.ask("GET", "/api/writers/count/"), 401, NOT_TOLD, CHALLENGE)
        self.assert_refused(self.ask("GET", "/api/writers/count/", user="bob"), 403, DENIED)
        self.assertEqual(self.ask("GET", "/api/writers/count/", user="ann").json, {"count": 1})
        self.assert_refused(self.ask("POST", "/api/writers/%d/pin/" % key), 401, NOT_TOLD, CHALLENGE)
        self.assertEqual(self.ask("POST", "/api/writers/%d/pin/" % key, user="bob").status, 200)

    def test_what_stands_around_a_route_counts_where_nothing_is_nearer(self):
        self.assert_refused(self.ask("GET", "/closed/open/"), 401, NOT_TOLD, CHALLENGE)
        self.assert_refused(self.ask("GET", "/closed/open/1/", user="bob"), 403, DENIED)
        self.assertEqual(self.ask("GET", "/closed/open/", user="ann").status, 200)
        self.assertEqual(self.ask("GET", "/closed/private/", user="bob").status, 200)
        self.assert_refused(self.ask("GET", "/closed/"), 401, NOT_TOLD, CHALLENGE)
        self.assertEqual(self.ask("GET", "/api/").status, 200)

    def test_words_of_a_permission(self):
        self.assert_refused(self.ask("GET", "/handlers/sundays", user="ann"), 403, {"detail": "Not on Sundays."})
        self.assert_refused(self.ask("GET", "/handlers/sundays"), 401, NOT_TOLD, CHALLENGE)
        self.assert_refused(self.ask("GET", "/handlers/coded", user="ann"), 403, {"reason": "Sunday", "code": "7"})
        self.assert_refused(self.ask("GET", "/api/composed/", user="bob"), 403, DENIED)
        self.assertEqual(self.ask("GET", "/api/composed/", user="ann").status, 200)

    def test_handlers_and_pages(self):
        for path in ("/handlers/who", "/handlers/api-who"):
            self.assertEqual(self.ask("GET", path, user="bob").json, {"user": "bob", "by": "Header"})
            self.assertEqual(self.ask("GET", path).json, {"user": "", "by": ""})
        self.assertEqual(self.ask("GET", "/handlers/who", user="liar").json, {"user": "", "by": ""})
        self.assertEqual(self.ask("GET", "/handlers/api-who", user="liar").status, 401)
        self.assert_refused(self.ask("POST", "/handlers/private"), 401, NOT_TOLD, CHALLENGE)
        self.assert_refused(self.ask("GET", "/handlers/private"), 401, NOT_TOLD, CHALLENGE)
        self.assertEqual(self.ask("GET", "/handlers/private", user="bob").status, 405)
        self.assertEqual(self.ask("POST", "/handlers/private", user="bob").json["user"], "bob")
        for path in ("/handlers/ask", "/handlers/api-ask"):
            self.assert_refused(self.ask("GET", path), 401, {"detail": "Say who you are."}, CHALLENGE)
        self.assertEqual(self.ask("GET", "/pages/open").body, b"open")
        self.assert_refused(self.ask("GET", "/pages/closed"), 401, NOT_TOLD, CHALLENGE)
        self.assertEqual(self.ask("GET", "/pages/closed", user="ann").body, b"closed")

    def test_conditions_and_repeats_are_for_those_who_may(self):
        key = self.make()
        path = "/api/writers/%d/" % key
        tag = self.ask("GET", path).headers["etag"]
        self.assert_refused(self.ask("PATCH", path, {"text": "b"}, **{"If-Match": tag}), 401, NOT_TOLD, CHALLENGE)
        self.assertEqual(self.ask("PATCH", path, {"text": "b"}, **{"If-Match": '"no"'}).status, 401)
        self.assertEqual(self.ask("PATCH", path, {"text": "b"}, user="bob", **{"If-Match": '"no"'}).status, 412)
        self.assertEqual(self.ask("PATCH", path, {"text": "b"}, user="bob", **{"If-Match": tag}).status, 200)
        repeat = {"Idempotency-Key": "k1"}
        first = self.ask("POST", "/api/writers/", {"text": "mine"}, user="bob", **repeat)
        self.assertEqual(first.status, 201)
        self.assertEqual(self.ask("POST", "/api/writers/", {"text": "mine"}, user="bob", **repeat).json, first.json)
        self.assert_refused(self.ask("POST", "/api/writers/", {"text": "mine"}, **repeat), 401, NOT_TOLD, CHALLENGE)
        other = self.ask("POST", "/api/writers/", {"text": "mine"}, user="eve", **repeat)
        self.assertEqual(other.status, 201)
        self.assertNotEqual(other.json["id"], first.json["id"])

    def test_requests_of_a_batch_are_asked_as_they_are_alone(self):
        def batch(path, user=None, body=None, method="POST"):
            return self.ask("POST", "/api/batch/", [{"method": method, "path": path, "body": body or {"text": "x"}}], user)
        self.assertEqual(batch("/api/open/").status, 200)
        for path, user, status, body in (("/api/private/", None, 401, NOT_TOLD), ("/api/staff/", "bob", 403, DENIED),
                                         ("/api/nobody/", "ann", 403, DENIED)):
            answer = batch(path, user)
            self.assertEqual((answer.status, answer.json["answer"]), (409, {"status": status, "body": body}))
        self.assertEqual(batch("/api/private/", "bob").status, 200)
        self.assertEqual(batch("/api/others/", "bob").status, 200)
        key = self.make()
        answer = batch("/api/owned/%d/" % key, "bob", {"text": "x"}, "PATCH")
        self.assertEqual(answer.json["answer"], {"status": 403, "body": {"detail": "It is not yours."}})
        self.assertEqual(batch("/api/owned/%d/" % key, "ann", {"text": "x"}, "PATCH").status, 200)
        self.assertEqual(batch("/api/open/", "liar").status, 401)


class DjangoCase(Doors):
    """Users and tokens in Django's tables."""
    NOW = "2026-01-01 00:00:00"
    USERS = {"carol": 11, "dave": 12, "zoe": 13, "root": 14}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with contextlib.closing(sqlite3.connect(cls.server.db)) as db:
            for name, key in cls.USERS.items():
                db.execute("INSERT INTO auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active,"
                           " date_joined) VALUES (?, '!', ?, ?, '', '', '', 0, ?, ?)",
                           (key, name == "root", name, name != "zoe", cls.NOW))
                db.execute("INSERT INTO authtoken_token (key, created, user_id) VALUES (?, ?, ?)", (name[0] * 40, cls.NOW, key))
            db.commit()

    def change(self, *statements):
        """As another program writes."""
        with contextlib.closing(sqlite3.connect(self.server.db)) as db:
            for statement in statements:
                db.execute(*statement)
            db.commit()

    def permit(self, user, action):
        self.change(("INSERT INTO auth_user_user_permissions (user_id, permission_id) SELECT ?, id FROM auth_permission"
                     " WHERE codename = ?", (self.USERS[user], action + "_note")))

    def by(self, name, keyword="Token"):
        return {"Authorization": "%s %s" % (keyword, name[0] * 40)}


class Django(DjangoCase):
    def test_a_token_is_its_users(self):
        self.assertEqual(self.ask("GET", "/api/tokens/", **self.by("carol")).status, 200)
        for header, detail in (("Token " + "x" * 40, "Invalid token."), ("Token", "Invalid token header. No credentials provided."),
                               ("Token a b", "Invalid token header. Token string should not contain spaces."),
                               ("Token \xff", "Invalid token header. Token string should not contain invalid characters."),
                               ("Token " + "z" * 40, "User inactive or deleted.")):
            self.assert_refused(self.ask("GET", "/api/tokens/", Authorization=header), 401, {"detail": detail}, "Token")
        self.assert_refused(self.ask("GET", "/api/tokens/", **self.by("carol", "Bearer")), 401, NOT_TOLD, "Token")
        self.assertEqual(self.ask("GET", "/api/bearers/", **self.by("carol", "bearer")).status, 200)
        self.assert_refused(self.ask("GET", "/api/bearers/", **self.by("carol")), 401, NOT_TOLD, 'Bearer realm="doors"')

    def test_a_token_in_a_query_is_not_looked_at_and_told_once(self):
        for query in ("?token=" + "c" * 40, "?access_token=" + "c" * 40, "?done=true&token=" + "c" * 40):
            self.assertEqual(self.server.get("/api/tokens/" + query).status, 401)
        self.assertEqual(WebSocket(self.server.port, "/ws/telling/?token=" + "c" * 40).receive(), "nobody")
        self.assertEqual(self.server.get("/api/tokens/?token=x", headers=self.by("carol")).status, 200)
        self.assertEqual(len(self.server.wait_lines("auth.query")), 1)
        self.assertNotIn("c" * 40, self.server.output())

    def test_what_django_changes_counts_for_the_next_request(self):
        self.assertEqual(self.ask("GET", "/api/tokens/", **self.by("dave")).status, 200)
        self.change(("UPDATE authtoken_token SET key = ? WHERE user_id = ?", ("d" * 39 + "e", self.USERS["dave"])))
        self.assertEqual(self.ask("GET", "/api/tokens/", **self.by("dave")).status, 401)
        self.change(("UPDATE authtoken_token SET key = ? WHERE user_id = ?", ("d" * 40, self.USERS["dave"])))
        self.assertEqual(self.ask("GET", "/api/tokens/", **self.by("dave")).status, 200)

    def test_a_remote_user_is_a_proxys_word(self):
        self.assertEqual(self.ask("GET", "/api/bearers/", **{"Remote-User": "carol"}).status, 401)
        behind = Server("doors", "--trust-proxy", "127.0.0.1", db="behind.db")
        self.addCleanup(behind.finish)
        with contextlib.closing(sqlite3.connect(behind.db)) as db:
            db.execute("INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active,"
                       " date_joined) VALUES ('!', 0, 'carol', '', '', '', 0, 1, ?), ('!', 0, 'zoe', '', '', '', 0, 0, ?)", (self.NOW, self.NOW))
            db.commit()
        for name, status in (("carol", 200), ("zoe", 401), ("nobody", 401), ("", 401)):
            self.assertEqual(behind.get("/api/bearers/", headers={"Remote-User": name}).status, status, name)
        # a proxy takes Remote-User away and sets its own: no other spelling is one, and of two neither counts
        for lines, status in ((["Remote_User: carol"], 401), (["Remote-User : carol"], 400), (["Remote-User:", "\tcarol"], 400),
                              (["X-Remote-User: carol"], 401), (["Remote-User: carol", "Remote-User: zoe"], 401),
                              (["Remote-User: zoe", "Remote-User: carol"], 401), (["Remote-User: carol\x00"], 400),
                              (["remote-user:carol"], 200)):
            self.assertEqual(status_of(behind.port, "/api/bearers/", lines), status, lines)

    def test_authorization_is_smuggled_by_no_spelling(self):
        token = "Token " + "c" * 40
        for lines, status in ((["Authorization: " + token], 200), (["authorization:" + token], 200), (["Authorization : " + token], 400),
                              (["Authorization:", " " + token], 400), (["Authorization_: " + token], 401), (["X-Authorization: " + token], 401),
                              (["Proxy-Authorization: " + token], 401), (["Authorization: " + token] * 2, 401),
                              (["Authorization: Basic eDp5", "Authorization: " + token], 401),
                              (["Authorization: " + token, "Authorization: Basic eDp5"], 401),
                              (["Transfer-Encoding: chunked", "", "0", "Authorization: " + token, ""], 401),
                              (["Authorization: " + token + "\x00"], 400), (["Authorization: %s, Token x" % token], 401)):
            self.assertEqual(status_of(self.server.port, "/api/tokens/", lines), status, lines)

    def test_model_permissions_are_the_users_or_the_groups(self):
        path = "/api/models/%d/" % self.make()
        self.assertEqual(self.ask("GET", path).status, 401)
        self.assertEqual(self.ask("GET", path, **self.by("carol")).status, 200)
        for method, body in (("PUT", {"text": "b"}), ("PATCH", {"text": "b"}), ("DELETE", None)):
            self.assert_refused(self.ask(method, path, body, **self.by("carol")), 403, DENIED)
        self.assert_refused(self.ask("TRY", path, **self.by("carol")), 405, {"detail": 'Method "TRY" not allowed.'})
        self.permit("carol", "change")
        self.assertEqual(self.ask("PATCH", path, {"text": "c"}, **self.by("carol")).status, 200)
        self.assertEqual(self.ask("DELETE", path, **self.by("carol")).status, 403)
        self.change(("INSERT INTO auth_group (id, name) VALUES (1, 'all')",),
                    ("INSERT INTO auth_user_groups (user_id, group_id) VALUES (?, 1)", (self.USERS["carol"],)),
                    ("INSERT INTO auth_group_permissions (group_id, permission_id) SELECT 1, id FROM auth_permission"
                     " WHERE codename = 'delete_note'",))
        self.assertEqual(self.ask("DELETE", path, **self.by("carol")).status, 204)
        self.assertEqual(self.ask("POST", "/api/models/", {"text": "d"}, **self.by("root")).status, 201)
        self.assertEqual(self.ask("POST", "/api/models/", {"text": "d"}, user="bob").status, 403)
        self.change(("UPDATE auth_user SET username = 'eve' WHERE id = ?", (self.USERS["carol"],)))
        self.permit("carol", "add")
        self.assertEqual(self.ask("POST", "/api/models/", {"text": "d"}, user="eve").status, 201)
        self.change(("UPDATE auth_user SET username = 'carol' WHERE id = ?", (self.USERS["carol"],)))

    def test_the_other_two_model_permissions_differ_in_reading(self):
        self.assertEqual(self.ask("GET", "/api/models-or-read/").status, 200)
        self.assertEqual(self.ask("POST", "/api/models-or-read/", {"text": "d"}).status, 401)
        self.assertEqual(self.ask("GET", "/api/models-with-view/").status, 401)
        self.assertEqual(self.ask("GET", "/api/models-with-view/", **self.by("dave")).status, 403)
        self.permit("dave", "view")
        self.assertEqual(self.ask("GET", "/api/models-with-view/", **self.by("dave")).status, 200)
        self.assertEqual(self.ask("POST", "/api/models-with-view/", {"text": "d"}, **self.by("dave")).status, 403)

    def test_the_root_of_a_router_is_for_who_is_known(self):
        self.assert_refused(self.ask("GET", "/root/"), 401, NOT_TOLD, CHALLENGE)
        self.assertEqual(self.ask("GET", "/root/", user="bob").status, 200)


class Passwords(DjangoCase):
    def ask_as(self, name, password):
        pair = base64.b64encode(("%s:%s" % (name, password)).encode()).decode()
        return self.ask("GET", "/api/basics/", Authorization="Basic " + pair)

    def test_a_name_and_its_password(self):
        encoded = "pbkdf2_sha256$1000$salt$" + base64.b64encode(hashlib.pbkdf2_hmac("sha256", b"sesame", b"salt", 1000)).decode()
        self.change(("UPDATE auth_user SET password = ? WHERE username IN ('carol', 'zoe')", (encoded,)))
        self.assertEqual(self.ask_as("carol", "sesame").status, 200)
        wrong = {"detail": "Invalid username/password."}
        for name, password in (("carol", "sesame "), ("zoe", "sesame"), ("nobody", "sesame"), ("carol", "")):
            self.assert_refused(self.ask_as(name, password), 401, wrong, 'Basic realm="api"')
        answer = self.ask_as("carol", "sesame")
        self.assertEqual(answer.status, 429)
        self.assertIn(int(answer.headers["retry-after"]), range(1, 3601))
        self.assertNotIn("sesame", self.server.output())


class Logins(DjangoCase):
    """Sockets of users, and what ends them."""

    def watch(self, path="/api/tokens/", name="dave"):
        return Live(self.server, path, headers=self.by(name).items())

    def talk(self, name="dave", **more):
        return WebSocket(self.server.port, "/ws/telling/", headers=self.by(name).items() if name else (), **more)

    def code(self, socket):
        """With which code it is closed, and what it said before."""
        try:
            while True:
                last = socket.receive()
        except Closed as closed:
            return closed.code
        finally:
            self.said = locals().get("last")

    def test_the_user_stays_with_the_socket(self):
        socket = self.talk("carol")
        self.assertEqual(socket.receive(), "carol")
        for _ in range(3):
            socket.send_text("who?")
            self.assertEqual(socket.receive(), "carol")
        own = WebSocket(self.server.port, "/ws/telling/", headers=by("bob").items())
        self.assertEqual(own.receive(), "bob")
        own.send_text("who?")
        self.assertEqual(own.receive(), "bob")
        nobody = self.talk(None)
        self.assertEqual(nobody.receive(), "nobody")

    def test_what_django_ends_closes_sockets(self):
        old, other = self.talk("carol"), self.talk("root") # looked at with the others, and then by what is written alone
        for end, begin in ((("DELETE FROM authtoken_token WHERE user_id = 12",),
                            ("INSERT INTO authtoken_token (key, created, user_id) VALUES (?, ?, 12)", ("d" * 40, self.NOW))),
                           (("UPDATE auth_user SET is_active = 0 WHERE id = 12",), ("UPDATE auth_user SET is_active = 1 WHERE id = 12",)),
                           (("UPDATE auth_user SET password = '!other' WHERE id = 12",), ("UPDATE auth_user SET password = '!' WHERE id = 12",))):
            sockets = [self.watch(), self.talk(), self.talk(), self.watch("/api/models/")]
            self.change(end)
            for socket in sockets:
                self.assertEqual(self.code(socket), 4401, end)
            self.change(begin)
            other.send_text("still here?")
            self.assertEqual(other.receive(), "root")
            if end[0].startswith("DELETE"):
                other.send_text("still here?")
                self.assertEqual(other.receive(), "root")
        self.change(("UPDATE auth_user SET password = '!other' WHERE id = 11",))
        self.assertEqual(self.code(old), 4401)
        self.change(("UPDATE auth_user SET password = '!' WHERE id = 11",))

    def test_the_same_url_is_another_view_for_another_user(self):
        """Rows whose key is that of who asks, while they are not done: carol's is 11, root's 14."""
        while self.make() < 14:
            pass
        views = [Live(self.server, "/api/mine/", headers={"Authorization": "Token " + token}.items()) for token in ("c" * 40, "r" * 40)]
        nobody = Live(self.server, "/api/mine/")
        carol, root = views
        self.assertEqual([set(ws.rows) for ws in (carol, root, nobody)], [{11}, {14}, set()])
        self.assertEqual(len({ws.fingerprint for ws in (carol, root, nobody)}), 3)
        for key, ws in ((11, carol), (14, root)):
            for done, op in ((True, "delete"), (False, "create")):
                self.assertEqual(self.server.patch("/api/open/%d/" % key, {"done": done}).status, 200)
                self.assertEqual([(change["op"], change["id"]) for change in ws.next()["changes"]], [(op, key)])
        for ws in (carol, root, nobody):  # nothing of another's
            ws.send_json({"type": "ping"})
            self.assertEqual(ws.receive_json()["type"], "pong")
            ws.close()

    def test_what_we_end_closes_sockets(self):
        watching, talking = self.watch(), self.talk()
        self.assertEqual(self.server.patch("/api/people/12/", {"is_active": False}).status, 200)
        self.assertEqual((self.code(talking), self.code(watching)), (4401, 4401))
        self.assertEqual(json.loads(self.said)["detail"], "Your login has ended.")
        self.assertEqual(self.server.patch("/api/people/12/", {"is_active": True}).status, 200)
        self.talk().close()

    def test_a_token_may_stand_among_the_subprotocols(self):
        socket = WebSocket(self.server.port, "/ws/telling/", subprotocols=("token", "c" * 40))
        self.assertEqual((socket.subprotocol, socket.receive()), ("token", "carol"))
        live = WebSocket(self.server.port, "/api/tokens/", subprotocols=("token", "c" * 40))
        self.assertEqual(live.subprotocol, "token")
        for offered in (("token", "x" * 40), ("token",)):
            with self.assertRaises(Refused) as refused:
                WebSocket(self.server.port, "/api/tokens/", subprotocols=offered)
            self.assertEqual(refused.exception.status, 401)

    def test_a_ticket_is_good_once(self):
        def ticket(**headers):
            return self.server.post("/handlers/ticket", None, headers=headers)
        given = ticket(**self.by("carol"))
        self.assertEqual((given.status, given.json["expires_in"], given.headers["cache-control"]), (200, 30, "no-store"))
        query = "?ticket=" + given.json["ticket"]
        socket = WebSocket(self.server.port, "/ws/telling/" + query)
        self.assertEqual(socket.receive(), "carol")
        socket.send_text("who?")
        self.assertEqual(socket.receive(), "carol")
        Live(self.server, "/api/tokens/?ticket=" + ticket(**self.by("carol")).json["ticket"]).close()
        for path in ("/ws/telling/" + query, "/api/tokens/?ticket=", "/api/tokens/?ticket=" + "0" * 32):
            with self.assertRaises(Refused) as refused:
                WebSocket(self.server.port, path)
            self.assertEqual((refused.exception.status, json.loads(refused.exception.body)), (401, {"detail": "Invalid ticket."}))
        self.assertEqual(ticket().status, 401)
        late = ticket(**self.by("dave")).json["ticket"]
        self.change(("DELETE FROM authtoken_token WHERE user_id = 12",))
        with self.assertRaises(Refused):
            WebSocket(self.server.port, "/ws/telling/?ticket=" + late)
        self.change(("INSERT INTO authtoken_token (key, created, user_id) VALUES (?, ?, 12)", ("d" * 40, self.NOW)))
        self.assertEqual(self.server.get("/api/tokens/?ticket=" + ticket(**self.by("carol")).json["ticket"]).status, 401)


class Throttles(Doors):
    def test_one_too_many_is_told_when_to_come_again(self):
        for user in (None, "bob"):
            self.assertEqual([self.ask("GET", "/api/often/", user=user).status for _ in range(2)], [200, 200])
            answer = self.ask("GET", "/api/often/", user=user)
            self.assertEqual(answer.status, 429)
            self.assertIn(answer.headers["retry-after"], ("3599", "3600"))
            self.assertRegex(answer.json["detail"], r"^Request was throttled\. Expected available in 3(600|599) seconds\.$")
        self.assertEqual(self.ask("PUT", "/api/often/", user="bob").status, 429)
        self.assertEqual(self.ask("PUT", "/api/often/", user="eve").status, 405)
        self.assertEqual(self.ask("GET", "/handlers/often", user="eve").status, 200)
        self.assertEqual(self.ask("GET", "/handlers/often", user="eve").status, 429)
        with self.assertRaises(Refused) as refused:
            WebSocket(self.server.port, "/ws/often/", headers=by("eve").items())
        self.assertEqual(refused.exception.status, 429)
        self.assertIn("retry-after", refused.exception.headers)


class Sockets(Doors):
    def refused(self, path, user=None):
        with self.assertRaises(Refused) as refused:
            WebSocket(self.server.port, path, headers=by(user).items() if user else ())
        one = refused.exception
        return one.status, json.loads(one.body), one.headers.get("www-authenticate")

    def told(self, path, user=None):
        """What a socket says that is accepted to be told why not, and its code."""
        socket = WebSocket(self.server.port, path, headers=by(user).items() if user else ())
        frame = json.loads(socket.receive())
        self.assertEqual(frame["type"], "error")
        with self.assertRaises(Closed) as closed:
            socket.receive()
        return frame["status"], closed.exception.code

    def test_a_live_url_asks_what_its_list_asks(self):
        key = self.make()
        for path in ("/api/private/", "/api/private/%d/" % key):
            self.assertEqual(self.refused(path), (401, NOT_TOLD, CHALLENGE))
            self.assertEqual(self.refused(path, "liar"), (401, {"detail": "Nobody believes you."}, CHALLENGE))
            Live(self.server, path, headers=by("bob").items()).close()
        self.assertEqual(self.refused("/api/staff/", "bob"), (403, DENIED, None))
        self.assertEqual(self.refused("/closed/open/"), (401, NOT_TOLD, CHALLENGE))
        self.assertEqual(self.refused("/api/open/", "liar"), (401, {"detail": "Nobody believes you."}, CHALLENGE))
        Live(self.server, "/api/writers/").close()

    def test_what_is_asked_of_each_row_is_not_watched(self):
        key = self.make(done=True)
        for path in ("/api/owned/", "/api/owned/%d/" % key, "/api/hidden/", "/api/hidden/%d/" % key):
            self.assertEqual(self.told(path, "ann"), (501, 1011))

    def test_a_row_that_a_rule_of_its_own_fields_hides_leaves(self):
        key = self.make(done=True)
        with Live(self.server, "/api/done/") as all_done, Live(self.server, "/api/done/%d/" % key) as this:
            self.server.patch("/api/writers/%d/" % key, {"done": False}, headers=by("ann"))
            for ws in (all_done, this):
                self.assertEqual(ws.next()["changes"], [{"op": "delete", "id": key}])

    def test_pages_can_be_told_on_the_socket(self):
        self.assertEqual(self.told("/api/told/"), (401, 4401))
        self.assertEqual(self.told("/ws/told/"), (401, 4401))
        self.assertEqual(self.told("/ws/told/", "liar"), (401, 4401))

    def test_consumers_are_asked_before_they_connect(self):
        self.assertEqual(self.refused("/ws/private/"), (401, NOT_TOLD, CHALLENGE))
        socket = WebSocket(self.server.port, "/ws/private/", headers=by("bob").items())
        self.assertEqual(socket.receive(), "bob")
        self.assertEqual(WebSocket(self.server.port, "/ws/all/").receive(), "nobody")
        self.assertEqual(self.refused("/ws/all/", "liar"), (401, {"detail": "Nobody believes you."}, CHALLENGE))


class Without(unittest.TestCase):
    def test_without_users_nothing_is_asked(self):
        server = Server("doors", "--without-users", db="doors.db")
        self.addCleanup(server.finish)
        self.assertEqual(server.get("/api/staff/").status, 200)
        self.assertEqual(server.get("/pages/closed").body, b"closed")
        Live(server, "/api/staff/").close()


if __name__ == "__main__":
    unittest.main()
