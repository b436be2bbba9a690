"""Lists without pages that are larger than memory should be: by a file without a name, and in bounded memory."""
import json
import os
import re
import resource
import socket
import sqlite3
import unittest

from server import PATIENCE, Server, is_sanitized, wait_until

NOTES = "/api/notes/"
ROWS = 40000 if is_sanitized() else 1000000  # a sanitizer's build reads a tenth as fast, and has 5 s too
MOST_KIB = 24 * 1024                         # beyond what the server has before: a mebibyte of the answer, SQLite's pages


def peak_kib(server):
    with open("/proc/%d/status" % server.pid) as text:
        return int(re.search(r"VmHWM:\s+(\d+)", text.read()).group(1))


def expected(n):
    return b'{"id":%d,"title":"note %d %s"}' % (n, n, b"x" * 60)


class Endless(unittest.TestCase):
    rows = ROWS
    options = ()

    def setUp(self):
        self.server = Server("shelf", "--log", "warn", *self.options, db="notes.db", workers=1)
        self.addCleanup(self.server.finish)
        self.server.stop()
        db = sqlite3.connect(self.server.db)
        db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                   " INSERT INTO note(id, title) SELECT i, 'note ' || i || ' %s' FROM n" % (self.rows, "x" * 60))
        db.commit()
        db.close()
        self.server.start()

    def ask(self, path=NOTES, more=""):
        """The head's lines, and the socket behind it."""
        sock = socket.create_connection(("127.0.0.1", self.server.port), timeout=PATIENCE)
        sock.sendall(("GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n" % (path, more)).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            got = sock.recv(65536)
            self.assertTrue(got, head)
            head += got
        head, rest = head.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        return int(lines[0].split()[1]), {line.split(": ")[0].lower(): line.split(": ")[1] for line in lines[1:]}, sock, rest

    def read(self, sock, got, length):
        """The whole body, in pieces."""
        left = length - len(got)
        yield got
        while left:
            got = sock.recv(min(left, 1 << 20))
            self.assertTrue(got, "%d bytes are missing" % left)
            left -= len(got)
            yield got
        sock.close()


class Whole(Endless):
    def test_a_list_without_an_end_is_whole_and_memory_stays_flat(self):
        before = peak_kib(self.server)
        status, headers, sock, rest = self.ask()
        self.assertEqual((status, headers["content-type"]), (200, "application/json"))
        length = int(headers["content-length"])
        text, number, left = b"", 1, b""
        for piece in self.read(sock, rest, length):
            text = left + piece
            rows = text.split(b"},{")
            left = rows.pop()
            for row in rows:
                row = row.lstrip(b"[{")
                self.assertTrue(row.startswith(b'"id":%d,"title":"note %d x' % (number, number)), row)
                number += 1
        self.assertEqual(b"{" + left.lstrip(b"{"), expected(self.rows) + b"]")
        self.assertEqual(number, self.rows)
        self.assertLess(peak_kib(self.server) - before, MOST_KIB if not is_sanitized() else 1 << 20)
        self.assertEqual(self.server.get(NOTES + "7/").json["id"], 7)

    def test_indentation_goes_through_the_pieces(self):
        _, headers, sock, rest = self.ask(NOTES + "?title__icontains=1", "Accept: application/json; indent=2\r\n")
        text = b"".join(self.read(sock, rest, int(headers["content-length"]))).decode()
        self.assertGreater(len(text), 2 << 20)
        self.assertEqual(json.dumps(json.loads(text), indent=2), text)

    def test_who_goes_away_leaves_no_file(self):
        self.assertEqual(self.server.request("HEAD", NOTES).status, 200)  # the pool has its connections
        files = self.server.file_count()
        for _ in range(5):
            _, _, sock, _ = self.ask()
            sock.close()
        self.server.wait_files(files)
        self.assertEqual(self.server.request("HEAD", NOTES).status, 200)
        self.server.wait_files(files)

    def test_a_full_disk_is_told_and_leaves_nothing(self):
        self.assertEqual(self.server.request("HEAD", NOTES).status, 200)
        files = self.server.file_count()
        resource.prlimit(self.server.pid, resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
        answer = self.server.get(NOTES)
        self.assertEqual((answer.status, answer.json), (507, {"detail": "The server's disk is full."}))
        resource.prlimit(self.server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.server.wait_files(files)
        self.assertEqual(self.server.get(NOTES + "?title__icontains=note%2077%20").json[0]["id"], 77)


class Bounded(Endless):
    rows = 40000
    options = ("--list", "2MiB")

    def test_more_than_the_setting_is_413_and_asks_for_pages(self):
        self.server.get(NOTES)
        files = self.server.file_count()
        answer = self.server.get(NOTES)
        self.assertEqual((answer.status, answer.json),
                         (413, {"detail": "This list is larger than 2 MiB. Ask for a part of it, by filters or pages."}))
        self.server.wait_files(files)
        self.assertEqual(len(self.server.get(NOTES + "?title__icontains=note%201").json), 11111)


class Folder(Endless):
    rows = 40000

    def test_a_folder_that_cannot_be_written_is_told_in_the_log_and_not_to_the_client(self):
        folder = os.path.join(self.server.folder, "gone")
        self.server.stop()
        os.mkdir(folder)
        other = Server("shelf", "--log", "warn", "--upload-folder", folder, db="notes.db", folder=self.server.folder, workers=1)
        self.addCleanup(other.finish)
        os.rmdir(folder)
        answer = other.get(NOTES)
        self.assertEqual((answer.status, answer.json), (500, {"detail": "A server error occurred."}))
        wait_until(lambda: any("rest.list" in line for line in other.lines))


if __name__ == "__main__":
    unittest.main()
