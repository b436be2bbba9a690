"""The plot of docs/performance.md: a panel a case, a bar a server, as SVG text.

Where there is a floor a bar begins at it (1x) and its length is the ratio, in doublings: freshet, whose bar ends beside the
line, costs what the kernel costs. Colours follow the reader's light or dark theme.
"""
import math
from xml.sax.saxutils import escape

from cases import CASES
from servers import OURS, PEER_KINDS

COLUMNS, WIDTH, GAP = 3, 320, 24          # of a panel
NAME, BAR, LABEL = 92, 128, 100           # its three parts: the server, the bar, the figure
ROW, THICK, HEAD, FOOT = 15, 9, 26, 20
TOP = 46
LEAST, MOST = 0.5, 64.0                   # ends of the axis of ratios

STYLE = """
text { font: 11px system-ui, sans-serif; fill: #24292f; }
.title { font-size: 15px; font-weight: 600; } .head { font-weight: 600; } .soft { fill: #57606a; }
.freshet { fill: #1f6feb; } .peer { fill: #9aa4ae; } .floor { fill: #c8a45c; }
.axis { stroke: #57606a; stroke-width: 1; } .grid { stroke: #d0d7de; stroke-width: 1; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .soft { fill: #9aa4ae; } .freshet { fill: #58a6ff; } .peer { fill: #6e7681; } .floor { fill: #b08d46; }
  .axis { stroke: #9aa4ae; } .grid { stroke: #30363d; }
}"""


def digits(value):
    if value >= 1000:
        return "{:,.0f}".format(value)
    return "%.3g" % value if value < 100 else "%.0f" % value


class Scale:
    """Logarithmic; what lies beyond an end is drawn at the end."""

    def __init__(self, least, most):
        self.least, self.most = math.log(least), math.log(most)

    def x(self, value):
        at = (min(max(math.log(value), self.least), self.most) - self.least) / (self.most - self.least)
        return NAME + BAR * at


def text(x, y, words, kind="", anchor="start"):
    return '<text x="%.1f" y="%.1f"%s%s>%s</text>' % (
        x, y, ' class="%s"' % kind if kind else "", ' text-anchor="%s"' % anchor if anchor != "start" else "", escape(words))


def bars_of(case, row):
    """[(server, its class, value, label)]: ratios where there are any."""
    shown = []
    for kind in OURS + PEER_KINDS:
        entry = row["servers"].get(kind.name, {})
        if "median" not in entry or entry["median"] <= 0 or (kind.name == "floor-epoll" and "ratio" in entry):
            continue
        value, plain = entry["median"], "%s %s" % (digits(entry["median"]), case.unit)
        if "ratio" in entry:
            shown.append((kind, entry["ratio"], "%sx  %s" % (digits(round(entry["ratio"], 2)), plain)))
        else:
            shown.append((kind, value, plain))
    return shown


def panel(case, row):
    """Its lines, drawn at the origin, and its height."""
    bars = bars_of(case, row)
    has_ratio = case.figure == "cpu_us_per" and any("ratio" in entry for entry in row["servers"].values())
    if has_ratio:
        scale, start, ticks = Scale(LEAST, MOST), 1.0, [0.5, 1, 2, 4, 8, 16, 32, 64]
    else:
        low = 10.0 ** math.floor(math.log10(min(value for _, value, _ in bars)))
        high = 10.0 ** math.ceil(math.log10(max(value for _, value, _ in bars)) + 1e-9)
        scale, start, ticks = Scale(low, high), low, [low * 10.0 ** i for i in range(round(math.log10(high / low)) + 1)]
    height = HEAD + ROW * len(bars)
    lines = [text(0, 12, case.text, "head")]
    for tick in ticks:
        x = scale.x(tick)
        lines.append('<line class="grid" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>' % (x, HEAD - 4, x, height))
        if not has_ratio or tick in (1, 4, 16, 64):
            lines.append(text(x, height + 11, "floor" if has_ratio and tick == 1 else digits(tick) + ("x" if has_ratio else ""), "soft", "middle"))
    for number, (kind, value, label) in enumerate(bars):
        y, ends = HEAD + ROW * number, sorted((scale.x(start), scale.x(value)))
        lines.append(text(NAME - 6, y + THICK, kind.title.replace("floor: ", "floor, "), "" if kind.kind == "freshet" else "soft", "end"))
        lines.append('<rect class="%s" x="%.1f" y="%d" width="%.1f" height="%d"/>' % (kind.kind, ends[0], y, max(ends[1] - ends[0], 1.5), THICK))
        lines.append(text(max(ends[1], scale.x(start)) + 4, y + THICK, label, "" if kind.kind == "freshet" else "soft"))
    lines.append('<line class="axis" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>' % (scale.x(start), HEAD - 4, scale.x(start), height))
    return lines, height + FOOT


def svg(results):
    rows = {row["name"]: row for row in results["cases"]}
    panels = [panel(case, rows[case.name]) for case in CASES if case.name in rows and case.app is None and not case.alone and bars_of(case, rows[case.name])]
    width = COLUMNS * WIDTH + (COLUMNS - 1) * GAP
    body, y = [], TOP
    for first in range(0, len(panels), COLUMNS):
        line = panels[first:first + COLUMNS]
        for column, (lines, _) in enumerate(line):
            body += ['<g transform="translate(%d %d)">' % (column * (WIDTH + GAP), y)] + lines + ["</g>"]
        y += max(height for _, height in line) + 12
    head = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 0 %d %d" width="%d" role="img" aria-labelledby="t d">' % (width + 16, y, width + 16),
            '<title id="t">Server CPU time per message</title>',
            '<desc id="d">Of freshet, its peers and the floor, a panel a case; the tables of this page hold the same figures.</desc>',
            "<style>%s\n</style>" % STYLE,
            text(0, 16, "Server CPU time per message: how many times the least that an epoll server can do", "title"),
            text(0, 33, "Shorter is better. Each line to the right is a doubling; a bar that reaches the end goes beyond it. Panels without a floor show the plain figure.", "soft")]
    return "\n".join(head + body + ["</svg>"]) + "\n"
