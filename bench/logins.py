#!/usr/bin/env python3
"""What logins cost the others, and what they tell.

    bench/logins.py [--clients N] [--seconds S] [--rounds N] [--options "--workers 1"] [--first]
    bench/logins.py --tell N [--hash scrypt]

Without --tell: clients that log in without a pause by passwords of argon2, and beside them a socket that wants its echo every 2 ms. Server
on core 0; clients and bystander on core 1, the bystander first. Prints for each round the bystander's latency alone and beside
the logins, how much of a core the threads for passwords took, and at the end the medians and their ratio (aim: 1.5 at most).

With --tell: N logins each of an unknown name, of a wrong password and of a user who is not active, one after the other in an order by
chance, and whether the clock tells them apart: means (aim: within 2 %) and the Mann-Whitney test of each two (aim: p > 0.01). The same of
the server's CPU time, which other work on the machine changes little.
"""
import argparse
import itertools
import json
import math
import multiprocessing
import os
import random
import socket
import sqlite3
import statistics
import subprocess
import time

from bystander import add_options, as_others, figures, first_of_core, percentile, serving
from cases import with_users
from server import program
from stall import echo_times
from wsclient import WebSocket

PASSWORD = "horse battery 1"
USERS = {"ann": True, "ida": False}  # whether they are active


def login(name, password):
    body = json.dumps({"username": name, "password": password}).encode()
    return b"POST /token/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def add_users(server, hash_):
    """As `user create` makes them, while the server runs."""
    for name, is_active in USERS.items():
        command = [program("bench-auth"), "user", "create", name, "--password-hash", hash_, "--db", "sqlite:" + server.db]
        subprocess.run(command, input=PASSWORD + "\n", text=True, check=True, stdout=subprocess.DEVNULL)
        if not is_active:
            db = sqlite3.connect(server.db, timeout=20)
            db.execute("UPDATE auth_user SET is_active = 0 WHERE username = ?", [name])
            db.commit()
            db.close()


# ---- beside an echo ----

def clients(port, count, is_over, answered):
    """Each asks again as soon as it has its answer."""
    as_others()
    os.sched_setaffinity(0, {1})
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    while not is_over.is_set():
        for connection in connections:
            connection.sendall(login("ann", PASSWORD))
        for connection in connections:
            answered.value += b" 200 " in connection.recv(4096)
    for connection in connections:
        connection.close()


def cpu_of(pid, name=""):
    """Seconds of the threads of that name; all without."""
    seconds = 0.0
    for thread in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/comm" % (pid, thread)) as text:
            if text.read().startswith(name):
                with open("/proc/%d/task/%s/schedstat" % (pid, thread)) as text:
                    seconds += int(text.read().split()[0]) / 1e9
    return seconds


def beside(server, ws, args):
    is_over, answered = multiprocessing.Event(), multiprocessing.Value("l", 0)
    load = multiprocessing.Process(target=clients, args=(server.port, args.clients, is_over, answered))
    load.start()
    time.sleep(0.5)
    began, before = time.monotonic(), cpu_of(server.pid, "passwords")
    times = echo_times(ws, lambda: time.monotonic() < began + args.seconds)
    share = (cpu_of(server.pid, "passwords") - before) / (time.monotonic() - began)
    is_over.set()
    load.join()
    return times, answered.value, share


def run_round(server, args):
    with WebSocket(server.port, "/ws/echo/") as ws:
        until = time.monotonic() + args.seconds
        alone = echo_times(ws, lambda: time.monotonic() < until)
        during, answered, share = beside(server, ws, args)
    print("alone           %s\nbeside logins:  %s   (%d logins, %.2f of a core for passwords)" % (figures(alone), figures(during), answered, share), flush=True)
    return percentile(alone, 0.99), percentile(during, 0.99)


# ---- what the clock tells ----

def mann_whitney(one, other):
    """How likely it is that chance alone tells two such samples apart: the rank sum's normal approximation, two-sided."""
    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    rank_sum = sum(rank for rank, (_, which) in enumerate(ranked, 1) if which == 0)
    n, m = len(one), len(other)
    u = rank_sum - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


def compare(what, times):
    """times: by kind, without the first of each, which makes threads and memory ready."""
    times = {kind: each[1:] for kind, each in times.items()}
    for kind, each in times.items():
        print("%-6s %-15s mean %.3f ms   %s" % (what, kind, statistics.mean(each), figures(each)))
    means = [statistics.mean(each) for each in times.values()]
    pairs = ", ".join("%s and %s p = %.3f" % (one, other, mann_whitney(times[one], times[other])) for one, other in itertools.combinations(times, 2))
    print("%-6s means within %.2f %%; %s" % (what, 100 * (max(means) / min(means) - 1), pairs), flush=True)


def tell(server, count):
    kinds = {"unknown name": ("nobody", PASSWORD), "wrong password": ("ann", "horse battery 2"), "inactive user": ("ida", PASSWORD)}
    clock, cpu = {kind: [] for kind in kinds}, {kind: [] for kind in kinds}
    order = list(kinds) * count
    random.shuffle(order)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        for kind in list(kinds) + order:
            request = login(*kinds[kind])
            before, began = cpu_of(server.pid), time.perf_counter()
            connection.sendall(request)
            answer = connection.recv(4096)
            clock[kind].append((time.perf_counter() - began) * 1000)
            cpu[kind].append((cpu_of(server.pid) - before) * 1000)
            assert b" 400 " in answer and b"Unable to log in" in answer, answer
    compare("clock", clock)
    compare("CPU", cpu)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--tell", type=int, metavar="N")
    parser.add_argument("--hash", default="argon2")
    add_options(parser, seconds=5, rounds=5)
    args = parser.parse_args()
    args.options += " --password-hash " + args.hash
    with serving(args, prepare=with_users, app="bench-auth", db="rest.db") as server:
        add_users(server, args.hash)
        if args.tell:
            tell(server, args.tell)
            return server.finish()
        first_of_core(1)
        rounds = [run_round(server, args) for _ in range(args.rounds)]
        as_others()
        server.finish()
    alone, during = (statistics.median(each) for each in zip(*rounds))
    print("median of p99: alone %.2f ms, beside the logins %.2f ms: %.2fx" % (alone, during, during / alone))


if __name__ == "__main__":
    main()
