"""What the programs say on the command line: every mistake in one line that says what to do."""
import os
import socket
import stat
import subprocess
import tempfile
import unittest

from server import PATIENCE, Server, program

EXAMPLES = ("realtime-update", "echo", "chat")


def run(name, *options, folder=None, env=None):
    return subprocess.run([program(name), *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE,
                          stdin=subprocess.DEVNULL, cwd=folder, env=dict(os.environ, **(env or {})))


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="freshet-")
        self.folder = self.temporary.name

    def tearDown(self):
        self.temporary.cleanup()

    def assert_refused(self, done, code, *words):
        text = done.stderr.decode()
        self.assertEqual(done.returncode, code, text)
        self.assertEqual(len(text.splitlines()), 1, text)
        for word in words:
            self.assertIn(word, text)

    def test_a_host_that_is_not_named_is_400(self):
        server = Server("echo", "--hosts", "Example.com, .example.org")
        self.addCleanup(server.finish)
        for host, good in (("example.com", True), ("EXAMPLE.com:8000", True), ("a.example.org", True), ("example.org", True),
                           ("evil.example", False), ("example.com.evil", False), ("127.0.0.1:%d" % server.port, False)):
            answer = server.get("/", headers={"Host": host})
            self.assertEqual(answer.status != 400, good, (host, answer))
        self.assertEqual(server.get("/", headers={"Host": "evil"}).json, {"detail": "This server does not answer for this host."})
        upgrade = {"Host": "evil", "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                   "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        self.assertEqual(server.get("/ws/echo/", headers=upgrade).status, 400)
        self.assert_refused(run("echo", "--hosts", "http://a.example", folder=self.folder), 2, "--hosts", "http://a.example", "example.com")

    def test_help_names_every_option(self):
        for name in EXAMPLES:
            done = run(name, "--help", folder=self.folder)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            for option in ("--listen", "--db", "--workers", "--log", "--help", "--version"):
                self.assertIn(option, done.stdout.decode())
            self.assertEqual(os.listdir(self.folder), [])  # asking makes no database

    def test_version_is_name_and_number(self):
        for name in EXAMPLES:
            done = run(name, "--version")
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stdout.decode(), r"^%s \d+\.\d+\.\d+\n$" % name)

    def test_an_option_that_is_not_there_is_usage(self):
        for name in EXAMPLES:
            self.assert_refused(run(name, "--nonsense", folder=self.folder), 2, "--nonsense", "--help")

    def test_a_value_that_is_not_one_is_usage(self):
        for options, word in [(["--workers", "many"], "workers"), (["--workers", "-1"], "workers"), (["--log", "loud"], "log"),
                              (["--listen", "nowhere"], "listen"), (["--listen", "127.0.0.1:99999"], "listen"),
                              (["--listen"], "listen"), (["surplus"], "surplus")]:
            with self.subTest(options=options):
                self.assert_refused(run("echo", *options, folder=self.folder), 2, word)

    def test_without_users_nobody_elsewhere_is_served(self):
        for address in (":0", "[::]:0", "0.0.0.0:0", "192.0.2.1:0", "example.test:0"):
            with self.subTest(address):
                self.assert_refused(run("tracker", "--without-users", "--listen", address, folder=self.folder), 2, "--without-users", "this machine")
        for address in ("127.0.0.1:0", "127.1.2.3:0", "[::1]:0", "localhost:0", "unix:" + os.path.join(self.folder, "t.sock")):
            with self.subTest(address):
                server = Server("tracker", "--without-users", db="t.db", start=False)
                process = subprocess.Popen(server.command(address), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder)
                try:
                    self.assertIn(b"listening on", process.stdout.readline())
                finally:
                    process.terminate()
                    told = process.communicate()[1].decode()
                    server.remove()
                self.assertEqual(process.returncode, 0)
                self.assertIn("everything is permitted", told)

    def test_a_value_that_cannot_be_used_is_said_before_a_database_is_made(self):
        for options in (["--trust-proxy", "10.0.0.1/8"], ["--access-log", "/nonexistent/log"], ["--socket-mode", "999"]):
            with self.subTest(options=options):
                done = run("realtime-update", "--listen", "127.0.0.1:0", *options, folder=self.folder)
                self.assert_refused(done, 2, options[0], '"%s"' % options[1])
                self.assertEqual(os.listdir(self.folder), [])

    def test_too_few_files_to_start_with_are_refused_with_the_number_needed(self):
        for files in (10, 16, 41):
            for workers, needed in ((1, 42), (2, 52)):
                with self.subTest(files=files, workers=workers):
                    self.assert_refused(self.with_files(files, "realtime-update", "--workers", str(workers)), 1,
                                        "only %d files may be open" % files, "%d: raise ulimit -n" % needed)
                    self.assertEqual(os.listdir(self.folder), [])  # no database is made

    def with_files(self, files, name, *options):
        script = 'ulimit -n %d; exec "$0" --listen 127.0.0.1:0 "$@"' % files
        return subprocess.run(["bash", "-c", script, program(name), *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, timeout=PATIENCE, cwd=self.folder)

    def test_with_the_number_of_files_that_is_asked_for_it_serves(self):
        for name in ("echo", "realtime-update"):
            with self.subTest(name):
                server = Server(name, "--access-log", "access.log", db="site.db" if name != "echo" else None, workers=1, start=False)
                plain = server.command
                server.command = lambda listen, plain=plain: ["prlimit", "--nofile=42"] + plain(listen)
                self.addCleanup(server.finish)
                server.start()
                connections = [server.connection() for _ in range(8)]
                for _ in range(3):
                    for connection in connections:
                        path = "/json" if name == "echo" else "/api/notes/"
                        self.assertEqual(server.get(path, connection=connection).status, 200)
                if name != "echo":
                    self.assertEqual(server.post("/api/notes/", {"title": "few files", "done": False}, connection=connections[0]).status, 201)
                for connection in connections:
                    connection.close()

    def test_a_port_in_use_is_said(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            where = "127.0.0.1:%d" % taken.getsockname()[1]
            self.assert_refused(run("echo", "--listen", where, folder=self.folder), 4, where)

    def test_a_port_that_another_server_of_ours_has_is_in_use(self):
        server = Server("echo")
        try:
            where = "127.0.0.1:%d" % server.port
            self.assert_refused(run("echo", "--listen", where, folder=self.folder), 4, where)
            self.assertEqual(server.get("/json").status, 200)
        finally:
            server.finish()

    def test_a_database_that_cannot_be_written_is_said(self):
        missing = os.path.join(self.folder, "missing", "notes.db")
        self.assert_refused(run("realtime-update", "--listen", "127.0.0.1:0", "--db", "sqlite:" + missing), 5, missing)
        self.assert_refused(run("realtime-update", "--listen", "127.0.0.1:0", "--db", "sqlite:" + self.folder), 5, self.folder)
        wrong = os.path.join(self.folder, "text.db")
        with open(wrong, "w") as text:
            text.write("this is no database, and is longer than a header of one. " * 20)
        self.assert_refused(run("realtime-update", "--listen", "127.0.0.1:0", "--db", "sqlite:" + wrong), 5, wrong)

    @unittest.skipIf(os.geteuid() == 0, "root may write anywhere")
    def test_a_folder_that_may_not_be_written_is_said(self):
        os.chmod(self.folder, stat.S_IRUSR | stat.S_IXUSR)
        self.assert_refused(run("realtime-update", "--listen", "127.0.0.1:0", "--db", "sqlite:%s/n.db" % self.folder), 5)

    def test_a_database_of_a_kind_that_is_not_there_is_said(self):
        done = run("realtime-update", "--listen", "127.0.0.1:0", "--db", "oracle:x", folder=self.folder)
        self.assertIn(done.returncode, (2, 5))
        self.assertEqual(len(done.stderr.decode().splitlines()), 1)

    def test_a_second_server_on_one_database_is_refused(self):
        server = Server("realtime-update", db="notes.db")
        try:
            done = run("realtime-update", "--listen", "127.0.0.1:0", "--db", "sqlite:" + server.db)
            self.assert_refused(done, 5, server.db)
            self.assertEqual(server.get("/api/notes/").status, 200)
        finally:
            server.finish()

    def test_the_environment_sets_options_and_a_flag_is_stronger(self):
        done = run("echo", folder=self.folder, env={"FRESHET_WORKERS": "many"})
        self.assert_refused(done, 2, "many")
        server = Server("echo", env={"FRESHET_LISTEN": "256.256.256.256:1"})  # its flag says 127.0.0.1:0
        server.finish()

    def test_a_variable_that_is_none_is_warned_of_with_the_one_that_may_be_meant(self):
        server = Server("echo", env={"FRESHET_LISEN": "127.0.0.1:1", "FRESHET_SOMETHING_ELSE": "1", "FRESHET_LOG_FORMAT": "text",
                                        "FRESHET_SECRET_KEY": "hush"})
        server.finish()
        self.assertNotIn("hush", server.output())
        self.assertIn("WARN settings.unknown variable=FRESHET_LISEN nearest=FRESHET_LISTEN\n", server.output())
        self.assertIn("WARN settings.unknown variable=FRESHET_SOMETHING_ELSE\n", server.output())
        self.assertEqual(server.output().count("settings.unknown"), 2)

    def test_it_says_where_it_listens_and_is_there_by_then(self):
        server = Server("realtime-update", db="notes.db")
        try:
            first = next(line for line in server.lines if "listening" in line)
            self.assertRegex(first, r"realtime-update \d+\.\d+\.\d+ listening on http://127\.0\.0\.1:%d/" % server.port)
            self.assertEqual(server.get("/").status, 200)
        finally:
            server.finish()

    def test_log_lines_are_json_when_asked(self):
        import json
        server = Server("echo", "--log-format", "json", "--log", "debug")
        try:
            self.assertEqual(server.get("/json").status, 200)
            self.assertEqual(server.stop(), 0)
            lines = [line for line in server.lines if line.startswith("{")]
            self.assertTrue(lines, server.output())
            for line in lines:
                json.loads(line)
        finally:
            server.finish()


if __name__ == "__main__":
    unittest.main()
