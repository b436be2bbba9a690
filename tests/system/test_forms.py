"""Forms and uploads, with curl as the client where it can send what is asked for."""
import os
import resource
import socket
import subprocess
import unittest

from server import Server, wait_until

MEGABYTE = 1 << 20


def checksum(data):
    """As the server's handler makes it: 32 bits, each byte added to 31 times what there is."""
    total = 0
    for byte in data:
        total = (total * 31 + byte) & 0xFFFFFFFF
    return total


class Forms(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("torture", "--upload", "24MiB", "--upload-memory", "64KiB", "--form-fields", "300", "--form-files", "5",
                            db="notes.db", workers=1, start=False)
        os.mkdir(os.path.join(cls.server.folder, "files"))
        cls.server.options += ["--upload-folder", cls.server.folder]
        cls.server.start()
        cls.data = os.urandom(300000)
        cls.path = os.path.join(cls.server.folder, "data.bin")
        with open(cls.path, "wb") as file:
            file.write(cls.data)
        cls.large = os.path.join(cls.server.folder, "large.bin")
        with open(cls.large, "wb") as file:
            file.write(bytes(10 * MEGABYTE))

    @classmethod
    def tearDownClass(cls):
        cls.server.finish()

    def curl(self, *options, path="/upload"):
        done = subprocess.run(["curl", "-sS", "--max-time", "60", "-w", "%{http_code}", *options,
                               "http://127.0.0.1:%d%s" % (self.server.port, path)], stdout=subprocess.PIPE, check=True)
        return int(done.stdout[-3:]), done.stdout[:-3].decode()

    def files_left(self):
        """Unnamed files that the server still holds."""
        folder = "/proc/%d/fd" % self.server.pid
        found = 0
        for name in os.listdir(folder):
            try:
                found += "(deleted)" in os.readlink(os.path.join(folder, name))
            except OSError:
                pass
        return found

    def test_a_file_and_fields(self):
        status, text = self.curl("-F", "title=hello there", "-F", "title=again", "-F", "photo=@%s;type=image/png;filename=a/../b c.png" % self.path)
        self.assertEqual(status, 200)
        self.assertEqual(text, "field title=hello there\nfield title=again\nfile photo b c.png image/png %d %d\n" % (
            len(self.data), checksum(self.data)))
        self.assertEqual(self.files_left(), 0)

    def test_two_files_larger_than_memory_and_body_and_many_fields(self):
        fields = [word for i in range(200) for word in ("-F", "f%d=%d" % (i, i))]
        status, text = self.curl(*fields, "-F", "a=@" + self.large, "-F", "b=@" + self.large)
        self.assertEqual(status, 200)
        self.assertEqual(text.count("field f"), 200)
        self.assertEqual(text.count(" large.bin application/octet-stream %d 0\n" % (10 * MEGABYTE)), 2)

    def test_a_file_is_kept(self):
        kept = os.path.join(self.server.folder, "kept.bin")
        status, _ = self.curl("-F", "kept=@" + self.path)
        with open(kept, "rb") as file:
            self.assertEqual((status, file.read()), (200, self.data))
        self.assertEqual(self.curl("-F", "kept=@" + self.path)[0], 409)
        os.remove(kept)

    def test_urlencoded(self):
        for path in ("/upload", "/form"):
            status, text = self.curl("--data-urlencode", "name=a&b=c d", "-d", "empty=&name=%C3%A9+%FF", path=path)
            self.assertEqual((status, text), (200, "field name=a&b=c d\nfield empty=\nfield name=\u00e9 \ufffd\n"))

    def test_what_is_too_much_is_refused(self):
        self.assertEqual(self.curl("-d", "&".join("a=%d" % i for i in range(301)))[0], 400)
        self.assertEqual(self.curl(*[w for i in range(6) for w in ("-F", "f%d=@%s" % (i, self.path))])[0], 400)
        self.assertEqual(self.curl("-F", "a=@" + self.large, "-F", "b=@" + self.large, "-F", "c=@" + self.large)[0], 413)
        self.assertEqual(self.curl("-F", "a=@" + self.large, path="/form")[0], 413)  # a route that takes no uploads
        wait_until(lambda: self.files_left() == 0)

    def test_what_is_no_form_is_told(self):
        self.assertEqual(self.curl("-H", "Content-Type: text/csv", "-d", "a,b")[0], 415)
        self.assertEqual(self.curl("-H", "Content-Type: multipart/form-data", "-d", "x")[0], 400)
        status, text = self.curl("-H", "Content-Type: multipart/form-data; boundary=b", "--data-binary", "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nno end")
        self.assertEqual((status, text.strip()), (200, "field a=no end"))  # a field that is cut off counts, as in Django

    def test_a_client_that_goes_in_the_middle_leaves_nothing(self):
        with socket.create_connection(("127.0.0.1", self.server.port), 30) as sock:
            sock.sendall(b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n"
                         b"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n" + bytes(4 * MEGABYTE))
            wait_until(lambda: self.files_left() == 1)
        wait_until(lambda: self.files_left() == 0)

    def test_a_folder_that_cannot_be_written_is_told_at_the_start(self):
        for path, word in (("/nonexistent", "No such file or directory"), (self.path, "Not a directory")):
            command = self.server.command("127.0.0.1:0") + ["--upload-folder", path]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, cwd=self.server.folder)
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertIn('--upload-folder: "%s" cannot be written: %s' % (path, word), done.stderr.decode())

    def test_a_full_disk_is_told_and_leaves_nothing(self):
        """A bound on the size of files stands for the disk's end: the same error path, without a disk to fill."""
        resource.prlimit(self.server.pid, resource.RLIMIT_FSIZE, (2 * MEGABYTE, resource.RLIM_INFINITY))
        try:
            status, text = self.curl("-F", "a=@" + self.large)
        finally:
            resource.prlimit(self.server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.assertEqual((status, text), (507, '{"detail":"There is no room for the files on this server."}'))
        self.assertEqual(self.curl("-F", "a=@" + self.path)[0], 200)
        wait_until(lambda: self.files_left() == 0)


if __name__ == "__main__":
    unittest.main()
