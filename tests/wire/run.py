#!/usr/bin/env python3
"""Plays transcripts against a server and compares what it answers, byte by byte.

    tests/wire/run.py BUILD [FILE…]        start BUILD/examples/echo for it
    tests/wire/run.py --port 8000 [FILE…]  against a server that runs already
    tests/wire/run.py … -k WORD            only cases whose name has WORD

A file is a list of cases; a case has a connection of its own. Every case is played twice: as it stands, and with each
byte in a packet of its own (unless it says `whole`).

    == a sentence                      begins a case
    > text                             send text and CRLF
    >- text                            send text without a line end
    >x 81 85 00                        send bytes given in hexadecimal digits
    >* 5000 text                       send text 5,000 times
    < text                             expect text and CRLF
    <- text                            expect text without a line end
    <x 81 05                           expect bytes
    <* 5000 text                       expect text 5,000 times
    close                              expect the end of the connection, and nothing before it
    open                               expect that nothing more comes, and the connection stays open
    pause                              wait until the server has taken what was sent so far
    end                                end our half of the connection
    whole                              do not play it byte by byte
    each NAME: one || two || three     play the case once for each; {NAME} in its lines and its name stands for it

Escapes in text: \\r \\n \\t \\0 \\\\ \\xHH; \\s is a blank, where an editor would cut it off. In what is expected {date} is
a date of HTTP, {*} anything up to the end of the line, {n:5} five bytes. Lines that begin with # are comments; one that
begins with `# server:` gives further options for the server of this file, `# program:` another program than echo, and
`# file: NAME TEXT` a file of 1994-11-06 08:49:37 in its working directory.
"""
import os
import queue
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE = 10.0  # seconds for what must come
QUIET = 0.05     # seconds in which nothing may come
PAUSE = 0.02
BY_BYTE_MAX = 2000
FILE_TIME = 784111777
WILDCARDS = {
    "date": rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z][a-z] \d{4} \d\d:\d\d:\d\d GMT",
    "*": rb"[^\r\n]*",
}
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\", "s": b" "}


class Failure(Exception):
    pass


def unescape(text):
    out, i = b"", 0
    while i < len(text):
        if text[i] != "\\":
            out += text[i].encode()
            i += 1
        elif text[i + 1] == "x":
            out += bytes.fromhex(text[i + 2:i + 4])
            i += 4
        else:
            out += ESCAPES[text[i + 1]]
            i += 2
    return out


def pattern(text):
    """A regular expression of an expected text with its wildcards."""
    out, last = b"", 0
    for found in re.finditer(r"\{(date|\*|n:\d+)\}", text):
        out += re.escape(unescape(text[last:found.start()]))
        word = found.group(1)
        out += b"[\\s\\S]{%d}" % int(word[2:]) if word.startswith("n:") else WILDCARDS[word]
        last = found.end()
    return out + re.escape(unescape(text[last:]))


class Case:
    def __init__(self, name, line):
        self.name = name
        self.line = line
        self.steps = []
        self.is_whole = False
        self.each = None  # (name, values)

    def variants(self):
        if not self.each:
            return [(self.name, self.steps)]
        key, values = self.each
        mark = "{" + key + "}"
        return [(self.name.replace(mark, value) if mark in self.name else "%s [%s]" % (self.name, value),
                 [(kind, text.replace(mark, value)) for kind, text in self.steps]) for value in values]


class Needs:
    """What the server of a file of cases needs."""
    def __init__(self):
        self.options, self.program, self.files = [], "echo", []

    def read(self, line):
        for word, take in (("# server:", lambda rest: self.options.extend(shlex.split(rest))),
                           ("# program:", lambda rest: setattr(self, "program", rest.strip())),
                           ("# file:", lambda rest: self.files.append(rest.split(None, 1)))):
            if line.startswith(word):
                take(line[len(word):])

    def __bool__(self):
        return bool(self.options or self.files or self.program != "echo")


def read_file(name):
    """(what the server needs, cases)"""
    needs, cases = Needs(), []
    with open(name, encoding="utf-8") as text:
        for number, line in enumerate(text, 1):
            line = line.rstrip("\n")
            needs.read(line)
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith("== "):
                cases.append(Case(line[3:].strip(), number))
                continue
            found = re.match(r"(>[-x*]?|<[-x*]?|close|open|pause|end|whole|each)(?: (.*))?$", line)
            if not found or not cases:
                sys.exit("%s:%d: not understood: %s" % (name, number, line))
            kind, rest = found.group(1), found.group(2) or ""
            if kind == "whole":
                cases[-1].is_whole = True
            elif kind == "each":
                key, values = rest.split(":", 1)
                cases[-1].each = key.strip(), [value.strip() for value in values.split("||")]
            else:
                cases[-1].steps.append((kind, rest))
    return needs, cases


def bytes_of(kind, text):
    """What a line sends."""
    if kind[1:] == "x":
        return bytes.fromhex(text)
    if kind[1:] == "*":
        times, text = text.split(" ", 1)
        return unescape(text) * int(times)
    return unescape(text) + (b"" if kind[1:] == "-" else b"\r\n")


def pattern_of(kind, text):
    """What a line expects."""
    if kind[1:] == "x":
        return re.escape(bytes.fromhex(text))
    if kind[1:] == "*":
        times, text = text.split(" ", 1)
        return re.escape(unescape(text) * int(times))
    return pattern(text) + (b"" if kind[1:] == "-" else b"\r\n")


class Player:
    def __init__(self, host, port, by_byte):
        self.by_byte = by_byte
        self.socket = socket.create_connection((host, port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got = b""
        self.is_over = False

    def send(self, data):
        pieces = [data[i:i + 1] for i in range(len(data))] if self.by_byte else [data]
        try:
            for piece in pieces:
                self.socket.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it refused already: what it said is still to be read

    def read(self, seconds):
        """Whether anything came."""
        self.socket.settimeout(max(seconds, 0.001))
        try:
            data = self.socket.recv(65536)
        except socket.timeout:
            return False
        except ConnectionResetError:
            data = b""
        self.is_over = not data
        self.got += data
        return bool(data)

    def expect(self, expected):
        wanted = re.compile(expected)
        end = time.monotonic() + PATIENCE
        while True:
            found = wanted.match(self.got)
            # A wildcard at the end may match more with more bytes; texts end with a line end, so that is rare.
            if found:
                self.got = self.got[found.end():]
                return
            if self.is_over or time.monotonic() > end:
                raise Failure("expected %r\n      got %r%s" % (expected, self.got[:2000], " and the end" if self.is_over else ""))
            self.read(end - time.monotonic())

    def expect_close(self):
        end = time.monotonic() + PATIENCE
        while not self.is_over and time.monotonic() < end:
            self.read(end - time.monotonic())
        if self.got or not self.is_over:
            raise Failure("expected the end\n      got %r" % self.got[:2000])

    def expect_open(self):
        self.read(QUIET)
        if self.got or self.is_over:
            raise Failure("expected silence\n      got %r%s" % (self.got[:2000], " and the end" if self.is_over else ""))

    def play(self, steps):
        """Lines that send are gathered, and those that expect: a send goes out, and an answer is compared, as a whole."""
        waiting, expected = b"", b""
        for kind, text in steps + [("pause", "")]:
            if kind[0] == ">":
                if expected:
                    self.expect(expected)
                    expected = b""
                waiting += bytes_of(kind, text)
                continue
            if waiting:
                self.send(waiting)
                waiting = b""
            if kind[0] == "<":
                expected += pattern_of(kind, text)
                continue
            if expected:
                self.expect(expected)
                expected = b""
            if kind == "close":
                self.expect_close()
            elif kind == "open":
                self.expect_open()
            elif kind == "end":
                self.socket.shutdown(socket.SHUT_WR)
            elif kind == "pause":
                time.sleep(PAUSE)

    def close(self):
        self.socket.close()


class Server:
    def __init__(self, build, needs):
        self.folder = tempfile.mkdtemp(prefix="freshet-wire-")
        for name, text in needs.files:
            self.put(os.path.join(self.folder, name), unescape(text))
        program = [path for path in (os.path.join(os.path.abspath(build), folder, needs.program) for folder in ("examples", "tests"))
                   if os.path.exists(path)]
        if not program:
            sys.exit("run.py: no program \"%s\" in %s" % (needs.program, build))
        command = [program[0], "--listen", "127.0.0.1:0", "--workers", "1"] + needs.options
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                        cwd=self.folder)
        self.lines = []
        ports = queue.Queue()
        self.reader = threading.Thread(target=self.read, args=(ports,), daemon=True)
        self.reader.start()
        try:
            self.port = ports.get(timeout=30)
        except queue.Empty:
            self.stop()
            sys.exit("run.py: %s did not start:\n%s" % (command[0], "".join(self.lines)))

    @staticmethod
    def put(path, data):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(data)
        os.utime(path, (FILE_TIME, FILE_TIME))

    def read(self, ports):
        for line in self.process.stdout:
            self.lines.append(line.decode(errors="replace"))
            found = re.search(rb"listening on http://[^\s]*?:(\d+)", line)
            if found:
                ports.put(int(found.group(1)))

    def stop(self):
        """Its exit code, and what it said."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.reader.join(5)
        shutil.rmtree(self.folder, ignore_errors=True)
        return code, "".join(self.lines)


def play_case(host, port, steps, by_byte):
    player = Player(host, port, by_byte)
    try:
        player.play(steps)
    finally:
        player.close()


def size_of(steps):
    return sum(len(bytes_of(kind, text)) for kind, text in steps if kind[0] == ">")


def play_file(name, host, port, word):
    passed, failed = 0, []
    for case in read_file(name)[1]:
        for title, steps in case.variants():
            if word and word not in title:
                continue
            for by_byte in (False, True):
                if by_byte and (case.is_whole or size_of(steps) > BY_BYTE_MAX):
                    continue
                try:
                    play_case(host, port, steps, by_byte)
                    passed += 1
                except (Failure, OSError) as why:
                    failed.append("%s:%d: %s%s\n      %s" % (os.path.basename(name), case.line, title,
                                                             " (byte by byte)" if by_byte else "", why))
    return passed, failed


def arguments(words):
    host, port, build, word, files = "127.0.0.1", None, None, "", []
    words = list(words)
    while words:
        each = words.pop(0)
        if each == "--port":
            port = int(words.pop(0))
        elif each == "--host":
            host = words.pop(0)
        elif each == "-k":
            word = words.pop(0)
        elif os.path.isdir(each):
            build = each
        else:
            files.append(each if os.path.exists(each) else os.path.join(HERE, each))
    if not files:
        files = sorted(os.path.join(HERE, name) for name in os.listdir(HERE) if name.endswith(".txt"))
    if (port is None) == (build is None):
        sys.exit(__doc__)
    return host, port, build, word, files


def main():
    host, port, build, word, files = arguments(sys.argv[1:])
    passed, failed = 0, []
    for name in files:
        needs = read_file(name)[0]
        if port and needs:
            print("left out: %s needs a server of its own" % os.path.basename(name))
            continue
        server = Server(build, needs) if build else None
        more, bad = play_file(name, host, server.port if server else port, word)
        passed += more
        failed += bad
        if server:
            code, said = server.stop()
            if code != 0:
                failed.append("%s: the server ended with %d:\n%s" % (os.path.basename(name), code, said[-4000:]))
    for text in failed:
        print("FAILED " + text)
    print("%d passed, %d failed" % (passed, len(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
