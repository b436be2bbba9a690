"""What sockets cost: an idle one next to nothing, a busy one until it is idle again."""
import re
import resource
import unittest

from server import Server, wait_until
from wsclient import WebSocket, frame

FIRST = 500          # what these cost more than the others is the server's own
MANY = 4000
MOST_BYTES = 256     # of user memory, for a socket in one group (docs/decisions.md)
NOISE_KIB = 512      # of the process as a whole, when it has been busy


def exact_rss_kib(server):
    """The figure in /proc/PID/status is summed up lazily, which is a page a socket at times."""
    with open("/proc/%d/smaps_rollup" % server.pid) as text:
        return int(re.search(r"^Rss:\s+(\d+)", text.read(), re.M).group(1))


def rests_at(server, most_kib):
    """Wait until its memory is no more than that: what lay idle for a second goes back."""
    wait_until(lambda: exact_rss_kib(server) <= most_kib,
               text=lambda: "%d KiB, expected at most %d" % (exact_rss_kib(server), most_kib))


class Memory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def setUp(self):
        self.server = Server("echo", workers=1)
        self.sockets = []

    def tearDown(self):
        self.close_all()
        self.server.finish()

    def open(self, path, count):
        self.sockets += [WebSocket(self.server.port, path) for _ in range(count)]
        return self.sockets[-count:]

    def close_all(self):
        for client in self.sockets:
            client.sock.close()
        self.sockets = []

    def test_an_idle_socket_in_a_group_costs_little_and_leaves_nothing(self):
        self.open("/ws/topic/", FIRST)
        before, files = exact_rss_kib(self.server), self.server.file_count()
        self.open("/ws/topic/", MANY)
        self.assertLess(1024 * (exact_rss_kib(self.server) - before) / MANY, MOST_BYTES)
        self.sockets[0].send_text("to all")
        for client in self.sockets:
            self.assertEqual(client.receive(), "to all")
        rests_at(self.server, before + MANY * MOST_BYTES // 1024 + NOISE_KIB)
        for client in self.sockets[FIRST:]:
            client.sock.close()
        self.server.wait_files(files)
        rests_at(self.server, before + NOISE_KIB)

    def test_messages_that_are_begun_cost_memory_only_until_they_have_come(self):
        text = b"x" * (200 * 1024)
        clients = self.open("/ws/echo/", 100)
        clients[0].send_text(text.decode())
        clients[0].receive()
        before = exact_rss_kib(self.server)
        whole = frame(1, text)
        for client in clients:
            client.sock.sendall(whole[:len(whole) // 2])
        wait_until(lambda: exact_rss_kib(self.server) > before + 5 * 1024)
        for client in clients:
            client.sock.sendall(whole[len(whole) // 2:])
            self.assertEqual(len(client.receive()), len(text))
        rests_at(self.server, before + 4 * NOISE_KIB)


if __name__ == "__main__":
    unittest.main()
