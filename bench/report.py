"""What is made of bench/results.json: the table of aims, the table of peers, what is said of noise, and the pages that hold
them. The words between two marks of a page are ours; all else is left as it is.
"""
import os
import platform
import re
import sqlite3
import statistics
import sys

import plot
from cases import CASES
from servers import BY_NAME, OURS, PEER_KINDS, ROOT

BUSY = 25  # per cent of the cores
UNTOLD = ("floor-sqlite", "floor-sqlite-single")  # they measure themselves, and know nothing of others
CASE = {case.name: case for case in CASES}
README = os.path.join(ROOT, "bench", "README.md")
PAGE = os.path.join(ROOT, "docs", "performance.md")
PLOT = os.path.join(ROOT, "docs", "performance.svg")


def machine():
    with open("/proc/cpuinfo") as text:
        found = re.search(r"^model name\s*: (.*)$", text.read(), re.M)
    return {"cpu": found.group(1) if found else platform.machine(), "cores": os.cpu_count(), "kernel": platform.release(), "sqlite": sqlite3.sqlite_version}


def digits(value):
    if abs(value) >= 1000:
        return "{:,.0f}".format(value)
    return "%.3g" % value if value < 100 else "%.0f" % value


def figure(case, entry):
    text = "%s %s" % (digits(entry["median"]), case.unit) if case.unit != "/s" else "%s /s" % digits(entry["median"])
    return text + (" (%s µs)" % digits(entry["cpu_us_per"]) if case.unit == "/s" else "")


# ---- against the aims ----

def floor_of(case, row, rows):
    """µs, and of the best run; None where there is none."""
    if case.alone:
        more = rows.get(case.plus, {}).get("servers", {}).get("floor-epoll", {}).get("median", 0.0) if case.plus else 0.0
        return (row["alone"] + more, row["alone"] + more) if row.get("alone") and (more or not case.plus) else None
    entry = row["servers"].get("floor-epoll", {})
    return (entry["median"], entry["best"]) if "median" in entry else None


def ratios(case, entry, floor):
    """To the floor: median and best run."""
    if "ratio" in entry:
        return entry["ratio"], entry["ratio_best"]
    if floor is None or case.unit == "B":
        return None
    cost = entry["cpu_us_per"] if case.unit == "/s" else entry["median"]
    return cost / floor[0], (cost if case.unit == "/s" else entry["best"]) / floor[1]


def judge(case, name, entry, ratio):
    """The aim in words, and whether it was met; ("", "") where none is set."""
    if name in case.aims and ratio:
        most = case.aims[name]
        return "≤ %.2fx" % most, "yes" if ratio[0] <= most else "best run" if ratio[1] <= most else "**no**"
    if case.most and name in case.most:
        return "≤ %s %s" % (digits(case.most[name]), case.unit), "yes" if entry["median"] <= case.most[name] else "**no**"
    if case.least and name in case.least:
        return "≥ %s %s" % (digits(case.least[name]), case.unit), "yes" if entry["median"] >= case.least[name] else "**no**"
    return "", ""


def cells(case, name, row, floor):
    entry = row["servers"].get(name, {})
    if "median" not in entry:
        return ["-", "-", "", ""]
    ratio = ratios(case, entry, floor)
    aim, met = judge(case, name, entry, ratio)
    text = figure(case, entry)
    if case.unit == "B" and name == "freshet-uring":
        text = "%s B, ring apart" % digits(entry["marginal_bytes_per"])
    return [text, "%.2fx (%.2fx)" % ratio if ratio else "-", aim, met]


def aims_table(results):
    rows = {row["name"]: row for row in results["cases"] if not CASE[row["name"]].bars}
    if not rows:
        return ""
    lines = ["| case | what | floor | freshet, epoll | ratio (best run) | aim | met | freshet, io_uring | ratio (best run) | aim | met |",
             "|---|---|--:|--:|--:|---|---|--:|--:|---|---|"]
    for name, row in rows.items():
        case = CASE[name]
        floor = floor_of(case, row, rows)
        unit = case.unit if case.unit != "/s" else "µs"
        told = "%s %s" % (digits(floor[0]), unit) if floor else "-"
        lines.append("| " + " | ".join([name, case.text, told] + cells(case, "freshet", row, floor) + cells(case, "freshet-uring", row, floor)) + " |")
    return "\n".join(lines)


# ---- bars ----

def told(figure, value):
    return "%s /s" % digits(value) if figure == "per_s" else "%s µs" % digits(value)


def figure_of(rows, case, server, figure):
    """None: it was not measured."""
    entry = rows.get(case, {}).get("servers", {}).get(server, {})
    return entry.get("median") if figure == "cpu_us_per" else entry.get(figure)


def bar_cells(rows, name, bar):
    ours = figure_of(rows, name, bar.server, bar.figure)
    theirs = [figure_of(rows, *(each if isinstance(each, tuple) else (name, each)), bar.figure) for each in bar.beside]
    if not bar.beside:  # a figure that has its aim alone
        return [told(bar.figure, ours) if ours is not None else "-", bar.text, "-", "-", "≤ %g µs" % bar.most,
                "" if ours is None else "yes" if ours <= bar.most else "**no**"]
    aim = "≤ %gx" % bar.most if bar.most else "≥ %gx" % bar.least if bar.least else ""
    if ours is None or None in theirs:
        return [told(bar.figure, ours) if ours is not None else "-", bar.text, "-", "-", aim, ""]
    ratio, by_cpu = ours / sum(theirs), cpu_ratio(rows, name, bar)
    is_met = ratio <= bar.most if bar.most else ratio >= bar.least if bar.least else None
    return [told(bar.figure, ours), bar.text, told(bar.figure, sum(theirs)), times(ratio) + (" (CPU %s)" % times(by_cpu) if by_cpu else ""), aim,
            "" if is_met is None else "yes" if is_met else "by CPU" if by_cpu and by_cpu >= bar.least else "**no**"]


def cpu_ratio(rows, name, bar):
    """How many times our CPU time a peer takes: what its rate would say if both had their cores alone."""
    if bar.figure != "per_s" or not isinstance(bar.beside[0], str) or BY_NAME[bar.beside[0]].kind != "peer":
        return None
    return figure_of(rows, name, bar.beside[0], "cpu_us_per") / figure_of(rows, name, bar.server, "cpu_us_per")


def times(ratio):
    return "%.2fx" % ratio if ratio < 10 else "%.0fx" % ratio


def bars_table(results, shown=None):
    """Costs are the server's CPU time per request, rates are requests per second. shown: these rows only; beside them may stand others."""
    rows = {row["name"]: row for row in results["cases"]}
    lines = ["| case | what | freshet | beside | theirs | ratio | aim | met |", "|---|---|--:|---|--:|--:|---|---|"]
    for name in rows if shown is None else [row["name"] for row in shown]:
        for number, bar in enumerate(CASE[name].bars):
            lines.append("| " + " | ".join(([name, CASE[name].text] if number == 0 else ["", ""]) + bar_cells(rows, name, bar)) + " |")
    return "\n".join(lines) if len(lines) > 2 else ""


# ---- beside the peers ----

def peers_table(results):
    """All servers side by side; a dash where a server does not offer the case, a number where it tried and failed."""
    shown = [kind for kind in OURS + PEER_KINDS if any(kind.name in row["servers"] for row in results["cases"] if CASE[row["name"]].app is None)]
    if not shown:
        return ""
    lines = ["| case | " + " | ".join(kind.title for kind in shown) + " |", "|---|" + "--:|" * len(shown)]
    reasons = []
    for row in results["cases"]:
        case = CASE[row["name"]]
        if case.app is not None:
            continue
        line = [row["name"]]
        for kind in shown:
            entry = row["servers"].get(kind.name, {})
            if "median" in entry:
                ratio = " (%sx)" % digits(entry["ratio"]) if "ratio" in entry else ""
                line.append(digits(entry["median"]) + (" B" if case.unit == "B" else "") + ratio)
            elif entry.get("reason") and kind.kind == "peer":
                text = "%s, %s: %s" % (kind.title, case.name, entry["reason"])
                reasons.append(text) if text not in reasons else None
                line.append("- [%d]" % (reasons.index(text) + 1))
            else:
                line.append("-")
        lines.append("| " + " | ".join(line) + " |")
    notes = "".join("\n%s%d. %s" % ("\n" if number == 1 else "", number, text) for number, text in enumerate(reasons, 1))
    return "\n".join(lines) + notes


def noise(results):
    """How much the figures may be believed."""
    spreads, stolen, others, thrown = [], [], [], 0
    for row in results["cases"]:
        for name, entry in row["servers"].items():
            if "median" not in entry:
                continue
            stolen.append(entry["stolen_share"])
            others += [entry["others_share"]] if name not in UNTOLD else []
            thrown += entry.get("thrown_away", 0)
            if len(entry["rounds"]) > 1 and BY_NAME[name].kind != "peer":
                spreads.append((max(entry["rounds"]) - min(entry["rounds"])) / abs(entry["median"]) if entry["median"] else 0)
    if not stolen:
        return ""
    return ("Noise of this series: from the lowest to the highest round of a server lie %.0f %% of its median (median of all; a tenth of them more than %.0f %%); "
            "other programs took %.0f %% of the cores (median; worst %.0f %%), the host at most %.0f %% of a run that counts, and %d runs were thrown away for that."
            % (100 * statistics.median(spreads or [0]), 100 * sorted(spreads or [0])[int(0.9 * (len(spreads or [0]) - 1))], statistics.median(others), max(others), max(stolen), thrown))


def is_busy(rows):
    """Whether other programs took so much of the cores, in the median of all runs, that nothing is a finding."""
    shares = [entry["others_share"] for row in rows for name, entry in row["servers"].items() if "others_share" in entry and name not in UNTOLD]
    return bool(shares) and statistics.median(shares) > BUSY


def measured_on(results):
    about, told = results["machine"], results["versions"]
    return "Measured on %s cores of %s, Linux %s, SQLite %s. %s." % (
        about["cores"], about["cpu"], about["kernel"], about["sqlite"],
        "; ".join("%s %s" % (BY_NAME[name].title.replace(", epoll", ""), version) for name, version in told.items()
                  if BY_NAME[name].kind != "floor" and name not in ("freshet-uring", "freshet-million", "drf-lean", "drf-prefetched")))


# ---- into the pages ----

def put(page, mark, text):
    with open(page, encoding="utf-8") as file:
        whole = file.read()
    before, begin, rest = whole.partition("<!-- %s -->\n" % mark)
    _, end, after = rest.partition("<!-- end of %s -->\n" % mark)
    if not end:
        sys.exit("bench: %s has no place for the %s" % (os.path.relpath(page, ROOT), mark))
    with open(page, "w", encoding="utf-8") as file:
        file.write(before + begin + text + "\n" + end + after)


def bars_page(results):
    if not results["cases"]:
        return "Not measured yet."
    busy = "**Other programs were at work meanwhile**: read the ratios of CPU time as rough ones, and no rates." if is_busy(results["cases"]) else ""
    return "\n\n".join(filter(None, (measured_on(results), busy, bars_table(results), noise(results))))


def write(results, bars):
    aims = measured_on(results) + "\n\n" + aims_table(results)
    put(README, "table", aims + "\n\n" + noise(results))
    put(PAGE, "aims", aims)
    put(PAGE, "peers", peers_table(results))
    for page in (README, PAGE):
        put(page, "bars", bars_page(bars))
    put(PAGE, "noise", noise(results))
    with open(PLOT, "w", encoding="utf-8") as file:
        file.write(plot.svg(results))
