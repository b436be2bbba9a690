"""Columns as the database has them: what is watched, read and written over tables that somebody else made."""
import os
import sqlite3
import unittest

from live import Live
from server import Server

BIG, NEXT = 2 ** 53, 2 ** 53 + 1


class Columns(unittest.TestCase):
    def setUp(self):
        self.server = Server("columns", "--log", "warn", db="columns.db", start=False)

    def tearDown(self):
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
        self.addCleanup(live.close)
        return live


class AsText(Columns):
    def test_keys_over_2_to_the_53_are_strings_in_live_frames(self):
        self.prepare("CREATE TABLE parcel (id integer PRIMARY KEY, name varchar(20) NOT NULL)",
                     "INSERT INTO parcel VALUES (%d, 'a'), (%d, 'b')" % (BIG, NEXT))
        parcels, one, stops = self.watch("/parcels/"), self.watch("/parcels/%d/" % NEXT), self.watch("/stops/")
        self.assertEqual(parcels.rows, {str(BIG): {"id": str(BIG), "name": "a"}, str(NEXT): {"id": str(NEXT), "name": "b"}})
        self.assertEqual(one.rows, {str(NEXT): {"id": str(NEXT), "name": "b"}})
        self.assertEqual(self.server.patch("/parcels/%d/" % NEXT, {"name": "c"}).json, {"id": str(NEXT), "name": "c"})
        self.assertEqual(self.server.post("/stops/", {"parcel": str(NEXT)}).json, {"id": 1, "parcel": str(NEXT)})
        self.assertEqual(parcels.next()["changes"], [{"op": "update", "id": str(NEXT), "data": {"id": str(NEXT), "name": "c"}}])
        self.assertEqual(one.next()["changes"], [{"op": "update", "id": str(NEXT), "data": {"id": str(NEXT), "name": "c"}}])
        self.assertEqual(stops.next()["changes"], [{"op": "create", "id": 1, "data": {"id": 1, "parcel": str(NEXT)}}])
        self.assertEqual([row["id"] for row in self.server.get("/parcels/?id=%d" % BIG).json], [str(BIG)])


if __name__ == "__main__":
    unittest.main()
