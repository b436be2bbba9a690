"""curl as a browser's cache, a download that goes on, and a login; big files to readers that are slow or go away."""
import gzip
import hashlib
import json
import os
import random
import socket
import subprocess
import threading
import unittest

from server import PATIENCE, Server, ServerCase, wait_until

BIG_BYTES = 40 << 20  # more than any socket buffers


class Files(ServerCase):
    example = "files"

    @classmethod
    def setUpClass(cls):
        cls.server = Server("files", workers=1, start=False)
        cls.site = os.path.join(cls.server.folder, "site")
        os.mkdir(cls.site)
        cls.put("page.html", b"<p>hello</p>\n" * 2000)
        cls.put("app.js", b"console.log('hello');\n" * 200)
        cls.put("app.js.gz", gzip.compress(b"console.log('hello');\n" * 200))
        cls.big = random.Random(7).randbytes(BIG_BYTES)
        cls.put("big.bin", cls.big)
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.finish()

    @classmethod
    def put(cls, name, data):
        path = os.path.join(cls.site, name)
        with open(path, "wb") as out:
            out.write(data)
        os.utime(path, (784111777, 784111777))
        return path

    def curl(self, path, *options, code=0):
        """What curl writes, after it has ended with this code."""
        done = subprocess.run(["curl", "-sS", "--max-time", str(int(PATIENCE)), *options,
                               "http://127.0.0.1:%d%s" % (self.server.port, path)], capture_output=True, cwd=self.server.folder)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout

    # ---- compression ----

    def test_compressed_answers_are_what_they_were(self):
        for path in ("/rows/5000", "/stream/5000", "/files/page.html", "/files/app.js"):
            with self.subTest(path):
                plain = self.curl(path)
                self.assertEqual(self.curl(path, "--compressed"), plain)
                coded = self.curl(path, "-H", "Accept-Encoding: gzip")
                self.assertEqual(gzip.decompress(coded), plain)
                self.assertLess(len(coded), len(plain) / 2)
        self.assertEqual(len(json.loads(self.curl("/rows/5000", "--compressed"))), 5000)

    def test_head_says_what_get_does(self):
        for path in ("/rows/3000", "/files/app.js", "/files/page.html"):
            head = self.curl(path, "-I", "-H", "Accept-Encoding: gzip").decode()
            length = len(self.curl(path, "-H", "Accept-Encoding: gzip"))
            self.assertIn("Content-Length: %d\r\n" % length, head)
            self.assertIn("Content-Encoding: gzip\r\n", head)

    def test_many_long_answers_at_once_are_all_whole(self):
        """More than there are contexts: some come compressed, some not."""
        plain, wrong = self.curl("/rows/20000"), []

        def ask():
            if self.curl("/rows/20000", "--compressed") != plain:
                wrong.append(1)
        threads = [threading.Thread(target=ask) for _ in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertFalse(wrong)

    # ---- caches ----

    def test_a_cache_asks_with_its_validators(self):
        tag = os.path.join(self.server.folder, "tag")
        self.assertTrue(self.curl("/files/page.html", "--etag-save", tag))
        got = self.curl("/files/page.html", "--etag-compare", tag, "-w", "%{http_code}")
        self.assertEqual(got, b"304")
        got = self.curl("/files/page.html", "--compressed", "--etag-compare", tag, "-w", "%{http_code}")
        self.assertEqual(got, b"304")
        got = self.curl("/files/page.html", "-z", "Sun, 06 Nov 1994 08:49:37 GMT", "-w", "%{http_code}")
        self.assertEqual(got, b"304")

    def test_of_two_writers_the_second_is_told(self):
        tag = next(line for line in self.curl("/document", "-i").decode().split("\r\n") if line.startswith("ETag: "))[6:]
        write = ["-X", "PUT", "-w", "%{http_code}", "-H", "If-Match: " + tag, "--data-binary"]
        self.assertEqual(self.curl("/document", *write, "mine"), b"204")
        self.assertIn(b"412", self.curl("/document", *write, "also mine"))
        self.assertEqual(self.curl("/document"), b"mine")

    # ---- ranges ----

    def test_a_download_goes_on_where_it_was_cut_off(self):
        part = os.path.join(self.server.folder, "part.bin")
        for cut in (1, 4096, BIG_BYTES // 3, BIG_BYTES - 1):
            with open(part, "wb") as out:
                out.write(self.big[:cut])
            self.curl("/files/big.bin", "-C", "-", "-o", part)
            with open(part, "rb") as whole:
                self.assertEqual(whole.read(), self.big)

    def test_ranges(self):
        self.assertEqual(self.curl("/files/big.bin", "-r", "100-299"), self.big[100:300])
        self.assertEqual(self.curl("/files/big.bin", "-r", "-500"), self.big[-500:])
        self.assertEqual(self.curl("/files/big.bin", "-r", "1000000-5000000"), self.big[1000000:5000001])
        parts = self.curl("/files/big.bin", "-r", "0-9,3000000-6000000,-10")
        self.assertIn(b"\r\n\r\n" + self.big[3000000:6000001] + b"\r\n--", parts)
        self.assertIn(b"416", self.curl("/files/big.bin", "-r", "%d-" % BIG_BYTES, "-w", "%{http_code}"))

    # ---- big files ----

    def ask_slowly(self, path):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        sock.settimeout(PATIENCE)
        sock.connect(("127.0.0.1", self.server.port))
        sock.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path.encode())
        return sock

    def read_to_the_end(self, sock):
        data = b"".join(iter(lambda: sock.recv(1 << 20), b""))
        sock.close()
        return data

    def test_a_big_file_waits_for_its_reader_and_is_whole(self):
        slow = self.ask_slowly("/files/big.bin")
        self.assertTrue(slow.recv(1000))  # it has begun, and others are served meanwhile
        self.assertEqual(hashlib.sha256(self.curl("/files/big.bin")).digest(), hashlib.sha256(self.big).digest())
        rest = self.read_to_the_end(slow)
        self.assertEqual(rest, self.big[-len(rest):])
        self.assertGreater(len(rest), BIG_BYTES - 1000)

    def test_a_reader_that_goes_away_leaves_no_file_open(self):
        before = self.server.file_count()
        socks = [self.ask_slowly("/files/big.bin") for _ in range(20)]
        for sock in socks:
            self.assertTrue(sock.recv(10))
            sock.close()
        self.server.wait_files(before)

    def test_a_file_that_is_cut_short_while_it_is_sent_ends_the_connection(self):
        path = self.put("short.bin", self.big)
        slow = self.ask_slowly("/files/short.bin")
        self.assertTrue(slow.recv(1000))
        os.truncate(path, 1000)
        rest = self.read_to_the_end(slow)
        # Never the length that was promised. (What the kernel had queued of the part that was cut off may come as zeros:
        # sendfile hands out the file's own pages.)
        self.assertLess(len(rest), BIG_BYTES - 1000)
        wait_until(lambda: "http.file" in self.server.output())
        self.assertEqual(self.curl("/files/page.html")[:12], b"<p>hello</p>")

    # ---- cookies ----

    def test_a_login_is_kept_in_a_jar(self):
        jar = os.path.join(self.server.folder, "jar")
        self.assertEqual(self.curl("/login/ada", "-c", jar), b"welcome")
        self.assertEqual(self.curl("/whoami", "-b", jar), b"ada")
        self.assertEqual(self.curl("/logout", "-b", jar, "-c", jar), b"bye")
        self.assertIn(b"Nobody.", self.curl("/whoami", "-b", jar))


if __name__ == "__main__":
    unittest.main()
