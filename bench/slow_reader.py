#!/usr/bin/env python3
"""What one reader that stops costs its neighbours: the p99 of a fan-out to 1,000, from publishing to the last delivery, with
and without one more member that never reads. Runs by turns, medians. Server on core 0, generator on core 1.

    bench/slow_reader.py [--members N] [--size N] [--seconds S] [--rounds N] [--options "--io epoll"] [--newest] [--first]

--newest: in a group that keeps the newest message of each key for it, where it stays; else it is closed with 1013 when its
bound is reached, and a new one comes. --first: the server goes before all other programs of its core, on a machine that
others use too (needs privileges).
"""
import argparse
import os
import re
import socket
import statistics
import subprocess
import threading

from bystander import add_options, serving
from servers import TOOLS, pinned
from wsclient import WebSocket

AIM = 10  # per cent
TCP_ESTABLISHED = 1


class Stopped:
    """A member that does not read, from start to end; one that was closed is followed by another."""

    def __init__(self, port, path):
        self.port, self.path = port, path
        self.is_over = threading.Event()
        self.count = 0
        self.thread = threading.Thread(target=self.stay)
        self.thread.start()

    def stay(self):
        while not self.is_over.is_set():
            ws = WebSocket(self.port, self.path, receive_buffer=4096)
            self.count += 1
            while not self.is_over.wait(0.1) and not is_closed(ws.sock):
                pass
            ws.reset()

    def end(self):
        self.is_over.set()
        self.thread.join()


def is_closed(sock):
    """The server's end has gone; nothing is read to find out."""
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != TCP_ESTABLISHED


def run(server, args, is_disturbed):
    path = "/ws/prices/" if args.newest else "/ws/topic/"
    stopped = Stopped(server.port, path) if is_disturbed else None
    words = [os.path.join(TOOLS, "wsload"), "fanout", "--path", path, "--connections", str(args.members), "--size", str(args.size), "--depth", "1",
             "--port", str(server.port), "--pid", str(server.pid), "--seconds", str(args.seconds)]
    report = subprocess.run(pinned(1, words), stdout=subprocess.PIPE, check=True).stdout.decode()
    if stopped:
        stopped.end()
    found = re.search(r"lat_us_p50=(\S+).*?p99=(\S+)", report)
    return float(found.group(1)) / 1000, float(found.group(2)) / 1000, stopped.count if stopped else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--size", type=int, default=8192)
    parser.add_argument("--newest", action="store_true")
    add_options(parser, seconds=3, rounds=7)
    args = parser.parse_args()
    runs = {False: [], True: []}
    with serving(args, log="error") as server:
        for number in range(args.rounds):
            for is_disturbed in (False, True) if number % 2 else (True, False):
                runs[is_disturbed].append(run(server, args, is_disturbed))
        server.finish()
    medians = {}
    for is_disturbed, name in ((False, "without"), (True, "with one that stops")):
        p50, p99 = (statistics.median(each[i] for each in runs[is_disturbed]) for i in (0, 1))
        medians[is_disturbed] = p99
        print("%-20s p50 %.2f  p99 %.2f ms   (p99 of the runs %s)" %
              (name, p50, p99, " ".join("%.2f" % each[1] for each in runs[is_disturbed])))
    change = (medians[True] / medians[False] - 1) * 100
    print("%d stopped readers came and %s; p99 changes by %+.1f %% (aim: less than %d)" %
          (sum(each[2] for each in runs[True]), "stayed" if args.newest else "were closed", change, AIM))


if __name__ == "__main__":
    main()
