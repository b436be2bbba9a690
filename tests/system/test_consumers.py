"""A consumer that fails. How consumers go on the wire is played by tests/compat, against the same program."""
import unittest

from server import Server, wait_until
from wsclient import WebSocket


class Consumers(unittest.TestCase):
    def setUp(self):
        self.server = Server("tracker", "--without-users", db="tracker.db")

    def tearDown(self):
        self.server.finish()

    def test_the_fault_of_a_consumer_is_1011_and_its_text_stays_here(self):
        with WebSocket(self.server.port, "/ws/fails-in-receive/", host="testserver") as ws:
            ws.send_text("fine")
            self.assertEqual(ws.receive(), "ok")
            ws.send_text("fail")
            end = ws.wait_close()
            self.assertEqual((end.code, end.reason), (1011, ""))
        wait_until(lambda: "receive failed on purpose" in self.server.output(), text=self.server.output)


if __name__ == "__main__":
    unittest.main()
