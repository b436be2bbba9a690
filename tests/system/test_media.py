"""Files of FILE and IMAGE fields: their names, what is refused, and that nothing is left behind: not after a refusal, and not
after kill -9."""
import os
import resource
import socket
import struct
import unittest
import zlib

from server import Server

PAPERS, SHOTS = "/api/papers/", "/api/shots/"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width=3, height=2):
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(b"\0" * (width + 1) * height)) + chunk(b"IEND", b""))


def jpeg(width=5, height=4):
    return (b"\xff\xd8\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0" + b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", height, width) +
            b"\1\1\x11\0\xff\xd9")


GIF = b"GIF89a" + struct.pack("<HH", 7, 6) + b"\0\0\0;"
WEBP = b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + b"\x08\0\0" + b"\x09\0\0"


def form(*parts):
    """parts: (name, text) or (name, file name, bytes)."""
    body = b""
    for name, *rest in parts:
        head = 'Content-Disposition: form-data; name="%s"' % name
        if len(rest) == 2:
            head += '; filename="%s"\r\nContent-Type: application/octet-stream' % rest[0]
        data = rest[-1] if isinstance(rest[-1], bytes) else rest[-1].encode()
        body += b"--sep\r\n" + head.encode() + b"\r\n\r\n" + data + b"\r\n"
    return body + b"--sep--\r\n"


class Media(unittest.TestCase):
    options = ()

    def setUp(self):
        self.server = Server("gallery", *self.options, db="gallery.db", workers=1)
        self.addCleanup(self.server.finish)
        self.media = os.path.join(self.server.folder, "media")

    def send(self, path, *parts, method="POST", headers=()):
        return self.server.request(method, path, form(*parts), dict({"Content-Type": "multipart/form-data; boundary=sep"}, **dict(headers)))

    def files(self):
        found = [os.path.relpath(os.path.join(folder, name), self.media) for folder, _, names in os.walk(self.media) for name in names]
        return sorted(found)

    def url(self, path):
        return "http://127.0.0.1:%d/media/%s" % (self.server.port, path)


class Names(Media):
    def test_a_file_is_stored_and_served(self):
        answer = self.send(PAPERS, ("title", "one"), ("file", "my log.txt", b"hello"))
        self.assertEqual((answer.status, answer.json),
                         (201, {"id": 1, "title": "one", "file": self.url("papers/my_log.txt"), "album": None}))
        self.assertEqual(self.files(), ["papers/my_log.txt"])
        got = self.server.get("/media/papers/my_log.txt")
        self.assertEqual((got.status, got.body), (200, b"hello"))
        self.assertEqual(got.headers["content-security-policy"], "default-src 'none'; sandbox")
        self.assertEqual(self.server.get(PAPERS + "1/").json, answer.json)
        self.assertEqual(os.stat(os.path.join(self.media, "papers/my_log.txt")).st_mode & 0o777, 0o644)

    def test_names_are_made_safe(self):
        for given, stored in ((r"C:\temp\a b.txt", "a_b.txt"), ("../../etc/passwd", "passwd"), ("/etc/shadow", "shadow"),
                              ("größe äß.txt", "gr%C3%B6%C3%9Fe_%C3%A4%C3%9F.txt"), ("a<b>&c;d.txt", "abcd.txt"),
                              (".htaccess", "_.htaccess"), ("x\u2028y\U0001F600.txt", "xy.txt"), ("-v.txt", "-v.txt")):
            with self.subTest(given):
                answer = self.send(PAPERS, ("file", given, b"x"))
                self.assertEqual((answer.status, answer.json["file"]), (201, self.url("papers/" + stored)))

    def test_a_name_without_a_letter_is_refused(self):
        answer = self.send(PAPERS, ("file", "(!)", b"x"))
        self.assertEqual((answer.status, answer.json), (400, {"file": ["No filename could be determined."]}))
        self.assertEqual(self.files(), [])

    def test_a_taken_name_gets_letters(self):
        first, second = (self.send(PAPERS, ("file", "a.tar.gz", b"%d" % i)).json["file"] for i in range(2))
        self.assertTrue(first.endswith("/a.tar.gz"))
        self.assertRegex(second, r"/a_[A-Za-z0-9]{7}\.tar\.gz$")
        self.assertEqual(self.server.get(first.split("1:%d" % self.server.port)[1]).body, b"0")
        self.assertEqual(self.server.get(second.split("1:%d" % self.server.port)[1]).body, b"1")

    def test_a_name_that_is_too_long_for_its_column_is_cut(self):
        answer = self.send(PAPERS, ("file", "a" * 56 + ".txt", b"x"))  # 60 as it is, 67 with its folder
        self.assertEqual(answer.status, 201)
        self.assertRegex(answer.json["file"], r"/papers/a{41}_[A-Za-z0-9]{7}\.txt$")
        answer = self.send(PAPERS, ("file", "a" * 70 + ".txt", b"x"))
        self.assertEqual(answer.json, {"file": ["Ensure this filename has at most 60 characters (it has 74)."]})

    def test_options_tell_how_long_a_name_may_be(self):
        paper, shot = (self.server.request("OPTIONS", path).json["actions"]["POST"] for path in (PAPERS, SHOTS))
        self.assertEqual(paper["file"], {"type": "file upload", "required": True, "read_only": False, "label": "File", "max_length": 60})
        self.assertEqual(shot["image"], {"type": "image upload", "required": False, "read_only": False, "label": "Image", "max_length": 100})

    def test_of_two_parts_of_one_name_the_last_wins(self):
        answer = self.send(PAPERS, ("file", "a.txt", b"first"), ("file", "b.txt", b"second"))
        self.assertEqual(answer.json["file"], self.url("papers/b.txt"))
        self.assertEqual(self.files(), ["papers/b.txt"])


class Refusals(Media):
    options = ("--upload", "1MiB", "--upload-memory", "64KiB")

    def test_what_is_no_file_is_told(self):
        no_file = "The submitted data was not a file. Check the encoding type on the form."
        for parts, message in (((("title", "x"),), "No file was submitted."), ((("file", "text"),), no_file),
                               ((("file", "", b"data"),), no_file), ((("file", "e.txt", b""),), "The submitted file is empty.")):
            with self.subTest(message):
                answer = self.send(PAPERS, *parts)
                self.assertEqual((answer.status, answer.json), (400, {"file": [message]}))
        answer = self.server.post(PAPERS, {"file": "a.txt"})
        self.assertEqual(answer.json, {"file": [no_file]})
        answer = self.server.post(PAPERS, {"file": None})
        self.assertEqual(answer.json, {"file": ["This field may not be null."]})
        self.assertEqual(self.files(), [])

    def test_a_refused_row_leaves_no_file(self):
        answer = self.send(PAPERS, ("file", "a.txt", b"x"), ("album", "99"))
        self.assertEqual(answer.status, 400)
        answer = self.send(PAPERS + "99/", ("file", "a.txt", b"x"), method="PUT")
        self.assertEqual(answer.status, 404)
        self.assertEqual(self.send(SHOTS, ("note", "n"), ("image", "a.png", png())).status, 201)
        before = self.files()
        answer = self.send(SHOTS, ("note", "n"), ("image", "b.png", png()))
        self.assertEqual(answer.status, 400)
        answer = self.send(PAPERS + "1/", ("file", "a.txt", b"x"), method="PUT", headers=[("If-Match", '"other"')])
        self.assertEqual(answer.status, 412)
        self.assertEqual(self.files(), before)

    def test_a_file_past_the_limit_is_413(self):
        for size in (0, 100000):
            answer = self.send(PAPERS, ("file", "a.bin", bytes(1048576 + size)))
            self.assertEqual(answer.status, 413)
        self.assertEqual(self.send(PAPERS, ("file", "a.bin", bytes(1000000))).status, 201)
        self.assertEqual(self.files(), ["papers/a.bin"])

    def test_a_full_disk_is_507_and_leaves_nothing(self):
        limit = resource.prlimit(self.server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.server.pid, resource.RLIMIT_FSIZE, (40000, limit[1]))
        for size in (50000, 300000):  # in memory until it is saved, and on disk as it comes
            answer = self.send(PAPERS, ("file", "a.bin", bytes(size)))
            self.assertEqual(answer.status, 507)
        self.assertEqual(self.files(), [])
        resource.prlimit(self.server.pid, resource.RLIMIT_FSIZE, limit)
        self.assertEqual(self.send(PAPERS, ("file", "a.bin", bytes(300000))).status, 201)

    def test_a_repeat_makes_no_second_file(self):
        parts = (("title", "once"), ("file", "a.txt", b"x"))
        answers = [self.send(PAPERS, *parts, headers=[("Idempotency-Key", "k1")]) for _ in range(2)]
        self.assertEqual([a.status for a in answers], [201, 201])
        self.assertEqual(answers[0].json, answers[1].json)
        other = self.send(PAPERS, ("title", "once"), ("file", "a.txt", b"y"), headers=[("Idempotency-Key", "k1")])
        self.assertEqual(other.status, 422)
        self.assertEqual(self.files(), ["papers/a.txt"])

    def test_many_files_and_a_field_that_is_none(self):
        parts = [("junk%d" % i, "j.bin", b"x" * 10) for i in range(20)]
        answer = self.send(PAPERS, *parts, ("file", "a.txt", b"x"))
        self.assertEqual(answer.status, 201)
        self.assertEqual(self.files(), ["papers/a.txt"])


class Pictures(Media):
    def test_pictures_are_known_by_their_bytes(self):
        for data, name, size in ((png(), "a.png", (3, 2)), (jpeg(), "a.jpg", (5, 4)), (GIF, "a.gif", (7, 6)), (WEBP, "a.webp", (9, 10))):
            with self.subTest(name):
                answer = self.send(SHOTS, ("image", name, data))
                self.assertEqual(answer.status, 201, answer)
                self.assertEqual((answer.json["width"], answer.json["height"]), size)
                self.assertRegex(answer.json["image"], r"/media/shots/20\d\d/a\.")

    def test_what_is_no_picture_is_refused(self):
        broken = {"image": ["Upload a valid image. The file you uploaded was either not an image or a corrupted image."]}
        bad = bytearray(png())
        bad[-20] ^= 1
        for data in (b"hello, I am no picture", png()[:-4], bytes(bad), png(0, 1), b"\xff\xd8\xff\xd9" * 9, b"GIF89a\0\0\0\0\0\0\0",
                     b"RIFF\x16\0\0\0WEBPnone", b"x"):
            with self.subTest(data[:8]):
                answer = self.send(SHOTS, ("image", "a.png", data))
                self.assertEqual((answer.status, answer.json), (400, broken))
        answer = self.send(SHOTS, ("image", "a.txt", png()))
        self.assertRegex(answer.json["image"][0], "^File extension “txt” is not allowed. Allowed extensions are: .*, png, webp.$")
        self.assertEqual(self.files(), [])

    def test_a_picture_that_is_taken_away_is_null(self):
        self.assertEqual(self.send(SHOTS, ("image", "a.png", png())).status, 201)
        answer = self.send(SHOTS + "1/", ("image", ""), method="PATCH")
        self.assertEqual((answer.status, answer.json), (200, {"id": 1, "note": None, "image": None, "width": None, "height": None}))
        answer = self.send(SHOTS, ("note", "none"))
        self.assertEqual(answer.json, {"id": 2, "note": "none", "image": None, "width": None, "height": None})


class Crashes(Media):
    def leave(self, path, row=None):
        """A file as kill -9 leaves it between its saving and the fate of its row."""
        name = os.path.join(self.media, path)
        os.makedirs(os.path.dirname(name), exist_ok=True)
        pending = os.path.join(self.media, ".pending", "%032x" % len(self.files()))
        with open(pending, "wb") as file:
            file.write(b"left")
        with open(pending + ".for", "w") as note:
            note.write("%s\nfile\n%s\n" % (row or "paper", path))
        return pending, name

    def test_a_file_whose_row_was_not_written_goes_at_the_next_start(self):
        kept = self.send(PAPERS, ("file", "kept.txt", b"x")).json["file"]
        other = os.path.join(self.media, "papers/other.txt")
        with open(other, "w") as file:
            file.write("not ours")
        self.server.kill()
        pending, name = self.leave("papers/gone.txt")        # saved, and no row
        os.link(pending, name)
        self.leave("papers/never.txt")                       # not named yet
        self.leave("papers/other.txt")                       # the name was taken by somebody else
        pending, name = self.leave("papers/kept.txt")        # and of one that has a row
        os.unlink(pending)
        os.link(name, pending)
        with open(os.path.join(self.media, ".pending", "half"), "w"):
            pass                                             # before its note was written
        self.server.start()
        self.assertEqual(self.files(), ["papers/kept.txt", "papers/other.txt"])
        self.assertIn("media.recovered removed=4", self.server.output())
        self.assertTrue(kept.endswith("/media/papers/kept.txt"))
        self.assertEqual(self.server.get("/media/papers/kept.txt").body, b"x")

    def test_what_belongs_to_an_unknown_table_stays(self):
        self.server.kill()
        pending, name = self.leave("papers/whose.txt", row="another")
        os.link(pending, name)
        self.server.start()
        self.assertIn("papers/whose.txt", self.files())
        self.assertIn("media.pending", self.server.output())

    def test_kill_9_leaves_no_file_without_a_row(self):
        for _ in range(5):
            socks = [socket.create_connection(("127.0.0.1", self.server.port)) for _ in range(8)]
            body = form(("file", "a.txt", b"x" * 2000))
            head = ("POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=sep\r\nContent-Length: %d\r\n\r\n" %
                    (PAPERS, len(body))).encode()
            for sock in socks:
                sock.sendall(head + body)
            self.server.kill()
            for sock in socks:
                sock.close()
            self.server.start()
            rows = {row["file"].split("/media/")[1] for row in self.server.get(PAPERS).json}
            self.assertEqual(set(self.files()), rows)


class Raw(Media):
    options = ("--upload", "1MiB", "--upload-memory", "64KiB", "--body", "1KiB")

    def put(self, path, body, **headers):
        return self.server.request("PUT", "/drop/" + path, body, {k.replace("_", "-"): v for k, v in headers.items()})

    def test_a_body_of_any_type_is_one_file(self):
        for data in (b"hello", b"x" * 60000 + b"ends", b"y" * 900000 + b"last"):
            for kind in ("text/plain", "application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
                with self.subTest(kind, n=len(data)):
                    answer = self.put("a.txt", data, content_type=kind)
                    self.assertEqual((answer.status, answer.json),
                                     (200, {"name": "a.txt", "type": kind, "bytes": len(data), "end": data[-4:].decode()}))

    def test_its_name_is_of_the_path_or_of_content_disposition(self):
        for disposition, name in (("attachment; filename=upload.jpg", "upload.jpg"), ('attachment; filename="../../x.txt"', "x.txt"),
                                  ("attachment; filename*=UTF-8''gr%C3%B6%C3%9Fe.txt", "größe.txt"), ('form-data; filename="C:\\\\a b"', "a b")):
            answer = self.put("", b"x", content_disposition=disposition)
            self.assertEqual((answer.status, answer.json["name"]), (200, name), answer)
        missing = {"detail": "Missing filename. Request should include a Content-Disposition header with a filename parameter."}
        for headers in ({}, {"content_disposition": "attachment"}, {"content_disposition": 'attachment; filename=".."'},
                        {"content_disposition": ";;=;"}):
            answer = self.put("", b"x", **headers)
            self.assertEqual((answer.status, answer.json), (400, missing))
        self.assertEqual(self.put("%2e%2e%2fb.txt", b"x").status, 404)

    def test_what_cannot_be_taken_is_refused(self):
        answer = self.put("a.txt", b"")
        self.assertEqual((answer.status, answer.json), (400, {"detail": "The submitted file is empty."}))
        self.assertEqual(self.put("a.txt", bytes(1048577)).status, 413)
        self.assertEqual(self.server.post("/drop/a.txt", {}).status, 405)
        limit = resource.prlimit(self.server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.server.pid, resource.RLIMIT_FSIZE, (40000, limit[1]))
        self.assertEqual(self.put("a.txt", bytes(300000)).status, 507)
        self.assertEqual(self.server.post(PAPERS, {"title": "x" * 2000}).status, 413)  # --body is of all others
        self.assertEqual(self.files(), [])


class Elsewhere(Media):
    options = ("--media", "files", "--media-url", "https://cdn.example.com/up/")

    def test_somebody_else_may_serve_them(self):
        self.media = os.path.join(self.server.folder, "files")
        answer = self.send(PAPERS, ("file", "a b.txt", b"x"))
        self.assertEqual(answer.json["file"], "https://cdn.example.com/up/papers/a_b.txt")
        self.assertEqual(self.files(), ["papers/a_b.txt"])
        self.assertEqual(self.server.get("/up/papers/a_b.txt").status, 404)


class Started(unittest.TestCase):
    def test_a_folder_that_cannot_be_made_ends_the_start(self):
        for options, message in ((("--media", "/proc/nothing"), "--media: \"/proc/nothing\" cannot be written"),
                                 (("--media-url", "media"), "--media-url: \"media\" is to be like /media/")):
            server = Server("gallery", *options, db="gallery.db", workers=1, start=False)
            self.addCleanup(server.finish)
            with self.assertRaises(AssertionError):
                server.start()
            self.assertIn(message, server.output())


if __name__ == "__main__":
    unittest.main()
