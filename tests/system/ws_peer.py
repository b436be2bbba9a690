"""A WebSocket peer that sends anything, for tests of the protocol: what it gets back is told as a list of words.

    T:text  B:hex  ping:hex  pong:hex  close  close:1002  end  (a compressed message is T+:text or B+:hex)
"""
import re
import socket
import struct
import zlib

from inflate import inflate
from wsclient import BINARY, CLOSE, PING, PONG, TEXT, handshake

PATIENCE = 30.0
SENTINEL = b"the end of this check"


class Broken(Exception):
    """The server broke a rule of the protocol."""


def head(opcode, n, fin=True, rsv=0, mask=True, form=None):
    """A frame's header; form: 7, 16 or 64 bits of length, else the shortest. The mask is zero."""
    form = form or (7 if n <= 125 else 16 if n <= 0xFFFF else 64)
    bit = 0x80 if mask else 0
    out = bytes([(0x80 if fin else 0) | rsv << 4 | opcode, bit | (n if form == 7 else 126 if form == 16 else 127)])
    out += b"" if form == 7 else struct.pack("!H" if form == 16 else "!Q", n)
    return out + (b"\0\0\0\0" if mask else b"")


def frame(opcode, payload=b"", **more):
    return head(opcode, len(payload), **more) + payload


def masked(data, key):
    """A frame of ours (mask zero) with this mask instead."""
    start = 2 if data[1] & 0x7F < 126 else 4 if data[1] & 0x7F == 126 else 10
    payload = bytes(each ^ key[i & 3] for i, each in enumerate(data[start + 4:]))
    return data[:start] + key + payload


def close(code=None, reason=b""):
    return frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason)


class Compression:
    """Our end of permessage-deflate, as the server's answer has it."""

    def __init__(self, answer, level=6):
        words = [word.strip() for word in answer.split(";")]
        if words[0] != "permessage-deflate":
            raise Broken("agreed to %r" % answer)
        self.params = {}
        for word in words[1:]:
            name, _, value = word.partition("=")
            if name in self.params:
                raise Broken("twice in the answer: " + name)
            self.params[name] = value
        self.our_bits = int(self.params.get("client_max_window_bits", 15))
        self.their_bits = int(self.params.get("server_max_window_bits", 15))
        self.level = level
        self.looked_at = 700  # of longer messages it is not looked at how far back they refer: it takes long
        self.deflater = None
        self.before = b""

    def pack(self, data, strategy=zlib.Z_DEFAULT_STRATEGY):
        if not self.deflater or "client_no_context_takeover" in self.params:
            self.deflater = zlib.compressobj(self.level, zlib.DEFLATED, -max(9, self.our_bits), 8, strategy)
        if not data:
            return b"\0"
        packed = self.deflater.compress(data) + self.deflater.flush(zlib.Z_SYNC_FLUSH)
        assert packed.endswith(b"\0\0\xff\xff")
        return packed[:-4]

    def unpack(self, data):
        if len(data) > self.looked_at:
            inflater = zlib.decompressobj(-15, zdict=self.before) if self.before else zlib.decompressobj(-15)
            text, farthest = inflater.decompress(data + b"\0\0\xff\xff"), 0
        else:
            text, farthest = inflate(data, self.before)
        if farthest > 1 << self.their_bits:
            raise Broken("it refers %d back, the window is %d" % (farthest, 1 << self.their_bits))
        if "server_no_context_takeover" not in self.params:
            self.before = (self.before + text)[-(1 << self.their_bits):]
        return text


class Peer:
    def __init__(self, port, path="/ws/echo/", extensions=None, level=6):
        self.sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got, self.is_over, self.compression = b"", False, None
        self.sock.sendall(handshake(port, path, headers=[("Sec-WebSocket-Extensions", extensions)] if extensions else ())[0])
        while b"\r\n\r\n" not in self.got:
            self.fill()
        answer, self.got = self.got.split(b"\r\n\r\n", 1)
        if not answer.startswith(b"HTTP/1.1 101 "):
            raise Broken("refused: %r" % answer)
        found = re.findall(rb"(?i)\r\nsec-websocket-extensions: *([^\r]*)", answer)
        self.answer = found[0].decode() if found else ""
        if self.answer:
            self.compression = Compression(self.answer, level)

    def fill(self):
        try:
            more = self.sock.recv(65536)
        except ConnectionResetError:
            more = b""
        if not more:
            self.is_over = True
            raise EOFError
        self.got += more

    def send(self, data, step=None):
        """step: so many bytes in a packet of their own."""
        try:
            for at in range(0, len(data), step or max(1, len(data))):
                self.sock.sendall(data[at:at + step] if step else data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it ended this already; what it said is still to be read

    def take(self, n):
        while len(self.got) < n:
            self.fill()
        out, self.got = self.got[:n], self.got[n:]
        return out

    def next_frame(self):
        first, second = self.take(2)
        n, form = second & 0x7F, 7
        if n > 125:
            form = 16 if n == 126 else 64
            n = int.from_bytes(self.take(form // 8), "big")
        is_shortest = form == (7 if n <= 125 else 16 if n <= 0xFFFF else 64)
        if second & 0x80 or first & 0x30 or not first & 0x80 or not is_shortest or first & 15 not in (1, 2, 8, 9, 10):
            raise Broken("a frame that starts with %02x %02x" % (first, second))
        if first & 0x40 and (not self.compression or first & 15 > 2):
            raise Broken("the bit of compression on %02x" % first)
        return first, self.take(n)

    def next_word(self):
        try:
            first, payload = self.next_frame()
        except EOFError:
            if self.got:
                raise Broken("the end within a frame: %r" % self.got)
            return "end"
        opcode = first & 15
        if opcode == CLOSE:
            if len(payload) == 1:
                raise Broken("half a close code")
            payload[2:].decode()
            return "close:%d" % struct.unpack("!H", payload[:2]) if payload else "close"
        if opcode in (PING, PONG):
            return ("pong:" if opcode == PONG else "ping:") + payload.hex()
        mark = ""
        if first & 0x40:
            payload, mark = self.compression.unpack(payload), "+"
        return ("T%s:" % mark + payload.decode()) if opcode == TEXT else "B%s:" % mark + payload.hex()

    def words(self):
        """To the end, or to the pong of the sentinel, which is left out."""
        out = []
        while True:
            word = self.next_word()
            if word == "pong:" + SENTINEL.hex():
                return out
            out.append(word)
            if word == "end":
                return out

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


def play(port, sent, path="/ws/echo/", step=None, extensions=None):
    """What comes back when the client sends that. A ping behind it tells when all has come."""
    with Peer(port, path, extensions) as peer:
        peer.send(sent, step)
        peer.send(frame(PING, SENTINEL))
        return peer.words()


__all__ = ["BINARY", "CLOSE", "PING", "PONG", "TEXT", "Broken", "Compression", "Peer", "SENTINEL", "close", "frame", "head", "masked", "play"]
