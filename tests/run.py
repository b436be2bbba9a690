#!/usr/bin/env python3
"""Runs the suites of tests that `./dev test` has built, and counts.

A suite is one process: a unit test program, a file of system tests, a folder of browser tests, a fuzz target with a
fixed number of runs, clang-tidy on a layer. Which build of the library a suite runs against stands in its name behind '@':
memory faults are looked for in asan, races in tsan, and dev is for what a sanitizer would disturb (memory bounds,
browsers, kills). What stands behind '+' is how output leaves (FRESHET_IO): all by io_uring, or none. Without it many
leave by io_uring and few by a call each, as a program does that is told nothing.

    tests/run.py [SUITE [NAME]]       run the suites whose name contains SUITE, in them the tests that match NAME
    tests/run.py --list               name the suites
    tests/run.py --presets [SUITE]    the builds that they need, for ./dev
    tests/run.py --needs [SUITE]      the tools that they need, for ./dev
    tests/run.py --fuzz SECONDS [TARGET]
    tests/run.py --soak SECONDS RUNS [PART]  the long form of some system tests, with each build they are to hold in
"""
import concurrent.futures
import ctypes
import errno
import glob
import os
import re
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYTHON = "/usr/bin/python3"
FUZZ_RUNS = 20000  # of each target: a few seconds each
LAYERS = "base net http ws model db auth channels rest live cli".split()
THREADED = "net http ws db channels rest live cli".split()

# Which layers' unit tests run once more, with this build and that way of output.
WAYS = [
    ("asan+io_uring", "net http ws channels".split()),
    ("tsan+io_uring", "net ws".split()),
    ("asan+epoll", "net ws".split()),
]
IO_URING_SETUP = 425  # the number of the system call, the same everywhere

# System tests: file, builds to run it against, tools it needs.
SYSTEM = [
    ("command_line", ["asan"], []),
    ("database", ["asan", "tsan"], []),
    ("rest", ["asan"], ["curl"]),
    ("repeat", ["asan", "tsan"], []),
    ("endless", ["asan", "tsan", "dev"], []),
    ("batch", ["asan", "tsan"], []),
    ("doors", ["asan", "tsan"], []),
    ("media", ["asan"], []),
    ("origins", ["asan"], []),
    ("index", ["asan"], []),
    ("echo", ["asan", "asan+io_uring"], []),
    ("listen", ["asan", "tsan"], ["curl"]),
    ("limits", ["asan", "tsan"], []),
    ("hostile", ["asan", "asan+io_uring", "dev"], []),
    ("clock", ["dev"], []),
    ("files", ["asan", "tsan", "asan+io_uring"], ["curl"]),
    ("io", ["asan", "tsan"], []),
    ("ws_conformance", ["asan", "asan+io_uring"], []),
    ("chat", ["asan", "asan+io_uring", "asan+epoll"], []),
    ("consumers", ["asan", "tsan"], []),
    ("background", ["asan", "tsan"], []),
    ("live", ["asan", "tsan", "asan+io_uring"], []),
    ("start", ["asan"], []),
    ("columns", ["asan", "tsan"], []),
    ("users", ["dev"], ["django"]),  # hundreds of MB are hashed: minutes with a sanitizer, which unit-auth has
    ("sessions", ["asan"], ["django"]),
    ("secrets", ["asan"], []),
    ("rules", ["asan"], []),
    ("kinds", ["asan"], []),
    ("forms", ["asan"], ["curl"]),
    ("access_log", ["asan", "tsan"], ["curl"]),
    ("exact", ["asan", "tsan"], []),
    ("chaos", ["asan", "tsan"], []),
    ("recipe", ["asan", "tsan"], []),
    ("signals", ["asan", "tsan"], []),
    ("process", ["asan", "tsan"], []),
    ("wal", ["asan", "tsan"], []),
    ("django", ["asan"], ["django"]),
    ("slow_client", ["dev"], []),
    ("memory", ["dev"], []),
    ("install", ["dev"], ["g++"]),
    ("tutorial", ["dev"], []),
    ("kill", ["dev"], []),
    ("storm", ["asan", "tsan", "dev"], []),
    ("torture", ["asan"], []),
    ("dev_script", ["dev"], ["git"]),
    ("bench_guard", ["dev"], []),
]

# tests/compat: the build, and the word that chooses what is played. Sockets are played in each build, the whole in one.
COMPAT = [("asan", ""), ("tsan", "ws/"), ("asan+io_uring", "ws/"), ("asan+epoll", "ws/")]

# System tests that also have a long form, for ./dev soak: file, builds.
SOAK = [
    ("chaos", ["release", "asan", "tsan"]),
    ("wal", ["release"]),
    ("repeat", ["release", "asan"]),
]


class Suite:
    def __init__(self, name, command, presets=(), needs=(), preset=None, timeout=300, together=False, behind=False, narrow=None, io=None):
        self.name = name
        self.command = command    # list, or a function that makes it once the builds are there; None: nothing to run
        self.presets = list(presets)
        self.needs = list(needs)
        self.preset = preset      # the build it runs against
        self.timeout = timeout
        self.together = together  # may run beside others
        self.behind = behind      # runs behind all others, in what they leave of the processors
        self.narrow = narrow      # name -> further arguments that choose tests
        self.io = io              # FRESHET_IO


def path(*parts):
    return os.path.join(ROOT, *parts)


def build(preset, *parts):
    return path("build", preset, *parts)


def unit_suites():
    for preset, layers in (("asan", LAYERS), ("tsan", THREADED)):
        for layer in layers:
            if glob.glob(path("tests", "unit", layer, "*.c")):
                yield Suite("unit-%s@%s" % (layer, preset), [build(preset, "tests", "test_" + layer)], [preset], [],
                            preset, together=True, narrow=lambda name: ["*%s*" % name])
    for way, layers in WAYS:
        preset, io = way.split("+")
        for layer in layers:
            yield Suite("unit-%s@%s" % (layer, way), [build(preset, "tests", "test_" + layer)], [preset], [],
                        preset, together=True, narrow=lambda name: ["*%s*" % name], io=io)


def fuzz_targets():
    return sorted(os.path.basename(name)[len("fuzz_"):-len(".c")] for name in glob.glob(path("tests", "fuzz", "fuzz_*.c")))


def fuzz_command(target, *options):
    seeds = [folder for folder in (path("tests", "fuzz", "corpus", target),) if os.path.isdir(folder)]
    found = build("fuzz", "corpus", target)
    os.makedirs(found, exist_ok=True)
    faults = build("fuzz", "faults") + "/"
    os.makedirs(faults, exist_ok=True)
    words = glob.glob(path("tests", "fuzz", target + ".dict"))
    return ([build("fuzz", "tests", "fuzz", "fuzz_" + target)] + list(options)
            + ["-artifact_prefix=" + faults] + ["-dict=" + word for word in words] + [found] + seeds)


def suites():
    everything = [
        Suite("layers", [PYTHON, path("tests", "layers.py")], [], ["g++"], narrow=lambda name: ["-k", name]),
        Suite("documents", [PYTHON, path("tests", "documents.py")], [], ["g++"], narrow=lambda name: ["-k", name]),
        Suite("lint-layout", [PYTHON, path("tests", "lint.py"), "layout"], [], ["clang-format"], together=True),
        Suite("symbols", [PYTHON, path("tests", "symbols.py"), build("dev")], ["dev"], ["binutils"]),
    ]
    for folder in ["src/" + layer for layer in LAYERS] + ["examples"]:
        everything.append(Suite("lint-" + os.path.basename(folder), [PYTHON, path("tests", "lint.py"), "tidy", build("dev"), path(folder)],
                                ["dev"], ["clang-tidy"], timeout=1800, behind=True))
    everything += unit_suites()
    if os.path.exists(path("tests", "wire", "run.py")):
        for way in ("asan", "asan+io_uring"):
            preset, _, io = way.partition("+")
            everything.append(Suite("wire@" + way, [PYTHON, path("tests", "wire", "run.py"), build(preset)], [preset], [], preset,
                                    together=bool(io), io=io))
    for name, ways, needs in SYSTEM:
        for way in ways:
            preset, _, io = way.partition("+")
            everything.append(Suite("system-%s@%s" % (name, way),
                                    [PYTHON, "-W", "ignore::ResourceWarning", "-m", "unittest", "-v", "test_" + name], [preset], needs, preset, 600,
                                    together=bool(io), narrow=lambda name: ["-k", name], io=io))
    for way, word in COMPAT:
        preset, _, io = way.partition("+")
        everything.append(Suite("compat%s@%s" % ("-sockets" if word else "", way), [PYTHON, path("tests", "compat", "run.py"), word],
                                [preset], [], preset, 900, io=io, narrow=lambda name: [name]))
    for name, needs in (("clients", ["node"]), ("page", ["node", "chromium"]), ("origins", ["node", "chromium"])):
        everything.append(Suite("browser-%s@dev" % name,
                                ["node", "--test", "--test-reporter=tap", path("tests", "browser", name + ".test.mjs")],
                                ["dev"], needs, "dev"))
    for target in fuzz_targets():
        everything.append(Suite("fuzz-" + target, lambda target=target: fuzz_command(target, "-runs=%d" % FUZZ_RUNS, "-seed=1"),
                                ["fuzz"], ["clang"], "fuzz", together=True))
    return everything


# ---- counting: each runner has its own last words ----

def count(text):
    """passed, failed, skipped as the runner's own output tells."""
    passed = sum(int(n) for n in re.findall(r"^\[  PASSED  \] (?:\w+: )?(\d+) test", text, re.M))          # cmocka
    failed = sum(int(n) for n in re.findall(r"^\[  FAILED  \] (?:\w+: )?(\d+) test", text, re.M))
    skipped = sum(int(n) for n in re.findall(r"^\[  SKIPPED \] (?:\w+: )?(\d+) test", text, re.M))
    ran = re.search(r"^Ran (\d+) tests? in", text, re.M)                                          # unittest
    if ran:
        words = dict((k, int(v)) for k, v in re.findall(r"(failures|errors|skipped|unexpected successes)=(\d+)", text[ran.end():]))
        bad = words.get("failures", 0) + words.get("errors", 0) + words.get("unexpected successes", 0)
        skipped += words.get("skipped", 0)
        failed += bad
        passed += max(0, int(ran.group(1)) - bad - words.get("skipped", 0))
    for word, n in re.findall(r"^# (pass|fail|skipped) (\d+)$", text, re.M):                      # node --test
        if word == "pass":
            passed += int(n)
        elif word == "fail":
            failed += int(n)
        else:
            skipped += int(n)
    plain = re.findall(r"^(\d+) passed, (\d+) failed", text, re.M)                               # ours
    if plain:
        passed += int(plain[-1][0])
        failed += int(plain[-1][1])
    if re.search(r"^Done \d+ runs in \d+ second", text, re.M):                                     # libFuzzer
        passed += 1
    return passed, failed, skipped


def environment(suite):
    env = dict(os.environ)
    env["FR_BUILD"] = build(suite.preset or "dev")
    env["PYTHONPATH"] = path("tests", "system")
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    env.setdefault("ASAN_OPTIONS", "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=0")
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    env.setdefault("TSAN_OPTIONS", "second_deadlock_stack=1:history_size=4")
    for name in list(env):
        if name.startswith("FRESHET_"):
            del env[name]
    if suite.io:
        env["FRESHET_IO"] = suite.io
    return env


def has_io_uring():
    """Whether a ring may be made here: in containers that is often forbidden. Without its parameters it is refused otherwise."""
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.syscall(IO_URING_SETUP, 1, None) >= 0 or ctypes.get_errno() == errno.EFAULT


def stand_behind(pid):
    """All others come first, also where the system weighs sessions and not processes."""
    os.setpriority(os.PRIO_PROCESS, pid, 19)
    try:
        with open("/proc/%d/autogroup" % pid, "w", encoding="ascii") as weight:
            weight.write("19")
    except OSError:
        pass


def run(suite, name):
    """(suite, passed, failed, skipped, seconds, output)"""
    command = suite.command() if callable(suite.command) else list(suite.command)
    if name and suite.narrow:
        command += suite.narrow(name)
    began = time.monotonic()
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT,
                                   env=environment(suite), stdin=subprocess.DEVNULL, start_new_session=True)
        if suite.behind:
            stand_behind(process.pid)
    except OSError as problem:
        return suite, 0, 1, 0, 0.0, "%s\n" % problem
    try:
        output, _ = process.communicate(timeout=suite.timeout)
        text, code = output.decode("utf-8", "replace"), process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        text, code = output.decode("utf-8", "replace") + "\nstopped: longer than %d s\n" % suite.timeout, -1
    passed, failed, skipped = count(text)
    if code != 0 and failed == 0:
        failed = 1                    # it died, or its runner does not count
        text += "\n%s ended with %s\n" % (command[0], "signal %d" % -code if code < 0 else "exit code %d" % code)
    return suite, passed, failed, skipped, time.monotonic() - began, text


def report(result):
    suite, passed, failed, skipped, seconds, text = result
    if failed:
        sys.stdout.write(text)
    print("%-4s %-30s %5d passed %s%s %6.1f s" % ("FAIL" if failed else "ok", suite.name, passed,
                                                  "%d failed " % failed if failed else "",
                                                  "%d skipped " % skipped if skipped else "", seconds), flush=True)


def pool_of():
    return concurrent.futures.ThreadPoolExecutor(max_workers=max(1, os.cpu_count() or 1))


def run_all(chosen, name):
    results = []
    if any(suite.io == "io_uring" for suite in chosen) and not has_io_uring():
        print("left out: suites +io_uring, which is not to be had here")
        chosen = [suite for suite in chosen if suite.io != "io_uring"]

    def take(result):
        results.append(result)
        report(result)

    with pool_of() as behind, pool_of() as together:
        last = [behind.submit(run, suite, name) for suite in chosen if suite.behind]
        for future in [together.submit(run, suite, name) for suite in chosen if suite.together]:
            take(future.result())
        for suite in chosen:
            if not suite.together and not suite.behind:
                take(run(suite, name))
        for future in last:
            take(future.result())
    bad = [result[0].name for result in results if result[2]]
    if bad:
        print("failed: %s\nto repeat one: ./dev test %s" % (" ".join(bad), bad[0]))
    passed, failed, skipped = (sum(result[i] for result in results) for i in (1, 2, 3))
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return 0 if failed == 0 and passed > 0 else 1


def fuzz(seconds, part):
    chosen = [target for target in fuzz_targets() if part in target]
    if not chosen:
        sys.exit("run.py: no fuzz target is named like \"%s\"" % part)
    env = environment(Suite("fuzz", None))
    bad = 0
    for target in chosen:
        print("fuzz %s, %s s" % (target, seconds), flush=True)
        bad += subprocess.run(fuzz_command(target, "-max_total_time=%s" % seconds, "-print_final_stats=1"), env=env).returncode != 0
    print("%d passed, %d failed" % (len(chosen) - bad, bad))
    return 1 if bad else 0


def soak(seconds, runs, part):
    chosen = [(name, preset) for name, presets in SOAK for preset in presets if part in "%s@%s" % (name, preset)]
    if not chosen:
        sys.exit("run.py: no soak test is named like \"%s\"" % part)
    bad = 0
    for name, preset in chosen:
        print("soak %s@%s, %s s, %s times" % (name, preset, seconds, runs), flush=True)
        env = dict(environment(Suite(name, None, preset=preset)), FR_SOAK_SECONDS=seconds, FR_SOAK_RUNS=runs)
        bad += subprocess.run([PYTHON, "-W", "ignore::ResourceWarning", "-m", "unittest", "-v", "test_" + name], env=env).returncode != 0
    print("%d passed, %d failed" % (len(chosen) - bad, bad))
    return 1 if bad else 0


def unique(lists):
    return list(dict.fromkeys(item for each in lists for item in each))


def main():
    arguments = sys.argv[1:]
    option = arguments.pop(0) if arguments and arguments[0].startswith("--") else None
    if option == "--fuzz":
        return fuzz(arguments[0], arguments[1] if len(arguments) > 1 else "")
    if option == "--soak":
        return soak(arguments[0], arguments[1], arguments[2] if len(arguments) > 2 else "")
    part = arguments[0] if arguments else ""
    name = arguments[1] if len(arguments) > 1 else ""
    chosen = [suite for suite in suites() if part in suite.name]
    if not chosen:
        sys.exit("run.py: no suite is named like \"%s\"; --list names them" % part)
    if option == "--list":
        print("\n".join(suite.name for suite in chosen))
    elif option == "--presets":
        print("\n".join(unique(suite.presets for suite in chosen)))
    elif option == "--needs":
        print("\n".join(unique(suite.needs for suite in chosen)))
    else:
        return run_all(chosen, name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
