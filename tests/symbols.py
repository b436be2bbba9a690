#!/usr/bin/env python3
"""What our objects call, and what our library shows.

    tests/symbols.py BUILD

Refused are functions of libc that overrun their buffer, share a hidden one between threads, cannot say that they failed, or
do something else in another locale; each has a name of ours, or a safer one in libc, to use instead.
"""
import glob
import os
import subprocess
import sys
import unittest

# Layers whose files call each other without a circle.
STRAIGHT = ["base", "db"]
REFUSED = set("strcpy strcat sprintf vsprintf strtok gets atoi atol atof localtime gmtime asctime ctime rand srand".split())
REFUSED |= set("setlocale localeconv strtod strtof strtold sscanf __isoc99_sscanf strcasecmp strncasecmp strcoll tolower toupper "
               "__ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc".split())
BUILD = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else os.path.abspath("build/dev")


def nm(*arguments):
    return subprocess.run(["nm", *arguments], stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()


def calls_of(layer):
    """file -> the files of its layer that it calls, by the global names of their objects."""
    folder = os.path.join(BUILD, "CMakeFiles", "fr_%s.dir" % layer, "src", layer)
    objects = {os.path.relpath(name, folder)[:-len(".o")]: name for name in glob.glob(os.path.join(folder, "**", "*.o"), recursive=True)}
    home = {line.split()[-1]: file for file, name in objects.items() for line in nm("-g", "--defined-only", name)}
    used = {file: {line.split()[-1] for line in nm("-u", name)} for file, name in objects.items()}
    return {file: {home[each]: each for each in sorted(names) if each in home} for file, names in used.items()}


def circle(calls):
    """One circle as a list of "file: name that it calls", or an empty one."""
    done, path = set(), []

    def visit(file):
        if file in path:
            return path[path.index(file):]
        if file in done:
            return []
        path.append(file)
        for other in calls[file]:
            found = visit(other)
            if found:
                return found
        done.add(path.pop())
        return []
    for file in calls:
        found = visit(file)
        if found:
            return ["%s calls %s of %s" % (each, calls[each][after], after) for each, after in zip(found, found[1:] + found[:1])]
    return []


class Symbols(unittest.TestCase):
    def test_files_of_a_layer_call_each_other_without_a_circle(self):
        for layer in STRAIGHT:
            with self.subTest(layer):
                calls = calls_of(layer)
                self.assertTrue(any(calls.values()), "no objects of %s below %s" % (layer, BUILD))
                self.assertFalse(circle(calls), "\n" + "\n".join(circle(calls)))

    def test_no_object_of_ours_calls_a_refused_function(self):
        objects = [name for name in glob.glob(os.path.join(BUILD, "**", "*.o"), recursive=True)
                   if any("fr_" in part and part.endswith(".dir") for part in name.split(os.sep)) or os.sep + "examples" + os.sep in name]
        self.assertTrue(objects, "no objects below " + BUILD)
        wrong = []
        for name in objects:
            used = {line.split()[-1].split("@")[0] for line in nm("-u", name)}
            wrong += ["%s calls %s" % (os.path.basename(name), each) for each in sorted(used & REFUSED)]
        self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def test_the_library_shows_only_names_that_start_with_fr_(self):
        library = os.path.join(BUILD, "libfreshet.so")
        shown = [line.split()[-1].split("@")[0] for line in nm("-D", "--defined-only", library)]
        self.assertTrue(shown)
        self.assertEqual([name for name in shown if not name.startswith("fr_")], [])

    def test_private_helpers_that_the_library_shows_belong_to_public_macros(self):
        """A name that ends in _ is shown only because a public header's macro calls it."""
        include = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "include", "freshet")
        text = "".join(open(name, encoding="utf-8").read() for name in glob.glob(os.path.join(include, "*.h")))
        shown = [line.split()[-1].split("@")[0] for line in nm("-D", "--defined-only", os.path.join(BUILD, "libfreshet.so"))]
        self.assertEqual([name for name in shown if name not in text], [])


if __name__ == "__main__":
    sys.exit(unittest.main())
