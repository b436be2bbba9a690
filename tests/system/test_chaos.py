"""Chaos: writers, strangers, watchers that stall and drop, VACUUM, ALTER, checkpoints and kill -9 at random, over tables with
every kind of key and column (chaos.py says how it is known what is right). The short form; ./dev soak plays longer.

    FR_SEED=N               repeats the choices of a run
    FR_SOAK_SECONDS=N      how long one run writes
    FR_SOAK_RUNS=N         how many runs, each with a seed of its own
    FR_CHAOS_KINDS=A,B      only these tables
"""
import os
import random
import shutil
import tempfile
import unittest

import chaos
from server import Server, lasting_port

SECONDS = int(os.environ.get("FR_SOAK_SECONDS", "8"))
RUNS = int(os.environ.get("FR_SOAK_RUNS", "1"))


class Chaos(unittest.TestCase):
    def play(self, seed):
        folder = tempfile.mkdtemp(prefix="freshet-chaos-")
        server = Server("chaos", "--log", "error", "--client-bound", "64KiB", db="chaos.db", folder=folder, start=False)
        chaos.make_tables(server.db)
        try:
            server.start("127.0.0.1:%d" % lasting_port())
            world = chaos.play(server, seed, SECONDS, kills=max(2, SECONDS // 6))
            print("FR_SEED=%d %s" % (seed, " ".join("%s=%d" % each for each in world.counts.items())), flush=True)
            self.assertEqual(world.wrong, [], "FR_SEED=%d\n%s" % (seed, server.output()[-4000:]))
            server.finish()
            self.assertGreater(world.counts["writes"], 0)
            self.assertGreater(world.counts["strangers"], 0)
            self.assertGreater(world.counts["frames"], 0)
        finally:
            if server.process and server.process.poll() is None:
                server.kill()
            shutil.rmtree(folder, ignore_errors=True)

    def test_no_state_that_anybody_is_shown_is_wrong(self):
        first = int(os.environ.get("FR_SEED", "0")) or random.randrange(1 << 32)
        for seed in range(first, first + RUNS):
            with self.subTest(seed=seed):
                self.play(seed)


if __name__ == "__main__":
    unittest.main()
