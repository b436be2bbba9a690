"""The library as its users have it: installed, found by pkg-config, compiled against from C and C++. The program is the one
that the README opens with, letter for letter."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import server as ours
from live import Live
from server import BUILD, ROOT, Server

STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-Wno-variadic-macros", "-Wno-missing-field-initializers"]


def readme_program():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as text:
        return re.search(r"```c\n(.*?)```", text.read(), re.S).group(1)


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="freshet-install-")
        cls.prefix = os.path.join(cls.folder, "usr")
        cls.run_in(["cmake", "--install", BUILD, "--prefix", cls.prefix])
        found = [os.path.join(path, "pkgconfig") for path, _, names in os.walk(cls.prefix) if "libfreshet.so" in names]
        cls.env = dict(os.environ, PKG_CONFIG_PATH=found[0], LD_LIBRARY_PATH=os.path.dirname(found[0]))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @classmethod
    def run_in(cls, command, **more):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=cls.folder, **more)
        assert done.returncode == 0, "%s\n%s" % (command, done.stdout.decode())
        return done.stdout.decode()

    def flags(self):
        # By itself: the prefix that was configured is not where the test puts it.
        return self.run_in(["pkg-config", "--cflags", "--libs", "freshet"], env=self.env).split()

    def test_the_program_of_the_readme_compiles_serves_and_is_live(self):
        source = os.path.join(self.folder, "notes.c")
        with open(source, "w", encoding="utf-8") as text:
            text.write(readme_program())
        self.run_in(["gcc", "-std=c11", *STRICT, "-o", "notes", source, *self.flags()])
        os.makedirs(os.path.join(self.folder, "examples"), exist_ok=True)
        shutil.copy(os.path.join(self.folder, "notes"), os.path.join(self.folder, "examples", "notes"))
        before, ours.BUILD = ours.BUILD, self.folder
        try:
            server = Server("notes", db="notes.db", env={"LD_LIBRARY_PATH": self.env["LD_LIBRARY_PATH"]})
            try:
                with Live(server, "/api/notes/") as ws:
                    note = server.post("/api/notes/", {"title": "from the README", "done": False}).json
                    self.assertEqual(ws.next()["changes"][0]["data"], note)
            finally:
                server.finish()
        finally:
            ours.BUILD = before

    def test_it_is_the_recipe_that_the_examples_run(self):
        """What stands in the README stands in the example, which has a page and a second model besides."""
        path = os.path.join(ROOT, "examples", "realtime-update")
        text = "".join(open(os.path.join(path, name), encoding="utf-8").read() for name in os.listdir(path) if name.endswith(".c"))
        squeeze = lambda code: re.sub(r"\s+", "", re.sub(r"/\*.*?\*/", "", code, flags=re.S))  # noqa: E731
        for part in readme_program().split("int main")[0].split("\n\n")[1:]:
            if part.strip():
                self.assertIn(squeeze(part), squeeze(text), part)

    def test_a_cpp_program_may_use_the_headers(self):
        source = os.path.join(self.folder, "uses.cpp")
        with open(source, "w", encoding="utf-8") as text:
            text.write('#include <freshet.h>\nint main() { return fr_str_eq(FR_STR("a"), fr_str_c("a")) && fr_err_status(FR_ENOTFOUND) == 404 ? 0 : 1; }\n')
        self.run_in(["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-o", "uses", source, *self.flags()])
        self.run_in([os.path.join(self.folder, "uses")], env=self.env)


if __name__ == "__main__":
    unittest.main()
