"""The ratios to the floors, held against those that are committed (`./dev bench --guard`): a short look without peers, which says
what costs more than it did.

A ratio is that of a case's server to its floor, round by round, both measured one right after the other; the median of them
counts. A case of REST is held against the floors of its first bar together: storage and HTTP. What seems to have fallen is measured twice more, and has fallen only if it did each time: what a busy machine does to
one measurement it seldom does to three of them. Cases without a floor of their own are held against that of GET /json.

Ratios differ between processors, so each that was measured on has its own in bench/guard.json. Of a case that it has none of the
highest of the others count: what is told to have fallen there has most likely fallen everywhere.
"""
import json
import os
import statistics
import sys

import report
from cases import CASES
from servers import ROOT

COMMITTED = os.path.join(ROOT, "bench", "guard.json")
FALL_MOST = 0.15             # beyond it a ratio has fallen; noise between two series of one program stays below 0.1
ROUNDS, SECONDS = 3, 0.4
TRIES = 3
PLAIN = "json-d1"            # whose floor is everybody's who has none
LEFT_OUT = ("fanout-10k-d1", "fanout-10k-d16")  # opening 10,000 connections takes longer than all the others together


def guarded(words):
    """The cases to measure; first the one whose floor others need."""
    chosen = [case for case in CASES if is_guarded(case) and (not words or any(word in case.name for word in words))]
    plain = [case for case in CASES if case.name == PLAIN]
    return plain + [case for case in chosen if case.name != PLAIN] if any(needs_plain(case) for case in chosen) else chosen


def bar_of(case):
    """That holds what the server costs against floors of the same series; None: there is none."""
    return next((bar for bar in case.bars if bar.most and bar.server == "freshet" and all(isinstance(each, str) for each in bar.beside)), None)


def is_guarded(case):
    """Other bars are for `./dev bench rest` to say."""
    return case.name not in LEFT_OUT and (not case.bars or bar_of(case) is not None)


def needs_plain(case):
    return not case.bars and not case.floors and (not case.alone or case.plus == PLAIN)


def floors_of(case):
    return list(bar_of(case).beside) if case.bars else ["floor-epoll"]


def ours_of(case):
    """Fan-out by both ways of output, all else by the one that it takes."""
    return ["freshet"] + (["freshet-uring"] if "freshet-uring" in case.aims else [])


def servers_of(case):
    return floors_of(case) + ours_of(case)


# ---- ratios ----

def cost(case, entry, turn=None):
    """µs or bytes of a server: of one round, or the median."""
    if case.figure == "per_s":
        return entry["cpu_us_per"]
    return entry["median"] if turn is None else entry["rounds"][turn]


def ratio_to(case, entry, floors):
    """To the floors of the same series together."""
    if any("median" not in floor for floor in floors):
        return None
    if any(len(floor["rounds"]) != len(entry["rounds"]) for floor in floors):
        return cost(case, entry) / sum(cost(case, floor) for floor in floors)
    return statistics.median(cost(case, entry, turn) / sum(cost(case, floor, turn) for floor in floors) for turn in range(len(entry["rounds"])))


def ratio(case, name, rows):
    """None: one of the two could not be measured."""
    row = rows[case.name]
    entry = row["servers"].get(name, {})
    if "median" not in entry:
        return None
    if case.bars or case.floors:
        return ratio_to(case, entry, [row["servers"].get(floor, {}) for floor in floors_of(case)])
    plain = rows.get(PLAIN, {}).get("servers", {}).get("floor-epoll", {}).get("median")
    if needs_plain(case) and not plain:
        return None
    alone = row.get("alone", 0.0) if case.alone else 0.0
    return cost(case, entry) / (alone + (plain if needs_plain(case) else 0.0))


def ratios(cases, rows):
    """{case: {server: ratio}}"""
    found = {}
    for case in cases:
        for name in ours_of(case):
            value = ratio(case, name, rows)
            if value is not None:
                found.setdefault(case.name, {})[name] = round(value, 3)
    return found


# ---- judging ----

def change(committed, now, case, name):
    """By how much of the committed ratio it is higher; None: there is none."""
    before = committed.get(case, {}).get(name)
    return None if before is None else now[case][name] / before - 1


def fallen(committed, now):
    """[(case, server)]"""
    return [(case, name) for case in now for name in now[case] if (change(committed, now, case, name) or 0) > FALL_MOST]


def best_of(first, second):
    """The lower ratio of each of first, where second has it too."""
    return {case: {name: min(value, second.get(case, {}).get(name, value)) for name, value in servers.items()} for case, servers in first.items()}


def table(committed, now):
    lines = ["%-18s %-14s %9s %7s" % ("case", "server", "committed", "now")]
    for case, servers in now.items():
        for name, value in servers.items():
            more = change(committed, now, case, name)
            before = "-" if more is None else "%.2fx" % committed[case][name]
            lines.append("%-18s %-14s %9s %6.2fx%s" % (case, name, before, value, "" if more is None else " %+5.0f %%" % (100 * more)))
    return "\n".join(lines)


def words(committed, now, missing):
    """What is to be said behind the table, and whether it is a fault."""
    bad = fallen(committed, now)
    said = ["fell by %.0f %%: %s, %s: %.2fx of its floor, %.2fx was committed" % (100 * change(committed, now, case, name), case, name, now[case][name], committed[case][name])
            for case, name in bad]
    said += ["%s: could not be measured" % name for name in missing]
    new = [case for case in now for name in now[case] if change(committed, now, case, name) is None]
    if new:
        new = " ".join(dict.fromkeys(new))
        said.append("no ratio is committed of %s; ./dev bench --guard %s --write puts it into bench/guard.json" % (new, new))
    better = [case for case in now for name in now[case] if (change(committed, now, case, name) or 0) < -FALL_MOST]
    if better:
        said.append("cheaper than committed: %s; ./dev bench --guard --write keeps what was reached" % " ".join(dict.fromkeys(better)))
    if bad:
        said.append("a fall that is meant is committed by ./dev bench --guard CASE --write, with the reason in the commit")
    return said, bool(bad or missing)


# ---- the command ----

def read_committed():
    """{processor: {case: {server: ratio}}}"""
    try:
        with open(COMMITTED, encoding="utf-8") as text:
            return json.load(text)
    except FileNotFoundError:
        return {}


def for_processor(told, processor):
    """The ratios that count on it: its own, of a case that it has none of the highest of the others."""
    highest = {}
    for cases in told.values():
        for case, servers in cases.items():
            for name, value in servers.items():
                mine = highest.setdefault(case, {})
                mine[name] = max(value, mine.get(name, value))
    return dict(highest, **told.get(processor, {}))


def write(told, processor, now):
    kept = dict(told.get(processor, {}), **now)
    told = dict(told, **{processor: {case.name: kept[case.name] for case in CASES if case.name in kept}})
    with open(COMMITTED, "w", encoding="utf-8") as text:
        json.dump(told, text, indent=1, ensure_ascii=False)
        text.write("\n")


def run(given, measure):
    """measure(cases) -> rows by name"""
    told, cases, processor = read_committed(), guarded(given.cases), report.machine()["cpu"]
    committed = for_processor(told, processor)
    if not cases:
        sys.exit("bench: no such case; there are: " + " ".join(case.name for case in CASES if is_guarded(case)))
    rows = measure(cases)
    now = ratios(cases, rows)
    for _ in range(TRIES - 1):
        again = {case for case, _ in fallen(committed, now)}
        if not again or given.write:
            break
        once_more = [case for case in guarded(sorted(again)) if case.name in again or case.name == PLAIN]
        rows.update(measure(once_more))
        now = best_of(now, ratios(once_more, rows))
    missing = ["%s, %s" % (case.name, name) for case in cases for name in ours_of(case)
               if name not in now.get(case.name, {}) and not (name == "freshet-uring" and "no --io" in rows[case.name]["servers"].get(name, {}).get("reason", ""))]
    print(table(committed, now))
    if processor not in told:
        print("bench: no ratios of %s are committed: the highest of %s count" % (processor, ", ".join(told) or "none"))
    print(report.noise({"cases": list(rows.values())}))
    if report.is_busy(rows.values()):
        print("bench: others were at work on this machine: measure again when it is quiet before you believe a fall")
    said, is_bad = words(committed, now, missing)
    if given.write:
        write(told, processor, now)
        said, is_bad = ["wrote " + os.path.relpath(COMMITTED, ROOT)], bool(missing)
    for line in said:
        print("bench: " + line)
    return 1 if is_bad else 0
