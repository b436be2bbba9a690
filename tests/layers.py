#!/usr/bin/env python3
"""The shape of the house: includes go downwards only and into wings by their doors, each folder says what it is for, each
header stands on its own."""
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# What a layer may use, beside what that uses in turn.
MAY_USE = {
    "base": [],
    "net": ["base"],
    "http": ["net"],
    "ws": ["http"],
    "model": ["base"],
    "db": ["model", "net"],
    "auth": ["http", "db"],
    "channels": ["ws", "auth"],
    "rest": ["http", "db", "auth"],
    "live": ["rest", "channels"],
    "cli": ["live"],
}
# Wings: the folders within a layer. A wing may use what its layer may, its layer's own files, and the other wings that
# are named here. Its doors are the headers that files outside it may include.
WINGS = {
    "db/sqlite": {"uses": [], "doors": []},
    "http/clients": {"uses": [], "doors": ["access.h", "client.h", "line_file.h", "trust.h"]},
    "http/files": {"uses": [], "doors": ["conditions.h", "static.h"]},
    "http/forms": {"uses": [], "doors": ["form.h", "spool.h"]},
}
# What is named in its wing only.
INNER = {"db/sqlite": re.compile(r"\b(?:fr_)?sqlite3?_\w+|\bfr_sqlite\b|\bsqlite3\b")}
# Structs that are made of parts. A member whose comment begins with the name of a file is that file's: no other one of
# its layer looks into it, but for inline functions of the header that defines the struct.
PARTS = {"fr_loop": "net/net_int.h", "fr_exchange": "http/http_int.h", "fr_http_loop": "http/http_int.h"}
MEMBER = re.compile(r"(\w+)(?:\[\w+\])?;\s*/\* ([a-z_/]+\.c)\b")
# Public headers that are not named after their layer.
PUBLIC = {"app": "cli", "model_macros": "model"}
TAG = re.compile(r'^[ \t]*(?:typedef )?(?:struct|union|enum) (fr_\w+) \{', re.M)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"')
DOUBLE = re.compile(r"(?<!%)(?:%%)*%[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*)?)?L?[aefg]")  # a conversion of printf or scanf
INCLUDE = re.compile(r'^\s*#\s*include\s*(<[^>]+|"[^"]+)[>"]', re.M)


def everything_below(layer):
    found, waiting = {layer}, [layer]
    while waiting:
        for other in MAY_USE[waiting.pop()]:
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def layer_of_include(name):
    """The layer that an included file belongs to; None: not ours, or beside the file itself."""
    parts = name.split("/")
    if parts[0] == "freshet" and len(parts) == 2:
        word = parts[1][:-2]
        return PUBLIC.get(word, word)
    return parts[0] if parts[0] in MAY_USE and len(parts) > 1 else None


def wing_of(name):
    """The wing that a file below src/ belongs to, by its path from there; None: to the layer's own files, or a public one."""
    folder = os.path.dirname(name)
    return folder if folder.count("/") == 1 else None


def from_src(name):
    return os.path.relpath(name, os.path.join(ROOT, "src"))


def sources():
    for layer in MAY_USE:
        for name in sorted(glob.glob(os.path.join(ROOT, "src", layer, "**", "*.[chS]"), recursive=True)):
            yield layer, name
    for name in sorted(glob.glob(os.path.join(ROOT, "include", "freshet", "*.h"))):
        yield layer_of_include("freshet/" + os.path.basename(name)), name


def read(name):
    with open(name, encoding="utf-8") as text:
        return text.read()


def included_by(name):
    """What a file includes; of the system's folders only the name, so that <net/if.h> is not taken for a layer."""
    return [each[1:] if each[0] == '"' or each.startswith("<freshet/") else os.path.basename(each.lstrip("<"))
            for each in INCLUDE.findall(read(name))]


def short(name):
    return os.path.relpath(name, ROOT)


class Layers(unittest.TestCase):
    def test_includes_go_downwards_only(self):
        wrong = []
        for layer, name in sources():
            allowed = everything_below(layer)
            for included in included_by(name):
                other = layer_of_include(included)
                if other and other not in allowed:
                    wrong.append("%s includes %s: %s may not use %s" % (short(name), included, layer, other))
        self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def test_doubles_are_printed_and_read_by_one_file(self):
        """Elsewhere the point would be that of the program's locale, of one byte or several."""
        wrong = ["%s: %s" % (short(name), text) for _, name in sources() if not name.endswith(("/base/number.c", "/rest/strptime.c"))  # %f there: microseconds
                 for text in LITERAL.findall(COMMENT.sub("", read(name))) if DOUBLE.search(text)]
        self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def test_a_wing_is_entered_by_its_doors_only(self):
        wrong = []
        for _, name in sources():
            own = wing_of(from_src(name))
            for included in included_by(name):
                other = wing_of(included)
                if other not in WINGS or other == own:
                    continue
                if own and own.split("/")[0] == other.split("/")[0] and other not in WINGS[own]["uses"]:
                    wrong.append("%s includes %s: %s may not use %s" % (short(name), included, own, other))
                elif os.path.basename(included) not in WINGS[other]["doors"]:
                    wrong.append("%s includes %s, which is no door of %s" % (short(name), included, other))
        self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def test_a_door_is_there_and_somebody_uses_it(self):
        included = {each for _, name in sources() for each in included_by(name) if wing_of(from_src(name)) != wing_of(each)}
        for wing, rules in WINGS.items():
            for door in rules["doors"]:
                with self.subTest("%s/%s" % (wing, door)):
                    self.assertTrue(os.path.exists(os.path.join(ROOT, "src", wing, door)))
                    self.assertIn("%s/%s" % (wing, door), included)

    def test_what_is_a_wings_alone_is_named_there_only(self):
        for wing, names in INNER.items():
            wrong = ["%s names %s" % (short(name), found) for _, name in sources() if wing_of(from_src(name)) != wing
                     for found in sorted(set(names.findall(read(name))))]
            self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def test_a_source_file_includes_its_own_header_first(self):
        wrong = []
        for _, name in sources():
            own = name[:-2] + ".h"
            if name.endswith(".c") and os.path.exists(own):
                first = included_by(name)[:1]
                expected = [from_src(own), os.path.basename(own)]
                if not first or first[0] not in expected:
                    wrong.append("%s includes %s first, not %s" % (short(name), first, expected[0]))
        self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def test_every_folder_is_a_layer_or_a_wing_and_has_a_readme_of_one_page(self):
        folders = [from_src(folder) for folder, _, _ in os.walk(os.path.join(ROOT, "src"))]
        self.assertEqual(sorted(folders), sorted([".", *MAY_USE, *WINGS]))
        for folder in [*MAY_USE, *WINGS]:
            readme = os.path.join(ROOT, "src", folder, "README.md")
            self.assertTrue(os.path.exists(readme), "src/%s has no README.md" % folder)
            lines = read(readme).splitlines()
            self.assertTrue(5 <= len(lines) <= 120, "%s: %d lines" % (short(readme), len(lines)))

    def test_the_files_that_a_readme_names_are_there(self):
        for folder in [*MAY_USE, *WINGS]:
            beside = ["src/" + folder, "tests/unit/" + folder.split("/")[0], "src", "include", "."]
            for name in re.findall(r"`([a-z0-9_/]+\.[chS])`", read(os.path.join(ROOT, "src", folder, "README.md"))):
                with self.subTest("src/%s/README.md: %s" % (folder, name)):
                    self.assertTrue(any(os.path.exists(os.path.join(ROOT, each, name)) for each in beside))

    def test_a_part_of_a_struct_is_looked_into_by_its_own_file_only(self):
        for struct, header in PARTS.items():
            text, layer = read(os.path.join(ROOT, "src", header)), header.split("/")[0]
            body = re.search(r"struct %s \{\n(.*?)^\}" % struct, text, re.M | re.S).group(1)
            parts = MEMBER.findall(body)
            self.assertGreater(len(parts), 3, struct)
            for part, owner in parts:
                with self.subTest("%s.%s" % (struct, part)):
                    self.assertTrue(os.path.exists(os.path.join(ROOT, "src", layer, owner)), owner)
                    users = [from_src(name) for where, name in sources() if where == layer and re.search(r"->%s\b" % part, read(name))]
                    self.assertEqual([name for name in users if name not in (header, "%s/%s" % (layer, owner))], [])

    def test_a_tag_is_defined_once(self):
        """What begins with fr_ is one thing in the whole house; debuggers, and whoever searches, know no files."""
        home = {}
        for _, name in sources():
            for tag in TAG.findall(read(name)):
                home.setdefault(tag, []).append(short(name))
        self.assertGreater(len(home), 200)
        self.assertEqual({tag: names for tag, names in home.items() if len(names) > 1}, {})

    def test_public_headers_show_no_private_one(self):
        for name in glob.glob(os.path.join(ROOT, "include", "freshet", "*.h")) + [os.path.join(ROOT, "include", "freshet.h")]:
            for included in included_by(name):
                if "/" in included:
                    self.assertTrue(included.startswith("freshet/"), "%s includes %s" % (short(name), included))


class Headers(unittest.TestCase):
    """Each header compiles on its own, as C; public ones as C++, too."""

    def compile_all(self, compiler, names, folders):
        flags = [compiler[0], *compiler[1:], "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE",
                 *("-I" + os.path.join(ROOT, folder) for folder in folders), "-"]

        def compile_one(name):
            # Twice: its include guard works.
            text = '#include "%s"\n#include "%s"\ntypedef int fr_not_empty_;\n' % (name, name)
            done = subprocess.run(flags, input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            return "" if done.returncode == 0 else "%s:\n%s" % (short(name), done.stdout.decode())
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            wrong = [text for text in pool.map(compile_one, names) if text]
        self.assertTrue(names)
        self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def test_private_headers_compile_alone(self):
        self.compile_all(["gcc", "-std=gnu11", "-xc"],
                         [name for _, name in sources() if name.endswith(".h") and "/src/" in name], ["include", "src"])

    def test_public_headers_compile_alone_as_strict_c(self):
        self.compile_all(["gcc", "-std=c11", "-Wpedantic", "-Wno-variadic-macros", "-xc"], self.public(), ["include"])

    def test_public_headers_compile_alone_as_cpp(self):
        self.compile_all(["g++", "-std=c++17", "-xc++"], self.public(), ["include"])
        self.compile_all(["g++", "-std=c++20", "-xc++"], self.public(), ["include"])

    def test_models_of_each_kind_compile_without_a_warning(self):
        models = [os.path.join(ROOT, "tests", "unit", "model", "kinds.h")]
        found = [name for name in ("gcc", "clang", "clang-14") if shutil.which(name)]
        self.assertTrue(found)
        for compiler in found:
            self.compile_all([compiler, "-std=c11", "-Wpedantic", "-xc"], models, ["include"])
        for standard in ("c++17", "c++20"):
            self.compile_all(["g++", "-std=" + standard, "-xc++"], models, ["include"])

    def public(self):
        return sorted(glob.glob(os.path.join(ROOT, "include", "freshet", "*.h"))) + [os.path.join(ROOT, "include", "freshet.h")]


if __name__ == "__main__":
    sys.exit(unittest.main())
