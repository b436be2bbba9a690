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
        took = [int(ms) for ms in re.findall(r"http\.request .*path=/holds/150/ .*ms=(\d+)", server.output())]
        self.assertEqual(len(took), 2, server.output())
        self.assertGreaterEqual(min(took), 150)
        server.finish()


if __name__ == "__main__":
    unittest.main()
