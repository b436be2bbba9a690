#!/usr/bin/env python3
"""What clang-format and clang-tidy say of our files; .clang-format and .clang-tidy say what they look for.

    tests/lint.py layout              all C files are laid out as clang-format does
    tests/lint.py tidy BUILD FOLDER…  clang-tidy finds nothing in the files below these folders; BUILD was configured

What clang-tidy found clean is not read again until the file, a header of it, its flags or the checks have changed: that
is kept in BUILD/lint. A finding stands with its file, line and the name of its check; a check that is wrong at a line is
silenced there with `NOLINT(its name): why`.
"""
import concurrent.futures
import glob
import hashlib
import json
import os
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ["src", "include", "examples", "tests", "bench"]
FORMAT, TIDY = "clang-format-14", "clang-tidy-14"


def run(command):
    """Exit code and output; a tool that is not there is told as one that fails."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT)
    except FileNotFoundError:
        return 127, "%s: not found; ./dev lint installs it\n" % command[0]
    return done.returncode, done.stdout.decode("utf-8", "replace")


def files(folder, endings):
    return sorted(name for ending in endings for name in glob.glob(os.path.join(ROOT, folder, "**", "*" + ending), recursive=True)
                  if "/node_modules/" not in name)


def check_layout(name):
    code, text = run([FORMAT, "--dry-run", "-Werror", name])
    return text if code else ""


def flags_of(entry):
    """The compiler and its flags, without what it makes of which file."""
    words = shlex.split(entry["command"])
    while os.path.basename(words[0]) in ("ccache", "sccache"):
        words.pop(0)
    out = words.index("-o")
    return [word for word in words[:out] + words[out + 2:] if word not in ("-c", entry["file"])]


def key_of(name, flags):
    """Of all that a finding depends on."""
    code, rule = run(flags + ["-MM", name])
    if code:
        return None
    read = rule.replace("\\\n", " ").split(":", 1)[1].split()
    key = hashlib.sha256((run([TIDY, "--version"])[1] + " ".join(flags)).encode())
    for each in [os.path.join(ROOT, ".clang-tidy"), *read]:
        with open(os.path.join(ROOT, each), "rb") as data:
            key.update(hashlib.sha256(data.read()).digest())
    return key.hexdigest()


def check_tidy(build, name, entry):
    key = key_of(name, flags_of(entry))
    clean = os.path.join(build, "lint", key) if key else None
    if clean and os.path.exists(clean):
        return ""
    code, text = run([TIDY, "-p", build, "--quiet", "--extra-arg=-Wno-unknown-warning-option", name])
    if code == 0 and clean:
        os.makedirs(os.path.dirname(clean), exist_ok=True)
        open(clean, "w").close()
    return text if code else ""


def tell(checks):
    """checks: (name, function without arguments that returns what is wrong)…"""
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, future in [(name, pool.submit(check)) for name, check in checks]:
            wrong = future.result()
            if wrong:
                bad += 1
                print("%s:\n%s" % (os.path.relpath(name, ROOT), wrong.rstrip()), flush=True)
    print("%d passed, %d failed" % (len(checks) - bad, bad))
    return 1 if bad or not checks else 0


def layout():
    names = [name for folder in FOLDERS for name in files(folder, [".c", ".h"])]
    result = tell([(name, lambda name=name: check_layout(name)) for name in names])
    if result:
        print("./dev lint --fix lays the files out")
    return result


def tidy(build, folders):
    build = os.path.abspath(build)
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as text:
        entries = {entry["file"]: entry for entry in json.load(text)}
    names = [name for folder in folders for name in files(folder, [".c"]) if name in entries]
    return tell([(name, lambda name=name: check_tidy(build, name, entries[name])) for name in names])


if __name__ == "__main__":
    if sys.argv[1:2] == ["layout"]:
        sys.exit(layout())
    if sys.argv[1:2] == ["tidy"] and len(sys.argv) > 3:
        sys.exit(tidy(sys.argv[2], sys.argv[3:]))
    sys.exit(__doc__)
