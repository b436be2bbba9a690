"""A thousand clients that connect, write and vanish at random: no report of a sanitizer, no growth, the next is served.

FR_SEED repeats a run's choices.
"""
import asyncio
import json
import os
import random
import re
import resource
import socket
import sqlite3
import struct
import subprocess
import unittest

from live import Live
from server import Server, is_sanitized, program
from wsclient import BINARY, CLOSE, PING, PONG, TEXT, WebSocket, frame, handshake

CLIENTS = 1000
ROUNDS = 2 if is_sanitized() else 6
GROWTH_KIB = 4096  # between the second round and the last, with what the allocator keeps of its peaks
CACHES = 4         # connections to the database, each of which may keep in memory what the file has grown by


def allow_files():
    """Sockets of all clients at once; the server inherits it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096) if hard > 0 else 4096, hard))


class Client:
    """One client's short life. What the server does to it is its own affair: only our mistakes raise."""

    def __init__(self, port, chance):
        self.port = port
        self.chance = chance

    async def connect(self):
        self.reader, self.writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", self.port), 60)

    def write(self, data):
        self.writer.write(data)

    async def drain(self):
        await asyncio.wait_for(self.writer.drain(), 60)

    async def read(self, n=65536):
        """Not every server has an answer to everything: who waits loses patience and goes."""
        return await asyncio.wait_for(self.reader.read(n), self.chance.uniform(0.05, 1))

    async def upgrade(self, path):
        request, _ = handshake(self.port, path)
        self.write(request)
        await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 60)

    def vanish(self):
        """By a reset, an end, or both in the middle of what is still to be sent."""
        sock = self.writer.get_extra_info("socket")
        if self.chance.random() < 0.6 and sock is not None:
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass
        self.writer.transport.abort()

    async def live(self, act):
        try:
            await self.connect()
        except (OSError, asyncio.TimeoutError):
            return
        try:
            await act(self)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the server closed first
        finally:
            self.vanish()


def request(method, path, body=b"", kind=b"application/json"):
    head = b"%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n" % (method, path)
    if body:
        head += b"Content-Type: %s\r\nContent-Length: %d\r\n" % (kind, len(body))
    return head + b"\r\n" + body


def some_bytes(chance, most):
    return chance.randbytes(chance.randrange(most))


# ---- what clients do, to any server ----

async def says_nothing(c):
    pass


async def half_a_head(c):
    c.write(request(b"GET", b"/json")[:c.chance.randrange(1, 30)])
    await c.drain()


async def half_a_handshake(c):
    whole, _ = handshake(c.port, c.ws_path)
    c.write(whole[:c.chance.randrange(1, len(whole))])
    await c.drain()


async def talks_nonsense(c):
    c.write(some_bytes(c.chance, 4000))
    await c.drain()
    await c.read()


async def many_requests_and_gone(c):
    c.write(request(b"GET", c.get_path) * c.chance.randrange(1, 30))
    await c.drain()
    if c.chance.random() < 0.5:
        await c.read()


async def accepts_and_gone(c):
    await c.upgrade(c.ws_path)


async def frames_and_half_a_frame(c):
    await c.upgrade(c.ws_path)
    for _ in range(c.chance.randrange(1, 6)):
        c.write(frame(c.chance.choice([TEXT, BINARY]), b"s" * c.chance.choice([0, 5, 126, 4000, 70000])))
    whole = frame(BINARY, b"half" * 100)
    c.write(whole[:c.chance.randrange(1, len(whole))])
    if c.chance.random() < 0.7:
        await c.drain()
    if c.chance.random() < 0.5:
        await c.read()


async def frames_out_of_order(c):
    await c.upgrade(c.ws_path)
    c.write(frame(c.chance.randrange(16), some_bytes(c.chance, 200), fin=c.chance.random() < 0.5,
                  mask=c.chance.random() < 0.7, rsv=c.chance.choice([0, 0, 0, 4])))
    await c.drain()
    await c.read()


async def pings(c):
    await c.upgrade(c.ws_path)
    c.write(b"".join(frame(c.chance.choice([PING, PONG]), b"p" * c.chance.randrange(126)) for _ in range(50)))
    await c.drain()
    await c.read()


async def never_ends_its_message(c):
    await c.upgrade(c.ws_path)
    c.write(frame(TEXT, b"a", fin=False) + b"".join(frame(0, b"b" * 100, fin=False) for _ in range(20)))
    await c.drain()


async def closes_in_order(c):
    await c.upgrade(c.ws_path)
    c.write(frame(TEXT, b"bye") + frame(CLOSE, struct.pack("!H", 1000)))
    await c.drain()
    while await c.read():
        pass


ANYBODY = [says_nothing, half_a_head, half_a_handshake, talks_nonsense, many_requests_and_gone, accepts_and_gone,
           frames_and_half_a_frame, frames_out_of_order, pings, never_ends_its_message, closes_in_order]


# ---- to the echo example ----

async def half_a_body(c):
    c.write(b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" + b"b" * c.chance.randrange(5000))
    await c.drain()


async def half_a_chunk(c):
    c.write(b"POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n10\r\nsixteen")
    await c.drain()


async def tells_the_topic(c):
    await c.upgrade("/ws/topic/")
    for _ in range(c.chance.randrange(1, 4)):
        c.write(frame(TEXT, b"to all"))
    await c.drain()
    await c.read()


# ---- to the recipe ----

async def writes_a_note(c):
    body = json.dumps({"title": "s" * c.chance.randrange(1, 200), "done": c.chance.random() < 0.5}).encode()
    c.write(request(b"POST", b"/api/notes/", body))
    await c.drain()
    if c.chance.random() < 0.7:
        await c.read()


async def changes_or_deletes_a_note(c):
    path = b"/api/notes/%d/" % c.chance.randrange(1, 400)
    c.write(c.chance.choice([request(b"PATCH", path, b'{"done": true}'), request(b"DELETE", path), request(b"PATCH", path, b'{"do')]))
    await c.drain()
    if c.chance.random() < 0.5:
        await c.read()


async def watches_and_gone(c):
    await c.upgrade(c.chance.choice(["/api/notes/", "/api/notes/%d/" % c.chance.randrange(1, 50)]))
    for _ in range(c.chance.randrange(3)):
        await c.read()


async def asks_the_consumer(c):
    await c.upgrade("/ws/realtime-update/")
    c.write(frame(TEXT, b"rows, please") * c.chance.randrange(1, 4))
    await c.drain()
    if c.chance.random() < 0.7:
        await c.read()


# ---- to whom users log in ----

PASSWORD = "horse battery 1"
NAMES = ["ann", "bob", "eve", "nobody"]  # the last one is not there


class Known:
    """What clients of one run have been given: each may show what another got, and end it."""
    sessions, tokens, jwts = [], [], []

    @staticmethod
    def one_of(c, given):
        return c.chance.choice(given[-30:]) if given and c.chance.random() < 0.9 else "x" * 32


def by_session(c, wrong=0.2):
    token = "c" * 32
    headers = b"Cookie: sessionid=%s; csrftoken=%s\r\n" % (Known.one_of(c, Known.sessions).encode(), token.encode())
    return headers + (b"X-CSRFToken: %s\r\n" % token.encode() if c.chance.random() > wrong else b"")


def by_anything(c):
    return c.chance.choice([lambda: by_session(c), lambda: b"Authorization: Token %s\r\n" % Known.one_of(c, Known.tokens).encode(),
                            lambda: b"Authorization: Bearer %s\r\n" % Known.one_of(c, Known.jwts).encode()])()


def with_headers(head, headers):
    line, _, rest = head.partition(b"\r\n")
    return line + b"\r\n" + headers + rest


def credentials(c):
    wrong = c.chance.random() < 0.2
    return json.dumps({"username": c.chance.choice(NAMES), "password": PASSWORD + "x" * wrong}).encode()


async def logs_in(c):
    path, found, given = c.chance.choice([(b"/login/", rb"sessionid=(\w{32})", Known.sessions), (b"/obtain/", rb'"token":"(\w+)"', Known.tokens),
                                          (b"/jwt/pair/", rb'"access":"([^"]+)"', Known.jwts)])
    c.write(request(b"POST", path, credentials(c)))
    await c.drain()
    if c.chance.random() < 0.8:
        answer = await asyncio.wait_for(c.reader.read(65536), 30)
        given += [text.decode() for text in re.findall(found, answer)]


async def logs_out_or_revokes(c):
    c.write(with_headers(request(b"POST", c.chance.choice([b"/logout/", b"/revoke/"])), b"Content-Length: 0\r\n" + by_anything(c)))
    await c.drain()
    await c.read()


async def asks_who(c):
    for _ in range(c.chance.randrange(1, 5)):
        c.write(with_headers(request(*c.chance.choice([(b"GET", b"/who/"), (b"GET", b"/box/"), (b"GET", b"/token/"), (b"POST", b"/box/", b'{"a": 1}')])), by_anything(c)))
    await c.drain()
    await c.read()


async def opens_a_socket(c):
    head, _ = handshake(c.port, "/ws/who/")
    c.write(with_headers(head, by_anything(c)))
    await c.drain()
    for _ in range(c.chance.randrange(4)):
        await c.read()


class Storm(unittest.TestCase):
    clients = CLIENTS

    def storm(self, server, acts, paths, seed):
        async def all_at_once():
            async def one(i):
                chance = random.Random(seed * self.clients + i)
                client = Client(server.port, chance)
                client.get_path, client.ws_path = paths
                await client.live(chance.choice(acts))
            await asyncio.gather(*(one(i) for i in range(self.clients)))
        asyncio.run(all_at_once())

    def rounds(self, server, acts, paths, between):
        seed = int(os.environ.get("FR_SEED", "0")) or random.randrange(1 << 32)
        files, rss, size = server.file_count(), [], []
        try:
            for i in range(ROUNDS):
                self.storm(server, ANYBODY + acts, paths, seed + i)
                self.assertIsNone(server.process.poll(), "it died")
                server.wait_files(files + 8, 60)  # a database connection more for each worker that had not read yet
                between()
                rss.append(server.rss_kib())
                size.append(os.path.getsize(server.db) // 1024 if server.db else 0)
            if not is_sanitized():  # there memory is kept on purpose; what is lost is told at the end
                self.assertLess(rss[-1] - rss[1], GROWTH_KIB + CACHES * (size[-1] - size[0]),
                                "KiB after each round: %s, of the file: %s" % (rss, size))
            server.finish()
        except BaseException:
            print("FR_SEED=%d" % seed)
            if server.process.poll() is None:
                server.kill()
            print(server.output()[-20000:])
            raise

    def setUp(self):
        allow_files()

    def test_the_echo_example_stands_it(self):
        server = Server("echo", "--log", "error")

        def between():
            self.assertEqual(server.get("/json").status, 200)
            with WebSocket(server.port, "/ws/echo/") as ws:
                ws.send_text("after the storm")
                self.assertEqual(ws.receive(), "after the storm")
        self.rounds(server, [half_a_body, half_a_chunk, tells_the_topic], (b"/json", "/ws/echo/"), between)

    def test_the_recipe_stands_it(self):
        server = Server("realtime-update", "--log", "error", db="notes.db")

        def between():
            note = server.post("/api/notes/", {"title": "after the storm", "done": False}).json
            with Live(server, "/api/notes/") as ws:
                self.assertEqual(ws.rows, {row["id"]: row for row in server.get("/api/notes/").json})
                # Few rows are kept, so that rounds are alike.
                connection = server.connection()
                for key in [key for key in ws.rows if key != note["id"]][20:]:
                    self.assertEqual(server.delete("/api/notes/%d/" % key, connection=connection).status, 204)
                connection.close()
                ws.until(lambda rows: len(rows) <= 21)
        self.rounds(server, [writes_a_note, writes_a_note, changes_or_deletes_a_note, changes_or_deletes_a_note,
                             watches_and_gone, watches_and_gone, asks_the_consumer], (b"/api/notes/", "/ws/realtime-update/"), between)

    def test_users_who_log_in_and_out_stand_it(self):
        self.clients = 300  # a login is a hash
        server = Server("sessions", "--log", "error", "--password-hash", "scrypt", db="users.db", env={"FAILED_LOGINS": ""})
        for name in NAMES[:-1]:
            subprocess.run([program("sessions"), "user", "create", name, "--password-hash", "scrypt", "--db", "sqlite:" + server.db],
                           input=PASSWORD + "\n", text=True, check=True, stdout=subprocess.DEVNULL)
        for given in (Known.sessions, Known.tokens, Known.jwts):
            given.clear()

        def between():
            self.assertTrue(Known.sessions or Known.tokens or Known.jwts)
            db = sqlite3.connect(server.db, timeout=30)  # as Django would
            for statement in ("DELETE FROM django_session WHERE random() % 2", "DELETE FROM authtoken_token WHERE random() % 2",
                              "UPDATE auth_user SET is_active = NOT is_active WHERE username = 'eve'"):
                db.execute(statement)
            db.commit()
            db.close()
            reply = server.post("/login/", {"username": "ann", "password": PASSWORD})
            self.assertEqual((reply.status, reply.json), (200, {"username": "ann"}))
        acts = [logs_in] + [logs_out_or_revokes, asks_who, opens_a_socket] * 3
        self.rounds(server, acts, (b"/who/", "/ws/who/"), between)


if __name__ == "__main__":
    unittest.main()
