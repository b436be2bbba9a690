#!/usr/bin/env python3
"""Measures freshet against the floors and its peers. `./dev bench` builds what is needed and runs this.

One series a case: the servers by turns, round after round, so that what disturbs one disturbs all; server on core 0,
generator on core 1. The figure is the server's CPU time per message, not the rate: the rate is the generator's as much as
the server's. A run in which the host took more than 5 % of the time is thrown away and repeated.

    bench/run.py [CASE…]         the cases whose name contains one of the words; all without
    --no-peers                   freshet and the floors only
    --peers NAME,NAME            these peers only
    --quick                      two short rounds without peers: a look, not a finding
    --guard                      short rounds without peers, against the ratios of bench/guard.json: says what fell by more than
                                 15 % and ends with 1 then; with --write these ratios become the committed ones
    --write                      put the tables into bench/README.md and docs/performance.md, and the plot beside it
    --draw                       the same from bench/results.json, without measuring
    --list                       name the cases and the servers
    live                         the predicate index by itself: no servers, a table of its own (bench/live_match.py)
"""
import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import time

import guard
import live_match
import report
from cases import CASES
from servers import BY_NAME, FILES_MOST, OURS, PEER_KINDS, ROOT, TOOLS, Missing, pinned

STOLEN_MOST = 5      # per cent of a run
TRIES = 3            # of a run that was disturbed
WARMUP = 0.25
QUIET_S, QUIET_CPU_S, QUIET_WITHIN_S = 0.05, 0.002, 5.0
RESULTS = os.path.join(ROOT, "bench", "results.json")
BARS = os.path.join(ROOT, "bench", "bars.json")  # of the cases that have bars: they are measured apart
PEERS = [name for name, kind in BY_NAME.items() if kind.kind == "peer"]


class Failed(Exception):
    """A run that gave no figures, and why."""


# ---- what the kernel counts ----

def cpu_of_machine():
    """Seconds that all cores worked, and that the host took from them."""
    with open("/proc/stat") as text:
        words = [int(word) / os.sysconf("SC_CLK_TCK") for word in text.readline().split()[1:9]]
    return words[0] + words[1] + words[2] + words[5] + words[6], words[7]


def cpu_of(pids):
    seconds = 0.0
    for pid in pids:
        try:
            for thread in os.listdir("/proc/%d/task" % pid):
                with open("/proc/%d/task/%s/schedstat" % (pid, thread)) as text:
                    seconds += int(text.read().split()[0]) / 1e9
        except (FileNotFoundError, ProcessLookupError):
            pass
    return seconds


def wait_quiet(server):
    """Until it is done with the connections that have gone: the next one has the same core."""
    end, before = time.monotonic() + QUIET_WITHIN_S, cpu_of(server.pids)
    while time.monotonic() < end:
        time.sleep(QUIET_S)
        now = cpu_of(server.pids)
        if now - before < QUIET_CPU_S:
            return
        before = now


# ---- one run ----

def load(case, kind, server, seconds):
    """What the generator printed, and how much the host and others took."""
    command = pinned(1, [os.path.join(TOOLS, "wsload")] + case.load_of(kind.name) + ["--port", str(server.port), "--pid", ",".join(map(str, server.pids)),
                                                                      "--seconds", "%g" % (seconds * case.seconds_of(kind)), "--warmup", "%g" % min(WARMUP, seconds)])
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    (busy, stolen), before, began = cpu_of_machine(), cpu_of(server.pids), time.monotonic()
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=40 + case.connections / 200)
    except subprocess.TimeoutExpired:
        raise Failed("no end")
    text = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        raise Failed(re.sub(r"^wsload: ", "", text.strip().splitlines()[0]) if text.strip() else "exit code %d" % done.returncode)
    figures = {key: float(value) for key, value in re.findall(r"(\w+)=(-?[\d.]+)", text)}
    if case.figure != "rss_bytes_per" and not figures.get("per_s"):
        raise Failed("nothing came back")
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    cores = (time.monotonic() - began) * (os.cpu_count() or 1)
    ours = now.ru_utime + now.ru_stime - own.ru_utime - own.ru_stime + cpu_of(server.pids) - before
    busy_after, stolen_after = cpu_of_machine()
    figures["stolen_share"] = 100 * (stolen_after - stolen) / cores
    figures["others_share"] = max(0.0, 100 * (busy_after - busy - ours) / cores)
    return figures


class Lane:
    """One server in the series of one case."""

    def __init__(self, kind, case, rounds):
        self.kind, self.case, self.rounds = kind, case, rounds
        self.server = self.command = self.reason = None
        self.found, self.thrown_away = [], 0

    def run(self, seconds):
        try:
            for attempt in range(TRIES):
                if self.server is None:
                    self.server = self.kind(self.case)
                    self.command = " ".join(self.server.words)
                figures = self.measure(seconds)
                if self.case.fresh:
                    self.end()
                else:
                    wait_quiet(self.server)
                if figures["stolen_share"] <= STOLEN_MOST:
                    break
                self.thrown_away += 1
            self.found.append(figures)
        except (Missing, Failed) as error:
            self.reason = str(error)
            self.end()

    def measure(self, seconds):
        if hasattr(self.server, "measure"):
            return self.server.measure(seconds)
        return load(self.case, self.kind, self.server, seconds)

    def end(self):
        if self.server is not None:
            server, self.server = self.server, None
            server.end()

    def result(self):
        if not self.found:
            return {"reason": self.reason or "not run"}
        values = [each[self.case.figure] for each in self.found]
        best = max if self.case.figure == "per_s" else min
        row = {"median": statistics.median(values), "best": best(values), "rounds": values, "command": tidy(self.command)}
        for key in ("cpu_us_per", "per_s", "lat_us_p50", "p99", "marginal_bytes_per", "open_cpu_us_per"):
            if key in self.found[0] and key != self.case.figure:
                row[key] = statistics.median(each[key] for each in self.found)
        row["stolen_share"] = round(max(each["stolen_share"] for each in self.found), 1)
        row["others_share"] = round(statistics.median(each["others_share"] for each in self.found), 1)
        if self.thrown_away:
            row["thrown_away"] = self.thrown_away
        if self.reason:
            row["reason"] = self.reason  # it broke off later
        return row


def tidy(command):
    """A command line as one would write it: without this run's port and folder."""
    return re.sub(r"\S*/build/release/", "build/release/", re.sub(r"bench-\w{8}", "FOLDER", re.sub(r"(?<=[ =])\d{5}(?= |$)", "PORT", command)))


# ---- a series ----

def lanes_of(case, given):
    if case.servers:
        kinds = [BY_NAME[name] for name in case.servers if BY_NAME[name].kind != "peer" or name in given.peers]
    else:
        kinds = kinds_of_all(case, given)
    return [Lane(kind, case, min(given.rounds, case.rounds or given.rounds) if kind.kind != "peer" else min(given.peer_rounds, case.peer_rounds or 9))
            for kind in kinds]


def kinds_of_all(case, given):
    kinds = [kind for kind in OURS if kind.kind != "floor" or case.floors]
    return kinds + [kind for kind in PEER_KINDS if kind.name in given.peers and kind.name in case.peers]


class Progress:
    """What is left, told on standard error."""

    def __init__(self, plan, seconds):
        self.expected = {id(lane): self.guess(lane, seconds) for lanes in plan for lane in lanes}
        self.left = sum(lane.rounds * self.expected[id(lane)] for lanes in plan for lane in lanes)
        self.done = self.took = 0.0

    @staticmethod
    def guess(lane, seconds):
        opening = {"peer": 8e-4}.get(lane.kind.kind, 6e-5) * lane.case.connections
        return seconds * lane.case.seconds_of(lane.kind) + WARMUP + 0.6 + opening

    def count(self, lane, took):
        self.left -= self.expected[id(lane)]
        if lane.reason is None:
            self.done += self.expected[id(lane)]
            self.took += took

    def drop(self, lane, rounds):
        self.left -= rounds * self.expected[id(lane)]

    def tell(self, text):
        left = self.left * (self.took / self.done if self.done > 5 else 1)
        print("bench: %s (about %s left)" % (text, "%d min" % round(left / 60) if left > 90 else "%d s" % round(left)), file=sys.stderr, flush=True)


def series(case, lanes, seconds, progress):
    try:
        for turn in range(max(lane.rounds for lane in lanes)):
            for lane in lanes if turn % 2 == 0 else reversed(lanes):  # each second round backwards: a drift cancels out
                if turn >= lane.rounds or lane.reason is not None:
                    continue
                began = time.monotonic()
                lane.run(seconds)
                progress.count(lane, time.monotonic() - began)
                if lane.reason is not None:
                    progress.drop(lane, lane.rounds - turn - 1)
    finally:
        for lane in lanes:
            lane.end()
    servers = {lane.kind.name: lane.result() for lane in lanes}
    floor = servers.get("floor-epoll", {})
    for figures in servers.values():  # to the floor of the same series, while both are at hand
        if case.figure == "cpu_us_per" and not case.bars and "median" in figures and "median" in floor:
            figures["ratio"], figures["ratio_best"] = figures["median"] / floor["median"], figures["best"] / floor["best"]
    row = {"name": case.name, "command": tidy("wsload " + " ".join(case.load)), "servers": servers}
    if case.alone:
        row["alone"] = case.alone()
    return row


def versions(names):
    found = {}
    for name in names:
        try:
            found[name] = BY_NAME[name].version()
        except Missing as missing:
            found[name] = str(missing)
    return found


# ---- the command ----

def parse():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("cases", nargs="*", metavar="CASE")
    options.add_argument("--rounds", type=int)
    options.add_argument("--peer-rounds", type=int, default=2)
    options.add_argument("--seconds", type=float)
    options.add_argument("--no-peers", action="store_true")
    options.add_argument("--peers", default=",".join(PEERS))
    for name in ("quick", "guard", "write", "draw", "list"):
        options.add_argument("--" + name, action="store_true")
    given = options.parse_args()
    given.peers = [] if given.no_peers or given.quick or given.guard else given.peers.split(",")
    usual = (guard.ROUNDS, guard.SECONDS) if given.guard else (2, 0.3) if given.quick else (5, 0.6)
    given.rounds, given.seconds = given.rounds or usual[0], given.seconds or usual[1]
    unknown = [name for name in given.peers if name not in BY_NAME]
    if unknown:
        sys.exit("bench: no such peer: %s; there are: %s" % (" ".join(unknown), " ".join(PEERS)))
    return given


def names():
    for case in CASES:
        print("%-16s %s" % (case.name, case.text))
    print("%-16s %s" % ("live", "a changed row among a thousand to a million views, the index alone"))
    print("\nservers: " + " ".join(BY_NAME))
    return 0


def read_results(path=RESULTS):
    try:
        with open(path, encoding="utf-8") as text:
            return json.load(text)
    except FileNotFoundError:
        return {"cases": []}


def write_results(path, results):
    with open(path, "w", encoding="utf-8") as text:
        json.dump(results, text, indent=1, ensure_ascii=False)
        text.write("\n")


def merged(path, rows, given):
    """The results with these rows in place of the old ones. A row that was measured without peers keeps those it had."""
    kept = {row["name"]: row for row in read_results(path)["cases"]}
    used = [name for name in BY_NAME if any(name in row["servers"] for row in rows)]
    for row in rows:
        old = kept.get(row["name"], {}).get("servers", {})
        row["servers"].update({name: figures for name, figures in old.items() if name not in row["servers"] and name in BY_NAME})
        kept[row["name"]] = row
    told = dict(read_results(path).get("versions", {}), **versions(used))
    return {"machine": report.machine(), "versions": told, "rounds": given.rounds, "peer_rounds": given.peer_rounds, "seconds": given.seconds,
            "cases": [kept[case.name] for case in CASES if case.name in kept]}


def measure(chosen, plan, seconds):
    """A row for each case, and whether one of ours broke off."""
    progress, rows, broken = Progress(plan, seconds), [], False
    for number, (case, lanes) in enumerate(zip(chosen, plan), 1):
        progress.tell("%d of %d: %s, %d servers" % (number, len(chosen), case.name, len(lanes)))
        rows.append(series(case, lanes, seconds, progress))
        for lane in lanes:
            if lane.reason:
                print("bench: %s: %s: %s" % (case.name, lane.kind.name, lane.reason), file=sys.stderr, flush=True)
                broken = broken or (lane.kind.kind != "peer" and not (lane.kind.name == "freshet-uring" and "no --io" in lane.reason))
    return rows, broken


def measure_for_guard(given):
    def measured(cases):
        plan = [[lane for lane in lanes_of(case, given) if lane.kind.name in guard.servers_of(case)] for case in cases]
        return {row["name"]: row for row in measure(cases, plan, given.seconds)[0]}
    return measured


def main():
    given = parse()
    if given.list:
        return names()
    if given.draw:
        report.write(read_results(), read_results(BARS))
        return 0
    if given.cases == ["live"]:
        return live_match.run(given.quick)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES_MOST, hard) if hard != resource.RLIM_INFINITY else FILES_MOST, hard))
    if given.guard:
        return guard.run(given, measure_for_guard(given))
    chosen = [case for case in CASES if not given.cases or any(word in case.name for word in given.cases)]
    if not chosen:
        sys.exit("bench: no such case; there are: " + " ".join(case.name for case in CASES))

    plan = [lanes_of(case, given) for case in chosen]
    rows, broken = measure(chosen, plan, given.seconds)
    with_bars = {case.name for case in CASES if case.bars}
    for path, part in ((RESULTS, [row for row in rows if row["name"] not in with_bars]), (BARS, [row for row in rows if row["name"] in with_bars])):
        results = merged(path, part, given)
        shown = dict(results, cases=[row for row in results["cases"] if row in part])
        print("\n\n".join(filter(None, (report.aims_table(shown), report.peers_table(shown), report.bars_table(results, part), report.noise(shown)))))
        if part and (not given.quick or given.write):
            write_results(path, results)
    if given.write:
        report.write(read_results(), read_results(BARS))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
