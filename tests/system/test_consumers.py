"""What Daphne and Uvicorn were recorded to do, played against the same consumers in C.

A transcript passes if it goes as with one of the two; those where we do otherwise on purpose (src/channels/README.md,
Choices) say what we do.
"""
import json
import os
import sys
import unittest

from server import ROOT, ServerCase, wait_until

COMPAT = os.path.join(ROOT, "tests", "compat")
sys.path.insert(0, COMPAT)
import replay_ws  # noqa: E402


def transcripts():
    with open(os.path.join(COMPAT, "ws.jsonl"), encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def difference(wanted, got, steps):
    """The first step that went another way, or None."""
    for i, (want, have) in enumerate(zip(wanted, got)):
        want, have = replay_ws.tidy(want), replay_ws.tidy(have)
        if len(want) != len(have) or not all(replay_ws.alike(a, b, False) for a, b in zip(want, have)):
            return "step %d %s: expected %s, got %s" % (i, json.dumps(steps[i])[:200], want, have)
    return None


class Consumers(ServerCase):
    example = "consumers"

    def play(self, transcript, wanted):
        quiet = self.server.file_count()
        got = replay_ws.play(transcript, "127.0.0.1", self.server.port, wanted, 10.0)
        self.server.wait_files(quiet)  # the next one must not meet sockets of this one in a group
        return difference(wanted, got, transcript["steps"])

    def test_transcripts_go_as_recorded(self):
        for transcript in transcripts():
            with self.subTest(transcript["id"]):
                results = transcript["results"]
                ways = [results["freshet"]] if "freshet" in results else list(results.values())
                problems = [self.play(transcript, ways[0])]
                if problems[0] and len(ways) > 1 and ways[1] != ways[0]:
                    problems.append(self.play(transcript, ways[1]))
                self.assertIn(None, problems, "\n".join(filter(None, problems)))

    def test_the_fault_of_a_consumer_is_1011_and_its_text_stays_here(self):
        from wsclient import WebSocket
        with WebSocket(self.server.port, "/ws/fails-in-receive/", host="testserver") as ws:
            ws.send_text("fine")
            self.assertEqual(ws.receive(), "ok")
            ws.send_text("fail")
            end = ws.wait_close()
            self.assertEqual((end.code, end.reason), (1011, ""))
        wait_until(lambda: "receive failed on purpose" in self.server.output(), text=self.server.output)


if __name__ == "__main__":
    unittest.main()
