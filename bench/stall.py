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
import time

from bystander import add_options, as_others, figures, first_of_core, longest_stretch, percentile, serving
from servers import FILES_MOST, TOOLS, pinned
from wsclient import WebSocket

EVERY_S = 0.002
TEXT = "." * 20


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
    add_options(parser, seconds=3, rounds=3)
    args = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES_MOST, FILES_MOST))
    with serving(args) as server:
        first_of_core(1)
        nines = [run_round(server, args) for _ in range(args.rounds)]
        as_others()
        server.finish()
        print("median of p99: %.2f ms; the worker's longest stretch: %s" % (statistics.median(nines), longest_stretch(server)))


if __name__ == "__main__":
    main()
