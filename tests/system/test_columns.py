"""Columns as the database has them: what is watched, read and written over tables that somebody else made."""
import json
import sqlite3
import unittest

from live import Live, as_rows
from server import Server
from wsclient import Closed, WebSocket

BIG, NEXT = 2 ** 53, 2 ** 53 + 1


class Columns(unittest.TestCase):
    def setUp(self):
        self.server = Server("columns", "--log", "warn", db="columns.db", start=False)

        self.watchers = []

    def tearDown(self):
        for live in self.watchers:
            live.close()
        self.server.finish()

    def prepare(self, *statements):
        """Make the tables beforehand, as somebody else did, and start."""
        db = sqlite3.connect(self.server.db)
        for statement in statements:
            db.execute(statement)
        db.commit()
        db.close()
        self.server.start()

    def watch(self, path):
        live = Live(self.server, path)
        self.watchers.append(live)
        return live


def hear(live):
    """The next frame, which a commit that was made just now must bring: if nothing comes of it, an `at` does."""
    frame = json.loads(live.receive())
    assert live.apply(frame), "the commit was not told: %r" % frame
    return frame


class AsText(Columns):
    def test_keys_over_2_to_the_53_are_strings_in_live_frames(self):
        self.prepare("CREATE TABLE parcel (id integer PRIMARY KEY, name varchar(20) NOT NULL)",
                     "INSERT INTO parcel VALUES (%d, 'a'), (%d, 'b')" % (BIG, NEXT))
        parcels, one, stops = self.watch("/parcels/"), self.watch("/parcels/%d/" % NEXT), self.watch("/stops/")
        self.assertEqual(parcels.rows, {str(BIG): {"id": str(BIG), "name": "a"}, str(NEXT): {"id": str(NEXT), "name": "b"}})
        self.assertEqual(one.rows, {str(NEXT): {"id": str(NEXT), "name": "b"}})
        self.assertEqual(self.server.patch("/parcels/%d/" % NEXT, {"name": "c"}).json, {"id": str(NEXT), "name": "c"})
        self.assertEqual(self.server.post("/stops/", {"parcel": str(NEXT)}).json, {"id": 1, "parcel": str(NEXT)})
        self.assertEqual(hear(parcels)["changes"], [{"op": "update", "id": str(NEXT), "data": {"id": str(NEXT), "name": "c"}}])
        self.assertEqual(hear(one)["changes"], [{"op": "update", "id": str(NEXT), "data": {"id": str(NEXT), "name": "c"}}])
        self.assertEqual(hear(stops)["changes"], [{"op": "create", "id": 1, "data": {"id": 1, "parcel": str(NEXT)}}])
        self.assertEqual([row["id"] for row in self.server.get("/parcels/?id=%d" % BIG).json], [str(BIG)])


class Wide(Columns):
    """200 columns: more than a word has bits, and than a C struct has room for."""
    FIELDS, SECRET, READ_ONLY = 200, 197, 198

    def row(self, key, **given):
        row = {"id": key}
        row.update({"c%d" % i: None for i in range(1, self.FIELDS) if i != self.SECRET})
        row.update(given)
        return row

    def test_each_of_200_columns_is_written_read_filtered_and_ordered_by(self):
        self.server.start()
        given = {"c%d" % i: i * 1000 if i % 3 == 0 else "text %d" % i for i in range(1, self.FIELDS)}
        answer = self.server.post("/wides/", given)
        given.pop("c%d" % self.SECRET)
        given["c%d" % self.READ_ONLY] = None
        self.assertEqual((answer.status, answer.json), (201, self.row(1, **given)))
        self.assertEqual(self.server.post("/wides/", {"c199": "b"}).json, self.row(2, c199="b"))
        self.assertEqual(self.server.get("/wides/1/").json, self.row(1, **given))
        self.assertEqual([row["id"] for row in self.server.get("/wides/?c199__icontains=EXT%20199").json], [1])
        self.assertEqual([row["id"] for row in self.server.get("/wides/?ordering=-c199").json], [1, 2])
        self.assertEqual([row["id"] for row in self.server.get("/wides/?ordering=c199").json], [2, 1])
        for i in (1, 63, 64, 65, 127, 128, 129, 191, 192, 199):
            value = -i if i % 3 == 0 else "new"
            self.assertEqual(self.server.patch("/wides/2/", {"c%d" % i: value}).json["c%d" % i], value, i)
            self.assertEqual(self.server.get("/wides/1/").json, self.row(1, **given))
        wrong = self.server.patch("/wides/2/", {"c66": "x", "c198": 1, "c192": "y"})
        self.assertEqual((wrong.status, sorted(wrong.json)), (400, ["c192", "c66"]))
        self.assertEqual(set(self.server.request("OPTIONS", "/wides/").json["actions"]["POST"]), set(self.row(1)) | {"c197"})

    def test_live_frames_tell_of_each_of_200_columns(self):
        self.server.start()
        self.assertEqual(self.server.post("/wides/", {"c1": "a", "c199": "z"}).status, 201)
        live = self.watch("/wides/")
        self.assertEqual(live.rows, {1: self.row(1, c1="a", c199="z")})
        for i in (64, 128, 199):
            self.assertEqual(self.server.patch("/wides/1/", {"c%d" % i: "v%d" % i}).status, 200)
            hear(live)
        expected = self.row(1, c1="a", c64="v64", c128="v128", c199="v199")
        self.assertEqual(live.rows, {1: expected})

    def test_a_virtual_column_far_behind_is_told(self):
        columns = ", ".join("c%d %s NULL" % (i, "text" if i % 3 else "integer") for i in range(1, 199))
        self.prepare("CREATE TABLE wide (id integer PRIMARY KEY AUTOINCREMENT, %s,"
                     " c199 text AS (upper(c64)) VIRTUAL)" % columns)
        live = self.watch("/wides/")
        self.assertEqual(self.server.post("/wides/", {"c64": "abc"}).json["c199"], "ABC")
        self.assertEqual(hear(live)["changes"][0]["data"]["c199"], "ABC")


class Keys(Columns):
    """A detail is watched by the key that is stored: the same comparison found its row."""

    def follow(self, paths, name, ids, body={"text": "new"}):
        """All of these URLs show the row, and hear of its update, its delete, and its return."""
        watchers = [self.watch(path) for path in paths]
        for live in watchers:
            self.assertEqual(list(live.rows), [ids[0]])
        self.assertEqual(self.server.patch(paths[0], body).status, 200)
        for live in watchers:
            self.assertEqual(hear(live)["changes"], [{"op": "update", "id": ids[0], "data": dict(body, id=ids[0])}])
        self.assertEqual(self.server.delete(paths[-1]).status, 204)
        for live in watchers:
            self.assertEqual(hear(live)["changes"], [{"op": "delete", "id": ids[0]}])
        self.assertEqual(self.server.post(name, {"id": ids[1], "text": "again"}).status, 201)
        for live in watchers:
            hear(live)
            self.assertEqual(list(live.rows.values()), [{"id": ids[2], "text": "again"}])

    def test_a_key_that_folds_letters(self):
        self.prepare("CREATE TABLE code (id text COLLATE NOCASE PRIMARY KEY NOT NULL, text text NOT NULL)",
                     "INSERT INTO code VALUES ('abc', 'old'), ('abd', 'other')")
        self.follow(["/codes/ABC/", "/codes/abc/", "/codes/aBc/"], "/codes/", ["abc", "AbC", "AbC"])

    def test_another_spelling_of_a_key_is_another_row_of_one_view(self):
        self.prepare("CREATE TABLE code (id text COLLATE NOCASE PRIMARY KEY NOT NULL, text text NOT NULL) WITHOUT ROWID",
                     "CREATE TRIGGER respell AFTER UPDATE OF text ON code WHEN new.text = 'upper'"
                     " BEGIN UPDATE code SET id = upper(id) WHERE id = new.id; END",
                     "INSERT INTO code VALUES ('abc', 'old')")
        one = self.watch("/codes/abc/")
        self.assertEqual(self.server.patch("/codes/abc/", {"text": "upper"}).json, {"id": "ABC", "text": "upper"})
        self.assertEqual(hear(one)["changes"], [{"op": "delete", "id": "abc"},
                                                 {"op": "create", "id": "ABC", "data": {"id": "ABC", "text": "upper"}}])

    def test_spaces_at_the_end_of_a_key(self):
        self.prepare("CREATE TABLE code (id text COLLATE RTRIM PRIMARY KEY NOT NULL, text text NOT NULL)",
                     "INSERT INTO code VALUES ('abc ', 'old')")
        self.follow(["/codes/abc/", "/codes/abc%20%20/"], "/codes/", ["abc ", "abc", "abc"])

    def test_text_over_integers(self):
        self.prepare("CREATE TABLE serial (id integer PRIMARY KEY, text text NOT NULL)",
                     "INSERT INTO serial VALUES (7, 'old'), (70, 'other')")
        self.follow(["/serials/7/", "/serials/007/", "/serials/7e0/"], "/serials/", ["7", "0007", "7"])
        self.assertEqual(self.server.get("/serials/7.0/").status, 404)  # no key has a dot in its URL

    def test_integers_over_reals(self):
        self.prepare("CREATE TABLE meter (id real PRIMARY KEY NOT NULL, text text NOT NULL)",
                     "INSERT INTO meter VALUES (7, 'old'), (7.5, 'other')")
        self.follow(["/meters/7/", "/meters/07/"], "/meters/", [7, 7, 7])

    def test_integers_over_text(self):
        self.prepare("CREATE TABLE meter (id text PRIMARY KEY NOT NULL, text text NOT NULL)",
                     "INSERT INTO meter VALUES ('7', 'old'), ('07', 'other')")
        self.follow(["/meters/7/", "/meters/07/"], "/meters/", [7, 7, 7])

    def test_a_column_without_a_type(self):
        self.prepare("CREATE TABLE meter (id PRIMARY KEY NOT NULL, text text NOT NULL)",
                     "INSERT INTO meter VALUES (7.0, 'old'), ('7', 'other')")
        self.follow(["/meters/7/"], "/meters/", [7, 7, 7])

    def test_a_reference_keeps_the_key_that_is_stored(self):
        self.prepare("CREATE TABLE code (id text COLLATE NOCASE PRIMARY KEY NOT NULL, text text NOT NULL)",
                     "INSERT INTO code VALUES ('abc', 'old')")
        self.assertEqual(self.server.post("/uses/", {"code": "ABC"}).json, {"id": 1, "code": "abc"})
        self.assertEqual(self.server.get("/uses/?code=aBC").json, [{"id": 1, "code": "abc"}])
        self.assertEqual(self.server.get("/uses/?code=x").status, 400)

    def test_a_key_that_no_row_has_is_told(self):
        self.prepare("CREATE TABLE code (id text COLLATE NOCASE PRIMARY KEY NOT NULL, text text NOT NULL)")
        with self.assertRaises(Closed) as closed:
            socket = WebSocket(self.server.port, "/codes/ABC/")
            self.assertEqual(json.loads(socket.receive())["status"], 404)
            socket.receive()
        self.assertEqual(closed.exception.code, 4404)


class Computed(Columns):
    def test_virtual_columns_are_in_live_frames_as_in_a_get(self):
        self.prepare("CREATE TABLE bill (id integer PRIMARY KEY, net integer NOT NULL, rate integer NOT NULL DEFAULT 20,"
                     " total AS (net * (100 + rate) / 100))",
                     "CREATE TRIGGER rated AFTER UPDATE OF net ON bill WHEN new.net = 1000 BEGIN"
                     " UPDATE bill SET rate = 0 WHERE id = 2; END")
        bills = self.watch("/bills/")
        self.assertEqual(self.server.post("/bills/", {"net": 100}).json, {"id": 1, "net": 100, "total": 120})
        one = self.watch("/bills/1/")
        self.server.post("/bills/", {"net": 200})
        bills.until(lambda rows: len(rows) == 2)
        self.assertEqual(bills.rows, as_rows(self.server.get("/bills/")))
        self.server.patch("/bills/1/", {"net": 1000})  # by a trigger the other's rate, which the model does not name
        self.assertEqual(hear(one)["changes"], [{"op": "update", "id": 1, "data": {"id": 1, "net": 1000, "total": 1200}}])
        hear(bills)
        self.assertEqual(bills.rows, {1: {"id": 1, "net": 1000, "total": 1200}, 2: {"id": 2, "net": 200, "total": 200}})
        self.assertEqual(bills.rows, as_rows(self.server.get("/bills/")))


class Trouble(Columns):
    """Another program alters a table under the running server."""

    def stranger(self, *statements):
        db = sqlite3.connect(self.server.db, isolation_level=None, timeout=60)
        for statement in statements:
            db.execute(statement)
        db.close()

    def expect_end(self, socket, words):
        with self.assertRaises(Closed) as closed:
            while True:
                frame = json.loads(socket.receive())
                if frame["type"] == "error":
                    self.assertEqual(frame, {"type": "error", "status": 500, "detail": words})
                    socket.receive()
        self.assertEqual(closed.exception.code, 1011)

    def play(self, there, back, words):
        self.prepare()
        self.assertEqual(self.server.post("/codes/", {"id": "a", "text": "x"}).status, 201)
        told = [WebSocket(self.server.port, path) for path in ("/codes/", "/codes/a/")]
        for socket in told:
            self.assertEqual(json.loads(socket.receive())["type"], "snapshot")
        serials = self.watch("/serials/")
        self.stranger(there)
        for socket in told:  # nobody writes: the server looks by itself
            self.expect_end(socket, words)
        for method, path, body in (("get", "/codes/", ()), ("get", "/codes/a/", ()), ("delete", "/codes/a/", ()),
                                   ("post", "/codes/", ({"id": "b", "text": "y"},)), ("patch", "/codes/a/", ({"text": "y"},))):
            reply = getattr(self.server, method)(path, *body)
            self.assertEqual((reply.status, reply.json), (500, {"detail": words}))
        self.assertEqual(self.server.post("/serials/", {"id": "1", "text": "ours"}).status, 201)
        self.stranger("INSERT INTO serial VALUES ('2', 'theirs')")
        serials.until(lambda rows: set(rows) == {"1", "2"})
        self.assertEqual(serials.rows, as_rows(self.server.get("/serials/")))
        self.stranger(back)
        self.assertEqual(self.server.delete("/serials/1/").status, 204)  # each write looks, too
        self.assertEqual(self.server.post("/codes/", {"id": "b", "text": "y"}).status, 201)
        self.assertEqual(set(self.watch("/codes/").rows), {"a", "b"})
        for socket in told:
            socket.sock.close()

    def test_a_table_that_is_renamed_is_its_own_trouble(self):
        self.play("ALTER TABLE code RENAME TO kept", "ALTER TABLE kept RENAME TO code",
                  "The table of model code is not in the database.")

    def test_a_column_that_is_dropped_is_its_tables_own_trouble(self):
        self.play("ALTER TABLE code DROP COLUMN text", "ALTER TABLE code ADD COLUMN text varchar(20) NOT NULL DEFAULT ''",
                  "The table of model code does not fit any more: another program has altered it.")

    def test_a_column_that_must_be_given_refuses_creates_in_words(self):
        self.prepare("CREATE TABLE code (id text PRIMARY KEY, text text NOT NULL, more integer NOT NULL)",
                     "INSERT INTO code VALUES ('a', 'x', 1)")
        reply = self.server.post("/codes/", {"id": "b", "text": "y"})
        self.assertEqual((reply.status, reply.json["detail"]),
                         (500, "No code can be added: its table has a column that must be given, and this program does not know it."))
        self.assertEqual(self.server.patch("/codes/a/", {"text": "y"}).json, {"id": "a", "text": "y"})
        self.assertEqual(self.server.post("/serials/", {"id": "1", "text": "x"}).status, 201)
        self.assertEqual(self.server.delete("/codes/a/").status, 204)


class Pages(Columns):
    def test_pages_over_a_column_that_folds_letters(self):
        self.prepare("CREATE TABLE ranked (id integer PRIMARY KEY, name text COLLATE NOCASE NOT NULL)",
                     "CREATE INDEX by_name ON ranked (name)",
                     *("INSERT INTO ranked (name) VALUES ('%s')" % name for name in "b A a B c C D d".split()))
        pages = [self.server.get("/ranks/?page=%d" % page).json["results"] for page in (1, 2)]
        self.assertEqual([row["id"] for page in pages for row in page], [7, 8, 5, 6, 1, 4, 2, 3])


if __name__ == "__main__":
    unittest.main()
