"""Consumers that fail, and what no recording has. How the others go on the wire is played by tests/compat, against the same
program."""
import json
import unittest

from server import Server, wait_until
from wsclient import WebSocket


class Consumers(unittest.TestCase):
    def setUp(self):
        self.server = Server("tracker", "--without-users", db="tracker.db")
        self.opened = []

    def tearDown(self):
        for ws in self.opened:  # or the server waits for them to answer its close
            ws.sock.close()
        self.server.finish()

    def test_the_fault_of_a_consumer_is_1011_and_its_text_stays_here(self):
        with WebSocket(self.server.port, "/ws/fails-in-receive/", host="testserver") as ws:
            ws.send_text("fine")
            self.assertEqual(ws.receive(), "ok")
            ws.send_text("fail")
            end = ws.wait_close()
            self.assertEqual((end.code, end.reason), (1011, ""))
        wait_until(lambda: "receive failed on purpose" in self.server.output(), text=self.server.output)

    def open(self, path):
        ws = WebSocket(self.server.port, path, host="testserver")
        self.opened.append(ws)
        return ws

    def close_code(self, ws):
        return ws.wait_close().code

    def test_no_connect_accepts_and_a_second_accept_is_the_consumers_fault(self):
        self.open("/ws/accept-exception/")
        self.assertEqual(self.close_code(self.open("/ws/desk/accepttwice/")), 1011)

    def test_a_group_hears_what_one_says(self):
        a, b = self.open("/ws/fan/"), self.open("/ws/fan/")
        a.send_text("to all")
        self.assertEqual([a.receive(), b.receive()], ["to all", "to all"])

    def test_a_fault_in_disconnect_is_logged_and_nothing_else(self):
        ws = self.open("/ws/desk/failsindisconnect/")
        ws.send_text("x")
        self.assertEqual(ws.receive(), "ok")
        ws.send_close(1000)
        self.assertEqual(self.close_code(ws), 1000)
        wait_until(lambda: "disconnect.failed" in self.server.output(), text=self.server.output)

    def test_two_consumers_of_one_group_each_say_it_their_way(self):
        desk, sync = self.open("/ws/desk/desk/"), self.open("/ws/desk/syncdesk/")
        sync.send_json({"a": [1, "x"]})
        self.assertEqual(json.loads(desk.receive()), {"text": {"a": [1, "x"]}})
        self.assertEqual(json.loads(sync.receive()), {"sync": {"a": [1, "x"]}})
        desk.send_json({"do": "kick", "room": "desk_everybody", "code": 4321})
        self.assertEqual([self.close_code(desk), self.close_code(sync)], [4321, 4321])
        for text in ('"fail"', "no JSON"):
            ws = self.open("/ws/desk/syncdesk/")
            ws.send_text(text)
            self.assertEqual(self.close_code(ws), 1011)

    def test_a_room_says_what_was_said_as_it_was_spelled(self):
        a, b = self.open("/ws/room/x/"), self.open("/ws/room/x/")
        for said, heard in (({}, None), ({"text": 5}, 5), ({"text": "a\"b"}, "a\"b"), ({"text": {"k": []}}, {"k": []})):
            a.send_json(said)
            self.assertEqual([json.loads(a.receive()), json.loads(b.receive())], [{"text": heard}] * 2)
        a.send_json({"cmd": "unknown_type"})
        self.assertEqual([self.close_code(a), self.close_code(b)], [1011, 1011])
        for text in ("[]", "null", "{", ""):
            ws = self.open("/ws/room/other/")
            ws.send_text(text)
            self.assertEqual(self.close_code(ws), 1011, text)

    def test_what_is_no_json_is_the_consumers_fault(self):
        for path, text in (("/ws/json/", "{"), ("/ws/json/", ""), ("/ws/desk/desk/", '{"do": "join"}'),
                           ("/ws/desk/desk/", '{"do": "burst", "room": "r"}')):
            ws = self.open(path)
            ws.send_text(text)
            self.assertEqual(self.close_code(ws), 1011, text)


if __name__ == "__main__":
    unittest.main()
