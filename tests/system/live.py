"""What a live socket says of a list or of one row, as a client keeps it: docs/live-protocol.md."""
import json

from wsclient import WebSocket


def token(at):
    """number, mark and fingerprint of a token."""
    parts = at.split(".")
    assert len(parts) == 3 and parts[0].isdigit() and parts[1] and parts[2], "token %r" % at
    return int(parts[0]), parts[1], parts[2]


class Live(WebSocket):
    """A client that holds the rows it was told of. A detail view holds one row, or none."""

    def __init__(self, server, path, **more):
        super().__init__(server.port, path, **more)
        self.rows = {}
        self.frames = 0
        frame = self.next()
        assert frame["type"] == "snapshot", frame

    def next(self):
        """The next frame that tells of something, applied."""
        while True:
            frame = json.loads(self.receive())
            if self.apply(frame):
                return frame

    def apply(self, frame):
        number, mark, fingerprint = token(frame["at"])
        if frame["type"] == "at":
            self.place = number
            return False
        self.frames += 1
        if frame["type"] == "snapshot":
            assert set(frame) <= {"type", "at", "results", "data", "reset"}, frame
            rows = frame["results"] if "results" in frame else [frame["data"]]
            self.rows = {row["id"]: row for row in rows}
            assert len(self.rows) == len(rows), "a row stands twice in the snapshot"
            self.place, self.fingerprint = number, fingerprint
            return True
        assert frame["type"] == "changes" and set(frame) == {"type", "at", "changes"}, frame
        assert number > self.place, "commit %d after %d" % (number, self.place)
        assert fingerprint == self.fingerprint
        self.place = number
        assert frame["changes"], "a frame without changes"
        for change in frame["changes"]:
            self.apply_change(change)
        return True

    def apply_change(self, change):
        key = change["id"]
        if change["op"] == "delete":
            assert set(change) == {"op", "id"}, change
            assert self.rows.pop(key, None) is not None, "delete of %r, which was never told of" % key
            return
        assert set(change) == {"op", "id", "data"} and change["data"]["id"] == key, change
        if change["op"] == "create":
            assert key not in self.rows, "create of %r, which is there" % key
        else:
            assert change["op"] == "update" and key in self.rows, change
        self.rows[key] = change["data"]

    def until(self, true, most=100000):
        """Follow until the condition on the rows holds."""
        for _ in range(most):
            if true(self.rows):
                return self
            self.next()
        raise AssertionError("it did not come")


def as_rows(reply):
    """A REST list by key, to compare with Live.rows."""
    return {row["id"]: row for row in reply.json}
