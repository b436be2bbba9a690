"""What `./dev bench --guard` says of ratios. Nothing is measured here: the rounds are made up."""
import io
import os
import sys
import tempfile
import types
import unittest
from contextlib import redirect_stdout

from server import ROOT

sys.path.insert(0, os.path.join(ROOT, "bench"))
import guard  # noqa: E402
import report  # noqa: E402
from cases import CASES  # noqa: E402

FLOOR = [2.0, 4.0, 2.0]  # a disturbed round disturbs both: ratios are made round by round


def entry(rounds):
    return {"median": sorted(rounds)[len(rounds) // 2], "best": min(rounds), "rounds": rounds, "cpu_us_per": sorted(rounds)[len(rounds) // 2],
            "stolen_share": 0.0, "others_share": 1.0}


def row(case, times):
    """Each of our servers costs so many times its floor."""
    servers = {name: entry([each * (times if name in guard.ours_of(case) else 1.0) for each in FLOOR]) for name in guard.servers_of(case)}
    return {"name": case.name, "servers": servers, "alone": 2.0}


class Guard(unittest.TestCase):
    def setUp(self):
        self.addCleanup(setattr, guard, "read_committed", guard.read_committed)
        self.measured = []

    def measure(self, *plans):
        """Each call of the measurement gets the next plan: {case: times its floor}, 1.0 for all others."""
        left = list(plans)

        def measured(cases):
            plan = left.pop(0) if len(left) > 1 else left[0]
            self.measured.append([case.name for case in cases])
            return {case.name: row(case, plan.get(case.name, 1.0)) for case in cases}
        return measured

    def run_guard(self, committed, *plans, words=("json",), write=False, processor=None):
        guard.read_committed = lambda: {processor or guard.report.machine()["cpu"]: committed}
        text = io.StringIO()
        with redirect_stdout(text):
            code = guard.run(types.SimpleNamespace(cases=list(words), write=write), self.measure(*plans))
        return code, text.getvalue()

    COMMITTED = {"json-d1": {"freshet": 1.0}, "json-d16": {"freshet": 1.5}}

    def test_what_is_within_15_per_cent_is_no_fault(self):
        code, text = self.run_guard(self.COMMITTED, {"json-d1": 1.14, "json-d16": 1.5})
        self.assertEqual(code, 0, text)
        self.assertNotIn("fell", text)
        self.assertEqual(len(self.measured), 1)

    def test_what_fell_by_more_is_named_with_both_ratios_and_fails(self):
        code, text = self.run_guard(self.COMMITTED, {"json-d1": 1.0, "json-d16": 1.8})
        self.assertEqual(code, 1)
        self.assertIn("bench: fell by 20 %: json-d16, freshet: 1.80x of its floor, 1.50x was committed", text)
        self.assertNotIn("json-d1, freshet", text)

    def test_what_seems_to_have_fallen_is_measured_twice_more_and_alone(self):
        code, text = self.run_guard(self.COMMITTED, {"json-d16": 1.8}, {"json-d16": 1.8}, {"json-d16": 1.55})
        self.assertEqual(code, 0, text)
        self.assertEqual(self.measured, [["json-d1", "json-d16"], ["json-d16"], ["json-d16"]])

    def test_cases_without_a_floor_are_held_against_that_of_get_json(self):
        code, text = self.run_guard({"json-d1": {"freshet": 1.0}, "file-1k": {"freshet": 1.5}}, {"file-1k": 1.8}, words=["file-1k"])
        self.assertEqual((code, self.measured[0]), (1, ["json-d1", "file-1k"]))
        self.assertIn("file-1k, freshet: 1.80x", text)

    def test_what_is_cheaper_is_told_so_that_it_is_kept(self):
        code, text = self.run_guard(self.COMMITTED, {"json-d16": 1.2})
        self.assertEqual(code, 0)
        self.assertIn("cheaper than committed: json-d16", text)

    def test_a_case_that_is_new_is_no_fault_and_told(self):
        code, text = self.run_guard({"json-d1": {"freshet": 1.0}}, {})
        self.assertEqual(code, 0)
        self.assertIn("no ratio is committed of json-d16", text)

    def test_what_cannot_be_measured_fails(self):
        plain = self.measure({})

        def broken(cases):
            rows = plain(cases)
            rows["json-d16"]["servers"]["freshet"] = {"reason": "no end"}
            return rows
        guard.read_committed = lambda: {"another": self.COMMITTED}
        text = io.StringIO()
        with redirect_stdout(text):
            code = guard.run(types.SimpleNamespace(cases=["json"], write=False), broken)
        self.assertEqual(code, 1)
        self.assertIn("json-d16, freshet: could not be measured", text.getvalue())


    def test_a_request_of_rest_is_held_against_its_floors_together(self):
        """Twice as much as each of two costs is what both cost; a rich page has one floor."""
        committed = {"rest-retrieve": {"freshet": 1.0}, "rest-rich": {"freshet": 2.0}}
        code, text = self.run_guard(committed, {"rest-retrieve": 2.0, "rest-rich": 2.0}, words=["rest-r"])
        self.assertEqual((code, self.measured), (0, [["rest-retrieve", "rest-rich"]]))
        code, text = self.run_guard(committed, {"rest-retrieve": 2.4, "rest-rich": 2.0}, words=["rest-r"])
        self.assertEqual(code, 1)
        self.assertIn("bench: fell by 20 %: rest-retrieve, freshet: 1.20x of its floor, 1.00x was committed", text)

    def test_on_another_processor_the_highest_ratio_counts(self):
        told = {"one": {"json-d16": {"freshet": 1.5}}, "two": {"json-d16": {"freshet": 1.7}, "json-d1": {"freshet": 1.1}}}
        self.assertEqual(guard.for_processor(told, "one"), {"json-d16": {"freshet": 1.5}, "json-d1": {"freshet": 1.1}})
        told["two"].pop("json-d1")
        self.assertEqual(guard.for_processor(told, "three"), told["two"])
        code, text = self.run_guard(self.COMMITTED, {"json-d16": 1.6}, processor="another")
        self.assertEqual(code, 0)
        self.assertIn("the highest of another count", text)

    def test_written_ratios_are_the_committed_ones_from_then_on(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(setattr, guard, "COMMITTED", guard.COMMITTED)
        guard.COMMITTED = os.path.join(folder.name, "guard.json")
        read = guard.read_committed
        code, text = self.run_guard(self.COMMITTED, {"json-d16": 1.8}, write=True)
        self.assertEqual(code, 0, text)
        processor = guard.report.machine()["cpu"]
        self.assertEqual(read(), {processor: {"json-d1": {"freshet": 1.0}, "json-d16": {"freshet": 1.8}}})


class Bars(unittest.TestCase):
    """The table of `./dev bench rest`."""
    COSTS = {"floor-epoll": 3.0, "floor-sqlite": 9.0, "floor-sqlite-single": 90.0, "freshet": 15.0, "drf-gunicorn": 1500.0, "drf-uvicorn": 900.0}
    RATES = {"floor-epoll": 1e6, "floor-sqlite": 80000, "floor-sqlite-single": 2000, "freshet": 40000, "drf-gunicorn": 1000, "drf-uvicorn": 400}

    def lines(self, **rates):
        """What stands beside what, the ratio, the aim and whether it was met."""
        servers = {name: {"median": cost, "cpu_us_per": cost, "per_s": dict(self.RATES, **rates)[name]} for name, cost in self.COSTS.items()}
        table = report.bars_table({"cases": [{"name": "rest-create", "servers": servers}]})
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
        return {line[3]: line[5:] for line in cells}

    def test_a_cost_is_held_against_the_sum_of_the_floors(self):
        self.assertEqual(self.lines()["F + H"], ["1.25x", "≤ 1.5x", "yes"])

    def test_a_rate_below_its_aim_is_not_met(self):
        self.assertEqual(self.lines()["F, groups of 64"], ["0.50x", "≥ 0.6x", "**no**"])
        self.assertEqual(self.lines()["F, a commit each"], ["20x", "≥ 8x", "yes"])

    def test_what_the_cpu_alone_has_met_is_told_apart(self):
        self.assertEqual(self.lines()["DRF, gunicorn"], ["40x (CPU 100x)", "≥ 80x", "by CPU"])
        self.assertEqual(self.lines()["DRF, uvicorn"], ["100x (CPU 60x)", "≥ 80x", "yes"])

    def test_what_was_not_measured_is_a_dash(self):
        self.assertEqual(self.lines()["DRF, gunicorn, tuned"], ["-", "", ""])


class Committed(unittest.TestCase):
    def test_each_case_that_is_guarded_has_its_ratios(self):
        """On one processor at least; bench/guard.json knows no others."""
        expected = {case.name: sorted(guard.ours_of(case)) for case in CASES if guard.is_guarded(case)}
        told = guard.for_processor(guard.read_committed(), None)
        self.assertEqual({name: sorted(servers) for name, servers in told.items()}, expected)


if __name__ == "__main__":
    unittest.main()
