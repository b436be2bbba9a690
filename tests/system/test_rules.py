"""Rules of rows, whole: what one may not see is nowhere, and what one may not write stays as it is."""
import os
import sqlite3
import unittest

from server import Server

DENIED = {"detail": "You do not have permission to perform this action."}
CONFLICT = {"detail": "This is in conflict with something that is there already."}
ROWS = """
INSERT INTO auth_user(id, password, is_superuser, username, last_name, email, is_staff, is_active, date_joined, first_name) VALUES
 (1,'!',0,'ann','','',0,1,'2020-01-01',''), (2,'!',0,'bob','','',0,1,'2020-01-01',''), (3,'!',0,'eve','','',0,1,'2020-01-01','');
INSERT INTO club(id, name, open) VALUES (1,'chess',0), (2,'go',1);
INSERT INTO membership(id, club_id, user_id, banned) VALUES (1,1,1,0), (2,1,2,1), (3,2,2,0);
INSERT INTO letter(id, title, hidden, sealed, owner_id, club_id) VALUES
 (1,'plain',0,0,1,1), (2,'secret',1,0,1,2), (3,'bobs',0,0,2,2), (4,'done',0,1,1,NULL);
INSERT INTO page(id, name) VALUES (1,'p');
INSERT INTO note(id, text, page_id) VALUES (1,'x',1), (2,'y',1);
"""


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("rules", db="rules.db")
        with sqlite3.connect(os.path.join(cls.server.folder, "rules.db")) as beside:
            beside.executescript(ROWS)

    @classmethod
    def tearDownClass(cls):
        cls.server.finish()

    def ask(self, method, path, user, body=None):
        return self.server.request(method, path, body, {"X-User": user})

    def ids(self, path, user):
        answer = self.ask("GET", path, user)
        self.assertEqual(answer.status, 200, answer)
        return [row["id"] for row in answer.json]

    def test_lists_nested_rows_and_numbers(self):
        self.assertEqual(self.ids("/clubs/", "ann"), [1, 2])
        self.assertEqual(self.ids("/clubs/", "bob"), [2])  # one that is banned is no member
        self.assertEqual(self.ids("/clubs/", "nobody"), [2])
        go = {"id": 2, "name": "go"}
        self.assertEqual(self.ask("GET", "/clubs/2/", "ann").json,
                         dict(go, letters=[{"id": 2, "title": "secret"}, {"id": 3, "title": "bobs"}], count=2))
        self.assertEqual(self.ask("GET", "/clubs/2/", "bob").json, dict(go, letters=[{"id": 3, "title": "bobs"}], count=1))
        self.assertEqual(self.ask("GET", "/clubs/1/", "bob").status, 404)

    def test_filters_and_searches_over_relations(self):
        self.assertEqual(self.ids("/clubs/?letters__title=secret", "ann"), [2])
        self.assertEqual(self.ids("/clubs/?letters__title=secret", "bob"), [])
        self.assertEqual(self.ids("/clubs/?search=secret", "bob"), [])
        self.assertEqual(self.ids("/letters/?club__name=chess", "ann"), [1])
        self.assertEqual(self.ids("/letters/?club__name=chess", "bob"), [])
        self.assertEqual(self.ask("GET", "/letters/1/", "bob").json["club_name"], None)
        self.assertEqual(self.ask("GET", "/letters/1/", "ann").json["club_name"], "chess")

    def test_keys_in_bodies(self):
        refused = self.ask("POST", "/letters/", "bob", {"title": "t", "owner": 2, "club": 1})
        self.assertEqual((refused.status, refused.json), (400, {"club": ['Invalid pk "1" - object does not exist.']}))
        missing = self.ask("POST", "/letters/", "bob", {"title": "t", "owner": 2, "club": 99})
        self.assertEqual(missing.json, {"club": ['Invalid pk "99" - object does not exist.']})

    def test_what_the_program_has_read(self):
        self.assertEqual(self.ids("/letters/raw/", "ann")[:4], [1, 2, 3, 4])
        self.assertEqual(self.ids("/letters/raw/", "bob")[:3], [1, 3, 4])

    def test_actions_are_asked_in_their_transaction(self):
        self.assertEqual(self.ask("POST", "/letters/2/seal/", "bob").status, 404)
        for path, user in [("/letters/1/seal/", "bob"), ("/letters/4/seal/", "ann"), ("/letters/1/seal/?bob=1", "ann")]:
            answer = self.ask("POST", path, user)
            self.assertEqual((answer.status, answer.json), (403, DENIED), path)
        self.assertEqual(self.ask("GET", "/letters/1/", "ann").json["sealed"], False)
        made = self.ask("POST", "/letters/", "ann", {"title": "t", "owner": 1}).json["id"]
        self.assertEqual(self.ask("POST", "/letters/%d/seal/" % made, "ann").json["sealed"], True)
        self.assertEqual(self.ask("DELETE", "/letters/%d/" % made, "ann").status, 403)

    def test_a_taken_value_tells_nothing(self):
        answer = self.ask("POST", "/notes/", "ann", {"text": "x", "page": 1})
        self.assertEqual((answer.status, answer.json), (409, CONFLICT))
        self.assertEqual(self.ask("POST", "/notes/", "ann", {"text": "y", "page": 1}).status, 400)

    def test_what_passes_a_rule_by_is_told_at_the_start(self):
        self.assertRegex(self.server.output(), r"rules\.beneath path=pages/ model=note ruled=notes/")
        self.assertRegex(self.server.output(), r"rest\.walks path=clubs/ filters=\S*\.visible")
        self.assertNotIn("rules.beneath path=clubs/", self.server.output())


if __name__ == "__main__":
    unittest.main()
