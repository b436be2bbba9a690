"""Exact: writers, watchers that come back with their tokens, and kill -9 at random, and every state that any client has shown was a
committed one.

Afterwards the truth is rebuilt, commit by commit, from the change log in the file, and all that was answered, read and
told is held against it. FR_SEED repeats a run's choices.
"""
import os
import random
import shutil
import tempfile
import time
import unittest

from exact import FILTERS, Truth, Watcher, World, Writer
from live import as_rows
from server import PATIENCE, Server, lasting_port

SECONDS = 10       # of writing
WRITES = 30000     # or so many, if that is sooner
WRITERS = 5
WATCHERS = 12
KILLS = 3


class Exact(unittest.TestCase):
    def play(self, program, extras=()):
        seed = int(os.environ.get("FR_SEED", "0")) or random.randrange(1 << 32)
        print("FR_SEED=%d" % seed, flush=True)
        chance = random.Random(seed)
        folder = tempfile.mkdtemp(prefix="freshet-")
        server = Server(program, "--log", "error", "--client-bound", "64KiB", db="notes.db", folder=folder, start=False)
        try:
            server.start("127.0.0.1:%d" % lasting_port())
            self.run_world(server, chance, extras)
        except BaseException:
            if server.process and server.process.poll() is None:
                server.kill()
            print(server.output()[-20000:])
            raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def run_world(self, server, chance, extras):
        world = World(server, SECONDS)
        writers = [Writer(world, chance.getrandbits(32), extras) for _ in range(WRITERS)]
        watchers = [Watcher(world, chance.getrandbits(32), key=chance.choice([None, None, 1, 2, 3, 0]), filter=chance.choice(list(FILTERS)),
                            is_resident=i % 2 == 0) for i in range(WATCHERS)]
        for person in writers + watchers:
            person.start()
        self.kill_at_times(world, chance)
        world.wait_writes(WRITES, world.until)
        world.end_writing()
        self.join(world, writers)
        self.assertGreater(world.count, 0)
        world.fresh = as_rows(server.get("/api/notes/"))
        world.ring()
        self.join(world, watchers)
        os.close(world.bell)
        server.finish()
        self.check(world, Truth(server.db), writers, watchers)

    def kill_at_times(self, world, chance):
        began = time.monotonic()
        for i in range(KILLS):
            part = (i + chance.uniform(0.3, 0.9)) / KILLS * 0.8
            world.wait_writes(int(WRITES * part), began + SECONDS * part)
            if world.failures:
                break
            world.kill()

    def join(self, world, people):
        for person in people:
            person.join(PATIENCE * 2)
            if world.failures:
                raise world.failures[0]
            self.assertFalse(person.is_alive(), "%s waits for ever" % type(person).__name__)
        if world.failures:
            raise world.failures[0]

    def check(self, world, truth, writers, watchers):
        self.assertEqual(world.fresh, truth.end)
        truth.check_writers(writers)
        sessions = [session for watcher in watchers for session in watcher.sessions]
        for session in sessions:
            truth.check_session(session)
        self.assertEqual(sum(session.is_complete for session in sessions), WATCHERS)
        resumed = sum(session.frames[0]["type"] == "resumed" for session in sessions if session.frames)
        self.assertGreater(resumed, 0)
        print("%d writes, %d commits, %d sockets, %d frames, %d stalls, %d resumed, %d resets" % (
            world.count, truth.last, sum(w.joins for w in watchers), sum(len(s.frames) for s in sessions),
            sum(s.stalls for s in sessions), resumed, sum(w.resets for w in watchers)), flush=True)

    def test_each_state_of_each_client_is_that_of_some_commit(self):
        self.play("realtime-update")

    def test_commits_of_many_rows_are_told_whole(self):
        self.play("recipe-rows", ["/five", "/five", "/turned", "/rolled-back"])


if __name__ == "__main__":
    unittest.main()
