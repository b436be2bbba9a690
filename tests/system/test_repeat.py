"""Idempotency-Key: a write whose answer was lost is asked for again, and is there once. ETag and If-Match as clients see them.
The short form; ./dev soak takes longer.

    FR_SOAK_SECONDS=N      the server is killed N times
"""
import http.client
import json
import os
import random
import resource
import socket
import sqlite3
import threading
import time
import unittest

from server import PATIENCE, Server, ServerCase

KILLS = int(os.environ.get("FR_SOAK_SECONDS", "20"))
ENTRIES, BATCH = "/api/entries/", "/api/batch/"
TWICE, SLOWLY = ENTRIES + "twice/", "/api/slowly/"
CLIENTS = 4


class Writer(threading.Thread):
    """Asks for one entry after the other, each under a key of its own, and again until it is answered. The first one and its
    kin send one, the second batches of two, the third ask a handler that makes two."""

    def __init__(self, server, number, over):
        super().__init__(daemon=True)
        self.server, self.number, self.over = server, number, over
        self.answers = {}
        self.repeats = 0
        self.wrong = []

    def run(self):
        count = 0
        while not self.over.is_set():
            text = "w%d-%d" % (self.number, count)
            answer = self.ask(text)
            if answer is not None:
                self.answers.update(zip(self.texts(text), answer))
            count += 1

    def texts(self, text):
        return [text, text + "'"] if self.number % 3 else [text]

    def post(self, text, key):
        if self.number % 3 == 2:
            answer = self.server.post(TWICE, {"text": text}, headers=key)
            return answer.json if answer.status == 201 else [], answer
        if self.number % 3 == 1:
            answer = self.server.post(BATCH, [{"method": "POST", "path": ENTRIES, "body": {"text": each}}
                                              for each in self.texts(text)], headers=key)
            return [one["body"] for one in answer.json] if answer.status == 200 else [], answer
        answer = self.server.post(ENTRIES, {"text": text}, headers=key)
        return [answer.json] if answer.status == 201 else [], answer

    def ask(self, text):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                rows, answer = self.post(text, {"Idempotency-Key": "key of " + text})
                if answer.status == 503:  # shutting down, or busy
                    continue
                if [row["text"] for row in rows] != self.texts(text):
                    self.wrong.append((text, answer))
                return [row["id"] for row in rows]
            except (OSError, http.client.HTTPException):
                self.repeats += 1
                time.sleep(0.01)
        self.wrong.append((text, "was not answered"))
        return None


class Killed(unittest.TestCase):
    def test_each_row_is_there_once_though_the_server_was_killed_before_it_answered(self):
        server = Server("ledger", "--log", "error", db="ledger.db", workers=1)
        self.addCleanup(server.finish)
        port, over, dice = server.port, threading.Event(), random.Random(int(os.environ.get("FR_SEED", "7")))
        writers = [Writer(server, n, over) for n in range(CLIENTS)]
        for writer in writers:
            writer.start()
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.005, 0.08))  # so that each end falls into another moment of the writes
            server.kill()
            server.start("127.0.0.1:%d" % port)
        over.set()
        for writer in writers:
            writer.join(PATIENCE)
            self.assertEqual(writer.wrong, [])
        server.stop()
        db = sqlite3.connect(server.db)
        self.addCleanup(db.close)
        rows = dict(db.execute("SELECT text, id FROM entry"))
        self.assertEqual(db.execute("SELECT count(*) FROM entry").fetchone()[0], len(rows), "a text stands there twice")
        answered = {text: key for writer in writers for text, key in writer.answers.items()}
        self.assertEqual(answered, rows)
        self.assertGreater(len(answered), KILLS)
        self.assertGreater(sum(writer.repeats for writer in writers), 0)


class Repeat(ServerCase):
    example = "ledger"
    db = "ledger.db"

    def post(self, body, key, path=ENTRIES):
        return self.server.post(path, body, headers={"Idempotency-Key": key})

    def test_two_at_once_with_one_key_are_one_write(self):
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.post({"text": "once"}, "at once"))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual({(a.status, a.body, a.headers["freshet-at"]) for a in answers},
                         {(201, answers[0].body, answers[0].headers["freshet-at"])})
        self.assertEqual(len(answers), 8)
        self.assertEqual(len(self.server.get(ENTRIES + "?text=once").json), 1)

    def test_a_repeat_is_answered_after_the_row_has_gone_too(self):
        first = self.post({"text": "gone"}, "gone")
        self.assertEqual(self.server.delete(ENTRIES + "%d/" % first.json["id"]).status, 204)
        again = self.post({"text": "gone"}, "gone")
        self.assertEqual((again.status, again.body), (201, first.body))
        self.assertEqual(self.server.get(ENTRIES + "?text=gone").json, [])

    def test_who_goes_away_before_the_answer_finds_it_when_he_comes_again(self):
        for n in range(20):
            body = json.dumps({"text": "gone away %d" % n}).encode()
            sock = socket.create_connection(("127.0.0.1", self.server.port), timeout=PATIENCE)
            sock.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: away %d\r\n"
                         b"Content-Length: %d\r\n\r\n%s" % (ENTRIES.encode(), n, len(body), body))
            sock.close()
            answer = self.post({"text": "gone away %d" % n}, "away %d" % n)
            self.assertEqual((answer.status, answer.json["text"]), (201, "gone away %d" % n))
        texts = [row["text"] for row in self.server.get(ENTRIES).json if row["text"].startswith("gone away")]
        self.assertEqual(len(texts), 20)
        self.assertEqual(len(set(texts)), 20)

    def test_a_form_is_the_same_with_another_boundary(self):
        def send(boundary, text):
            body = "--%s\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n%s\r\n--%s--\r\n" % (boundary, text, boundary)
            return self.server.request("POST", ENTRIES, body.encode(), {
                "Content-Type": "multipart/form-data; boundary=" + boundary, "Idempotency-Key": "a form"})
        answers = [send(boundary, "of a form") for boundary in ("one", "two")]
        self.assertEqual([answer.status for answer in answers], [201, 201], answers)
        self.assertEqual(answers[0].body, answers[1].body)
        self.assertEqual(send("one", "another").status, 422)
        self.assertEqual(len(self.server.get(ENTRIES + "?text=of%20a%20form").json), 1)

    def test_another_body_under_a_key_is_422(self):
        self.assertEqual(self.post({"text": "a"}, "other").status, 201)
        answer = self.post({"text": "b"}, "other")
        self.assertEqual((answer.status, answer.json), (422, {"detail": "This Idempotency-Key was used for another request."}))
        self.assertEqual(self.server.get(ENTRIES + "?text=b").json, [])

    def count(self, text):
        return len(self.server.get(ENTRIES + "?text=" + text).json)

    def test_a_handler_that_is_one_transaction_is_repeated_or_undone(self):
        first, again = self.post({"text": "two"}, "two", TWICE), self.post({"text": "two"}, "two", TWICE)
        self.assertEqual((first.status, first.json[1]["text"], first.headers["x-made"]), (201, "two'", "2"))
        self.assertEqual((again.status, again.body, again.headers["content-type"]), (201, first.body, "application/json"))
        self.assertEqual((again.headers["x-made"], again.headers["allow"]), ("2", first.headers["allow"]))
        self.assertIn("set-cookie", first.headers)
        self.assertNotIn("set-cookie", again.headers)
        self.assertEqual((self.count("two"), self.count("two'")), (1, 1))
        self.assertEqual(self.post({"text": "three"}, "two", TWICE).status, 422)
        for key in ({}, {"Idempotency-Key": "late"}):
            late = self.server.post(TWICE, {"text": "late"}, headers=key)
            self.assertEqual((late.status, late.json), (403, {"detail": "Too late."}))
            self.assertEqual(self.count("late"), 0)
        wrong = self.post({}, "late", TWICE)
        self.assertEqual((wrong.status, wrong.json), (400, {"text": ["This field is required."]}))
        mended = self.server.post(TWICE, {"text": "mended"}, headers={"Idempotency-Key": "late", "Accept": "application/json; indent=1"})
        self.assertEqual(mended.status, 201)
        self.assertTrue(mended.body.startswith(b"[\n {\n  \"id\": "), mended.body)
        self.assertEqual(self.post({"text": "mended"}, "late", TWICE).body, mended.body)

    def test_a_handler_that_waits_keeps_its_answer_too(self):
        first, again = self.post({"text": "slow"}, "slow", SLOWLY), self.post({"text": "slow"}, "slow", SLOWLY)
        self.assertEqual((first.status, again.status, again.body), (201, 201, first.body))
        self.assertEqual(self.count("slow"), 1)
        self.assertEqual(self.post({"text": "other"}, "slow", SLOWLY).status, 422)
        text, again = self.post({"text": "text"}, "text", SLOWLY), self.post({"text": "text"}, "text", SLOWLY)
        self.assertEqual((text.body, again.body, again.headers["content-type"]), (b"a text", b"a text", "text/plain; charset=utf-8"))
        # What was refused is asked anew, with what it has written meanwhile: it is no transaction.
        for n in (1, 2):
            self.assertEqual(self.post({"text": "odd"}, "odd", SLOWLY).status, 403)
            self.assertEqual(self.count("odd"), n)
        self.assertEqual(self.server.get(ENTRIES + "?text=").status, 200)

    def test_a_reference_to_nothing_is_told_of_its_field(self):
        answer = self.post({"text": "a", "account": 77}, "nothing")
        self.assertEqual((answer.status, answer.json), (400, {"account": ["Invalid pk \"77\" - object does not exist."]}))


class Lost(unittest.TestCase):
    def test_a_handler_whose_end_nobody_knows_is_not_run_again(self):
        server = Server("ledger", "--log", "error", db="ledger.db", workers=1)
        self.addCleanup(server.finish)
        key = {"Idempotency-Key": "hang"}
        body = b'{"text": "hang"}'
        sock = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
        self.addCleanup(sock.close)
        sock.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: hang\r\n"
                     b"Content-Length: %d\r\n\r\n%s" % (SLOWLY.encode(), len(body), body))
        until = time.monotonic() + PATIENCE
        while not server.get(ENTRIES + "?text=hang").json and time.monotonic() < until:
            time.sleep(0.01)
        told = {"detail": "A request with this Idempotency-Key has begun, and its answer is not known."}
        running = server.post(SLOWLY, {"text": "hang"}, headers=key)
        self.assertEqual((running.status, running.json), (409, told))
        server.kill()
        server.start()
        lost = server.post(SLOWLY, {"text": "hang"}, headers=key)
        self.assertEqual((lost.status, lost.json), (409, told))
        self.assertEqual(len(server.get(ENTRIES + "?text=hang").json), 1)
        self.assertEqual(server.post(SLOWLY, {"text": "other"}, headers=key).status, 422)


class Full(unittest.TestCase):
    def test_what_a_full_disk_refused_is_written_when_it_is_asked_for_again(self):
        server = Server("ledger", "--log", "error", db="ledger.db", workers=1)
        self.addCleanup(server.finish)
        one = [{"method": "POST", "path": ENTRIES, "body": {"text": "x" * 100}}] * 50

        def ask(n):
            return server.post(BATCH, one, headers={"Idempotency-Key": "full %d" % n})
        self.assertEqual(ask(0).status, 200)
        bytes_now = max(os.path.getsize(server.db + end) for end in ("", "-wal"))
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (bytes_now, resource.RLIM_INFINITY))
        refused = [n for n in range(1, 200) if ask(n).status >= 500]
        self.assertTrue(refused)
        self.assertEqual(server.post(ENTRIES, {"text": "alone"}, headers={"Idempotency-Key": "alone"}).status // 100, 5)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        for n in range(200):
            self.assertEqual(ask(n).status, 200)
        self.assertEqual(server.post(ENTRIES, {"text": "alone"}, headers={"Idempotency-Key": "alone"}).status, 201)
        self.assertEqual(len(server.get(ENTRIES).json), 200 * 50 + 1)


class Tags(ServerCase):
    example = "ledger"
    db = "ledger.db"

    def test_a_tag_goes_with_a_get_and_guards_a_write(self):
        path = ENTRIES + "%d/" % self.server.post(ENTRIES, {"text": "tagged"}).json["id"]
        got = self.server.get(path)
        tag = got.headers["etag"]
        self.assertRegex(tag, r'^"[0-9a-f]{32}"$')
        same = self.server.get(path, headers={"If-None-Match": tag})
        self.assertEqual((same.status, same.body, same.headers["etag"]), (304, b"", tag))
        self.assertNotIn("content-type", same.headers)
        self.assertNotIn("allow", same.headers)
        head = self.server.request("HEAD", path)
        self.assertEqual((head.status, head.headers["etag"]), (200, tag))
        self.assertEqual(self.server.patch(path, {"text": "mine"}, headers={"If-Match": tag}).status, 200)
        late = self.server.patch(path, {"text": "late"}, headers={"If-Match": tag})
        self.assertEqual((late.status, late.json), (412, {"detail": "Precondition failed."}))
        self.assertEqual(self.server.delete(path, headers={"If-Match": tag}).status, 412)
        self.assertEqual(self.server.get(path).json["text"], "mine")

    def test_a_tag_of_a_compressed_answer_is_good_for_a_write_too(self):
        path = ENTRIES + "%d/" % self.server.post(ENTRIES, {"text": "tagged" * 10}).json["id"]
        for i in range(40):
            self.server.post(ENTRIES, {"text": "more" * 20})
        listed = self.server.get(ENTRIES, headers={"Accept-Encoding": "gzip"})
        self.assertTrue(listed.headers["etag"].startswith("W/"), listed.headers)
        self.assertEqual(self.server.get(ENTRIES, headers={"Accept-Encoding": "gzip",
                                                           "If-None-Match": listed.headers["etag"]}).status, 304)
        weak = "W/" + self.server.get(path).headers["etag"]
        self.assertEqual(self.server.patch(path, {"text": "mine"}, headers={"If-Match": weak}).status, 200)

    def test_of_many_with_one_tag_one_writes(self):
        path = ENTRIES + "%d/" % self.server.post(ENTRIES, {"text": "0"}).json["id"]
        tag = self.server.get(path).headers["etag"]
        statuses = []
        threads = [threading.Thread(target=lambda n=n: statuses.append(
            self.server.patch(path, {"text": "by %d" % n}, headers={"If-Match": tag}).status)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual(sorted(statuses), [200] + [412] * 7)


if __name__ == "__main__":
    unittest.main()
