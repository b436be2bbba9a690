#!/usr/bin/env python3
"""What attackers cost the others: the latency of good requests, quiet and under attack by turns.

Usually 5,000 slow connections, a third each: heads that drip, bodies that drip, and readers of a large file that do not read. Who is
ended by the server's timers comes again at once. With --flood it is 64 clients that ask without a pause, each time with another
wrong token, or with a wrong password (of which the server bounds no number: bench/auth.c). Good requests go over a connection that is
kept, and over new ones. Server on core 0; attackers and the good client on core 1, the good client first.

    bench/hostile.py [--connections N] [--flood tokens|passwords] [--seconds S] [--rounds N] [--options "--io epoll"] [--first]

--first: server and good client go before all other programs of their cores, on a machine that others use too (needs
privileges). Another build is measured with FR_BUILD=folder.
"""
import argparse
import base64
import os
import resource
import selectors
import socket
import statistics
import subprocess
import sys
import time

from bystander import add_options, as_others, figures, first_of_core, longest_stretch, percentile, serving
from cases import with_users
from servers import FILES_MOST, pinned

ASK = b"GET /json HTTP/1.1\r\nHost: a\r\n\r\n"
HEADS, BODIES, READERS = range(3)
BEGINNINGS = {HEADS: ASK[:-2], BODIES: b"POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n",
              READERS: b"GET /files/large HTTP/1.1\r\nHost: a\r\n\r\n"}
DROPS = {HEADS: b"X: a\r\n", BODIES: b"x", READERS: b""}
DROP_S = 2.0  # each sends its next drop so often
EVERY_S = 0.001
LARGE_BYTES = 50 << 20
GOOD = b"GET /api/open/notes/7/ HTTP/1.1\r\nHost: a\r\n\r\n"


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


def with_token(number):
    return b"GET /api/token/notes/7/ HTTP/1.1\r\nHost: a\r\nAuthorization: Token %040x\r\n\r\n" % (number + (1 << 100))


def with_password(number):
    pair = base64.b64encode(b"user%d:wrong %d" % (1 + number % 200, number))  # half of the names are nobody's
    return b"GET /basic/ HTTP/1.1\r\nHost: a\r\nAuthorization: Basic %s\r\n\r\n" % pair


FLOODS = {"tokens": with_token, "passwords": with_password}


def flood(port, count, request):
    selector, number, answers = selectors.DefaultSelector(), 0, {}
    for _ in range(count):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.sendall(request(number))
        selector.register(sock, selectors.EVENT_READ)
        number += 1
    print("ready", flush=True)
    told = time.monotonic()
    while True:
        for key, _ in selector.select():
            status = key.fileobj.recv(65536)[9:12].decode()
            answers[status] = answers.get(status, 0) + 1
            key.fileobj.sendall(request(number))
            number += 1
        if time.monotonic() > told + 1:
            told = time.monotonic()
            print("answered", answers, flush=True)


# ---- the good client ----

def get(sock, ask):
    sock.sendall(ask)
    answer = sock.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200 "), answer


def measure(port, seconds, ask):
    """Milliseconds of requests over a connection that is kept, and over new ones, by turns."""
    kept_times, new_times = [], []
    with socket.create_connection(("127.0.0.1", port)) as kept:
        kept.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        get(kept, ask)  # not counted: all who have connected before it are let in first
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.perf_counter()
            get(kept, ask)
            kept_times.append((time.perf_counter() - began) * 1000)
            time.sleep(EVERY_S)
            began = time.perf_counter()
            with socket.create_connection(("127.0.0.1", port)) as new:
                get(new, ask)
            new_times.append((time.perf_counter() - began) * 1000)
            time.sleep(EVERY_S)
    return kept_times, new_times


def attack(server, args):
    words = [sys.executable, os.path.abspath(__file__), "--attack", str(server.port), "--connections", str(args.connections)]
    words += ["--flood", args.flood] if args.flood else []
    process = subprocess.Popen(pinned(1, words), stdout=subprocess.PIPE, preexec_fn=as_others, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def run_round(server, args):
    ask = GOOD if args.flood else ASK
    quiet = measure(server.port, args.seconds, ask)
    process = attack(server, args)
    try:
        hostile = measure(server.port, args.seconds, ask)
    finally:
        process.kill()
        said = process.communicate()[0].split("\n")
    ended = [line for line in said if line.startswith(("ended ", "answered "))]
    ratios = []
    for name, before, during in zip(("kept", "new"), quiet, hostile):
        ratios.append(percentile(during, 0.99) / percentile(before, 0.99))
        print("%-5s quiet %s   hostile %s   p99 %.2fx" % (name, figures(before), figures(during), ratios[-1]), flush=True)
    print("      the server %s of them" % (ended[-1] if ended else "answered none" if args.flood else "ended 0"), flush=True)
    return ratios


def add_files(folder):
    os.makedirs(os.path.join(folder, "files"), exist_ok=True)
    with open(os.path.join(folder, "files", "large"), "wb") as large:
        large.truncate(LARGE_BYTES)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--attack", type=int, metavar="PORT", help=argparse.SUPPRESS)
    parser.add_argument("--connections", type=int)
    parser.add_argument("--flood", choices=FLOODS)
    add_options(parser, seconds=15, rounds=3, seconds_help="longer than --header-timeout, so that they come again")
    args = parser.parse_args()
    args.connections = args.connections or (64 if args.flood else 5000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES_MOST, FILES_MOST))
    if args.attack:
        os.nice(19)
        if args.flood:
            flood(args.attack, args.connections, FLOODS[args.flood])
        Attack(args.attack, args.connections).run()
    with serving(args, **(dict(prepare=with_users, app="bench-auth", db="rest.db") if args.flood else dict(prepare=add_files))) as server:
        first_of_core(1)
        kept, new = zip(*[run_round(server, args) for _ in range(args.rounds)])
        as_others()
        server.finish()
        print("the worker's longest stretch: %s" % longest_stretch(server))
        print("median: p99 of good requests under attack is %.2fx the quiet one, over new connections %.2fx" %
              (statistics.median(kept), statistics.median(new)))


if __name__ == "__main__":
    main()
