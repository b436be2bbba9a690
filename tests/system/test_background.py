"""Work beside requests: what blocks has threads of its own, and handlers that hold their loop are told."""
import re
import socket
import threading
import unittest

from server import Server, wait_until
from wsclient import WebSocket

SLEEPERS = 64


def is_listening(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    except ConnectionRefusedError:
        return False


class Blocking(unittest.TestCase):
    def test_others_are_answered_while_all_threads_block(self):
        server = Server("background", workers=1)
        answers = []
        callers = [threading.Thread(target=lambda: answers.append(server.get("/blocks/"))) for _ in range(SLEEPERS)]
        for caller in callers:
            caller.start()
        wait_until(lambda: server.get("/inside/").body == b"%d" % SLEEPERS)
        self.assertEqual(answers, [])
        self.assertEqual(server.get("/opens/").body, b"open")
        for caller in callers:
            caller.join()
        self.assertEqual([answer.body for answer in answers], [b"passed"] * SLEEPERS)
        server.finish()

    def test_more_than_there_are_threads_wait_their_turn(self):
        server = Server("background", "--blocking-threads", "2", workers=1)
        answers = []
        callers = [threading.Thread(target=lambda: answers.append(server.get("/blocks/"))) for _ in range(8)]
        for caller in callers:
            caller.start()
        wait_until(lambda: server.get("/inside/").body == b"2")
        server.get("/opens/")
        for caller in callers:
            caller.join()
        self.assertEqual([answer.body for answer in answers], [b"passed"] * 8)
        server.finish()

    def test_a_stop_waits_for_what_blocks(self):
        server = Server("background", workers=1)
        answers = []
        caller = threading.Thread(target=lambda: answers.append(server.get("/blocks/")))
        caller.start()
        with socket.create_connection(("127.0.0.1", server.port)) as opener:
            opener.sendall(b"GET /opens/ HTTP/1.1\r\nHost: localhost\r\n")
            wait_until(lambda: server.get("/inside/").body == b"1")  # after what the opener has sent
            server.process.terminate()
            wait_until(lambda: not is_listening(server.port))
            self.assertEqual(answers, [])
            opener.sendall(b"\r\n")
            caller.join()
        self.assertEqual(answers[0].body, b"passed")
        server.finish()

    def test_a_function_that_never_returns_does_not_hold_up_the_end(self):
        server = Server("background", "--drain", "100ms", workers=1)
        with socket.create_connection(("127.0.0.1", server.port)) as caller:
            caller.sendall(b"GET /stuck/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertEqual(server.get("/inside/").status, 200)
            self.assertEqual(server.stop(), 1)
        self.assertIn("net.blocking_left", server.output())
        server.remove()


class Held(unittest.TestCase):
    def test_a_handler_that_holds_its_loop_is_logged_with_its_route(self):
        server = Server("background", "--log", "debug", workers=1)
        server.get("/holds/150/")
        wait_until(lambda: re.search(r"handler\.held route=holds/<int:ms>/ ms=\d{3,} worker=0", server.output()), text=server.output)
        server.get("/holds/150/")
        with WebSocket(server.port, "/ws/holds/") as ws:
            ws.send_text("one")
            self.assertEqual(ws.receive(), "one")
        wait_until(lambda: "handler.held route=ws/holds/" in server.output(), text=server.output)
        self.assertEqual(server.output().count("handler.held route=holds/"), 1)
        def took():
            return [int(ms) for ms in re.findall(r"http\.request .*path=/holds/150/ .*ms=(\d+)", server.output())]
        wait_until(lambda: len(took()) == 2, text=server.output)
        self.assertGreaterEqual(min(took()), 150)
        server.finish()


def next_but_ticks(ws):
    while True:
        text = ws.receive()
        if text != "tick":
            return text


class Unasked(unittest.TestCase):
    """Functions that no client waits for; what they do is told to the sockets of a group."""

    def setUp(self):
        self.server = Server("background", workers=2)
        self.addCleanup(self.server.finish)

    def test_a_series_goes_on_and_runs_once_in_the_process(self):
        with WebSocket(self.server.port, "/ws/news/") as ws:
            self.assertEqual([ws.receive() for _ in range(3)], ["tick"] * 3)
        self.assertEqual(self.server.get("/starts/").body, b"1")
        self.server.wait_lines("background.failed function=ticks error=FR_EINTERNAL")

    def test_what_is_spawned_or_put_off_outlives_its_request(self):
        with WebSocket(self.server.port, "/ws/news/") as ws:
            self.assertEqual(self.server.get("/spawns/").status, 202)
            self.assertEqual(next_but_ticks(ws), "spawned")
            self.assertEqual(self.server.get("/puts-off/").status, 202)
            self.assertEqual(next_but_ticks(ws), "later")

    def test_memory_of_the_handler_is_no_argument(self):
        self.assertEqual(self.server.get("/spawns-wrongly/").status, 500)
        wait_until(lambda: "its argument is memory that ends with this handler" in self.server.output(), text=self.server.output)

    def test_a_channel_works_in_order_and_goes_on_after_a_failure(self):
        with WebSocket(self.server.port, "/ws/news/") as ws:
            for text in (b"one", b"bad", b"two"):
                self.assertEqual(self.server.request("POST", "/sends/work/", text).status, 202)
            self.assertEqual([next_but_ticks(ws) for _ in range(2)], ["one", "two"])
        self.server.wait_lines("channel.failed channel=work error=FR_EINVAL detail=\"bad work\"")

    def test_a_channel_that_is_not_there_is_the_programs_fault(self):
        self.assertEqual(self.server.request("POST", "/sends/wrok/", b"x").status, 500)
        wait_until(lambda: "has no channel" in self.server.output(), text=self.server.output)

    def test_groups_are_told_before_their_sockets_are_closed(self):
        with WebSocket(self.server.port, "/ws/news/") as ws:
            self.server.process.terminate()
            self.assertEqual(next_but_ticks(ws), "goodbye")
            self.assertEqual(ws.wait_close().code, 1001)


class Start(unittest.TestCase):
    def test_a_start_that_fails_ends_with_code_1_and_serves_nobody(self):
        server = Server("background", env={"FAILS": "1"}, start=False)
        with self.assertRaisesRegex(AssertionError, "app.started error=FR_EBACKEND detail=\"the other side is not there\""):
            server.start()
        self.assertEqual(server.process.returncode, 1)
        self.assertNotIn("listening", server.output())
        server.remove()


if __name__ == "__main__":
    unittest.main()
