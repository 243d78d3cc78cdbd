"""What must be true at the end, derived from the rows alone, without the code under test."""

import json
from collections import Counter
from decimal import Decimal

# The page views and content views of a row, by network.
VIEWS = {
    "tonic": lambda row: (1, 1),
    "sedo": lambda row: (1, 1),
    "crossroads": lambda row: (row.get("lander_visitors") or 0, row.get("lander_searches") or 0),
    "airfind": lambda row: (row.get("visits") or 0, row.get("serp") or 0),
}


class Oracle:
    """The events and the revenue that Meta must have at the end."""

    def __init__(self):
        self.events = Counter()
        self.revenue = Decimal(0)
        self.rows = 0
        self.files = 0

    def expect(self, text):
        """Adds a file of clean rows, each of another conversion."""
        self.files += 1
        for row in json.loads(text, parse_float=Decimal):
            self.rows += 1
            pages, contents = VIEWS[row["network"]](row)
            self.events["PageView"] += pages
            self.events["ViewContent"] += contents
            self.events["Purchase"] += row["conversions"]
            if row["conversions"]:
                self.revenue += Decimal(row["revenue"])

    def total(self):
        """Events in all."""
        return sum(self.events.values())

    def check(self, system, repeats_allowed):
        """Compares with the events that the sandbox accepted, and reconciles all files."""
        accepted, value, repeated = Counter(), Decimal(0), 0
        for pixel in json.loads(system.sandbox("stats"))["pixels"].values():
            for name, stats in pixel["names"].items():
                accepted[name] += stats["accepted"]
                repeated += stats["repeated"]
                assert stats["without_id"] == 0, f"{name} arrived without an id"
                value += sum(map(Decimal, stats["value"].values()))
        assert +accepted == +self.events, f"events: {dict(accepted)}, expected {dict(self.events)}"
        assert value == self.revenue, f"revenue: {value}, expected {self.revenue}"
        ids = [line.split("\t")[:3] for line in system.sandbox("ids").splitlines()]
        assert len({tuple(one) for one in ids}) == self.total(), "an event has two ids, or two events have one"
        if not repeats_allowed:
            assert repeated == 0, f"{repeated} events were sent twice without need"
        self.check_receipts(system.status(self.files))
        return repeated

    def check_receipts(self, status):
        """Every row of every file has one outcome, and nothing is open or dead."""
        for name, queue in status["queues"].items():
            assert (queue["visible"], queue["hidden"], queue["dead"]) == (0, 0, 0), f"{name}: {queue}"
        assert len(status["files"]) == self.files, f"{len(status['files'])} receipts of {self.files} files"
        rows = 0
        for file in status["files"]:
            receipt = file["receipt"]
            ended = sum(count["rows"] for count in receipt["outcomes"])
            assert ended == receipt["rows_in"], f"{file['object']} does not reconcile"
            outcomes = {count["outcome"] for count in receipt["outcomes"] if count["rows"]}
            assert outcomes <= {"reported", "no_events"}, f"{file['object']}: {outcomes}"
            rows += ended
        assert rows == self.rows, f"{rows} rows in receipts, {self.rows} rows sent"
        assert status["analytics"] == self.rows, f"analytics shows {status['analytics']} of {self.rows} conversions"

    def is_done(self, system):
        """True when no work is left; otherwise the work that is left."""
        status = system.status_if_reachable(1)
        if status is None:
            return "a backend cannot be reached"
        open_rows = {k: n for k, n in status["ledger"].items() if k in ("in_flight", "retry", "parked") and n}
        waiting = {name: (q["visible"], q["hidden"]) for name, q in status["queues"].items() if q["visible"] or q["hidden"]}
        in_ledger = sum(status["ledger"].values())
        left = {"rows in the ledger": (in_ledger, self.rows), "open": open_rows, "waiting": waiting, "unexported": status["unexported"]}
        return (in_ledger == self.rows and not open_rows and not waiting and not status["unexported"]) or left
