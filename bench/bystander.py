"""What the measurements of fairness share: a server on core 0, the one who is served beside the load, on core 1, and what is
said of his waiting."""
import contextlib
import os
import re
import sys

from servers import SECRET, Folder, Server, pinned


def add_options(parser, seconds, rounds, seconds_help=None):
    parser.add_argument("--seconds", type=float, default=seconds, help=seconds_help)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--options", default="", help="of the server")
    parser.add_argument("--first", action="store_true")


@contextlib.contextmanager
def serving(args, log="info", prepare=lambda folder: None, app="bench-server", db=None):
    """A server of one worker; args as add_options has them. With --first it goes before all others of its core."""
    folder = Folder()
    prepare(folder.path)
    server = Server(app, "--log", log, *args.options.split(), db=db, workers=1, folder=folder.path, env={"FRESHET_SECRET_KEY": SECRET}, start=False)
    plain = server.command
    server.command = lambda listen: pinned(0, plain(listen))
    try:
        server.start()
        if args.first:
            os.sched_setscheduler(server.pid, os.SCHED_FIFO, os.sched_param(1))
        yield server
    finally:
        folder.remove()


def first_of_core(core):
    """So that the generator does not count in the latency."""
    try:
        os.sched_setaffinity(0, {core})
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError as error:
        print("the bystander shares its core with the generator: %s" % error, file=sys.stderr)


def as_others():
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def percentile(times, part):
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


def figures(times):
    return "p50 %.2f  p99 %.2f  most %.2f ms" % (percentile(times, 0.5), percentile(times, 0.99), max(times))


def longest_stretch(server):
    """Of a worker that has ended, as its log tells."""
    found = re.search(r"net\.served.*longest_us=(\d+)", server.output())
    return "%.2f ms" % (int(found.group(1)) / 1000) if found else "not told"
