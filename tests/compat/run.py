#!/usr/bin/env python3
"""Replays what Django REST framework and Channels were recorded to answer against examples/tracker, and against tests/apps/compat_*.c.

Each group (each WebSocket transcript) has a server of its own, on a copy of the database that Django made. What is known to
be answered otherwise stands in expected.txt, with its reason. An exchange that is not named there and differs fails; one that
is named and is answered as recorded is told, so that its line can go.

    tests/compat/run.py [WORD]           replay the groups and transcripts whose name contains WORD
    tests/compat/run.py -v [WORD]        and print each difference, the known ones too
    tests/compat/run.py --prune          take out of expected.txt what is answered as recorded
FR_BUILD names the build whose tracker is asked (build/dev unless set).
"""
import argparse
import collections
import concurrent.futures
import itertools
import json
import os
import re
import shutil
import sqlite3
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "system")]
import replay     # noqa: E402
import replay_ws  # noqa: E402
from server import Server  # noqa: E402

EXPECTED = os.path.join(HERE, "expected.txt")
# Of every answer of Django with its middlewares; the tracker and compat-kinds send them by fr_app.headers.
FIXED_HEADERS = ["x-frame-options", "x-content-type-options", "referrer-policy", "cross-origin-opener-policy"]
PATIENCE = 60
OPTIONS = argparse.Namespace(key_order=True, number_types=True, exact_cursors=False, exact_parse_errors=True, exact_text=False,
                             exact_content_type=False, no_body=False, wait_tolerance=20, compare_headers=replay.DEFAULT_HEADERS + FIXED_HEADERS)


# ---- the list of what is answered otherwise ----

def numbers(text):
    """"3 7-9" as a set of texts "03", "07" …; "*" is all."""
    if text == "*":
        return None
    found = set()
    for part in text.split(" "):
        first, _, last = part.partition("-")
        found |= {"%02d" % n for n in range(int(first), int(last or first) + 1)}
    return found


def ranges(found):
    """The text of a set, as numbers() reads it."""
    parts, rest = [], sorted(int(n) for n in found)
    while rest:
        first = last = rest.pop(0)
        while rest and rest[0] == last + 1:
            last = rest.pop(0)
        parts.append("%d" % first if first == last else "%d-%d" % (first, last))
    return " ".join(parts)


class Expected:
    """expected.txt: lines of group, numbers, reason; comments and empty lines stay where they are."""

    LINE = re.compile(r"^(\S+)\s+(\*|[\d -]*\d)\s+(\S.*)$")

    def __init__(self, path):
        self.path = path
        self.lines = []  # a text, or [group, set or None, reason]
        with open(path, encoding="utf-8") as text:
            for line in text.read().splitlines():
                found = self.LINE.match(line)
                if not found and line and not line.startswith("#"):
                    sys.exit("expected.txt: not understood: %s" % line)
                self.lines.append([found.group(1), numbers(found.group(2)), found.group(3)] if found else line)

    def reason(self, name):
        """Why "group/07" is answered otherwise, or None if it is not."""
        return next((line[2] for line in self.lines if isinstance(line, list) and self.names(line, name)), None)

    @staticmethod
    def names(line, name):
        """Whether a line is about "group/07", or about "ws/its-name"."""
        group, _, number = name.rpartition("/")
        return line[0] == name or line[0] == group and (line[1] is None or number in line[1])

    def prune(self, passed, failed):
        """passed, failed: names. Lines lose what passed, and go when nothing is left of them."""
        kept = []
        for line in self.lines:
            if isinstance(line, list) and any(self.names(line, name) for name in passed):
                bad = {name.rpartition("/")[2] for name in failed if self.names(line, name)}
                if not bad:
                    continue
                line = [line[0], bad, line[2]]
            kept.append(line)
        with open(self.path, "w", encoding="utf-8") as out:
            for line in kept:
                out.write(line + "\n" if isinstance(line, str) else
                          "%-32s %-12s %s\n" % (line[0], "*" if line[1] is None else ranges(line[1]), line[2]))


class Corpus:
    """Recordings, and the program that they are played against on the database that they began with."""

    def __init__(self, program, options, scripts, records, headers=()):
        self.program, self.options, self.scripts, self.records = program, options, scripts, records
        self.compared = argparse.Namespace(**dict(vars(OPTIONS), compare_headers=OPTIONS.compare_headers + list(headers)))
        self.master = None


SECRET = "reference-secret-key-only-for-the-golden-corpus"  # of reference/refsite/settings.py: sessions were signed with it
TRACKER = Corpus("tracker", ["--index", "none"], ["schema.sql", "fixture.sql"], ["shown.jsonl", "more.jsonl"])
KINDS = Corpus("compat-kinds", ["--index", "none"], ["kinds.sql", "kinds-fixture.sql"], ["kinds.jsonl"])
# scrypt is what that site hashes with, for it is quick.
USERS = Corpus("compat-users", ["--index", "none", "--trust-proxy", "loopback", "--password-hash", "scrypt"], ["users.sql", "users-fixture.sql"],
               ["users.jsonl"], ["set-cookie", "set-cookie-attributes"])
CORPORA = (TRACKER, KINDS, USERS)


# ---- a server on the database that Django made ----

def make_database(path, scripts):
    db = sqlite3.connect(path)
    for name in scripts:
        with open(os.path.join(HERE, name), encoding="utf-8") as text:
            db.executescript(text.read())
    db.close()


class Site:
    """A program on its own copy of the database."""

    def __init__(self, corpus):
        self.program, self.options = corpus.program, corpus.options
        self.folder = tempfile.mkdtemp(prefix="freshet-compat-")
        shutil.copyfile(corpus.master, os.path.join(self.folder, "site.db"))

    def __enter__(self):
        self.server = Server(self.program, *self.options, folder=self.folder, db="site.db", workers=1, env={"FRESHET_SECRET_KEY": SECRET})
        return self.server

    def __exit__(self, *failure):
        try:
            self.server.finish()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


# ---- playing ----

def as_ours(record):
    """What is wanted in two places where all is answered otherwise, and on purpose (docs/decisions.md).

    A page of Django, a 400 or 404 that no view of DRF made, is JSON here: clients of an API read it. Status and headers are those of
    the page. And X-Frame-Options is in every answer, also where Django's CommonMiddleware answers before the one that sets it.
    """
    headers = dict({"x-frame-options": "DENY"}, **record["response_headers"])
    if record["status"] not in (400, 404) or not headers.get("content-type", "").startswith("text/html"):
        return dict(record, response_headers=headers)
    detail = {"detail": "Not found." if record["status"] == 404 else ""}
    return dict(record, response_headers=dict(headers, **{"content-type": "application/json"}),
                response_body="" if record["method"] == "HEAD" else json.dumps(detail),
                volatile={"/detail": "any"} if record["status"] == 400 else {})


def play_group(records, corpus):
    """[(name, differences)] of one group's exchanges."""
    known, results = {}, []
    with Site(corpus) as server:
        for record in records:
            method, path, headers, body = replay.request_of(record, known)
            time.sleep(record.get("pause", 0))
            try:
                reply = replay.exchange("127.0.0.1", server.port, method, path, headers, body, PATIENCE)
                differences = replay.compare(as_ours(record), reply, corpus.compared)
                replay.capture(record.get("capture", {}), reply, known)
            except (OSError, ValueError) as problem:
                differences = ["no usable reply: %s" % problem]
            results.append((record["id"], ["%s %s" % (method, path)] + differences if differences else []))
    return results


def differs(wanted, got, step):
    wanted, got = replay_ws.tidy(wanted), replay_ws.tidy(got)
    if step.get("unordered"):  # events of one commit: their order means nothing
        wanted, got = (sorted(each, key=lambda e: json.dumps(replay_ws.spelled(e), sort_keys=True)) for each in (wanted, got))
    # The recorded 500 of a route that does not exist is better a 404.
    return len(wanted) != len(got) or not all(replay_ws.alike(a, b, False, True) for a, b in zip(wanted, got))


def play_transcript(transcript, ours):
    """As a group of one; a transcript passes if it goes as with one of the recorded servers, or as we chose (ws-ours.jsonl)."""
    problems, seen = [], []
    ways = {"freshet": ours[transcript["id"]]} if transcript["id"] in ours else transcript["results"]
    for name, wanted in ways.items():
        if wanted in seen:
            continue
        seen.append(wanted)
        with Site(TRACKER) as server:
            try:
                got = replay_ws.play(transcript, "127.0.0.1", server.port, wanted, PATIENCE)
            except OSError as problem:
                problems.append("like %s: %s" % (name, problem))
                continue
        bad = ["like %s, step %d %s: wanted %.300s, got %.300s" % (name, i, json.dumps(step)[:100], json.dumps(a), json.dumps(b))
               for i, (step, a, b) in enumerate(zip(transcript["steps"], wanted, got)) if differs(a, b, step)]
        if not bad:
            return [("ws/" + transcript["id"], [])]
        problems += bad
    return [("ws/" + transcript["id"], problems)]


def read(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def work(word):
    """Functions that each play a group or a transcript."""
    jobs = []
    for corpus in CORPORA:
        groups = collections.OrderedDict()
        for record in itertools.chain(*map(read, corpus.records)):
            groups.setdefault(record["group"], []).append(record)
        jobs += [lambda corpus=corpus, records=records: play_group(records, corpus) for group, records in groups.items() if word in group]
    ours = {each["id"]: each["events"] for each in read("ws-ours.jsonl")}
    return jobs + [lambda one=one: play_transcript(one, ours) for one in read("ws-shown.jsonl") if word in "ws/" + one["id"]]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("word", nargs="?", default="")
    arguments.add_argument("-v", "--verbose", action="store_true")
    arguments.add_argument("--prune", action="store_true")
    options = arguments.parse_args()
    expected = Expected(EXPECTED)
    folder = tempfile.mkdtemp(prefix="freshet-compat-")
    passed, failed, known = [], [], []
    try:
        for corpus in CORPORA:
            corpus.master = os.path.join(folder, corpus.program + ".db")
            make_database(corpus.master, corpus.scripts)
        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
            for future in [pool.submit(job) for job in work(options.word)]:
                for name, differences in future.result():
                    reason = expected.reason(name)
                    (passed if not differences else known if reason else failed).append(name)
                    if differences and (options.verbose or not reason):
                        print("%s %s%s" % ("known" if reason else "FAIL", name, "  (%s)" % reason if reason else ""))
                        print("".join("     %s\n" % line for line in differences), end="")
    finally:
        shutil.rmtree(folder)
    more = [name for name in passed if expected.reason(name)]
    if more:
        print("%d more are answered as recorded than expected.txt says: %s\n(tests/compat/run.py --prune takes them out of it)" %
              (len(more), " ".join(more)))
    if options.prune:
        expected.prune(passed, failed + known)
    print("answered otherwise, as expected.txt says: %d" % len(known))
    print("%d passed, %d failed" % (len(passed), len(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
