"""The chat example: rooms by the slug in the path."""
import unittest

from server import ServerCase
from wsclient import Refused, WebSocket


class Chat(ServerCase):
    example = "chat"

    def open(self, room, name="Ada"):
        return WebSocket(self.server.port, "/ws/chat/%s/?name=%s" % (room, name))

    def test_a_room_hears_its_members_and_no_other_room(self):
        with self.open("tea", "Ada") as a, self.open("tea", "B%C3%B6b") as b, self.open("coffee") as c:
            self.assertEqual(a.receive_json(), {"from": "Ada", "joined": True})
            for ws in (a, b):
                self.assertEqual(ws.receive_json(), {"from": "Böb", "joined": True})
            a.send_json({"text": "hello, \"tea\""})
            for ws in (a, b):
                self.assertEqual(ws.receive_json(), {"from": "Ada", "text": "hello, \"tea\""})
            self.assertEqual(c.receive_json(), {"from": "Ada", "joined": True})
            c.send_json({"text": "hello, coffee"})
            self.assertEqual(c.receive_json(), {"from": "Ada", "text": "hello, coffee"})
            b.close()
            self.assertEqual(a.receive_json(), {"from": "Böb", "left": True})
            self.assertEqual(a.ping(), [])

    def test_what_is_no_message_closes_the_socket_with_a_reason(self):
        for text, code in (("no JSON", 4400), ("[]", 4400), ("{}", 4404), ('{"text":"%s"}' % ("x" * 2001), 1009)):
            with self.open("mistakes") as ws:
                ws.receive_json()
                ws.send_text(text)
                end = ws.wait_close()
                self.assertEqual(end.code, code)
                self.assertTrue(end.reason)

    def test_a_room_whose_name_is_no_slug_is_not_there(self):
        for room in ("a.b", "a%20b", "a/b"):
            with self.assertRaises(Refused) as refused:
                self.open(room)
            self.assertEqual(refused.exception.status, 404)

    def test_the_page_is_served(self):
        self.assertEqual(self.server.get("/").status, 200)


if __name__ == "__main__":
    unittest.main()
