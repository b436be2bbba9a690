"""What a changed row costs among many views: the lines of live_match beside what they may cost at most, and a scan of the same
programs. CPU time of one thread, so that other programs are not in it but for the caches that they take."""
import os
import re
import subprocess

from servers import TOOLS, pinned

# views -> ns of an insert's change at most; an update's is twice that.
INSERT_NS = {1000: 700, 10000: 1300, 100000: 2000, 1000000: 4400}
REPLACED_NS = {1000000: 2000}
BYTES = {1000000: 150}
QUICK = (1000, 10000, 100000)


def figures(views):
    command = pinned(0, [os.path.join(TOOLS, "live_match")] + [str(each) for each in views])
    print("    " + " ".join(os.path.relpath(word) if os.sep in word else word for word in command) + "\n")
    lines = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
    return [{name: float(value) for name, value in re.findall(r"(\w+)=([\d.]+)", line)} for line in lines]


def beside(value, most, unit=""):
    return "%s%s" % ("{:,.0f}".format(value), unit) + (" (%s%s: %s)" % ("≤ {:,}".format(most), unit, "yes" if value <= most else "**no**") if most else "")


def row(f):
    views = int(f["views"])
    most = INSERT_NS.get(views)
    return [
        "{:,}".format(views), beside(f["insert_ns"], most, " ns"), beside(f["update_ns"], most and 2 * most, " ns"), "%.1f" % f["matches"],
        "{:,.0f} ns".format(f["scan_ns"]), "{:,.0f}x".format(f["scan_ns"] / f["insert_ns"]), beside(f["replaced_ns"], REPLACED_NS.get(views), " ns"),
        beside(f["bytes_per_view"], BYTES.get(views), " B")]


def run(is_quick):
    found = figures(QUICK if is_quick else INSERT_NS)
    head = ["views", "a change (insert)", "a change (update)", "match", "scanned", "scan ÷ index", "a view replaced", "memory of a view"]
    for cells in [head, ["--:"] * len(head)] + [row(each) for each in found]:
        print("| %s |" % " | ".join(cells))
    return 0
