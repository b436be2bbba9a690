#!/usr/bin/env python3
"""Measures freshet against the floors and prints the table of bench/README.md. `./dev bench [CASE]` builds and runs it.

Server on core 0, generator on core 1; floor and freshet by turns, so that what disturbs one disturbs both; medians of
several rounds; a round in which the host took more than 5 % of the time is thrown away and tried again. The figure is
the server's CPU time per message, not the rate: the rate is the generator's as much as the server's.

    bench/run.py [--rounds N] [--seconds S] [--write] [CASE…]

CASE chooses cases whose name contains it; --write puts the table into bench/README.md.
"""
import argparse
import json
import os
import platform
import re
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "system"))
os.environ.setdefault("FR_BUILD", os.path.join(ROOT, "build", "release"))
from server import Server, program  # noqa: E402

TOOLS = os.path.join(os.environ["FR_BUILD"], "bench")
STOLEN_MOST = 5          # per cent of a round
RATIO = 1.4              # of the floor, the aim of the foundation
REFERENCE_LIST = 131     # per second: Django REST framework's best of four servers
REFERENCE_CREATE = 205
REFERENCE_MESSAGE = 3921  # µs


class Case:
    def __init__(self, name, text, load, serve, floor=None, figure="cpu_us_per", unit="µs", most=None, least=None, ratio=None,
                 prepare=None, fresh=False, storage=None, rounds=None):
        self.name, self.text, self.load, self.serve, self.floor = name, text, load, serve, floor
        self.figure, self.unit, self.most, self.least, self.ratio = figure, unit, most, least, ratio
        self.prepare = prepare    # (folder): the database before the start; or, after it, (server)
        self.fresh = fresh        # a new server for each round
        self.storage = storage    # line of floor_sqlite that, with GET /json of the epoll floor, is the floor
        self.rounds = rounds


def echo(*options):
    return lambda folder: Server("echo", "--log", "error", *options, workers=1, folder=folder, start=False)


def recipe(name):
    return lambda folder: Server("realtime-update", "--log", "error", db=name, workers=1, folder=folder, start=False)


def hundred_notes(server):
    connection = server.connection()
    for i in range(100):
        reply = server.post("/api/notes/", {"title": "note %d, as long as titles commonly are" % i, "done": i % 2 == 0}, connection=connection)
        assert reply.status == 201, reply
    connection.close()


def django_site(folder):
    db = sqlite3.connect(os.path.join(folder, "site.db"))
    for name in ("schema.sql", "fixture.sql"):
        with open(os.path.join(ROOT, "tests", "compat", name), encoding="utf-8") as text:
            db.executescript(text.read())
    db.close()


django_site.before_start = True

CASES = [
    Case("echo-d1", "echo 20 B, one at a time", "echo --path /ws/echo/ --connections 100 --size 20 --depth 1", echo(), "epoll 20", ratio=RATIO),
    Case("echo-d16", "echo 20 B, 16 in flight", "echo --path /ws/echo/ --connections 100 --size 20 --depth 16", echo(), "epoll 20", ratio=RATIO),
    Case("fanout", "fan-out 128 B to 1,000", "fanout --path /ws/topic/ --connections 1000 --size 128 --depth 1", echo(), "epoll 128", ratio=RATIO),
    Case("json-d1", "GET /json, one at a time", "http --path /json --connections 100 --depth 1", echo(), "epoll 20", ratio=RATIO),
    Case("json-d16", "GET /json, 16 in flight", "http --path /json --connections 100 --depth 16", echo(), "epoll 20", ratio=RATIO),
    Case("idle", "RSS of an idle WebSocket, 15,000 open", "idle --path /ws/echo/ --connections 15000 --sources 4", echo(),
         "epoll 20", figure="rss_bytes_per", unit="B", most=1024, fresh=True, rounds=3),
    Case("message", "the recipe: receive, query 100 rows, send",
         "echo --path /ws/realtime-update/ --connections 1 --size 20 --depth 1 --min-length 1000", recipe("notes.db"),
         most=110, prepare=hundred_notes),
    Case("list-100", "GET a list of 100 rows", "http --path /recipe/mymodel/ --connections 100 --depth 1", recipe("site.db"),
         figure="per_s", unit="/s", least=60 * REFERENCE_LIST, prepare=django_site, storage="list 100"),
    Case("create", "POST with durable commit, 64 clients",
         "http --path /api/notes/ --connections 64 --depth 1 --method POST --size 60 --body {\"title\":\"{pad}\",\"done\":false}",
         recipe("notes.db"), figure="per_s", unit="/s", least=50 * REFERENCE_CREATE, storage="insert, 64 per commit, log rows"),
]


def pinned(core, command):
    return ["taskset", "-c", str(core)] + command if (os.cpu_count() or 1) > 1 and shutil.which("taskset") else command


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Floor:
    def __init__(self, text):
        kind, size = text.split()
        self.port = free_port()
        self.process = subprocess.Popen(pinned(0, [os.path.join(TOOLS, "floor_" + kind), str(self.port), size]))
        self.pid = self.process.pid
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > end:
                    raise

    def end(self):
        self.process.kill()
        self.process.wait()


class Freshet:
    """The example under test in a folder of its own, beside the build: on the same disk as everything else."""

    def __init__(self, case):
        self.folder = tempfile.mkdtemp(prefix="bench-", dir=os.environ["FR_BUILD"])
        self.server = case.serve(self.folder)
        early = getattr(case.prepare, "before_start", False)
        if early:
            case.prepare(self.folder)
        command = self.server.command
        self.server.command = lambda listen: pinned(0, command(listen))
        self.server.start()
        if case.prepare and not early:
            case.prepare(self.server)
        self.port, self.pid = self.server.port, self.server.pid

    def end(self):
        self.server.finish()
        shutil.rmtree(self.folder, ignore_errors=True)


def load(case, target, seconds):
    command = pinned(1, [os.path.join(TOOLS, "wsload")] + case.load.split(" ") + ["--port", str(target.port), "--pid", str(target.pid),
                                                              "--seconds", str(seconds), "--warmup", "0.3"])
    stolen_before, began = stolen(), time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = done.stdout.decode()
    if done.returncode != 0:
        sys.exit("bench: %s\n%s" % (" ".join(command), text))
    figures = dict(re.findall(r"(\w+)=([\d.]+)", text))
    share = 100 * (stolen() - stolen_before) / ((time.monotonic() - began) * (os.cpu_count() or 1))
    return {key: float(value) for key, value in figures.items()}, share, command


def stolen():
    with open("/proc/stat") as text:
        return int(text.readline().split()[8]) / os.sysconf("SC_CLK_TCK")


def storage_floor(line):
    """µs of that line of floor_sqlite."""
    folder = tempfile.mkdtemp(prefix="bench-", dir=os.environ["FR_BUILD"])
    try:
        text = subprocess.run(pinned("0,1", [os.path.join(TOOLS, "floor_sqlite"), folder, "0.2", "3", line]), stdout=subprocess.PIPE).stdout.decode()
        return float(re.search(r"^%s\s{2,}([\d.]+)" % re.escape(line), text, re.M).group(1))
    finally:
        shutil.rmtree(folder)


def run(case, rounds, seconds):
    """Rounds of floor and freshet by turns. Of each round: all that the generator printed."""
    rounds = min(rounds, case.rounds or rounds)
    found = {"floor": [], "freshet": []}
    targets, tries, command = {}, 0, None
    try:
        while len(found["freshet"]) < rounds:
            tries += 1
            pair, worst = {}, 0.0
            for side in ("floor", "freshet"):
                if side == "floor" and not case.floor:
                    continue
                if side not in targets:
                    targets[side] = Floor(case.floor) if side == "floor" else Freshet(case)
                pair[side], share, used = load(case, targets[side], seconds)
                command = used if side == "freshet" else command
                worst = max(worst, share)
                if case.fresh:
                    targets.pop(side).end()
            if worst > STOLEN_MOST and tries < 3 * rounds:
                continue
            for side, figures in pair.items():
                found[side].append(figures)
    finally:
        for target in targets.values():
            target.end()
    return found, " ".join(part for part in command[3 if command[0] == "taskset" else 0:])


def middle(found, side, figure):
    return statistics.median(each[figure] for each in found[side]) if found[side] else None


def digits(value):
    return "%.3g" % value if value < 1000 else "{:,.0f}".format(value)


def judge(case, found, floor_of_http):
    value = middle(found, "freshet", case.figure)
    row = {"name": case.name, "text": case.text, "unit": case.unit, "figure": case.figure, "freshet": value,
           "cpu_us_per": middle(found, "freshet", "cpu_us_per") if case.figure == "per_s" else None,
           "rounds": [each[case.figure] for each in found["freshet"]]}
    if found["floor"]:
        row["floor"] = middle(found, "floor", case.figure)
        row["floor_rounds"] = [each[case.figure] for each in found["floor"]]
        if case.figure == "cpu_us_per":
            row["ratio"] = value / row["floor"]
    if case.storage and floor_of_http:
        row["floor"] = storage_floor(case.storage) + floor_of_http   # µs of CPU, beside a figure that is a rate
        row["ratio"] = row["cpu_us_per"] / row["floor"]
    if case.ratio:
        row["aim"], row["met"] = "≤ %.2gx floor" % case.ratio, row["ratio"] <= case.ratio
    elif case.most:
        row["aim"], row["met"] = "≤ %s %s" % (digits(case.most), case.unit), value <= case.most
    else:
        row["aim"], row["met"] = "≥ %s %s" % (digits(case.least), case.unit), value >= case.least
    return row


def line(row):
    cpu = " (%s µs)" % digits(row["cpu_us_per"]) if row["cpu_us_per"] else ""
    floor_unit = "µs" if row["unit"] == "/s" else row["unit"]
    return "| %s | %s | %s %s%s | %s | %s | %s | %s |" % (
        row["name"], row["text"], digits(row["freshet"]), row["unit"], cpu,
        "%s %s" % (digits(row["floor"]), floor_unit) if row.get("floor") is not None else "-",
        "%.2fx" % row["ratio"] if row.get("ratio") else "-", row["aim"], "yes" if row["met"] else "**no**")


HEAD = "| case | what | freshet | floor | ratio | aim | met |\n|---|---|---|---|---|---|---|"


def machine():
    with open("/proc/cpuinfo") as text:
        found = re.search(r"^model name\s*: (.*)$", text.read(), re.M)
    return {"cpu": found.group(1) if found else platform.machine(), "cores": os.cpu_count(), "kernel": platform.release(),
            "sqlite": sqlite3.sqlite_version}


def write_table(rows):
    """Between the two marks of bench/README.md."""
    name = os.path.join(ROOT, "bench", "README.md")
    with open(name, encoding="utf-8") as text:
        before, _, rest = text.read().partition("<!-- table -->\n")
    _, mark, after = rest.partition("<!-- end of table -->\n")
    if not mark:
        sys.exit("bench: bench/README.md has no place for the table")
    about = machine()
    told = "Measured on %s cores of %s, Linux %s, SQLite %s.\n\n" % (about["cores"], about["cpu"], about["kernel"], about["sqlite"])
    table = "\n".join([HEAD] + [line(row) for row in rows]) + "\n"
    with open(name, "w", encoding="utf-8") as text:
        text.write(before + "<!-- table -->\n" + told + table + mark + after)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("cases", nargs="*", metavar="CASE")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=1.0)
    options.add_argument("--write", action="store_true")
    given = options.parse_args()
    chosen = [case for case in CASES if not given.cases or any(word in case.name for word in given.cases)]
    if not chosen:
        sys.exit("bench: no such case; there are: " + " ".join(case.name for case in CASES))
    program("echo")
    rows, floor_of_http = [], None
    print(HEAD, flush=True)
    for case in chosen:
        found, command = run(case, given.rounds, given.seconds)
        if case.name == "json-d1":
            floor_of_http = middle(found, "floor", "cpu_us_per")
        if case.storage and floor_of_http is None:
            floor = Floor("epoll 20")
            try:
                floor_of_http = load(next(each for each in CASES if each.name == "json-d1"), floor, given.seconds)[0]["cpu_us_per"]
            finally:
                floor.end()
        row = judge(case, found, floor_of_http)
        row["command"] = re.sub(r"--port \d+ --pid \d+", "--port PORT --pid PID", command.replace(TOOLS + "/", ""))
        rows.append(row)
        print(line(row), flush=True)
    results = os.path.join(ROOT, "bench", "results.json")
    kept = []
    if len(chosen) < len(CASES) and os.path.exists(results):  # a part of the table was measured anew
        with open(results, encoding="utf-8") as text:
            kept = json.load(text)["cases"]
    new = {row["name"]: row for row in rows}
    merged = [new.pop(row["name"], row) for row in kept] + list(new.values())
    with open(results, "w", encoding="utf-8") as text:
        json.dump({"machine": machine(), "rounds": given.rounds, "seconds": given.seconds, "cases": merged}, text, indent=1, ensure_ascii=False)
        text.write("\n")
    if given.write:
        write_table(merged)
    return 0


if __name__ == "__main__":
    sys.exit(main())
