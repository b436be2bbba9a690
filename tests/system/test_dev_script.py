"""`./dev` where its tools fail: each step says what failed, with the tool's own words, and what to do. And that `./dev run`
leaves nothing behind that git would list.

The script runs in a copy of the tree, with commands of the test's own first in PATH.
"""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from server import BUILD, LISTENING, PATIENCE, ROOT

LEFT_OUT = shutil.ignore_patterns(".git", "build", "node_modules", "__pycache__", "corpus")
FAILS = "echo 'words of %s' >&2; exit 7"


class DevCase(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="freshet-dev-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.tree = os.path.join(self.folder, "tree")
        self.bin = os.path.join(self.folder, "bin")
        os.mkdir(self.bin)
        shutil.copytree(ROOT, self.tree, ignore=LEFT_OUT, symlinks=True)
        self.env = dict(os.environ, PATH=self.bin + ":/usr/local/bin:/usr/bin:/bin")
        self.env.pop("CI", None)
        # Whatever this machine lacks is not to be installed by a test.
        self.command("apt-get", FAILS % "apt-get")
        self.command("sudo", 'exec "$@"')
        self.command("cmake", "exit 0")

    def command(self, name, text):
        path = os.path.join(self.bin, name)
        with open(path, "w", encoding="utf-8") as script:
            script.write("#!/bin/sh\n%s\n" % text)
        os.chmod(path, 0o755)

    def without(self, *names):
        """PATH has every command of the system but these."""
        for folder in self.env["PATH"].split(":")[1:]:
            for name in os.listdir(folder) if os.path.isdir(folder) else []:
                mine = os.path.join(self.bin, name)
                if name not in names and not os.path.lexists(mine):
                    os.symlink(os.path.join(folder, name), mine)
        self.env["PATH"] = self.bin

    def dev(self, *arguments):
        done = subprocess.run(["./dev", *arguments], cwd=self.tree, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=10 * PATIENCE)
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def fails(self, *arguments):
        code, text = self.dev(*arguments)
        self.assertNotEqual(code, 0, text)
        return text

    def assert_told(self, text, step, words):
        """The step's name, what the tool said, and what to do."""
        self.assertRegex(text, r"(?m)^dev: FAILED: %s" % step)
        self.assertIn(words, text)
        self.assertRegex(text, r"(?m)^dev: what to do: .{20,}")


class FailingSteps(DevCase):
    def test_npm_that_cannot_fetch_is_told_with_its_words(self):
        self.command("npm", FAILS % "npm")
        self.assert_told(self.fails("test", "browser-clients"), "installing the npm packages", "words of npm")

    def test_npm_is_not_told_to_be_silent(self):
        self.command("npm", 'for each; do [ "$each" = --silent ] && exit 7; done; echo "words of npm"; exit 7')
        self.assertIn("words of npm", self.fails("test", "browser-clients"))

    def test_a_failed_configuration_is_told_with_its_words(self):
        self.command("cmake", FAILS % "cmake")
        self.assert_told(self.fails("build"), "configuring dev", "words of cmake")
        self.assert_told(self.fails("run"), "configuring dev", "words of cmake")
        self.assert_told(self.fails("bench", "--no-peers"), "configuring release", "words of cmake")

    def test_a_failed_build_is_told_with_its_words(self):
        self.command("cmake", 'case "$1" in --build) %s;; esac' % (FAILS % "ninja"))
        self.assert_told(self.fails("build", "asan"), "building asan", "words of ninja")
        self.assert_told(self.fails("test", "unit-net@tsan"), "building tsan", "words of ninja")
        self.assert_told(self.fails("run"), "building dev", "words of ninja")

    def test_packages_that_apt_cannot_install_are_told_with_its_words(self):
        self.without("ninja")
        text = self.fails("build")
        self.assert_told(text, "installing Debian packages: ninja-build", "words of apt-get")

    def test_package_lists_that_cannot_be_fetched_are_told_and_those_that_are_here_do(self):
        self.without("ninja")
        self.command("apt-get", 'case "$*" in update*) %s;; esac; touch "%s/ninja"; chmod 755 "%s/ninja"'
                     % (FAILS % "apt-get", self.bin, self.bin))
        self.command("cmake", FAILS % "cmake")
        text = self.fails("build")
        self.assertIn("words of apt-get", text)
        self.assertIn("apt-get update failed", text)
        self.assert_told(text, "configuring dev", "words of cmake")

    def test_a_machine_without_apt_is_told_what_is_missing(self):
        os.unlink(os.path.join(self.bin, "apt-get"))
        self.without("ninja", "apt-get")
        self.assertIn("missing: ninja-build", self.fails("build"))

    def test_a_suite_that_fails_is_named_with_how_to_repeat_it(self):
        with open(os.path.join(self.tree, "docs", "hardening.md"), "a", encoding="utf-8") as text:
            text.write("\n| a row | that names | no test |\n")
        text = self.fails("test", "documents")
        self.assertIn("failed: documents\nto repeat one: ./dev test documents", text)

    def test_a_suite_that_is_not_there_is_told(self):
        text = self.fails("test", "no-such-suite")
        self.assertIn('no suite is named like "no-such-suite"; --list names them', text)
        self.assertNotIn("FAILED: line", text)

    def test_a_file_that_is_laid_out_otherwise_is_named_with_how_to_mend_it(self):
        with open(os.path.join(self.tree, "src", "base", "err.c"), "a", encoding="utf-8") as text:
            text.write("\nint   x ;\n")
        self.command("clang-tidy-14", "exit 0")
        text = self.fails("test", "lint-layout")
        self.assertIn("src/base/err.c:", text)
        self.assertIn("./dev lint --fix", text)

    def test_what_has_no_words_of_its_own_is_told_with_its_line(self):
        """The installed lock file cannot be copied: no step foresees that."""
        self.command("npm", "exit 0")
        text = self.fails("test", "browser-clients")
        self.assertRegex(text, r"(?m)^dev: FAILED: line \d+, with exit code \d+: cp ")


class Run(DevCase):
    def git(self, *arguments):
        env = dict(self.env, GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1")
        return subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@localhost", *arguments], cwd=self.tree, env=env, check=True,
                              stdout=subprocess.PIPE).stdout.decode()

    def test_it_leaves_no_untracked_file(self):
        """Neither while it runs, nor afterwards."""
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-qm", "as it was")
        self.command("cmake", 'mkdir -p build/dev/examples; ln -sf "%s" build/dev/examples/' % os.path.join(BUILD, "examples", "realtime-update"))
        process = subprocess.Popen(["./dev", "run", "--listen", "127.0.0.1:0", "--workers", "1"], cwd=self.tree, env=self.env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            for line in process.stdout:
                if LISTENING.search(line.decode()):
                    break
            else:
                self.fail("it does not listen")
            self.assertTrue([name for name in os.listdir(self.tree) if name.endswith(".db")], "it has no database")
            self.assertEqual(self.git("status", "--porcelain"), "")
        finally:
            process.send_signal(signal.SIGTERM)
            rest = process.communicate(timeout=PATIENCE)[0].decode()
        self.assertEqual(process.returncode, 0, rest)
        self.assertEqual(self.git("status", "--porcelain"), "")


class Lint(DevCase):
    """What clang-tidy finds fails the suite, and what it found clean is read once."""

    def setUp(self):
        super().setUp()
        self.count = os.path.join(self.folder, "count")
        self.command("cmake", "exit 0")
        build = os.path.join(self.tree, "build", "dev")
        os.makedirs(build)
        source = os.path.join(self.tree, "src", "base", "err.c")
        with open(os.path.join(build, "compile_commands.json"), "w", encoding="utf-8") as text:
            text.write('[{"file": "%s", "directory": "%s", "command": "gcc -D_GNU_SOURCE -I%s/include -I%s/src -o err.o -c %s"}]'
                       % (source, build, self.tree, self.tree, source))

    def tidy(self, answer):
        self.command("clang-tidy-14", 'case "$*" in *--version*) echo 14;; *) echo read >>"%s"; %s;; esac' % (self.count, answer))
        return self.dev("test", "lint-base")

    def reads(self):
        with open(self.count, encoding="utf-8") as text:
            return len(text.readlines())

    def test_a_finding_fails_and_is_shown_until_it_is_mended(self):
        for _ in range(2):
            code, text = self.tidy("echo 'err.c:1: error: words [a-check]'; exit 1")
            self.assertEqual(code, 1, text)
            self.assertIn("src/base/err.c:\nerr.c:1: error: words [a-check]", text)
        self.assertEqual(self.tidy("exit 0")[0], 0)
        self.assertEqual(self.reads(), 3)

    def test_what_is_clean_is_read_again_when_a_header_of_it_has_changed(self):
        for _ in range(2):
            code, text = self.tidy("exit 0")
            self.assertEqual(code, 0, text)
        self.assertEqual(self.reads(), 1)
        with open(os.path.join(self.tree, "src", "base", "err.h"), "a", encoding="utf-8") as header:
            header.write("/* changed */\n")
        self.assertEqual(self.tidy("exit 0")[0], 0)
        self.assertEqual(self.reads(), 2)


if __name__ == "__main__":
    unittest.main()
