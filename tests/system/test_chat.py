"""The chat example: rooms by the slug in the path."""
import unittest

from server import ServerCase
from wsclient import Refused, WebSocket


class Chat(ServerCase):
    example = "chat"

    def open(self, room):
        return WebSocket(self.server.port, "/ws/chat/%s/" % room)

    def test_a_room_hears_its_members_and_no_other_room(self):
        with self.open("tea") as a, self.open("tea") as b, self.open("coffee") as c:
            a.send_json({"message": "hello, tea"})
            for ws in (a, b):
                self.assertIn("hello, tea", ws.receive())
            c.send_json({"message": "hello, coffee"})
            self.assertIn("hello, coffee", c.receive())  # the first that this room hears
            self.assertEqual(a.ping(), [])

    def test_a_room_whose_name_is_no_slug_is_not_there(self):
        for room in ("a.b", "a%20b", "a/b"):
            with self.assertRaises(Refused) as refused:
                self.open(room)
            self.assertEqual(refused.exception.status, 404)

    def test_the_page_is_served(self):
        self.assertEqual(self.server.get("/").status, 200)


if __name__ == "__main__":
    unittest.main()
