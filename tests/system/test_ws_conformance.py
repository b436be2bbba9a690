"""Every rule of RFC 6455 and RFC 7692 that a server can break, one check a line or a row of a table.

Each row becomes a test of its own; most are played twice, the second time with each byte in a packet of its own.
"""
import base64
import codecs
import itertools
import os
import random
import socket
import struct
import unittest
import zlib

from inflate import TAIL, inflate
from server import ServerCase
from ws_peer import BINARY, CLOSE, PING, PONG, TEXT, Broken, Peer, close, frame, head, masked, play

LIMIT = 1 << 20  # of a message, as the server starts
CHOPPED_MOST = 300
BAD, NOT_UTF8, LARGE, POLICY = ["close:1002", "end"], ["close:1007", "end"], ["close:1009", "end"], ["close:1008", "end"]
CONTROLS = {CLOSE: "close", PING: "ping", PONG: "pong"}


def text(words):
    return frame(TEXT, words.encode() if isinstance(words, str) else words)


def shown(data, most=12):
    return data[:most].hex() + ("+%d" % (len(data) - most) if len(data) > most else "")


# ---- rows: (name, what is sent, what comes back) ----

def first_frames():
    """RFC 6455 5.2, 5.4, 5.5: each first byte that there is, alone."""
    for first in range(256):
        fin, rsv, opcode = first >> 7, first >> 4 & 7, first & 15
        for payload in (b"", b"hi"):
            sent = frame(opcode, payload, fin=fin, rsv=rsv)
            if rsv or opcode not in (TEXT, BINARY, CLOSE, PING, PONG) or (opcode >= CLOSE and not fin):
                expected = BAD
            elif opcode == CLOSE:
                expected = ["close", "end"] if not payload else BAD  # "hi" is no code that may be sent
            elif opcode == PING:
                expected = ["pong:" + payload.hex()]
            elif opcode == PONG or not fin:
                expected = []  # nothing is said, or the message goes on and a ping may come within it
            else:
                expected = ["T:" + payload.decode()] if opcode == TEXT else ["B:" + payload.hex()]
            yield "first byte %02x, %d bytes" % (first, len(payload)), sent, expected


def masks():
    """5.1, 5.3"""
    for opcode in (TEXT, BINARY, CLOSE, PING, PONG, 0):
        for payload in (b"", b"hi"):
            yield "opcode %d of %d bytes without a mask" % (opcode, len(payload)), frame(opcode, payload, mask=False), BAD
    yield "the second frame without a mask", text("one") + frame(TEXT, b"two", mask=False), ["T:one"] + BAD
    yield "the second fragment without a mask", frame(TEXT, b"one", fin=False) + frame(0, b"two", mask=False), BAD
    for key in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x37\xfa\x21\x3d", b"\x00\x00\x00\x01", b"\x80\x00\x00\x00"):
        for n in (0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 63, 64, 65, 200):
            data = bytes(range(n))
            yield "mask %s on %d bytes" % (key.hex(), n), masked(frame(BINARY, data), key), ["B:" + data.hex()]
    pieces = masked(frame(TEXT, b"one ", fin=False), b"\x01\x02\x03\x04") + masked(frame(0, b"two"), b"\xf1\xf2\xf3\xf4")
    yield "each fragment has its own mask", pieces, ["T:one two"]


def lengths():
    """5.2: the shortest form, the highest bit, the limit told at the header."""
    for n in (0, 1, 2, 60, 124, 125, 126, 127, 128, 254, 255, 256, 257, 1023, 65534, 65535, 65536, 65537, 131072, LIMIT - 1, LIMIT):
        yield "text of %d" % n, frame(TEXT, b"a" * n), ["T:" + "a" * n]
        yield "bytes of %d" % n, frame(BINARY, b"\xfe" * n), ["B:" + "fe" * n]
    for opcode in (TEXT, BINARY, 0):
        for n, form in [(0, 16), (1, 16), (125, 16), (0, 64), (125, 64), (126, 64), (65535, 64)]:
            before = frame(TEXT, b"", fin=False) if opcode == 0 else b""
            yield "opcode %d: %d in %d bits" % (opcode, n, form), before + frame(opcode, b"a" * n, form=form), BAD
    yield "a length with its highest bit", head(BINARY, 1 << 63), BAD
    yield "the highest length", head(BINARY, (1 << 64) - 1), BAD
    for n in (LIMIT + 1, 1 << 31, 1 << 32, (1 << 32) + 1, 1 << 62, (1 << 63) - 1):
        yield "a length of %d is refused at its header" % n, head(TEXT, n), LARGE
    for opcode, name in CONTROLS.items():
        for n, form in [(126, 16), (127, 16), (65535, 16), (65536, 64), (5, 16), (125, 16), (5, 64), (1 << 62, 64)]:
            yield "a %s of %d in %d bits" % (name, n, form), head(opcode, n, form=form), BAD


def pings():
    """5.5.2, 5.5.3"""
    for n in (0, 1, 2, 3, 4, 64, 123, 124, 125):
        data = bytes((i * 7 + 200) & 255 for i in range(n))
        yield "a ping of %d bytes" % n, frame(PING, data), ["pong:" + data.hex()]
        yield "a pong of %d bytes that nobody asked for" % n, frame(PONG, data), []
    yield "ten pings", b"".join(frame(PING, b"%d" % i) for i in range(10)), ["pong:" + (b"%d" % i).hex() for i in range(10)]
    yield "pongs and then a message", frame(PONG) * 5 + text("a"), ["T:a"]
    yield "a ping before and after a message", frame(PING, b"1") + text("a") + frame(PING, b"2"), ["pong:31", "T:a", "pong:32"]
    yield "a ping that is not UTF-8", frame(PING, b"\xff\xfe"), ["pong:fffe"]


def fragments():
    """5.4"""
    for opcode, mark in ((TEXT, "T:"), (BINARY, "B:")):
        for cuts in ([3], [1, 1, 1], [0, 3], [3, 0], [0, 1, 0, 2, 0], [1, 2], [0, 0, 0, 3], [1, 0, 0, 0, 2]):
            for between in (b"", frame(PING, b"p"), frame(PONG, b"p"), frame(PING) + frame(PONG)):
                sent, at, data = b"", 0, b"xyz"
                for i, n in enumerate(cuts):
                    sent += between if i else b""
                    sent += frame(opcode if i == 0 else 0, data[at:at + n], fin=i == len(cuts) - 1)
                    at += n
                pongs = {b"": [], frame(PING, b"p"): ["pong:70"], frame(PONG, b"p"): []}.get(between, ["pong:"]) * (len(cuts) - 1)
                whole = "xyz" if opcode == TEXT else b"xyz".hex()
                yield "%s in pieces %s with %s between" % (mark[0], cuts, shown(between) or "nothing"), sent, pongs + [mark + whole]
        yield "%s: none of its fragments has a byte" % mark[0], frame(opcode, fin=False) + frame(0, fin=False) + frame(0), [mark]
    yield "1,000 fragments", frame(BINARY, b"a", fin=False) + frame(0, b"a", fin=False) * 998 + frame(0, b"a"), ["B:" + "61" * 1000]
    for after, name in ((b"", "at the start"), (text("a"), "after a message"), (frame(TEXT, b"a", fin=False) + frame(0), "after fragments")):
        for fin in (True, False):
            came = ["T:a"] if after else []
            yield "a continuation of nothing %s, fin %d" % (name, fin), after + frame(0, b"b", fin=fin), came + BAD
    for one, other in itertools.product((TEXT, BINARY), repeat=2):
        for fin in (True, False):
            yield "opcode %d within a message of %d, fin %d" % (other, one, fin), frame(one, b"a", fin=False) + frame(other, b"b", fin=fin), BAD
            yield "and after a ping, %d %d %d" % (one, other, fin), frame(one, b"a", fin=False) + frame(PING) + frame(other, b"b", fin=fin), ["pong:"] + BAD
    for opcode, name in CONTROLS.items():
        yield "a %s in pieces" % name, frame(opcode, b"a", fin=False) + frame(0, b"b"), BAD
        yield "a %s in pieces within a message" % name, frame(TEXT, b"a", fin=False) + frame(opcode, b"", fin=False), BAD
    yield "a close within a message", frame(TEXT, b"a", fin=False) + close(1000), ["close:1000", "end"]
    yield "reserved bits on a continuation", frame(TEXT, b"a", fin=False) + frame(0, b"b", rsv=4), BAD
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield "opcode %d within a message" % opcode, frame(TEXT, b"a", fin=False) + frame(opcode, b"b"), BAD
        yield "opcode %d after a message" % opcode, text("a") + frame(opcode, b"b"), ["T:a"] + BAD
    yield "65,537 fragments", frame(BINARY, fin=False) + frame(0, fin=False) * 65535 + frame(0), ["B:"]
    yield "65,538 fragments", frame(BINARY, fin=False) + frame(0, fin=False) * 65537, LARGE
    half = b"a" * (LIMIT // 2)
    yield "fragments that make the limit", frame(TEXT, half, fin=False) + frame(0, half), ["T:" + "a" * LIMIT]
    yield "fragments over the limit, at the header", frame(TEXT, half, fin=False) + head(0, LIMIT // 2 + 1), LARGE


VALID = [0x00, 0x7F, 0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xCFFF, 0xD000, 0xD7FF, 0xE000, 0xFDD0, 0xFEFF, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x1FFFF,
         0x3FFFF, 0x40000, 0xFFFFF, 0x100000, 0x10FFFE, 0x10FFFF]
INVALID = [bytes([each]) for each in range(0x80, 0x100)]
INVALID += [b"\xc0\x80", b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\x80", b"\xe0\x80\xaf", b"\xe0\x9f\xbf", b"\xf0\x80\x80\x80", b"\xf0\x80\x80\xaf",
            b"\xf0\x8f\xbf\xbf", b"\xed\xa0\x80", b"\xed\xad\xbf", b"\xed\xae\x80", b"\xed\xaf\xbf", b"\xed\xb0\x80", b"\xed\xbe\x80",
            b"\xed\xbf\xbf", b"\xed\xa0\x80\xed\xb0\x80", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf7\xbf\xbf\xbf", b"\xf8\x88\x80\x80\x80",
            b"\xfb\xbf\xbf\xbf\xbf", b"\xfc\x84\x80\x80\x80\x80", b"\xfd\xbf\xbf\xbf\xbf\xbf", b"\xfe\xfe\xff\xff", b"\x80\xbf", b"\x80\xbf\x80"]
INVALID += [bytes([lead, other]) for lead in (0xC2, 0xDF, 0xE1, 0xEC, 0xEE, 0xF1, 0xF3) for other in (0x00, 0x20, 0x7F, 0xC0, 0xC2, 0xFF)]
INVALID += [b"\xe1\x80" + bytes([other]) for other in (0x20, 0x7F, 0xC0, 0xE1)] + [b"\xf1\x80\x80" + bytes([other]) for other in (0x20, 0x7F, 0xC0, 0xF1)]


def is_bad_already(data):
    """Whether no bytes that could follow would make it UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(data)
        return False
    except UnicodeDecodeError:
        return True


def utf8():
    """8.1, RFC 3629: also streamed, and told as soon as it shows."""
    for point in VALID:
        character = chr(point)
        data = character.encode()
        yield "U+%04X" % point, text("a" + character + "b"), ["T:a" + character + "b"]
        for cut in range(1, len(data)):
            yield "U+%04X cut after %d" % (point, cut), frame(TEXT, data[:cut], fin=False) + frame(PING) + frame(0, data[cut:]), ["pong:", "T:" + character]
            yield "U+%04X ends after %d" % (point, cut), text(b"a" + data[:cut]), NOT_UTF8
            yield "U+%04X ends after %d in fragments" % (point, cut), frame(TEXT, data[:cut], fin=False) + frame(0), NOT_UTF8
    for data in INVALID:
        yield "%s" % data.hex(), text(data), NOT_UTF8
        yield "%s amid text" % data.hex(), text(b"0123456789" * 3 + data + b"0123456789" * 3), NOT_UTF8
        yield "%s in the last fragment" % data.hex(), frame(TEXT, b"good", fin=False) + frame(0, data), NOT_UTF8
        if is_bad_already(data):
            yield "%s before its frame has come" % data.hex(), head(TEXT, 1000) + data, NOT_UTF8
            yield "%s before its message has come" % data.hex(), frame(TEXT, b"good" + data, fin=False), NOT_UTF8
        yield "%s as bytes" % data.hex(), frame(BINARY, data), ["B:" + data.hex()]
    greek = "κόσμε"
    for at in range(1, len(greek.encode())):
        yield "kosme cut at %d" % at, frame(TEXT, greek.encode()[:at], fin=False) + frame(0, greek.encode()[at:]), ["T:" + greek]
    yield "a byte order mark stays", text("\ufeffa"), ["T:\ufeffa"]
    long = "ü€😀" * 7000
    yield "long text with characters of all lengths", text(long), ["T:" + long]


def sent_codes():
    allowed = [1000, 1001, 1002, 1003] + list(range(1007, 1015))
    return allowed + [3000, 3001, 3500, 3999, 4000, 4001, 4500, 4998, 4999]


def closes():
    """5.5.1, 7"""
    yield "no code", close(), ["close", "end"]
    for code in sent_codes():
        yield "code %d" % code, close(code), ["close:%d" % code, "end"]
        yield "code %d with a reason" % code, close(code, "because ü".encode()), ["close:%d" % code, "end"]
    for code in [0, 1, 2, 125, 255, 256, 499, 500, 998, 999, 1004, 1005, 1006, 1015, 1016, 1017, 1018, 1099, 1100, 1999, 2000, 2500, 2998, 2999, 5000, 5001, 9999,
                 10000, 32767, 32768, 65534, 65535]:
        yield "code %d" % code, close(code), BAD
    for byte in (0, 1, 3, 0x88, 255):
        yield "one byte, %02x" % byte, frame(CLOSE, bytes([byte])), BAD
    for n in (1, 2, 60, 122, 123):
        yield "a reason of %d" % n, close(1000, b"r" * n), ["close:1000", "end"]
    for n in (124, 125, 200):
        yield "a reason of %d" % n, close(1000, b"r" * n), BAD
    for data in (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"good\x80", b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80"):
        yield "reason %s" % data.hex(), close(1000, data), NOT_UTF8
    for name, after in (("text", text("a")), ("a ping", frame(PING)), ("a close", close(1001)), ("nonsense", b"\xff" * 50), ("half a frame", head(TEXT, 9))):
        yield "%s after a close is not read" % name, close(1000) + after, ["close:1000", "end"]
    yield "what came before is answered", text("a") + frame(PING, b"p") + close(3333), ["T:a", "pong:70", "close:3333", "end"]
    for name, bad, expected in (("a bad opcode", frame(3), BAD), ("bad text", text(b"\xff"), NOT_UTF8)):
        yield "after %s nothing is read" % name, bad + text("a") + close(1000), expected


def compressed():
    """RFC 7692 6, 7.2: what a client may and may not send once it is agreed."""
    hello = "f248cdc9c90700"
    for name, data in [("compressed", hello), ("stored", "000500faff48656c6c6f00"), ("final", "f348cdc9c9070000"), ("two blocks", "f248050000 00ffffcac9c90700"),
                       ("an empty final block first", "0300" + hello), ("an empty stored block first", "000000ffff" + hello),
                       ("an empty fixed block behind", "f248cdc9c9070008")]:
        data = bytes.fromhex(data.replace(" ", ""))
        expected = of_blocks(data)
        yield "%s" % name, frame(TEXT, data, rsv=4), expected
        yield "%s, its tail left in place" % name, frame(TEXT, data + TAIL, rsv=4), expected
        for cut in range(0, len(data) + 1):
            sent = frame(TEXT, data[:cut], rsv=4, fin=False) + frame(PING) + frame(0, data[cut:])
            yield "%s in fragments at %d" % (name, cut), sent, ["pong:"] + expected
        for cut in range(0, len(data)):
            yield "%s cut off after %d" % (name, cut), frame(TEXT, data[:cut], rsv=4), of_blocks(data[:cut])
    for opcode, name in ((TEXT, "T:"), (BINARY, "B:")):
        yield "%s an empty message" % name, frame(opcode, b"\0", rsv=4), [name]
        yield "%s not compressed" % name, frame(opcode, b"a"), [name + ("a" if opcode == TEXT else "61")]
        yield "%s not compressed in fragments" % name, frame(opcode, b"a", fin=False) + frame(0), [name + ("a" if opcode == TEXT else "61")]
        for rsv in (1, 2, 3, 5, 6, 7):
            yield "%s reserved bits %d" % (name, rsv), frame(opcode, bytes.fromhex(hello), rsv=rsv), BAD
        for rsv in range(1, 8):
            yield "%s reserved bits %d on a continuation" % (name, rsv), frame(opcode, bytes.fromhex(hello)[:2], rsv=4, fin=False) + frame(0, b"\0", rsv=rsv), BAD
            yield "%s the same of a plain message" % (name + str(rsv)), frame(opcode, b"a", fin=False) + frame(0, b"\0", rsv=rsv), BAD
    for opcode, name in CONTROLS.items():
        for rsv in range(1, 8):
            yield "reserved bits %d on a %s" % (rsv, name), frame(opcode, rsv=rsv), BAD
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield "opcode %d with the bit" % opcode, frame(opcode, b"\0", rsv=4), BAD
    yield "plain and compressed by turns", (text("a") + frame(TEXT, bytes.fromhex(hello), rsv=4)) * 5, ["T:a", "T:Hello"] * 5
    yield "a compressed message within one", frame(TEXT, b"\xf2", rsv=4, fin=False) + frame(TEXT, b"\0", rsv=4), BAD
    for name, data in [("a kind of block that there is not", "07"), ("half a tail", hello + "0000ff"), ("two tails", hello + "0000ffff0000ff"), ("nothing behind a final block", "f348cdc9c90700"),
                       ("a stored length that is not confirmed", "000500fafe48656c6c6f00"), ("a code table that is oversubscribed", "040000000000000000000000"),
                       ("a reference before the start", "f200110000"), ("no bytes at all", ""), ("noise", "ffffffffffffffff"), ("text amid", "48656c6c6f"),
                       ("not UTF-8", "000300fcfffffefd00"), ("a surrogate", "000300fcffeda08000"), ("half a character", "000100feffc300")]:
        yield name, frame(TEXT, bytes.fromhex(data), rsv=4), NOT_UTF8
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = (bomb.compress(bytes(100 * LIMIT)) + bomb.flush(zlib.Z_SYNC_FLUSH))[:-4]
    yield "a bomb", frame(BINARY, bomb, rsv=4), LARGE
    yield "a bomb in fragments", frame(BINARY, bomb[:50], rsv=4, fin=False) + frame(0, bomb[50:]), LARGE
    yield "a compressed length over the limit", head(BINARY, 2 * LIMIT, rsv=4), LARGE
    yield "a compressed length of 2^62", head(BINARY, 1 << 62, rsv=4), LARGE
    yield "final blocks without end", frame(BINARY, b"\x03\x00" * 2000 + b"\0", rsv=4), POLICY
    for data in INVALID[128:]:
        stored = struct.pack("<BHH", 0, len(data), len(data) ^ 0xFFFF) + data + b"\0"
        yield "compressed %s" % data.hex(), frame(TEXT, stored, rsv=4), NOT_UTF8


def of_blocks(data):
    """What is expected of a message: RFC 7692 7.2.1, with its tail it is whole blocks, the last one empty and stored."""
    try:
        return ["T:" + inflate(data)[0].decode()]
    except (AssertionError, IndexError, KeyError, ValueError):
        return NOT_UTF8


# ---- handshakes: (name, request lines, status) ----

KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
GOOD = ["GET /ws/echo/ HTTP/1.1", "Host: a", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", KEY]


def changed(name, *lines):
    """The good request with other lines of that name."""
    return [line for line in GOOD if not line.lower().startswith(name.lower() + ":")] + list(lines)


def handshakes():
    yield "as it should be", GOOD, 101
    for line in ("Upgrade: WebSocket", "Upgrade: WEBSOCKET", "Upgrade: foo, websocket", "Upgrade:websocket", "upgrade: \twebsocket \t", "UPGRADE: , websocket ,"):
        yield line, changed("Upgrade", line), 101
    for line in ("Connection: upgrade", "Connection: UPGRADE", "Connection: keep-alive, Upgrade", "Connection: Upgrade,keep-alive", "connection:,,upgrade"):
        yield line, changed("Connection", line), 101
    yield "two Connection headers", changed("Connection", "Connection: keep-alive", "Connection: Upgrade"), 101
    yield "two Upgrade headers", changed("Upgrade", "Upgrade: h2c", "Upgrade: websocket"), 101
    for line in ("Upgrade: websockets", "Upgrade: web socket", "Upgrade: websocket/13", "Upgrade: h2c"):
        yield line, changed("Upgrade", line), 404
    for line in ("Connection: close", "Connection: keep-alive", "Connection: Upgrades"):
        yield line, changed("Connection", line), 404
    yield "no Upgrade", changed("Upgrade"), 404
    yield "no Connection", changed("Connection"), 404
    for version in ("", "0", "7", "8", "12", "14", "25", "013", "13.0", "+13", "13, 8", "8, 13", "x", "255", "0x0d"):
        yield "version %r" % version, changed("Sec-WebSocket-Version", "Sec-WebSocket-Version: " + version), 426
    yield "no version", changed("Sec-WebSocket-Version"), 426
    yield "two versions", changed("Sec-WebSocket-Version", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13"), 400
    for n in (0, 1, 12, 15, 17, 18, 24, 32):
        yield "a key of %d bytes" % n, changed("Sec-WebSocket-Key", "Sec-WebSocket-Key: " + base64.b64encode(bytes(n)).decode()), 400
    for key in ("dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25!ZQ==", "dGhl HNhbXBsZSBub25jZQ==", "======================",
                "dGhlIHNhbXBsZSBub25jZQ==, a", "dGhlIHNhbXBsZSBub25j-_=="):
        yield "key %s" % key, changed("Sec-WebSocket-Key", "Sec-WebSocket-Key: " + key), 400
    yield "no key", changed("Sec-WebSocket-Key"), 400
    yield "two keys", GOOD + [KEY], 400
    yield "no Host", changed("Host"), 400
    yield "two Hosts", GOOD + ["Host: b"], 400
    for host in ("a b", "a/b", "a:x", "@"):
        yield "Host %r" % host, changed("Host", "Host: " + host), 400
    for method in ("HEAD", "OPTIONS"):
        yield method, [GOOD[0].replace("GET", method)] + GOOD[1:], 400
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        yield method, [GOOD[0].replace("GET", method)] + GOOD[1:] + ["Content-Length: 0"], 400
    yield "HTTP/1.0", [GOOD[0].replace("1.1", "1.0")] + GOOD[1:], 404
    yield "HTTP/2.0", [GOOD[0].replace("1.1", "2.0")] + GOOD[1:], 505
    yield "an unknown path", [GOOD[0].replace("echo", "nothing")] + GOOD[1:], 404
    yield "a query", [GOOD[0].replace("echo/", "echo/?a=b")] + GOOD[1:], 101
    yield "an absolute target", [GOOD[0].replace("/ws", "http://a/ws")] + GOOD[1:], 101
    for origin, status in (("http://a", 101), ("https://a", 101), ("http://a:81", 101), ("http://b", 403), ("null", 403), ("http://a.b", 403), ("http://xa", 403)):
        yield "Origin %s" % origin, GOOD + ["Origin: " + origin], status
    for value in ("chat", "chat, other", ",chat", "a,a"):
        yield "subprotocols %s, of which we have none" % value, GOOD + ["Sec-WebSocket-Protocol: " + value], 101
    yield "other headers", GOOD + ["Cookie: a=b", "User-Agent: x", "Cache-Control: no-cache", "X-Y: z"], 101


# ---- offers of permessage-deflate: (the header, the parameters of the answer; None: declined; 400) ----

NONE = {"server_no_context_takeover": "", "client_no_context_takeover": ""}


def offers():
    def accepted(**more):
        return dict(NONE, **{name: str(value) for name, value in more.items()})

    yield "permessage-deflate", accepted()
    for bits in [str(n) for n in range(0, 18)] + ["", "00", "08", "09", "010", "8.0", "1e1", "-8", "+8", "0x8", "255", "256", "264", "4294967304", "x", "true"]:
        for value in (bits, '"%s"' % bits):
            is_good = bits in [str(n) for n in range(8, 16)]
            server = "permessage-deflate; server_max_window_bits=" + value
            client = "permessage-deflate; client_max_window_bits=" + value
            yield server, accepted(server_max_window_bits=min(12, int(bits))) if is_good else 400 if not bits else None
            yield client, (accepted(client_max_window_bits=bits) if bits != "15" else accepted()) if is_good else 400 if not bits else None
    yield "permessage-deflate; server_max_window_bits", None
    yield "permessage-deflate; client_max_window_bits", accepted()
    for name in NONE:
        yield "permessage-deflate; " + name, accepted()
        yield "permessage-deflate; %s; %s" % (name, name), None
        for value in ("1", "true", "0", '"x"', "15"):
            yield "permessage-deflate; %s=%s" % (name, value), None
        yield "permessage-deflate; %s=" % name, 400
    for name in ("server_max_window_bits", "client_max_window_bits"):
        yield "permessage-deflate; %s=10; %s=10" % (name, name), None
        yield "permessage-deflate; %s=10; %s=9" % (name, name), None
    for name in ("x", "server_max_window_bit", "Server_Max_Window_Bits=10", "s2s_max_window_bits=10", "c2s_no_context_takeover", "mem_level=8"):
        yield "permessage-deflate; " + name, None
    for name in ("x", "x-webkit-deflate-frame", "deflate-frame", "permessage-bzip2", "permessage-deflate2", "Permessage-Deflate", "perframe-deflate; a; b=c"):
        yield name, None
        yield name + ", permessage-deflate", accepted()
        yield "permessage-deflate, " + name, accepted()
    both = "permessage-deflate; server_max_window_bits=%d; client_max_window_bits=%d"
    for ours, theirs in itertools.product(range(8, 16), repeat=2):
        answer = accepted(server_max_window_bits=min(12, ours), client_max_window_bits=theirs)
        if theirs == 15:
            del answer["client_max_window_bits"]
        yield both % (ours, theirs), answer
    for parameters in itertools.permutations(["server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits=9", "client_max_window_bits"]):
        yield "permessage-deflate; " + "; ".join(parameters), accepted(server_max_window_bits=9)
    yield "permessage-deflate; unknown, permessage-deflate; server_max_window_bits=11, permessage-deflate", accepted(server_max_window_bits=11)
    yield "permessage-deflate, permessage-deflate; server_max_window_bits=11", accepted()
    for blank in ("permessage-deflate;server_max_window_bits=9", "permessage-deflate ; server_max_window_bits=9 ", "permessage-deflate\t;\tserver_max_window_bits=9",
                  ",permessage-deflate; server_max_window_bits=9", "permessage-deflate; server_max_window_bits=9,", " , ,permessage-deflate; server_max_window_bits=9"):
        yield blank, accepted(server_max_window_bits=9)
    for bad in (",", ";", "=", "permessage-deflate;", "permessage-deflate; ;", "permessage-deflate; =9", "permessage-deflate server_max_window_bits", "permessage-deflate, ;x",
                "permessage-deflate; a b", 'permessage-deflate; a="', 'permessage-deflate; a="b', 'permessage-deflate; a="b c"', 'permessage-deflate; a=b"c"', "permessage-deflate; a==b",
                "permessage-deflate; a=b=c", "permessage-deflate/1", '"permessage-deflate"', "permessage-deflate; (a)", "permessage-deflate; a=[b]", "permessage-deflate; a@b"):
        yield bad, 400


# ---- each row a test ----

def with_tests(*tables, method):
    """Give a class a test for each row of the tables."""
    def decorate(case):
        for table in tables:
            for number, row in enumerate(table()):
                def test(self, row=row):
                    getattr(self, method)(*row[1:] if len(row) == 3 else row)
                test.__doc__ = str(row[0])
                setattr(case, "test_%s_%04d" % (table.__name__, number), test)
        return case
    return decorate


class Base(ServerCase):
    example = "echo"
    extensions = None
    workers = 1

    def check(self, sent, expected):
        for step in (None, 1) if len(sent) <= CHOPPED_MOST else (None,):
            got = play(self.server.port, sent, step=step, extensions=self.extensions)
            if self.extensions:
                got = [word.replace("T+:", "T:", 1).replace("B+:", "B:", 1) for word in got]
            if got != expected:
                self.fail("%s\nsent     %s%s\nexpected %.500s\ngot      %.500s" % (self.shortDescription(), shown(sent, 60), " byte by byte" if step else "", expected, got))


@with_tests(first_frames, masks, lengths, pings, fragments, utf8, closes, method="check")
class Frames(Base):
    """RFC 6455 5 to 8."""

    def check_codes(self, codes, expected):
        for code in codes:
            self.assertEqual(play(self.server.port, close(code)), expected(code), "code %d" % code)

    def test_all_codes_beneath_1000_are_refused(self):
        self.check_codes(range(0, 1000), lambda code: BAD)

    def test_codes_that_nobody_has_registered_are_refused(self):
        self.check_codes(range(1016, 3000, 11), lambda code: BAD)
        self.check_codes([5000 + n * n for n in range(240)], lambda code: BAD)

    def test_codes_of_libraries_and_applications_come_back(self):
        self.check_codes(range(3000, 5000, 17), lambda code: ["close:%d" % code, "end"])

    def test_random_messages_cut_at_random_come_back(self):
        chance = random.Random(6455)
        for _ in range(60):
            data = bytes(chance.randrange(256) for _ in range(chance.choice((0, 1, 5, 125, 126, 300, 4000))))
            cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(6)))
            pieces = [data[a:b] for a, b in zip([0] + cuts, cuts + [len(data)])]
            sent = b"".join(masked(frame(0 if i else BINARY, piece, fin=i == len(pieces) - 1), os.urandom(4)) for i, piece in enumerate(pieces))
            self.assertEqual(play(self.server.port, sent, step=chance.choice((None, 1 + len(sent) // 9))), ["B:" + data.hex()])

    def test_a_client_that_goes_on_after_our_close_frame_ends_it(self):
        """7.1.1: the server ends TCP, and first."""
        with Peer(self.server.port) as peer:
            peer.send(frame(3))
            self.assertEqual([peer.next_word(), peer.next_word()], BAD)

    def test_a_flood_of_pings_is_policy(self):
        got = play(self.server.port, frame(PING) * 4000)
        self.assertEqual(got[-2:], POLICY)
        self.assertLessEqual(got.count("pong:"), 2002)


@with_tests(compressed, method="check")
class Compressed(Base):
    """RFC 7692, with the bit agreed on."""
    extensions = "permessage-deflate"


@with_tests(first_frames, fragments, utf8, closes, method="check")
class FramesOnceAgreed(Base):
    """All of RFC 6455 holds on a socket that compresses, but that the first reserved bit has a meaning."""
    extensions = "permessage-deflate; client_max_window_bits"

    def check(self, sent, expected):
        if sent[0] & 0x70 != 0x40 or sent[0] & 15 not in (TEXT, BINARY):
            super().check(sent, expected)


@with_tests(handshakes, method="check")
class Handshake(ServerCase):
    """RFC 6455 4."""
    example = "echo"
    workers = 1

    def check(self, lines, status):
        for step in (None, 1):
            with socket.create_connection(("127.0.0.1", self.server.port), 30) as sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                data = ("\r\n".join(lines) + "\r\n\r\n").encode()
                try:
                    for at in range(0, len(data), step or len(data)):
                        sock.sendall(data[at:at + (step or len(data))])
                except (BrokenPipeError, ConnectionResetError):
                    pass
                got = b""
                while b"\r\n\r\n" not in got:
                    more = sock.recv(65536)
                    if not more:
                        break
                    got += more
            head = got.split(b"\r\n\r\n")[0].decode().split("\r\n")
            self.assertEqual(int(head[0].split()[1]), status, head)
            names = [line.split(":")[0].lower() for line in head[1:]]
            if status == 101:
                self.assertIn("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", head)
                self.assertEqual(sorted(names), ["connection", "sec-websocket-accept", "upgrade"])
            if status == 426:
                self.assertIn("Sec-WebSocket-Version: 13", head)
            self.assertNotIn("sec-websocket-protocol", names)


@with_tests(offers, method="check")
class Offers(ServerCase):
    """RFC 7692 5, 7.1; RFC 6455 9.1."""
    example = "echo"
    workers = 1

    def check(self, offer, expected):
        try:
            with Peer(self.server.port, extensions=offer) as peer:
                got = peer.compression.params if peer.compression else None
        except Broken as refused:
            got = int(str(refused).split("HTTP/1.1 ")[1][:3])
        self.assertEqual(got, expected, offer)

    def test_offers_may_stand_in_several_headers(self):
        with Peer(self.server.port, extensions="x\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9") as peer:
            self.assertEqual(peer.compression.params, dict(NONE, server_max_window_bits="9"))


def texts():
    """What echoes are made of: sizes about each bound, what compresses well and what does not."""
    chance = random.Random(7692)
    for n in (0, 1, 16, 125, 126, 257, 1000, 5000, 70000):
        yield (b'{"id":%d,"name":"note"},' % n * (n // 20 + 1))[:n], True
        yield bytes(chance.randrange(32, 127) for _ in range(n)), False
    yield bytes(chance.randrange(256) for _ in range(3000)), False


TEXTS = list(texts())


def echoes():
    for ours, theirs in itertools.product((None, 8, 9, 10, 12, 15), (None, "", 8, 9, 12, 15)):
        for flags in ("", "; server_no_context_takeover", "; client_no_context_takeover", "; server_no_context_takeover; client_no_context_takeover"):
            offer = "permessage-deflate" + flags + ("; server_max_window_bits=%d" % ours if ours else "")
            yield (offer + ("" if theirs is None else "; client_max_window_bits" + ("=%s" % theirs if theirs else "")),)


class Echo(ServerCase):
    example = "echo"
    workers = 1

    def check(self, offer):
        with Peer(self.server.port, extensions=offer) as peer:
            if peer.compression.our_bits == 8:
                peer.compression.level = 0  # zlib has no window that small: stored blocks refer to nothing
            for number, (data, repeats) in enumerate(TEXTS * 2 if "15" not in offer else TEXTS):
                if len(data) > 5000 and number % 4:
                    continue
                packed = peer.compression.pack(data)
                cut = len(packed) * number // len(TEXTS) // 2
                peer.send(frame(BINARY, packed[:cut], rsv=4, fin=False) + frame(0, packed[cut:]) if number % 3 else frame(BINARY, packed, rsv=4))
                word = peer.next_word()
                self.assertEqual(word.replace("B+:", "B:"), "B:" + data.hex())
                if len(data) >= 512 and repeats:
                    self.assertTrue(word.startswith("B+:"), "a long message that repeats itself is compressed")
                if len(data) < self.shortest:
                    self.assertTrue(word.startswith("B:"), "a short one is not")

    def check_window(self, bits):
        """What is the same at just such a distance is not referred to if the window is smaller."""
        chance = random.Random(bits)
        for distance in [(1 << bits) + more for more in (-300, -262, -261, -6, -5, -1, 0, 1, 5, 300)]:
            if distance < 1:
                continue
            data = bytes(chance.choice(b"0123456789abcdef") for _ in range(distance)) * (2 if distance > 300 else 4)
            with Peer(self.server.port, extensions="permessage-deflate; server_max_window_bits=%d" % bits) as peer:
                peer.compression.looked_at = 10000
                for _ in range(2):
                    peer.send(frame(BINARY, data))
                    self.assertEqual(peer.next_word().replace("B+:", "B:"), "B:" + data.hex())


def windows():
    return ((bits,) for bits in range(8, 13))


@with_tests(windows, method="check_window")
@with_tests(echoes, method="check")
class EchoAlone(Echo):
    """Compressed echo as the server starts."""
    shortest = 512


@with_tests(windows, method="check_window")
@with_tests(echoes, method="check")
class EchoTakenOver(Echo):
    """Compressed echo with contexts taken over, by the largest window, of all but the shortest messages."""
    options = ("--ws-compress-takeover", "both", "--ws-compress-window", "15", "--ws-compress-from", "16B")
    shortest = 16


class Broadcast(ServerCase):
    """Each member in the form that was agreed on with it, over all workers."""
    example = "echo"

    def test_each_gets_it_in_its_form(self):
        message = '{"id":1,"name":"note"},' * 100
        offers = (None, "permessage-deflate", "permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits=9", "x")
        peers = [Peer(self.server.port, "/ws/topic/", offer) for offer in offers * 4]
        for count in (1, 10):
            peers[0].send(text(message) * count + text("short"))
            for number, peer in enumerate(peers):
                is_deflated = peer.compression and peer.compression.their_bits >= 12
                for _ in range(count):
                    self.assertEqual(peer.next_word(), ("T+:" if is_deflated or offers[number % 5] == offers[1] else "T:") + message)
                self.assertEqual(peer.next_word(), "T:short")
        for peer in peers:
            peer.sock.close()


class Snapshot(ServerCase):
    """A live list is sent compressed to those who take it."""
    example = "realtime-update"
    db = "notes.db"

    def test_a_snapshot_and_what_follows_it(self):
        for i in range(50):
            self.server.post("/api/notes/", {"title": "note %d" % i, "done": False})
        peers = [Peer(self.server.port, "/api/notes/", offer) for offer in (None, "permessage-deflate", "permessage-deflate")]
        snapshots = [peer.next_word() for peer in peers]
        self.assertTrue(snapshots[0].startswith('T:{"type":"snapshot"'))
        self.assertTrue(snapshots[1].startswith('T+:{"type":"snapshot"'))
        self.assertEqual(snapshots[0].split(":", 1)[1], snapshots[1].split(":", 1)[1])
        self.assertEqual(snapshots[1], snapshots[2])
        self.server.post("/api/notes/", {"title": "longer " * 25, "done": True})
        self.assertEqual(len({peer.next_word().split(":", 1)[1] for peer in peers}), 1)
        for peer in peers:
            peer.sock.close()


class Limits(ServerCase):
    """Each limit is a setting."""
    example = "echo"
    workers = 1
    options = ("--ws-message", "1000B", "--ws-fragments", "10", "--ws-messages", "20", "--ws-pings", "5", "--ws-ping", "100ms", "--ws-pong", "300ms", "--no-ws-compress")

    def test_the_size_of_a_message(self):
        self.assertEqual(play(self.server.port, frame(BINARY, b"a" * 1000)), ["B:" + "61" * 1000])
        self.assertEqual(play(self.server.port, head(BINARY, 1001)), LARGE)

    def test_its_fragments(self):
        self.assertEqual(play(self.server.port, frame(BINARY, fin=False) + frame(0, fin=False) * 8 + frame(0)), ["B:"])
        self.assertEqual(play(self.server.port, frame(BINARY, fin=False) + frame(0, fin=False) * 10), LARGE)

    def test_messages_of_a_second(self):
        got = play(self.server.port, text("a") * 60)
        self.assertEqual(got[-2:], POLICY)
        self.assertIn(got.count("T:a"), range(20, 41))

    def test_pings_of_a_second(self):
        got = play(self.server.port, frame(PING) * 30)
        self.assertEqual(got[-2:], POLICY)
        self.assertIn(got.count("pong:"), range(5, 11))

    def test_compression_can_be_switched_off(self):
        with Peer(self.server.port, extensions="permessage-deflate") as peer:
            self.assertEqual(peer.answer, "")
        self.assertEqual(play(self.server.port, frame(TEXT, b"\0", rsv=4), extensions="permessage-deflate"), BAD)

    def test_a_quiet_client_is_pinged_and_lives_if_it_answers(self):
        with Peer(self.server.port) as peer:
            for _ in range(6):
                self.assertEqual(peer.next_word(), "ping:")
                peer.send(frame(PONG))
            self.assertEqual(peer.next_word(), "ping:")
            self.assertEqual(peer.next_word(), "end")


if __name__ == "__main__":
    unittest.main()
