#!/usr/bin/env python3
"""How long a fan-out holds a worker: publishes to 10,000 members, one after the other, and beside them a socket that is in
no group and wants its echo every 2 ms. Server on core 0; generator and bystander on core 1, the bystander first.

    bench/stall.py [--members N] [--seconds S] [--rounds N] [--options "--io epoll"] [--first]

--first: the server goes before all other programs of its core, on a machine that others use too (needs privileges).
Prints for each round the bystander's latency alone and during the fan-out, and at the end the longest time that the worker
was at work between two looks at its sockets, connecting included, as the server's log tells it. Another build is measured
with FR_BUILD=folder.
"""
import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
import time

from servers import FILES_MOST, TOOLS, Folder, Server, pinned
from wsclient import WebSocket

EVERY_S = 0.002
TEXT = "." * 20


def first_of_core(core):
    """So that the generator does not count in the latency."""
    try:
        os.sched_setaffinity(0, {core})
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError as error:
        print("the bystander shares its core with the generator: %s" % error, file=sys.stderr)


def as_others():
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def echo_times(ws, goes_on):
    """Milliseconds, while goes_on() says so."""
    times = []
    while goes_on():
        began = time.perf_counter()
        ws.send_text(TEXT)
        ws.receive()
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(EVERY_S)
    return times


def percentile(times, part):
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


def figures(times):
    return "p50 %.2f  p99 %.2f  most %.2f ms" % (percentile(times, 0.5), percentile(times, 0.99), max(times))


def load(server, args):
    words = [os.path.join(TOOLS, "wsload"), "fanout", "--path", "/ws/topic/", "--connections", str(args.members), "--size", "128",
             "--depth", "1", "--sources", "4", "--port", str(server.port), "--pid", str(server.pid), "--seconds", str(args.seconds)]
    return subprocess.Popen(pinned(1, words), stdout=subprocess.PIPE, preexec_fn=as_others)


def run_round(server, args):
    with WebSocket(server.port, "/ws/echo/") as ws:
        until = time.monotonic() + args.seconds / 2
        alone = echo_times(ws, lambda: time.monotonic() < until)
        generator = load(server, args)
        time.sleep(args.members / 8000)  # it connects
        during = echo_times(ws, lambda: generator.poll() is None)
        report = generator.communicate()[0].decode()
    latency = re.search(r"lat_us_p50=(\S+).*?p99=(\S+)", report)
    print("alone       %s\nfan-out to %d: %s   (to the last member: p50 %.1f, p99 %.1f ms)" %
          (figures(alone), args.members, figures(during), float(latency.group(1)) / 1000, float(latency.group(2)) / 1000), flush=True)
    return percentile(during, 0.99)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=10000)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--options", default="", help="of the server")
    parser.add_argument("--first", action="store_true")
    args = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES_MOST, FILES_MOST))
    folder = Folder()
    server = Server("bench-server", "--log", "info", *args.options.split(), workers=1, folder=folder.path, start=False)
    plain = server.command
    server.command = lambda listen: pinned(0, plain(listen))
    try:
        server.start()
        if args.first:
            os.sched_setscheduler(server.pid, os.SCHED_FIFO, os.sched_param(1))
        first_of_core(1)
        nines = [run_round(server, args) for _ in range(args.rounds)]
        as_others()
        server.finish()
        longest = re.search(r"net\.served.*longest_us=(\d+)", server.output())
        print("median of p99: %.2f ms; the worker's longest stretch: %s" %
              (statistics.median(nines), "%.2f ms" % (int(longest.group(1)) / 1000) if longest else "not told"))
    finally:
        folder.remove()


if __name__ == "__main__":
    main()
