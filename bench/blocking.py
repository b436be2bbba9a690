#!/usr/bin/env python3
"""What functions that block cost the others: 64 clients whose handler sleeps for 100 ms in fr_blocking, all of them at once and
again and again, and beside them a socket that wants its echo every 2 ms. Server on core 0; sleepers and bystander on core 1,
the bystander first.

    bench/blocking.py [--sleepers N] [--seconds S] [--rounds N] [--options "--workers 1"] [--first]

Prints for each round the bystander's latency alone and beside the sleepers, and at the end the medians and their ratio (aim:
2 at most). --first: the server goes before all other programs of its core (needs privileges). Another build is measured with
FR_BUILD=folder.
"""
import argparse
import multiprocessing
import os
import socket
import statistics
import time

from bystander import add_options, as_others, figures, first_of_core, percentile, serving
from stall import echo_times
from wsclient import WebSocket

REQUEST = b"GET /sleep HTTP/1.1\r\nHost: localhost\r\n\r\n"


def sleepers(port, count, is_over, answered):
    """Each asks again as soon as it has its answer."""
    as_others()
    os.sched_setaffinity(0, {1})
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    while not is_over.is_set():
        for connection in connections:
            connection.sendall(REQUEST)
        for connection in connections:
            answered.value += b" 200 " in connection.recv(4096)
    for connection in connections:
        connection.close()


def beside(server, ws, args):
    is_over, answered = multiprocessing.Event(), multiprocessing.Value("l", 0)
    load = multiprocessing.Process(target=sleepers, args=(server.port, args.sleepers, is_over, answered))
    load.start()
    time.sleep(0.3)  # they connect, and the threads come
    until = time.monotonic() + args.seconds
    times = echo_times(ws, lambda: time.monotonic() < until)
    is_over.set()
    load.join()
    return times, answered.value


def run_round(server, args):
    with WebSocket(server.port, "/ws/echo/") as ws:
        until = time.monotonic() + args.seconds
        alone = echo_times(ws, lambda: time.monotonic() < until)
        during, answered = beside(server, ws, args)
    print("alone                %s\nbeside %3d sleepers: %s   (%d of them answered)" %
          (figures(alone), args.sleepers, figures(during), answered), flush=True)
    return percentile(alone, 0.99), percentile(during, 0.99)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sleepers", type=int, default=64)
    add_options(parser, seconds=3, rounds=5)
    args = parser.parse_args()
    with serving(args) as server:
        first_of_core(1)
        rounds = [run_round(server, args) for _ in range(args.rounds)]
        as_others()
        server.finish()
    alone, during = (statistics.median(each) for each in zip(*rounds))
    print("median of p99: alone %.2f ms, beside them %.2f ms: %.2fx" % (alone, during, during / alone))


if __name__ == "__main__":
    main()
