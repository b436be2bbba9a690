#!/usr/bin/env python3
"""Instructions that a request takes, counted by valgrind's callgrind: the same on a busy machine as on a quiet one.

    bench/instructions.py [CASE…]                    the cases whose name contains one of the words; all without
    bench/instructions.py --against build/other      and as a ratio to another build of the same program
    bench/instructions.py --list                     names the cases

A server of one worker and a database of its own each, one request at a time. What is counted are the instructions of the whole
process (worker, writer, watching) in user space: not the kernel's, and not what waits for memory or disk. So a ratio says
whether a change made a path longer; how fast it is, ./dev bench says. Two numbers of requests are counted and subtracted, so
that starting, the reading of counters and the clock's ticks fall out. What is left moves by some tenths of a per cent from run
to run.

Needs the package valgrind, and builds made alike: ./dev build release.
"""
import argparse
import glob
import json
import os
import re
import shutil
import subprocess
import sys

import cases
from servers import BUILD, ROOT, Folder, Server
from wsclient import WebSocket

WARMUP = 10        # requests before anything is counted: statements are prepared then
WATCHERS = 50
WITHIN_S = 30      # a request beneath callgrind takes 50 times as long as without


class Refused(Exception):
    """A request that the program does not know, or not any more."""


class Session:
    """One server beneath callgrind, and a client of it."""

    def __init__(self, program, folder):
        self.folder = folder
        self.server = Server(os.path.basename(program), db="rest.db", folder=folder, start=False)
        self.server.command = lambda listen: self.counting() + [program, "--listen", listen, "--workers", "1", "--log", "error",
                                                                "--db", "sqlite:" + self.server.db]
        self.server.start()
        self.client = self.server.connection()
        self.watchers = []

    def counting(self):
        return ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + os.path.join(self.folder, "counts")]

    def ask(self, method, path, body=None):
        reply = self.server.request(method, path, body, connection=self.client)
        if reply.status >= 300:
            raise Refused("%s %s: %r" % (method, path, reply))

    def create(self, i):
        self.ask("POST", "/api/notes/", {"title": "note %d, as long as titles are" % i, "done": i % 2 == 0})

    def patch(self, i):
        self.ask("PATCH", "/api/notes/%d/" % (i % 100 + 1), {"title": "changed %d" % i})

    def patch_watched(self, i):
        self.patch(i)
        for watcher in self.watchers:
            while json.loads(watcher.receive())["type"] != "changes":
                pass

    def watch(self):
        for _ in range(WATCHERS):
            watcher = WebSocket(self.server.port, "/api/notes/", timeout=WITHIN_S)
            self.watchers.append(watcher)
            watcher.receive()

    def tell(self, word):
        done = subprocess.run(["callgrind_control", word, str(self.server.pid)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, "callgrind_control: %s" % done.stdout.decode()

    def counted(self, request, count):
        """Instructions since the last look, with so many requests in between."""
        self.tell("-z")
        for i in range(count):
            request(i)
        before = set(self.dumps())
        self.tell("-d")
        new, = set(self.dumps()) - before
        with open(new, encoding="utf-8", errors="replace") as text:
            return int(re.search(r"^(?:totals|summary): (\d+)", text.read(), re.M).group(1))

    def dumps(self):
        return glob.glob(os.path.join(self.folder, "counts.*"))

    def end(self):
        for watcher in self.watchers:
            watcher.sock.close()
        self.client.close()
        self.server.finish()


class Case:
    def __init__(self, name, text, request, few, many, prepare=lambda session: None, program="examples/realtime-update", rows=lambda folder: None):
        self.name, self.text = name, text
        self.request = request          # (session, i)
        self.few, self.many = few, many  # how many requests the two counts have
        self.rows, self.prepare = rows, prepare  # (folder) before the start, (session) behind it
        self.program = program

    def measure(self, build):
        """None: that build has no such program, or it refuses the request."""
        program, folder = os.path.join(build, self.program), Folder()
        try:
            if not os.path.exists(program):
                return None
            self.rows(folder.path)
            session = Session(program, folder.path)
            try:
                self.prepare(session)
                request = lambda i: self.request(session, i)  # noqa: E731
                for i in range(WARMUP):
                    request(i)
                few = session.counted(request, self.few)
                return (session.counted(request, self.many) - few) // (self.many - self.few)
            except Refused as error:
                print("instructions: %s: %s: %s" % (os.path.relpath(build, ROOT), self.name, error), file=sys.stderr)
                return None
            finally:
                session.end()
        finally:
            folder.remove()


def hundred_notes(session):
    for i in range(100):
        session.create(i)


def hundred_watched(session):
    hundred_notes(session)
    session.watch()


def get(path):
    return lambda session, i: session.ask("GET", path)


def rest(name, text, request, few, many):
    return Case(name, text, request, few, many, program="bench/bench-rest", rows=cases.copied("rest.sql"))


CASES = [
    Case("retrieve", "GET of one row", lambda session, i: session.ask("GET", "/api/notes/%d/" % (i % 100 + 1)), 100, 1100, hundred_notes),
    Case("list-100", "GET of a list of 100 rows", get("/api/notes/"), 20, 220, hundred_notes),
    Case("create", "POST", Session.create, 100, 600, hundred_notes),
    Case("patch", "PATCH of one field", Session.patch, 100, 600, hundred_notes),
    Case("patch-watched", "PATCH, and %d sockets that watch the list of 100" % WATCHERS, Session.patch_watched, 20, 120, hundred_watched),
    rest("page-20", "GET of a page of 20 of 10,000 rows, with their count", get("/api/notes/"), 50, 350),
    rest("page-100", "GET of a page of 100", get("/api/notes/?page_size=100"), 20, 170),
    rest("rich", "GET of 50 tickets, each with project, assignee, labels and comments", get("/api/rich/"), 10, 60),
    rest("order", "POST of an order with 10 lines", lambda session, i: session.ask("POST", "/api/orders/", json.loads(cases.ORDER)), 20, 120),
]


def parse():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("cases", nargs="*", metavar="CASE")
    options.add_argument("--against", metavar="BUILD", help="a build's folder, as build/release is one")
    options.add_argument("--list", action="store_true")
    given = options.parse_args()
    given.chosen = [case for case in CASES if not given.cases or any(word in case.name for word in given.cases)]
    if not given.chosen:
        sys.exit("instructions: no such case; there are: " + " ".join(case.name for case in CASES))
    if not given.list and not shutil.which("callgrind_control"):
        sys.exit("instructions: callgrind is not here: install the package valgrind")
    return given


def builds(given):
    found = [BUILD] + ([os.path.abspath(given.against)] if given.against else [])
    for build in found:
        if not any(os.path.exists(os.path.join(build, case.program)) for case in given.chosen):
            sys.exit("instructions: no program in %s: ./dev build release makes it" % os.path.relpath(build, ROOT))
    return found


def main():
    given = parse()
    if given.list:
        for case in CASES:
            print("%-14s %s" % (case.name, case.text))
        return 0
    found = builds(given)
    missing = 0
    print("%-14s %12s" % ("case", "instructions") + (" %12s %8s" % ("against", "ratio") if given.against else ""), flush=True)
    for case in given.chosen:
        counts = [case.measure(build) for build in found]
        missing += counts[0] is None
        line = "%-14s" % case.name + "".join(" %12s" % (format(count, ",") if count else "-") for count in counts)
        print(line + (" %7.3fx" % (counts[0] / counts[1]) if given.against and all(counts) else ""), flush=True)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
