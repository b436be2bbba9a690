#!/usr/bin/env python3
"""What 5,000 slow connections cost the others: the latency of good requests, quiet and under attack by turns.

The attackers are a third each: heads that drip, bodies that drip, and readers of a large file that do not read. Who is
ended by the server's timers comes again at once. Good requests go over a connection that is kept, and over new ones.
Server on core 0; attackers and the good client on core 1, the good client first.

    bench/hostile.py [--connections N] [--seconds S] [--rounds N] [--options "--io epoll"] [--first]

--first: server and good client go before all other programs of their cores, on a machine that others use too (needs
privileges). Another build is measured with FR_BUILD=folder.
"""
import argparse
import os
import resource
import selectors
import socket
import statistics
import subprocess
import sys
import time

from bystander import add_options, as_others, figures, first_of_core, longest_stretch, percentile, serving
from servers import FILES_MOST, pinned

ASK = b"GET /json HTTP/1.1\r\nHost: a\r\n\r\n"
HEADS, BODIES, READERS = range(3)
BEGINNINGS = {HEADS: ASK[:-2], BODIES: b"POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n",
              READERS: b"GET /files/large HTTP/1.1\r\nHost: a\r\n\r\n"}
DROPS = {HEADS: b"X: a\r\n", BODIES: b"x", READERS: b""}
DROP_S = 2.0  # each sends its next drop so often
EVERY_S = 0.001
LARGE_BYTES = 50 << 20


# ---- the attackers, in a process of their own ----

class Attack:
    def __init__(self, port, count):
        self.port, self.selector, self.kinds = port, selectors.DefaultSelector(), {}
        self.ended = 0
        for i in range(count):
            self.open(i % 3)
        print("ready", flush=True)

    def open(self, kind):
        sock = socket.socket()
        if kind == READERS:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", self.port))
        sock.setblocking(False)
        sock.sendall(BEGINNINGS[kind])
        self.kinds[sock] = kind
        if kind != READERS:  # these do not even look
            self.selector.register(sock, selectors.EVENT_READ)

    def replace(self, sock):
        kind = self.kinds.pop(sock)
        if kind != READERS:
            self.selector.unregister(sock)
        sock.close()
        self.ended += 1
        self.open(kind)

    def look(self, seconds):
        """What the server says is its end of it."""
        for key, _ in self.selector.select(seconds):
            if key.fileobj in self.kinds:
                self.replace(key.fileobj)

    def drop(self, sock):
        try:
            sock.send(DROPS[self.kinds[sock]])
        except BlockingIOError:
            pass
        except OSError:
            self.replace(sock)

    def run(self):
        while True:
            everybody = list(self.kinds)
            for i, sock in enumerate(everybody):
                if i % 50 == 0:  # spread over the time
                    self.look(DROP_S * 50 / len(everybody))
                if sock in self.kinds:
                    self.drop(sock)
            print("ended", self.ended, flush=True)


# ---- the good client ----

def get(sock):
    sock.sendall(ASK)
    answer = sock.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200 "), answer


def measure(port, seconds):
    """Milliseconds of requests over a connection that is kept, and over new ones, by turns."""
    kept_times, new_times = [], []
    with socket.create_connection(("127.0.0.1", port)) as kept:
        kept.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        get(kept)  # not counted: all who have connected before it are let in first
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.perf_counter()
            get(kept)
            kept_times.append((time.perf_counter() - began) * 1000)
            time.sleep(EVERY_S)
            began = time.perf_counter()
            with socket.create_connection(("127.0.0.1", port)) as new:
                get(new)
            new_times.append((time.perf_counter() - began) * 1000)
            time.sleep(EVERY_S)
    return kept_times, new_times


def attack(server, args):
    words = [sys.executable, os.path.abspath(__file__), "--attack", str(server.port), "--connections", str(args.connections)]
    process = subprocess.Popen(pinned(1, words), stdout=subprocess.PIPE, preexec_fn=as_others, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def run_round(server, args):
    quiet = measure(server.port, args.seconds)
    process = attack(server, args)
    try:
        hostile = measure(server.port, args.seconds)
    finally:
        process.kill()
        said = process.communicate()[0].split("\n")
    ended = [line for line in said if line.startswith("ended ")]
    ratios = []
    for name, before, during in zip(("kept", "new"), quiet, hostile):
        ratios.append(percentile(during, 0.99) / percentile(before, 0.99))
        print("%-5s quiet %s   hostile %s   p99 %.2fx" % (name, figures(before), figures(during), ratios[-1]), flush=True)
    print("      the server %s of them" % (ended[-1] if ended else "ended 0"), flush=True)
    return ratios


def add_files(folder):
    os.makedirs(os.path.join(folder, "files"), exist_ok=True)
    with open(os.path.join(folder, "files", "large"), "wb") as large:
        large.truncate(LARGE_BYTES)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--attack", type=int, metavar="PORT", help=argparse.SUPPRESS)
    parser.add_argument("--connections", type=int, default=5000)
    add_options(parser, seconds=15, rounds=3, seconds_help="longer than --header-timeout, so that they come again")
    args = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES_MOST, FILES_MOST))
    if args.attack:
        os.nice(19)
        Attack(args.attack, args.connections).run()
    with serving(args, prepare=add_files) as server:
        first_of_core(1)
        kept, new = zip(*[run_round(server, args) for _ in range(args.rounds)])
        as_others()
        server.finish()
        print("the worker's longest stretch: %s" % longest_stretch(server))
        print("median: p99 of good requests under attack is %.2fx the quiet one, over new connections %.2fx" %
              (statistics.median(kept), statistics.median(new)))


if __name__ == "__main__":
    main()
