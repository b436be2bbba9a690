#!/usr/bin/env python3
"""Documents keep their word: each test that docs/hardening.md names is there, and each row of its tables names one; each
option has its line in docs/reference.md; what is linked is there; units can be enabled; the README says the same in both
languages; what comments cite is in the clone;
the compiler says what docs/compile-errors.md has it say.

A test is named `KIND/FILE: its name`: unit/<layer> (a test of that layer), wire/<file> (a case), system/<file> (a test,
without its test_).
"""
import configparser
import glob
import os
import re
import subprocess
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NAMED = re.compile(r"`(unit|wire|system)/(\w+): ([^`]+)`")


def read(*parts):
    with open(os.path.join(ROOT, *parts), encoding="utf-8") as text:
        return text.read()


def tests_of(kind, name):
    """The names of the tests of a file or layer."""
    if kind == "wire":
        return set(re.findall(r"^== (.*)$", read("tests", "wire", name + ".txt"), re.M))
    if kind == "system":
        return set(re.findall(r"^    def test_(\w+)\(self", read("tests", "system", "test_%s.py" % name), re.M))
    return {test for path in glob.glob(os.path.join(ROOT, "tests", "unit", name, "*.c"))
            for test in re.findall(r"^static void (\w+)\(void \*\*", read(path), re.M)}


def rows(text):
    """The rows of the tables: heading, cells."""
    heading = None
    for line in text.splitlines():
        if line.startswith("## "):
            heading = line[3:]
        elif line.startswith("|") and not line.startswith("|---") and not line.startswith("| class |"):
            yield heading, line.strip("|").split(" | ")


class Hardening(unittest.TestCase):
    def setUp(self):
        self.text = read("docs", "hardening.md")

    def test_each_test_that_is_named_is_there(self):
        named = NAMED.findall(self.text)
        self.assertGreater(len(named), 100)
        for kind, name, test in named:
            with self.subTest(test):
                self.assertIn(test, tests_of(kind, name))

    def test_each_row_names_a_test(self):
        found = list(rows(self.text))
        self.assertGreater(len(found), 40)
        for heading, cells in found:
            with self.subTest(cells[0]):
                self.assertEqual(len(cells), 3)
                self.assertTrue(NAMED.search(cells[2]), heading)

    def test_nothing_looks_like_a_test_and_is_none(self):
        """A name in another spelling would not be checked."""
        for heading, cells in rows(self.text):
            self.assertEqual(NAMED.sub("", cells[2]).strip(" ,|"), "", heading)


class Translation(unittest.TestCase):
    """README.ko.md is the README in Korean: the same program, the same commands, the same pages behind it."""

    def test_the_code_of_both_is_equal(self):
        english, korean = (re.findall(r"^```.*?^```$", read(name), re.S | re.M) for name in ("README.md", "README.ko.md"))
        self.assertGreater(len(english), 3)
        self.assertEqual(english, korean)

    def test_both_name_the_same_pages_and_options(self):
        for pattern in (r"\]\(([^)]*)\)", r"`(-[^`]*)`"):
            english, korean = (set(re.findall(pattern, read(name))) - {"README.md", "README.ko.md"} for name in ("README.md", "README.ko.md"))
            self.assertEqual(english, korean)


def texts(*patterns):
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.join(ROOT, pattern), recursive=True)):
            if os.path.isfile(path) and "node_modules" not in path and path != os.path.abspath(__file__):
                yield os.path.relpath(path, ROOT), read(path)


class Citations(unittest.TestCase):
    """What a comment names is in the clone: traps by their letter and number, documents and files by their path."""

    CODE = ("src/**/*.[chS]", "include/**/*.h", "tests/**/*.[ch]", "tests/**/*.py", "examples/**/*.[ch]", "bench/**/*.[ch]",
            "bench/**/*.py", "src/**/README.md")

    def test_each_trap_that_is_named_is_told(self):
        told = set(re.findall(r"^### ([A-Z][0-9]+)\. ", read("docs", "traps.md"), re.M))
        named = set()
        for path, text in texts(*self.CODE):
            for run in re.findall(r"\b[Tt]raps ((?:[A-Z][0-9]+(?:, |,? and )?)+)", re.sub(r"\n[ *#/]+", " ", text)):
                for name in re.findall(r"[A-Z][0-9]+", run):
                    self.assertIn(name, told, path)
                    named.add(name)
        self.assertEqual(told - named, set(), "told and never named")

    def test_no_document_is_named_that_a_clone_does_not_have(self):
        for path, text in texts(*self.CODE):
            with self.subTest(path):
                self.assertIsNone(re.search(r"\bDESIGN(\.md)?\b(?= \u00a7|\.md| section)|\bspec(ification)? [a-z-]+ \u00a7|\bspec/|wire-django|\((?:see )?spec \w+\)", text))
                for name in re.findall(r"\b((?:docs|src|include|tests|bench|cmake|examples)/[\w./-]*\w\.(?:md|c|h|py|txt|jsonl|sql|mjs))\b", text):
                    self.assertTrue(os.path.exists(os.path.join(ROOT, name)), "%s names %s" % (path, name))

    def test_a_file_that_a_comment_names_is_in_its_layer(self):
        """`wait.c` in a comment of src/net is a file there, or in another folder by its path."""
        names = {os.path.basename(path) for path, _ in texts("src/**/*.[chS]", "include/**/*.h", "tests/**/*.[ch]", "examples/**/*.[ch]", "bench/**/*.[ch]")}
        for path, text in texts("src/**/*.[ch]", "include/**/*.h"):
            for comment in re.findall(r"/\*.*?\*/", text, re.S):
                for name in re.findall(r"(?<![\w./<\"-])((?:\w+/)*\w+\.[chS])\b(?!\.)", comment):
                    with self.subTest("%s: %s" % (path, name)):
                        self.assertIn(os.path.basename(name), names)


class Docstrings(unittest.TestCase):
    """What a caller of the public functions has to know stands above each: its errors, its thread, its cost."""

    DECLARED = re.compile(r"(/\*\*(?:(?!\*/).)*\*/)?\s*\n((?:#define [^\n]*\n(?:[ \t][^\n]*\n)*)?)FR_API fr_err (\w+)\(", re.S)

    def test_each_function_that_can_fail_says_how_where_and_at_what_cost(self):
        found = 0
        for path, text in texts("include/freshet/*.h"):
            for comment, _, name in self.DECLARED.findall(text):
                found += 1
                for line in ("Errors:", "Thread:", "Cost:"):
                    with self.subTest("%s: %s" % (path, name)):
                        self.assertIn(" * " + line, comment)
        self.assertGreater(found, 35)


class CompileErrors(unittest.TestCase):
    """Each mistake of docs/compile-errors.md gets the words that stand below it, at its line, and no more of them."""

    CASE = re.compile(r"^## ([^\n]*)\n+```c\n(.*?)^```\n+```text\n(.*?)^```", re.S | re.M)
    SAID = re.compile(r"^<stdin>:\d+:(?:\d+:)? ((?:error|warning): .*)$", re.M)

    def said_of(self, text):
        done = subprocess.run(["gcc", "-std=c11", "-Wall", "-Wextra", "-I" + os.path.join(ROOT, "include"), "-fsyntax-only", "-xc", "-"],
                              input=("#include <freshet.h>\n\n" + text).encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=dict(os.environ, LC_ALL="C"))
        return done.stdout.decode()

    def test_each_mistake_is_told_in_the_words_of_the_page(self):
        cases = self.CASE.findall(read("docs", "compile-errors.md"))
        self.assertGreater(len(cases), 10)
        for heading, text, words in cases:
            with self.subTest(heading):
                self.assertEqual([re.sub(r"^.*?: (?=error|warning)", "", line) for line in self.said_of(text).splitlines()
                                  if re.search(r": (error|warning): ", line)], words.splitlines())

    def test_a_mistake_in_a_model_is_told_at_the_line_of_its_user(self):
        said = self.said_of("FR_MODEL(note,\n    (ID, id),\n    %s\n    (CHAR, title, .max_lenght = 1));\n"
                            % "\n".join("(CHAR, f%d)," % i for i in range(60)))
        self.assertEqual(self.SAID.findall(said), ["error: 'fr_field' has no member named 'max_lenght'; did you mean 'max_length'?"])
        self.assertLess(len(said.splitlines()), 12)

    def test_more_fields_than_a_model_may_have_are_told_in_one_line(self):
        said = self.said_of("FR_MODEL(note, %s);\n" % ", ".join("(CHAR, f%d)" % i for i in range(65)))
        self.assertEqual(self.SAID.findall(said), ['error: static assertion failed: "FR_MODEL: a C struct has 64 fields at most"'])


class Kinds(unittest.TestCase):
    """Each kind stands in docs/reference.md with the C type that its macro gives, each rule of .on_delete has its line."""

    def types(self):
        """Kind -> the type of its member, from the macros; references have that of another model's key."""
        found = re.findall(r"^#define FR_TYPE_(\w+)(?:\(to_\))? (.+)$", read("include", "freshet", "model_macros.h"), re.M)
        return {kind: "the type of that model's key" if "##" in type_ else type_ for kind, type_ in found}

    def test_the_table_of_kinds_is_that_of_the_code(self):
        named = {}
        for line in read("docs", "reference.md").split("## Models")[1].split("## REST")[0].splitlines():
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            for kinds, type_ in zip(cells[::2], cells[1::2]) if line.startswith("| `") and len(cells) == 4 else []:
                for kind in re.findall(r"`([A-Z_]+)(?:\(model\))?`", kinds):
                    named[kind] = re.sub(r"`| \(.*\)$", "", type_)
        self.assertEqual(named, self.types())

    def test_each_kind_has_its_row_in_model_and_in_rest(self):
        kinds = set(self.types())
        self.assertGreater(len(kinds), 25)
        self.assertEqual(set(re.findall(r"^    FR_KIND_([A-Z_]+[A-Z]),", read("include", "freshet", "model.h"), re.M)), kinds)
        for path in (("src", "model", "kind.c"), ("src", "rest", "kinds.c")):
            self.assertEqual(set(re.findall(r"^    \[FR_KIND_([A-Z_]+)\]", read(*path), re.M)), kinds, path)

    def test_each_rule_of_on_delete_has_its_line(self):
        rules = re.search(r"typedef enum fr_on_delete \{(.*?)\}", read("include", "freshet", "model.h"), re.S).group(1)
        for rule in re.findall(r"\bFR_\w+", rules):
            self.assertRegex(read("docs", "reference.md"), r"(?m)^\|.*`%s`" % rule)

    def test_each_option_of_a_field_and_of_a_model_is_told(self):
        header, told = read("include", "freshet", "model.h"), "".join(read("docs", name) for name in ("reference.md", "tutorial.md"))
        for option in ("pattern", "pattern_message", "minimum", "maximum", "protocol", "upload_to", "through", "related", "strict",
                       "unique_together", "constraints", "indexes", "display", "on_delete", "as_text", "format",
                       "input_formats", "zone", "as_number", "normalized", "rounding", "unicode", "untrimmed", "messages",
                       "folder", "table", "symmetric"):
            self.assertRegex(header, r"\b%s\b" % option)
            self.assertIn("`.%s" % option, told)


class Links(unittest.TestCase):
    def test_what_is_linked_is_there(self):
        for path in glob.glob(os.path.join(ROOT, "docs", "*.md")) + glob.glob(os.path.join(ROOT, "*.md")):
            for target in re.findall(r"\]\((?!http)([^)#]+)[^)]*\)", read(path)):
                with self.subTest("%s: %s" % (os.path.basename(path), target)):
                    self.assertTrue(os.path.exists(os.path.join(os.path.dirname(path), target)))


class Units(unittest.TestCase):
    """The units of docs/operations.md can be enabled, and make the folders that their options name."""

    def units(self):
        for text in re.findall(r"^```ini\n(.*?)^```", read("docs", "operations.md"), re.S | re.M):
            unit = configparser.ConfigParser(strict=False, interpolation=None)
            unit.optionxform = str
            unit.read_string(text)
            yield unit

    def test_each_unit_can_be_enabled(self):
        units = list(self.units())
        self.assertGreaterEqual(len(units), 2)
        for unit in units:
            self.assertTrue(unit.get("Install", "WantedBy", fallback=None), unit.sections())

    def test_the_folders_that_a_service_writes_to_are_made_for_it(self):
        services = [unit["Service"] for unit in self.units() if "Service" in unit]
        self.assertTrue(services)
        for service in services:
            for path, key in (("/var/lib/", "StateDirectory"), ("/run/", "RuntimeDirectory")):
                for name in re.findall(re.escape(path) + r"(\w+)/", service["ExecStart"]):
                    self.assertEqual(service.get(key), name)


class Reference(unittest.TestCase):
    def test_each_option_has_its_line(self):
        options = re.findall(r'^    \{"([a-z-]+)", FR_SETTING_', read("src", "cli", "options.c"), re.M)
        documented = re.findall(r"^\| `--([a-z-]+)", read("docs", "reference.md"), re.M)
        self.assertGreater(len(options), 40)
        self.assertEqual(sorted(options), sorted(documented))


if __name__ == "__main__":
    unittest.main()
