"""The clock of the wall jumps: timers do not."""
import email.utils
import os
import struct
import tempfile
import time
import unittest

from server import BUILD, Server, wait_until
from wsclient import WebSocket

DAY = 86400


class Clock(unittest.TestCase):
    def test_a_clock_that_jumps_ends_nobody(self):
        with tempfile.NamedTemporaryFile(prefix="freshet-") as jump:
            def set_clock(seconds):
                jump.seek(0)
                jump.write(struct.pack("q", seconds))
                jump.flush()
            set_clock(0)
            server = Server("echo", env={"LD_PRELOAD": os.path.join(BUILD, "tests", "libclock-jump.so"), "CLOCK_JUMP": jump.name})
            self.addCleanup(server.finish)
            kept, ws = server.connection(), WebSocket(server.port, "/ws/echo/")
            self.assertEqual(server.get("/json", connection=kept).status, 200)
            address = kept.sock.getsockname()
            for seconds in (DAY, -DAY, 30 * DAY, 0):
                set_clock(seconds)
                for _ in range(3):
                    ws.send_text("still here")
                    self.assertEqual(ws.receive(), "still here")
                answer = server.get("/json", connection=kept)
                self.assertEqual(answer.status, 200)
                self.assertEqual(kept.sock.getsockname(), address)  # the connection is the same
            # That the jumps were seen: the date of an answer, once its second is over.
            set_clock(DAY)
            wait_until(lambda: abs(self.date_of(server.get("/json")) - time.time() - DAY) < 60)
            self.assertEqual(ws.close(), 1000)
            kept.close()

    def date_of(self, answer):
        return email.utils.parsedate_to_datetime(answer.headers["date"]).timestamp()


if __name__ == "__main__":
    unittest.main()
