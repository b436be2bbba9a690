"""Passwords, hashes, tokens, keys of sessions and JSON Web Tokens stand in no line of the log, no access log and no error: everything that the
server writes while they are shown rightly, wrongly and brokenly, and while its database fails, is looked through."""
import base64
import json
import os
import re
import socket
import sqlite3
import subprocess
import unittest

from server import Server, program
from wsclient import handshake

SECRET = "the-secret-key-that-signs-all-of-it"
PASSWORD, WRONG, NEW = "right-horse-7391", "wrong-horse-7392", "newer-horse-7393"
HASH = "scrypt$16384$"


class Secrets(unittest.TestCase):
    def setUp(self):
        self.server = Server("sessions", "--log", "trace", "--access-log", "access.log", "--access-log-format", "combined", "--password-hash", "scrypt", db="users.db",
                             env={"FRESHET_SECRET_KEY": SECRET, "FAILED_LOGINS": ""})
        self.addCleanup(self.server.finish)
        self.answers = b""
        self.words = {SECRET, PASSWORD, WRONG, NEW, HASH}
        subprocess.run([program("sessions"), "user", "create", "ann", "--password-hash", "scrypt", "--db", "sqlite:" + self.server.db],
                       input=PASSWORD + "\n", text=True, check=True, stdout=subprocess.DEVNULL)

    def send(self, request):
        """What is answered to these bytes, to the end of the connection."""
        with socket.create_connection(("127.0.0.1", self.server.port), 60) as sock:
            sock.sendall(request)
            answer = b""
            while not answer.startswith(b"HTTP/1.1 101"):
                part = sock.recv(65536)
                if not part:
                    break
                answer += part
            return answer

    def ask(self, method, path, body=None, **headers):
        """The same; what is told in it is the asker's, and is looked through but for new secrets."""
        text = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: a", "Connection: close", "Content-Length: %d" % len(text)]
        lines += ["Content-Type: application/json"] * (body is not None and "Content_Type" not in headers)
        lines += ["%s: %s" % (name.replace("_", "-"), value) for name, value in headers.items()]
        return self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + text)

    def keep(self, answer, pattern):
        """What was given, which nobody else is to read."""
        found = re.search(pattern.encode(), answer)
        self.assertTrue(found, answer)
        self.words.add(found.group(1).decode())
        return found.group(1).decode()

    def wrong(self, answer):
        """An error, which tells nothing."""
        self.assertNotRegex(answer, rb"^HTTP/1.1 2")
        self.answers += answer
        return answer

    def test_no_log_and_no_error_has_them(self):
        login = {"username": "ann", "password": PASSWORD}
        session = self.keep(self.ask("POST", "/login/", login), r"sessionid=(\w{32})")
        token = self.keep(self.ask("POST", "/obtain/", login), r'"token":"(\w+)"')
        pair = self.ask("POST", "/jwt/pair/", login)
        access, refresh = self.keep(pair, r'"access":"([^"]+)"'), self.keep(pair, r'"refresh":"([^"]+)"')
        csrf = self.keep(self.ask("GET", "/token/", Cookie="sessionid=" + session), r"csrftoken=(\w{32})")
        basic = base64.b64encode(("ann:" + WRONG).encode()).decode()
        self.words |= {basic, basic[:-4]}
        cookies = "sessionid=%s; csrftoken=%s" % (session, csrf)

        # shown rightly
        for headers in ({"Cookie": cookies}, {"Authorization": "Token " + token}, {"Authorization": "Bearer " + access}):
            self.assertIn(b'"ann"', self.ask("GET", "/who/", **headers))
        for headers in (b"Cookie: %s" % cookies.encode(), b"Authorization: Token %s" % token.encode(), b"Sec-WebSocket-Protocol: token, %s" % token.encode()):
            request, _ = handshake(self.server.port, "/ws/who/")
            self.assertIn(b" 101 ", self.send(request.replace(b"\r\n", b"\r\n" + headers + b"\r\n", 1)))
        self.shown_wrongly(session, token, access, refresh, csrf, basic)
        self.database_fails(cookies, token, access)
        self.server.stop()

        with open(os.path.join(self.server.folder, "access.log"), encoding="utf-8", errors="replace") as text:
            logged = text.read()
        self.assertGreater(logged.count("\n"), 30)
        self.assertGreater(len(self.server.output()), 1000)
        for word in self.words:
            self.assertNotIn(word, self.server.output(), "log")
            self.assertNotIn(word, logged, "access log")
            self.assertNotIn(word.encode(), self.answers, "answers")

    def shown_wrongly(self, session, token, access, refresh, csrf, basic):
        for path in ("/login/", "/obtain/", "/jwt/pair/", "/jwt/sliding/"):
            self.wrong(self.ask("POST", path, {"username": "ann", "password": WRONG}))
            self.wrong(self.ask("POST", path, {"username": "nobody", "password": WRONG}))
            self.wrong(self.ask("POST", path, b'{"username": "ann", "password": "%s"' % PASSWORD.encode()))
            self.wrong(self.ask("POST", path, {"username": ["ann"], "password": [PASSWORD]}))
            self.wrong(self.ask("POST", path, {"username": "ann", "password": PASSWORD * 1000}))
            self.wrong(self.ask("POST", path, ("username=ann&password=%s&%s" % (WRONG, PASSWORD)).encode(), Content_Type="application/x-www-form-urlencoded"))
            self.wrong(self.ask("POST", path, PASSWORD.encode(), Content_Type="text/" + "plain"))
            self.wrong(self.ask("PUT", path, {"password": PASSWORD}))
        for path in ("/jwt/refresh/", "/jwt/verify/", "/jwt/blacklist/", "/jwt/slide/"):
            for text in (access[:-1] + "A", refresh + "x", token, session):
                self.wrong(self.ask("POST", path, {"refresh": text, "token": text}))
        for header in ("Token %s x" % token, "Token %s%s" % (token, token), "Bearer %s x" % access, "Bearer %sA" % access, "Basic " + basic, "Basic %s x" % basic):
            self.wrong(self.ask("GET", "/who/", Authorization=header)) if "Basic" not in header else self.ask("GET", "/who/", Authorization=header)
        known = "sessionid=" + session
        for more in ({}, {"X_CSRFToken": csrf}, {"X_CSRFToken": csrf[:-1]}):
            self.wrong(self.ask("POST", "/box/", {"a": 1}, Cookie=known, **more))
        self.wrong(self.ask("POST", "/password/", {"old_password": WRONG, "new_password": NEW}, Authorization="Token " + token))
        self.wrong(self.ask("POST", "/password/", {"old_password": PASSWORD, "new_password": "1"}, Authorization="Token " + token))
        # what is no HTTP, too long, or of another site
        for line in ("Authorization: Token " + token, "Cookie: " + known, "X-CSRFToken: " + csrf):
            self.wrong(self.send(("GET /who/ HTTP/1.1\r\nHost: a\r\n%s\0\r\n\r\n" % line).encode()))
            self.wrong(self.send(("GET /who/ HTTP/1.1\r\nHost: a\r\n%s%s\r\n\r\n" % (line, "x" * 9000)).encode()))
            self.wrong(self.send(("GET /who/ HTTP/1.1\r\nHost: a\r\n %s\r\n\r\n" % line).encode()))
        self.wrong(self.ask("POST", "/login/", {"username": "ann", "password": PASSWORD}, Origin="https://evil.example"))

    def database_fails(self, cookies, token, access):
        """While it is locked, and when tables have gone."""
        db = sqlite3.connect(self.server.db, timeout=30, isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        self.ask("GET", "/who/", Cookie=cookies)
        db.execute("ROLLBACK")
        db.execute("PRAGMA foreign_keys = OFF")
        for table in ("authtoken_token", "django_session", "auth_user"):
            db.execute("ALTER TABLE %s RENAME TO %s_away" % (table, table))
            for headers in ({"Cookie": cookies}, {"Authorization": "Token " + token}, {"Authorization": "Bearer " + access}):
                self.answers += self.ask("GET", "/who/", **headers)
            for path in ("/login/", "/obtain/", "/jwt/pair/"):
                self.answers += self.ask("POST", path, {"username": "ann", "password": WRONG})
            db.execute("ALTER TABLE %s_away RENAME TO %s" % (table, table))
        db.close()


if __name__ == "__main__":
    unittest.main()
