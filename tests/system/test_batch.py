"""Several writes as one: all of them, in order, in one commit; or none, and why."""
import os
import random
import threading
import unittest

from live import Live
from server import PATIENCE, Server, ServerCase

BATCH, ACCOUNTS, ENTRIES = "/api/batch/", "/api/accounts/", "/api/entries/"
ROUNDS = int(os.environ.get("FR_BATCHES", "1000"))


def post(path, body, **more):
    return dict({"method": "POST", "path": path, "body": body}, **more)


class Batch(ServerCase):
    example = "ledger"
    db = "ledger.db"

    def batch(self, *requests, **more):
        return self.server.post(BATCH, list(requests), **more)

    def test_the_first_refusal_undoes_all_and_is_told(self):
        before = self.server.get(ENTRIES).json
        answer = self.batch(post(ENTRIES, {"text": "a"}), post(ENTRIES, {"text": ""}), post(ENTRIES, {"text": "b"}))
        self.assertEqual((answer.status, answer.json), (409, {
            "detail": "Request 1 was refused, and nothing was written.", "index": 1,
            "answer": {"status": 400, "body": {"text": ["This field may not be blank."]}}}))
        self.assertNotIn("freshet-at", answer.headers)
        for wrong, status in ((post("/api/nowhere/", {}), 404), (post(ACCOUNTS + "hello/", {}), 400), (post(BATCH, []), 404),
                              ({"method": "DELETE", "path": ENTRIES + "99999/"}, 404),
                              ({"method": "PUT", "path": ENTRIES, "body": {}}, 405),
                              (post(ENTRIES, {"text": {"$ref": "later/id"}}), 400),
                              (post(ENTRIES, {"text": {"$ref": "one/nothing"}}), 400),
                              (dict(post(ACCOUNTS, {"name": "x"}), if_match="*"), 400)):
            answer = self.batch(post(ENTRIES, {"text": "a"}, id="one"), wrong, post(ENTRIES, {"text": "c"}, id="later"))
            self.assertEqual((answer.status, answer.json["index"], answer.json["answer"]["status"]), (409, 1, status), answer)
        self.assertEqual(self.server.get(ENTRIES).json, before)

    def test_what_is_no_batch_is_refused_before_anything_is_run(self):
        for body, detail in (({}, "A batch is an array of requests."), ("x", "A batch is an array of requests."),
                             ([1], "Request 0: it is no object."),
                             ([{"method": "GET", "path": ENTRIES}], 'Request 0: "method" is POST, PUT, PATCH or DELETE.'),
                             ([post("entries", {})], 'Request 0: "path" is a text that begins with "/".'),
                             ([post(ENTRIES, {}, ifmatch="x")],
                              'Request 0: it has "method", "path", "body", "if_match" and "id", and nothing else.'),
                             ([post(ENTRIES, {}, id="a/b")], 'Request 0: "id" is a text of 1 to 60 characters without "/".'),
                             ([post(ENTRIES, {}, id="a"), post(ENTRIES, {}, id="a")],
                              'Request 1: an earlier one has the same "id".')):
            answer = self.server.post(BATCH, body)
            self.assertEqual((answer.status, answer.json), (400, {"detail": detail}))
        many = self.batch(*[post(ENTRIES, {"text": "x"})] * 101)
        self.assertEqual((many.status, many.json), (413, {"detail": "A batch has 100 requests at most."}))
        self.assertEqual(self.server.get(BATCH).status, 405)
        self.assertEqual(self.server.get(BATCH).headers["allow"], "POST, OPTIONS")
        self.assertEqual(self.server.request("OPTIONS", BATCH).json["name"], "Batch")
        self.assertEqual((self.batch().status, self.batch().json), (200, []))

    def test_a_hundred_are_one_frame(self):
        live = Live(self.server, ENTRIES)
        answer = self.batch(*[post(ENTRIES, {"text": "n%d" % n}) for n in range(100)])
        self.assertEqual(answer.status, 200)
        frame = live.next()
        self.assertEqual(len(frame["changes"]), 100)
        self.assertTrue(frame["at"].startswith(answer.headers["freshet-at"]))
        live.close()

    def test_a_version_is_judged_within(self):
        one = self.server.post(ENTRIES, {"text": "v"}).json
        path = ENTRIES + "%d/" % one["id"]
        tag = self.server.get(path).headers["etag"]
        first = {"method": "PATCH", "path": path, "body": {"text": "w"}, "if_match": tag}
        answer = self.batch(first, first)  # the second sees what the first has written
        self.assertEqual((answer.status, answer.json["index"], answer.json["answer"]["status"]), (409, 1, 412))
        self.assertEqual(self.batch(first).status, 200)

    def test_a_repeat_gets_the_same_answer_and_writes_nothing(self):
        key = {"Idempotency-Key": "batch"}
        answers = [self.batch(post(ENTRIES, {"text": "repeated"}), headers=key) for _ in range(3)]
        self.assertEqual(len({(a.status, a.body, a.headers["freshet-at"]) for a in answers}), 1)
        self.assertEqual(len(self.server.get(ENTRIES + "?text=repeated").json), 1)
        self.assertEqual(self.batch(post(ENTRIES, {"text": "other"}), headers=key).status, 422)
        refused = self.batch(post(ENTRIES, {"text": ""}), headers={"Idempotency-Key": "refused"})
        self.assertEqual((refused.status, refused.json["index"]), (409, 0))

    def test_references_go_into_what_is_nested_and_stay_what_they_are(self):
        answer = self.batch(post(ACCOUNTS, {"name": "caf\u00e9 \"x\""}, id="a"),
                            post(ENTRIES, {"text": {"$ref": "a/name"}, "account": {"$ref": "a/id"}}))
        self.assertEqual(answer.json[1]["body"]["text"], "caf\u00e9 \"x\"")
        deep = self.server.post(BATCH, [post(ENTRIES, {"text": {"$ref": "a/id", "more": 1}}, id="a")])
        self.assertEqual((deep.status, deep.json["answer"]["body"]), (409, {"text": ["Not a valid string."]}))


class Random(unittest.TestCase):
    """Random batches, most with a request somewhere that is refused; each is told in one frame, or leaves nothing behind."""

    def setUp(self):
        self.server = Server("ledger", "--log", "error", db="ledger.db")
        self.addCleanup(self.server.finish)
        self.dice = random.Random(int(os.environ.get("FR_SEED", "11")))

    def good(self, rows):
        kind = self.dice.choice(["create"] * 3 + ["update", "delete"] * bool(rows))
        if kind == "create":
            return post(ENTRIES, {"text": "t%d" % self.dice.randrange(1000), "amount": self.dice.randrange(100)})
        key = self.dice.choice(sorted(rows))
        if kind == "update":
            return {"method": self.dice.choice(["PATCH", "PUT"]), "path": ENTRIES + "%d/" % key,
                    "body": {"text": "u%d" % self.dice.randrange(1000)}}
        rows.discard(key)
        return {"method": "DELETE", "path": ENTRIES + "%d/" % key}

    def bad(self):
        return self.dice.choice([post(ENTRIES, {"text": "x" * 101}), post(ENTRIES, {"amount": -1, "text": "a"}),
                                 post(ENTRIES, {"text": "a", "account": 12345}), post(ACCOUNTS, {"name": "taken"}),
                                 {"method": "DELETE", "path": ENTRIES + "999999/"},
                                 {"method": "PATCH", "path": ENTRIES + "x/", "body": {}}])

    def test_a_batch_is_all_or_nothing_and_one_frame(self):
        self.assertEqual(self.server.post(ACCOUNTS, {"name": "taken"}).status, 201)
        live = Live(self.server, ENTRIES)
        written = refused = 0
        connection = self.server.connection()
        for _ in range(ROUNDS):
            rows = set(live.rows)
            requests = [self.good(rows) for _ in range(self.dice.randrange(1, 8))]
            fails = self.dice.random() < 0.7
            if fails:
                at = self.dice.randrange(len(requests) + 1)
                requests.insert(at, self.bad())
            before, frames = dict(live.rows), live.frames
            answer = self.server.post(BATCH, requests, connection=connection)
            if fails:
                self.assertEqual((answer.status, answer.json["index"]), (409, at), answer)
                refused += 1
                continue
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(live.rows, before)
            place = int(answer.headers["freshet-at"].split(".")[0])
            if place > live.place:
                live.next()
                self.assertEqual((live.place, live.frames), (place, frames + 1))
            written += 1
        listed = {row["id"]: row for row in self.server.get(ENTRIES, connection=connection).json}
        self.assertEqual(live.rows, listed)
        self.assertGreater(min(written, refused), ROUNDS // 10)
        live.close()

    def test_batches_at_once_do_not_mix(self):
        wrong = []

        def ask(n):
            for i in range(15):
                answer = self.server.post(BATCH, [post(ACCOUNTS, {"name": "a%d-%d" % (n, i)}, id="a"),
                                                  post(ENTRIES, {"account": {"$ref": "a/id"}, "text": "of a%d-%d" % (n, i)}),
                                                  post(ENTRIES, {"text": "" if i % 3 == 0 else "last"})])
                if answer.status != (409 if i % 3 == 0 else 200):
                    wrong.append(answer)
        threads = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual(wrong, [])
        names = {row["id"]: row["name"] for row in self.server.get(ACCOUNTS).json}
        self.assertEqual(len(names), 6 * 10)
        entries = [row for row in self.server.get(ENTRIES).json if row["account"]]
        self.assertEqual(sorted("of " + name for name in names.values()), sorted(row["text"] for row in entries))
        for row in entries:
            self.assertEqual(row["text"], "of " + names[row["account"]])


class First(ServerCase):
    example = "ledger"
    db = "ledger.db"

    def test_an_account_and_its_entries_with_the_key_just_made_are_one_commit(self):
        answer = self.server.post(BATCH, [post(ACCOUNTS, {"name": "cash"}, id="account"),
                            post(ENTRIES, {"account": {"$ref": "account/id"}, "text": "one", "amount": 5}, id="entry"),
                            post(ENTRIES, {"account": {"$ref": "entry/account"}, "text": {"$ref": "account/name"}}),
                            {"method": "PATCH", "path": ENTRIES + "1/", "body": {"amount": 7}},
                            {"method": "DELETE", "path": ENTRIES + "2/"}])
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual([one["status"] for one in answer.json], [201, 201, 201, 200, 204])
        self.assertEqual(answer.json[0], {"status": 201, "body": {"id": 1, "name": "cash"}})
        self.assertEqual(answer.json[2]["body"], {"id": 2, "text": "cash", "amount": 0, "account": 1})
        self.assertEqual(answer.json[3]["body"]["amount"], 7)
        self.assertEqual(answer.json[4], {"status": 204, "body": None})
        self.assertRegex(answer.headers["freshet-at"], r"^1\.[0-9a-f]{16}$")
        self.assertEqual(self.server.get(ENTRIES + "?account=1").json, [answer.json[3]["body"]])


class Setting(unittest.TestCase):
    def test_how_many_is_a_setting(self):
        server = Server("ledger", "--batch", "2", db="ledger.db")
        self.addCleanup(server.finish)
        self.assertEqual(server.post(BATCH, [post(ENTRIES, {"text": "x"})] * 2).status, 200)
        self.assertEqual(server.post(BATCH, [post(ENTRIES, {"text": "x"})] * 3).json, {"detail": "A batch has 2 requests at most."})


if __name__ == "__main__":
    unittest.main()
